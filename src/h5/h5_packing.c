#include "h5_packing.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_array.h"
#include "h5_guard.h"
#include "h5_packing_of.h"
#include "h5_type.h"

const char *const h5_packings[H5_PACKINGS] = {"scale_factor",  "add_offset",  "_FillValue",
                                              "missing_value", "valid_range", "valid_min",
                                              "valid_max",     "_Unsigned"};

/* ---- Reading. */

/* Takes the values of an open attribute of integers. */
static bool take_whole(hid_t attribute, hid_t stored, struct h5_attribute *taken)
{
    uint64_t values[H5_MOST_VALUES];
    bool is_signed = H5Tget_sign(stored) == H5T_SGN_2;
    if (H5Aread(attribute, is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64, values) < 0)
        return false;
    for (size_t i = 0; i < taken->count; i++) {
        taken->whole[i] = is_signed ? (core_i128)(int64_t)values[i] : (core_i128)values[i];
        taken->number[i] = (double)taken->whole[i];
    }
    return true;
}

static bool take_real(hid_t attribute, hid_t stored, struct h5_attribute *taken)
{
    taken->single = H5Tget_size(stored) <= sizeof(float);
    return H5Aread(attribute, H5T_NATIVE_DOUBLE, taken->number) >= 0;
}

/* Takes a single text of fixed or variable length. */
static bool take_text(hid_t attribute, hid_t stored, struct h5_attribute *taken)
{
    size_t bytes = H5Tget_size(stored);
    char *text = NULL;
    if (H5Tis_variable_str(stored) > 0) {
        if (H5Aread(attribute, stored, &text) < 0) return false;
        if (text) core_escape(text, taken->text, sizeof taken->text);
        H5free_memory(text);
        return true;
    }
    if (core_new(bytes + 1, 1, "an attribute", &text)) return false;
    bool good = H5Aread(attribute, stored, text) >= 0;
    if (good) core_escape(text, taken->text, sizeof taken->text);
    core_free(&text);
    return good;
}

/* Sets what an open attribute is, and takes its values. */
static bool take(hid_t attribute, hid_t stored, struct h5_attribute *taken)
{
    hid_t space = H5Aget_space(attribute);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    H5T_class_t kind = H5Tget_class(stored);
    H5Sclose(space);
    *taken = (struct h5_attribute){.kind = H5_OTHER_KIND, .count = count < 0 ? 0 : (uint64_t)count};
    if (taken->count == 0 || taken->count > H5_MOST_VALUES) {
        snprintf(taken->text, sizeof taken->text, "%llu values", (ull)taken->count);
        return count >= 0;
    }
    if (kind == H5T_INTEGER || kind == H5T_FLOAT) {
        taken->kind = kind == H5T_INTEGER ? H5_WHOLE : H5_REAL;
        return kind == H5T_INTEGER ? take_whole(attribute, stored, taken)
                                   : take_real(attribute, stored, taken);
    }
    if (kind == H5T_STRING && count == 1) {
        taken->kind = H5_TEXT;
        return take_text(attribute, stored, taken);
    }
    snprintf(taken->text, sizeof taken->text, "%s", h5_type_text(stored));
    return true;
}

static bool read_attribute(hid_t dataset, const char *name, struct h5_attribute *taken)
{
    hid_t attribute = H5Aopen(dataset, name, H5P_DEFAULT);
    if (attribute < 0) return false;
    hid_t stored = H5Aget_type(attribute);
    bool good = stored >= 0 && take(attribute, stored, taken);
    if (stored >= 0) H5Tclose(stored);
    H5Aclose(attribute);
    return good;
}

enum h5_packing_name h5_packing_of(hid_t dataset, struct h5_packing *packing)
{
    H5O_info_t object;
    *packing = (struct h5_packing){0};
    if (H5Oget_info2(dataset, &object, H5O_INFO_NUM_ATTRS) < 0 || !object.num_attrs)
        return H5_PACKINGS;
    for (enum h5_packing_name i = 0; i < H5_PACKINGS; i++)
        if (H5Aexists(dataset, h5_packings[i]) > 0 &&
            !read_attribute(dataset, h5_packings[i], &packing->attribute[i]))
            return i;
    return H5_PACKINGS;
}

shs_status h5_packing_read(const struct h5_array *array, struct h5_packing *packing)
{
    struct h5_guard guard = h5_guard_begin();
    enum h5_packing_name failed = h5_packing_of(array->dataset, packing);
    shs_status status =
        failed == H5_PACKINGS
            ? h5_check_trouble("%s: dataset %s: its attributes cannot be read", array->path,
                               array->name)
            : h5_fail(SHS_ERROR_FORMAT, "%s: dataset %s: its attribute %s cannot be read",
                      array->path, array->name, h5_packings[failed]);
    h5_guard_end(&guard);
    return status;
}

bool h5_packing_fits(const struct h5_array *array)
{
    struct h5_guard guard = h5_guard_begin();
    hid_t stored = H5Dget_type(array->dataset);
    struct h5_numbers numbers = h5_numbers_of(stored);
    bool plain = numbers.type && !numbers.pair && !*numbers.of;
    if (stored >= 0) H5Tclose(stored);
    h5_guard_end(&guard);
    return plain;
}

