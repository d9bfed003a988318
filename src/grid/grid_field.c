#include "grid_field.h"

#include <string.h>

#include "grid_bell.h"
#include "grid_sample_kernels.h"

static size_t spacing_of(double sigma)
{
    size_t spacing = (size_t)(sigma / 2);
    return spacing ? spacing : 1;
}

static size_t nodes_along(size_t size, size_t spacing)
{
    return (size - 1) / spacing + 2;
}

/* The bell curve over the nodes. Its deviation in nodes goes to *deviation. */
static struct grid_bell bell_of(size_t height, size_t width, double sigma, double *deviation)
{
    size_t spacing = spacing_of(sigma);
    *deviation = sigma / (double)spacing;
    size_t radius = (size_t)(3 * *deviation);
    return (struct grid_bell){.type = SHS_F32,
                              .height = nodes_along(height, spacing),
                              .width = nodes_along(width, spacing),
                              .inner = 1,
                              .radius = radius ? radius : 1,
                              .beyond = GRID_BEYOND_REFLECT};
}

/* The floats of a row of nodes that is spread over a row of the image. */
static size_t spread_floats(size_t width, size_t spacing)
{
    return (nodes_along(width, spacing) - 1) * spacing;
}

size_t grid_field_bytes(size_t height, size_t width, double sigma)
{
    double deviation;
    size_t spacing = spacing_of(sigma), spread = spread_floats(width, spacing);
    struct grid_bell bell = bell_of(height, width, sigma, &deviation);
    return grid_bell_bytes(&bell) + grid_taken(spacing * sizeof(float)) +
           2 * grid_taken(bell.height * bell.width * sizeof(float)) +
           2 * grid_taken(bell.height * spread * sizeof(float)) +
           2 * grid_taken(spread * sizeof(float));
}

uint64_t grid_field_words(size_t height, size_t width, double sigma)
{
    size_t spacing = spacing_of(sigma);
    return 2 * (uint64_t)nodes_along(height, spacing) * nodes_along(width, spacing);
}

/* Makes the displacements along an axis at all nodes. */
static void make_nodes(const struct grid_bell *bell, float alpha, shs_random *stream, float *noise,
                       float *nodes)
{
    size_t count = bell->height * bell->width;
    /* if the stream has too few words, the operator's draws have failed, too */
    if (shs_random_fill_float(stream, noise, count)) memset(noise, 0, count * sizeof *noise);
    for (size_t i = 0; i < count; i++)
        noise[i] = 2 * noise[i] - 1;
    grid_bell_plane(bell, noise, nodes);
    for (size_t i = 0; i < count; i++)
        nodes[i] = alpha * nodes[i];
}

/* Computes displacements between the nodes of a row. `part` is how far each element between is on
 * the way from a node to the next. */
static void spread_row(const float *nodes, size_t wide, const float *part, size_t spacing,
                       float *restrict to)
{
    for (size_t k = 0; k + 1 < wide; k++, to += spacing)
        for (size_t j = 0; j < spacing; j++)
            to[j] = nodes[k] + part[j] * (nodes[k + 1] - nodes[k]);
}

void grid_field_begin(const struct grid_displacement *displacement, size_t height, size_t width,
                      char **memory, struct grid_field *field)
{
    double deviation;
    struct grid_bell bell = bell_of(height, width, displacement->sigma, &deviation);
    shs_random stream = displacement->stream;
    size_t bytes = bell.height * bell.width * sizeof(float);
    size_t spacing = spacing_of(displacement->sigma), spread = spread_floats(width, spacing);
    float *noise = grid_take(memory, bytes), *nodes = grid_take(memory, bytes);
    float *part = grid_take(memory, spacing * sizeof *part);
    *field = (struct grid_field){.spacing = spacing, .width = width, .step = spread};
    for (size_t j = 0; j < spacing; j++)
        part[j] = (float)j / (float)spacing;
    grid_bell_begin(&bell, deviation, memory);
    for (int axis = 0; axis < 2; axis++) {
        make_nodes(&bell, (float)(displacement->alpha / (double)spacing), &stream, noise, nodes);
        field->rows[axis] = grid_take(memory, bell.height * spread * sizeof(float));
        field->row[axis] = grid_take(memory, spread * sizeof(float));
        for (size_t y = 0; y < bell.height; y++)
            spread_row(nodes + y * bell.width, bell.width, part, spacing,
                       field->rows[axis] + y * spread);
    }
}

void grid_field_row(const struct grid_field *field, size_t y)
{
    float down = (float)(y % field->spacing) / (float)field->spacing;
    for (int axis = 0; axis < 2; axis++) {
        const float *up = field->rows[axis] + y / field->spacing * field->step;
        grid_sample_kernels_now()->blend(up, up + field->step, down, field->width,
                                         field->row[axis]);
    }
}
