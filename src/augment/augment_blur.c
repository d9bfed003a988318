/* The operator gaussian_blur. */
#include "augment_sampling.h"
#include "augment_slab.h"
#include "grid_bell.h"

struct blur_setting {
    uint64_t size;
    struct augment_range sigma;
    int border; /* a value of enum grid_beyond */
};

struct blur_draw {
    double sigma;
};

static shs_status bind_blur(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    const struct blur_setting *blur = setting;
    if (blur->size % 2 == 0)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s of field %s: size=%llu is even; give an "
                         "odd number, so that the weights have a middle, as in size=%llu",
                         call->at, call->name, bound->before.name, (ull)blur->size,
                         (ull)blur->size + 1);
    return augment_check_sampled(call, bound, AUGMENT_MOST_EXTENT, true);
}

static void draw_blur(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct blur_setting *setting = bound->setting;
    ((struct blur_draw *)draw)->sigma = augment_draw_range(stream, &setting->sigma);
}

/* ---- Computing. */

static struct grid_bell bell_of(const struct augment_bound *bound)
{
    const struct blur_setting *setting = bound->setting;
    return (struct grid_bell){.type = bound->before.type,
                              .height = bound->grid.height,
                              .width = bound->grid.width,
                              .inner = bound->grid.inner,
                              .radius = (size_t)setting->size / 2,
                              .beyond = augment_border_of(bound, setting->border)};
}

static size_t blur_bytes(const struct augment_bound *bound)
{
    struct grid_bell bell = bell_of(bound);
    return grid_bell_bytes(&bell);
}

static void apply_blur(const struct augment_bound *bound, const void *draw, const void *input,
                       void *output, void *scratch)
{
    const struct blur_draw *drawn = draw;
    struct grid_bell bell = bell_of(bound);
    char *memory = scratch;
    size_t bytes = bell.height * bell.width * bell.inner * shs_type_size(bell.type);
    grid_bell_begin(&bell, drawn->sigma, &memory);
    for (size_t o = 0; o < bound->grid.outer; o++)
        grid_bell_plane(&bell, (const char *)input + o * bytes, (char *)output + o * bytes);
}

static void tell_blur(const struct augment_bound *bound, const void *draw,
                      struct augment_told *told)
{
    const struct blur_draw *drawn = draw;
    (void)bound;
    augment_tell_number(told, "sigma", "elements", AUGMENT_ALL_DIGITS, drawn->sigma);
}

static const struct augment_parameter blur_parameters[] = {
    {
        .name = "size",
        AUGMENT_MEMBER(struct blur_setting, size),
        .least = 1,
        .most = 2 * GRID_MOST_RADIUS + 1,
        .example = "7",
        .help = "The elements along each axis that a result is a mean of, an odd number.",
    },
    {
        .name = "sigma",
        AUGMENT_MEMBER(struct blur_setting, sigma),
        .least = 1e-3,
        .most = 1e6,
        .otherwise = "0.1..2",
        .help = "The deviation of the bell curve, in elements.",
    },
    {
        .name = "border",
        AUGMENT_MEMBER(struct blur_setting, border),
        .words = AUGMENT_BORDER_WORDS,
        .otherwise = "reflect",
        .help = "How the image goes on beyond its edges: by zeros, the element at the edge (a a | "
                "a b c | c c), a mirror in the edge element (c b | a b c | b a), or the other end "
                "of a periodic axis. A field's own border holds in its place.",
    },
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_gaussian_blur = {
    .name = "gaussian_blur",
    .help = "Makes each element the mean of its neighbourhood, by a bell curve.",
    .computes =
        "The weight of distance k is w[k] = exp(-0.5 * (q * q)) with q = k / sigma. r is "
        "floor(size / 2), but ends before the first k whose weight is below 2^-24. Weights are "
        "divided by the sum of all from -r to r, which is taken in this order, in f64, and rounded "
        "to the type in which elements are computed. " AUGMENT_BELL_COMPUTES
        ", which are not rounded to the field's type. " AUGMENT_COMPUTED_IN AUGMENT_MISSING_IN_SUMS,
    .draws = "sigma from its range.",
    .needs = AUGMENT_NEEDS_IMAGE,
    .setting_bytes = sizeof(struct blur_setting),
    .draw_bytes = sizeof(struct blur_draw),
    .parameters = blur_parameters,
    .bind = bind_blur,
    .draw = draw_blur,
    .apply = apply_blur,
    .slab_axis = augment_slab_of_images,
    .scratch_bytes = blur_bytes,
    .tell = tell_blur,
};
