/* Volumes and warps of them by slow functions of coordinates, written from the operators' help
 * alone. */
#ifndef VOLUME_SCENE_H
#define VOLUME_SCENE_H

#include "random_math.h"
#include "sampled_scene.h"

enum {
    MOST_NODES = 30000,
    VOLUMES = 6
};

/* ---- samples: outer x depth x height x width x inner elements */

struct volumes {
    struct images images; /* with all planes, for the functions of sampled_scene.h */
    size_t outer, depth;
};

static const struct {
    const char *layout;
    uint64_t shape[5];
} samples[VOLUMES] = {{"zyx", {5, 7, 6}},          {"dhwc", {1, 1, 1, 3}},
                      {"tzyxc", {2, 9, 4, 11, 2}}, {"cdhw", {3, 2, 5, 1}},
                      {"zyxc_", {12, 3, 8, 1, 5}}, {"zyx", {17, 16, 19}}};

static inline void make_volumes(size_t scene, shs_type type, struct volumes *volumes)
{
    struct images *images = &volumes->images;
    const uint64_t *shape = samples[scene].shape;
    uint64_t seed = 1000 * scene + (uint64_t)type;
    images->layout = samples[scene].layout;
    images->tensor = (shs_tensor){.name = "f",
                                  .type = type,
                                  .axes = (uint32_t)strlen(images->layout),
                                  .data = images->element};
    memcpy(images->tensor.shape, shape, sizeof samples[scene].shape);
    size_t deep = strcspn(images->layout, "dz");
    images->inner = volumes->outer = 1;
    images->beyond = 0;
    volumes->depth = (size_t)shape[deep];
    images->height = (size_t)shape[deep + 1];
    images->width = (size_t)shape[deep + 2];
    for (size_t axis = 0; axis < images->tensor.axes; axis++) {
        if (axis < deep) volumes->outer *= (size_t)shape[axis];
        if (axis > deep + 2) images->inner *= (size_t)shape[axis];
    }
    images->outer = volumes->outer * volumes->depth;
    fill(images->element, bytes_of(&images->tensor), seed);
    for (size_t i = 0; i < bytes_of(&images->tensor) / shs_type_size(type) && type > SHS_I64; i++)
        put_value(type, (double)(int64_t)judge_random(&seed) * 0x1p-60, images->element, i);
}

/* ---- maps, by the words */

struct map {
    double m[3][3], o[3];
    bool displaced, nearest;
    char border;
    size_t spacing, planes, rows, columns;
    float nodes[3][MOST_NODES];
};

