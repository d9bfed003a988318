#include "data_short.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"

enum {
    NAME_BYTES = 80 /* of a dimension's name */
};

static void take_name(void *user, uint32_t axis, const char *name)
{
    char *first = user;
    if (axis == 0 && !*first) snprintf(first, NAME_BYTES, "%s", name);
}

/* Finds the name of an array's first axis. Returns false if it has none, or a fixed length. */
static bool find_axis(struct h5_file *file, const struct data_field *field, char name[NAME_BYTES])
{
    struct h5_array *array;
    shs_tensor shape;
    *name = '\0';
    if (h5_array_open(file, field->sample.name, 0, false, &array, &shape)) return false;
    bool grows = h5_array_grows(array);
    bool named = grows && !h5_axis_names(array, take_name, name) && *name;
    h5_array_close(&array);
    return named;
}

shs_status data_short_tell(shs_status status, const char *path, const struct data_field *arrays,
                           size_t count)
{
    const struct data_field *few = arrays, *many = arrays;
    char axis[NAME_BYTES], other[NAME_BYTES], *message;
    struct h5_file *file;
    for (size_t i = 1; i < count; i++) {
        if (arrays[i].rows < few->rows) few = &arrays[i];
        if (arrays[i].rows > many->rows) many = &arrays[i];
    }
    if (few->rows == many->rows || core_copy(shs_message(), &message)) return status;
    bool same = !h5_open(path, &file);
    same = same && find_axis(file, few, axis) && find_axis(file, many, other);
    same = same && !strcmp(axis, other);
    h5_close(&file);
    if (same)
        core_fail(status,
                  "%s; both grow along %s, and nobody has written the last %llu rows of %s, for "
                  "which netCDF gives fill values and a loader does not: write them",
                  message, axis, (ull)(many->rows - few->rows), few->sample.name);
    else
        core_fail(status, "%s", message); /* what was tried has set other messages */
    core_free(&message);
    return status;
}
