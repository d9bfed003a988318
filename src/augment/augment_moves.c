#include "augment_moves.h"

#include <string.h>

shs_status augment_find_axes(const struct augment_call *call, const struct augment_bound *bound,
                             const struct augment_axes *given, const char *usual,
                             struct augment_found *found)
{
    const char *layout = bound->grid.layout;
    bool all = given && given->letter[0];
    *found = (struct augment_found){0};
    for (const char *letter = all ? given->letter : usual; *letter; letter++) {
        int axis = augment_axis_of(layout, *letter);
        if (axis < 0 && all)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "augmentation, character %zu: %s along %c of field %s, whose layout "
                             "is %s and has no %c",
                             call->at, call->name, *letter, bound->before.name, layout, *letter);
        if (axis < 0) continue;
        if (bound->before.shape[axis] > INT32_MAX)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "augmentation, character %zu: %s of field %s: axis %c has %llu "
                             "elements; the most that can be drawn from is %d",
                             call->at, call->name, bound->before.name, *letter,
                             (ull)bound->before.shape[axis], INT32_MAX);
        found->axis[found->count++] = (uint32_t)axis;
    }
    if (found->count) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s of field %s, whose layout is %s: it has none "
                     "of the axes %s; give another layout=",
                     call->at, call->name, bound->before.name, layout, usual);
}

void augment_draw_by_lengths(struct augment_bound *bound, const struct augment_found *found)
{
    bound->aspects |= AUGMENT_BY_LENGTHS;
    bound->drawn_along = *found;
}

shs_status augment_need_cube(const struct augment_call *call, const struct augment_bound *bound,
                             const struct augment_found *found)
{
    const uint64_t *shape = bound->before.shape;
    const char *layout = bound->grid.layout;
    for (uint32_t i = 0; i < found->count; i++) {
        uint32_t first = found->axis[0], axis = found->axis[i];
        if (bound->ragged && axis == 0)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "augmentation, character %zu: %s along %c of field %s, whose samples "
                             "have fewer rows of their own (offsets) along it: elements cannot "
                             "move to another axis",
                             call->at, call->name, layout[0], bound->before.name);
        if (shape[axis] != shape[first])
            return core_fail(
                SHS_ERROR_ARGUMENT,
                "augmentation, character %zu: %s of field %s in layout %s: axis %c has "
                "%llu elements and axis %c has %llu; the axes must be equally long, so "
                "crop or resize first",
                call->at, call->name, bound->before.name, layout, layout[first], (ull)shape[first],
                layout[axis], (ull)shape[axis]);
    }
    return SHS_OK;
}

shs_status augment_sizes_of(const struct augment_call *call, const struct augment_bound *bound,
                            const struct augment_wholes *given, const char *name,
                            const struct augment_found *found, uint64_t sizes[SHS_MAX_AXES])
{
    if (given->count > 1 && given->count != found->count)
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "augmentation, character %zu: %s's %s is a list of %zu numbers for %u axes "
            "of field %s in layout %s; give one number for all axes, or a list of %u",
            call->at, call->name, name, given->count, found->count, bound->before.name,
            bound->grid.layout, found->count);
    for (uint32_t i = 0; i < found->count; i++)
        sizes[i] = given->number[given->count > 1 ? i : 0];
    return SHS_OK;
}

shs_status augment_check_beyond(const struct augment_call *call, const struct augment_bound *bound,
                                enum grid_beyond beyond, uint32_t axis, uint64_t padding)
{
    uint64_t size = bound->before.shape[axis];
    char letter = bound->grid.layout[axis];
    if (beyond == GRID_BEYOND_ZERO || !padding) return SHS_OK;
    if (!size)
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "augmentation, character %zu: %s of field %s: axis %c has no elements that "
            "could continue it; use mode=zero",
            call->at, call->name, bound->before.name, letter);
    if (beyond != GRID_BEYOND_REFLECT || padding < size) return SHS_OK;
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "augmentation, character %zu: %s of field %s: axis %c has %llu elements, and a "
        "padding of %llu is more than mode=reflect can mirror; give at most %llu, or "
        "mode=edge",
        call->at, call->name, bound->before.name, letter, (ull)size, (ull)padding, (ull)(size - 1));
}
