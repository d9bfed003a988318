/* The operators random_crop and random_flip, which move elements without reading their values. */
#include "augment_kind.h"

/* ---- random_crop */

struct crop_setting {
    uint64_t padding;
};

struct crop_draw {
    uint32_t down;
    uint32_t right;
};

static void draw_crop(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct crop_setting *setting = bound->setting;
    struct crop_draw *drawn = draw;
    uint32_t padding = (uint32_t)setting->padding, choices = 2 * padding + 1;
    drawn->down = bound->grid.has_height ? shs_random_below(stream, choices) : padding;
    drawn->right = shs_random_below(stream, choices);
}

static void move_crop(const struct augment_bound *bound, const void *draw,
                      struct augment_view *view)
{
    const struct crop_setting *setting = bound->setting;
    const struct crop_draw *drawn = draw;
    const struct augment_grid *grid = &bound->grid;
    int height = augment_axis_of(grid->layout, 'h'), width = augment_axis_of(grid->layout, 'w');
    int64_t padding = (int64_t)setting->padding;
    if (height >= 0)
        augment_view_cut(view, (uint32_t)height, (int64_t)drawn->down - padding,
                         view->way[height].size, AUGMENT_BEYOND_ZERO);
    augment_view_cut(view, (uint32_t)width, (int64_t)drawn->right - padding, view->way[width].size,
                     AUGMENT_BEYOND_ZERO);
}

/* Tells how far the image moves. The window that is cut out moves the other way. */
static void tell_crop(const struct augment_bound *bound, const void *draw, struct core_text *text)
{
    const struct crop_setting *setting = bound->setting;
    const struct crop_draw *drawn = draw;
    int padding = (int)setting->padding;
    if (bound->grid.has_height) core_text_add(text, "down=%d, ", padding - (int)drawn->down);
    core_text_add(text, "right=%d", padding - (int)drawn->right);
}

static const struct augment_parameter crop_parameters[] = {
    {
        .name = "padding",
        AUGMENT_MEMBER(struct crop_setting, padding),
        .least = 1,
        .most = 1 << 20,
        .example = "2",
        .help = "How many zeros each side gets.",
    },
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_random_crop = {
    .name = "random_crop",
    .help = "Puts zeros on each side of height and width, and cuts the original size out at a "
            "random place.",
    .draws = "below(2 * padding + 1) for the height, if there is one, then the same for the width.",
    .needs = AUGMENT_NEEDS_WIDTH,
    .aspects = AUGMENT_BY_HEIGHT,
    .setting_bytes = sizeof(struct crop_setting),
    .draw_bytes = sizeof(struct crop_draw),
    .parameters = crop_parameters,
    .draw = draw_crop,
    .move = move_crop,
    .tell = tell_crop,
};

/* ---- random_flip */

enum flip_axis {
    FLIP_WIDTH,
    FLIP_HEIGHT
};

struct flip_setting {
    int axis; /* a value of enum flip_axis */
    double probability;
};

struct flip_draw {
    bool mirror;
};

static shs_status bind_flip(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    const struct flip_setting *flip = setting;
    if (flip->axis == FLIP_WIDTH || bound->grid.has_height) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: random_flip along h of field %s, whose layout "
                     "has no h",
                     call->at, bound->before.name);
}

static void draw_flip(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct flip_setting *setting = bound->setting;
    struct flip_draw *drawn = draw;
    drawn->mirror = (double)shs_random_float(stream) < setting->probability;
}

static void move_flip(const struct augment_bound *bound, const void *draw,
                      struct augment_view *view)
{
    const struct flip_setting *setting = bound->setting;
    const struct flip_draw *drawn = draw;
    int axis = augment_axis_of(bound->grid.layout, setting->axis == FLIP_WIDTH ? 'w' : 'h');
    if (drawn->mirror) augment_view_flip(view, (uint32_t)axis);
}

static void tell_flip(const struct augment_bound *bound, const void *draw, struct core_text *text)
{
    const struct flip_setting *setting = bound->setting;
    const struct flip_draw *drawn = draw;
    core_text_add(text, "%c=%s", setting->axis == FLIP_WIDTH ? 'w' : 'h',
                  drawn->mirror ? "yes" : "no");
}

static const struct augment_parameter flip_parameters[] = {
    {
        .name = "axis",
        AUGMENT_MEMBER(struct flip_setting, axis),
        .words = "w h", /* in the order of enum flip_axis */
        .example = "w",
        .help = "The axis along which elements change places: width or height.",
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
    {0},
};

const struct augment_kind augment_random_flip = {
    .name = "random_flip",
    .help = "Mirrors a sample along an axis, with a probability.",
    .draws = "one float; the sample is mirrored if the float is below p.",
    .needs = AUGMENT_NEEDS_WIDTH,
    .aspects = AUGMENT_BY_HEIGHT,
    .setting_bytes = sizeof(struct flip_setting),
    .draw_bytes = sizeof(struct flip_draw),
    .parameters = flip_parameters,
    .bind = bind_flip,
    .draw = draw_flip,
    .move = move_flip,
    .tell = tell_flip,
};
