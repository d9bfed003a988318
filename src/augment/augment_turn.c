/* The operators random_rot90, d4 and random_symmetry: turns and mirrors that lay a square or a cube
 * onto itself. */
#include "augment_slab.h"
#include "augment_vectors.h"

/* What an operator does with axes of equal length: position k of axis i of the result shows
 * position k, or size - 1 - k if it is mirrored, of axis from[i]. Axes are numbered as they were
 * found. */
struct symmetry {
    uint32_t from[3];
    bool mirrored[3];
};

struct turn_setting {
    struct augment_vectors_setting vectors;
    struct augment_axes axes;
    struct augment_found found;
};

struct turn_draw {
    uint32_t number;
};

static void move_by(const struct turn_setting *setting, const struct symmetry *symmetry,
                    struct grid_view *view)
{
    const uint32_t *axis = setting->found.axis;
    uint32_t order[SHS_MAX_AXES];
    for (uint32_t i = 0; i < view->axes; i++)
        order[i] = i;
    for (uint32_t i = 0; i < setting->found.count; i++)
        order[axis[i]] = axis[symmetry->from[i]];
    grid_view_permute(view, order);
    for (uint32_t i = 0; i < setting->found.count; i++)
        if (symmetry->mirrored[i]) grid_view_flip(view, axis[i]);
}

static shs_status bind_axes(const struct augment_call *call, struct turn_setting *turn,
                            struct augment_bound *bound, const char *usual, uint32_t most)
{
    shs_status status = augment_find_axes(call, bound, &turn->axes, usual, &turn->found);
    if (!status) status = augment_need_cube(call, bound, &turn->found);
    if (status) return status;
    if (turn->found.count >= 2 && turn->found.count <= most)
        return augment_vectors_bind(call, &turn->vectors, &turn->found, bound);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s of field %s in layout %s takes %s axes, not "
                     "%u; name them with axes=",
                     call->at, call->name, bound->before.name, bound->grid.layout,
                     most > 2 ? "two or three" : "two", turn->found.count);
}

static int slab_of_turn(const struct augment_bound *bound, uint32_t axis)
{
    const struct turn_setting *setting = bound->setting;
    return augment_slab_beside(&setting->found, axis);
}

static void tell_number(const struct augment_bound *bound, const void *draw,
                        struct augment_told *told)
{
    const struct turn_draw *drawn = draw;
    (void)bound;
    augment_tell_words(told, "%u", drawn->number);
    augment_tell_number_of(told, "number", "", 1, 0, drawn->number);
}

#define AXES_PARAMETER(HELP)                                                                       \
    {                                                                                              \
        .name = "axes", AUGMENT_MEMBER(struct turn_setting, axes), .otherwise = "", .help = (HELP) \
    }

/* ---- random_rot90 and d4 */

static shs_status bind_square(const struct augment_call *call, void *setting,
                              struct augment_bound *bound)
{
    return bind_axes(call, setting, bound, "hw", 2);
}

static void draw_quarters(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    struct turn_draw *drawn = draw;
    (void)bound;
    drawn->number = shs_random_below(stream, 4);
}

static struct symmetry quarters(uint32_t number)
{
    static const struct symmetry turns[4] = {{{0, 1}, {false, false}},
                                             {{1, 0}, {true, false}},
                                             {{0, 1}, {true, true}},
                                             {{1, 0}, {false, true}}};
    return turns[number];
}

static void move_quarters(const struct augment_bound *bound, const void *draw,
                          struct grid_view *view)
{
    const struct turn_draw *drawn = draw;
    const struct symmetry symmetry = quarters(drawn->number);
    move_by(bound->setting, &symmetry, view);
}

static const struct augment_parameter square_parameters[] = {
    AXES_PARAMETER("The two axes of the square, i before j; height and width without it."),
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    AUGMENT_VECTORS_PARAMETERS(struct turn_setting),
    {0},
};

