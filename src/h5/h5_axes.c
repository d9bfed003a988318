/* Reads how a file names the axes of an array. */
#include <string.h>

#include "core_memory.h"
#include "h5_axes.h"
#include "h5_file.h"
#include "h5_guard.h"

enum {
    MOST_SCALES = 16, /* of an axis whose names are read */
    PATH = 1024       /* bytes of the path of a scale whose name is read */
};

/* Who is shown the scales, or told the labels. */
struct listener {
    const struct h5_array *array;
    h5_axis_scale *show;
    h5_axis_name *visit;
    void *user;
};

static bool has_attributes(hid_t dataset)
{
    H5O_info_t object;
    return H5Oget_info2(dataset, &object, H5O_INFO_NUM_ATTRS) >= 0 && object.num_attrs;
}

bool h5_axes_are_named(hid_t dataset)
{
    return has_attributes(dataset) &&
           (H5Aexists(dataset, "DIMENSION_LIST") > 0 || H5Aexists(dataset, "DIMENSION_LABELS") > 0);
}

/* Opens an attribute that has an element for each axis. Returns a negative value if the array has
 * no such attribute. */
static hid_t open_attribute(const struct h5_array *array, const char *name)
{
    if (H5Aexists(array->dataset, name) <= 0) return H5I_INVALID_HID;
    hid_t attribute = H5Aopen(array->dataset, name, H5P_DEFAULT);
    if (attribute < 0) return attribute;
    hid_t space = H5Aget_space(attribute);
    bool fits = H5Sget_simple_extent_npoints(space) == (hssize_t)array->axes;
    H5Sclose(space);
    if (fits) return attribute;
    H5Aclose(attribute);
    return H5I_INVALID_HID;
}

/* Reads an attribute of elements of any length, and frees with `space` and `memory` what HDF5
 * allocated for them once they are told. */
static void read_elements(hid_t attribute, hid_t memory, void *elements,
                          void (*tell)(const struct listener *listener, const void *elements),
                          const struct listener *listener)
{
    hid_t space = H5Aget_space(attribute);
    if (H5Aread(attribute, memory, elements) >= 0) {
        tell(listener, elements);
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, elements);
    }
    H5Sclose(space);
}

/* ---- dimension scales */

/* Shows the object that a reference leads to. A reference that leads nowhere, as a copied array may
 * have, shows nothing. */
static void show_scale(const struct listener *listener, uint32_t axis, const hobj_ref_t *reference)
{
    hid_t scale = H5Rdereference2(listener->array->dataset, H5P_DEFAULT, H5R_OBJECT, reference);
    if (scale < 0) return;
    listener->show(listener->user, axis, scale);
    H5Oclose(scale);
}

static void show_scales(const struct listener *listener, const void *elements)
{
    const hvl_t *scales = elements;
    for (uint32_t axis = 0; axis < listener->array->axes; axis++)
        for (size_t i = 0; i < scales[axis].len && i < MOST_SCALES; i++)
            show_scale(listener, axis, (const hobj_ref_t *)scales[axis].p + i);
}

static bool is_list_of_references(hid_t type)
{
    if (H5Tget_class(type) != H5T_VLEN) return false;
    hid_t element = H5Tget_super(type);
    bool is = H5Tequal(element, H5T_STD_REF_OBJ) > 0;
    H5Tclose(element);
    return is;
}

void h5_axis_scales(const struct h5_array *array, h5_axis_scale *visit, void *user)
{
    const struct listener listener = {.array = array, .show = visit, .user = user};
    if (!array->axes || !has_attributes(array->dataset)) return;
    hvl_t scales[SHS_MAX_AXES];
    hid_t attribute = open_attribute(array, "DIMENSION_LIST");
    if (attribute < 0) return;
    hid_t type = H5Aget_type(attribute), memory = H5Tvlen_create(H5T_STD_REF_OBJ);
    if (is_list_of_references(type))
        read_elements(attribute, memory, scales, show_scales, &listener);
    H5Tclose(memory);
    H5Tclose(type);
    H5Aclose(attribute);
}

/* ---- labels */

static void tell_labels(const struct listener *listener, const void *elements)
{
    char *const *labels = elements;
    for (uint32_t axis = 0; axis < listener->array->axes; axis++)
        if (labels[axis] && *labels[axis]) listener->visit(listener->user, axis, labels[axis]);
}

static void read_labels(const struct listener *listener)
{
    char *labels[SHS_MAX_AXES];
    hid_t attribute = open_attribute(listener->array, "DIMENSION_LABELS");
    if (attribute < 0) return;
    hid_t type = H5Aget_type(attribute);
    if (H5Tis_variable_str(type) > 0) {
        hid_t memory = H5Tcopy(H5T_C_S1);
        H5Tset_size(memory, H5T_VARIABLE);
        H5Tset_cset(memory, H5Tget_cset(type));
        read_elements(attribute, memory, labels, tell_labels, listener);
        H5Tclose(memory);
    }
    H5Tclose(type);
    H5Aclose(attribute);
}

/* Tells the name of a scale without the groups that it lies in. */
static void tell_scale(void *user, uint32_t axis, hid_t scale)
{
    const struct listener *listener = user;
    char path[PATH];
    ssize_t length = H5Iget_name(scale, path, sizeof path);
    if (length <= 0 || length >= (ssize_t)sizeof path) return;
    const char *slash = strrchr(path, '/');
    listener->visit(listener->user, axis, slash ? slash + 1 : path);
}

shs_status h5_axis_names(struct h5_array *array, h5_axis_name *visit, void *user)
{
    struct listener listener = {.array = array, .visit = visit, .user = user};
    shs_status status = SHS_OK;
    struct h5_guard guard = h5_guard_begin();
    if (array->axes && has_attributes(array->dataset)) {
        h5_axis_scales(array, tell_scale, &listener);
        read_labels(&listener);
        status = h5_check_trouble("%s: dataset %s: the names of its axes cannot be read",
                                  array->path, array->name);
        if (!status && h5_lacked_memory())
            status =
                h5_fail(SHS_ERROR_MEMORY, "%s: dataset %s: no memory for the names of its axes",
                        array->path, array->name);
    }
    h5_guard_end(&guard);
    return status;
}

bool h5_array_grows(const struct h5_array *array)
{
    hsize_t most[H5S_MAX_RANK] = {0};
    if (array->groups || array->sequences) return false;
    struct h5_guard guard = h5_guard_begin();
    bool grows =
        H5Sget_simple_extent_dims(array->file_space, NULL, most) > 0 && most[0] == H5S_UNLIMITED;
    h5_guard_end(&guard);
    return grows;
}
