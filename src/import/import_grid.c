#include "import_grid.h"

#include <string.h>

#include "core_memory.h"

static shs_status refuse_large(const struct import_grid *grid)
{
    return core_fail(SHS_ERROR_ARGUMENT,
                     "a chunk of %llu rows of %zu bytes; HDF5 allows less than 4 GiB",
                     (ull)grid->chunk[0], grid->row_bytes);
}

shs_status import_grid_find(const shs_tensor *shape, const uint64_t *chunk,
                            struct import_grid *grid)
{
    uint64_t bytes = shs_type_size(shape->type);
    bool fits = true;
    *grid = (struct import_grid){
        .axes = shape->axes,
        .element = (size_t)bytes,
    };
    grid->band = grid->chunks = 1;
    grid->row_bytes = (size_t)bytes;
    for (uint32_t axis = 0; axis < shape->axes; axis++) {
        uint64_t length = shape->shape[axis], size = chunk[axis];
        grid->shape[axis] = length;
        grid->chunk[axis] = !size || size > length ? length : size;
        grid->count[axis] = (length - 1) / grid->chunk[axis] + 1;
        fits = fits && core_multiply(bytes, grid->chunk[axis], &bytes);
        grid->chunks *= grid->count[axis];
        if (!axis) continue;
        grid->row_bytes *= (size_t)length;
        grid->band *= grid->count[axis];
        grid->cut |= grid->count[axis] > 1;
    }
    if (!fits || bytes > UINT32_MAX) return refuse_large(grid);
    grid->chunk_bytes = (size_t)bytes;
    return SHS_OK;
}

/* Copies what lies along the axes from `axis` on. */
static void cut_axis(const struct import_grid *grid, const uint64_t *start, uint32_t axis,
                     const char *from, char *to)
{
    size_t from_step = grid->element, to_step = grid->element;
    uint64_t left = grid->shape[axis] - start[axis], count = grid->chunk[axis];
    for (uint32_t inner = axis + 1; inner < grid->axes; inner++) {
        from_step *= (size_t)grid->shape[inner];
        to_step *= (size_t)grid->chunk[inner];
    }
    if (axis && count > left) count = left;
    from += start[axis] * from_step;
    if (axis + 1 == grid->axes) {
        memcpy(to, from, count * to_step);
        return;
    }
    for (uint64_t i = 0; i < count; i++)
        cut_axis(grid, start, axis + 1, from + i * from_step, to + i * to_step);
}

void import_grid_cut(const struct import_grid *grid, uint64_t number, const void *rows, void *to)
{
    uint64_t start[SHS_MAX_AXES];
    import_grid_start(grid, number, start); /* the first band: rows are counted from it */
    memset(to, 0, grid->chunk_bytes);
    cut_axis(grid, start, 0, rows, to);
}

void import_grid_start(const struct import_grid *grid, uint64_t chunk, uint64_t start[SHS_MAX_AXES])
{
    for (uint32_t axis = grid->axes; axis-- > 0; chunk /= grid->count[axis])
        start[axis] = chunk % grid->count[axis] * grid->chunk[axis];
}
