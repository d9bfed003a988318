#include "h5_box.h"

#include <string.h>

#include "core_memory.h"
#include "h5_array.h"
#include "h5_guard.h"
#include "h5_type.h"

/* A box that is being read. */
struct box {
    struct h5_array *array;
    hsize_t first[SHS_MAX_AXES], count[SHS_MAX_AXES];
    size_t bytes;
};

bool h5_array_is_complex(const struct h5_array *array)
{
    return array->pair;
}

uint64_t h5_chunk_along(struct h5_array *array, uint32_t axis)
{
    hsize_t chunk[SHS_MAX_AXES] = {0};
    struct h5_guard guard = h5_guard_begin();
    if (axis >= array->axes || H5Pget_layout(array->creation) != H5D_CHUNKED ||
        H5Pget_chunk(array->creation, SHS_MAX_AXES, chunk) < 0)
        chunk[0] = axis = 0;
    h5_guard_end(&guard);
    return chunk[axis];
}

static herr_t read_selection(const struct box *box, void *elements)
{
    struct h5_array *array = box->array;
    if (H5Sselect_hyperslab(array->file_space, H5S_SELECT_SET, box->first, NULL, box->count, NULL) <
        0)
        return -1;
    hid_t memory = H5Screate_simple((int)array->axes, box->count, NULL);
    if (memory < 0) return -1;
    herr_t result = H5Dread(array->dataset, array->memory_type, memory, array->file_space,
                            array->transfer, elements);
    H5Sclose(memory);
    return result;
}

static shs_status read_once(const struct box *box, void *elements)
{
    struct h5_array *array = box->array;
    array->beyond = false;
    if (read_selection(box, elements) >= 0)
        return h5_check_trouble("%s: dataset %s cannot be read", array->path, array->name);
    if (array->beyond)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s has a value that is beyond u8 and no member of its "
                         "enumeration; store it as plain integers",
                         array->path, array->name);
    return h5_fail(SHS_ERROR_FORMAT,
                   "%s: dataset %s: indices %llu to %llu of its first axis cannot be read; check "
                   "the file, or make it anew",
                   array->path, array->name, (ull)box->first[0],
                   (ull)(box->first[0] + box->count[0] - 1));
}

/* Reads elements of which some may never have been written. Without a fill value HDF5 leaves the
 * memory of such elements as it was. So two reads into different memory differ. */
static shs_status read_written(const struct box *box, void *elements)
{
    const struct h5_array *array = box->array;
    void *again;
    shs_status status = core_new(box->bytes, 1, "a box of elements", &again);
    if (status) return status;
    memset(elements, 0xFF, box->bytes);
    status = read_once(box, elements);
    if (!status) status = read_once(box, again);
    if (!status && memcmp(elements, again, box->bytes) != 0)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s: dataset %s: some elements were never written and have no fill "
                           "value; write them",
                           array->path, array->name);
    core_free(&again);
    return status;
}

static shs_status use_mapped_files(const struct box *box)
{
    struct h5_array *array = box->array;
    bool too_many = false;
    if (!array->mapped.count) return SHS_OK;
    shs_status status = h5_mapped_use(&array->mapped, box->first[0], box->count[0], &too_many);
    if (!status && too_many) {
        status = h5_array_reopen(array);
        if (!status)
            status = h5_mapped_use(&array->mapped, box->first[0], box->count[0], &too_many);
    }
    return core_wrap(status, "%s: dataset %s", array->path, array->name);
}

static shs_status read_box(const struct box *box, void *elements)
{
    struct h5_array *array = box->array;
    shs_status status = array->failed ? h5_array_reopen(array) : SHS_OK;
    if (!status) status = use_mapped_files(box);
    if (!status) status = array->gaps ? read_written(box, elements) : read_once(box, elements);
    if (!status)
        status = core_wrap(h5_mapped_used(&array->mapped, true), "%s: dataset %s", array->path,
                           array->name);
    array->failed = status != SHS_OK;
    return status;
}

shs_status h5_read_box(struct h5_array *array, const uint64_t *first, const uint64_t *count,
                       void *elements)
{
    struct box box = {.array = array};
    struct h5_guard guard = h5_guard_begin();
    box.bytes = H5Tget_size(array->memory_type);
    for (uint32_t axis = 0; axis < array->axes; axis++) {
        box.first[axis] = first[axis];
        box.count[axis] = count[axis];
        box.bytes *= (size_t)count[axis];
    }
    size_t bytes = box.bytes * 2;
    void *to = array->widened ? h5_widened_place(elements, bytes) : elements;
    shs_status status = read_box(&box, to);
    if (!status && array->widened) h5_widen(elements, bytes);
    h5_guard_end(&guard);
    return status;
}

/* ---- attributes */

/* Reads a text of variable length, and frees what HDF5 allocated for it. */
static herr_t read_variable(hid_t attribute, hid_t type, char *text, size_t bytes)
{
    char *found = NULL;
    hid_t space = H5Aget_space(attribute);
    herr_t result = H5Aread(attribute, type, &found);
    if (result >= 0 && found) {
        size_t length = strnlen(found, bytes - 1);
        memcpy(text, found, length);
        text[length] = '\0';
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, &found);
    }
    H5Sclose(space);
    return result;
}

static herr_t read_fixed(hid_t attribute, hid_t type, char *text, size_t bytes)
{
    hid_t memory = H5Tcopy(H5T_C_S1);
    herr_t result = -1;
    if (H5Tset_size(memory, bytes) >= 0 && H5Tset_cset(memory, H5Tget_cset(type)) >= 0)
        result = H5Aread(attribute, memory, text);
    H5Tclose(memory);
    return result;
}

static herr_t read_text(hid_t attribute, char *text, size_t bytes)
{
    herr_t result = 0;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1) {
        if (H5Tis_variable_str(type) > 0)
            result = read_variable(attribute, type, text, bytes);
        else
            result = read_fixed(attribute, type, text, bytes);
    }
    H5Sclose(space);
    H5Tclose(type);
    return result;
}

shs_status h5_read_label(struct h5_array *array, const char *attribute, char *text, size_t bytes)
{
    struct h5_guard guard = h5_guard_begin();
    *text = '\0';
    htri_t has = H5Aexists(array->dataset, attribute);
    herr_t result = has < 0 ? -1 : 0;
    if (has > 0) {
        hid_t id = H5Aopen(array->dataset, attribute, H5P_DEFAULT);
        result = id < 0 ? -1 : read_text(id, text, bytes);
        if (id >= 0) H5Aclose(id);
    }
    shs_status status = result < 0
                            ? h5_fail_damaged("%s: dataset %s: its attribute %s cannot be read",
                                              array->path, array->name, attribute)
                            : h5_check_trouble("%s: dataset %s: its attribute %s cannot be read",
                                               array->path, array->name, attribute);
    if (status) *text = '\0';
    h5_guard_end(&guard);
    return status;
}

bool h5_has_attribute(struct h5_array *array, const char *attribute)
{
    struct h5_guard guard = h5_guard_begin();
    bool has = H5Aexists(array->dataset, attribute) > 0;
    h5_guard_end(&guard);
    return has;
}
