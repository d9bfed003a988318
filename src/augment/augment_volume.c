#include "augment_volume.h"

#include "augment_axes.h"

static shs_status refuse(const struct augment_call *call, const struct augment_bound *bound,
                         const char *axes, const char *why)
{
    struct core_text shape = {0};
    core_text_add_shape(&shape, &bound->before);
    core_fail(SHS_ERROR_ARGUMENT,
              "augmentation, character %zu: %s of field %s, whose samples are %s in layout %s, "
              "with axes=%s: %s",
              call->at, call->name, bound->before.name, shape.bytes ? shape.bytes : "",
              bound->grid.layout, axes, why);
    core_text_free(&shape);
    return SHS_ERROR_ARGUMENT;
}

shs_status augment_volume_bind(const struct augment_call *call,
                               struct augment_warp_setting *setting, struct augment_bound *bound)
{
    const char *axes = setting->axes.letter, *layout = bound->grid.layout;
    int z = augment_axis_of(layout, 'z'), y = augment_axis_of(layout, 'y');
    if (!*axes || augment_same_layout(axes, "yx")) return SHS_OK;
    if (!augment_same_layout(axes, "zyx"))
        return refuse(call, bound, axes, "it takes yx, for images, or zyx, for volumes");
    if (z < 0 || z + 1 != y)
        return refuse(call, bound, axes,
                      "a volume needs an axis z or d, and right behind it y and x");
    if (bound->ragged && z == 0)
        return refuse(call, bound, axes,
                      "its samples have fewer rows of their own (offsets) along the depth; use "
                      "the operator on a field without offsets");
    if (!bound->before.shape[z] || bound->before.shape[z] > GRID_WARP_MOST_EXTENT)
        return refuse(call, bound, axes,
                      "its depth is empty or too long to be resampled; crop it first");
    setting->is_volume = true;
    return SHS_OK;
}

size_t augment_volume_depth(const struct augment_bound *bound)
{
    return (size_t)bound->before.shape[augment_axis_of(bound->grid.layout, 'z')];
}
