/* Warps of images by slow functions of coordinates, written from the operators' help alone. */
#ifndef WARP_SCENE_H
#define WARP_SCENE_H

#include "random_math.h"
#include "sampled_scene.h"

enum {
    MOST_NODES = 10000
};

/* ---- maps of places, by the words */

struct map {
    double m[4], o[2];
    bool displaced;
    size_t spacing, wide;
    float nodes[2][MOST_NODES];
    bool nearest;
    char border;
};

static inline struct map identity(char border, bool nearest)
{
    return (struct map){.m = {1, 0, 0, 1}, .border = border, .nearest = nearest};
}

static inline void put_behind(struct map *map, const double a[4], const double v[2])
{
    double m[4], *was = map->m;
    map->o[0] = (was[0] * v[0] + was[1] * v[1]) + map->o[0];
    map->o[1] = (was[2] * v[0] + was[3] * v[1]) + map->o[1];
    for (int i = 0; i < 4; i++)
        m[i] = was[i / 2 * 2] * a[i % 2] + was[i / 2 * 2 + 1] * a[2 + i % 2];
    memcpy(map->m, m, sizeof m);
}

static inline double draw_range(shs_random *stream, double low, double high)
{
    return low + shs_random_double(stream) * (high - low);
}

static inline void turn_of(double degrees, double *cosine, double *sine)
{
    int64_t turned = (int64_t)trunc(degrees / 360 * 9007199254740992.0);
    random_turn((uint64_t)(turned < 0 ? turned + (INT64_C(1) << 53) : turned), cosine, sine);
}

static inline void slow_rotation(struct map *map, shs_random *stream)
{
    double c, s;
    turn_of(draw_range(stream, -50, 70), &c, &s);
    put_behind(map, (const double[]){c, s, -s, c}, (const double[]){0, 0});
}

static inline void slow_affine(struct map *map, const struct images *images, shs_random *stream)
{
    double c, s, cs, ss;
    double degrees = draw_range(stream, -360, 360), x = draw_range(stream, -0.2, 0.3),
           y = draw_range(stream, -0.2, 0.3), scale = draw_range(stream, 0.5, 2),
           shear = draw_range(stream, -20, 30);
    turn_of(degrees, &c, &s);
    turn_of(shear, &cs, &ss);
    double t = ss / cs, tx = x * (double)images->width, ty = y * (double)images->height;
    double a[4] = {(c + t * s) / scale, (s - t * c) / scale, -s / scale, c / scale};
    put_behind(map, a, (const double[]){-(a[0] * tx + a[1] * ty), -(a[2] * tx + a[3] * ty)});
}

/* Computes the mean of each of `count` nodes, which lie `step` apart. */
static inline void slow_means(const float *weight, int64_t r, const float *from, size_t count,
                              size_t step, float *to)
{
    for (int64_t i = 0; i < (int64_t)count; i++) {
        float sum = weight[0] * from[(size_t)i * step];
        for (int64_t k = 1; k <= r; k++) {
            size_t before = (size_t)slow_beyond(i - k, (int64_t)count, 'r') * step;
            size_t behind = (size_t)slow_beyond(i + k, (int64_t)count, 'r') * step;
            float both = from[before] + from[behind], product = weight[k] * both;
            sum = sum + product;
        }
        to[(size_t)i * step] = sum;
    }
}

static inline void slow_elastic(struct map *map, const struct images *images, double sigma,
                                shs_random *stream)
{
    static float noise[MOST_NODES], down[MOST_NODES];
    float weight[64];
    double alpha = draw_range(stream, 5, 30), sum = 0;
    size_t g = sigma < 2 ? 1 : (size_t)(sigma / 2);
    size_t rows = (images->height - 1) / g + 2, columns = (images->width - 1) / g + 2;
    double t = sigma / (double)g;
    int64_t r = 3 * t < 1 ? 1 : (int64_t)(3 * t);
    for (int64_t k = -r; k <= r; k++)
        sum += random_exp(-0.5 * ((double)llabs(k) / t * ((double)llabs(k) / t)));
    for (int64_t k = 0; k <= r; k++)
        weight[k] = (float)(random_exp(-0.5 * ((double)k / t * ((double)k / t))) / sum);
    map->displaced = true;
    map->spacing = g;
    map->wide = columns;
    for (int axis = 0; axis < 2; axis++) {
        for (size_t i = 0; i < rows * columns; i++)
            noise[i] = 2 * shs_random_float(stream) - 1;
        for (size_t x = 0; x < columns; x++)
            slow_means(weight, r, noise + x, rows, columns, down + x);
        for (size_t y = 0; y < rows; y++)
            slow_means(weight, r, down + y * columns, columns, 1, map->nodes[axis] + y * columns);
        for (size_t i = 0; i < rows * columns; i++)
            map->nodes[axis][i] = (float)(alpha / (double)g) * map->nodes[axis][i];
    }
}

