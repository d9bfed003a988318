/* random_crop and random_flip: they move elements and never look at them. */
#include <string.h>

#include "augment_kind.h"

static shs_status bind_crop(const struct augment_call *call, struct augment_bound *bound)
{
    double padding;
    shs_status status = augment_needed_number(call, "padding", 1, 1 << 20, &padding);
    if (status) return status;
    bound->setting.padding = (uint32_t)padding;
    if ((double)bound->setting.padding < padding)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: random_crop's padding is %g; it must be a "
                         "whole number",
                         call->at, padding);
    return augment_bind_grid(call, bound);
}

static void draw_crop(const struct augment_setting *setting, shs_random *stream,
                      struct augment_draw *draw)
{
    uint32_t choices = 2 * setting->padding + 1;
    draw->down = setting->has_height ? shs_random_below(stream, choices) : setting->padding;
    draw->right = shs_random_below(stream, choices);
}

/* The overlap of [0, size) with itself moved by offset - padding. */
struct overlap {
    size_t from;
    size_t to;
    size_t count;
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

static void crop(const struct augment_bound *bound, const struct augment_draw *draw,
                 const void *input, void *output)
{
    const struct augment_grid *grid = &bound->grid;
    struct overlap y = overlap_of(grid->height, draw->down, bound->setting.padding);
    struct overlap x = overlap_of(grid->width, draw->right, bound->setting.padding);
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

/* How far the image moves: the window that is cut out moves the other way. */
static void tell_crop(const struct augment_setting *setting, const struct augment_draw *draw,
                      struct core_text *text)
{
    core_text_add(text, "random_crop(");
    if (setting->has_height)
        core_text_add(text, "down=%d, ", (int)setting->padding - (int)draw->down);
    core_text_add(text, "right=%d)", (int)setting->padding - (int)draw->right);
}

static shs_status bind_flip(const struct augment_call *call, struct augment_bound *bound)
{
    const char *axis = augment_value(call, "axis");
    if (!axis || (strcmp(axis, "w") && strcmp(axis, "h")))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: random_flip needs axis=w or axis=h",
                         call->at);
    bound->setting.along_width = *axis == 'w';
    shs_status status = augment_number(call, "p", 0, 1, 0.5, &bound->setting.probability);
    if (!status) status = augment_bind_grid(call, bound);
    if (!status && !bound->setting.along_width && !bound->setting.has_height)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: random_flip along h of field %s, whose "
                         "layout has no h",
                         call->at, bound->before.name);
    return status;
}

static void draw_flip(const struct augment_setting *setting, shs_random *stream,
                      struct augment_draw *draw)
{
    draw->mirror = (double)shs_random_float(stream) < setting->probability;
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

static void flip(const struct augment_bound *bound, const struct augment_draw *draw,
                 const void *input, void *output)
{
    const struct augment_grid *grid = &bound->grid;
    size_t line = grid->width * grid->inner_bytes, lines = grid->outer * grid->height;
    if (!draw->mirror) {
        memcpy(output, input, lines * line);
        return;
    }
    for (size_t i = 0; i < lines; i++) {
        char *to = (char *)output + i * line;
        size_t y = i % grid->height;
        size_t mirrored = bound->setting.along_width ? i : i - y + (grid->height - 1 - y);
        const char *from = (const char *)input + mirrored * line;
        if (bound->setting.along_width)
            mirror_line(grid, from, to);
        else
            memcpy(to, from, line);
    }
}

static void tell_flip(const struct augment_setting *setting, const struct augment_draw *draw,
                      struct core_text *text)
{
    core_text_add(text, "random_flip(%c=%s)", setting->along_width ? 'w' : 'h',
                  draw->mirror ? "yes" : "no");
}

const struct augment_kind augment_random_crop = {
    "random_crop",
    {"padding", "layout"},
    "random_crop(padding=2)",
    true,
    bind_crop,
    draw_crop,
    crop,
    tell_crop,
};

const struct augment_kind augment_random_flip = {
    "random_flip", {"axis", "p", "layout"}, "random_flip(axis=w)", true, bind_flip, draw_flip, flip,
    tell_flip,
};
