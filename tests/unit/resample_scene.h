/* Resizing and blurring by slow functions of coordinates, written from the operators' help alone.
 */
#ifndef RESAMPLE_SCENE_H
#define RESAMPLE_SCENE_H

#include "random_math.h"
#include "sampled_scene.h"

/* ---- resizing */

/* A part of each image, and what it is resized to. */
struct resized {
    char how; /* n, b or a */
    size_t top, left, height, width, to_height, to_width;
};

/* Computes the weights of position i; returns 1 + the last element that has a weight above 0. */
static inline size_t slow_weights(const struct resized *resized, shs_type type, size_t i, size_t n,
                                  size_t to, double *weight)
{
    double s = (double)n / (double)to, r = 1 / (s > 1 ? s : 1), c = ((double)i + 0.5) * s, sum = 0;
    size_t end = 0;
    for (size_t k = 0; k < n; k++) {
        double d = fabs(((double)k + 0.5) - c) * r;
        size_t from = k * to > i * n ? k * to : i * n;
        size_t until = (k + 1) * to < (i + 1) * n ? (k + 1) * to : (i + 1) * n;
        weight[k] = resized->how == 'b' ? (d < 1 ? 1 - d : 0)
                    : until > from      ? (double)(until - from)
                                        : 0;
        sum += weight[k];
        if (weight[k] > 0) end = k + 1;
    }
    for (size_t k = 0; k < end; k++)
        weight[k] = real_of(type, weight[k] / sum);
    return end;
}

/* Adds weight * x to a sum that may have begun. */
static inline double add_to(shs_type type, bool begun, double sum, double weight, double x)
{
    double product = real_of(type, weight * x);
    return begun ? real_of(type, sum + product) : product;
}

static inline double slow_resize(const struct images *images, const void *about, size_t o, size_t y,
                                 size_t x, size_t e)
{
    const struct resized *part = about;
    shs_type type = images->tensor.type;
    double across[512], down[512], sum = 0;
    if (part->how == 'n')
        return element_of(images, o, part->top + (2 * y + 1) * part->height / (2 * part->to_height),
                          part->left + (2 * x + 1) * part->width / (2 * part->to_width), e);
    size_t columns = slow_weights(part, type, x, part->width, part->to_width, across);
    size_t rows = slow_weights(part, type, y, part->height, part->to_height, down);
    bool begun = false;
    for (size_t k = 0; k < columns; k++) {
        double column = 0;
        bool column_begun = false;
        if (!(across[k] > 0)) continue;
        for (size_t j = 0; j < rows; j++) {
            if (!(down[j] > 0)) continue;
            column = add_to(type, column_begun, column, down[j],
                            element_of(images, o, part->top + j, part->left + k, e));
            column_begun = true;
        }
        sum = add_to(type, begun, sum, across[k], column);
        begun = true;
    }
    return sum;
}

/* ---- blur */

struct blurred {
    size_t size;
    double sigma;
    char border; /* z, e, r or w */
};

/* The last distance whose weight is not too small to count. */
static inline int64_t slow_radius(const struct blurred *blurred)
{
    int64_t r = (int64_t)blurred->size / 2;
    while (r > 0) {
        double q = (double)r / blurred->sigma;
        if (random_exp(-0.5 * (q * q)) >= 1 / 16777216.0) break;
        r--;
    }
    return r;
}

static inline double slow_column(const struct images *images, const struct blurred *blurred,
                                 const double *weight, size_t o, size_t y, int64_t x, size_t e)
{
    int64_t r = slow_radius(blurred), n = (int64_t)images->height;
    shs_type type = images->tensor.type;
    double value[65] = {0}, sum;
    if (x < 0) return images->beyond;
    for (int64_t k = -r; k <= r; k++) {
        int64_t at = slow_beyond((int64_t)y + k, n, blurred->border);
        value[k + r] = at < 0 ? images->beyond : element_of(images, o, (size_t)at, (size_t)x, e);
    }
    sum = real_of(type, weight[0] * value[r]);
    for (int64_t k = 1; k <= r; k++)
        sum = add_to(type, true, sum, weight[k], real_of(type, value[r - k] + value[r + k]));
    return sum;
}

static inline double slow_blur(const struct images *images, const void *about, size_t o, size_t y,
                               size_t x, size_t e)
{
    const struct blurred *blurred = about;
    int64_t r = slow_radius(blurred), n = (int64_t)images->width;
    shs_type type = images->tensor.type;
    double weight[33] = {0}, value[65] = {0}, all = 0;
    for (int64_t k = -r; k <= r; k++) {
        double q = (double)(k < 0 ? -k : k) / blurred->sigma;
        all += random_exp(-0.5 * (q * q));
    }
    for (int64_t k = 0; k <= r; k++) {
        double q = (double)k / blurred->sigma;
        weight[k] = real_of(type, random_exp(-0.5 * (q * q)) / all);
    }
    for (int64_t k = -r; k <= r; k++)
        value[k + r] = slow_column(images, blurred, weight, o, y,
                                   slow_beyond((int64_t)x + k, n, blurred->border), e);
    double sum = real_of(type, weight[0] * value[r]);
    for (int64_t k = 1; k <= r; k++)
        sum = add_to(type, true, sum, weight[k], real_of(type, value[r - k] + value[r + k]));
    return sum;
}

#endif
