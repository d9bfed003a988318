/* Opens an array for reading, and closes it. */
#include "h5_array.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_defect.h"
#include "h5_driver.h"
#include "h5_guard.h"
#include "h5_sequences.h"
#include "h5_type.h"

hid_t h5_space_of_rows(const struct h5_array *array, uint64_t rows)
{
    hsize_t extent[SHS_MAX_AXES];
    uint32_t axes = array->axes ? array->axes - array->row_axes + 1 : 0;
    extent[0] = rows;
    for (uint32_t axis = 1; axis < axes; axis++)
        extent[axis] = array->part ? array->part->axis[axis - 1].count
                                   : array->shape[array->row_axes + axis - 1];
    return H5Screate_simple((int)axes, extent, NULL);
}

bool h5_is_filled(hid_t creation)
{
    H5D_fill_value_t defined;
    H5D_fill_time_t time;
    return H5Pfill_value_defined(creation, &defined) >= 0 && defined != H5D_FILL_VALUE_UNDEFINED &&
           H5Pget_fill_time(creation, &time) >= 0 && time != H5D_FILL_TIME_NEVER;
}

static bool is_all_allocated(const struct h5_array *array, hid_t creation)
{
    hsize_t chunk[SHS_MAX_AXES], counted;
    uint64_t all = 1;
    switch (H5Pget_layout(creation)) {
    case H5D_COMPACT:
        return true;
    case H5D_CONTIGUOUS:
        return H5Dget_storage_size(array->dataset) != 0;
    case H5D_CHUNKED:
        break;
    default:
        return false;
    }
    if (H5Pget_chunk(creation, SHS_MAX_AXES, chunk) != (int)array->axes ||
        H5Dget_num_chunks(array->dataset, array->file_space, &counted) < 0)
        return false;
    for (uint32_t axis = 0; axis < array->axes; axis++)
        if (!chunk[axis] ||
            !core_multiply(all, (array->shape[axis] + chunk[axis] - 1) / chunk[axis], &all))
            return false;
    return counted == all;
}

static bool find_gaps(const struct h5_array *array)
{
    return !h5_is_filled(array->creation) && !is_all_allocated(array, array->creation);
}

/* Refuses a value that its type in memory cannot hold. HDF5 would take the nearest value that fits.
 */
static H5T_conv_ret_t refuse_beyond(H5T_conv_except_t exception, hid_t from, hid_t to, void *value,
                                    void *converted, void *user)
{
    struct h5_array *array = user;
    (void)exception, (void)from, (void)to, (void)value, (void)converted;
    array->beyond = true;
    return H5T_CONV_ABORT;
}

/* Chooses the type that elements have in memory, and how HDF5 converts them. */
static bool open_types(struct h5_array *array)
{
    hid_t stored = H5Dget_type(array->dataset);
    struct h5_numbers numbers = h5_numbers_of(stored);
    array->memory_type =
        array->members ? H5Tcopy(array->members->memory_type) : h5_numbers_in_memory(stored);
    H5Tclose(stored);
    array->pair = numbers.pair && !array->members;
    array->widened = array->members ? array->members->widened : numbers.widened;
    if (array->members) numbers.narrowed = array->members->narrowed;
    array->transfer = H5P_DEFAULT;
    if (!numbers.narrowed) return array->memory_type >= 0;
    array->transfer = H5Pcreate(H5P_DATASET_XFER);
    return array->memory_type >= 0 && array->transfer >= 0 &&
           H5Pset_type_conv_cb(array->transfer, refuse_beyond, array) >= 0;
}

static shs_status open_spaces(struct h5_array *array, const shs_tensor *shape)
{
    shs_tensor row = *shape;
    row.shape[0] = 1;
    shs_status status = shs_tensor_bytes(&row, &array->row_bytes);
    if (status) return status;
    bool typed = open_types(array);
    array->axes = shape->axes - (array->members ? array->members->axes : array->pair);
    array->row_axes = 1;
    for (uint32_t axis = 0; axis < array->axes; axis++)
        array->shape[axis] = shape->shape[axis];
    array->file_space = H5Dget_space(array->dataset);
    array->row_space = h5_space_of_rows(array, 1);
    if (!typed || array->file_space < 0 || array->row_space < 0)
        return h5_fail(SHS_ERROR_FILE, "%s: dataset %s cannot be prepared for reading", array->path,
                       array->name);
    array->gaps = find_gaps(array);
    array->runs.element_bytes = H5Tget_size(array->memory_type);
    return SHS_OK;
}

