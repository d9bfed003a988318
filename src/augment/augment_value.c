/* The operators normalize and cast, which change the value or the type of each element. */
#include <float.h>
#include <string.h>

#include "augment_kind.h"
#include "grid_types.h"

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

/* ---- normalize */

enum normalize_scale {
    SCALE_AUTO,
    SCALE_NONE
};

/* The result is (x * factor - mean) * inverse, with a mean and an inverse for each channel. The
 * arrays `mean` and `inverse` repeat the numbers of all channels, so that one loop goes over many
 * pixels. */
struct normalize_setting {
    struct augment_numbers means;
    struct augment_numbers deviations;
    int scale;       /* a value of enum normalize_scale */
    size_t channels; /* the length of the lists; 1 without a list */
    size_t period;   /* used elements of `mean` and `inverse`: a multiple of channels */
    float factor;
    float mean[AUGMENT_MOST_NUMBERS + GRID_LANES];
    float inverse[AUGMENT_MOST_NUMBERS + GRID_LANES];
};

static shs_status bind_normalize(const struct augment_call *call, void *setting,
                                 struct augment_bound *bound)
{
    struct normalize_setting *made = setting;
    const struct augment_numbers *means = &made->means, *deviations = &made->deviations;
    (void)call;
    made->channels = means->count > deviations->count ? means->count : deviations->count;
    made->factor =
        made->scale == SCALE_AUTO ? (float)(1 / augment_whole_scale(bound->before.type)) : 1;
    made->period = AUGMENT_MOST_NUMBERS / made->channels * made->channels;
    for (size_t i = 0; i < AUGMENT_MOST_NUMBERS + GRID_LANES; i++) {
        size_t c = i % made->channels;
        made->mean[i] = (float)means->number[means->count > 1 ? c : 0];
        made->inverse[i] = (float)(1 / deviations->number[deviations->count > 1 ? c : 0]);
    }
    bound->after.type = SHS_F32;
    return SHS_OK;
}

#define NORMALIZE(C, TO_FLOAT, TO_DOUBLE)                                                          \
    {                                                                                              \
        const C *from = input;                                                                     \
        for (size_t i = 0; i < elements; i++)                                                      \
            to[i] = (TO_FLOAT(from[i]) * factor - mean) * inverse;                                 \
    }

/* Normalizes elements of one channel. */
static void normalize_channel(const struct normalize_setting *setting, size_t channel,
                              shs_type type, size_t elements, const void *input, float *to)
{
    float factor = setting->factor;
    float mean = setting->mean[channel], inverse = setting->inverse[channel];
    GRID_FOR_TYPE(type, NORMALIZE)
}

#define NORMALIZE_PIXELS(C, TO_FLOAT, TO_DOUBLE)                                                   \
    {                                                                                              \
        const C *from = input;                                                                     \
        for (; elements; elements -= count, from += count, to += count, first = 0) {               \
            count = setting->period - first;                                                       \
            if (count > elements) count = elements;                                                \
            for (size_t i = 0; i < count; i++)                                                     \
                to[i] = (TO_FLOAT(from[i]) * factor - mean[first + i]) * inverse[first + i];       \
        }                                                                                          \
    }

/* Normalizes pixels, whose elements belong to each channel in turn. The first element belongs to
 * channel `first`. */
static void normalize_pixels(const struct normalize_setting *setting, size_t first, shs_type type,
                             size_t elements, const void *input, float *to)
{
    float factor = setting->factor;
    const float *mean = setting->mean, *inverse = setting->inverse;
    size_t count;
    GRID_FOR_TYPE(type, NORMALIZE_PIXELS)
}

static bool normalize_linear(const struct augment_bound *bound, struct grid_linear *linear)
{
    const struct normalize_setting *setting = bound->setting;
    *linear = (struct grid_linear){.factor = setting->factor,
                                   .channels = setting->channels,
                                   .inner = bound->grid.channel_inner,
                                   .mean = setting->mean,
                                   .inverse = setting->inverse};
    return grid_has_map(bound->before.type);
}

static void normalize(const struct augment_bound *bound, const void *draw, size_t at, size_t count,
                      const void *input, void *output)
{
    const struct normalize_setting *setting = bound->setting;
    size_t inner = bound->grid.channel_inner, size = shs_type_size(bound->before.type);
    const char *from = input;
    float *to = output;
    struct grid_linear linear;
    (void)draw;
    if (normalize_linear(bound, &linear)) {
        grid_linear_run(&linear, bound->before.type, at, count, input, output);
        return;
    }
    if (setting->channels == 1) {
        normalize_channel(setting, 0, bound->before.type, count, input, to);
        return;
    }
    if (inner == 1) {
        normalize_pixels(setting, at % setting->channels, bound->before.type, count, input, to);
        return;
    }
    for (size_t some; count; count -= some, at += some, from += some * size, to += some) {
        some = inner - at % inner;
        if (some > count) some = count;
        normalize_channel(setting, at / inner % setting->channels, bound->before.type, some, from,
                          to);
    }
}

