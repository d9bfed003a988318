/* The operators random_crop, center_crop, window_crop and pad, which cut samples and continue them
 * beyond their ends. */
#include <string.h>

#include "augment_slab.h"

enum {
    MOST_PADDING = 1 << 20,
    MOST_SIZE = 1 << 30
};

/* ---- random_crop */

struct crop_setting {
    uint64_t padding;
    struct augment_wholes size;
    int mode; /* a value of enum grid_beyond */
    struct augment_axes axes;
    struct augment_found found;
    uint64_t sizes[SHS_MAX_AXES]; /* of the result along the found axes */
};

struct crop_draw {
    uint32_t offset[SHS_MAX_AXES]; /* along the found axes */
};

static shs_status bind_crop(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    struct crop_setting *crop = setting;
    bool sized = crop->size.count > 0;
    if (!sized && !crop->padding)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: random_crop of field %s needs a number "
                         "padding=... or size=..., as in random_crop(padding=2)",
                         call->at, bound->before.name);
    shs_status status = augment_find_axes(call, bound, &crop->axes, "hw", &crop->found);
    if (!status && sized)
        status = augment_sizes_of(call, bound, &crop->size, "size", &crop->found, crop->sizes);
    for (uint32_t i = 0; i < crop->found.count && !status; i++) {
        uint32_t axis = crop->found.axis[i];
        uint64_t all = bound->before.shape[axis] + 2 * crop->padding;
        if (!sized) crop->sizes[i] = bound->before.shape[axis];
        status =
            augment_check_beyond(call, bound, (enum grid_beyond)crop->mode, axis, crop->padding);
        if (status || crop->sizes[i] <= all) {
            bound->after.shape[axis] = crop->sizes[i];
            continue;
        }
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "augmentation, character %zu: random_crop of field %s: size %llu along "
                           "%c is more than its %llu elements with the padding; give a smaller "
                           "size or more padding",
                           call->at, bound->before.name, (ull)crop->sizes[i],
                           bound->grid.layout[axis], (ull)all);
    }
    if (sized) augment_draw_by_lengths(bound, &crop->found);
    return status;
}

static void draw_crop(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct crop_setting *setting = bound->setting;
    struct crop_draw *drawn = draw;
    for (uint32_t i = 0; i < setting->found.count; i++) {
        uint64_t size = bound->before.shape[setting->found.axis[i]];
        uint64_t choices = size + 2 * setting->padding - setting->sizes[i] + 1;
        drawn->offset[i] = shs_random_below(stream, (uint32_t)choices);
    }
}

static void move_crop(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct crop_setting *setting = bound->setting;
    const struct crop_draw *drawn = draw;
    for (uint32_t i = 0; i < setting->found.count; i++) {
        uint32_t axis = setting->found.axis[i];
        grid_view_cut(view, axis, (int64_t)drawn->offset[i] - (int64_t)setting->padding,
                      (size_t)bound->after.shape[axis], (enum grid_beyond)setting->mode);
    }
}

/* A mirror may reach as far back as the padding, and the other end of an axis is all of it away. */
static void extend_crop(const struct augment_bound *bound, struct augment_extent *extent)
{
    const struct crop_setting *setting = bound->setting;
    for (uint32_t i = 0; i < setting->found.count; i++) {
        uint64_t *most = &extent->most[setting->found.axis[i]], all = *most;
        extent->cut[setting->found.axis[i]] = setting->sizes[i] < all || setting->padding;
        if (setting->mode != GRID_BEYOND_WRAP || !setting->padding) *most = setting->sizes[i];
        if (setting->mode == GRID_BEYOND_REFLECT) *most += setting->padding;
        if (*most > all) *most = all;
        extent->size[setting->found.axis[i]] = *most;
    }
}

static int slab_of_crop(const struct augment_bound *bound, uint32_t axis)
{
    const struct crop_setting *setting = bound->setting;
    return augment_slab_beside(&setting->found, axis);
}

/* Tells where the window begins in the sample: below 0 in the padding before it. */
static void tell_crop(const struct augment_bound *bound, const void *draw,
                      struct augment_told *told)
{
    const struct crop_setting *setting = bound->setting;
    const struct crop_draw *drawn = draw;
    for (uint32_t i = 0; i < setting->found.count; i++)
        augment_tell_axis(told, bound->grid.layout[setting->found.axis[i]],
                          (int64_t)drawn->offset[i] - (int64_t)setting->padding);
}

