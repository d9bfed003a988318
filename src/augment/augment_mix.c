/* The operators mixup and cutmix, which mix the samples of a batch. */
#include "augment_mix.h"

#include <string.h>

#include "augment_axes.h"
#include "augment_kind.h"
#include "core_cpu.h"
#include "random_math.h"

struct mix_setting {
    double alpha;
};

/* Rows that only one of two samples has cannot be mixed. */
static shs_status refuse_ragged(const struct augment_call *call, const struct augment_bound *bound)
{
    if (!bound->ragged) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s of field %s, whose samples have numbers of "
                     "rows of their own (offsets): samples of different lengths cannot be mixed; "
                     "use a field without offsets",
                     call->at, call->name, bound->before.name);
}

static void draw_partner(const struct augment_bound *bound, shs_random *stream, uint32_t count,
                         struct augment_mix_draw *draw)
{
    const struct mix_setting *setting = bound->setting;
    draw->mixed = true;
    draw->partner = shs_random_below(stream, count);
    draw->lambda = shs_random_beta(stream, setting->alpha, setting->alpha);
    draw->share = 1 - draw->lambda;
}

#define MIX_DRAWS                                                                                  \
    "Rows of weight 0 draw nothing for it. The others draw below(count) for the "                  \
    "partner's slot, where count is the batch's number of rows of weight 1, then "                 \
    "lambda by beta(alpha, alpha)"

#define ALPHA_PARAMETER                                                                            \
    {                                                                                              \
        .name = "alpha", AUGMENT_MEMBER(struct mix_setting, alpha), .least = 0.001, .most = 1000,  \
        .example = "0.2",                                                                          \
        .help = "Both parameters of the beta distribution of lambda: 1 draws lambda evenly, less " \
                "mostly near 0 and 1."                                                             \
    }

/* ---- mixup */

static shs_status bind_mixup(const struct augment_call *call, void *setting,
                             struct augment_bound *bound)
{
    (void)setting;
    shs_type type = bound->before.type;
    if (type == SHS_F32 || type == SHS_F64) return refuse_ragged(call, bound);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: mixup of field %s, which is %s; it takes f32 "
                     "and f64: cast first, as in cast(type=f32) mixup(alpha=0.2)",
                     call->at, bound->before.name, shs_type_name(type));
}

static void draw_mixup_alone(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    draw_partner(bound, stream, 1, draw);
}

/* The same loop for several instruction sets. Each operation is rounded, so all give the same
 * bytes. */
#define MIX_LOOP(ELEMENT, ATTRIBUTE, NAME, SAME_NAN)                                               \
    ATTRIBUTE static void NAME(size_t count, const ELEMENT *restrict input, ELEMENT own,           \
                               const ELEMENT *restrict partner, ELEMENT share,                     \
                               ELEMENT output[restrict])                                           \
    {                                                                                              \
        for (size_t i = 0; i < count; i++)                                                         \
            output[i] = SAME_NAN(input[i] * own + partner[i] * share);                             \
    }

MIX_LOOP(float, , mix_floats_plain, random_same_nan_float)
MIX_LOOP(double, , mix_doubles_plain, random_same_nan_double)

#if defined(__x86_64__)
MIX_LOOP(float, __attribute__((target("avx2"))), mix_floats_avx2, random_same_nan_float)
MIX_LOOP(double, __attribute__((target("avx2"))), mix_doubles_avx2, random_same_nan_double)

#define MIX_BEST(NAME) (core_cpu_has_avx2() ? NAME##_avx2 : NAME##_plain)
#else
#define MIX_BEST(NAME) NAME##_plain
#endif

static void mix_up(const struct augment_bound *bound, const struct augment_mix_draw *draw,
                   const void *input, const void *partner, void *output)
{
    if (bound->before.type == SHS_F32) MIX_BEST(mix_floats)
    (bound->elements, input, (float)draw->lambda, partner, (float)draw->share, output);
    else MIX_BEST(mix_doubles)(bound->elements, input, draw->lambda, partner, draw->share, output);
}

static void apply_mixup(const struct augment_bound *bound, const void *draw, const void *input,
                        void *output, void *scratch)
{
    (void)scratch;
    mix_up(bound, draw, input, input, output);
}

static void tell_mixup(const struct augment_bound *bound, const void *draw,
                       struct augment_told *told)
{
    const struct augment_mix_draw *drawn = draw;
    (void)bound;
    augment_tell_whole(told, "partner", "slot", (int64_t)drawn->partner);
    augment_tell_number(told, "lambda", "", 6, drawn->lambda);
}

