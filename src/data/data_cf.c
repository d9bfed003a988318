#include "data_cf.h"

#include <math.h>
#include <string.h>

#include "core_half.h"
#include "core_memory.h"

enum {
    MOST_MISSING = H5_MOST_VALUES + 1, /* values of _FillValue and missing_value */
    BLOCK = 1024                       /* numbers that stay in the cache from loop to loop */
};

/* A stored number, or a bound of stored numbers. Halves are kept as floats. */
union number {
    int64_t whole; /* of signed types */
    uint64_t natural;
    float single;
    double real;
};

struct data_cf {
    shs_type type; /* of stored numbers, as _Unsigned has it */
    double scale, offset;
    size_t n_missing;
    union number missing[MOST_MISSING];
    bool bounded;
    union number least, most; /* the stored numbers that are valid */
};

/* ---- Attributes. */

/* What is being made. */
struct making {
    const struct h5_packing *packing;
    struct data_cf *unpack;
    shs_type stored;
    bool reinterpreted; /* true if _Unsigned gives stored integers another sign */
    bool packed;        /* true if there is a scale or an offset */
};

/* Refuses an attribute, whose values are shown. */
static shs_status refuse(const struct making *making, enum h5_packing_name name, const char *why)
{
    struct core_text text = {0};
    h5_attribute_print(&making->packing->attribute[name], &text);
    core_fail(SHS_ERROR_FORMAT,
              "attribute %s is '%.100s', %s; correct it, or read the numbers as stored, without cf",
              h5_packings[name], text.status || !text.bytes ? "" : text.bytes, why);
    core_text_free(&text);
    return SHS_ERROR_FORMAT;
}

static bool is_number(const struct h5_attribute *attribute)
{
    return attribute->kind == H5_WHOLE || attribute->kind == H5_REAL;
}

static bool is_float(shs_type type)
{
    return type == SHS_F16 || type == SHS_F32 || type == SHS_F64;
}

/* Reads a scale or an offset. Sets *found to true if there is one. */
static shs_status read_factor(const struct making *making, enum h5_packing_name name,
                              double *number, bool *found)
{
    const struct h5_attribute *attribute = &making->packing->attribute[name];
    if (!attribute->kind) return SHS_OK;
    if (!is_number(attribute) || attribute->count != 1)
        return refuse(making, name, "where one number is due");
    *number = attribute->number[0];
    if (*number - *number != 0 || (name == H5_SCALE_FACTOR && *number == 0))
        return refuse(making, name,
                      name == H5_SCALE_FACTOR ? "where a finite number other than 0 is due"
                                              : "where a finite number is due");
    *found = true;
    return SHS_OK;
}

static bool is_word(const char *text, const char *small)
{
    for (; *text && *small; text++, small++)
        if ((*text | 0x20) != *small) return false;
    return !*text && !*small;
}

/* Takes the sign of stored integers from _Unsigned. */
static shs_status read_sign(struct making *making)
{
    const struct h5_attribute *attribute = &making->packing->attribute[H5_UNSIGNED];
    static const shs_type other[] = {
        [SHS_U8] = SHS_I8, [SHS_U16] = SHS_I16, [SHS_U32] = SHS_I32, [SHS_U64] = SHS_I64,
        [SHS_I8] = SHS_U8, [SHS_I16] = SHS_U16, [SHS_I32] = SHS_U32, [SHS_I64] = SHS_U64};
    bool is_signed = making->stored >= SHS_I8;
    making->unpack->type = making->stored;
    if (!attribute->kind) return SHS_OK;
    bool yes = attribute->kind == H5_TEXT && is_word(attribute->text, "true");
    if (!yes && !(attribute->kind == H5_TEXT && is_word(attribute->text, "false")))
        return refuse(making, H5_UNSIGNED, "where true or false is due");
    if (is_float(making->stored))
        return refuse(making, H5_UNSIGNED, "but the stored numbers are floats");
    making->reinterpreted = is_signed == yes;
    if (making->reinterpreted) making->unpack->type = other[making->stored];
    return SHS_OK;
}

/* ---- Stored numbers. */

/* Sets the range of a type of integers. */
static void range_of(shs_type type, core_i128 *least, core_i128 *most)
{
    unsigned bits = 8 * (unsigned)shs_type_size(type);
    bool is_signed = type >= SHS_I8;
    *least = is_signed ? -((core_i128)1 << (bits - 1)) : 0;
    *most = ((core_i128)1 << (is_signed ? bits - 1 : bits)) - 1;
}

/* Gives an integer the sign that its stored type has with _Unsigned: its bits stay. */
static core_i128 reinterpret(const struct making *making, core_i128 whole)
{
    core_i128 least, most, before_least, before_most;
    if (!making->reinterpreted) return whole;
    range_of(making->stored, &before_least, &before_most);
    range_of(making->unpack->type, &least, &most);
    if (whole < before_least || whole > before_most) return whole;
    if (whole < least) return whole + most + 1;
    return whole > most ? whole - (before_most + 1) : whole;
}

