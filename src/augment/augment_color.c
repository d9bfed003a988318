/* The operators brightness, contrast, saturation, hue, color_jitter and grayscale. */
#include <float.h>
#include <string.h>

#include "augment_elements.h"
#include "augment_slab.h"
#include "grid_pixels.h"

/* ---- Samples of pixels. */

/* Returns SHS_OK for u8, u16 and f32 with 3 channels, or with 1 channel unless `colours`; else
 * SHS_ERROR_ARGUMENT with a message. */
static shs_status take_pixels(const struct augment_call *call, const struct augment_bound *bound,
                              bool colours)
{
    struct core_text shape = {0};
    size_t channels = bound->grid.channels;
    shs_status status = augment_take_types(call, bound, AUGMENT_IMAGE_TYPES);
    if (!status && bound->ragged && bound->grid.layout[0] == 'c')
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s of field %s, whose samples have fewer "
                         "rows of their own (offsets) along c in layout %s; it needs all channels",
                         call->at, call->name, bound->before.name, bound->grid.layout);
    if (status || channels == GRID_COLOURS || (channels == 1 && !colours)) return status;
    core_text_add_shape(&shape, &bound->before);
    core_fail(
        SHS_ERROR_ARGUMENT,
        "augmentation, character %zu: %s of field %s, whose samples are %s in layout %s, with "
        "%zu channel%s; it takes %s",
        call->at, call->name, bound->before.name, shape.bytes ? shape.bytes : "",
        bound->grid.layout, channels, channels == 1 ? "" : "s",
        colours ? "3 (red, green, blue)" : "3 (red, green, blue) or 1");
    core_text_free(&shape);
    return SHS_ERROR_ARGUMENT;
}

static void change_pixels(const struct augment_bound *bound, const struct grid_step *steps,
                          size_t count, bool single, const void *input, void *output)
{
    const struct augment_grid *grid = &bound->grid;
    const struct grid_pixels pixels = {bound->before.type, grid->channel_outer, grid->channels,
                                       grid->channel_inner};
    grid_change_pixels(&pixels, steps, count, single, input, output);
}

#define IMAGE_ROUNDING                                                                             \
    "Elements are converted to f32, and each operation is rounded in f32. Results of u8 and u16 "  \
    "are clamped to the type's range and rounded to the nearest whole number, half to even; "      \
    "results of f32 are not clamped (clip(min=0, max=1) behind it does that). " AUGMENT_SAME_NAN   \
    " "

#define GRAY_FORMULA                                                                               \
    "The gray of a pixel is (0.2989 * r + 0.587 * g) + 0.114 * b, or its only channel. "

#define CONTRAST_FORMULA                                                                           \
    "Contrast: x * f + (1 - f) * m, where m is the mean gray of the sample, computed in f64 and "  \
    "rounded to f32: for u8 and u16 ((0.2989 * R + 0.587 * G) + 0.114 * B) / pixels from the "     \
    "sums of the channels, or the only channel's sum / pixels; for f32 the sum of the pixels' "    \
    "grays / their number, where those that are not finite are left out, the gray of pixel k (in " \
    "the order of memory, channels aside) is added to sum k mod 8, and the sums make "             \
    "((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)). No pixels make 0. "

#define HUE_FORMULA                                                                                \
    "Hue: with high = the largest of r, g, b, low = the least, c = high - low, d = c or 1 if c = " \
    "0, and s = 6 * turns, or 6 * turns + 6 if turns is below 0 (in f64, then rounded to f32), "   \
    "h is (g - b) / d + s if r = high, else (b - r) / d + (s + 2) if g = high, else (r - g) / d "  \
    "+ (s + 4); 6 is subtracted from h of 5 and above. The result is low + c * t, with t = "       \
    "|h - 3| - 1 for r, 2 - |h - 2| for g, |h - 1| - 1 for b, clamped to 0..1. A pixel of f32 "    \
    "with a channel or a c that is not finite becomes NaN. "

#define FACTOR_DRAWS "a double u, for low + u * (high - low) in f64."

/* ---- Operators with a single factor. */

struct color_setting {
    struct augment_range range;
};

struct color_draw {
    double number; /* of the range */
};

static void draw_color(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct color_setting *setting = bound->setting;
    struct color_draw *drawn = draw;
    drawn->number = augment_draw_range(stream, &setting->range);
}