/* Finds other files that the array's elements lie in. Most arrays have none. */
static shs_status find_mapped_files(struct h5_array *array)
{
    array->creation = H5Dget_create_plist(array->dataset);
    array->around = array->file->driven && h5_driver_is_around(array->file->id, array->dataset);
    H5D_layout_t layout = H5Pget_layout(array->creation);
    bool alone = layout == H5D_COMPACT || layout == H5D_CHUNKED ||
                 (layout == H5D_CONTIGUOUS && H5Pget_external_count(array->creation) == 0);
    if (alone && array->around)
        return h5_examine_alone(array->file, array->name, array->dataset, layout);
    return h5_mapped_find(array->file, array->stored_name, array->dataset, &array->mapped,
                          &array->runs);
}

/* Opens the dataset, and finds the members that the name has behind that of the dataset. */
static shs_status open_named(struct h5_array *array)
{
    struct h5_file *file = array->file;
    shs_status status = SHS_OK;
    if (h5_groups_is_name(array->name)) {
        status = h5_groups_list(file, array->name, &array->groups);
        if (!status) status = h5_groups_dataset(array->groups, 0, &array->stored_name);
    } else {
        status = core_copy(array->name, &array->stored_name);
    }
    if (status) return status;
    const char *members = h5_members_of(file, array->stored_name);
    if (members && array->groups) array->groups->dataset_bytes -= strlen(members) + 1;
    if (members) array->stored_name[members - array->stored_name - 1] = '\0';
    if (!status)
        status = h5_dataset_open(file, array->stored_name, array->cache_bytes, &array->dataset);
    if (status || !members) return status;
    return h5_members_find(file, array->dataset, array->name, members, &array->members);
}

static shs_status open_dataset(struct h5_array *array, bool single, shs_tensor *shape)
{
    struct h5_file *file = array->file;
    shs_status status = open_named(array);
    if (!status) status = h5_shape_of(file, array->name, array->dataset, array->members, shape);
    if (!status) status = find_mapped_files(array);
    if (status) return status;
    if (shape->axes == 0 && !single)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: dataset %s is a single number; a field has a first axis of samples, "
                         "or is the same for every sample: ALIAS=%s(constant)",
                         file->path, array->name, array->name);
    status = open_spaces(array, shape);
    if (status || !array->groups) return status;
    status = h5_groups_examine(array, array->groups);
    if (!status) shape->shape[0] = array->shape[0] = array->groups->start[array->groups->count];
    return status;
}

shs_status h5_array_open(struct h5_file *file, const char *name, size_t cache_bytes, bool single,
                         struct h5_array **array, shs_tensor *shape)
{
    shs_status status = core_new(1, sizeof **array, "an array", array);
    if (!status) status = core_copy(file->path, &(*array)->path);
    if (!status) status = core_copy(name, &(*array)->name);
    if (!status) {
        (*array)->file = file;
        (*array)->cache_bytes = cache_bytes;
        struct h5_guard guard = h5_guard_begin();
        status = open_dataset(*array, single, shape);
        if (!status)
            status = h5_check_trouble("%s: dataset '%s' cannot be opened", file->path, name);
        h5_guard_end(&guard);
    }
    if (status) h5_array_close(array);
    return status;
}

/* Opens the dataset, if its elements are variable-length arrays. */
static shs_status open_runs(struct h5_array *array, bool offsets, shs_tensor *shape)
{
    struct h5_file *file = array->file;
    shs_status status = core_copy(array->name, &array->stored_name);
    if (!status && h5_is_absent(file, array->name)) return SHS_OK;
    if (!status) status = h5_dataset_open(file, array->name, 0, &array->dataset);
    if (status) return status;
    hid_t stored = H5Dget_type(array->dataset);
    bool is_sequence = H5Tget_class(stored) == H5T_VLEN;
    H5Tclose(stored);
    if (!is_sequence) return SHS_OK;
    array->transfer = H5P_DEFAULT;
    array->creation = H5Dget_create_plist(array->dataset);
    array->around = file->driven && h5_driver_is_around(file->id, array->dataset);
    array->file_space = H5Dget_space(array->dataset);
    return h5_sequences_open(array, offsets, shape);
}

