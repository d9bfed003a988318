/* The operators random_erasing, time_mask and channel_drop, which give a part of a sample one
 * value. */
#include <float.h>
#include <string.h>

#include "augment_elements.h"
#include "augment_slab.h"
#include "random_math.h"
#include "random_stream.h"

static void copy_sample(const struct augment_bound *bound, const void *input, void *output)
{
    memcpy(output, input, bound->elements * shs_type_size(bound->before.type));
}

/* ---- random_erasing */

struct erasing_setting {
    struct augment_range area;  /* a part of the image's area */
    struct augment_range ratio; /* height / width */
    struct augment_numbers values;
};

struct erasing_draw {
    size_t top, left, height, width; /* no height: nothing is erased */
};

static shs_status bind_erasing(const struct augment_call *call, void *setting,
                               struct augment_bound *bound)
{
    const struct erasing_setting *erasing = setting;
    shs_status status = SHS_OK;
    for (size_t c = 0; c < erasing->values.count && !status; c++)
        status = augment_check_value(call, bound, erasing->values.number[c]);
    return status;
}

static void draw_erasing(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    enum {
        ATTEMPTS = 10
    };
    const struct erasing_setting *setting = bound->setting;
    struct erasing_draw *drawn = draw;
    const struct augment_range logs = {.low = random_log(setting->ratio.low),
                                       .high = random_log(setting->ratio.high)};
    size_t height = bound->grid.height, width = bound->grid.width;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        double part = augment_draw_range(stream, &setting->area);
        double area = part * (double)height * (double)width;
        double ratio = random_exp(augment_draw_range(stream, &logs));
        double high = grid_round_double(random_sqrt(area * ratio));
        double wide = grid_round_double(random_sqrt(area / ratio));
        if (high >= (double)height || wide >= (double)width) continue;
        drawn->height = (size_t)high;
        drawn->width = (size_t)wide;
        drawn->top = shs_random_below(stream, (uint32_t)(height - drawn->height + 1));
        drawn->left = shs_random_below(stream, (uint32_t)(width - drawn->width + 1));
        return;
    }
}

/* Erases a row of the rectangle, whose first element is element `at`. */
static void erase_row(const struct augment_bound *bound, const struct augment_numbers *values,
                      size_t width, size_t at, char *output)
{
    const struct augment_grid *grid = &bound->grid;
    size_t size = shs_type_size(bound->before.type), inner = grid->inner;
    if (values->count == 1) {
        grid_put_value(bound->before.type, values->number[0], width * inner, 1, output + at * size);
        return;
    }
    for (size_t k = at; k < at + inner; k++)
        grid_put_value(bound->before.type, values->number[augment_channel_of(grid, k)], width,
                       inner, output + k * size);
}

static void apply_erasing(const struct augment_bound *bound, const void *draw, const void *input,
                          void *output, void *scratch)
{
    const struct erasing_setting *setting = bound->setting;
    const struct erasing_draw *drawn = draw;
    const struct augment_grid *grid = &bound->grid;
    (void)scratch;
    copy_sample(bound, input, output);
    for (size_t outer = 0; outer < grid->outer; outer++)
        for (size_t y = drawn->top; y < drawn->top + drawn->height && y < grid->height; y++) {
            size_t at = ((outer * grid->height + y) * grid->width + drawn->left) * grid->inner;
            erase_row(bound, &setting->values, drawn->width, at, output);
        }
}

static void tell_erasing(const struct augment_bound *bound, const void *draw,
                         struct augment_told *told)
{
    const struct erasing_draw *drawn = draw;
    (void)bound;
    augment_tell_whole(told, "top", "elements", (int64_t)drawn->top);
    augment_tell_whole(told, "left", "elements", (int64_t)drawn->left);
    augment_tell_whole(told, "height", "elements", (int64_t)drawn->height);
    augment_tell_whole(told, "width", "elements", (int64_t)drawn->width);
}

/* The parameter `value`, whose value goes to a member of an operator's settings. */
#define VALUE_PARAMETER(type, member)                                                              \
    {                                                                                              \
        .name = "value", AUGMENT_MEMBER(type, member), .least = -(double)FLT_MAX,                  \
        .most = (double)FLT_MAX, .otherwise = "0",                                                 \
        .help = "What the erased elements become; it must be a number of their type."              \
    }

