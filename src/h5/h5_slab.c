#include "h5_slab.h"

#include "core_memory.h"

bool h5_slab_read(hid_t space, struct h5_slab *slab)
{
    H5S_sel_type type = H5Sget_select_type(space);
    *slab = (struct h5_slab){.all = type == H5S_SEL_ALL, .axes = H5Sget_simple_extent_ndims(space)};
    if (slab->all || slab->axes < 0) return slab->axes >= 0;
    if (type != H5S_SEL_HYPERSLABS) return false;
    slab->regular = H5Sis_regular_hyperslab(space) > 0;
    if (!slab->regular) return true;
    if (H5Sget_regular_hyperslab(space, slab->start, slab->stride, slab->count, slab->block) < 0)
        return false;
    for (int axis = 0; axis < slab->axes; axis++)
        if (!slab->stride[axis]) return false;
    return true;
}

int h5_slab_endless_axis(const struct h5_slab *slab)
{
    for (int axis = 0; axis < slab->axes && slab->regular; axis++)
        if (slab->count[axis] == H5S_UNLIMITED || slab->block[axis] == H5S_UNLIMITED) return axis;
    return -1;
}

void h5_slab_clip(struct h5_slab *slab, const hsize_t *shape)
{
    int axis = h5_slab_endless_axis(slab);
    if (axis < 0) return;
    hsize_t length = shape[axis] > slab->start[axis] ? shape[axis] - slab->start[axis] : 0;
    if (slab->count[axis] == H5S_UNLIMITED)
        slab->count[axis] = length ? (length - 1) / slab->stride[axis] + 1 : 0;
    else
        slab->block[axis] = length;
}

/* Returns how many indexes below `length` a selection has along an axis. */
static uint64_t elements_along(const struct h5_slab *slab, int axis, hsize_t length)
{
    hsize_t start = slab->start[axis], stride = slab->stride[axis];
    if (length <= start) return 0;
    if (slab->block[axis] == H5S_UNLIMITED) return length - start;
    hsize_t full = (length - start) / stride, left = (length - start) % stride;
    if (slab->count[axis] <= full) return slab->count[axis] * slab->block[axis];
    return full * slab->block[axis] + (left < slab->block[axis] ? left : slab->block[axis]);
}

uint64_t h5_slab_elements(const struct h5_slab *slab, const hsize_t *shape)
{
    uint64_t elements = 1;
    for (int axis = 0; axis < slab->axes; axis++)
        if (!core_multiply(elements, elements_along(slab, axis, shape[axis]), &elements))
            return UINT64_MAX;
    return elements;
}

bool h5_slab_is_one_piece(const struct h5_slab *slab, int axis)
{
    return slab->count[axis] == 1 || slab->stride[axis] == slab->block[axis];
}

bool h5_slab_takes_whole(const struct h5_slab *slab, const hsize_t *shape)
{
    for (int axis = 1; axis < slab->axes; axis++) {
        uint64_t length;
        if (slab->start[axis] != 0 || !h5_slab_is_one_piece(slab, axis) ||
            !core_multiply(slab->count[axis], slab->block[axis], &length) || length != shape[axis])
            return false;
    }
    return true;
}

bool h5_slab_reaches_beyond(const struct h5_slab *slab, hid_t space, const hsize_t *shape)
{
    hsize_t low[H5S_MAX_RANK], high[H5S_MAX_RANK];
    if (H5Sget_select_bounds(space, low, high) < 0) return true;
    for (int axis = 0; axis < slab->axes; axis++)
        if (high[axis] >= shape[axis]) return true;
    return false;
}

bool h5_slab_is_empty(const struct h5_slab *slab)
{
    for (int axis = 0; axis < slab->axes && slab->regular; axis++)
        if (!slab->count[axis] || !slab->block[axis]) return true;
    return false;
}
