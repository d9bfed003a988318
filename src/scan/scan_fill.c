#include "scan_fill.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core_elements.h"
#include "core_exact.h"
#include "core_half.h"

static void add(struct scan_fill *fill, uint64_t key, double number)
{
    if (scan_fill_has(fill, key)) return;
    fill->key[fill->count] = key;
    fill->number[fill->count++] = number;
}

/* ---- from a text */

/* Returns the half that is nearest to a number. There are few of them, so all are tried. */
static double nearest_half(double number)
{
    double nearest = 0;
    for (unsigned bits = 0; bits < 1u << 16; bits++) {
        double half = (double)core_half_to_float((uint16_t)bits);
        if (half - half == 0 && fabs(half - number) < fabs(nearest - number)) nearest = half;
    }
    return nearest;
}

/* Rounds a number to a type of floats. The result is infinite if the type does not reach it. */
static double round_to(shs_type type, double number)
{
    if (type == SHS_F32) return (double)(float)number;
    return type == SHS_F16 ? nearest_half(number) : number;
}

static bool parse_float(const char *text, shs_type type, struct scan_fill *fill)
{
    double number;
    if (!core_parse_double(text, &number)) return false;
    number = round_to(type, number) + 0.0; /* no negative zero, as in core_load_doubles() */
    if (number - number != 0) return false;
    add(fill, core_double_key(number), number);
    return true;
}

static bool parse_whole(const char *text, shs_type type, struct scan_fill *fill)
{
    uint64_t bias = core_key_bias(type), size;
    bool negative = *text == '-';
    unsigned bits = 8 * (unsigned)shs_type_size(type);
    if (!core_parse_u64(text + negative, &size)) return false;
    core_i128 whole = negative ? -(core_i128)size : (core_i128)size;
    core_i128 values = (core_i128)1 << bits, least = bias ? -(values / 2) : 0;
    if (whole < least || whole >= least + values) return false;
    add(fill, (uint64_t)(whole + (core_i128)bias), 0);
    return true;
}

static shs_status refuse(const char *text, shs_type type)
{
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--fill is '%.80s', but the elements are %s; give none, or up to %d numbers "
                     "that such an element can be, with commas between them, such as %s (NaN and "
                     "infinities are left out anyway)",
                     text, shs_type_name(type), SCAN_MOST_FILLS,
                     core_is_float(type) ? "-999,1e20" : "0,99");
}

shs_status scan_fill_parse(const char *text, shs_type type, struct scan_fill *fill)
{
    char number[64];
    *fill = (struct scan_fill){.type = type, .given = true};
    if (!strcmp(text, "none")) return SHS_OK;
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        if (length >= sizeof number || fill->count == SCAN_MOST_FILLS) return refuse(text, type);
        memcpy(number, at, length);
        number[length] = '\0';
        bool good =
            core_is_float(type) ? parse_float(number, type, fill) : parse_whole(number, type, fill);
        if (!good) return refuse(text, type);
        at += length;
        if (!*at) return SHS_OK;
    }
}

/* ---- from attributes */

static void take(struct scan_fill *fill, const struct h5_fill *read, size_t i)
{
    const char *element = (const char *)read->element + i * shs_type_size(fill->type);
    uint64_t key;
    double number;
    if (core_is_float(fill->type)) {
        core_load_doubles(fill->type, element, 1, 1, &number);
        if (number - number == 0) add(fill, core_double_key(number), number);
        return;
    }
    core_load_keys(fill->type, element, 1, 1, &key);
    core_i128 whole = (core_i128)key - (core_i128)core_key_bias(fill->type);
    if ((double)whole == read->number[i]) add(fill, key, 0);
}

shs_status scan_fill_read(struct h5_file *file, const char *name, shs_type type,
                          struct scan_fill *fill)
{
    struct h5_fill read;
    *fill = (struct scan_fill){.type = type};
    shs_status status = h5_read_fill(file, name, type, &read);
    if (status) return status;
    memcpy(fill->has, read.has, sizeof fill->has);
    for (size_t i = 0; i < read.count; i++)
        take(fill, &read, i);
    return SHS_OK;
}

bool scan_fill_equal(const struct scan_fill *a, const struct scan_fill *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!scan_fill_has(b, a->key[i])) return false;
    return a->count == b->count;
}

/* ---- as text */

/* Writes a value with as few digits as tell it from the other values of its type. */
static void print_value(const struct scan_fill *fill, size_t i, char *text, size_t bytes)
{
    double again;
    for (int digits = 1; digits <= 17; digits++) {
        core_key_text(fill->type, fill->key[i], digits, text, bytes);
        if (!core_is_float(fill->type)) return;
        if (core_parse_double(text, &again) && round_to(fill->type, again) == fill->number[i])
            return;
    }
}

void scan_fill_list(const struct scan_fill *fill, struct core_text *text)
{
    char number[40];
    for (size_t i = 0; i < fill->count; i++) {
        print_value(fill, i, number, sizeof number);
        core_text_add(text, "%s%s", i ? "," : "", number);
    }
}

void scan_fill_print(const struct scan_fill *fill, struct core_text *text)
{
    const char *between = " (attribute ";
    if (!fill->count) core_text_add(text, "none");
    scan_fill_list(fill, text);
    if (fill->given) core_text_add(text, " (--fill)");
    for (size_t i = 0; i < H5_FILLS; i++) {
        if (!fill->has[i]) continue;
        core_text_add(text, "%s%s", between, h5_fills[i]);
        between = ", ";
    }
    if (*between == ',') core_text_add(text, ")");
}