static const struct augment_parameter erasing_parameters[] = {
    {
        .name = "p",
        .form = AUGMENT_CHANCE,
        .least = 0,
        .most = 1,
        .otherwise = "0.5",
        .help = "The probability that a sample is changed. Below 1 a float is drawn first, and "
                "the operator draws and changes the sample where it is below p.",
    },
    {
        .name = "scale",
        AUGMENT_MEMBER(struct erasing_setting, area),
        .least = 0,
        .most = 1,
        .otherwise = "0.02..0.33",
        .help = "The rectangle's area, as a part of the image's.",
    },
    {
        .name = "ratio",
        AUGMENT_MEMBER(struct erasing_setting, ratio),
        .least = 0.001,
        .most = 1000,
        .otherwise = "0.3..3.3",
        .help = "The rectangle's height, divided by its width.",
    },
    VALUE_PARAMETER(struct erasing_setting, values),
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_random_erasing = {
    .name = "random_erasing",
    .help = "Erases a random rectangle of an image, the same of all channels; p is 0.5 unless it "
            "is given.",
    .draws = "a float if p is below 1; then, up to 10 times, a double u that gives a = (low + u * "
             "(high - low)) * H * W with the ends of scale, and a double u that gives r = "
             "exp(log(low) + u * (log(high) - log(low))) with those of ratio, for h = sqrt(a * r) "
             "and w = sqrt(a / r), rounded half to even; where h < H and w < W, below(H - h + 1) "
             "for the top and below(W - w + 1) for the left end it. H and W are the image's height "
             "and width.",
    .computes = "All numbers are computed in f64, each operation rounded, from left to right, with "
                "random_exp() and random_log() of random_math.h. If no rectangle of the 10 fits, "
                "nothing is erased. The value is rounded to the type of a float.",
    .needs = AUGMENT_NEEDS_IMAGE,
    .aspects = AUGMENT_BY_EXTENT,
    .setting_bytes = sizeof(struct erasing_setting),
    .draw_bytes = sizeof(struct erasing_draw),
    .parameters = erasing_parameters,
    .bind = bind_erasing,
    .draw = draw_erasing,
    .apply = apply_erasing,
    .slab_axis = augment_slab_of_images,
    .tell = tell_erasing,
};

/* ---- time_mask */

struct mask_setting {
    struct augment_range part; /* of the axis */
    struct augment_axes axes;  /* none, or one */
    double value;
    int axis; /* of the sample */
};

struct mask_draw {
    double part, place;
};

static shs_status bind_mask(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    struct mask_setting *mask = setting;
    const char *layout = bound->grid.layout, *letter = mask->axes.letter;
    shs_status status = augment_check_value(call, bound, mask->value);
    if (status) return status;
    mask->axis = augment_axis_of(layout, (char)(*letter ? *letter : 't'));
    if (mask->axis < 0 && !*letter) mask->axis = augment_axis_of(layout, 'w');
    if (mask->axis >= 0 && (!*letter || !letter[1])) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: time_mask of field %s along axis '%s' of layout "
                     "%s; give one letter of the layout, as in axis=w",
                     call->at, bound->before.name, *letter ? letter : "t", layout);
}

static void draw_mask(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct mask_setting *setting = bound->setting;
    struct mask_draw *drawn = draw;
    drawn->part = augment_draw_range(stream, &setting->part);
    drawn->place = shs_random_double(stream);
}

/* The masked positions of an axis. */
struct masked {
    size_t first, count;
};

static struct masked masked_of(const struct mask_draw *drawn, size_t length)
{
    struct masked masked = {.count = (size_t)grid_round_double(drawn->part * (double)length)};
    masked.first = (size_t)(drawn->place * (double)(length - masked.count + 1));
    return masked;
}

static void apply_mask(const struct augment_bound *bound, const void *draw, const void *input,
                       void *output, void *scratch)
{
    const struct mask_setting *setting = bound->setting;
    const shs_tensor *sample = &bound->before;
    size_t length = (size_t)sample->shape[setting->axis], outer = 1, inner = 1;
    struct masked masked = masked_of(draw, length);
    (void)scratch;
    copy_sample(bound, input, output);
    for (int axis = 0; axis < (int)sample->axes; axis++) {
        if (axis < setting->axis) outer *= (size_t)sample->shape[axis];
        if (axis > setting->axis) inner *= (size_t)sample->shape[axis];
    }
    for (size_t o = 0; o < outer; o++)
        grid_put_value(sample->type, setting->value, masked.count * inner, 1,
                       (char *)output +
                           (o * length + masked.first) * inner * shs_type_size(sample->type));
}

static int slab_of_mask(const struct augment_bound *bound, uint32_t axis)
{
    const struct mask_setting *setting = bound->setting;
    return (int)axis == setting->axis ? -1 : (int)axis;
}

static void tell_mask(const struct augment_bound *bound, const void *draw,
                      struct augment_told *told)
{
    const struct mask_setting *setting = bound->setting;
    struct masked masked = masked_of(draw, (size_t)bound->before.shape[setting->axis]);
    augment_tell_whole(told, "first", "elements", (int64_t)masked.first);
    augment_tell_whole(told, "count", "elements", (int64_t)masked.count);
}

