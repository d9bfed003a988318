#include "augment_bell.h"

#include <string.h>

#include "augment_sample_kernels.h"
#include "random_math.h"

static size_t row_elements(const struct augment_bell *bell)
{
    return bell->width * bell->inner;
}

/* Elements of the two sides by which a row is continued. */
static size_t side_elements(const struct augment_bell *bell)
{
    return 2 * bell->radius * bell->inner;
}

size_t augment_bell_bytes(const struct augment_bell *bell)
{
    size_t real = augment_real_bytes(bell->type), row = row_elements(bell);
    size_t size = 2 * bell->radius + 1;
    return augment_taken(size * sizeof(void *)) + augment_taken(row * shs_type_size(bell->type)) +
           augment_taken((row + side_elements(bell)) * real) + augment_taken(row * real) +
           augment_taken(size * real);
}

/* Writes the weights of the distances 0 to the radius. */
static void make_weights(const struct augment_bell *bell, double sigma)
{
    size_t radius = bell->radius, real = augment_real_bytes(bell->type);
    double weight[2 * AUGMENT_MOST_RADIUS + 1];
    for (size_t k = 0; k <= radius; k++) {
        double far = (double)k / sigma;
        weight[radius + k] = weight[radius - k] = random_exp(-0.5 * (far * far));
    }
    augment_weights_of(bell->type, weight, 2 * radius + 1, bell->weight);
    memmove(bell->weight, (char *)bell->weight + radius * real, (radius + 1) * real);
}

void augment_bell_begin(struct augment_bell *bell, double sigma, char **memory)
{
    size_t real = augment_real_bytes(bell->type), row = row_elements(bell);
    size_t size = 2 * bell->radius + 1, bytes = row * shs_type_size(bell->type);
    bell->line = augment_take(memory, size * sizeof(void *));
    bell->zeros = augment_take(memory, bytes);
    bell->row = augment_take(memory, (row + side_elements(bell)) * real);
    bell->made = augment_take(memory, row * real);
    bell->weight = augment_take(memory, size * real);
    memset(bell->zeros, 0, bytes);
    make_weights(bell, sigma);
}

/* Continues a row on both sides. `pixel` is the bytes of a pixel of reals. */
static void continue_row(const struct augment_bell *bell, size_t pixel)
{
    char *row = bell->row;
    int64_t width = (int64_t)bell->width, radius = (int64_t)bell->radius;
    for (int64_t side = 0; side < 2 * radius; side++) {
        int64_t place = side < radius ? side : width + side;
        int64_t from = augment_continued(place - radius, width, bell->border);
        if (from < 0)
            memset(row + (size_t)place * pixel, 0, pixel);
        else
            memcpy(row + (size_t)place * pixel, row + (size_t)(from + radius) * pixel, pixel);
    }
}

void augment_bell_plane(const struct augment_bell *bell, const void *from, void *to)
{
    const struct augment_sample_kernels *kernels = augment_sample_kernels_now();
    const struct augment_sample_type *loops = &kernels->type[bell->type];
    size_t radius = bell->radius, count = row_elements(bell), inner = bell->inner;
    size_t real = augment_real_bytes(bell->type), bytes = count * shs_type_size(bell->type);
    bool wide = augment_is_wide(bell->type);
    for (size_t y = 0; y < bell->height; y++) {
        for (size_t k = 0; k <= 2 * radius; k++) {
            int64_t at = augment_continued((int64_t)(y + k) - (int64_t)radius,
                                           (int64_t)bell->height, bell->border);
            bell->line[k] = at < 0 ? bell->zeros : (const char *)from + (size_t)at * bytes;
        }
        loops->pairs(bell->line, bell->weight, radius, count,
                     (char *)bell->row + radius * inner * real);
        continue_row(bell, inner * real);
        kernels->real[wide].along(bell->row, bell->weight, radius, inner, count, bell->made);
        loops->round(bell->made, count, (char *)to + y * bytes);
    }
}
