#include "grid_field.h"

#include <string.h>

#include "grid_bell.h"
#include "grid_sample_kernels.h"
#include "random_math.h"

static size_t spacing_of(double sigma)
{
    size_t spacing = (size_t)(sigma / 2);
    return spacing ? spacing : 1;
}

static size_t nodes_along(size_t size, size_t spacing)
{
    return (size - 1) / spacing + 2;
}

/* The bell curve over the nodes of a plane. Its deviation in nodes goes to *deviation. */
static struct grid_bell bell_of(const struct grid_extent *extent, double sigma, double *deviation)
{
    size_t spacing = spacing_of(sigma);
    *deviation = sigma / (double)spacing;
    size_t radius = (size_t)(3 * *deviation);
    return (struct grid_bell){.type = SHS_F32,
                              .height = nodes_along(extent->height, spacing),
                              .width = nodes_along(extent->width, spacing),
                              .inner = 1,
                              .radius = radius ? radius : 1,
                              .beyond = GRID_BEYOND_REFLECT};
}

/* The floats of a row of nodes that is spread over a row of the image. */
static size_t spread_floats(size_t width, size_t spacing)
{
    return (nodes_along(width, spacing) - 1) * spacing;
}

/* The planes of nodes; 1 of an image. */
static size_t planes_of(const struct grid_extent *extent, size_t spacing)
{
    return extent->depth ? nodes_along(extent->depth, spacing) : 1;
}

size_t grid_field_bytes(const struct grid_extent *extent, double sigma)
{
    double deviation;
    size_t spacing = spacing_of(sigma), spread = spread_floats(extent->width, spacing);
    struct grid_bell bell = bell_of(extent, sigma, &deviation);
    size_t plane = bell.height * bell.width, all = planes_of(extent, spacing) * plane;
    size_t axes = extent->depth ? 3 : 2;
    return grid_bell_bytes(&bell) + grid_taken(spacing * sizeof(float)) +
           grid_taken(plane * sizeof(float)) + grid_taken(all * sizeof(float)) +
           axes * grid_taken(bell.height * spread * sizeof(float)) +
           axes * grid_taken(spread * sizeof(float)) +
           (extent->depth ? axes * grid_taken(all * sizeof(float)) : 0);
}

uint64_t grid_field_words(const struct grid_extent *extent, double sigma)
{
    size_t spacing = spacing_of(sigma);
    return (extent->depth ? 3U : 2U) * (uint64_t)planes_of(extent, spacing) *
           nodes_along(extent->height, spacing) * nodes_along(extent->width, spacing);
}

/* Makes the means of noise along an axis at the nodes of a plane. */
static void make_means(const struct grid_bell *bell, shs_random *stream, float *noise, float *means)
{
    size_t count = bell->height * bell->width;
    /* if the stream has too few words, the operator's draws have failed, too */
    if (shs_random_fill_float(stream, noise, count)) memset(noise, 0, count * sizeof *noise);
    for (size_t i = 0; i < count; i++)
        noise[i] = 2 * noise[i] - 1;
    grid_bell_plane(bell, noise, means);
}

/* Computes the mean of each node along the depth. */
static void mean_planes(const struct grid_bell *bell, size_t planes, const float *means,
                        float *nodes)
{
    const struct grid_sample_real *loops = &grid_sample_kernels_now()->real[0];
    size_t plane = bell->height * bell->width, radius = bell->radius;
    for (size_t z = 0; z < planes; z++) {
        for (size_t k = 0; k <= 2 * radius; k++) {
            int64_t from = grid_continued((int64_t)(z + k) - (int64_t)radius, (int64_t)planes,
                                          GRID_BEYOND_REFLECT);
            bell->line[k] = means + (size_t)from * plane;
        }
        loops->pairs(bell->line, bell->weight, radius, plane, nodes + z * plane);
    }
}

/* Computes displacements between the nodes of rows. */
static void spread_rows(const struct grid_field *field, const float *nodes, float *restrict to)
{
    for (size_t y = 0; y < field->high; y++, nodes += field->wide)
        for (size_t k = 0; k + 1 < field->wide; k++, to += field->spacing)
            for (size_t j = 0; j < field->spacing; j++)
                to[j] = nodes[k] + field->part[j] * (nodes[k + 1] - nodes[k]);
}

/* A volume's mean of noise is over three axes, which makes it smaller: with this factor and the
 * square root of the bell's deviation it deviates as an image's does. */
#define DEEP_FACTOR 1.8827925275534296 /* sqrt(2 * sqrt(pi)) */

/* Makes the displacements along an axis at all nodes. */
static void make_nodes(const struct grid_bell *bell, size_t planes, float factor,
                       shs_random *stream, float *noise, float *means, float *nodes)
{
    size_t plane = bell->height * bell->width;
    for (size_t z = 0; z < planes; z++)
        make_means(bell, stream, noise, means + z * plane);
    if (nodes)
        mean_planes(bell, planes, means, nodes);
    else
        nodes = means;
    for (size_t i = 0; i < planes * plane; i++)
        nodes[i] = factor * nodes[i];
}

void grid_field_begin(const struct grid_displacement *displacement,
                      const struct grid_extent *extent, char **memory, struct grid_field *field)
{
    double deviation, factor;
    struct grid_bell bell = bell_of(extent, displacement->sigma, &deviation);
    shs_random stream = displacement->stream;
    size_t spacing = spacing_of(displacement->sigma), planes = planes_of(extent, spacing);
    size_t plane = bell.height * bell.width, spread = spread_floats(extent->width, spacing);
    float *noise = grid_take(memory, plane * sizeof *noise);
    float *means = grid_take(memory, planes * plane * sizeof *means);
    *field = (struct grid_field){.axes = extent->depth ? 3 : 2,
                                 .spacing = spacing,
                                 .width = extent->width,
                                 .high = bell.height,
                                 .wide = bell.width,
                                 .step = spread,
                                 .plane = noise,
                                 .part = grid_take(memory, spacing * sizeof(float))};
    for (size_t j = 0; j < spacing; j++)
        field->part[j] = (float)j / (float)spacing;
    grid_bell_begin(&bell, deviation, memory);
    factor = displacement->alpha / (double)spacing;
    if (extent->depth) factor = factor * (DEEP_FACTOR * random_sqrt(deviation));
    for (int axis = 0; axis < field->axes; axis++) {
        if (extent->depth) field->nodes[axis] = grid_take(memory, planes * plane * sizeof(float));
        make_nodes(&bell, planes, (float)factor, &stream, noise, means, field->nodes[axis]);
        field->rows[axis] = grid_take(memory, bell.height * spread * sizeof(float));
        field->row[axis] = grid_take(memory, spread * sizeof(float));
        if (!extent->depth) spread_rows(field, means, field->rows[axis]);
    }
}

void grid_field_plane(const struct grid_field *field, size_t z)
{
    size_t plane = field->high * field->wide;
    float deep = (float)(z % field->spacing) / (float)field->spacing;
    for (int axis = 0; axis < field->axes; axis++) {
        const float *near = field->nodes[axis] + z / field->spacing * plane;
        grid_sample_kernels_now()->blend(near, near + plane, deep, plane, field->plane);
        spread_rows(field, field->plane, field->rows[axis]);
    }
}

void grid_field_row(const struct grid_field *field, size_t y)
{
    float down = (float)(y % field->spacing) / (float)field->spacing;
    for (int axis = 0; axis < field->axes; axis++) {
        const float *up = field->rows[axis] + y / field->spacing * field->step;
        grid_sample_kernels_now()->blend(up, up + field->step, down, field->width,
                                         field->row[axis]);
    }
}
