/* The operators gaussian_noise and noise, which add normal numbers. */
#include <float.h>
#include <string.h>

#include "augment_elements.h"
#include "augment_slab.h"
#include "grid_types.h"
#include "random_math.h"
#include "random_stream.h"

enum {
    NORMALS = 2048, /* normals that are drawn at a time, few enough for the nearest cache */
    LANES = 8
};

/* ---- Adding noise. */

/* The draws of both operators: a number, and the place in the stream from which apply() draws a
 * normal for each element. */
struct noise_draw {
    double number;
    shs_random stream;
};

/* Keeps the place, and moves the stream behind the normals of all elements. */
static void draw_normals(const struct augment_bound *bound, shs_random *stream,
                         struct noise_draw *drawn)
{
    drawn->stream = *stream;
    random_skip_normal_floats(stream, bound->elements);
}

/* Draws normals. The stream keeps an error, which was found when the draws were made. */
static void take_normals(shs_random *stream, float mean, float deviation, float *to, size_t count)
{
    shs_status status = shs_random_fill_normal_float(stream, mean, deviation, to, count);
    (void)status;
}

/* Adds normals to floats. The stream keeps an error alike. */
static void add_normals(shs_random *stream, float mean, float deviation, const float *from,
                        float *to, size_t count)
{
    shs_status status = random_add_normal_floats(stream, mean, deviation, from, to, count);
    (void)status;
}

static void add_block(shs_type type, const float *noise, size_t count, const void *input,
                      void *output)
{
    float block[GRID_BLOCK];
    size_t size = shs_type_size(type);
    if (type == SHS_F32) {
        const float *from = input;
        float *to = output;
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] + noise[i];
        return;
    }
    for (size_t done = 0, some; done < count; done += some) {
        some = count - done < GRID_BLOCK ? count - done : GRID_BLOCK;
        grid_load_floats(type, (const char *)input + done * size, some, block);
        for (size_t i = 0; i < some; i++)
            block[i] += noise[done + i];
        grid_store_floats(type, block, some, (char *)output + done * size);
    }
}

/* Adds mean + deviation * z to `count` elements, where z are the next normals. */
static void add_run(shs_type type, shs_random *stream, double mean, double deviation, size_t count,
                    const void *input, void *output)
{
    float normals[NORMALS];
    size_t size = shs_type_size(type);
    if (type == SHS_F32) {
        add_normals(stream, (float)mean, (float)deviation, input, output, count);
        return;
    }
    for (size_t done = 0, some; done < count; done += some) {
        some = count - done < NORMALS ? count - done : NORMALS;
        if (type == SHS_F64) {
            const double *from = (const double *)input + done;
            double *to = (double *)output + done;
            take_normals(stream, 0, 1, normals, some);
            for (size_t i = 0; i < some; i++)
                to[i] = from[i] + (mean + deviation * (double)normals[i]);
        } else {
            take_normals(stream, (float)mean, (float)deviation, normals, some);
            add_block(type, normals, some, (const char *)input + done * size,
                      (char *)output + done * size);
        }
    }
}

/* Adds mean + deviation * z to each element, where z is its normal. A slab has runs of elements
 * that lie together in the sample: the normals before each of them are skipped. */
static void add_noise(const struct augment_bound *bound, const shs_random *place, double mean,
                      double deviation, const void *input, void *output)
{
    const struct augment_slab *slab = &bound->slab;
    shs_random stream = *place;
    shs_type type = bound->before.type;
    size_t inner = 1, size = shs_type_size(type);
    if (!slab->length) {
        add_run(type, &stream, mean, deviation, bound->elements, input, output);
        return;
    }
    for (uint32_t axis = slab->axis + 1; axis < bound->before.axes; axis++)
        inner *= (size_t)bound->before.shape[axis];
    size_t run = (size_t)slab->count * inner, whole = (size_t)slab->length * inner;
    for (size_t done = 0, at = (size_t)slab->first * inner; done < bound->elements;
         done += run, at += whole) {
        stream = *place;
        random_skip_normal_floats(&stream, at);
        add_run(type, &stream, mean, deviation, run, (const char *)input + done * size,
                (char *)output + done * size);
    }
}

static shs_status bind_noise(const struct augment_call *call, void *setting,
                             struct augment_bound *bound)
{
    (void)setting;
    return augment_take_types(call, bound, AUGMENT_NUMBER_TYPES);
}

#define NOISE_ROUNDING                                                                             \
    "For f64 it is computed in f64; for other types mean and deviation are rounded to f32, and "   \
    "each operation is rounded in f32. Results of integers are then clamped to the type's range "  \
    "and rounded to the nearest whole number, half to even; floats are not clamped, and NaN "      \
    "keeps its bits. "

