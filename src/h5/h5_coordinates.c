/* Reads the coordinates that a file gives to the indices of an axis. */
#include "h5_coordinates.h"

#include <string.h>

#include "core_memory.h"
#include "h5_array.h"
#include "h5_axes.h"
#include "h5_guard.h"
#include "h5_open.h"

enum {
    NAME_BYTES = 256 /* most bytes of a scale's name in a message */
};

/* The search for the coordinates of one axis. */
struct search {
    const struct h5_array *array;
    uint32_t axis;
    uint64_t length;
    struct h5_coordinates *found;
    shs_status status;
};

/* Tells why a scale could not be read: a filter is missing, or what HDF5 says. */
static shs_status fail_to_read(const struct search *search, hid_t scale)
{
    char name[NAME_BYTES] = "";
    hid_t creation = H5Dget_create_plist(scale);
    if (H5Iget_name(scale, name, sizeof name) <= 0) *name = '\0';
    shs_status status = h5_filters_check(scale, creation, search->array->path, name);
    H5Pclose(creation);
    if (status) return status;
    return h5_fail(SHS_ERROR_FORMAT,
                   "%s: dataset %s, the coordinate of axis %u of %s, cannot be read; check the "
                   "file, or make it anew",
                   search->array->path, name, search->axis, search->array->name);
}

/* Cuts what fills a text of fixed length up: zeros or spaces. */
static size_t text_length(const char *text, size_t bytes, bool spaces)
{
    size_t length = strnlen(text, bytes);
    while (spaces && length && text[length - 1] == ' ')
        length--;
    return length;
}

static shs_status copy_text(const char *text, size_t length, char **copy)
{
    shs_status status = core_new(length + 1, 1, "names of indices", copy);
    if (!status) memcpy(*copy, text, length);
    return status;
}

static void take_fixed(struct search *search, hid_t scale, hid_t type)
{
    size_t bytes = H5Tget_size(type);
    bool spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    char *all;
    search->status = core_new(search->length, bytes, "names of indices", &all);
    if (search->status) return;
    if (H5Dread(scale, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all) >= 0)
        for (uint64_t i = 0; i < search->length && !search->status; i++) {
            const char *text = all + i * bytes;
            search->status =
                copy_text(text, text_length(text, bytes, spaces), &search->found->text[i]);
            search->found->count = i + 1;
        }
    else
        search->status = fail_to_read(search, scale);
    core_free(&all);
}

static void take_variable(struct search *search, hid_t scale, hid_t type)
{
    char **all;
    search->status = core_new(search->length, sizeof *all, "names of indices", &all);
    if (search->status) return;
    hid_t space = H5Dget_space(scale);
    if (H5Dread(scale, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all) >= 0) {
        for (uint64_t i = 0; i < search->length && !search->status; i++) {
            const char *text = all[i] ? all[i] : "";
            search->status = copy_text(text, strlen(text), &search->found->text[i]);
            search->found->count = i + 1;
        }
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, all);
    } else {
        search->status = fail_to_read(search, scale);
    }
    H5Sclose(space);
    core_free(&all);
}

static void take_texts(struct search *search, hid_t scale, hid_t type)
{
    struct h5_coordinates *found = search->found;
    search->status =
        core_new(search->length, sizeof *found->text, "names of indices", &found->text);
    if (search->status) return;
    if (H5Tis_variable_str(type) > 0)
        take_variable(search, scale, type);
    else
        take_fixed(search, scale, type);
}

static void take_numbers(struct search *search, hid_t scale, hid_t type)
{
    struct h5_coordinates *found = search->found;
    search->status = core_new(search->length, sizeof *found->number, "coordinates", &found->number);
    if (search->status) return;
    if (H5Dread(scale, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, found->number) >= 0)
        found->count = search->length;
    else
        search->status = fail_to_read(search, scale);
    found->single = H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == sizeof(float);
}

/* Takes a scale if it has a text or a number for each index. Texts replace numbers. */
static void look_at_scale(void *user, uint32_t axis, hid_t scale)
{
    struct search *search = user;
    if (axis != search->axis || search->status || search->found->text ||
        H5Iget_type(scale) != H5I_DATASET)
        return;
    hid_t space = H5Dget_space(scale), type = H5Dget_type(scale);
    bool fits = H5Sget_simple_extent_ndims(space) == 1 &&
                (uint64_t)H5Sget_simple_extent_npoints(space) == search->length;
    H5T_class_t kind = H5Tget_class(type);
    if (fits && kind == H5T_STRING) {
        h5_coordinates_free(search->found);
        take_texts(search, scale, type);
    } else if (fits && (kind == H5T_INTEGER || kind == H5T_FLOAT) && !search->found->number) {
        take_numbers(search, scale, type);
    }
    H5Tclose(type);
    H5Sclose(space);
}

shs_status h5_coordinates_read(struct h5_array *array, uint32_t axis,
                               struct h5_coordinates *coordinates)
{
    *coordinates = (struct h5_coordinates){0};
    if (axis >= array->axes || !array->shape[axis]) return SHS_OK;
    struct search search = {
        .array = array, .axis = axis, .length = array->shape[axis], .found = coordinates};
    struct h5_guard guard = h5_guard_begin();
    h5_axis_scales(array, look_at_scale, &search);
    shs_status status = search.status;
    if (!status)
        status = h5_check_trouble("%s: dataset %s: the coordinates of its axes cannot be read",
                                  array->path, array->name);
    if (!status && h5_lacked_memory())
        status =
            h5_fail(SHS_ERROR_MEMORY, "%s: dataset %s: no memory for the coordinates of its axes",
                    array->path, array->name);
    h5_guard_end(&guard);
    if (status) h5_coordinates_free(coordinates);
    return status;
}

void h5_coordinates_free(struct h5_coordinates *coordinates)
{
    for (uint64_t i = 0; coordinates->text && i < coordinates->count; i++)
        core_free(&coordinates->text[i]);
    core_free(&coordinates->text);
    core_free(&coordinates->number);
    *coordinates = (struct h5_coordinates){0};
}