static void tell_factor(const struct augment_bound *bound, const void *draw,
                        struct augment_told *told)
{
    const struct color_draw *drawn = draw;
    (void)bound;
    augment_tell_number(told, "factor", "", 7, drawn->number);
}

static void tell_turns(const struct augment_bound *bound, const void *draw,
                       struct augment_told *told)
{
    const struct color_draw *drawn = draw;
    (void)bound;
    augment_tell_number(told, "turns", "turns", 7, drawn->number);
}

static struct grid_step step_of(enum grid_step_form form, double number)
{
    double factor = form == GRID_HUE ? 6 * number + (number < 0 ? 6 : 0) : number;
    return (struct grid_step){.form = form, .factor = (float)factor};
}

static shs_status bind_gray(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    (void)setting;
    return take_pixels(call, bound, false);
}

static shs_status bind_coloured(const struct augment_call *call, void *setting,
                                struct augment_bound *bound)
{
    (void)setting;
    return take_pixels(call, bound, true);
}

#define FACTOR_PARAMETER                                                                           \
    {                                                                                              \
        .name = "factor", AUGMENT_MEMBER(struct color_setting, range), .least = 0, .most = 1e6,    \
        .example = "0.6..1.4", .help = "The factor; 1 changes nothing."                            \
    }

/* ---- brightness */

static shs_status bind_brightness(const struct augment_call *call, void *setting,
                                  struct augment_bound *bound)
{
    (void)setting;
    return augment_take_types(call, bound, AUGMENT_IMAGE_TYPES);
}

static void run_brightness(const struct augment_bound *bound, const void *draw, size_t at,
                           size_t count, const void *input, void *output)
{
    const struct color_draw *drawn = draw;
    const struct grid_step step = step_of(GRID_BRIGHTNESS, drawn->number);
    (void)at;
    grid_brighten(bound->before.type, &step, count, input, output);
}

static const struct augment_parameter brightness_parameters[] = {
    FACTOR_PARAMETER, AUGMENT_CHANCE_PARAMETER, {0}};

const struct augment_kind augment_brightness = {
    .name = "brightness",
    .help = "Multiplies an image by a random factor.",
    .draws = FACTOR_DRAWS,
    .computes = "x * f, where f is the factor rounded to f32. " IMAGE_ROUNDING,
    .setting_bytes = sizeof(struct color_setting),
    .draw_bytes = sizeof(struct color_draw),
    .parameters = brightness_parameters,
    .bind = bind_brightness,
    .draw = draw_color,
    .run = run_brightness,
    .tell = tell_factor,
};

/* ---- contrast, saturation, hue */

#define APPLY_STEP(name, form)                                                                     \
    static void name(const struct augment_bound *bound, const void *draw, const void *input,       \
                     void *output, void *scratch)                                                  \
    {                                                                                              \
        const struct color_draw *drawn = draw;                                                     \
        const struct grid_step step = step_of(form, drawn->number);                                \
        (void)scratch;                                                                             \
        change_pixels(bound, &step, 1, false, input, output);                                      \
    }

APPLY_STEP(apply_contrast, GRID_CONTRAST)
APPLY_STEP(apply_saturation, GRID_SATURATION)
APPLY_STEP(apply_hue, GRID_HUE)

static const struct augment_parameter factor_parameters[] = {
    FACTOR_PARAMETER, AUGMENT_CHANCE_PARAMETER, AUGMENT_LAYOUT_PARAMETER, {0}};

const struct augment_kind augment_contrast = {
    .name = "contrast",
    .help = "Mixes an image with its mean gray: 0 gives a gray area, above 1 the contrast rises.",
    .draws = FACTOR_DRAWS,
    .computes = CONTRAST_FORMULA "f is the factor rounded to f32. " GRAY_FORMULA IMAGE_ROUNDING,
    .needs = AUGMENT_NEEDS_LAYOUT,
    .setting_bytes = sizeof(struct color_setting),
    .draw_bytes = sizeof(struct color_draw),
    .parameters = factor_parameters,
    .bind = bind_gray,
    .draw = draw_color,
    .apply = apply_contrast,
    .tell = tell_factor,
};