static const struct augment_parameter mixup_parameters[] = {
    ALPHA_PARAMETER,
    AUGMENT_CHANCE_PARAMETER,
    {0},
};

const struct augment_kind augment_mixup = {
    .name = "mixup",
    .help = "Mixes each sample of a batch with another sample of it, its partner: the result is "
            "sample * lambda + partner * (1 - lambda), for f32 and f64. The loader's batch has "
            "partner[slot] and partner_weight[slot] = 1 - lambda for the loss.",
    .draws = MIX_DRAWS ".",
    .computes =
        "All operators before it in the text are applied to the whole batch first, and the partner "
        "is mixed as it was before mixing. For f32, lambda and 1 - lambda are computed in f64 and "
        "rounded to f32, and both products and the sum are rounded to f32; for f64 all of it is "
        "f64. " AUGMENT_SAME_NAN
        " An element that is NaN in the sample or in its partner is NaN in the result, whatever "
        "lambda is. A sample may be its own partner, and is computed like any other. Rows of "
        "weight 0 "
        "are neither mixed nor partners. A text has one mixup or cutmix at most. It cannot be used "
        "with augment_by sample, nor on ragged fields.",
    .scope = AUGMENT_OF_BATCH,
    .needs = AUGMENT_NEEDS_NOTHING,
    .setting_bytes = sizeof(struct mix_setting),
    .draw_bytes = sizeof(struct augment_mix_draw),
    .parameters = mixup_parameters,
    .bind = bind_mixup,
    .draw = draw_mixup_alone,
    .apply = apply_mixup,
    .draw_mix = draw_partner,
    .mix = mix_up,
    .tell = tell_mixup,
};

/* ---- cutmix */

/* A signal is seen as an image of one row, whose width is the axis of the signal. */
static void see_signal(struct augment_bound *bound, int axis)
{
    struct augment_grid *grid = &bound->grid;
    grid->outer = grid->height = grid->inner = 1;
    grid->width = (size_t)bound->before.shape[axis];
    for (int other = 0; other < (int)bound->before.axes; other++) {
        if (other < axis) grid->outer *= (size_t)bound->before.shape[other];
        if (other > axis) grid->inner *= (size_t)bound->before.shape[other];
    }
}

static shs_status bind_cutmix(const struct augment_call *call, void *setting,
                              struct augment_bound *bound)
{
    struct augment_grid *grid = &bound->grid;
    int axis = augment_axis_of(grid->layout, 't');
    (void)setting;
    if (axis < 0) axis = augment_axis_of(grid->layout, 'w');
    if (!grid->is_image && (grid->has_height || axis < 0))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: cutmix of field %s in layout %s: it takes "
                         "images, with an axis y or h and the axis x or w right behind it, and "
                         "signals, with an axis t, x or w and without y and h",
                         call->at, bound->before.name, grid->layout);
    if (!grid->is_image) see_signal(bound, axis);
    if (grid->height && grid->width && grid->height <= UINT32_MAX / 2 &&
        grid->width <= UINT32_MAX / 2)
        return refuse_ragged(call, bound);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: cutmix of field %s, whose samples are %zu x %zu "
                     "(%s); it takes 1 to 2^31 - 1 of each",
                     call->at, bound->before.name, grid->height, grid->width,
                     grid->is_image ? "height x width" : "1 x the length of the signal");
}

/* Finds the part [*begin, *end) of an axis that lies within `half` of the centre. */
static void find_side(uint32_t centre, uint32_t half, uint32_t size, uint32_t *begin, uint32_t *end)
{
    *begin = centre > half ? centre - half : 0;
    *end = size - centre < half ? size : centre + half;
}

static void draw_cutmix(const struct augment_bound *bound, shs_random *stream, uint32_t count,
                        struct augment_mix_draw *draw)
{
    uint32_t height = (uint32_t)bound->grid.height, width = (uint32_t)bound->grid.width;
    draw_partner(bound, stream, count, draw);
    double half = 0.5 * (bound->grid.is_image ? random_sqrt(draw->share) : draw->share);
    draw->bottom = 1;
    if (bound->grid.is_image) {
        uint32_t y = shs_random_below(stream, height);
        find_side(y, (uint32_t)(half * height), height, &draw->top, &draw->bottom);
    }
    uint32_t x = shs_random_below(stream, width);
    find_side(x, (uint32_t)(half * width), width, &draw->left, &draw->right);
    double area = (double)(draw->bottom - draw->top) * (double)(draw->right - draw->left);
    draw->share = area / ((double)height * (double)width);
}

