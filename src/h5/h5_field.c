/* A field: rows of a dataset through H5Dread. */
#include "h5_field.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_defect.h"
#include "h5_driver.h"
#include "h5_guard.h"
#include "h5_type.h"

static hid_t space_of_rows(const struct h5_field *field, uint64_t rows)
{
    hsize_t extent[SHS_MAX_AXES];
    extent[0] = rows;
    for (uint32_t axis = 1; axis < field->axes; axis++)
        extent[axis] = field->shape[axis];
    return H5Screate_simple((int)field->axes, extent, NULL);
}

bool h5_is_filled(hid_t creation)
{
    H5D_fill_value_t defined;
    H5D_fill_time_t time;
    return H5Pfill_value_defined(creation, &defined) >= 0 && defined != H5D_FILL_VALUE_UNDEFINED &&
           H5Pget_fill_time(creation, &time) >= 0 && time != H5D_FILL_TIME_NEVER;
}

static bool is_all_allocated(const struct h5_field *field, hid_t creation)
{
    hsize_t chunk[SHS_MAX_AXES], counted;
    uint64_t all = 1;
    switch (H5Pget_layout(creation)) {
    case H5D_COMPACT:
        return true;
    case H5D_CONTIGUOUS:
        return H5Dget_storage_size(field->dataset) != 0;
    case H5D_CHUNKED:
        break;
    default:
        return false;
    }
    if (H5Pget_chunk(creation, SHS_MAX_AXES, chunk) != (int)field->axes ||
        H5Dget_num_chunks(field->dataset, field->file_space, &counted) < 0)
        return false;
    for (uint32_t axis = 0; axis < field->axes; axis++)
        if (!chunk[axis] ||
            !core_multiply(all, (field->shape[axis] + chunk[axis] - 1) / chunk[axis], &all))
            return false;
    return counted == all;
}

static bool find_gaps(const struct h5_field *field)
{
    return !h5_is_filled(field->creation) && !is_all_allocated(field, field->creation);
}

/* HDF5 would put the nearest number there is in place of one that does not fit. */
static H5T_conv_ret_t refuse_beyond(H5T_conv_except_t exception, hid_t from, hid_t to, void *value,
                                    void *converted, void *user)
{
    struct h5_field *field = user;
    (void)exception, (void)from, (void)to, (void)value, (void)converted;
    field->beyond = true;
    return H5T_CONV_ABORT;
}

/* What elements are in memory, and how they come there. */
static bool open_types(struct h5_field *field)
{
    hid_t stored = H5Dget_type(field->dataset);
    struct h5_numbers numbers = h5_numbers_of(stored);
    field->memory_type = h5_numbers_in_memory(stored);
    H5Tclose(stored);
    field->pair = numbers.pair;
    field->transfer = H5P_DEFAULT;
    if (!numbers.narrowed) return field->memory_type >= 0;
    field->transfer = H5Pcreate(H5P_DATASET_XFER);
    return field->memory_type >= 0 && field->transfer >= 0 &&
           H5Pset_type_conv_cb(field->transfer, refuse_beyond, field) >= 0;
}

static shs_status open_spaces(struct h5_field *field, const shs_tensor *shape)
{
    shs_tensor row = *shape;
    row.shape[0] = 1;
    shs_status status = shs_tensor_bytes(&row, &field->row_bytes);
    if (status) return status;
    bool typed = open_types(field);
    field->axes = shape->axes - field->pair;
    for (uint32_t axis = 0; axis < field->axes; axis++)
        field->shape[axis] = shape->shape[axis];
    field->file_space = H5Dget_space(field->dataset);
    field->row_space = space_of_rows(field, 1);
    if (!typed || field->file_space < 0 || field->row_space < 0)
        return h5_fail(SHS_ERROR_FILE, "%s: dataset %s cannot be prepared for reading", field->path,
                       field->name);
    field->gaps = find_gaps(field);
    return SHS_OK;
}

/* Finds other files that its elements lie in; most fields have none. */
static shs_status find_sources(struct h5_field *field)
{
    field->creation = H5Dget_create_plist(field->dataset);
    field->around = field->file->driven && h5_driver_is_around(field->file->id, field->dataset);
    H5D_layout_t layout = H5Pget_layout(field->creation);
    bool alone = layout == H5D_COMPACT || layout == H5D_CHUNKED ||
                 (layout == H5D_CONTIGUOUS && H5Pget_external_count(field->creation) == 0);
    if (alone && field->around)
        return h5_examine_alone(field->file, field->name, field->dataset, layout);
    return h5_sources_find(field->file, field->name, field->dataset, &field->sources);
}

