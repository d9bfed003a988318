/* The operators random_roll and random_shift, which move samples along axes. */
#include "augment_slab.h"

/* ---- random_roll */

struct roll_setting {
    struct augment_axes axes;
    struct augment_found found;
};

struct roll_draw {
    uint32_t shift[SHS_MAX_AXES]; /* along the found axes */
};

static shs_status bind_roll(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    struct roll_setting *roll = setting;
    shs_status status = augment_find_axes(call, bound, &roll->axes, "", &roll->found);
    for (uint32_t i = 0; i < roll->found.count && !status; i++)
        if (!bound->before.shape[roll->found.axis[i]])
            status =
                core_fail(SHS_ERROR_ARGUMENT,
                          "augmentation, character %zu: random_roll of field %s in layout "
                          "%s: axis %c has no elements; name other axes",
                          call->at, bound->before.name, bound->grid.layout, roll->axes.letter[i]);
    augment_draw_by_lengths(bound, &roll->found);
    return status;
}

static void draw_roll(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct roll_setting *setting = bound->setting;
    struct roll_draw *drawn = draw;
    for (uint32_t i = 0; i < setting->found.count; i++)
        drawn->shift[i] =
            shs_random_below(stream, (uint32_t)bound->before.shape[setting->found.axis[i]]);
}

static void move_roll(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct roll_setting *setting = bound->setting;
    const struct roll_draw *drawn = draw;
    for (uint32_t i = 0; i < setting->found.count; i++)
        grid_view_cut(view, setting->found.axis[i], -(int64_t)drawn->shift[i],
                      view->way[setting->found.axis[i]].size, GRID_BEYOND_WRAP);
}

static int slab_of_roll(const struct augment_bound *bound, uint32_t axis)
{
    const struct roll_setting *setting = bound->setting;
    return augment_slab_beside(&setting->found, axis);
}

static void tell_roll(const struct augment_bound *bound, const void *draw,
                      struct augment_told *told)
{
    const struct roll_setting *setting = bound->setting;
    const struct roll_draw *drawn = draw;
    for (uint32_t i = 0; i < setting->found.count; i++)
        augment_tell_axis(told, setting->axes.letter[i], drawn->shift[i]);
}

static const struct augment_parameter roll_parameters[] = {
    {
        .name = "axes",
        AUGMENT_MEMBER(struct roll_setting, axes),
        .example = "w",
        .help = "The periodic axes, in the order of the draws.",
    },
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_random_roll = {
    .name = "random_roll",
    .help =
        "Rolls a sample along periodic axes: element k of the result along an axis of n elements "
        "is element (k - draw) modulo n, where a ragged sample has its own n.",
    .draws = "for each axis, below(elements).",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .aspects = AUGMENT_BY_LENGTHS,
    .setting_bytes = sizeof(struct roll_setting),
    .draw_bytes = sizeof(struct roll_draw),
    .parameters = roll_parameters,
    .bind = bind_roll,
    .draw = draw_roll,
    .move = move_roll,
    .slab_axis = slab_of_roll,
    .tell = tell_roll,
};

/* ---- random_shift */

enum shift_mode {
    SHIFT_ZERO,
    SHIFT_WRAP
};

struct shift_setting {
    uint64_t most;
    int mode; /* a value of enum shift_mode */
    struct augment_axes axes;
    struct augment_found found;
};

struct shift_draw {
    int64_t shift[SHS_MAX_AXES]; /* along the found axes */
};

static shs_status bind_shift(const struct augment_call *call, void *setting,
                             struct augment_bound *bound)
{
    struct shift_setting *shift = setting;
    bool timed = augment_axis_of(bound->grid.layout, 't') >= 0;
    return augment_find_axes(call, bound, &shift->axes, timed ? "t" : "w", &shift->found);
}

static void draw_shift(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct shift_setting *setting = bound->setting;
    struct shift_draw *drawn = draw;
    for (uint32_t i = 0; i < setting->found.count; i++)
        drawn->shift[i] = (int64_t)shs_random_below(stream, 2 * (uint32_t)setting->most + 1) -
                          (int64_t)setting->most;
}

static void move_shift(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct shift_setting *setting = bound->setting;
    const struct shift_draw *drawn = draw;
    for (uint32_t i = 0; i < setting->found.count; i++)
        grid_view_cut(view, setting->found.axis[i], -drawn->shift[i],
                      view->way[setting->found.axis[i]].size,
                      setting->mode == SHIFT_WRAP ? GRID_BEYOND_WRAP : GRID_BEYOND_ZERO);
}

static int slab_of_shift(const struct augment_bound *bound, uint32_t axis)
{
    const struct shift_setting *setting = bound->setting;
    return augment_slab_beside(&setting->found, axis);
}

static void tell_shift(const struct augment_bound *bound, const void *draw,
                       struct augment_told *told)
{
    const struct shift_setting *setting = bound->setting;
    const struct shift_draw *drawn = draw;
    for (uint32_t i = 0; i < setting->found.count; i++)
        augment_tell_axis(told, bound->grid.layout[setting->found.axis[i]], drawn->shift[i]);
}

static const struct augment_parameter shift_parameters[] = {
    {
        .name = "most",
        AUGMENT_MEMBER(struct shift_setting, most),
        .least = 0,
        .most = 1 << 30,
        .example = "2",
        .help = "The most elements by which a sample moves, to either side.",
    },
    {
        .name = "mode",
        AUGMENT_MEMBER(struct shift_setting, mode),
        .words = "zero wrap", /* in the order of enum shift_mode */
        .otherwise = "zero",
        .help = "What comes in at the end: zeros, or what leaves at the other end.",
    },
    {
        .name = "axes",
        AUGMENT_MEMBER(struct shift_setting, axes),
        .otherwise = "",
        .help = "The axes, in the order of the draws; t without it, or w if there is no t.",
    },
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_random_shift = {
    .name = "random_shift",
    .help = "Moves a signal along an axis: element k of the result is element k - draw.",
    .draws = "for each axis, below(2 * most + 1) - most.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .setting_bytes = sizeof(struct shift_setting),
    .draw_bytes = sizeof(struct shift_draw),
    .parameters = shift_parameters,
    .bind = bind_shift,
    .draw = draw_shift,
    .move = move_shift,
    .slab_axis = slab_of_shift,
    .tell = tell_shift,
};