static union number number_of(shs_type type, core_i128 whole)
{
    return type >= SHS_I8 ? (union number){.whole = (int64_t)whole}
                          : (union number){.natural = (uint64_t)whole};
}

/* Returns the half nearest to a number; of two, the even one. */
static double nearest_half(double x)
{
    double size = x < 0 ? -x : x, unit = 0x1p-24;
    if (!(size < 65520)) return x < 0 ? -HUGE_VAL : HUGE_VAL;
    while (size >= unit * 2048)
        unit *= 2;
    size = (size / unit + 0x1p52 - 0x1p52) * unit; /* the sum has no place for halves of units */
    return x < 0 ? -size : size;
}

/* Rounds a number to a type of floats. The result is infinite if the type does not reach it. */
static double round_to(shs_type type, double x)
{
    if (type == SHS_F16) return nearest_half(x);
    return type == SHS_F32 ? (double)(float)x : x;
}

static union number float_of(shs_type type, double x)
{
    return type == SHS_F64 ? (union number){.real = x} : (union number){.single = (float)x};
}

/* Returns true and value i of an attribute as a stored number if it is such a number. */
static bool to_stored(const struct making *making, const struct h5_attribute *attribute, size_t i,
                      union number *number)
{
    shs_type type = making->unpack->type;
    double real = attribute->number[i];
    core_i128 least, most, whole = attribute->whole[i];
    if (is_float(type)) {
        double rounded = round_to(type, real);
        *number = float_of(type, rounded);
        return rounded - rounded == 0 || real - real != 0;
    }
    if (attribute->kind == H5_REAL) {
        if (!(real > -0x1p64 && real < 0x1p64)) return false;
        whole = (core_i128)real;
        if ((double)whole != real) return false;
    }
    whole = reinterpret(making, whole);
    range_of(type, &least, &most);
    *number = number_of(type, whole);
    return whole >= least && whole <= most;
}

/* ---- Missing numbers. */

static shs_status read_missing(const struct making *making, enum h5_packing_name name)
{
    struct data_cf *unpack = making->unpack;
    const struct h5_attribute *attribute = &making->packing->attribute[name];
    if (!attribute->kind) return SHS_OK;
    if (name == H5_FILL_VALUE && (!is_number(attribute) || attribute->count != 1))
        return refuse(making, name, "where one number is due");
    if (!is_number(attribute)) return refuse(making, name, "where 1 to 8 numbers are due");
    for (size_t i = 0; i < attribute->count; i++)
        if (!to_stored(making, attribute, i, &unpack->missing[unpack->n_missing++]))
            return refuse(making, name, "which no stored number can be");
    return SHS_OK;
}

/* ---- The range of valid numbers. */

struct bounds {
    core_i128 least, most; /* of integers */
    double low, high;      /* of floats */
};

static shs_status read_bound(const struct making *making, enum h5_packing_name name, size_t i,
                             bool is_most, struct bounds *bounds)
{
    const struct h5_attribute *attribute = &making->packing->attribute[name];
    double real = attribute->number[i];
    core_i128 whole = attribute->whole[i];
    if (real != real) return refuse(making, name, "where numbers are due");
    if (is_float(making->unpack->type)) {
        *(is_most ? &bounds->high : &bounds->low) = round_to(making->unpack->type, real);
        return SHS_OK;
    }
    if (attribute->kind == H5_REAL && making->packed)
        return refuse(making, name,
                      "floats beside packed integers, which may mean stored numbers (CF) or "
                      "unpacked ones (netCDF's User Guide)");
    if (attribute->kind == H5_REAL) {
        if (real > 0x1p64) real = 0x1p65;
        if (real < -0x1p64) real = -0x1p65;
        whole = (core_i128)real; /* towards 0 */
        if (is_most && (double)whole > real) whole--;
        if (!is_most && (double)whole < real) whole++;
    } else {
        whole = reinterpret(making, whole);
    }
    if (is_most && whole < bounds->most) bounds->most = whole;
    if (!is_most && whole > bounds->least) bounds->least = whole;
    return SHS_OK;
}

/* Reads both bounds of valid_range, or one of valid_min and valid_max. */
static shs_status read_bounds(const struct making *making, enum h5_packing_name name,
                              struct bounds *bounds)
{
    const struct h5_attribute *attribute = &making->packing->attribute[name];
    bool both = name == H5_VALID_RANGE;
    if (!attribute->kind) return SHS_OK;
    if (!is_number(attribute) || attribute->count != (both ? 2 : 1))
        return refuse(making, name, both ? "where two numbers are due" : "where one number is due");
    shs_status status = read_bound(making, name, 0, name == H5_VALID_MAX, bounds);
    if (!status && both) status = read_bound(making, name, 1, true, bounds);
    if (status) return status;
    making->unpack->bounded = true;
    if (is_float(making->unpack->type) ? bounds->low <= bounds->high
                                       : bounds->least <= bounds->most)
        return SHS_OK;
    return refuse(making, name, "so that no number is valid");
}