const struct augment_kind augment_random_rot90 = {
    .name = "random_rot90",
    .help =
        "Turns a square by quarter turns, from i towards j: after one quarter element [i, j] of "
        "the result is element [j, n - 1 - i] of the sample, which numpy.rot90 does. Components of "
        "vectors are turned along.",
    .draws = "below(4), the number of quarter turns.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .turns = true,
    .keeps_boxes = true,
    .setting_bytes = sizeof(struct turn_setting),
    .draw_bytes = sizeof(struct turn_draw),
    .parameters = square_parameters,
    .bind = bind_square,
    .draw = draw_quarters,
    .move = move_quarters,
    .slab_axis = slab_of_turn,
    .tell = tell_number,
};

static void draw_d4(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    struct turn_draw *drawn = draw;
    (void)bound;
    drawn->number = shs_random_below(stream, 8);
}

static void move_d4(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct turn_setting *setting = bound->setting;
    const struct turn_draw *drawn = draw;
    const struct symmetry symmetry = quarters(drawn->number % 4);
    move_by(setting, &symmetry, view);
    if (drawn->number >= 4) grid_view_flip(view, setting->found.axis[1]);
}

const struct augment_kind augment_d4 = {
    .name = "d4",
    .help = "Lays a square onto itself in one of the 8 ways: quarter turns as random_rot90 makes "
            "them and then, for half of the ways, a mirror along j. Components of vectors are "
            "turned along.",
    .draws = "below(8): modulo 4 it is the number of quarter turns; from 4 on the result is "
             "mirrored.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .turns = true,
    .keeps_boxes = true,
    .setting_bytes = sizeof(struct turn_setting),
    .draw_bytes = sizeof(struct turn_draw),
    .parameters = square_parameters,
    .bind = bind_square,
    .draw = draw_d4,
    .move = move_d4,
    .slab_axis = slab_of_turn,
    .tell = tell_number,
};

/* ---- random_symmetry */

/* The orders of three axes, of which the first two are the orders of two axes. */
static const uint32_t orders[6][3] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1},
                                      {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

static shs_status bind_symmetry(const struct augment_call *call, void *setting,
                                struct augment_bound *bound)
{
    const struct turn_setting *turn = setting;
    if (!turn->axes.letter[0]) bound->aspects |= AUGMENT_BY_DEPTH;
    return bind_axes(call, setting, bound, "zyx", 3);
}

static void draw_symmetry(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct turn_setting *setting = bound->setting;
    struct turn_draw *drawn = draw;
    drawn->number = shs_random_below(stream, setting->found.count == 3 ? 48 : 8);
}

static void move_symmetry(const struct augment_bound *bound, const void *draw,
                          struct grid_view *view)
{
    const struct turn_setting *setting = bound->setting;
    const struct turn_draw *drawn = draw;
    uint32_t count = setting->found.count, mirrors = drawn->number % (1U << count);
    const uint32_t *order = orders[drawn->number >> count];
    struct symmetry symmetry;
    for (uint32_t i = 0; i < count; i++) {
        symmetry.from[i] = order[i];
        symmetry.mirrored[i] = mirrors >> i & 1;
    }
    move_by(setting, &symmetry, view);
}

static const struct augment_parameter symmetry_parameters[] = {
    AXES_PARAMETER("The two or three axes; depth, height and width without it."),
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    AUGMENT_VECTORS_PARAMETERS(struct turn_setting),
    {0},
};

const struct augment_kind augment_random_symmetry = {
    .name = "random_symmetry",
    .help =
        "Lays a cube onto itself in one of the 48 ways, or a square in one of 8. With q axes, "
        "draw >> q chooses the order of the axes: of 012, 102, 021, 120, 201, 210, axis k of "
        "the result is the axis of the sample that has the digit at k. Then axis k of the "
        "result is mirrored if bit k of the draw is set. Components of vectors are turned along.",
    .draws = "below(48) for three axes, below(8) for two. Without axes=, fields that share the "
             "draws all have a depth, or none has.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .turns = true,
    .keeps_boxes = true,
    .setting_bytes = sizeof(struct turn_setting),
    .draw_bytes = sizeof(struct turn_draw),
    .parameters = symmetry_parameters,
    .bind = bind_symmetry,
    .draw = draw_symmetry,
    .move = move_symmetry,
    .slab_axis = slab_of_turn,
    .tell = tell_number,
};
