/* Reads rows of an open array through H5Dread. */
#include <errno.h>
#include <string.h>

#include "core_memory.h"
#include "h5_array.h"
#include "h5_defect.h"
#include "h5_driver.h"
#include "h5_guard.h"
#include "h5_select.h"
#include "h5_sequences.h"
#include "h5_type.h"

static shs_status fail_by_defect(const struct h5_array *array, const struct h5_wanted *wanted)
{
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    return core_fail(
        SHS_ERROR_UNSUPPORTED,
        "%s: dataset %s: rows %llu to %llu cannot be read: the scale-offset filter of "
        "HDF5 %u.%u.%u has a defect (HDFGroup/hdf5 issue 5861); the file may be sound: "
        "use another version of HDF5, or remove the filter with one: h5repack -f NONE",
        array->path, array->name, (ull)wanted->first, (ull)wanted->last, major, minor, release);
}

/* Returns true if some elements lie in raw files of an external dataset. HDF5 reads these files
 * itself and reports no reason for a failure. */
static bool has_raw_files(const struct h5_array *array)
{
    for (size_t i = 0; i < array->mapped.count; i++)
        if (!array->mapped.file[i].kept) return true;
    return false;
}

/* Reports a failed read. `error` is the latest errno value of the read, or 0. */
static shs_status fail_to_read(const struct h5_array *array, const struct h5_wanted *wanted,
                               int error)
{
    const char *text;
    if (array->beyond)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s: rows %llu to %llu have a value that is beyond u8 and no "
                         "member of their enumeration; store them as plain integers",
                         array->path, array->name, (ull)wanted->first, (ull)wanted->last);
    bool driver_failed = h5_trouble(&text) != SHS_OK;
    if (error && has_raw_files(array) && !driver_failed)
        return core_fail(SHS_ERROR_FILE,
                         "%s: dataset %s: rows %llu to %llu cannot be read: the system could not "
                         "read an external file: %s",
                         array->path, array->name, (ull)wanted->first, (ull)wanted->last,
                         strerror(error));
    if (!driver_failed && h5_has_filter(array->dataset, H5Z_FILTER_SCALEOFFSET) &&
        !h5_reads_scale_offset())
        return fail_by_defect(array, wanted);
    return h5_fail(SHS_ERROR_FORMAT,
                   "%s: dataset %s: rows %llu to %llu cannot be read; check the file, or make it "
                   "anew",
                   array->path, array->name, (ull)wanted->first, (ull)wanted->last);
}

static shs_status read_selection(struct h5_array *array, const struct h5_wanted *wanted, void *to)
{
    array->beyond = false;
    errno = 0;
    if (h5_read_selection(array, wanted, to) < 0) return fail_to_read(array, wanted, errno);
    return h5_check_trouble("%s: dataset %s: rows %llu to %llu cannot be read", array->path,
                            array->name, (ull)wanted->first, (ull)wanted->last);
}

/* Reads whole elements of a compound, and takes the bytes of members out of them. */
static shs_status read_members(struct h5_array *array, const struct h5_wanted *wanted, void *rows)
{
    const struct io_part *part = array->part;
    uint32_t last = part->axes - 1;
    struct io_part element = {.axes = 1, .element_bytes = 1, .axis = {part->axis[last]}};
    uint64_t count = wanted->count;
    void *elements;
    for (uint32_t axis = 0; axis < last; axis++)
        count *= part->axis[axis].count;
    io_part_measure(&element);
    shs_status status = core_new((size_t)count, element.whole_bytes, "elements", &elements);
    if (status) return status;
    if (array->gaps) memset(elements, *(unsigned char *)rows, count * element.whole_bytes);
    status = read_selection(array, wanted, elements);
    if (!status) io_part_cut(&element, elements, count, rows);
    core_free(&elements);
    return status;
}

static shs_status read_rows(struct h5_array *array, const struct h5_wanted *wanted, void *rows)
{
    bool takes_members = array->members && array->part;
    size_t bytes = (size_t)wanted->count * array->row_bytes;
    void *to = array->widened ? h5_widened_place(rows, bytes) : rows;
    shs_status status =
        takes_members ? read_members(array, wanted, to) : read_selection(array, wanted, to);
    if (!status && array->widened) h5_widen(rows, bytes);
    return status;
}

