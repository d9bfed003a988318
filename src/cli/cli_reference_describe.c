/* The names of an array's axes, and its attributes, for references. */
#include <stdio.h>
#include <string.h>

#include "cli_references.h"
#include "core_memory.h"
#include "h5_attributes.h"

/* What is being described. */
struct describing {
    struct cli_reference *array;
    shs_status status;
};

static void take_name(void *user, uint32_t axis, const char *name)
{
    struct describing *describing = user;
    char **dimension = &describing->array->dimension[axis];
    if (!*dimension && *name && !describing->status)
        describing->status = core_copy(name, dimension);
}

/* Attributes by which HDF5 and netCDF-4 note dimension scales, and the value that .zarray has. */
static bool is_internal(const char *name)
{
    static const char *const internal[] = {"DIMENSION_LIST",
                                           "REFERENCE_LIST",
                                           "CLASS",
                                           "NAME",
                                           "DIMENSION_LABELS",
                                           "_Netcdf4Dimid",
                                           "_Netcdf4Coordinates",
                                           "_nc3_strict",
                                           "_ARRAY_DIMENSIONS",
                                           "_FillValue"};
    for (size_t i = 0; i < sizeof internal / sizeof *internal; i++)
        if (!strcmp(name, internal[i])) return true;
    return false;
}

/* Python's reader of JSON knows NaN and infinities by these names, and takes a number without a
 * point for an integer. */
static void print_real(const char *name, double real, struct core_json *json)
{
    char number[24];
    bool is_whole = real > -1e15 && real < 1e15 && real == (double)(long long)real;
    if (real != real)
        core_json_number(json, name, "NaN");
    else if (real - real != 0)
        core_json_number(json, name, real > 0 ? "Infinity" : "-Infinity");
    else if (!is_whole)
        core_json_double(json, name, real);
    else {
        snprintf(number, sizeof number, "%s%lld.0", real == 0 && 1 / real < 0 ? "-" : "",
                 (long long)real);
        core_json_number(json, name, number);
    }
}

static void print_value(const char *name, const struct h5_values *values, size_t i,
                        struct core_json *json)
{
    char number[24];
    if (values->kind == H5_REAL) {
        print_real(name, values->number[i], json);
        return;
    }
    if (values->natural)
        snprintf(number, sizeof number, "%llu", (ull)values->natural[i]);
    else
        snprintf(number, sizeof number, "%lld", (long long)values->whole[i]);
    core_json_number(json, name, number);
}

static shs_status take_attribute(void *user, const char *name, const struct h5_values *values)
{
    struct describing *describing = user;
    struct core_json *json = &describing->array->attributes;
    if (!strcmp(name, "CLASS") && values->kind == H5_TEXT)
        describing->array->is_scale = !strcmp(values->text, "DIMENSION_SCALE");
    if (is_internal(name) || values->kind == H5_OTHER_KIND) return SHS_OK;
    if (values->kind == H5_TEXT) {
        core_json_text(json, name, values->text);
        return json->text.status;
    }
    if (values->count == 1) {
        print_value(name, values, 0, json);
        return json->text.status;
    }
    core_json_begin(json, name, '[');
    for (size_t i = 0; i < values->count; i++)
        print_value(NULL, values, i, json);
    core_json_end(json, ']');
    return json->text.status;
}

shs_status cli_reference_describe(struct h5_array *open, struct cli_reference *array)
{
    struct describing describing = {.array = array};
    core_json_begin(&array->attributes, NULL, '{');
    shs_status status = h5_axis_names(open, take_name, &describing);
    if (!status) status = describing.status;
    return status ? status : h5_attributes(open, take_attribute, &describing);
}
