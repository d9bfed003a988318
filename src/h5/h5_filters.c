/* Finds filters that an array needs and this HDF5 lacks. */
#include "h5_defect.h"
#include "h5_guard.h"
#include "h5_open.h"
#include "io_filter.h"

enum {
    FEW_CHUNKS = 4096 /* HDF5 finds a chunk by its number by going through all chunks before it */
};

static bool missed_nowhere;

void h5_miss_no_filters(void)
{
    missed_nowhere = true;
}

/* Returns true if a chunk went through filter `i`. If there are many chunks, the answer is true
 * without looking. */
static bool is_used(hid_t dataset, int i)
{
    hsize_t chunks, bytes, corner[H5S_MAX_RANK];
    haddr_t address;
    hid_t space = H5Dget_space(dataset);
    bool used = H5Dget_num_chunks(dataset, space, &chunks) < 0 || chunks > FEW_CHUNKS;
    for (hsize_t chunk = 0; !used && chunk < chunks; chunk++) {
        unsigned skipped = 0;
        used = H5Dget_chunk_info(dataset, space, chunk, corner, &skipped, &address, &bytes) < 0 ||
               !(skipped >> i & 1);
    }
    H5Sclose(space);
    return used;
}

static shs_status fail_missing(H5Z_filter_t id, const char *stored_name, const char *path,
                               const char *name)
{
    const char *known = id < 0 ? NULL : io_filter_name((uint32_t)id);
    char advice[IO_ADVICE_BYTES];
    if (!known) known = *stored_name ? stored_name : "unregistered";
    if (id == IO_BITSHUFFLE && H5Zfilter_avail(id) > 0) known = "bitshuffle with Zstandard";
    io_filter_advise((uint32_t)id, advice);
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s: dataset %s needs filter %d (%.60s), which is not there; %s, or write the "
                     "file without it where it is: h5repack -f NONE IN OUT",
                     path, name, (int)id, known, advice);
}

/* Returns true if HDF5 can undo a filter with its values. */
static bool is_there(H5Z_filter_t id, const unsigned *values, size_t n_values)
{
    if (id < 0 || H5Zfilter_avail(id) <= 0) return false;
    bool zstd = id == IO_BITSHUFFLE && n_values > IO_BITSHUFFLE_COMPRESSION &&
                values[IO_BITSHUFFLE_COMPRESSION] == IO_BITSHUFFLE_ZSTD;
    return !zstd || h5_reads_bitshuffle_zstd();
}

shs_status h5_filters_check(hid_t dataset, hid_t creation, const char *path, const char *name)
{
    int count = missed_nowhere ? 0 : H5Pget_nfilters(creation);
    shs_status status = SHS_OK;
    for (int i = 0; i < count && !status; i++) {
        unsigned flags, config, values[IO_FILTER_VALUES] = {0};
        size_t n_values = IO_FILTER_VALUES;
        char stored_name[64] = "";
        H5Z_filter_t id = H5Pget_filter2(creation, (unsigned)i, &flags, &n_values, values,
                                         sizeof stored_name, stored_name, &config);
        if (!is_there(id, values, n_values) && is_used(dataset, i))
            status = fail_missing(id, stored_name, path, name);
    }
    return status;
}