static void draw_cutmix_alone(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    draw_cutmix(bound, stream, 1, draw);
}

static void cut_mix(const struct augment_bound *bound, const struct augment_mix_draw *draw,
                    const void *input, const void *partner, void *output)
{
    const struct augment_grid *grid = &bound->grid;
    size_t pixel = grid->inner * shs_type_size(bound->before.type), line = grid->width * pixel;
    size_t begin = draw->left * pixel, bytes = (draw->right - draw->left) * pixel;
    memcpy(output, input, bound->elements * shs_type_size(bound->before.type));
    for (size_t outer = 0; outer < grid->outer; outer++)
        for (size_t y = draw->top; y < draw->bottom && bytes; y++) {
            size_t at = (outer * grid->height + y) * line + begin;
            memcpy((char *)output + at, (const char *)partner + at, bytes);
        }
}

static void apply_cutmix(const struct augment_bound *bound, const void *draw, const void *input,
                         void *output, void *scratch)
{
    (void)scratch;
    cut_mix(bound, draw, input, input, output);
}

static void tell_side(struct augment_told *told, const char *name, uint32_t begin, uint32_t end)
{
    augment_tell_words(told, "%s=%u..%u", name, begin, end);
    augment_tell_number_of(told, name, "elements: the first, and the first behind", 2, 0, begin);
    augment_tell_number_of(told, name, "elements: the first, and the first behind", 2, 1, end);
}

static void tell_cutmix(const struct augment_bound *bound, const void *draw,
                        struct augment_told *told)
{
    const struct augment_mix_draw *drawn = draw;
    tell_mixup(bound, draw, told);
    if (bound->grid.is_image) tell_side(told, "rows", drawn->top, drawn->bottom);
    tell_side(told, bound->grid.is_image ? "columns" : "segment", drawn->left, drawn->right);
    augment_tell_number(told, "share", "", 6, drawn->share);
}

static const struct augment_parameter cutmix_parameters[] = {
    ALPHA_PARAMETER,
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_cutmix = {
    .name = "cutmix",
    .help = "Puts a box of another sample of the batch, the partner, into each image, or a segment "
            "of it into each signal, for any type. The loader's batch has partner[slot] and "
            "partner_weight[slot], the box's share of the image or the segment's share of the "
            "signal, for the loss.",
    .draws = MIX_DRAWS ". Images then draw y by below(height) and x by below(width) for the centre "
                       "of the box, and signals t by below(length) for the centre of the segment.",
    .computes =
        "All operators before it in the text are applied to the whole batch first, and the box or "
        "the segment is taken from the partner as it was before mixing. With r = 0.5 * sqrt(1 - "
        "lambda) in f64, hh = floor(r * height) and hw = floor(r * width), the box has the rows "
        "from y - hh to before y + hh and the columns from x - hw to before x + hw that lie in the "
        "image. The partner's share is the box's rows * columns / (height * width), divided in "
        "f64. A layout without y and h is that of a signal, along t or, without t, along x or w. "
        "With h = floor(0.5 * (1 - lambda) * length), in f64 from left to right, the segment has "
        "the elements from t - h to before t + h that lie in the signal, of all other axes, and "
        "the share is its number of elements / length. Where the whole box or segment lies "
        "inside, the share is 1 - lambda but for the rounding to elements. A sample "
        "may be its own partner. Rows of weight 0 are neither mixed nor partners. A text has one "
        "mixup or cutmix at most. It cannot be used with augment_by sample, nor on ragged fields.",
    .scope = AUGMENT_OF_BATCH,
    .needs = AUGMENT_NEEDS_LAYOUT,
    .aspects = AUGMENT_BY_HEIGHT | AUGMENT_BY_EXTENT,
    .setting_bytes = sizeof(struct mix_setting),
    .draw_bytes = sizeof(struct augment_mix_draw),
    .parameters = cutmix_parameters,
    .bind = bind_cutmix,
    .draw = draw_cutmix_alone,
    .apply = apply_cutmix,
    .draw_mix = draw_cutmix,
    .mix = cut_mix,
    .tell = tell_cutmix,
};
