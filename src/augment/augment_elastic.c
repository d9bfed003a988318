/* The operator elastic. */
#include <string.h>

#include "augment_slab.h"
#include "augment_vectors.h"
#include "augment_volume.h"
#include "random_stream.h"

struct elastic_setting {
    struct augment_warp_setting warp;
    struct augment_range alpha;
    double sigma;
};

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

static struct grid_extent extent_of(const struct augment_bound *bound)
{
    const struct elastic_setting *setting = bound->setting;
    return (struct grid_extent){setting->warp.is_volume ? augment_volume_depth(bound) : 0,
                                bound->grid.height, bound->grid.width};
}

static shs_status bind_elastic(const struct augment_call *call, void *setting,
                               struct augment_bound *bound)
{
    const struct elastic_setting *elastic = setting;
    shs_status status = augment_vectors_refuse(call, bound);
    if (!status) status = augment_warp_bind(call, setting, bound);
    if (!status && elastic->warp.is_volume) bound->aspects |= AUGMENT_BY_VOLUME;
    return status;
}

static void draw_elastic(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct elastic_setting *setting = bound->setting;
    struct grid_displacement *drawn = draw;
    drawn->is_drawn = true;
    drawn->alpha = augment_draw_range(stream, &setting->alpha);
    drawn->sigma = setting->sigma;
    drawn->stream = *stream;
    const struct grid_extent extent = extent_of(bound);
    skip_words(stream, grid_field_words(&extent, setting->sigma));
}

static void warp_elastic(const struct augment_warped *warped, const void *draw,
                         struct grid_warp *warp)
{
    (void)warped;
    memcpy(&warp->farther, draw, sizeof warp->farther);
}

static size_t elastic_bytes(const struct augment_bound *bound)
{
    const struct elastic_setting *setting = bound->setting;
    const struct grid_extent extent = extent_of(bound);
    return augment_warp_bytes(bound) + grid_field_bytes(&extent, setting->sigma);
}

static void tell_elastic(const struct augment_bound *bound, const void *draw,
                         struct augment_told *told)
{
    const struct grid_displacement *drawn = draw;
    (void)bound;
    augment_tell_number(told, "alpha", "elements", AUGMENT_ALL_DIGITS, drawn->alpha);
}

_Static_assert(sizeof(struct grid_displacement) <= AUGMENT_WARP_DRAW_BYTES, "draws fit");

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
    AUGMENT_VOLUME_PARAMETER(struct elastic_setting),
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_elastic = {
    .name = "elastic",
    .help = "Moves places of an image or of a volume by smooth random displacements, as rubber is "
            "stretched.",
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
    .volumes = AUGMENT_VOLUME_COMPUTES
    "Nodes then lie along z as well, and have a mean along the depth, of the means along "
    "height "
    "and width; their displacements are (alpha / g) * (1.8827925275534296 * sqrt(t)), computed "
    "in f64 and rounded to f32, times this mean. Displacements between nodes are made between "
    "planes first, then between columns, then between rows. X is farther by (M00 * dx + M01 * "
    "dy) + M02 * dz, Y and Z alike.",
    .draws = "alpha from its range; then a float for the noise of each node, row by row, for "
             "displacements along the width; then one for each node along the height. With "
             "axes=zyx: plane "
             "by plane, and a third time, for displacements along the depth; fields that share the "
             "draws have the same depth then, too.",
    .needs = AUGMENT_NEEDS_IMAGE,
    .aspects = AUGMENT_BY_EXTENT,
    .setting_bytes = sizeof(struct elastic_setting),
    .draw_bytes = sizeof(struct grid_displacement),
    .parameters = elastic_parameters,
    .bind = bind_elastic,
    .draw = draw_elastic,
    .apply = augment_warp_apply,
    .slab_axis = augment_slab_of_images,
    .scratch_bytes = elastic_bytes,
    .warp = warp_elastic,
    .tell = tell_elastic,
};
