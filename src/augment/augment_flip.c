/* The operators random_flip and time_flip, which mirror samples. */
#include "augment_slab.h"
#include "augment_vectors.h"

struct flip_setting {
    struct augment_vectors_setting vectors;
    int axis; /* number of the letter in flip_letters */
    double probability;
    struct augment_found found;
};

struct flip_draw {
    bool mirror;
};

static const char flip_letters[] = "whxyzdt";

static shs_status bind_flip(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    struct flip_setting *flip = setting;
    const struct augment_axes axis = {.letter = {flip_letters[flip->axis]}};
    shs_status status = augment_find_axes(call, bound, &axis, "", &flip->found);
    return status ? status : augment_vectors_bind(call, &flip->vectors, &flip->found, bound);
}

static void draw_flip(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct flip_setting *setting = bound->setting;
    struct flip_draw *drawn = draw;
    drawn->mirror = (double)shs_random_float(stream) < setting->probability;
}

static void move_flip(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct flip_setting *setting = bound->setting;
    const struct flip_draw *drawn = draw;
    if (drawn->mirror) grid_view_flip(view, setting->found.axis[0]);
}

static int slab_of_flip(const struct augment_bound *bound, uint32_t axis)
{
    const struct flip_setting *setting = bound->setting;
    return augment_slab_beside(&setting->found, axis);
}

static void tell_flip(const struct augment_bound *bound, const void *draw,
                      struct augment_told *told)
{
    const struct flip_setting *setting = bound->setting;
    const struct flip_draw *drawn = draw;
    const char name[2] = {flip_letters[setting->axis], '\0'};
    augment_tell_answer(told, name, drawn->mirror);
}

static const struct augment_parameter flip_parameters[] = {
    {
        .name = "axis",
        AUGMENT_MEMBER(struct flip_setting, axis),
        .words = "w h x y z d t", /* in the order of flip_letters */
        .example = "w",
        .help = "The axis along which elements change places, such as the width or the height.",
    },
    {
        .name = "p",
        AUGMENT_MEMBER(struct flip_setting, probability),
        .least = 0,
        .most = 1,
        .otherwise = "0.5",
        .help = "The probability with which a sample is mirrored.",
    },
    AUGMENT_LAYOUT_PARAMETER,
    AUGMENT_VECTORS_PARAMETERS(struct flip_setting),
    {0},
};

const struct augment_kind augment_random_flip = {
    .name = "random_flip",
    .help =
        "Mirrors a sample along an axis, with a probability. Components of vectors along the axis "
        "change their signs.",
    .draws = "one float; the sample is mirrored if the float is below p.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .turns = true,
    .keeps_boxes = true,
    .aspects = AUGMENT_BY_HEIGHT,
    .setting_bytes = sizeof(struct flip_setting),
    .draw_bytes = sizeof(struct flip_draw),
    .parameters = flip_parameters,
    .bind = bind_flip,
    .draw = draw_flip,
    .move = move_flip,
    .slab_axis = slab_of_flip,
    .tell = tell_flip,
};

/* ---- time_flip */

static shs_status bind_time(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    struct flip_setting *flip = setting;
    bool timed = augment_axis_of(bound->grid.layout, 't') >= 0;
    flip->axis = timed ? 6 : 0;
    return augment_find_axes(call, bound, NULL, timed ? "t" : "w", &flip->found);
}

static const struct augment_parameter time_parameters[] = {
    {
        .name = "p",
        AUGMENT_MEMBER(struct flip_setting, probability),
        .least = 0,
        .most = 1,
        .otherwise = "0.5",
        .help = "The probability with which a sample is mirrored.",
    },
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_time_flip = {
    .name = "time_flip",
    .help = "Turns a signal around, along t or, if the layout has no t, along w.",
    .draws = "one float; the sample is turned around if the float is below p.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .keeps_boxes = true,
    .setting_bytes = sizeof(struct flip_setting),
    .draw_bytes = sizeof(struct flip_draw),
    .parameters = time_parameters,
    .bind = bind_time,
    .draw = draw_flip,
    .move = move_flip,
    .slab_axis = slab_of_flip,
    .tell = tell_flip,
};