static shs_status read_range(const struct making *making)
{
    const struct h5_attribute *attribute = making->packing->attribute;
    struct data_cf *unpack = making->unpack;
    shs_type type = unpack->type;
    struct bounds bounds = {.low = -HUGE_VAL, .high = HUGE_VAL};
    if (!is_float(type)) range_of(type, &bounds.least, &bounds.most);
    if (attribute[H5_VALID_RANGE].kind &&
        (attribute[H5_VALID_MIN].kind || attribute[H5_VALID_MAX].kind))
        return refuse(making, H5_VALID_RANGE, "beside valid_min or valid_max, which CF forbids");
    shs_status status = read_bounds(making, H5_VALID_RANGE, &bounds);
    if (!status) status = read_bounds(making, H5_VALID_MIN, &bounds);
    if (!status) status = read_bounds(making, H5_VALID_MAX, &bounds);
    unpack->least = is_float(type) ? float_of(type, bounds.low) : number_of(type, bounds.least);
    unpack->most = is_float(type) ? float_of(type, bounds.high) : number_of(type, bounds.most);
    return status;
}

shs_status data_cf_new(const struct h5_packing *packing, shs_type stored, struct data_cf **unpack)
{
    shs_status status = core_new(1, sizeof **unpack, "attributes", unpack);
    if (status) return status;
    struct making making = {.packing = packing, .unpack = *unpack, .stored = stored};
    (*unpack)->scale = 1;
    (*unpack)->offset = -0.0; /* x + -0.0 is x, for 0 too */
    status = read_sign(&making);
    if (!status) status = read_factor(&making, H5_SCALE_FACTOR, &(*unpack)->scale, &making.packed);
    if (!status) status = read_factor(&making, H5_ADD_OFFSET, &(*unpack)->offset, &making.packed);
    if (!status) status = read_missing(&making, H5_FILL_VALUE);
    if (!status) status = read_missing(&making, H5_MISSING_VALUE);
    if (!status) status = read_range(&making);
    if (status) core_free(unpack);
    return status;
}

/* ---- Numbers. */

static float missing_value(void)
{
    const uint32_t bits = UINT32_C(0x7fc00000);
    float missing;
    memcpy(&missing, &bits, sizeof missing);
    return missing;
}

/* Unpacks a block of numbers that are kept as C, and compared as FROM() of it. */
#define UNPACK(name, C, compared, FROM, member)                                                    \
    typedef C loose_##name __attribute__((aligned(1), may_alias));                                 \
    static void unpack_##name(const struct data_cf *unpack, const void *stored, size_t count,      \
                              float *to)                                                           \
    {                                                                                              \
        const loose_##name *from = stored;                                                         \
        const double scale = unpack->scale, offset = unpack->offset;                               \
        const compared least = (compared)unpack->least.member,                                     \
                       most = (compared)unpack->most.member;                                       \
        const float missing = missing_value();                                                     \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = (float)((double)FROM(from[i]) * scale + offset);                               \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = to[i] == to[i] ? to[i] : missing;                                              \
        for (size_t i = 0; i < count && unpack->bounded; i++)                                      \
            to[i] = FROM(from[i]) >= least && FROM(from[i]) <= most ? to[i] : missing;             \
        for (size_t k = 0; k < unpack->n_missing; k++) {                                           \
            const compared fill = (compared)unpack->missing[k].member;                             \
            for (size_t i = 0; i < count; i++)                                                     \
                to[i] = FROM(from[i]) == fill ? missing : to[i];                                   \
        }                                                                                          \
    }

UNPACK(u8, uint8_t, uint8_t, , natural)
UNPACK(u16, uint16_t, uint16_t, , natural)
UNPACK(u32, uint32_t, uint32_t, , natural)
UNPACK(u64, uint64_t, uint64_t, , natural)
UNPACK(i8, int8_t, int8_t, , whole)
UNPACK(i16, int16_t, int16_t, , whole)
UNPACK(i32, int32_t, int32_t, , whole)
UNPACK(i64, int64_t, int64_t, , whole)
UNPACK(f16, uint16_t, float, core_half_to_float, single)
UNPACK(f32, float, float, , single)
UNPACK(f64, double, double, , real)

void data_cf_values(const struct data_cf *unpack, const void *stored, size_t count, float *values)
{
    static void (*const by_type[])(const struct data_cf *unpack, const void *stored, size_t count,
                                   float *to) = {
        [SHS_U8] = unpack_u8,   [SHS_U16] = unpack_u16, [SHS_U32] = unpack_u32,
        [SHS_U64] = unpack_u64, [SHS_I8] = unpack_i8,   [SHS_I16] = unpack_i16,
        [SHS_I32] = unpack_i32, [SHS_I64] = unpack_i64, [SHS_F16] = unpack_f16,
        [SHS_F32] = unpack_f32, [SHS_F64] = unpack_f64};
    size_t bytes = shs_type_size(unpack->type);
    for (size_t done = 0; done < count; done += BLOCK)
        by_type[unpack->type](unpack, (const char *)stored + done * bytes,
                              count - done < BLOCK ? count - done : BLOCK, values + done);
}