/* Reads rows of which some elements may never have been written. Without a fill value HDF5 leaves
 * the memory of such elements as it was, and succeeds. So the rows are read twice into different
 * memory, and a difference is an error. */
static shs_status read_written(struct h5_array *array, const struct h5_wanted *wanted, void *rows)
{
    size_t bytes = (size_t)wanted->count * array->row_bytes;
    void *again;
    shs_status status = core_new((size_t)wanted->count, array->row_bytes, "rows", &again);
    if (status) return status;
    memset(rows, 0xFF, bytes);
    status = read_rows(array, wanted, rows);
    if (!status) status = read_rows(array, wanted, again);
    if (!status && memcmp(rows, again, bytes) != 0)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s: dataset %s: rows %llu to %llu, or parts of them, were never "
                           "written and have no fill value; write them, or take other rows",
                           array->path, array->name, (ull)wanted->first, (ull)wanted->last);
    core_free(&again);
    return status;
}

/* Closes the dataset and with it all files that HDF5 has open for it, and opens it again. */
static shs_status reopen(struct h5_array *array)
{
    if (array->dataset > 0) H5Dclose(array->dataset);
    array->dataset = H5I_INVALID_HID;
    h5_mapped_closed(&array->mapped);
    shs_status status =
        h5_dataset_open(array->file, array->stored_name, array->cache_bytes, &array->dataset);
    array->failed = status != SHS_OK;
    return status;
}

/* The rows of mapped files are counted along the first axis only. */
static shs_status use_mapped_files(struct h5_array *array, const struct h5_wanted *wanted)
{
    bool too_many = false;
    if (!array->mapped.count) return SHS_OK;
    uint64_t rows = array->row_axes == 2 ? array->shape[1] : 1;
    uint64_t first = wanted->first / rows, count = wanted->last / rows - first + 1;
    shs_status status = h5_mapped_use(&array->mapped, first, count, &too_many);
    if (!status && too_many) {
        status = reopen(array);
        if (!status) status = h5_mapped_use(&array->mapped, first, count, &too_many);
    }
    return core_wrap(status, "%s: dataset %s", array->path, array->name);
}

static shs_status read_wanted(struct h5_array *array, const struct h5_wanted *wanted, void *rows)
{
    if (array->sequences)
        return core_wrap(h5_sequences_read(array->sequences, wanted, rows),
                         "dataset %s: rows %llu to %llu cannot be read", array->name,
                         (ull)wanted->first, (ull)wanted->last);
    struct h5_guard guard = h5_guard_begin();
    shs_status status = array->failed ? reopen(array) : SHS_OK;
    if (!status) status = use_mapped_files(array, wanted);
    if (!status)
        status = array->gaps ? read_written(array, wanted, rows) : read_rows(array, wanted, rows);
    if (!status)
        status = core_wrap(h5_mapped_used(&array->mapped, array->part || array->row_axes == 2),
                           "%s: dataset %s", array->path, array->name);
    array->failed = status != SHS_OK;
    h5_guard_end(&guard);
    return status;
}

shs_status h5_read_rows(struct h5_array *array, uint64_t first, uint64_t count, void *rows)
{
    const struct h5_wanted wanted = {.first = first, .last = first + count - 1, .count = count};
    if (array->groups) return h5_groups_read(array, first, count, rows);
    return read_wanted(array, &wanted, rows);
}

shs_status h5_read_listed(struct h5_array *array, const uint64_t *list, size_t count, void *rows)
{
    const struct h5_wanted wanted = {list[0], list[count - 1], count, list};
    shs_status status = SHS_OK;
    for (size_t i = 0; array->groups && i < count && !status; i++)
        status = h5_groups_read(array, list[i], 1, (char *)rows + i * array->row_bytes);
    if (array->groups) return status;
    return read_wanted(array, &wanted, rows);
}

shs_status h5_array_reopen(struct h5_array *array)
{
    return reopen(array);
}
