/* normalize and cast: they change elements where they are. */
#include <float.h>
#include <string.h>

#include "augment_kind.h"
#include "core_half.h"

static double half_to_double(uint16_t half)
{
    return (double)core_half_to_float(half);
}

/* Calls EACH(C type, conversion to float, conversion to double) for the type of the input. */
#define FOR_TYPE(type, EACH)                                                                       \
    switch (type) {                                                                                \
    case SHS_U8:                                                                                   \
        EACH(uint8_t, (float), (double)) break;                                                    \
    case SHS_U16:                                                                                  \
        EACH(uint16_t, (float), (double)) break;                                                   \
    case SHS_U32:                                                                                  \
        EACH(uint32_t, (float), (double)) break;                                                   \
    case SHS_U64:                                                                                  \
        EACH(uint64_t, (float), (double)) break;                                                   \
    case SHS_I8:                                                                                   \
        EACH(int8_t, (float), (double)) break;                                                     \
    case SHS_I16:                                                                                  \
        EACH(int16_t, (float), (double)) break;                                                    \
    case SHS_I32:                                                                                  \
        EACH(int32_t, (float), (double)) break;                                                    \
    case SHS_I64:                                                                                  \
        EACH(int64_t, (float), (double)) break;                                                    \
    case SHS_F16:                                                                                  \
        EACH(uint16_t, core_half_to_float, half_to_double) break;                                  \
    case SHS_F32:                                                                                  \
        EACH(float, (float), (double)) break;                                                      \
    case SHS_F64:                                                                                  \
        EACH(double, (float), (double)) break;                                                     \
    }

double augment_whole_scale(shs_type type)
{
    switch (type) {
    case SHS_U8:
        return UINT8_MAX;
    case SHS_U16:
        return UINT16_MAX;
    case SHS_U32:
        return UINT32_MAX;
    case SHS_U64:
        return 0x1p64; /* 2^64 - 1 in double */
    default:
        return 1;
    }
}

static shs_status bind_normalize(const struct augment_call *call, struct augment_bound *bound)
{
    double mean, std;
    const char *scale = augment_value(call, "scale");
    shs_status status = augment_needed_number(call, "mean", -FLT_MAX, FLT_MAX, &mean);
    if (!status) status = augment_needed_number(call, "std", 1e-30, FLT_MAX, &std);
    if (status) return status;
    if (scale && strcmp(scale, "none") && strcmp(scale, "auto"))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: normalize's scale is '%s'; it must be auto "
                         "or none",
                         call->at, scale);
    bool scaled = !scale || !strcmp(scale, "auto");
    bound->setting.scale = scaled ? (float)(1 / augment_whole_scale(bound->before.type)) : 1;
    bound->setting.mean = (float)mean;
    bound->setting.inverse = (float)(1 / std);
    bound->after = bound->before;
    bound->after.type = SHS_F32;
    return SHS_OK;
}

#define NORMALIZE(C, TO_FLOAT, TO_DOUBLE)                                                          \
    {                                                                                              \
        const C *from = input;                                                                     \
        for (size_t i = 0; i < bound->elements; i++)                                               \
            to[i] = (TO_FLOAT(from[i]) * scale - mean) * inverse;                                  \
    }

static void normalize(const struct augment_bound *bound, const struct augment_draw *draw,
                      const void *input, void *output)
{
    float scale = bound->setting.scale, mean = bound->setting.mean;
    float inverse = bound->setting.inverse;
    float *to = output;
    (void)draw;
    FOR_TYPE(bound->before.type, NORMALIZE)
}

/* Every value of an integer type as one of another, without loss. */
static bool widens(shs_type from, shs_type to)
{
    bool from_signed = from >= SHS_I8, to_signed = to >= SHS_I8;
    if (from > SHS_I64 || to > SHS_I64) return false;
    if (from_signed && !to_signed) return false;
    if (from_signed == to_signed) return shs_type_size(to) >= shs_type_size(from);
    return shs_type_size(to) > shs_type_size(from);
}

static shs_status bind_cast(const struct augment_call *call, struct augment_bound *bound)
{
    const char *name = augment_value(call, "type");
    bound->after = bound->before;
    for (shs_type type = SHS_U8; name && type <= SHS_F64; type++)
        if (!strcmp(name, shs_type_name(type)) &&
            (type == SHS_F32 || type == SHS_F64 || widens(bound->before.type, type))) {
            bound->after.type = type;
            return SHS_OK;
        }
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "augmentation, character %zu: cast of field %s from %s to '%s'; give type=f32, "
        "type=f64 or an integer type that holds all its values",
        call->at, bound->before.name, shs_type_name(bound->before.type), name ? name : "");
}

#define CAST_TO_F32(C, TO_FLOAT, TO_DOUBLE)                                                        \
    {                                                                                              \
        const C *from = input;                                                                     \
        float *to = output;                                                                        \
        for (size_t i = 0; i < bound->elements; i++)                                               \
            to[i] = TO_FLOAT(from[i]);                                                             \
    }

#define CAST_TO_F64(C, TO_FLOAT, TO_DOUBLE)                                                        \
    {                                                                                              \
        const C *from = input;                                                                     \
        double *to = output;                                                                       \
        for (size_t i = 0; i < bound->elements; i++)                                               \
            to[i] = TO_DOUBLE(from[i]);                                                            \
    }

/* An integer as its two's complement in `to_size` bytes; bind_cast() has made sure that it fits. */
static uint64_t integer_at(shs_type type, const char *element)
{
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
    } value = {.u64 = 0};
    memcpy(&value, element, shs_type_size(type));
    switch (type) {
    case SHS_U8:
        return value.u8;
    case SHS_U16:
        return value.u16;
    case SHS_U32:
        return value.u32;
    case SHS_I8:
        return (uint64_t)(int64_t)value.i8;
    case SHS_I16:
        return (uint64_t)(int64_t)value.i16;
    case SHS_I32:
        return (uint64_t)(int64_t)value.i32;
    default:
        return value.u64;
    }
}

static void cast_to_integer(const struct augment_bound *bound, const char *input, char *output)
{
    size_t from_size = shs_type_size(bound->before.type),
           to_size = shs_type_size(bound->after.type);
    for (size_t i = 0; i < bound->elements; i++) {
        uint64_t wide = integer_at(bound->before.type, input + i * from_size);
        uint8_t u8 = (uint8_t)wide;
        uint16_t u16 = (uint16_t)wide;
        uint32_t u32 = (uint32_t)wide;
        const void *narrow = to_size == 1   ? (const void *)&u8
                             : to_size == 2 ? (const void *)&u16
                             : to_size == 4 ? (const void *)&u32
                                            : (const void *)&wide;
        memcpy(output + i * to_size, narrow, to_size);
    }
}

static void cast(const struct augment_bound *bound, const struct augment_draw *draw,
                 const void *input, void *output)
{
    (void)draw;
    if (bound->after.type == SHS_F32)
        FOR_TYPE(bound->before.type, CAST_TO_F32)
    else if (bound->after.type == SHS_F64)
        FOR_TYPE(bound->before.type, CAST_TO_F64)
    else
        cast_to_integer(bound, input, output);
}

const struct augment_kind augment_normalize = {
    "normalize",
    {"mean", "std", "scale"},
    "normalize(mean=0.5, std=0.25)",
    false,
    bind_normalize,
    NULL,
    normalize,
    NULL,
};

const struct augment_kind augment_cast = {
    "cast", {"type"}, "cast(type=f32)", false, bind_cast, NULL, cast, NULL};
