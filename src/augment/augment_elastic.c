/* The operator elastic, and its fields of displacements. */
#include "augment_elastic.h"

#include <string.h>

#include "augment_bell.h"
#include "grid_sample_kernels.h"
#include "random_stream.h"

struct elastic_setting {
    struct augment_warp_setting warp;
    struct augment_range alpha;
    double sigma;
};

/* ---- Fields of displacements. */

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
static struct augment_bell bell_of(size_t height, size_t width, double sigma, double *deviation)
{
    size_t spacing = spacing_of(sigma);
    *deviation = sigma / (double)spacing;
    size_t radius = (size_t)(3 * *deviation);
    return (struct augment_bell){.type = SHS_F32,
                                 .height = nodes_along(height, spacing),
                                 .width = nodes_along(width, spacing),
                                 .inner = 1,
                                 .radius = radius ? radius : 1,
                                 .border = AUGMENT_BORDER_REFLECT};
}

/* The floats of a row of nodes that is spread over a row of the image. */
static size_t spread_floats(size_t width, size_t spacing)
{
    return (nodes_along(width, spacing) - 1) * spacing;
}

size_t augment_field_bytes(size_t height, size_t width, double sigma)
{
    double deviation;
    size_t spacing = spacing_of(sigma), spread = spread_floats(width, spacing);
    struct augment_bell bell = bell_of(height, width, sigma, &deviation);
    return augment_bell_bytes(&bell) + augment_taken(spacing * sizeof(float)) +
           2 * augment_taken(bell.height * bell.width * sizeof(float)) +
           2 * augment_taken(bell.height * spread * sizeof(float)) +
           2 * augment_taken(spread * sizeof(float));
}

uint64_t augment_field_words(size_t height, size_t width, double sigma)
{
    size_t spacing = spacing_of(sigma);
    return 2 * (uint64_t)nodes_along(height, spacing) * nodes_along(width, spacing);
}

