#include "data_members.h"

#include "core_memory.h"
#include "data_pick.h"

/* Takes an axis of the array as it is picked, or all of it. The picked ranges move to the axis. */
static shs_status take_axis(struct io_part_axis *picked, uint64_t length, struct io_part_axis *axis)
{
    axis->length = length;
    if (picked) {
        *axis = *picked;
        picked->range = NULL;
        return SHS_OK;
    }
    shs_status status = core_new(1, sizeof *axis->range, "indices", &axis->range);
    if (status) return status;
    *axis->range = (struct io_range){.count = length, .step = 1};
    axis->ranges = 1;
    return SHS_OK;
}

static bool has_elements(const shs_tensor *whole, uint32_t row_axes)
{
    for (uint32_t axis = row_axes; axis < whole->axes; axis++)
        if (!whole->shape[axis]) return false;
    return true;
}

shs_status data_members_part(const struct h5_array *array, const shs_tensor *whole,
                             uint32_t row_axes, struct io_part **part)
{
    struct io_part *picked = *part, *made;
    if (!h5_array_has_members(array) || !has_elements(whole, row_axes)) return SHS_OK;
    uint32_t axes = h5_array_axes(array) - row_axes;
    shs_status status = core_new(1, sizeof *made, "a part", &made);
    if (status) return status;
    made->axes = axes + 1;
    made->element_bytes = 1;
    for (uint32_t axis = 0; axis < axes && !status; axis++)
        status = take_axis(picked ? &picked->axis[axis] : NULL, whole->shape[row_axes + axis],
                           &made->axis[axis]);
    if (!status)
        status =
            h5_array_member_bytes(array, picked ? &picked->axis[axes] : NULL, &made->axis[axes]);
    if (status) {
        data_pick_free(&made);
        return status;
    }
    io_part_measure(made);
    data_pick_free(part);
    *part = made;
    return SHS_OK;
}
