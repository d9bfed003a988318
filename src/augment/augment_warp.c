#include "augment_warp.h"

#include "augment_volume.h"
#include "grid_volume.h"

/* ---- Operators that become one map. */

/* Returns true if the next operation becomes one map with an operation: if both warp the same axes
 * of each field in the same way. */
static bool goes_on(const struct augment_operation *before, const struct augment_operation *next)
{
    const struct augment_warp_setting *a = before->targets[0].setting,
                                      *b = next->targets[0].setting;
    if (!next->kind->warp || next->begins_statement || before->turns || next->turns ||
        a->how != b->how || a->border != b->border || a->is_volume != b->is_volume)
        return false;
    for (size_t t = 0; t < next->n_targets; t++)
        if (augment_axis_of(before->targets[t].bound.grid.layout, 'h') !=
            augment_axis_of(next->targets[t].bound.grid.layout, 'h'))
            return false;
    return true;
}

const struct augment_operation *augment_warp_draw(const struct augment_operation *operation,
                                                  const struct augment_operation *end,
                                                  shs_random *stream, struct augment_warps *warps)
{
    warps->count = 0;
    for (size_t met = 1;; met++, operation++) {
        if (augment_chosen(operation, stream)) {
            augment_draw(operation, stream, warps->one[warps->count].draw);
            warps->one[warps->count++].operation = operation;
        }
        if (operation->kind == &augment_elastic || met == AUGMENT_MOST_WARPS ||
            operation + 1 == end || !goes_on(operation, operation + 1))
            return operation;
    }
}

/* ---- Samples. */

static void make_warp(const struct augment_bound *bound, const struct augment_warps *warps,
                      struct grid_warp *warp)
{
    const struct augment_warp_setting *setting = bound->setting;
    size_t depth = setting->is_volume ? augment_volume_depth(bound) : 1;
    *warp = (struct grid_warp){.turn = {1, 0, 0, 1}, .volume.turn = {1, 0, 0, 0, 1, 0, 0, 0, 1}};
    for (size_t i = 0; i < warps->count; i++) {
        const struct augment_operation *operation = warps->one[i].operation;
        const struct augment_warped warped = {operation->targets[0].setting, depth,
                                              bound->grid.height, bound->grid.width};
        operation->kind->warp(&warped, warps->one[i].draw, warp);
    }
}

static bool is_nearest(const struct augment_bound *bound,
                       const struct augment_warp_setting *setting)
{
    return bound->interpolation ? bound->interpolation == AUGMENT_NEAREST : setting->how == 0;
}

size_t augment_warp_bytes(const struct augment_bound *bound)
{
    const struct grid_images images = augment_images_of(bound);
    const struct augment_warp_setting *setting = bound->setting;
    return setting->is_volume ? grid_volume_bytes(&images) : grid_warp_bytes(&images);
}

void augment_warp_apply(const struct augment_bound *bound, const void *draw, const void *input,
                        void *output, void *scratch)
{
    const struct augment_warp_setting *setting = bound->setting;
    const struct grid_warping how = {augment_images_of(bound),
                                     augment_border_of(bound, setting->border),
                                     is_nearest(bound, setting)};
    struct grid_warp warp;
    make_warp(bound, draw, &warp);
    if (setting->is_volume)
        grid_warp_volumes(&how, augment_volume_depth(bound), &warp, input, output, scratch);
    else
        grid_warp_images(&how, &warp, input, output, scratch);
}

shs_status augment_warp_bind(const struct augment_call *call, void *setting,
                             struct augment_bound *bound)
{
    const struct augment_grid *grid = &bound->grid;
    bool nearest = is_nearest(bound, setting);
    shs_status status = augment_volume_bind(call, setting, bound);
    if (!status) status = augment_check_sampled(call, bound, GRID_WARP_MOST_EXTENT, !nearest);
    if (status || (grid->inner <= GRID_WARP_MOST_INNER &&
                   grid->inner <= (UINT64_C(1) << 31) / grid->height / grid->width))
        return status;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s of field %s: an image has %zu x %zu pixels "
                     "of %zu elements; the most is 2^31 elements, and 2^20 of a pixel",
                     call->at, call->name, bound->before.name, grid->height, grid->width,
                     grid->inner);
}