static shs_status open_dataset(struct h5_field *field, bool single, shs_tensor *shape)
{
    struct h5_file *file = field->file;
    shs_status status = h5_dataset_open(file, field->name, field->cache_bytes, &field->dataset);
    if (!status) status = h5_shape_of(file, field->name, field->dataset, shape);
    if (!status) status = find_sources(field);
    if (status) return status;
    if (shape->axes == 0 && !single)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: dataset %s is a single number; a field has a first axis of samples",
                         file->path, field->name);
    return open_spaces(field, shape);
}

shs_status h5_field_open(struct h5_file *file, const char *name, size_t cache_bytes, bool single,
                         struct h5_field **field, shs_tensor *shape)
{
    shs_status status = core_new(1, sizeof **field, "a field", field);
    if (!status) status = core_copy(file->path, &(*field)->path);
    if (!status) status = core_copy(name, &(*field)->name);
    if (!status) {
        (*field)->file = file;
        (*field)->cache_bytes = cache_bytes;
        struct h5_guard guard = h5_guard_begin();
        status = open_dataset(*field, single, shape);
        if (!status)
            status = h5_check_trouble("%s: dataset '%s' cannot be opened", file->path, name);
        h5_guard_end(&guard);
    }
    if (status) h5_field_close(field);
    return status;
}

void h5_field_close(struct h5_field **field)
{
    if (!*field) return;
    struct h5_guard guard = h5_guard_begin();
    if ((*field)->row_space > 0) H5Sclose((*field)->row_space);
    if ((*field)->file_space > 0) H5Sclose((*field)->file_space);
    if ((*field)->creation > 0) H5Pclose((*field)->creation);
    if ((*field)->transfer > 0) H5Pclose((*field)->transfer);
    if ((*field)->memory_type > 0) H5Tclose((*field)->memory_type);
    if ((*field)->dataset > 0) H5Dclose((*field)->dataset);
    h5_guard_end(&guard);
    h5_sources_free(&(*field)->sources);
    core_free(&(*field)->path);
    core_free(&(*field)->name);
    core_free(field);
}

uint64_t h5_chunk_rows(struct h5_field *field)
{
    hsize_t chunk[SHS_MAX_AXES] = {0};
    struct h5_guard guard = h5_guard_begin();
    if (H5Pget_layout(field->creation) == H5D_CHUNKED &&
        H5Pget_chunk(field->creation, SHS_MAX_AXES, chunk) < 0)
        chunk[0] = 0;
    h5_guard_end(&guard);
    return chunk[0];
}

bool h5_field_is_decodable(struct h5_field *field)
{
    return !h5_field_check_filters(field);
}

shs_status h5_field_check_filters(struct h5_field *field)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_filters_check(field->dataset, field->creation, field->path, field->name);
    h5_guard_end(&guard);
    return status;
}

/* Rows to read: `count` of them from `first` on or, if there is a list, those on it, in ascending
 * order. */
struct wanted {
    uint64_t first, last, count;
    const uint64_t *list;
};

static herr_t select_run(struct h5_field *field, H5S_seloper_t how, uint64_t first, uint64_t count)
{
    hsize_t start[SHS_MAX_AXES] = {first}, extent[SHS_MAX_AXES] = {count};
    for (uint32_t axis = 1; axis < field->axes; axis++)
        extent[axis] = field->shape[axis];
    if (field->axes == 0) return first || count != 1 ? -1 : 0;
    return H5Sselect_hyperslab(field->file_space, how, start, NULL, extent, NULL);
}

static herr_t select_rows(struct h5_field *field, const struct wanted *wanted)
{
    if (!wanted->list) return select_run(field, H5S_SELECT_SET, wanted->first, wanted->count);
    herr_t result = 0;
    for (uint64_t i = 0; i < wanted->count && result >= 0; i++)
        result = select_run(field, i ? H5S_SELECT_OR : H5S_SELECT_SET, wanted->list[i], 1);
    return result;
}

static herr_t read_selection(struct h5_field *field, const struct wanted *wanted, void *rows)
{
    if (select_rows(field, wanted) < 0) return -1;
    uint64_t count = wanted->count;
    hid_t memory_space = count == 1 ? field->row_space : space_of_rows(field, count);
    if (memory_space < 0) return -1;
    herr_t result = H5Dread(field->dataset, field->memory_type, memory_space, field->file_space,
                            field->transfer, rows);
    if (count != 1) H5Sclose(memory_space);
    return result;
}

static shs_status fail_by_defect(const struct h5_field *field, const struct wanted *wanted)
{
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    return core_fail(
        SHS_ERROR_UNSUPPORTED,
        "%s: dataset %s: rows %llu to %llu cannot be read: the scale-offset filter of "
        "HDF5 %u.%u.%u has a defect (HDFGroup/hdf5 issue 5861); the file may be sound: "
        "use another version of HDF5, or remove the filter with one: h5repack -f NONE",
        field->path, field->name, (ull)wanted->first, (ull)wanted->last, major, minor, release);
}