/* ---- Comparing. */

bool h5_packing_has_any(const struct h5_packing *packing)
{
    for (size_t i = 0; i < H5_PACKINGS; i++)
        if (packing->attribute[i].kind) return true;
    return false;
}

static bool is_number(const struct h5_attribute *attribute)
{
    return attribute->kind == H5_WHOLE || attribute->kind == H5_REAL;
}

static bool is_same_number(const struct h5_attribute *a, const struct h5_attribute *b, size_t i)
{
    if (a->kind == H5_WHOLE && b->kind == H5_WHOLE) return a->whole[i] == b->whole[i];
    bool both_nan = a->number[i] != a->number[i] && b->number[i] != b->number[i];
    return both_nan || a->number[i] == b->number[i];
}

/* Returns true if an attribute means as much as none. */
static bool is_nothing(const struct h5_attribute *attribute, enum h5_packing_name name)
{
    if (!attribute->kind) return true;
    if (!is_number(attribute) || attribute->count != 1) return false;
    return (name == H5_SCALE_FACTOR && attribute->number[0] == 1) ||
           (name == H5_ADD_OFFSET && attribute->number[0] == 0);
}

static bool is_same(const struct h5_attribute *a, const struct h5_attribute *b,
                    enum h5_packing_name name)
{
    if (is_nothing(a, name) && is_nothing(b, name)) return true;
    if (!is_number(a) || !is_number(b)) return a->kind == b->kind && !strcmp(a->text, b->text);
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = is_same_number(a, b, i);
    return same;
}

enum h5_packing_name h5_packing_differs(const struct h5_packing *packing,
                                        const struct h5_packing *other)
{
    for (enum h5_packing_name i = 0; i < H5_PACKINGS; i++)
        if (!is_same(&packing->attribute[i], &other->attribute[i], i)) return i;
    return H5_PACKINGS;
}

/* ---- As text. */

static void print_whole(core_i128 whole, struct core_text *text)
{
    bool negative = whole < 0;
    core_text_add(text, "%s%llu", negative ? "-" : "", (ull)(negative ? -whole : whole));
}

/* Prints a float with as few digits as tell it from the other floats of its type. A single has an f
 * behind it, as ncdump writes it. */
static void print_real(double number, bool single, struct core_text *text)
{
    double read;
    if (number - number != 0) {
        core_text_add(text, "%s", number > 0 ? "inf" : number < 0 ? "-inf" : "nan");
        return;
    }
    if (!single) {
        core_text_add_double(text, number);
        return;
    }
    for (int digits = 1; digits <= 9; digits++) {
        char shown[32];
        snprintf(shown, sizeof shown, "%.*g", digits, number);
        if (digits < 9 && (!core_parse_double(shown, &read) || (float)read != (float)number))
            continue;
        core_text_add(text, "%sf", shown);
        return;
    }
}

void h5_attribute_print(const struct h5_attribute *attribute, struct core_text *text)
{
    if (!is_number(attribute)) {
        core_text_add(text, "%s", attribute->text);
        return;
    }
    for (size_t i = 0; i < attribute->count; i++) {
        if (i) core_text_add(text, " ");
        if (attribute->kind == H5_WHOLE)
            print_whole(attribute->whole[i], text);
        else
            print_real(attribute->number[i], attribute->single, text);
    }
}

void h5_packing_print(const struct h5_packing *packing, struct core_text *text)
{
    size_t count = 0;
    for (size_t i = 0; i < H5_PACKINGS; i++) {
        if (!packing->attribute[i].kind) continue;
        core_text_add(text, "%s%s ", count++ ? ", " : "", h5_packings[i]);
        h5_attribute_print(&packing->attribute[i], text);
    }
}

/* ---- Arrays that are joined as they are stored. */

/* Appends "scale_factor 0.01" or "no scale_factor". */
static void print_one(const struct h5_packing *packing, enum h5_packing_name name,
                      struct core_text *text)
{
    const struct h5_attribute *attribute = &packing->attribute[name];
    core_text_add(text, "%s%s", attribute->kind ? "" : "no ", h5_packings[name]);
    if (!attribute->kind) return;
    core_text_add(text, " ");
    h5_attribute_print(attribute, text);
}

shs_status h5_packing_compare(const struct h5_packed *packed, const struct h5_packed *first,
                              const char *advice)
{
    static const struct h5_packing none = {0};
    const struct h5_packing *own = packed->packing ? packed->packing : &none;
    const struct h5_packing *other = first->packing ? first->packing : &none;
    enum h5_packing_name name = h5_packing_differs(own, other);
    struct core_text texts = {0};
    if (name == H5_PACKINGS) return SHS_OK;
    print_one(own, name, &texts);
    core_text_add(&texts, ", but ");
    print_one(other, name, &texts);
    core_text_add(&texts, " in %s", first->path);
    if (strcmp(packed->name, first->name)) core_text_add(&texts, ": dataset %s", first->name);
    core_fail(SHS_ERROR_FORMAT,
              "%s: dataset %s has %s: the same stored number would have two meanings; %s",
              packed->path, packed->name, texts.status ? "other attributes" : texts.bytes, advice);
    core_text_free(&texts);
    return SHS_ERROR_FORMAT;
}