static inline void identity(char border, bool nearest, struct map *map)
{
    memset(map, 0, sizeof *map);
    for (int i = 0; i < 3; i++)
        map->m[i][i] = 1;
    map->border = border;
    map->nearest = nearest;
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

static inline void product(double a[3][3], double b[3][3], double c[3][3])
{
    double made[3][3];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            made[i][j] = (a[i][0] * b[0][j] + a[i][1] * b[1][j]) + a[i][2] * b[2][j];
    memcpy(c, made, sizeof made);
}

static const char affine_text[] =
    "random_affine(axes=zyx, degrees=-50..70, degrees_x=-180..180, translate=-0.2..0.3, "
    "scale=0.5..2, shear=-20..30";

/* What a draw of `affine_text` is: R, s, T and the shift. */
struct affine {
    double r[3][3], s, t, shift[3];
};

static inline struct affine slow_draw(const struct volumes *volumes, shs_random *stream)
{
    struct affine drawn;
    double c, s, cy, sy, cx, sx, along, across;
    turn_of(draw_range(stream, -50, 70), &c, &s);
    turn_of(draw_range(stream, -50, 70), &cy, &sy); /* as degrees, without degrees_y */
    turn_of(draw_range(stream, -180, 180), &cx, &sx);
    drawn.shift[0] = draw_range(stream, -0.2, 0.3) * (double)volumes->images.width;
    drawn.shift[1] = draw_range(stream, -0.2, 0.3) * (double)volumes->images.height;
    drawn.shift[2] = draw_range(stream, -0.2, 0.3) * (double)volumes->depth;
    drawn.s = draw_range(stream, 0.5, 2);
    turn_of(draw_range(stream, -20, 30), &along, &across);
    drawn.t = across / along;
    double z[3][3] = {{c, -s, 0}, {s, c, 0}, {0, 0, 1}};
    double y[3][3] = {{cy, 0, sy}, {0, 1, 0}, {-sy, 0, cy}};
    double x[3][3] = {{1, 0, 0}, {0, cx, -sx}, {0, sx, cx}};
    product(y, x, drawn.r);
    product(z, drawn.r, drawn.r);
    return drawn;
}

static inline void slow_affine(struct map *map, const struct volumes *volumes, shs_random *stream)
{
    struct affine drawn = slow_draw(volumes, stream);
    double a[3][3], v[3];
    for (int j = 0; j < 3; j++) {
        a[0][j] = (drawn.r[j][0] - drawn.t * drawn.r[j][1]) / drawn.s;
        a[1][j] = drawn.r[j][1] / drawn.s;
        a[2][j] = drawn.r[j][2] / drawn.s;
    }
    for (int i = 0; i < 3; i++)
        v[i] = -((a[i][0] * drawn.shift[0] + a[i][1] * drawn.shift[1]) + a[i][2] * drawn.shift[2]);
    for (int i = 0; i < 3; i++)
        map->o[i] = ((map->m[i][0] * v[0] + map->m[i][1] * v[1]) + map->m[i][2] * v[2]) + map->o[i];
    product(map->m, a, map->m);
}

/* Replaces each of `count` nodes, which lie `step` apart, by the mean of its neighbourhood. */
static inline void slow_means(const float *weight, int64_t r, size_t count, size_t step,
                              float *nodes)
{
    float made[64];
    for (int64_t i = 0; i < (int64_t)count; i++) {
        float sum = weight[0] * nodes[(size_t)i * step];
        for (int64_t k = 1; k <= r; k++) {
            float both = nodes[(size_t)slow_beyond(i - k, (int64_t)count, 'r') * step] +
                         nodes[(size_t)slow_beyond(i + k, (int64_t)count, 'r') * step];
            float part = weight[k] * both;
            sum = sum + part;
        }
        made[i] = sum;
    }
    for (size_t i = 0; i < count; i++)
        nodes[i * step] = made[i];
}

static inline void slow_elastic(struct map *map, const struct volumes *volumes, double sigma,
                                shs_random *stream)
{
    float weight[64];
    double alpha = draw_range(stream, 5, 30), sum = 0;
    size_t g = sigma < 2 ? 1 : (size_t)(sigma / 2);
    map->spacing = g;
    map->planes = (volumes->depth - 1) / g + 2;
    map->rows = (volumes->images.height - 1) / g + 2;
    map->columns = (volumes->images.width - 1) / g + 2;
    size_t plane = map->rows * map->columns, all = map->planes * plane;
    double t = sigma / (double)g;
    int64_t r = 3 * t < 1 ? 1 : (int64_t)(3 * t);
    for (int64_t k = -r; k <= r; k++)
        sum += random_exp(-0.5 * ((double)llabs(k) / t * ((double)llabs(k) / t)));
    for (int64_t k = 0; k <= r; k++)
        weight[k] = (float)(random_exp(-0.5 * ((double)k / t * ((double)k / t))) / sum);
    map->displaced = true;
    for (int axis = 0; axis < 3; axis++) {
        float *nodes = map->nodes[axis];
        for (size_t i = 0; i < all; i++)
            nodes[i] = 2 * shs_random_float(stream) - 1;
        for (size_t i = 0; i < map->planes * map->columns; i++)
            slow_means(weight, r, map->rows, map->columns,
                       nodes + i / map->columns * plane + i % map->columns);
        for (size_t i = 0; i < map->planes * map->rows; i++)
            slow_means(weight, r, map->columns, 1, nodes + i * map->columns);
        for (size_t i = 0; i < plane; i++)
            slow_means(weight, r, map->planes, plane, nodes + i);
        float factor = (float)(alpha / (double)g * (1.8827925275534296 * sqrt(t)));
        for (size_t i = 0; i < all; i++)
            nodes[i] = factor * nodes[i];
    }
}

static inline float between(float a, float b, float f)
{
    float step = f * (b - a);
    return a + step;
}

static inline double displacement(const struct map *map, int axis, size_t z, size_t y, size_t x)
{
    size_t g = map->spacing, plane = map->rows * map->columns;
    const float *node = map->nodes[axis] + z / g * plane + y / g * map->columns + x / g;
    float fz = (float)(z % g) / (float)g, fy = (float)(y % g) / (float)g,
          fx = (float)(x % g) / (float)g, corner[4];
    for (size_t k = 0; k < 4; k++) {
        const float *at = node + k / 2 * map->columns + k % 2;
        corner[k] = between(at[0], at[plane], fz);
    }
    return (double)between(between(corner[0], corner[1], fx), between(corner[2], corner[3], fx),
                           fy);
}

/* ---- elements, by the words */

static inline int64_t units(double x, double most)
{
    return (int64_t)nearbyint(fmax(-most, fmin(most, x)) * 4294967296.0);
}

struct asked {
    const struct volumes *volumes;
    const struct map *map;
};

static inline double slow_at(const struct asked *asked, size_t o, const int64_t place[3], size_t e)
{
    const struct volumes *volumes = asked->volumes;
    char border = asked->map->border;
    int64_t x = slow_beyond(place[0], (int64_t)volumes->images.width, border);
    int64_t y = slow_beyond(place[1], (int64_t)volumes->images.height, border);
    int64_t z = slow_beyond(place[2], (int64_t)volumes->depth, border);
    if (x < 0 || y < 0 || z < 0) return 0;
    return element_of(&volumes->images, o * volumes->depth + (size_t)z, (size_t)y, (size_t)x, e);
}

static inline int64_t floor_of(int64_t place)
{
    const int64_t one = INT64_C(1) << 32;
    return place >= 0 ? place / one : -((one - 1 - place) / one);
}

static inline double mean_of_numbers(shs_type type, const double corner[8], const double part[3])
{
    double sum = 0, all = 0;
    for (int k = 0; k < 8; k++) {
        double w = real_of(type, (k & 1 ? part[0] : real_of(type, 1 - part[0])) *
                                     (k & 2 ? part[1] : real_of(type, 1 - part[1])));
        w = real_of(type, w * (k & 4 ? part[2] : real_of(type, 1 - part[2])));
        if (isnan(corner[k]) || w == 0) continue;
        double one = real_of(type, w * corner[k]);
        sum = all == 0 ? one : real_of(type, sum + one);
        all = real_of(type, all + w);
    }
    return all == 0 || isnan(sum) ? (double)NAN : real_of(type, sum / all);
}

static inline double mean_of(shs_type type, double corner[8], const double part[3])
{
    for (int k = 0; k < 8; k++)
        if (isnan(corner[k])) return mean_of_numbers(type, corner, part);
    for (int axis = 0, n = 4; axis < 3; axis++, n /= 2)
        for (int k = 0; k < n; k++) {
            double a = corner[2 * k], b = corner[2 * k + 1];
            corner[k] = real_of(type, a + real_of(type, part[axis] * real_of(type, b - a)));
        }
    return corner[0];
}

/* Element (y, x) of plane `image`, which counts through all volumes. */
static inline double slow_volume(const struct images *images, const void *about, size_t image,
                                 size_t y, size_t x, size_t e)
{
    const struct asked *asked = about;
    const struct map *map = asked->map;
    size_t depth = asked->volumes->depth, z = image % depth, o = image / depth;
    double middle[3] = {((double)images->width - 1) / 2, ((double)images->height - 1) / 2,
                        ((double)depth - 1) / 2};
    double part[3], corner[8];
    int64_t whole[3];
    for (int a = 0; a < 3; a++) {
        const double *m = map->m[a];
        int64_t place =
            units(m[0], 8192) * (int64_t)x + units(m[1], 8192) * (int64_t)y +
            units(m[2], 8192) * (int64_t)z +
            units((((middle[a] - m[0] * middle[0]) - m[1] * middle[1]) - m[2] * middle[2]) +
                      map->o[a],
                  536870912);
        if (map->displaced)
            place += units(
                (m[0] * displacement(map, 0, z, y, x) + m[1] * displacement(map, 1, z, y, x)) +
                    m[2] * displacement(map, 2, z, y, x),
                262144);
        if (map->nearest) place += INT64_C(1) << 31;
        whole[a] = floor_of(place);
        part[a] = (double)((place - whole[a] * (INT64_C(1) << 32)) / 256) / 16777216;
    }
    if (map->nearest) return slow_at(asked, o, whole, e);
    for (int k = 0; k < 8; k++)
        corner[k] =
            slow_at(asked, o,
                    (const int64_t[]){whole[0] + k % 2, whole[1] + k / 2 % 2, whole[2] + k / 4}, e);
    return mean_of(images->tensor.type, corner, part);
}

#endif
