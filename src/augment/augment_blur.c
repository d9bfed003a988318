/* The operator gaussian_blur. */
#include <string.h>

#include "augment_sample_kernels.h"
#include "augment_sampling.h"
#include "random_math.h"

enum {
    MOST_SIZE = 1025,
    MOST_RADIUS = MOST_SIZE / 2
};

struct blur_setting {
    uint64_t size;
    struct augment_range sigma;
    int border; /* a value of enum augment_border, minus AUGMENT_BORDER_ZERO */
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

/* The memory of a blur. */
struct blurring {
    size_t radius;
    const void **line;
    void *zeros;  /* a row of zeros */
    void *row;    /* reals: a row between the two sums, with `radius` pixels on both sides */
    void *made;   /* reals: a row of the result */
    void *weight; /* reals */
};

static size_t row_elements(const struct augment_bound *bound)
{
    return bound->grid.width * bound->grid.inner;
}

static size_t blur_bytes(const struct augment_bound *bound)
{
    const struct blur_setting *setting = bound->setting;
    size_t real = augment_real_bytes(bound->before.type), row = row_elements(bound);
    size_t size = (size_t)setting->size, sides = (size - 1) * bound->grid.inner;
    return augment_taken(size * sizeof(void *)) +
           augment_taken(row * shs_type_size(bound->before.type)) +
           augment_taken((row + sides) * real) + augment_taken(row * real) +
           augment_taken(size * real);
}

static void take_memory(const struct augment_bound *bound, char *memory, struct blurring *blurring)
{
    const struct blur_setting *setting = bound->setting;
    size_t real = augment_real_bytes(bound->before.type), row = row_elements(bound);
    size_t size = (size_t)setting->size, sides = (size - 1) * bound->grid.inner;
    size_t bytes = row * shs_type_size(bound->before.type);
    blurring->radius = size / 2;
    blurring->line = augment_take(&memory, size * sizeof(void *));
    blurring->zeros = augment_take(&memory, bytes);
    blurring->row = augment_take(&memory, (row + sides) * real);
    blurring->made = augment_take(&memory, row * real);
    blurring->weight = augment_take(&memory, size * real);
    memset(blurring->zeros, 0, bytes);
}

/* Writes the weights of the distances 0 to the radius. */
static void make_weights(shs_type type, double sigma, const struct blurring *blurring)
{
    size_t radius = blurring->radius;
    double weight[MOST_SIZE];
    for (size_t k = 0; k <= radius; k++) {
        double far = (double)k / sigma;
        weight[radius + k] = weight[radius - k] = random_exp(-0.5 * (far * far));
    }
    augment_weights_of(type, weight, 2 * radius + 1, blurring->weight);
    size_t real = augment_real_bytes(type);
    memmove(blurring->weight, (char *)blurring->weight + radius * real, (radius + 1) * real);
}

/* Continues a row on both sides. `pixel` is the bytes of a pixel of reals. */
static void continue_row(const struct augment_bound *bound, enum augment_border border,
                         const struct blurring *blurring, size_t pixel)
{
    char *row = blurring->row;
    int64_t width = (int64_t)bound->grid.width, radius = (int64_t)blurring->radius;
    for (int64_t side = 0; side < 2 * radius; side++) {
        int64_t place = side < radius ? side : width + side;
        int64_t from = augment_continued(place - radius, width, border);
        if (from < 0)
            memset(row + (size_t)place * pixel, 0, pixel);
        else
            memcpy(row + (size_t)place * pixel, row + (size_t)(from + radius) * pixel, pixel);
    }
}

static void blur_image(const struct augment_bound *bound, enum augment_border border,
                       const struct blurring *blurring, const char *from, char *to)
{
    const struct augment_sample_kernels *kernels = augment_sample_kernels_now();
    shs_type type = bound->before.type;
    size_t inner = bound->grid.inner, radius = blurring->radius, count = row_elements(bound);
    size_t real = augment_real_bytes(type), bytes = count * shs_type_size(type);
    for (size_t y = 0; y < bound->grid.height; y++) {
        for (size_t k = 0; k <= 2 * radius; k++) {
            int64_t at = augment_continued((int64_t)(y + k) - (int64_t)radius,
                                           (int64_t)bound->grid.height, border);
            blurring->line[k] = at < 0 ? blurring->zeros : from + (size_t)at * bytes;
        }
        kernels->type[type].pairs(blurring->line, blurring->weight, radius, count,
                                  (char *)blurring->row + radius * inner * real);
        continue_row(bound, border, blurring, inner * real);
        kernels->real[augment_is_wide(type)].along(blurring->row, blurring->weight, radius, inner,
                                                   count, blurring->made);
        kernels->type[type].round(blurring->made, count, to + y * bytes);
    }
}

static void apply_blur(const struct augment_bound *bound, const void *draw, const void *input,
                       void *output, void *scratch)
{
    const struct blur_setting *setting = bound->setting;
    const struct blur_draw *drawn = draw;
    enum augment_border border = augment_border_of(bound, setting->border);
    size_t bytes = bound->grid.height * row_elements(bound) * shs_type_size(bound->before.type);
    struct blurring blurring;
    take_memory(bound, scratch, &blurring);
    make_weights(bound->before.type, drawn->sigma, &blurring);
    for (size_t o = 0; o < bound->grid.outer; o++)
        blur_image(bound, border, &blurring, (const char *)input + o * bytes,
                   (char *)output + o * bytes);
}

static void tell_blur(const struct augment_bound *bound, const void *draw, struct core_text *text)
{
    const struct blur_draw *drawn = draw;
    (void)bound;
    core_text_add(text, "sigma=");
    core_text_add_double(text, drawn->sigma);
}

static const struct augment_parameter blur_parameters[] = {
    {
        .name = "size",
        AUGMENT_MEMBER(struct blur_setting, size),
        .least = 1,
        .most = MOST_SIZE,
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
        "With r = floor(size / 2) the weight of distance k is w[k] = exp(-0.5 * (q * q)) with q = "
        "k / sigma, for k = -r to r, divided by the sum of all from -r to r, which is taken in "
        "this order; weights are computed in f64 and rounded to the type in which elements are "
        "computed. First along the height: w[0] * x[y] + w[1] * (x[y-1] + x[y+1]) + ... + w[r] * "
        "(x[y-r] + x[y+r]), summed from the left; then along the width in the same way, from these "
        "sums, which are not rounded to the field's type. " AUGMENT_COMPUTED_IN,
    .draws = "sigma from its range.",
    .needs = AUGMENT_NEEDS_IMAGE,
    .setting_bytes = sizeof(struct blur_setting),
    .draw_bytes = sizeof(struct blur_draw),
    .parameters = blur_parameters,
    .bind = bind_blur,
    .draw = draw_blur,
    .apply = apply_blur,
    .scratch_bytes = blur_bytes,
    .tell = tell_blur,
};
