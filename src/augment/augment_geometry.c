/* The operators random_crop and random_flip, which move elements without reading their values. */
#include <string.h>

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

/* The part of an axis that stays in the window when the image moves by padding - offset. */
struct overlap {
    size_t from;  /* first element of this part in the input */
    size_t to;    /* first element of this part in the output */
    size_t count; /* elements */
};

static struct overlap overlap_of(size_t size, size_t offset, size_t padding)
{
    struct overlap overlap = {0};
    if (offset > padding)
        overlap.from = offset - padding;
    else
        overlap.to = padding - offset;
    size_t lost = overlap.from + overlap.to;
    overlap.count = lost < size ? size - lost : 0;
    return overlap;
}

static void crop(const struct augment_bound *bound, const void *draw, const void *input,
                 void *output)
{
    const struct crop_setting *setting = bound->setting;
    const struct crop_draw *drawn = draw;
    const struct augment_grid *grid = &bound->grid;
    struct overlap y = overlap_of(grid->height, drawn->down, setting->padding);
    struct overlap x = overlap_of(grid->width, drawn->right, setting->padding);
    size_t line = grid->width * grid->inner_bytes, plane = grid->height * line;
    memset(output, 0, grid->outer * plane);
    if (!x.count) return;
    for (size_t outer = 0; outer < grid->outer; outer++)
        for (size_t i = 0; i < y.count; i++) {
            const char *from = (const char *)input + outer * plane + (y.from + i) * line;
            char *to = (char *)output + outer * plane + (y.to + i) * line;
            memcpy(to + x.to * grid->inner_bytes, from + x.from * grid->inner_bytes,
                   x.count * grid->inner_bytes);
        }
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
    .needs_grid = true,
    .aspects = AUGMENT_BY_HEIGHT,
    .setting_bytes = sizeof(struct crop_setting),
    .draw_bytes = sizeof(struct crop_draw),
    .parameters = crop_parameters,
    .draw = draw_crop,
    .apply = crop,
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

static void mirror_line(const struct augment_grid *grid, const char *from, char *to)
{
    size_t width = grid->width, bytes = grid->inner_bytes;
    if (bytes == 1) {
        for (size_t x = 0; x < width; x++)
            to[x] = from[width - 1 - x];
        return;
    }
    for (size_t x = 0; x < width; x++)
        memcpy(to + x * bytes, from + (width - 1 - x) * bytes, bytes);
}

static void flip(const struct augment_bound *bound, const void *draw, const void *input,
                 void *output)
{
    const struct flip_setting *setting = bound->setting;
    const struct flip_draw *drawn = draw;
    const struct augment_grid *grid = &bound->grid;
    size_t line = grid->width * grid->inner_bytes, lines = grid->outer * grid->height;
    bool along_width = setting->axis == FLIP_WIDTH;
    if (!drawn->mirror) {
        memcpy(output, input, lines * line);
        return;
    }
    for (size_t i = 0; i < lines; i++) {
        char *to = (char *)output + i * line;
        size_t y = i % grid->height;
        size_t mirrored = along_width ? i : i - y + (grid->height - 1 - y);
        const char *from = (const char *)input + mirrored * line;
        if (along_width)
            mirror_line(grid, from, to);
        else
            memcpy(to, from, line);
    }
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
    .needs_grid = true,
    .aspects = AUGMENT_BY_HEIGHT,
    .setting_bytes = sizeof(struct flip_setting),
    .draw_bytes = sizeof(struct flip_draw),
    .parameters = flip_parameters,
    .bind = bind_flip,
    .draw = draw_flip,
    .apply = flip,
    .tell = tell_flip,
};