/* Raw files of an external dataset are read by HDF5 itself, which tells of no reason. */
static bool has_raw_files(const struct h5_field *field)
{
    for (size_t i = 0; i < field->sources.count; i++)
        if (!field->sources.source[i].kept) return true;
    return false;
}

/* `error` is the system's number of the last one in the read that failed, or 0. */
static shs_status fail_to_read(const struct h5_field *field, const struct wanted *wanted, int error)
{
    const char *text;
    if (field->beyond)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s: rows %llu to %llu have a value that is beyond u8 and no "
                         "member of their enumeration; store them as plain integers",
                         field->path, field->name, (ull)wanted->first, (ull)wanted->last);
    bool driver_failed = h5_trouble(&text) != SHS_OK;
    if (error && has_raw_files(field) && !driver_failed)
        return core_fail(SHS_ERROR_FILE,
                         "%s: dataset %s: rows %llu to %llu cannot be read: the system could not "
                         "read an external file: %s",
                         field->path, field->name, (ull)wanted->first, (ull)wanted->last,
                         strerror(error));
    if (!driver_failed && h5_has_filter(field->dataset, H5Z_FILTER_SCALEOFFSET) &&
        !h5_reads_scale_offset())
        return fail_by_defect(field, wanted);
    return h5_fail(SHS_ERROR_FORMAT,
                   "%s: dataset %s: rows %llu to %llu cannot be read; check the file, or make it "
                   "anew",
                   field->path, field->name, (ull)wanted->first, (ull)wanted->last);
}

static shs_status read_rows(struct h5_field *field, const struct wanted *wanted, void *rows)
{
    field->beyond = false;
    errno = 0;
    if (read_selection(field, wanted, rows) < 0) return fail_to_read(field, wanted, errno);
    return h5_check_trouble("%s: dataset %s: rows %llu to %llu cannot be read", field->path,
                            field->name, (ull)wanted->first, (ull)wanted->last);
}

/* HDF5 succeeds, and leaves memory as it was, where nothing was written and there is nothing to
 * fill in: what differs after two reads into different memory. */
static shs_status read_written(struct h5_field *field, const struct wanted *wanted, void *rows)
{
    size_t bytes = (size_t)wanted->count * field->row_bytes;
    void *again;
    shs_status status = core_new((size_t)wanted->count, field->row_bytes, "rows", &again);
    if (status) return status;
    memset(rows, 0xFF, bytes);
    status = read_rows(field, wanted, rows);
    if (!status) status = read_rows(field, wanted, again);
    if (!status && memcmp(rows, again, bytes) != 0)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s: dataset %s: rows %llu to %llu, or parts of them, were never "
                           "written and have no fill value; write them, or take other rows",
                           field->path, field->name, (ull)wanted->first, (ull)wanted->last);
    core_free(&again);
    return status;
}

/* Closes the files that HDF5 has open for a dataset, with the dataset and what it keeps of it. */
static shs_status reopen(struct h5_field *field)
{
    if (field->dataset > 0) H5Dclose(field->dataset);
    field->dataset = H5I_INVALID_HID;
    h5_sources_closed(&field->sources);
    shs_status status =
        h5_dataset_open(field->file, field->name, field->cache_bytes, &field->dataset);
    field->failed = status != SHS_OK;
    return status;
}

static shs_status use_sources(struct h5_field *field, uint64_t first, uint64_t count)
{
    bool too_many = false;
    if (!field->sources.count) return SHS_OK;
    shs_status status = h5_sources_use(&field->sources, first, count, &too_many);
    if (!status && too_many) {
        status = reopen(field);
        if (!status) status = h5_sources_use(&field->sources, first, count, &too_many);
    }
    return core_wrap(status, "%s: dataset %s", field->path, field->name);
}

shs_status h5_field_check(const struct h5_field *field, bool *touched)
{
    return core_wrap(h5_sources_check(&field->sources, touched), "%s: dataset %s", field->path,
                     field->name);
}

static shs_status read_wanted(struct h5_field *field, const struct wanted *wanted, void *rows)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = field->failed ? reopen(field) : SHS_OK;
    if (!status) status = use_sources(field, wanted->first, wanted->last - wanted->first + 1);
    if (!status)
        status = field->gaps ? read_written(field, wanted, rows) : read_rows(field, wanted, rows);
    if (!status)
        status =
            core_wrap(h5_sources_used(&field->sources), "%s: dataset %s", field->path, field->name);
    field->failed = status != SHS_OK;
    h5_guard_end(&guard);
    return status;
}

shs_status h5_read_rows(struct h5_field *field, uint64_t first, uint64_t count, void *rows)
{
    const struct wanted wanted = {.first = first, .last = first + count - 1, .count = count};
    return read_wanted(field, &wanted, rows);
}

shs_status h5_read_listed(struct h5_field *field, const uint64_t *list, size_t count, void *rows)
{
    const struct wanted wanted = {list[0], list[count - 1], count, list};
    return read_wanted(field, &wanted, rows);
}