shs_status h5_array_open_runs(struct h5_file *file, const char *name, bool offsets,
                              struct h5_array **array, shs_tensor *shape)
{
    shs_status status = core_new(1, sizeof **array, "an array", array);
    if (!status) status = core_copy(file->path, &(*array)->path);
    if (!status) status = core_copy(name, &(*array)->name);
    if (!status) {
        (*array)->file = file;
        struct h5_guard guard = h5_guard_begin();
        status = open_runs(*array, offsets, shape);
        if (!status && (*array)->sequences)
            status = h5_check_trouble("%s: dataset '%s' cannot be opened", file->path, name);
        h5_guard_end(&guard);
    }
    if (status || !(*array)->sequences) h5_array_close(array);
    return status;
}

void h5_array_close(struct h5_array **array)
{
    if (!*array) return;
    struct h5_guard guard = h5_guard_begin();
    if ((*array)->row_space > 0) H5Sclose((*array)->row_space);
    if ((*array)->file_space > 0) H5Sclose((*array)->file_space);
    if ((*array)->creation > 0) H5Pclose((*array)->creation);
    if ((*array)->transfer > 0) H5Pclose((*array)->transfer);
    if ((*array)->memory_type > 0) H5Tclose((*array)->memory_type);
    if ((*array)->dataset > 0) H5Dclose((*array)->dataset);
    h5_members_free(&(*array)->members);
    h5_sequences_free(&(*array)->sequences);
    h5_guard_end(&guard);
    h5_groups_free(&(*array)->groups);
    h5_mapped_free(&(*array)->mapped);
    h5_runs_free(&(*array)->runs);
    core_free(&(*array)->path);
    core_free(&(*array)->name);
    core_free(&(*array)->stored_name);
    core_free(array);
}

uint32_t h5_array_axes(const struct h5_array *array)
{
    return array->axes;
}

bool h5_array_has_members(const struct h5_array *array)
{
    return array->members != NULL;
}

shs_status h5_array_member_bytes(const struct h5_array *array, const struct io_part_axis *picked,
                                 struct io_part_axis *taken)
{
    return h5_members_bytes(array->members, picked, taken);
}

const uint64_t *h5_array_groups(const struct h5_array *array, size_t *count)
{
    *count = array->groups ? array->groups->count : 0;
    return array->groups ? array->groups->start : NULL;
}

const char *h5_array_stored_name(const struct h5_array *array)
{
    return array->stored_name;
}

void h5_array_view(struct h5_array *array, uint32_t row_axes, const struct io_part *part)
{
    struct h5_guard guard = h5_guard_begin();
    size_t element_bytes = H5Tget_size(array->memory_type) * (array->widened ? 2 : 1);
    if (array->sequences && array->sequences->gives_offsets) element_bytes = sizeof(uint64_t);
    array->row_bytes = part ? part->bytes : element_bytes;
    if (part && array->members && array->widened) array->row_bytes *= 2;
    for (uint32_t axis = row_axes; axis < array->axes && !part; axis++)
        array->row_bytes *= array->shape[axis];
    array->row_axes = row_axes;
    array->part = part;
    H5Sclose(array->row_space);
    array->row_space = h5_space_of_rows(array, 1);
    h5_guard_end(&guard);
}

uint64_t h5_chunk_rows(struct h5_array *array)
{
    hsize_t chunk[SHS_MAX_AXES] = {0};
    if (array->groups) return 0;
    struct h5_guard guard = h5_guard_begin();
    if (!array->sequences && H5Pget_layout(array->creation) == H5D_CHUNKED &&
        H5Pget_chunk(array->creation, SHS_MAX_AXES, chunk) < 0)
        chunk[0] = 0;
    h5_guard_end(&guard);
    if (array->row_axes == 1 || !chunk[0]) return chunk[0];
    /* rows of several series are neighbours only if a chunk has all rows of a series */
    return chunk[1] < array->shape[1] ? chunk[1] : chunk[0] * array->shape[1];
}

bool h5_array_is_decodable(struct h5_array *array)
{
    return !h5_array_check_filters(array);
}

shs_status h5_array_check_filters(struct h5_array *array)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_filters_check(array->dataset, array->creation, array->path, array->name);
    h5_guard_end(&guard);
    return status;
}

const struct h5_runs *h5_array_runs(const struct h5_array *array)
{
    const struct h5_runs *runs = &array->runs;
    return array->around && !array->groups && (runs->n_runs || runs->reason) ? runs : NULL;
}

shs_status h5_array_rest(struct h5_array *array)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_array_reopen(array);
    h5_guard_end(&guard);
    return status;
}

shs_status h5_array_check(const struct h5_array *array, bool *touched)
{
    return core_wrap(h5_mapped_check(&array->mapped, touched), "%s: dataset %s", array->path,
                     array->name);
}