static const struct augment_parameter mask_parameters[] = {
    {
        .name = "size",
        AUGMENT_MEMBER(struct mask_setting, part),
        .least = 0,
        .most = 1,
        .example = "0.05..0.2",
        .help = "The masked part of the axis: 1 is all of it.",
    },
    {
        .name = "axis",
        AUGMENT_MEMBER(struct mask_setting, axes),
        .otherwise = "",
        .help = "The axis, one letter. Without it, t if the layout has it, else x or w.",
    },
    VALUE_PARAMETER(struct mask_setting, value),
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_time_mask = {
    .name = "time_mask",
    .help = "Masks a random span of a signal's time, or of another axis.",
    .draws = "a double u, which gives s = low + u * (high - low) in f64, and a double v.",
    .computes = "Of an axis of L positions, n = s * L (in f64, rounded half to even) are masked "
                "from position v * (L - n + 1) on (in f64, rounded down). L is the number of real "
                "rows for samples that have rows of their own. The value is rounded to the type of "
                "a float.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .setting_bytes = sizeof(struct mask_setting),
    .draw_bytes = sizeof(struct mask_draw),
    .parameters = mask_parameters,
    .bind = bind_mask,
    .draw = draw_mask,
    .apply = apply_mask,
    .slab_axis = slab_of_mask,
    .tell = tell_mask,
};

/* ---- channel_drop */

struct drop_setting {
    double probability;
    double value;
};

struct drop_draw {
    shs_random stream; /* the place of the channels' floats */
};

static shs_status bind_drop(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    const struct drop_setting *drop = setting;
    return augment_check_value(call, bound, drop->value);
}

static void draw_drop(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    struct drop_draw *drawn = draw;
    drawn->stream = *stream;
    random_skip_words(stream, bound->grid.channels);
}

static bool is_dropped(const struct augment_bound *bound, shs_random *stream)
{
    const struct drop_setting *setting = bound->setting;
    return (double)shs_random_float(stream) < setting->probability;
}

static void apply_drop(const struct augment_bound *bound, const void *draw, const void *input,
                       void *output, void *scratch)
{
    const struct drop_setting *setting = bound->setting;
    const struct drop_draw *drawn = draw;
    const struct augment_grid *grid = &bound->grid;
    size_t size = shs_type_size(bound->before.type), inner = grid->channel_inner;
    shs_random stream = drawn->stream;
    (void)scratch;
    copy_sample(bound, input, output);
    for (size_t c = 0; c < grid->channels; c++) {
        char *channel = (char *)output + c * inner * size;
        if (!is_dropped(bound, &stream)) continue;
        if (inner == 1)
            grid_put_value(bound->before.type, setting->value, grid->channel_outer, grid->channels,
                           channel);
        for (size_t o = 0; o < grid->channel_outer && inner > 1; o++)
            grid_put_value(bound->before.type, setting->value, inner, 1,
                           channel + o * grid->channels * inner * size);
    }
}

static void tell_drop(const struct augment_bound *bound, const void *draw,
                      struct augment_told *told)
{
    const struct drop_draw *drawn = draw;
    shs_random stream = drawn->stream;
    size_t channels = bound->grid.channels, count = 0;
    for (size_t c = 0; c < channels; c++) {
        bool dropped = is_dropped(bound, &stream);
        augment_tell_number_of(told, "dropped", "yes or no, for each channel", channels, c,
                               dropped);
        if (!dropped) continue;
        if (!count++)
            augment_tell_words(told, "dropped=%zu", c);
        else if (told->text)
            core_text_add(told->text, ",%zu", c);
    }
    if (!count) augment_tell_words(told, "dropped=none");
}

static const struct augment_parameter drop_parameters[] = {
    {
        .name = "p",
        AUGMENT_MEMBER(struct drop_setting, probability),
        .least = 0,
        .most = 1,
        .example = "0.1",
        .help = "The probability of each channel that it is dropped.",
    },
    VALUE_PARAMETER(struct drop_setting, value),
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_channel_drop = {
    .name = "channel_drop",
    .help = "Gives each channel, with a probability, one value everywhere.",
    .draws = "a float for each channel in order; the channel is dropped if the float is below p.",
    .computes = "The value is rounded to the type of a float. A layout without c has one channel.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .aspects = AUGMENT_BY_CHANNELS,
    .setting_bytes = sizeof(struct drop_setting),
    .draw_bytes = sizeof(struct drop_draw),
    .parameters = drop_parameters,
    .bind = bind_drop,
    .draw = draw_drop,
    .apply = apply_drop,
    .slab_axis = augment_slab_of_channels,
    .tell = tell_drop,
};