static const struct augment_parameter crop_parameters[] = {
    {
        .name = "padding",
        AUGMENT_MEMBER(struct crop_setting, padding),
        .least = 0,
        .most = MOST_PADDING,
        .otherwise = "0",
        .example = "2",
        .help = "How many elements each side gets before it is cut.",
    },
    {
        .name = "size",
        AUGMENT_MEMBER(struct crop_setting, size),
        .least = 1,
        .most = MOST_SIZE,
        .otherwise = "",
        .help = "The size that is cut out, for all axes or a number for each. Without it, the "
                "sample keeps its size.",
    },
    {
        .name = "mode",
        AUGMENT_MEMBER(struct crop_setting, mode),
        .words = AUGMENT_MODE_WORDS,
        .otherwise = "zero",
        .is_later = true,
        .help = "What the padding is: zeros, the element at the edge (a a | a b c | c c), a mirror "
                "in the edge element (c b | a b c | b a), or the other end of a periodic axis. "
                "A ragged sample may be shorter than the padding: then a mirror goes back and "
                "forth, and a periodic axis goes round.",
    },
    {
        .name = "axes",
        AUGMENT_MEMBER(struct crop_setting, axes),
        .otherwise = "",
        .help = "The axes that are cut, in the order of the draws; height and width without it.",
    },
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_random_crop = {
    .name = "random_crop",
    .help = "Pads each side of height and width, and cuts a window out at a random place: element "
            "k of the result along an axis is element k + draw - padding.",
    .draws =
        "for each axis, height before width, below(elements + 2 * padding - size + 1): without "
        "a size, below(2 * padding + 1). The record has draw - padding, named by the axis: the "
        "element of the sample at which the window begins, below 0 in the padding. With a size, "
        "fields that share the draws are equally long along these axes.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .aspects = AUGMENT_BY_HEIGHT,
    .setting_bytes = sizeof(struct crop_setting),
    .draw_bytes = sizeof(struct crop_draw),
    .parameters = crop_parameters,
    .bind = bind_crop,
    .draw = draw_crop,
    .move = move_crop,
    .extent = extend_crop,
    .slab_axis = slab_of_crop,
    .tell = tell_crop,
};

/* ---- center_crop */

struct center_setting {
    struct augment_wholes size;
    struct augment_axes axes;
    struct augment_found found;
};

static shs_status bind_center(const struct augment_call *call, void *setting,
                              struct augment_bound *bound)
{
    struct center_setting *center = setting;
    uint64_t sizes[SHS_MAX_AXES];
    shs_status status = augment_find_axes(call, bound, &center->axes, "hw", &center->found);
    if (!status)
        status = augment_sizes_of(call, bound, &center->size, "size", &center->found, sizes);
    for (uint32_t i = 0; i < center->found.count && !status; i++)
        bound->after.shape[center->found.axis[i]] = sizes[i];
    return status;
}

static void move_center(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct center_setting *setting = bound->setting;
    (void)draw;
    for (uint32_t i = 0; i < setting->found.count; i++) {
        uint32_t axis = setting->found.axis[i];
        int64_t lost = (int64_t)bound->before.shape[axis] - (int64_t)bound->after.shape[axis];
        grid_view_cut(view, axis, lost >= 0 ? lost / 2 : -((1 - lost) / 2),
                      (size_t)bound->after.shape[axis], GRID_BEYOND_ZERO);
    }
}

static void extend_center(const struct augment_bound *bound, struct augment_extent *extent)
{
    const struct center_setting *setting = bound->setting;
    for (uint32_t i = 0; i < setting->found.count; i++) {
        uint32_t axis = setting->found.axis[i];
        extent->cut[axis] = extent->most[axis] > bound->after.shape[axis];
        if (extent->cut[axis]) extent->most[axis] = extent->size[axis] = bound->after.shape[axis];
    }
}

static int slab_of_center(const struct augment_bound *bound, uint32_t axis)
{
    const struct center_setting *setting = bound->setting;
    return augment_slab_beside(&setting->found, axis);
}

static const struct augment_parameter center_parameters[] = {
    {
        .name = "size",
        AUGMENT_MEMBER(struct center_setting, size),
        .least = 1,
        .most = MOST_SIZE,
        .example = "4",
        .help = "The size that is cut out, for all axes or a number for each.",
    },
    {
        .name = "axes",
        AUGMENT_MEMBER(struct center_setting, axes),
        .otherwise = "",
        .help = "The axes that are cut; height and width without it.",
    },
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_center_crop = {
    .name = "center_crop",
    .help = "Cuts the middle out: element k of the result along an axis is element k + "
            "floor((elements - size) / 2). Where the sample is smaller, zeros stand around it.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .setting_bytes = sizeof(struct center_setting),
    .parameters = center_parameters,
    .bind = bind_center,
    .move = move_center,
    .extent = extend_center,
    .slab_axis = slab_of_center,
};

/* ---- window_crop */

struct window_setting {
    uint64_t size;
    struct augment_axes axes;
    struct augment_found found;
};

struct window_draw {
    uint32_t from;
};

static shs_status bind_window(const struct augment_call *call, void *setting,
                              struct augment_bound *bound)
{
    struct window_setting *window = setting;
    bool timed = augment_axis_of(bound->grid.layout, 't') >= 0;
    shs_status status =
        augment_find_axes(call, bound, &window->axes, timed ? "t" : "w", &window->found);
    if (status) return status;
    uint32_t axis = window->found.axis[0];
    if (window->found.count > 1 || window->size > bound->before.shape[axis])
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "augmentation, character %zu: window_crop of field %s in layout %s: %llu elements "
            "along %c, which has %llu; it cuts one axis, and at most all of it",
            call->at, bound->before.name, bound->grid.layout, (ull)window->size,
            bound->grid.layout[axis], (ull)bound->before.shape[axis]);
    bound->after.shape[axis] = window->size;
    augment_draw_by_lengths(bound, &window->found);
    return SHS_OK;
}

static void draw_window(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct window_setting *setting = bound->setting;
    struct window_draw *drawn = draw;
    uint64_t size = bound->before.shape[setting->found.axis[0]];
    drawn->from = shs_random_below(stream, (uint32_t)(size - setting->size + 1));
}

static void move_window(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct window_setting *setting = bound->setting;
    const struct window_draw *drawn = draw;
    grid_view_cut(view, setting->found.axis[0], drawn->from, (size_t)setting->size,
                  GRID_BEYOND_ZERO);
}

static void extend_window(const struct augment_bound *bound, struct augment_extent *extent)
{
    const struct window_setting *setting = bound->setting;
    uint32_t axis = setting->found.axis[0];
    extent->cut[axis] = setting->size < extent->most[axis];
    extent->most[axis] = extent->size[axis] = setting->size;
}

static int slab_of_window(const struct augment_bound *bound, uint32_t axis)
{
    const struct window_setting *setting = bound->setting;
    return augment_slab_beside(&setting->found, axis);
}

static void tell_window(const struct augment_bound *bound, const void *draw,
                        struct augment_told *told)
{
    const struct window_draw *drawn = draw;
    (void)bound;
    augment_tell_whole(told, "from", "elements", drawn->from);
}

static const struct augment_parameter window_parameters[] = {
    {
        .name = "size",
        AUGMENT_MEMBER(struct window_setting, size),
        .least = 1,
        .most = MOST_SIZE,
        .example = "4",
        .help = "How many elements are cut out.",
    },
    {
        .name = "axes",
        AUGMENT_MEMBER(struct window_setting, axes),
        .otherwise = "",
        .help = "The axis that is cut; t without it, or w if there is no t.",
    },
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_window_crop = {
    .name = "window_crop",
    .help = "Cuts a window out of a signal at a random place: element k of the result is element k "
            "+ draw.",
    .draws = "below(elements - size + 1).",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .aspects = AUGMENT_BY_LENGTHS,
    .setting_bytes = sizeof(struct window_setting),
    .draw_bytes = sizeof(struct window_draw),
    .parameters = window_parameters,
    .bind = bind_window,
    .draw = draw_window,
    .move = move_window,
    .extent = extend_window,
    .slab_axis = slab_of_window,
    .tell = tell_window,
};

/* ---- pad */

struct pad_setting {
    struct augment_wholes padding;
    int mode; /* a value of enum grid_beyond */
    struct augment_axes axes;
    struct augment_found found;
    uint64_t paddings[SHS_MAX_AXES]; /* along the found axes */
};

static shs_status bind_pad(const struct augment_call *call, void *setting,
                           struct augment_bound *bound)
{
    struct pad_setting *pad = setting;
    shs_status status = augment_find_axes(call, bound, &pad->axes, "hw", &pad->found);
    if (!status)
        status =
            augment_sizes_of(call, bound, &pad->padding, "padding", &pad->found, pad->paddings);
    for (uint32_t i = 0; i < pad->found.count && !status; i++) {
        uint32_t axis = pad->found.axis[i];
        status =
            augment_check_beyond(call, bound, (enum grid_beyond)pad->mode, axis, pad->paddings[i]);
        bound->after.shape[axis] += 2 * pad->paddings[i];
    }
    return status;
}

static void move_pad(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct pad_setting *setting = bound->setting;
    (void)draw;
    for (uint32_t i = 0; i < setting->found.count; i++) {
        uint32_t axis = setting->found.axis[i];
        grid_view_cut(view, axis, -(int64_t)setting->paddings[i], (size_t)bound->after.shape[axis],
                      (enum grid_beyond)setting->mode);
    }
}

static int slab_of_pad(const struct augment_bound *bound, uint32_t axis)
{
    const struct pad_setting *setting = bound->setting;
    return augment_slab_beside(&setting->found, axis);
}

static const struct augment_parameter pad_parameters[] = {
    {
        .name = "padding",
        AUGMENT_MEMBER(struct pad_setting, padding),
        .least = 0,
        .most = MOST_PADDING,
        .example = "2",
        .help = "How many elements each side gets, for all axes or a number for each.",
    },
    {
        .name = "mode",
        AUGMENT_MEMBER(struct pad_setting, mode),
        .words = AUGMENT_MODE_WORDS,
        .otherwise = "zero",
        .help = "What the padding is: zeros, the element at the edge (a a | a b c | c c), a mirror "
                "in the edge element (c b | a b c | b a), or the other end of a periodic axis.",
    },
    {
        .name = "axes",
        AUGMENT_MEMBER(struct pad_setting, axes),
        .otherwise = "",
        .help = "The axes that are padded; height and width without it.",
    },
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_pad = {
    .name = "pad",
    .help = "Adds elements on both sides of axes.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .setting_bytes = sizeof(struct pad_setting),
    .parameters = pad_parameters,
    .bind = bind_pad,
    .move = move_pad,
    .slab_axis = slab_of_pad,
};