const struct augment_kind augment_saturation = {
    .name = "saturation",
    .help = "Mixes each pixel with its gray: 0 gives a gray image, above 1 colours grow stronger.",
    .draws = FACTOR_DRAWS,
    .computes = "x * f + (1 - f) * gray, where f is the factor rounded to f32. " GRAY_FORMULA
        IMAGE_ROUNDING,
    .needs = AUGMENT_NEEDS_LAYOUT,
    .setting_bytes = sizeof(struct color_setting),
    .draw_bytes = sizeof(struct color_draw),
    .parameters = factor_parameters,
    .bind = bind_coloured,
    .draw = draw_color,
    .apply = apply_saturation,
    .slab_axis = augment_slab_of_channels,
    .tell = tell_factor,
};

static const struct augment_parameter hue_parameters[] = {
    {
        .name = "turns",
        AUGMENT_MEMBER(struct color_setting, range),
        .least = -0.5,
        .most = 0.5,
        .example = "-0.1..0.1",
        .help = "How far hues turn, in turns of the colour circle; 0 changes nothing.",
    },
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_hue = {
    .name = "hue",
    .help = "Turns the hue of each pixel; its largest and least channel keep their values.",
    .draws = FACTOR_DRAWS,
    .computes = HUE_FORMULA IMAGE_ROUNDING,
    .needs = AUGMENT_NEEDS_LAYOUT,
    .setting_bytes = sizeof(struct color_setting),
    .draw_bytes = sizeof(struct color_draw),
    .parameters = hue_parameters,
    .bind = bind_coloured,
    .draw = draw_color,
    .apply = apply_hue,
    .slab_axis = augment_slab_of_channels,
    .tell = tell_turns,
};

/* ---- color_jitter */

struct jitter_setting {
    struct augment_range ranges[GRID_MOST_STEPS]; /* in the order of jitter_forms */
};

struct jitter_draw {
    uint32_t order[GRID_MOST_STEPS]; /* of steps, by their places in jitter_forms */
    double number[GRID_MOST_STEPS];
};

static const enum grid_step_form jitter_forms[GRID_MOST_STEPS] = {GRID_BRIGHTNESS, GRID_CONTRAST,
                                                                  GRID_SATURATION, GRID_HUE};
static const char *const jitter_names[GRID_MOST_STEPS] = {"brightness", "contrast", "saturation",
                                                          "hue"};

enum {
    FIRST_COLOURED = 2 /* saturation and hue need colours */
};

static shs_status bind_jitter(const struct augment_call *call, void *setting,
                              struct augment_bound *bound)
{
    const struct jitter_setting *jitter = setting;
    bool given = false, coloured = false;
    for (size_t i = 0; i < GRID_MOST_STEPS; i++) {
        given = given || augment_range_given(&jitter->ranges[i]);
        coloured = coloured || (i >= FIRST_COLOURED && augment_range_given(&jitter->ranges[i]));
    }
    if (!given)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: color_jitter of field %s changes nothing; "
                         "give it ranges, as in color_jitter(brightness=0.6..1.4, "
                         "contrast=0.6..1.4, saturation=0.6..1.4, hue=-0.1..0.1)",
                         call->at, bound->before.name);
    return take_pixels(call, bound, coloured);
}

static void draw_jitter(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct jitter_setting *setting = bound->setting;
    struct jitter_draw *drawn = draw;
    for (uint32_t i = 0; i < GRID_MOST_STEPS; i++)
        drawn->order[i] = i;
    for (uint32_t i = GRID_MOST_STEPS - 1; i > 0; i--) {
        uint32_t j = shs_random_below(stream, i + 1), swap = drawn->order[i];
        drawn->order[i] = drawn->order[j];
        drawn->order[j] = swap;
    }
    for (size_t i = 0; i < GRID_MOST_STEPS; i++)
        if (augment_range_given(&setting->ranges[i]))
            drawn->number[i] = augment_draw_range(stream, &setting->ranges[i]);
}

static void apply_jitter(const struct augment_bound *bound, const void *draw, const void *input,
                         void *output, void *scratch)
{
    const struct jitter_setting *setting = bound->setting;
    const struct jitter_draw *drawn = draw;
    struct grid_step steps[GRID_MOST_STEPS];
    size_t count = 0;
    (void)scratch;
    for (size_t i = 0; i < GRID_MOST_STEPS; i++) {
        uint32_t which = drawn->order[i];
        if (augment_range_given(&setting->ranges[which]))
            steps[count++] = step_of(jitter_forms[which], drawn->number[which]);
    }
    change_pixels(bound, steps, count, false, input, output);
}

