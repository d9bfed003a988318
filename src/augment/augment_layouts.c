/* The operators to_chw and to_hwc, which move the axis of the channels. */
#include <string.h>

#include "augment_moves.h"

struct layout_setting {
    uint32_t order[SHS_MAX_AXES]; /* axis k of the result is axis order[k] of the sample */
};

/* Moves the axis of the channels to a place among the other axes. */
static shs_status bind_order(const struct augment_call *call, struct layout_setting *setting,
                             struct augment_bound *bound, bool last)
{
    const char *layout = bound->grid.layout;
    int channel = augment_axis_of(layout, 'c');
    uint32_t axes = bound->before.axes, count = 0, place = 0;
    if (channel < 0)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s of field %s, whose layout is %s and has "
                         "no c; give another layout=",
                         call->at, call->name, bound->before.name, layout);
    for (uint32_t axis = 0; axis < axes; axis++)
        if ((int)axis != channel) setting->order[count++] = axis;
    while (place < count && (last || !strchr("zdyhxw", layout[setting->order[place]])))
        place++;
    memmove(setting->order + place + 1, setting->order + place,
            (count - place) * sizeof *setting->order);
    setting->order[place] = (uint32_t)channel;
    for (uint32_t axis = 0; axis < axes; axis++) {
        bound->after.shape[axis] = bound->before.shape[setting->order[axis]];
        bound->after_layout[axis] = layout[setting->order[axis]];
    }
    return SHS_OK;
}

static shs_status bind_first(const struct augment_call *call, void *setting,
                             struct augment_bound *bound)
{
    return bind_order(call, setting, bound, false);
}

static shs_status bind_last(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    return bind_order(call, setting, bound, true);
}

static void move_axes(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct layout_setting *setting = bound->setting;
    (void)draw;
    grid_view_permute(view, setting->order);
}

/* The slab goes where its axis goes. */
static int slab_of_axes(const struct augment_bound *bound, uint32_t axis)
{
    const struct layout_setting *setting = bound->setting;
    uint32_t behind = 0;
    while (setting->order[behind] != axis)
        behind++;
    return (int)behind;
}

static const struct augment_parameter layout_parameters[] = {AUGMENT_LAYOUT_PARAMETER, {0}};

const struct augment_kind augment_to_chw = {
    .name = "to_chw",
    .help = "Puts the axis of the channels in front of depth, height and width: hwc becomes chw, "
            "and thwc tchw.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .keeps_boxes = true,
    .setting_bytes = sizeof(struct layout_setting),
    .parameters = layout_parameters,
    .bind = bind_first,
    .move = move_axes,
    .slab_axis = slab_of_axes,
};

const struct augment_kind augment_to_hwc = {
    .name = "to_hwc",
    .help = "Puts the axis of the channels behind all others: chw becomes hwc, and tchw thwc.",
    .needs = AUGMENT_NEEDS_LAYOUT,
    .keeps_boxes = true,
    .setting_bytes = sizeof(struct layout_setting),
    .parameters = layout_parameters,
    .bind = bind_last,
    .move = move_axes,
    .slab_axis = slab_of_axes,
};