static inline double displacement(const struct map *map, int axis, size_t y, size_t x)
{
    size_t g = map->spacing;
    const float *node = map->nodes[axis] + y / g * map->wide + x / g;
    float fy = (float)(y % g) / (float)g, fx = (float)(x % g) / (float)g;
    float above = node[0] + fx * (node[1] - node[0]);
    const float *low = node + map->wide;
    float below = low[0] + fx * (low[1] - low[0]);
    return (double)(above + fy * (below - above));
}

static inline int64_t units(double x, double most)
{
    return (int64_t)nearbyint(fmax(-most, fmin(most, x)) * 4294967296.0);
}

/* Returns element (y, x), which may lie beyond the edges. */
static inline double slow_at(const struct images *images, char border, size_t o, int64_t y,
                             int64_t x, size_t e)
{
    int64_t row = slow_beyond(y, (int64_t)images->height, border);
    int64_t column = slow_beyond(x, (int64_t)images->width, border);
    return row < 0 || column < 0 ? 0 : element_of(images, o, (size_t)row, (size_t)column, e);
}

/* The mean of the corners that are not NaN. */
static inline double slow_mean(shs_type type, const double corner[4], double right, double down)
{
    double sum = 0, all = 0;
    for (int i = 0; i < 4; i++) {
        double w = real_of(type, (i % 2 ? right : real_of(type, 1 - right)) *
                                     (i / 2 ? down : real_of(type, 1 - down)));
        if (isnan(corner[i]) || w == 0) continue;
        double product = real_of(type, w * corner[i]);
        sum = all == 0 ? product : real_of(type, sum + product);
        all = real_of(type, all + w);
    }
    return all == 0 || isnan(sum) ? (double)NAN : real_of(type, sum / all);
}

static inline double slow_warp(const struct images *images, const void *about, size_t o, size_t y,
                               size_t x, size_t e)
{
    const struct map *map = about;
    const double *m = map->m;
    shs_type type = images->tensor.type;
    double cx = ((double)images->width - 1) / 2, cy = ((double)images->height - 1) / 2;
    int64_t px = units(m[0], 16384) * (int64_t)x + units(m[1], 16384) * (int64_t)y +
                 units(((cx - m[0] * cx) - m[1] * cy) + map->o[0], 536870912);
    int64_t py = units(m[2], 16384) * (int64_t)x + units(m[3], 16384) * (int64_t)y +
                 units(((cy - m[2] * cx) - m[3] * cy) + map->o[1], 536870912);
    if (map->displaced) {
        double dx = displacement(map, 0, y, x), dy = displacement(map, 1, y, x);
        px += units(m[0] * dx + m[1] * dy, 262144);
        py += units(m[2] * dx + m[3] * dy, 262144);
    }
    const int64_t one = INT64_C(1) << 32, half = one / 2;
    if (map->nearest)
        return slow_at(images, map->border, o, (int64_t)floor((double)(py + half) / (double)one),
                       (int64_t)floor((double)(px + half) / (double)one), e);
    int64_t wx = px >= 0 ? px / one : -((one - 1 - px) / one);
    int64_t wy = py >= 0 ? py / one : -((one - 1 - py) / one);
    double right = (double)((px - wx * one) / 256) / 16777216;
    double down = (double)((py - wy * one) / 256) / 16777216, line[2], corner[4];
    for (int64_t i = 0; i < 4; i++)
        corner[i] = slow_at(images, map->border, o, wy + i / 2, wx + i % 2, e);
    if (isnan(corner[0]) || isnan(corner[1]) || isnan(corner[2]) || isnan(corner[3]))
        return slow_mean(type, corner, right, down);
    for (int64_t i = 0; i < 2; i++) {
        double a = corner[2 * i], b = corner[2 * i + 1];
        line[i] = real_of(type, a + real_of(type, right * real_of(type, b - a)));
    }
    return real_of(type, line[0] + real_of(type, down * real_of(type, line[1] - line[0])));
}

#endif
