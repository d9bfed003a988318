/* The operators clip, log1p, asinh, unpack and random_scale, which map each value by itself. */
#include <float.h>
#include <string.h>

#include "augment_elements.h"
#include "grid_types.h"
#include "random_math.h"

/* ---- clip */

struct clip_setting {
    double least;
    double most;
    double low, high; /* least and most as numbers of the elements' type */
};

/* Returns the whole number nearest to x, a number of at most 32 bits, from above or from below. */
static double next_whole(double x, bool above)
{
    double whole = (double)(int64_t)x;
    if (above) return whole < x ? whole + 1 : whole;
    return whole > x ? whole - 1 : whole;
}

static double clamp(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

static shs_status bind_clip(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    struct clip_setting *clip = setting;
    shs_type type = bound->before.type;
    double least, most;
    shs_status status = augment_take_types(call, bound, AUGMENT_EXACT_TYPES);
    if (status) return status;
    grid_limits(type, &least, &most);
    bool good = clip->least <= clip->most && clip->least <= most && clip->most >= least;
    double low = clamp(clip->least, least, most), high = clamp(clip->most, least, most);
    if (type < SHS_F16) {
        low = next_whole(low, true);
        high = next_whole(high, false);
    }
    if (!good || low > high)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: clip of field %s to %g..%g: no %s lies "
                         "between min and max",
                         call->at, bound->before.name, clip->least, clip->most,
                         shs_type_name(type));
    clip->low = low;
    clip->high = high;
    return SHS_OK;
}

#define CLIP(C, TO_FLOAT, TO_DOUBLE)                                                               \
    {                                                                                              \
        const C *from = input, low = (C)clip->low, high = (C)clip->high;                           \
        typedef C element;                                                                         \
        element *to = output;                                                                      \
        for (size_t i = 0; i < count; i++) {                                                       \
            C raised = from[i] < low ? low : from[i];                                              \
            to[i] = raised > high ? high : raised;                                                 \
        }                                                                                          \
    }

static void run_clip(const struct augment_bound *bound, const void *draw, size_t at, size_t count,
                     const void *input, void *output)
{
    const struct clip_setting *clip = bound->setting;
    (void)draw;
    (void)at;
    GRID_FOR_TYPE(bound->before.type, CLIP)
}

static const struct augment_parameter clip_parameters[] = {
    {
        .name = "min",
        AUGMENT_MEMBER(struct clip_setting, least),
        .least = -DBL_MAX,
        .most = DBL_MAX,
        .example = "0",
        .help = "The least value.",
    },
    {
        .name = "max",
        AUGMENT_MEMBER(struct clip_setting, most),
        .least = -DBL_MAX,
        .most = DBL_MAX,
        .example = "1",
        .help = "The greatest value.",
    },
    {0},
};

const struct augment_kind augment_clip = {
    .name = "clip",
    .help = "Makes values below min to min, and values above max to max.",
    .computes = "min and max become numbers of the elements' type first: for an integer type min "
                "is rounded up and max down to a whole number within the type's range, for f32 "
                "they are rounded to f32. NaN stays NaN.",
    .setting_bytes = sizeof(struct clip_setting),
    .parameters = clip_parameters,
    .bind = bind_clip,
    .run = run_clip,
};

/* ---- log1p, asinh and unpack: maps in f64 */

struct map_setting {
    double scale;
    double offset;
    struct augment_numbers fill; /* at most one */
    double packed_fill;          /* the fill value as a number of the elements' type */
};

/* Maps have a result of f32, and of f64 for f64. */
static shs_status bind_map(const struct augment_call *call, void *setting,
                           struct augment_bound *bound)
{
    (void)call;
    (void)setting;
    bound->after.type = bound->before.type == SHS_F64 ? SHS_F64 : SHS_F32;
    return SHS_OK;
}

#define LOAD_DOUBLES(C, TO_FLOAT, TO_DOUBLE)                                                       \
    {                                                                                              \
        const C *from = input;                                                                     \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = TO_DOUBLE(from[i]);                                                            \
    }

static void load_doubles(shs_type type, const void *input, size_t count, double *to)
{
    GRID_FOR_TYPE(type, LOAD_DOUBLES)
}

static void store_doubles(shs_type type, const double *from, size_t count, void *output)
{
    float *to = output;
    if (type == SHS_F64) {
        memcpy(output, from, count * sizeof *from);
        return;
    }
    for (size_t i = 0; i < count; i++)
        to[i] = (float)from[i];
}

static inline double unpack(const struct map_setting *setting, double x)
{
    if (setting->fill.count && x == setting->packed_fill)
        return random_double_from(UINT64_C(0x7ff8000000000000));
    return x * setting->scale + setting->offset;
}