/* Tells the steps in the order in which they are taken. */
static void tell_jitter(const struct augment_bound *bound, const void *draw,
                        struct augment_told *told)
{
    const struct jitter_setting *setting = bound->setting;
    const struct jitter_draw *drawn = draw;
    for (size_t i = 0; i < GRID_MOST_STEPS; i++) {
        uint32_t which = drawn->order[i];
        const char *unit = jitter_forms[which] == GRID_HUE ? "turns" : "";
        augment_tell_number_of(told, "order",
                               "steps: 0 brightness, 1 contrast, 2 saturation, 3 hue",
                               GRID_MOST_STEPS, i, which);
        if (augment_range_given(&setting->ranges[which]))
            augment_tell_number(told, jitter_names[which], unit, 7, drawn->number[which]);
    }
}

#define JITTER_PARAMETER(of, at, lowest, highest, some, what)                                      \
    {                                                                                              \
        .name = (of), AUGMENT_MEMBER(struct jitter_setting, ranges[at]), .least = (lowest),        \
        .most = (highest), .otherwise = "", .example = (some),                                     \
        .help = what " Without it, this step is left out."                                         \
    }

static const struct augment_parameter jitter_parameters[] = {
    JITTER_PARAMETER("brightness", 0, 0, 1e6, "0.6..1.4", "The factor of brightness."),
    JITTER_PARAMETER("contrast", 1, 0, 1e6, "0.6..1.4", "The factor of contrast."),
    JITTER_PARAMETER("saturation", 2, 0, 1e6, NULL, "The factor of saturation."),
    JITTER_PARAMETER("hue", 3, -0.5, 0.5, NULL, "The turn of hue, in turns of the colour circle."),
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_color_jitter = {
    .name = "color_jitter",
    .help = "Changes brightness, contrast, saturation and hue of an image, in random order.",
    .draws = "the order: a list of brightness, contrast, saturation and hue, of which the items at "
             "i and below(i + 1) change places for i = 3, 2, 1, counted from 0; then in that first "
             "order of the list, for those that have a range, a double u for low + u * (high - "
             "low) in f64.",
    .computes = "The result of the operators of these names, one after the other, each rounded to "
                "the elements' type: see contrast, saturation and hue.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .setting_bytes = sizeof(struct jitter_setting),
    .draw_bytes = sizeof(struct jitter_draw),
    .parameters = jitter_parameters,
    .bind = bind_jitter,
    .draw = draw_jitter,
    .apply = apply_jitter,
    .tell = tell_jitter,
};

/* ---- grayscale */

struct gray_setting {
    uint64_t channels;
};

static shs_status bind_grayscale(const struct augment_call *call, void *setting,
                                 struct augment_bound *bound)
{
    const struct gray_setting *gray = setting;
    int axis = augment_axis_of(bound->grid.layout, 'c');
    shs_status status = take_pixels(call, bound, true);
    if (status) return status;
    if (gray->channels == 2)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: grayscale of field %s to 2 channels; give "
                         "channels=1 or channels=3",
                         call->at, bound->before.name);
    bound->after.shape[axis] = gray->channels;
    return SHS_OK;
}

static void apply_grayscale(const struct augment_bound *bound, const void *draw, const void *input,
                            void *output, void *scratch)
{
    const struct gray_setting *setting = bound->setting;
    const struct grid_step step = {.form = GRID_GRAY};
    (void)draw;
    (void)scratch;
    change_pixels(bound, &step, 1, setting->channels == 1, input, output);
}

static const struct augment_parameter gray_parameters[] = {
    {
        .name = "channels",
        AUGMENT_MEMBER(struct gray_setting, channels),
        .least = 1,
        .most = 3,
        .otherwise = "1",
        .help = "The channels of the result: 1, or 3 that are alike.",
    },
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_grayscale = {
    .name = "grayscale",
    .help = "Makes an image gray: grayscale(channels=3, p=0.1) is random_grayscale.",
    .computes = GRAY_FORMULA IMAGE_ROUNDING,
    .needs = AUGMENT_NEEDS_LAYOUT,
    .setting_bytes = sizeof(struct gray_setting),
    .parameters = gray_parameters,
    .bind = bind_grayscale,
    .apply = apply_grayscale,
    .slab_axis = augment_slab_of_channels,
};
