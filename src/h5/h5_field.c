/* Opens an array for reading, and closes it. */
#include "h5_field.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_defect.h"
#include "h5_driver.h"
#include "h5_guard.h"
#include "h5_type.h"

hid_t h5_space_of_rows(const struct h5_field *field, uint64_t rows)
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

/* Refuses a value that its type in memory cannot hold. HDF5 would take the nearest value that fits.
 */
static H5T_conv_ret_t refuse_beyond(H5T_conv_except_t exception, hid_t from, hid_t to, void *value,
                                    void *converted, void *user)
{
    struct h5_field *field = user;
    (void)exception, (void)from, (void)to, (void)value, (void)converted;
    field->beyond = true;
    return H5T_CONV_ABORT;
}

/* Chooses the type that elements have in memory, and how HDF5 converts them. */
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
    field->row_space = h5_space_of_rows(field, 1);
    if (!typed || field->file_space < 0 || field->row_space < 0)
        return h5_fail(SHS_ERROR_FILE, "%s: dataset %s cannot be prepared for reading", field->path,
                       field->name);
    field->gaps = find_gaps(field);
    return SHS_OK;
}

/* Finds other files that the array's elements lie in. Most arrays have none. */
static shs_status find_mapped_files(struct h5_field *field)
{
    field->creation = H5Dget_create_plist(field->dataset);
    field->around = field->file->driven && h5_driver_is_around(field->file->id, field->dataset);
    H5D_layout_t layout = H5Pget_layout(field->creation);
    bool alone = layout == H5D_COMPACT || layout == H5D_CHUNKED ||
                 (layout == H5D_CONTIGUOUS && H5Pget_external_count(field->creation) == 0);
    if (alone && field->around)
        return h5_examine_alone(field->file, field->name, field->dataset, layout);
    return h5_mapped_find(field->file, field->name, field->dataset, &field->mapped);
}

static shs_status open_dataset(struct h5_field *field, bool single, shs_tensor *shape)
{
    struct h5_file *file = field->file;
    shs_status status = h5_dataset_open(file, field->name, field->cache_bytes, &field->dataset);
    if (!status) status = h5_shape_of(file, field->name, field->dataset, shape);
    if (!status) status = find_mapped_files(field);
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
    h5_mapped_free(&(*field)->mapped);
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

shs_status h5_field_check(const struct h5_field *field, bool *touched)
{
    return core_wrap(h5_mapped_check(&field->mapped, touched), "%s: dataset %s", field->path,
                     field->name);
}
