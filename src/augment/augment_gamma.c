/* The operator gamma. */
#include "augment_elements.h"
#include "augment_slab.h"
#include "random_math.h"

struct gamma_setting {
    struct augment_range range;
};

struct gamma_draw {
    double exponent;
};

static shs_status bind_gamma(const struct augment_call *call, void *setting,
                             struct augment_bound *bound)
{
    (void)setting;
    return augment_take_types(call, bound, AUGMENT_IMAGE_TYPES);
}

static void draw_gamma(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct gamma_setting *setting = bound->setting;
    struct gamma_draw *drawn = draw;
    drawn->exponent = augment_draw_range(stream, &setting->range);
}

/* Returns white * (x / white)^exponent: 0 for x <= 0, and x for NaN and infinity. */
static double brighten(double x, double white, double exponent)
{
    double ratio = x / white;
    if (ratio <= 0) return 0;
    if (ratio - ratio != 0) return x;
    return white * random_pow(ratio, exponent);
}

enum {
    BYTES = 256 /* values of u8 */
};

static size_t gamma_scratch(const struct augment_bound *bound)
{
    return bound->before.type == SHS_U8 ? BYTES : 0;
}

/* A byte has so few values that a table of the results is made, unless the sample has fewer
 * elements. */
static void gamma_of_bytes(double exponent, size_t count, const uint8_t *from, uint8_t *to,
                           uint8_t *table)
{
    if (count < BYTES) {
        for (size_t i = 0; i < count; i++)
            to[i] = (uint8_t)grid_round_double(brighten(from[i], UINT8_MAX, exponent));
        return;
    }
    for (size_t x = 0; x < BYTES; x++)
        table[x] = (uint8_t)grid_round_double(brighten((double)x, UINT8_MAX, exponent));
    for (size_t i = 0; i < count; i++)
        to[i] = table[from[i]];
}

static void apply_gamma(const struct augment_bound *bound, const void *draw, const void *input,
                        void *output, void *scratch)
{
    const struct gamma_draw *drawn = draw;
    size_t count = bound->elements;
    if (bound->before.type == SHS_U8) {
        gamma_of_bytes(drawn->exponent, count, input, output, scratch);
    } else if (bound->before.type == SHS_U16) {
        const uint16_t *from = input;
        uint16_t *to = output;
        for (size_t i = 0; i < count; i++)
            to[i] = (uint16_t)grid_round_double(brighten(from[i], UINT16_MAX, drawn->exponent));
    } else {
        const float *from = input;
        float *to = output;
        for (size_t i = 0; i < count; i++)
            to[i] = (float)brighten((double)from[i], 1, drawn->exponent);
    }
}

static void tell_gamma(const struct augment_bound *bound, const void *draw,
                       struct augment_told *told)
{
    const struct gamma_draw *drawn = draw;
    (void)bound;
    augment_tell_number(told, "exponent", "", 7, drawn->exponent);
}

static const struct augment_parameter gamma_parameters[] = {
    {
        .name = "exponent",
        AUGMENT_MEMBER(struct gamma_setting, range),
        .least = 0.01,
        .most = 100,
        .example = "0.7..1.5",
        .help = "The exponent; below 1 dark parts become brighter.",
    },
    AUGMENT_CHANCE_PARAMETER,
    {0},
};

const struct augment_kind augment_gamma = {
    .name = "gamma",
    .help = "Raises brightness to a random power: 0 and white stay as they are.",
    .draws = "a double u, for low + u * (high - low) in f64.",
    .computes = "white * (x / white)^exponent, where white is 255 for u8, 65535 for u16 and 1 for "
                "f32; 0 for x of 0 and below; NaN and infinity stay. It is computed in f64, each "
                "operation rounded, with random_pow() of random_math.c, and rounded to f32, or for "
                "integers to the nearest whole number, half to even.",
    .setting_bytes = sizeof(struct gamma_setting),
    .draw_bytes = sizeof(struct gamma_draw),
    .parameters = gamma_parameters,
    .bind = bind_gamma,
    .draw = draw_gamma,
    .apply = apply_gamma,
    .slab_axis = augment_slab_any,
    .scratch_bytes = gamma_scratch,
    .tell = tell_gamma,
};