static const struct augment_parameter normalize_parameters[] = {
    {
        .name = "mean",
        AUGMENT_MEMBER(struct normalize_setting, means),
        .least = -FLT_MAX,
        .most = FLT_MAX,
        .example = "0.5",
        .help = "What is subtracted; `shardstep stats` prints it.",
    },
    {
        .name = "std",
        AUGMENT_MEMBER(struct normalize_setting, deviations),
        .least = 1e-30,
        .most = FLT_MAX,
        .example = "0.25",
        .help = "What is divided by then; `shardstep stats` prints it.",
    },
    {
        .name = "scale",
        AUGMENT_MEMBER(struct normalize_setting, scale),
        .words = "auto none", /* in the order of enum normalize_scale */
        .otherwise = "auto",
        .help = "With auto, s is 1 / max of an unsigned integer type (1 / 255 for u8) and 1 for "
                "other types; with none, s is 1.",
    },
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_normalize = {
    .name = "normalize",
    .help =
        "Gives (x * s - mean) * r in f32, with r = 1 / std. In a loader from=FILE stands for "
        "mean, std and scale: FILE is what `shardstep stats --write FILE` wrote of the field, "
        "or of another field that is named: from=FILE, field=NAME. Its figures are those of the "
        "stored numbers, so it is refused behind log1p, asinh, unpack and another normalize.",
    .computes = "s and r are computed in f64 and rounded to f32, and mean is rounded to f32. x is "
                "converted to f32, and each of the three operations is rounded to f32.",
    .remaps = true,
    .setting_bytes = sizeof(struct normalize_setting),
    .parameters = normalize_parameters,
    .bind = bind_normalize,
    .run = normalize,
    .linear = normalize_linear,
};

/* ---- cast */

struct cast_setting {
    shs_type type;
};

/* True if an integer type holds every value of another integer type. */
static bool widens(shs_type from, shs_type to)
{
    bool from_signed = from >= SHS_I8, to_signed = to >= SHS_I8;
    if (from > SHS_I64 || to > SHS_I64) return false;
    if (from_signed && !to_signed) return false;
    if (from_signed == to_signed) return shs_type_size(to) >= shs_type_size(from);
    return shs_type_size(to) > shs_type_size(from);
}

static shs_status bind_cast(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    const struct cast_setting *cast = setting;
    shs_type type = cast->type;
    bound->after.type = type;
    if (type == SHS_F32 || type == SHS_F64 || widens(bound->before.type, type)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: cast of field %s from %s to '%s'; give "
                     "type=f32, type=f64 or an integer type that holds all its values",
                     call->at, bound->before.name, shs_type_name(bound->before.type),
                     shs_type_name(type));
}

#define CAST_TO_F32(C, TO_FLOAT, TO_DOUBLE)                                                        \
    {                                                                                              \
        const C *from = input;                                                                     \
        float *to = output;                                                                        \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = TO_FLOAT(from[i]);                                                             \
    }

#define CAST_TO_F64(C, TO_FLOAT, TO_DOUBLE)                                                        \
    {                                                                                              \
        const C *from = input;                                                                     \
        double *to = output;                                                                       \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = TO_DOUBLE(from[i]);                                                            \
    }

/* An integer element, extended to the 64 bits of its two's complement. Its low bytes are the
 * element in any type that bind_cast() admits. */
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

static void cast_to_integer(const struct augment_bound *bound, size_t count, const char *input,
                            char *output)
{
    size_t from_size = shs_type_size(bound->before.type),
           to_size = shs_type_size(bound->after.type);
    for (size_t i = 0; i < count; i++) {
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

/* An integer times 1, less 0, times 1 is the integer itself. */
static bool cast_linear(const struct augment_bound *bound, struct grid_linear *linear)
{
    static const float zero = 0, one = 1;
    *linear = (struct grid_linear){
        .factor = 1, .channels = 1, .inner = 1, .mean = &zero, .inverse = &one};
    return bound->after.type == SHS_F32 && bound->before.type <= SHS_U16;
}

static void cast(const struct augment_bound *bound, const void *draw, size_t at, size_t count,
                 const void *input, void *output)
{
    struct grid_linear linear;
    (void)draw;
    if (cast_linear(bound, &linear))
        grid_linear_run(&linear, bound->before.type, at, count, input, output);
    else if (bound->after.type == SHS_F32)
        GRID_FOR_TYPE(bound->before.type, CAST_TO_F32)
    else if (bound->after.type == SHS_F64)
        GRID_FOR_TYPE(bound->before.type, CAST_TO_F64)
    else
        cast_to_integer(bound, count, input, output);
}

static const struct augment_parameter cast_parameters[] = {
    {
        .name = "type",
        AUGMENT_MEMBER(struct cast_setting, type),
        .example = "f32",
        .help = "The new type: f32, f64 or, from an integer type, one that holds all its values.",
    },
    {0},
};

const struct augment_kind augment_cast = {
    .name = "cast",
    .help = "Converts elements to another type, each to its nearest number.",
    .setting_bytes = sizeof(struct cast_setting),
    .parameters = cast_parameters,
    .bind = bind_cast,
    .run = cast,
    .linear = cast_linear,
};
