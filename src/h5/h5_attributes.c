#include "h5_attributes.h"

#include "core_memory.h"
#include "h5_array.h"
#include "h5_guard.h"

enum {
    MOST_BYTES =
        1 << 16, /* of the values of an attribute; HDF5 keeps no more in an object's head */
    NAME_BYTES = 256
};

/* The visit of an array's attributes. */
struct walk {
    const struct h5_array *array;
    h5_attributes_visit *visit;
    void *user;
    shs_status status;
};

/* Memory for the values of an attribute. */
struct memory {
    char *bytes;
    char *text; /* of variable length, from HDF5 */
};

static shs_status read_numbers(hid_t attribute, hid_t stored, struct memory *memory,
                               struct h5_values *values, bool *good)
{
    bool real = H5Tget_class(stored) == H5T_FLOAT;
    bool is_signed = !real && H5Tget_sign(stored) == H5T_SGN_2;
    shs_status status = core_new(values->count, sizeof(double), "an attribute", &memory->bytes);
    if (status) return status;
    hid_t type = real ? H5T_NATIVE_DOUBLE : is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
    *good = H5Aread(attribute, type, memory->bytes) >= 0;
    values->kind = real ? H5_REAL : H5_WHOLE;
    const void *numbers = memory->bytes;
    if (real) values->number = numbers;
    if (!real && is_signed) values->whole = numbers;
    if (!real && !is_signed) values->natural = numbers;
    return SHS_OK;
}

static shs_status read_text(hid_t attribute, hid_t stored, struct memory *memory,
                            struct h5_values *values, bool *good)
{
    size_t bytes = H5Tget_size(stored);
    values->kind = H5_TEXT;
    if (H5Tis_variable_str(stored) > 0) {
        *good = H5Aread(attribute, stored, &memory->text) >= 0;
        values->text = memory->text ? memory->text : "";
        return SHS_OK;
    }
    shs_status status = core_new(bytes + 1, 1, "an attribute", &memory->bytes);
    if (!status) *good = H5Aread(attribute, stored, memory->bytes) >= 0;
    values->text = memory->bytes;
    return status;
}

/* Reads the values of an open attribute. */
static shs_status read_values(hid_t attribute, struct memory *memory, struct h5_values *values,
                              bool *good)
{
    hid_t stored = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    H5T_class_t kind = stored < 0 ? H5T_NO_CLASS : H5Tget_class(stored);
    shs_status status = SHS_OK;
    *values = (struct h5_values){.kind = H5_OTHER_KIND, .count = count < 0 ? 0 : (size_t)count};
    *good = stored >= 0 && count >= 0;
    bool fits = *good && count > 0 && (size_t)count <= MOST_BYTES / sizeof(double);
    if (fits && (kind == H5T_INTEGER || kind == H5T_FLOAT) && H5Tget_size(stored) <= 8)
        status = read_numbers(attribute, stored, memory, values, good);
    if (fits && kind == H5T_STRING && count == 1 && H5Tget_size(stored) <= MOST_BYTES)
        status = read_text(attribute, stored, memory, values, good);
    if (space >= 0) H5Sclose(space);
    if (stored >= 0) H5Tclose(stored);
    return status;
}

static herr_t visit_one(hid_t dataset, const char *name, const H5A_info_t *info, void *user)
{
    struct walk *walk = user;
    struct memory memory = {0};
    struct h5_values values;
    bool good = false;
    (void)info;
    hid_t attribute = H5Aopen(dataset, name, H5P_DEFAULT);
    if (attribute >= 0) walk->status = read_values(attribute, &memory, &values, &good);
    if (!walk->status && !good)
        walk->status =
            h5_fail(SHS_ERROR_FORMAT, "%s: dataset %s: its attribute %.*s cannot be read",
                    walk->array->path, walk->array->name, NAME_BYTES, name);
    if (!walk->status) walk->status = walk->visit(walk->user, name, &values);
    if (attribute >= 0) H5Aclose(attribute);
    if (memory.text) H5free_memory(memory.text);
    core_free(&memory.bytes);
    return walk->status ? 1 : 0;
}

shs_status h5_attributes(const struct h5_array *array, h5_attributes_visit *visit, void *user)
{
    struct walk walk = {.array = array, .visit = visit, .user = user};
    struct h5_guard guard = h5_guard_begin();
    hsize_t at = 0;
    herr_t result = H5Aiterate2(array->dataset, H5_INDEX_NAME, H5_ITER_INC, &at, visit_one, &walk);
    shs_status status = walk.status;
    if (!status && result < 0)
        status = h5_fail(SHS_ERROR_FORMAT, "%s: dataset %s: its attributes cannot be read",
                         array->path, array->name);
    if (!status)
        status = h5_check_trouble("%s: dataset %s: its attributes cannot be read", array->path,
                                  array->name);
    h5_guard_end(&guard);
    return status;
}