#define RUN_MAP(name, expression)                                                                  \
    static void name(const struct augment_bound *bound, const void *draw, size_t at, size_t count, \
                     const void *input, void *output)                                              \
    {                                                                                              \
        const struct map_setting *setting = bound->setting;                                        \
        size_t before = shs_type_size(bound->before.type),                                         \
               after = shs_type_size(bound->after.type);                                           \
        double block[GRID_BLOCK];                                                                  \
        (void)draw;                                                                                \
        (void)at;                                                                                  \
        for (size_t done = 0, some; done < count; done += some) {                                  \
            some = count - done < GRID_BLOCK ? count - done : GRID_BLOCK;                          \
            load_doubles(bound->before.type, (const char *)input + done * before, some, block);    \
            for (size_t i = 0; i < some; i++)                                                      \
                block[i] = random_same_nan_double(expression);                                     \
            store_doubles(bound->after.type, block, some, (char *)output + done * after);          \
        }                                                                                          \
    }

RUN_MAP(run_log1p, random_log1p(block[i] * setting->scale))
RUN_MAP(run_asinh, random_asinh(block[i] * setting->scale))
RUN_MAP(run_unpack, unpack(setting, block[i]))

#define SCALE_PARAMETER                                                                            \
    {                                                                                              \
        .name = "scale", AUGMENT_MEMBER(struct map_setting, scale), .least = -DBL_MAX,             \
        .most = DBL_MAX, .otherwise = "1", .help = "What values are multiplied by first."          \
    }

#define MAP_ROUNDING                                                                               \
    "The result is f32, and f64 for f64. Values are converted to f64, each operation is rounded "  \
    "in f64, and the result is rounded to its type. " AUGMENT_SAME_NAN " "

static const struct augment_parameter map_parameters[] = {SCALE_PARAMETER, {0}};

const struct augment_kind augment_log1p = {
    .name = "log1p",
    .help = "Gives log(1 + scale * x), in f32 or f64.",
    .computes = MAP_ROUNDING "NaN stays NaN; scale * x = -1 gives negative infinity, and what is "
                             "below gives NaN. The logarithm is random_log1p() of random_math.c.",
    .remaps = true,
    .setting_bytes = sizeof(struct map_setting),
    .parameters = map_parameters,
    .bind = bind_map,
    .run = run_log1p,
};

const struct augment_kind augment_asinh = {
    .name = "asinh",
    .help = "Gives asinh(scale * x), in f32 or f64: x near 0, and a logarithm of both signs far "
            "from it.",
    .computes = MAP_ROUNDING "NaN stays NaN. The function is random_asinh() of random_math.c.",
    .remaps = true,
    .setting_bytes = sizeof(struct map_setting),
    .parameters = map_parameters,
    .bind = bind_map,
    .run = run_asinh,
};

static const struct augment_parameter unpack_parameters[] = {
    SCALE_PARAMETER,
    {
        .name = "offset",
        AUGMENT_MEMBER(struct map_setting, offset),
        .least = -DBL_MAX,
        .most = DBL_MAX,
        .otherwise = "0",
        .help = "What is added then.",
    },
    {
        .name = "fill",
        AUGMENT_MEMBER(struct map_setting, fill),
        .least = -DBL_MAX,
        .most = DBL_MAX,
        .otherwise = "",
        .help = "The packed value that stands for a missing one, which becomes NaN.",
    },
    {0},
};

static shs_status bind_unpack(const struct augment_call *call, void *setting,
                              struct augment_bound *bound)
{
    struct map_setting *map = setting;
    if (map->fill.count > 1)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: unpack of field %s: fill is a list; give "
                         "one number",
                         call->at, bound->before.name);
    if (map->fill.count && bound->before.type == SHS_F32)
        map->packed_fill = (double)(float)map->fill.number[0];
    else if (map->fill.count)
        map->packed_fill = map->fill.number[0];
    return bind_map(call, setting, bound);
}

const struct augment_kind augment_unpack = {
    .name = "unpack",
    .help = "Gives scale * x + offset, in f32 or f64: the values of packed data, such as those of "
            "netCDF with scale_factor and add_offset.",
    .computes = MAP_ROUNDING "x equal to fill gives NaN; fill is rounded to f32 first for f32. NaN "
                             "stays NaN, and operators that average leave it out.",
    .remaps = true,
    .setting_bytes = sizeof(struct map_setting),
    .parameters = unpack_parameters,
    .bind = bind_unpack,
    .run = run_unpack,
};

/* ---- random_scale */

enum scale_by {
    BY_SAMPLE,
    BY_CHANNEL
};

