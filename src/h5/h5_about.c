#include "h5_about.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_guard.h"
#include "h5_members.h"
#include "h5_open.h"
#include "h5_packing_of.h"
#include "h5_type.h"
#include "io_filter.h"

static void print(char *text, size_t bytes, size_t *used, const char *piece)
{
    int written = snprintf(text + *used, bytes - *used, "%s", piece);
    if (written > 0) *used += (size_t)written < bytes - *used ? (size_t)written : bytes - *used - 1;
}

/* Adds the shape of the chunks to a text. Returns the rows of a chunk. */
static uint64_t describe_chunks(hid_t creation, char *text, size_t bytes, size_t *used)
{
    hsize_t chunk[H5S_MAX_RANK];
    char number[32];
    int axes = H5Pget_chunk(creation, H5S_MAX_RANK, chunk);
    print(text, bytes, used, "chunked ");
    for (int axis = 0; axis < axes; axis++) {
        snprintf(number, sizeof number, "%s%llu", axis ? "x" : "", (ull)chunk[axis]);
        print(text, bytes, used, number);
    }
    return axes > 0 ? chunk[0] : 0;
}

/* Names a filter: by HDF5's word if it is a part of HDF5, otherwise by its number and name. */
static void name_filter(H5Z_filter_t id, unsigned first_value, const char *stored_name, char *text,
                        size_t bytes)
{
    const char *name = id < H5Z_FILTER_RESERVED ? NULL : io_filter_name((uint32_t)id);
    if (!name) name = stored_name;
    if (id == H5Z_FILTER_DEFLATE)
        snprintf(text, bytes, "deflate %u", first_value);
    else if (!*name)
        snprintf(text, bytes, "filter %d", (int)id);
    else if (id < H5Z_FILTER_RESERVED)
        snprintf(text, bytes, "%s", name);
    else
        snprintf(text, bytes, "filter %d (%s)", (int)id, name);
}

static void describe_filters(hid_t creation, char *text, size_t bytes, size_t *used)
{
    int filters = H5Pget_nfilters(creation);
    for (int i = 0; i < filters; i++) {
        unsigned flags, values[8] = {0}, config;
        size_t n_values = 8;
        char stored_name[64] = "", name[96];
        H5Z_filter_t id = H5Pget_filter2(creation, (unsigned)i, &flags, &n_values, values,
                                         sizeof stored_name, stored_name, &config);
        name_filter(id, values[0], stored_name, name, sizeof name);
        print(text, bytes, used, ", ");
        print(text, bytes, used, name);
    }
}

static void describe_layout(hid_t dataset, struct h5_about *about)
{
    char *text = about->layout;
    size_t used = 0, bytes = sizeof about->layout;
    hid_t creation = H5Dget_create_plist(dataset);
    switch (H5Pget_layout(creation)) {
    case H5D_COMPACT:
        print(text, bytes, &used, "compact");
        break;
    case H5D_CONTIGUOUS:
        print(text, bytes, &used, "contiguous");
        if (H5Pget_external_count(creation) > 0) print(text, bytes, &used, ", external files");
        break;
    case H5D_CHUNKED:
        about->chunk_rows = describe_chunks(creation, text, bytes, &used);
        break;
    case H5D_VIRTUAL:
        print(text, bytes, &used, "virtual");
        break;
    default:
        print(text, bytes, &used, "unknown");
    }
    describe_filters(creation, text, bytes, &used);
    H5Pclose(creation);
}

static void describe_members(hid_t stored, struct h5_about *about)
{
    struct core_text text = {0};
    if (about->plain || H5Tget_class(stored) != H5T_COMPOUND) return;
    h5_members_tell(stored, &text);
    snprintf(about->members, sizeof about->members, "%s", text.length ? text.bytes : "");
    core_text_free(&text);
}

static shs_status describe(const struct h5_file *file, const char *name, hid_t dataset,
                           struct h5_about *about)
{
    hsize_t extent[H5S_MAX_RANK];
    hid_t stored = H5Dget_type(dataset), space = H5Dget_space(dataset);
    int axes = H5Sget_simple_extent_dims(space, extent, NULL);
    struct h5_numbers numbers = h5_numbers_of(stored);
    *about = (struct h5_about){.plain = numbers.type && !(numbers.pair && axes == 0),
                               .storage_bytes = H5Dget_storage_size(dataset)};
    snprintf(about->stored_as, sizeof about->stored_as, "%s", numbers.of);
    snprintf(about->type, sizeof about->type, "%s", h5_type_text(stored));
    about->is_sequence = H5Tget_class(stored) == H5T_VLEN;
    describe_members(stored, about);
    H5Sclose(space);
    H5Tclose(stored);
    if (axes < 0)
        return h5_fail(SHS_ERROR_FORMAT, "%s: dataset %s: its shape cannot be read", file->path,
                       name);
    about->axes = (uint32_t)axes;
    for (int axis = 0; axis < axes; axis++)
        about->shape[axis] = extent[axis];
    if (numbers.pair) about->shape[about->axes++] = 2;
    describe_layout(dataset, about);
    h5_packing_of(dataset, &about->packing); /* what cannot be read is told where it is needed */
    return SHS_OK;
}

void h5_keep_described(struct h5_file *file)
{
    file->keeps = true;
}

/* Takes over an open dataset. It stays open in place of the dataset before, or is closed. */
static shs_status keep(struct h5_file *file, const char *name, hid_t dataset)
{
    char *copy = NULL;
    shs_status status = file->keeps ? core_copy(name, &copy) : SHS_OK;
    if (status || !file->keeps) {
        H5Dclose(dataset);
        return status;
    }
    if (file->kept > 0) H5Dclose(file->kept);
    core_free(&file->kept_name);
    file->kept = dataset;
    file->kept_name = copy;
    return SHS_OK;
}

shs_status h5_describe(struct h5_file *file, const char *name, struct h5_about *about)
{
    hid_t dataset;
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_dataset_open(file, name, 0, &dataset);
    *about = (struct h5_about){.stored_as = ""};
    if (!status) {
        status = describe(file, name, dataset, about);
        if (!status)
            status = h5_check_trouble("%s: dataset %s cannot be looked at", file->path, name);
        shs_status keeping = keep(file, name, dataset);
        if (!status) status = keeping;
    }
    h5_guard_end(&guard);
    return status;
}
