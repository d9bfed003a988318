#include "h5_sparse.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_guard.h"
#include "h5_open.h"

/* Reads a text of variable length. Returns a negative value on error. */
static herr_t read_variable(hid_t attribute, hid_t type, char text[H5_SPARSE_BYTES])
{
    char *read = NULL;
    herr_t result = H5Aread(attribute, type, &read);
    if (result >= 0 && read) snprintf(text, H5_SPARSE_BYTES, "%s", read);
    if (read) H5free_memory(read);
    return result;
}

/* Reads a text of fixed length, which need not end with a zero. */
static herr_t read_fixed(hid_t attribute, hid_t type, char text[H5_SPARSE_BYTES])
{
    char *read;
    size_t bytes = H5Tget_size(type);
    if (core_new(bytes + 1, 1, "an attribute", &read)) return -1;
    herr_t result = H5Aread(attribute, type, read);
    if (result >= 0) snprintf(text, H5_SPARSE_BYTES, "%s", read);
    core_free(&read);
    return result;
}

/* Reads a text, unless the attribute is none, or several. */
static herr_t read_text(hid_t attribute, char text[H5_SPARSE_BYTES])
{
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    herr_t result = 0;
    if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1)
        result = (H5Tis_variable_str(type) > 0 ? read_variable : read_fixed)(attribute, type, text);
    H5Sclose(space);
    H5Tclose(type);
    return result;
}

/* Reads two whole numbers, unless the attribute is something else. */
static herr_t read_shape(hid_t attribute, struct h5_sparse *sparse)
{
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    herr_t result = 0;
    if (H5Tget_class(type) == H5T_INTEGER && H5Sget_simple_extent_npoints(space) == 2) {
        result = H5Aread(attribute, H5T_NATIVE_UINT64, sparse->shape);
        sparse->has_shape = result >= 0;
    }
    H5Sclose(space);
    H5Tclose(type);
    return result;
}

/* Opens the first of two attributes that the object has. *name becomes its name, NULL if it has
 * neither. */
static hid_t open_either(hid_t object, const char *first, const char *second, const char **name)
{
    *name = H5Aexists(object, first) > 0 ? first : H5Aexists(object, second) > 0 ? second : NULL;
    return *name ? H5Aopen(object, *name, H5P_DEFAULT) : H5I_INVALID_HID;
}

static shs_status fail(const struct h5_file *file, const char *group, const char *name)
{
    return h5_fail_damaged("%s: group %s: its attribute %s cannot be read", file->path, group,
                           name);
}

static shs_status read_attributes(const struct h5_file *file, const char *group, hid_t object,
                                  struct h5_sparse *sparse)
{
    const char *name;
    bool read = true;
    hid_t attribute = open_either(object, "encoding-type", "h5sparse_format", &name);
    if (name) read = attribute >= 0 && read_text(attribute, sparse->encoding) >= 0;
    if (attribute >= 0) H5Aclose(attribute);
    if (!read) return fail(file, group, name);
    attribute = open_either(object, "shape", "h5sparse_shape", &name);
    if (name) read = attribute >= 0 && read_shape(attribute, sparse) >= 0;
    if (attribute >= 0) H5Aclose(attribute);
    return read ? SHS_OK : fail(file, group, name);
}

shs_status h5_sparse_read(struct h5_file *file, const char *group, struct h5_sparse *sparse)
{
    shs_status status = SHS_OK;
    *sparse = (struct h5_sparse){.is_array = false};
    struct h5_guard guard = h5_guard_begin();
    hid_t object = H5Oopen(file->id, group, H5P_DEFAULT);
    if (object >= 0) {
        sparse->is_array = H5Iget_type(object) == H5I_DATASET;
        if (!sparse->is_array) status = read_attributes(file, group, object, sparse);
        H5Oclose(object);
    }
    if (!status)
        status = h5_check_trouble("%s: group %s: its attributes cannot be read", file->path, group);
    h5_guard_end(&guard);
    return status;
}