struct scale_setting {
    struct augment_range factor;
    int by; /* a value of enum scale_by */
};

struct scale_draw {
    double factor[AUGMENT_MOST_NUMBERS]; /* of each channel, or of the sample */
};

static shs_status bind_scale(const struct augment_call *call, void *setting,
                             struct augment_bound *bound)
{
    const struct scale_setting *scale = setting;
    shs_status status = augment_take_types(call, bound, AUGMENT_NUMBER_TYPES);
    if (!status && scale->by == BY_CHANNEL) status = augment_need_layout(call, bound);
    if (!status && scale->by == BY_CHANNEL && bound->grid.channels > AUGMENT_MOST_NUMBERS)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: random_scale by channel of field %s, which "
                         "has %zu channels; the most is %d",
                         call->at, bound->before.name, bound->grid.channels, AUGMENT_MOST_NUMBERS);
    return status;
}

static size_t factors_of(const struct augment_bound *bound)
{
    const struct scale_setting *setting = bound->setting;
    return setting->by == BY_CHANNEL ? bound->grid.channels : 1;
}

static void draw_scale(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct scale_setting *setting = bound->setting;
    struct scale_draw *drawn = draw;
    for (size_t c = 0; c < factors_of(bound); c++)
        drawn->factor[c] = augment_draw_range(stream, &setting->factor);
}

/* Multiplies up to GRID_BLOCK elements. */
static void scale_block(shs_type type, const double *factor, size_t count, const void *input,
                        void *output)
{
    float block[GRID_BLOCK];
    if (type == SHS_F64) {
        const double *from = input;
        double *to = output;
        for (size_t i = 0; i < count; i++)
            to[i] = random_same_nan_double(from[i] * factor[i]);
        return;
    }
    grid_load_floats(type, input, count, block);
    for (size_t i = 0; i < count; i++)
        block[i] = random_same_nan_float(block[i] * (float)factor[i]);
    grid_store_floats(type, block, count, output);
}

static void run_scale(const struct augment_bound *bound, const void *draw, size_t at, size_t count,
                      const void *input, void *output)
{
    const struct scale_draw *drawn = draw;
    double factor[GRID_BLOCK];
    size_t size = shs_type_size(bound->before.type);
    bool by_channel = factors_of(bound) > 1;
    for (size_t i = 0; i < GRID_BLOCK && !by_channel; i++)
        factor[i] = drawn->factor[0];
    for (size_t done = 0, some; done < count; done += some) {
        some = count - done < GRID_BLOCK ? count - done : GRID_BLOCK;
        if (by_channel) augment_spread(&bound->grid, drawn->factor, at + done, some, factor);
        scale_block(bound->before.type, factor, some, (const char *)input + done * size,
                    (char *)output + done * size);
    }
}

static void tell_scale(const struct augment_bound *bound, const void *draw,
                       struct augment_told *told)
{
    const struct scale_draw *drawn = draw;
    size_t count = factors_of(bound);
    for (size_t c = 0; c < count; c++) {
        augment_tell_number_of(told, "factor", "", count, c, drawn->factor[c]);
        if (!c)
            augment_tell_words(told, "factor=%.7g", drawn->factor[c]);
        else if (told->text)
            core_text_add(told->text, ",%.7g", drawn->factor[c]);
    }
}

static const struct augment_parameter scale_parameters[] = {
    {
        .name = "factor",
        AUGMENT_MEMBER(struct scale_setting, factor),
        .least = -(double)FLT_MAX,
        .most = (double)FLT_MAX,
        .example = "0.8..1.25",
        .help = "What values are multiplied by.",
    },
    {
        .name = "by",
        AUGMENT_MEMBER(struct scale_setting, by),
        .words = "sample channel", /* in the order of enum scale_by */
        .otherwise = "sample",
        .help = "Whether a sample has one factor, or one for each channel.",
    },
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_random_scale = {
    .name = "random_scale",
    .help = "Multiplies a sample, or each of its channels, by a random factor.",
    .computes = "x * factor, in f64 for f64; for other types the factor is rounded to f32, and the "
                "product too. For integers it is then clamped to the type's range and rounded to "
                "the nearest whole number, half to even. " AUGMENT_SAME_NAN,
    .draws = "a double for the sample, or one for each channel in order; u gives the factor low + "
             "u * (high - low), in f64.",
    .needs = AUGMENT_NEEDS_NOTHING,
    .aspects = AUGMENT_BY_CHANNELS,
    .setting_bytes = sizeof(struct scale_setting),
    .draw_bytes = sizeof(struct scale_draw),
    .parameters = scale_parameters,
    .bind = bind_scale,
    .draw = draw_scale,
    .run = run_scale,
    .tell = tell_scale,
};