#define NORMAL_DRAWS "a float normal z for each element, in the order of memory"

/* ---- gaussian_noise */

struct gaussian_setting {
    struct augment_range deviation;
    double mean;
};

static void draw_gaussian(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct gaussian_setting *setting = bound->setting;
    struct noise_draw *drawn = draw;
    drawn->number = augment_draw_range(stream, &setting->deviation);
    draw_normals(bound, stream, drawn);
}

static void apply_gaussian(const struct augment_bound *bound, const void *draw, const void *input,
                           void *output, void *scratch)
{
    const struct gaussian_setting *setting = bound->setting;
    const struct noise_draw *drawn = draw;
    (void)scratch;
    add_noise(bound, &drawn->stream, setting->mean, drawn->number, input, output);
}

static void tell_gaussian(const struct augment_bound *bound, const void *draw,
                          struct augment_told *told)
{
    const struct noise_draw *drawn = draw;
    (void)bound;
    augment_tell_number(told, "std", "units of the field", 7, drawn->number);
}

static const struct augment_parameter gaussian_parameters[] = {
    {
        .name = "std",
        AUGMENT_MEMBER(struct gaussian_setting, deviation),
        .least = 0,
        .most = 1e30,
        .example = "0.05",
        .single = true,
        .help = "The standard deviation of the noise, in the units of the elements.",
    },
    {
        .name = "mean",
        AUGMENT_MEMBER(struct gaussian_setting, mean),
        .least = -1e30,
        .most = 1e30,
        .otherwise = "0",
        .help = "The mean of the noise.",
    },
    AUGMENT_CHANCE_PARAMETER,
    {0},
};

const struct augment_kind augment_gaussian_noise = {
    .name = "gaussian_noise",
    .help = "Adds normal noise, independent for each element.",
    .draws = "a double u, which gives std = low + u * (high - low) in f64, also for a single "
             "number; then " NORMAL_DRAWS ".",
    .computes = "x + (mean + std * z). " NOISE_ROUNDING,
    .aspects = AUGMENT_BY_SHAPE,
    .setting_bytes = sizeof(struct gaussian_setting),
    .draw_bytes = sizeof(struct noise_draw),
    .parameters = gaussian_parameters,
    .bind = bind_noise,
    .draw = draw_gaussian,
    .apply = apply_gaussian,
    .slab_axis = augment_slab_any,
    .tell = tell_gaussian,
};

/* ---- noise */

enum noise_by {
    BY_SAMPLE,
    BY_CHANNEL
};

struct noise_setting {
    struct augment_range decibels;
    int by; /* a value of enum noise_by */
};

static shs_status bind_signal_noise(const struct augment_call *call, void *setting,
                                    struct augment_bound *bound)
{
    const struct noise_setting *noise = setting;
    shs_status status = bind_noise(call, setting, bound);
    if (!status && noise->by == BY_CHANNEL) status = augment_need_layout(call, bound);
    return status;
}

static size_t powers_of(const struct augment_bound *bound)
{
    const struct noise_setting *setting = bound->setting;
    return setting->by == BY_CHANNEL ? bound->grid.channels : 1;
}

static size_t noise_scratch(const struct augment_bound *bound)
{
    size_t powers = powers_of(bound);
    return (powers ? powers : 1) * sizeof(double);
}

static void draw_signal_noise(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct noise_setting *setting = bound->setting;
    struct noise_draw *drawn = draw;
    drawn->number = augment_draw_range(stream, &setting->decibels);
    draw_normals(bound, stream, drawn);
}

/* The elements of a sample or of a channel: `runs` of `length` elements that lie together, `step`
 * elements from one run to the next. */
struct elements {
    size_t first, runs, length, step;
};

#define ADD_SQUARES(C, TO_FLOAT, TO_DOUBLE)                                                        \
    {                                                                                              \
        const C *from = (const C *)input + first;                                                  \
        for (size_t i = 0; i < elements->length; i++, at++) {                                      \
            double x = TO_DOUBLE(from[i]);                                                         \
            if (x - x != 0) continue;                                                              \
            lane[at % LANES] += x * x;                                                             \
            count++;                                                                               \
        }                                                                                          \
    }

/* Returns the mean of the squares of elements, without those that are not finite. The square of
 * element k is added to lane k mod 8. */
static double power_of(shs_type type, const struct elements *elements, const void *input)
{
    double lane[LANES] = {0};
    size_t at = 0, count = 0, first = elements->first;
    for (size_t run = 0; run < elements->runs; run++, first += elements->step)
        GRID_FOR_TYPE(type, ADD_SQUARES)
    double total =
        ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    return count ? total / (double)count : 0;
}

