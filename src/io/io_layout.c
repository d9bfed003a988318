#include "io_layout.h"

#include <string.h>

#include "core_assert.h"
#include "core_memory.h"

static bool measure_rows(struct io_layout *layout)
{
    uint64_t bytes = layout->element_bytes, all;
    for (uint32_t axis = 1; axis < layout->axes; axis++)
        if (!core_multiply(bytes, layout->shape[axis], &bytes)) return false;
    layout->row_bytes = bytes;
    return bytes && layout->shape[0] && core_multiply(bytes, layout->shape[0], &all) &&
           all <= INT64_MAX;
}

static bool measure_chunks(struct io_layout *layout)
{
    uint64_t bytes = layout->element_bytes;
    layout->n_chunks = 1;
    for (uint32_t axis = 0; axis < layout->axes; axis++) {
        if (!layout->chunk[axis] || !core_multiply(bytes, layout->chunk[axis], &bytes) ||
            bytes > UINT32_MAX)
            return false;
        layout->grid[axis] = (layout->shape[axis] - 1) / layout->chunk[axis] + 1;
        if (!core_multiply(layout->n_chunks, layout->grid[axis], &layout->n_chunks)) return false;
    }
    layout->chunk_bytes = bytes;
    layout->chunks_a_band = layout->n_chunks / layout->grid[0];
    return true;
}

shs_status io_layout_measure(struct io_layout *layout)
{
    if (measure_rows(layout) && (!layout->chunked || measure_chunks(layout))) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT, "its shape or its chunks are empty or beyond any file");
}

void io_layout_free(struct io_layout *layout)
{
    core_free(&layout->chunks);
}

bool io_layout_whole_rows(const struct io_layout *layout)
{
    for (uint32_t axis = 1; axis < layout->axes; axis++)
        if (layout->chunk[axis] != layout->shape[axis]) return false;
    return true;
}

/* Finds the first element of a chunk: its index along each axis. */
static void find_corner(const struct io_layout *layout, uint64_t chunk, uint64_t *corner)
{
    for (uint32_t axis = layout->axes; axis-- > 0; chunk /= layout->grid[axis])
        corner[axis] = chunk % layout->grid[axis] * layout->chunk[axis];
}

bool io_layout_is_edge(const struct io_layout *layout, uint64_t chunk)
{
    uint64_t corner[SHS_MAX_AXES];
    find_corner(layout, chunk, corner);
    for (uint32_t axis = 0; axis < layout->axes; axis++)
        if (layout->shape[axis] - corner[axis] < layout->chunk[axis]) return true;
    return false;
}

/* A box of elements to copy between two arrays in memory. Sizes and steps are in bytes, for each
 * axis, the slowest first. */
struct box {
    uint32_t axes;
    uint64_t count[SHS_MAX_AXES];
    size_t from_step[SHS_MAX_AXES], to_step[SHS_MAX_AXES];
};

static void copy_box(const struct box *box, uint32_t axis, const char *from, char *to,
                     size_t run_bytes)
{
    if (axis == box->axes) {
        memcpy(to, from, run_bytes);
        return;
    }
    for (uint64_t i = 0; i < box->count[axis]; i++)
        copy_box(box, axis + 1, from + i * box->from_step[axis], to + i * box->to_step[axis],
                 run_bytes);
}

void io_layout_copy(const struct io_layout *layout, uint64_t chunk, const void *decoded,
                    uint64_t first, uint64_t count, void *rows)
{
    uint64_t corner[SHS_MAX_AXES], begin, end;
    struct box box = {.axes = layout->axes};
    size_t from_step = layout->element_bytes, to_step = layout->element_bytes;
    const char *from = decoded;
    char *to = rows;
    find_corner(layout, chunk, corner);
    for (uint32_t axis = layout->axes; axis-- > 0;) {
        uint64_t low = axis ? 0 : first, high = axis ? layout->shape[axis] : first + count;
        begin = low > corner[axis] ? low : corner[axis];
        end = high < corner[axis] + layout->chunk[axis] ? high : corner[axis] + layout->chunk[axis];
        core_assert(begin <= end); /* the chunk holds some of these rows */
        box.count[axis] = end - begin;
        box.from_step[axis] = from_step;
        box.to_step[axis] = to_step;
        from += (begin - corner[axis]) * from_step;
        to += (begin - low) * to_step;
        from_step *= layout->chunk[axis];
        to_step *= axis ? layout->shape[axis] : 1;
    }
    /* inner axes that are whole in both arrays are copied as one run */
    size_t run_bytes = layout->element_bytes;
    while (box.axes && box.from_step[box.axes - 1] == run_bytes &&
           box.to_step[box.axes - 1] == run_bytes)
        run_bytes *= box.count[--box.axes];
    copy_box(&box, 0, from, to, run_bytes);
}
