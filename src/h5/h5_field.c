/* A field: rows of a dataset through H5Dread. */
#include "h5_field.h"
#include "core_memory.h"
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

static shs_status open_spaces(struct h5_field *field, const shs_tensor *shape)
{
    field->axes = shape->axes;
    for (uint32_t axis = 0; axis < shape->axes; axis++)
        field->shape[axis] = shape->shape[axis];
    field->memory_type = h5_memory_type(shape->type);
    field->file_space = H5Dget_space(field->dataset);
    field->row_space = space_of_rows(field, 1);
    if (field->memory_type < 0 || field->file_space < 0 || field->row_space < 0)
        return h5_fail(SHS_ERROR_FILE, "%s: dataset %s cannot be prepared for reading", field->path,
                       field->name);
    return SHS_OK;
}

static shs_status open_dataset(struct h5_file *file, size_t cache_bytes, struct h5_field *field,
                               shs_tensor *shape)
{
    shs_status status = h5_dataset_open(file, field->name, cache_bytes, &field->dataset);
    if (!status) status = h5_shape_of(file, field->name, field->dataset, shape);
    if (status) return status;
    if (shape->axes == 0)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: dataset %s is a single number; a field has a first axis of samples",
                         file->path, field->name);
    return open_spaces(field, shape);
}

shs_status h5_field_open(struct h5_file *file, const char *name, size_t cache_bytes,
                         struct h5_field **field, shs_tensor *shape)
{
    shs_status status = core_new(1, sizeof **field, "a field", field);
    if (!status) status = core_copy(file->path, &(*field)->path);
    if (!status) status = core_copy(name, &(*field)->name);
    if (!status) {
        struct h5_guard guard = h5_guard_begin();
        status = open_dataset(file, cache_bytes, *field, shape);
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
    if ((*field)->memory_type > 0) H5Tclose((*field)->memory_type);
    if ((*field)->dataset > 0) H5Dclose((*field)->dataset);
    h5_guard_end(&guard);
    core_free(&(*field)->path);
    core_free(&(*field)->name);
    core_free(field);
}

uint64_t h5_chunk_rows(struct h5_field *field)
{
    hsize_t chunk[SHS_MAX_AXES] = {0};
    struct h5_guard guard = h5_guard_begin();
    hid_t creation = H5Dget_create_plist(field->dataset);
    if (H5Pget_layout(creation) == H5D_CHUNKED && H5Pget_chunk(creation, SHS_MAX_AXES, chunk) < 0)
        chunk[0] = 0;
    H5Pclose(creation);
    h5_guard_end(&guard);
    return chunk[0];
}

bool h5_field_is_decodable(struct h5_field *field)
{
    bool all = true;
    struct h5_guard guard = h5_guard_begin();
    hid_t creation = H5Dget_create_plist(field->dataset);
    int count = H5Pget_nfilters(creation);
    for (int i = 0; i < count && all; i++) {
        unsigned flags, config;
        size_t none = 0;
        H5Z_filter_t id =
            H5Pget_filter2(creation, (unsigned)i, &flags, &none, NULL, 0, NULL, &config);
        all = id >= 0 && H5Zfilter_avail(id) > 0;
    }
    H5Pclose(creation);
    h5_guard_end(&guard);
    return all;
}

static herr_t read_selection(struct h5_field *field, uint64_t first, uint64_t count, void *rows)
{
    hsize_t start[SHS_MAX_AXES] = {first}, extent[SHS_MAX_AXES] = {count};
    for (uint32_t axis = 1; axis < field->axes; axis++)
        extent[axis] = field->shape[axis];
    if (H5Sselect_hyperslab(field->file_space, H5S_SELECT_SET, start, NULL, extent, NULL) < 0)
        return -1;
    hid_t memory_space = count == 1 ? field->row_space : space_of_rows(field, count);
    if (memory_space < 0) return -1;
    herr_t result = H5Dread(field->dataset, field->memory_type, memory_space, field->file_space,
                            H5P_DEFAULT, rows);
    if (count != 1) H5Sclose(memory_space);
    return result;
}

shs_status h5_read_rows(struct h5_field *field, uint64_t first, uint64_t count, void *rows)
{
    shs_status status = SHS_OK;
    struct h5_guard guard = h5_guard_begin();
    if (read_selection(field, first, count, rows) < 0)
        status = h5_fail(SHS_ERROR_FILE,
                         "%s: dataset %s: rows %llu to %llu cannot be read; check the file, or "
                         "make it anew",
                         field->path, field->name, (unsigned long long)first,
                         (unsigned long long)(first + count - 1));
    h5_guard_end(&guard);
    return status;
}