/* Computes the deviation of the noise of the sample, or of each channel. */
static void compute_deviations(const struct augment_bound *bound, double decibels,
                               const void *input, double *deviation)
{
    const struct augment_grid *grid = &bound->grid;
    size_t powers = powers_of(bound);
    double ratio = random_exp(decibels * -0.23025850929940457); /* log(10) / 10 */
    for (size_t c = 0; c < powers; c++) {
        struct elements elements = {.runs = 1, .length = bound->elements};
        if (powers > 1)
            elements = (struct elements){.first = c * grid->channel_inner,
                                         .runs = grid->channel_outer,
                                         .length = grid->channel_inner,
                                         .step = grid->channels * grid->channel_inner};
        deviation[c] = random_sqrt(power_of(bound->before.type, &elements, input) * ratio);
    }
}

/* Adds up to GRID_BLOCK normals, each times the deviation of its element. */
static void add_scaled(shs_type type, const double *deviation, const float *normals, size_t count,
                       const void *input, void *output)
{
    float block[GRID_BLOCK];
    if (type == SHS_F64) {
        const double *from = input;
        double *to = output;
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] + (0 + deviation[i] * (double)normals[i]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        block[i] = 0 + (float)deviation[i] * normals[i];
    add_block(type, block, count, input, output);
}

/* Adds noise of its own deviation to each channel. */
static void add_by_channel(const struct augment_bound *bound, const shs_random *place,
                           const double *deviation, const void *input, void *output)
{
    float normals[GRID_BLOCK];
    double deviations[GRID_BLOCK];
    shs_random stream = *place;
    size_t size = shs_type_size(bound->before.type), count = bound->elements;
    for (size_t done = 0, some; done < count; done += some) {
        some = count - done < GRID_BLOCK ? count - done : GRID_BLOCK;
        take_normals(&stream, 0, 1, normals, some);
        augment_spread(&bound->grid, deviation, done, some, deviations);
        add_scaled(bound->before.type, deviations, normals, some, (const char *)input + done * size,
                   (char *)output + done * size);
    }
}

static void apply_signal_noise(const struct augment_bound *bound, const void *draw,
                               const void *input, void *output, void *scratch)
{
    const struct noise_draw *drawn = draw;
    double *deviation = scratch;
    *deviation = 0; /* also without channels */
    compute_deviations(bound, drawn->number, input, deviation);
    if (powers_of(bound) > 1)
        add_by_channel(bound, &drawn->stream, deviation, input, output);
    else
        add_noise(bound, &drawn->stream, 0, *deviation, input, output);
}

static void tell_signal_noise(const struct augment_bound *bound, const void *draw,
                              struct augment_told *told)
{
    const struct noise_draw *drawn = draw;
    (void)bound;
    augment_tell_number(told, "snr", "dB", 7, drawn->number);
}

static const struct augment_parameter noise_parameters[] = {
    {
        .name = "snr",
        AUGMENT_MEMBER(struct noise_setting, decibels),
        .least = -300,
        .most = 300,
        .example = "10..30",
        .single = true,
        .help = "The ratio of the signal's power to the noise's, in decibels.",
    },
    {
        .name = "by",
        AUGMENT_MEMBER(struct noise_setting, by),
        .words = "sample channel", /* in the order of enum noise_by */
        .otherwise = "sample",
        .help = "Whether the power is that of the sample, or of each channel by itself.",
    },
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_noise = {
    .name = "noise",
    .help = "Adds normal noise to a signal, so strong that it has a random ratio to the signal.",
    .draws = "a double u, which gives snr = low + u * (high - low) in f64, also for a single "
             "number; then " NORMAL_DRAWS ".",
    .computes =
        "x + (0 + deviation * z), where deviation = sqrt(power * exp(snr * -0.23025850929940457)) "
        "in f64, with random_exp() of random_math.c. The power is the mean of the squares of the "
        "elements of the sample or channel in f64: the square of its element k (in the order of "
        "memory) is added to sum k mod 8, and the sums make ((s0 + s1) + (s2 + s3)) + ((s4 + s5) "
        "+ (s6 + s7)), which the number of elements divides. Elements that are not finite, such "
        "as NaN, are neither added nor counted; no elements make 0. " NOISE_ROUNDING,
    .aspects = AUGMENT_BY_SHAPE,
    .setting_bytes = sizeof(struct noise_setting),
    .draw_bytes = sizeof(struct noise_draw),
    .parameters = noise_parameters,
    .bind = bind_signal_noise,
    .draw = draw_signal_noise,
    .apply = apply_signal_noise,
    .scratch_bytes = noise_scratch,
    .tell = tell_signal_noise,
};