/* Makes the displacements along an axis at all nodes. */
static void make_nodes(const struct augment_bell *bell, float alpha, shs_random *stream,
                       float *noise, float *nodes)
{
    size_t count = bell->height * bell->width;
    /* if the stream has too few words, the operator's draws have failed, too */
    if (shs_random_fill_float(stream, noise, count)) memset(noise, 0, count * sizeof *noise);
    for (size_t i = 0; i < count; i++)
        noise[i] = 2 * noise[i] - 1;
    augment_bell_plane(bell, noise, nodes);
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

void augment_field_begin(const struct augment_displacement *displacement, size_t height,
                         size_t width, char **memory, struct augment_field *field)
{
    double deviation;
    struct augment_bell bell = bell_of(height, width, displacement->sigma, &deviation);
    shs_random stream = displacement->stream;
    size_t bytes = bell.height * bell.width * sizeof(float);
    size_t spacing = spacing_of(displacement->sigma), spread = spread_floats(width, spacing);
    float *noise = augment_take(memory, bytes), *nodes = augment_take(memory, bytes);
    float *part = augment_take(memory, spacing * sizeof *part);
    *field = (struct augment_field){.spacing = spacing, .width = width, .step = spread};
    for (size_t j = 0; j < spacing; j++)
        part[j] = (float)j / (float)spacing;
    augment_bell_begin(&bell, deviation, memory);
    for (int axis = 0; axis < 2; axis++) {
        make_nodes(&bell, (float)(displacement->alpha / (double)spacing), &stream, noise, nodes);
        field->rows[axis] = augment_take(memory, bell.height * spread * sizeof(float));
        field->row[axis] = augment_take(memory, spread * sizeof(float));
        for (size_t y = 0; y < bell.height; y++)
            spread_row(nodes + y * bell.width, bell.width, part, spacing,
                       field->rows[axis] + y * spread);
    }
}

void augment_field_row(const struct augment_field *field, size_t y)
{
    float down = (float)(y % field->spacing) / (float)field->spacing;
    for (int axis = 0; axis < 2; axis++) {
        const float *up = field->rows[axis] + y / field->spacing * field->step;
        grid_sample_kernels_now()->blend(up, up + field->step, down, field->width,
                                         field->row[axis]);
    }
}

/* ---- elastic */

/* Moves a stream forward. */
static void skip_words(shs_random *stream, uint64_t words)
{
    for (; words && stream->used < 4 && !stream->status; words--)
        (void)shs_random_u32(stream);
    uint64_t left = random_blocks_left(stream), blocks = words / 4 < left ? words / 4 : left;
    if (blocks && !stream->status) random_skip_blocks(stream, blocks);
    for (words -= 4 * blocks; words && !stream->status; words--)
        (void)shs_random_u32(stream);
}

static void draw_elastic(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct elastic_setting *setting = bound->setting;
    struct augment_displacement *drawn = draw;
    drawn->is_drawn = true;
    drawn->alpha = augment_draw_range(stream, &setting->alpha);
    drawn->sigma = setting->sigma;
    drawn->stream = *stream;
    skip_words(stream, augment_field_words(bound->grid.height, bound->grid.width, setting->sigma));
}

static void warp_elastic(const struct augment_warped *warped, const void *draw,
                         struct augment_warp *warp)
{
    (void)warped;
    memcpy(&warp->farther, draw, sizeof warp->farther);
}

static size_t elastic_bytes(const struct augment_bound *bound)
{
    const struct elastic_setting *setting = bound->setting;
    return augment_warp_bytes(bound) +
           augment_field_bytes(bound->grid.height, bound->grid.width, setting->sigma);
}

static void tell_elastic(const struct augment_bound *bound, const void *draw,
                         struct core_text *text)
{
    const struct augment_displacement *drawn = draw;
    (void)bound;
    core_text_add(text, "alpha=");
    core_text_add_double(text, drawn->alpha);
}

_Static_assert(sizeof(struct augment_displacement) <= AUGMENT_WARP_DRAW_BYTES, "draws fit");

static const struct augment_parameter elastic_parameters[] = {
    {
        .name = "alpha",
        AUGMENT_MEMBER(struct elastic_setting, alpha),
        .least = 0,
        .most = 1e5,
        .example = "20..40",
        .help = "The strength: displacements are alpha times a mean of noise. Along each axis they "
                "deviate by about 0.16 * alpha / sigma elements.",
    },
    {
        .name = "sigma",
        AUGMENT_MEMBER(struct elastic_setting, sigma),
        .least = 0.1,
        .most = 1000,
        .example = "5",
        .help = "The deviation of the bell curve by which the noise is smoothed, in elements.",
    },
    AUGMENT_WARP_PARAMETERS(struct elastic_setting),
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_elastic = {
    .name = "elastic",
    .help = "Moves places by smooth random displacements, as rubber is stretched.",
    .computes =
        "A grid of nodes lies at multiples of g = max(1, floor(sigma / 2)): floor((height - 1) / "
        "g) "
        "+ 2 by floor((width - 1) / g) + 2. Each node's noise is 2 * u - 1 in f32, with u as "
        "drawn, "
        "and is replaced by the mean of its neighbourhood with t = sigma / g, r = max(1, floor(3 * "
        "t)) and w[k] = exp(-0.5 * (q * q)) with q = k / t, divided by the sum of all from -r to "
        "r, "
        "in f64, and rounded to f32. " AUGMENT_BELL_COMPUTES
        ", in f32, beyond the grid with a mirror in the last node (c b | a b c | b a). The "
        "displacement of a node is alpha / g, computed in f64 and rounded to f32, times this mean. "
        "Between nodes it is a + f * (b - a) in f32, with f the elements from the node to the left "
        "or above divided by g: first between columns of nodes, then between rows. With the map M "
        "of the operators before and displacements dx and dy, the place X is farther by M00 * dx + "
        "M01 * dy, and Y by M10 * dx + M11 * dy, in f64, held within -2^18 to 2^18 and rounded "
        "half to even to units. " AUGMENT_WARP_COMPUTES,
    .draws = "alpha from its range; then a float for the noise of each node, row by row, for "
             "displacements along the width; then one for each node along the height.",
    .needs = AUGMENT_NEEDS_IMAGE,
    .aspects = AUGMENT_BY_EXTENT,
    .setting_bytes = sizeof(struct elastic_setting),
    .draw_bytes = sizeof(struct augment_displacement),
    .parameters = elastic_parameters,
    .bind = augment_warp_bind_scalars,
    .draw = draw_elastic,
    .apply = augment_warp_apply,
    .scratch_bytes = elastic_bytes,
    .warp = warp_elastic,
    .tell = tell_elastic,
};
