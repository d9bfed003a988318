#include "io_layout.h"

#include <string.h>

#include "core_assert.h"
#include "core_memory.h"

static bool measure_rows(struct io_layout *layout)
{
    uint64_t bytes = layout->element_bytes, all;
    if (!layout->row_axes) layout->row_axes = 1;
    if (layout->row_axes > 2 || layout->row_axes > layout->axes) return false;
    for (uint32_t axis = layout->row_axes; axis < layout->axes; axis++)
        if (!core_multiply(bytes, layout->shape[axis], &bytes)) return false;
    layout->row_bytes = bytes;
    layout->series_rows = layout->rows = layout->shape[layout->row_axes - 1];
    if (layout->row_axes == 2 && !core_multiply(layout->rows, layout->shape[0], &layout->rows))
        return false;
    return bytes && layout->rows && core_multiply(bytes, layout->rows, &all) && all <= INT64_MAX;
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
    if (layout->row_axes == 2) layout->chunks_a_band /= layout->grid[1];
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
    core_free(&layout->sums);
    core_free(&layout->extents);
}

uint64_t io_layout_address_of(const struct io_layout *layout, uint64_t row, uint64_t *together)
{
    struct io_row_extent extent = {0, layout->address};
    uint64_t end = layout->rows;
    size_t low = 0, high = layout->n_extents;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(layout->extents[middle].first <= row ? &low : &high) = middle;
    }
    if (layout->extents) {
        extent = layout->extents[low];
        if (low + 1 < layout->n_extents) end = layout->extents[low + 1].first;
    }
    if (together) *together = end - row;
    return extent.address + (row - extent.first) * layout->row_bytes;
}

bool io_layout_whole_rows(const struct io_layout *layout)
{
    for (uint32_t axis = layout->row_axes; axis < layout->axes; axis++)
        if (layout->chunk[axis] != layout->shape[axis]) return false;
    return layout->row_axes == 1 || layout->chunk[0] == 1 ||
           layout->chunk[1] == layout->series_rows;
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

bool io_layout_is_summed(const struct io_layout *layout)
{
    enum {
        FLETCHER32 = 3 /* the filter's number in HDF5 */
    };
    uint32_t at = 0;
    if (layout->sums) return true;
    while (at < layout->pipeline.count && layout->pipeline.filter[at].id != FLETCHER32)
        at++;
    if (!layout->chunked || at == layout->pipeline.count) return false;
    for (uint64_t i = 0; i < layout->n_chunks; i++)
        if (layout->chunks[i].address == IO_NOWHERE || (layout->chunks[i].mask >> at & 1) ||
            (layout->raw_edges && io_layout_is_edge(layout, i)))
            return false;
    return true;
}

/* ---- Bands. */

/* Returns how many bands the rows of a series lie in. */
static uint64_t bands_a_series(const struct io_layout *layout)
{
    return layout->row_axes == 2 ? layout->grid[1] : 0;
}

/* Returns the row in its series, and the series. */
static uint64_t row_in_series(const struct io_layout *layout, uint64_t row, uint64_t *series)
{
    *series = layout->row_axes == 2 ? row / layout->series_rows : 0;
    return row - *series * layout->series_rows;
}

uint64_t io_layout_band_of(const struct io_layout *layout, uint64_t row)
{
    uint64_t series, in_series = row_in_series(layout, row, &series);
    uint64_t band = in_series / layout->chunk[layout->row_axes - 1];
    if (layout->row_axes == 2) band += series / layout->chunk[0] * layout->grid[1];
    return band;
}

/* Returns true if a band has some of the rows [first, last] of several series. */
static bool has_some(const struct io_layout *layout, uint64_t band, uint64_t first, uint64_t last)
{
    uint64_t rows = layout->series_rows, begin = band / layout->grid[1] * layout->chunk[0];
    uint64_t end = begin + layout->chunk[0] - 1;
    uint64_t low = band % layout->grid[1] * layout->chunk[1], high = low + layout->chunk[1] - 1;
    if (begin < first / rows) begin = first / rows;
    if (end > last / rows) end = last / rows;
    if (begin > end) return false;
    if (high >= rows) high = rows - 1;
    /* a series between the first and the last one is there as a whole */
    if (end - begin >= 2 || (begin > first / rows && begin < last / rows)) return true;
    for (uint64_t series = begin; series <= end; series++)
        if (series * rows + low <= last && series * rows + high >= first) return true;
    return false;
}

uint64_t io_layout_next_band(const struct io_layout *layout, uint64_t first, uint64_t count,
                             uint64_t from)
{
    uint64_t last = first + count - 1, one, other, end;
    uint64_t begin = io_layout_band_of(layout, first);
    row_in_series(layout, first, &one);
    row_in_series(layout, last, &other);
    if (one == other) { /* the bands lie side by side */
        end = io_layout_band_of(layout, last);
        if (from < begin) from = begin;
        return from <= end ? from : IO_NO_BAND;
    }
    begin -= begin % bands_a_series(layout);
    end = (other / layout->chunk[0] + 1) * bands_a_series(layout);
    for (from = from < begin ? begin : from; from < end; from++)
        if (has_some(layout, from, first, last)) return from;
    return IO_NO_BAND;
}

struct io_rows io_layout_rows_of(const struct io_layout *layout, uint64_t chunk)
{
    uint64_t band = chunk / layout->chunks_a_band, rows = layout->series_rows;
    if (layout->row_axes == 1) {
        uint64_t first = band * layout->chunk[0], left = rows - first;
        return (struct io_rows){first, left < layout->chunk[0] ? left : layout->chunk[0]};
    }
    uint64_t series = band / layout->grid[1] * layout->chunk[0];
    uint64_t last = series + layout->chunk[0] - 1;
    uint64_t low = band % layout->grid[1] * layout->chunk[1], high = low + layout->chunk[1];
    if (last >= layout->shape[0]) last = layout->shape[0] - 1;
    if (high > rows) high = rows;
    return (struct io_rows){series * rows + low, (last - series) * rows + high - low};
}

/* Returns the first index, from `from` on, of chunks along an inner axis that have some of what is
 * taken of the axis. Returns the number of these chunks if there is none. */
static uint64_t next_along(const struct io_layout *layout, const struct io_part_axis *taken,
                           uint32_t axis, uint64_t from)
{
    uint64_t length = layout->chunk[axis];
    for (; from < layout->grid[axis]; from++) {
        uint64_t low = from * length, high = low + length;
        struct io_range clipped;
        for (size_t i = io_part_next_range(taken, 0, low, high); i < taken->ranges;
             i = io_part_next_range(taken, i + 1, low, high))
            if (io_range_clip(&taken->range[i], low, high, &clipped)) return from;
    }
    return from;
}

/* The indices of the chunk along the inner axes are increased until each has some of the part. An
 * index that reaches the grid's end goes back to 0, and the index before it grows by 1. */
uint64_t io_layout_next_chunk(const struct io_layout *layout, const struct io_part *part,
                              uint64_t from)
{
    uint64_t at[SHS_MAX_AXES], chunk = 0;
    uint32_t axis, rows = layout->row_axes;
    if (!part || from >= layout->chunks_a_band) return from;
    for (axis = layout->axes; axis-- > rows; from /= layout->grid[axis])
        at[axis] = from % layout->grid[axis];
    for (axis = rows; axis < layout->axes;) {
        uint64_t next = next_along(layout, &part->axis[axis - rows], axis, at[axis]);
        bool moved = next != at[axis];
        at[axis] = next;
        for (uint32_t inner = axis + 1; moved && inner < layout->axes; inner++)
            at[inner] = 0;
        if (next < layout->grid[axis]) {
            axis++;
            continue;
        }
        if (axis == rows) return layout->chunks_a_band;
        for (uint32_t inner = axis; inner < layout->axes; inner++)
            at[inner] = 0;
        at[--axis]++;
    }
    for (axis = rows; axis < layout->axes; axis++)
        chunk = chunk * layout->grid[axis] + at[axis];
    return chunk;
}

uint64_t io_layout_chunks_of(const struct io_layout *layout, const struct io_part *part)
{
    uint64_t chunks = 0;
    if (!part) return layout->chunks_a_band;
    for (uint64_t i = 0;; i++, chunks++) {
        i = io_layout_next_chunk(layout, part, i);
        if (i >= layout->chunks_a_band) return chunks;
    }
}

/* ---- Copies. */

/* Rows to copy between two arrays in memory: a chunk, and dense rows or parts of rows. Steps are in
 * bytes from an index of an axis to the next. Places in the chunk are counted in bytes. */
struct copy {
    const struct io_layout *layout;
    const struct io_part *part;
    uint64_t corner[SHS_MAX_AXES]; /* of the chunk */
    size_t from_step[SHS_MAX_AXES], to_step[SHS_MAX_AXES];
    uint32_t axes; /* axes behind these are whole in both arrays, and copied as one run */
    size_t run_bytes;
    /* True if the chunk has all of the last of these axes, and runs of a part are copied out of it
     * in which no index is left out: the bytes of members of compounds, for example. */
    bool strided;
    const char *decoded; /* the chunk, or NULL if the runs of bytes are only told */
    io_layout_visit *visit;
    void *user;
};

static shs_status copy_run(const struct copy *copy, uint64_t from, size_t bytes, char *to)
{
    if (!copy->decoded) return copy->visit(copy->user, from, bytes, to);
    memcpy(to, copy->decoded + from, bytes);
    return SHS_OK;
}

/* Places that are as far apart as each from the next, both in the chunk and in the rows. */
struct places {
    uint64_t from;
    char *to;
    uint64_t count;
    size_t from_step, to_step;
};

/* Copies `bytes` bytes from each place. The compiler knows the usual numbers of bytes. */
static inline void copy_places(const char *decoded, struct places places, size_t bytes)
{
    for (uint64_t i = 0; i < places.count; i++)
        memcpy(places.to + i * places.to_step, decoded + places.from + i * places.from_step, bytes);
}

/* Copies what is taken of the last axis at each place. */
static shs_status copy_strided(const struct copy *copy, struct places places)
{
    uint32_t last = copy->axes - 1;
    const struct io_part_axis *taken = &copy->part->axis[last - copy->layout->row_axes];
    for (size_t i = 0; i < taken->ranges; i++) {
        const struct io_range *range = &taken->range[i];
        struct places now = places;
        size_t bytes = range->count * copy->run_bytes;
        now.from += range->begin * copy->from_step[last];
        now.to += range->at * copy->to_step[last];
        if (bytes == 1)
            copy_places(copy->decoded, now, 1);
        else if (bytes == 2)
            copy_places(copy->decoded, now, 2);
        else if (bytes == 4)
            copy_places(copy->decoded, now, 4);
        else if (bytes == 8)
            copy_places(copy->decoded, now, 8);
        else
            copy_places(copy->decoded, now, bytes);
    }
    return SHS_OK;
}

static shs_status copy_axis(const struct copy *copy, uint32_t axis, uint64_t from, char *to);

/* Copies a range of indices of an axis. `from` is the chunk's first index along the axis. */
static shs_status copy_range(const struct copy *copy, uint32_t axis, const struct io_range *range,
                             uint64_t from, char *to)
{
    size_t from_step = copy->from_step[axis], to_step = copy->to_step[axis];
    shs_status status = SHS_OK;
    from += (range->begin - copy->corner[axis]) * from_step;
    to += range->at * to_step;
    if (axis + 1 == copy->axes && range->step == 1)
        return copy_run(copy, from, range->count * copy->run_bytes, to);
    if (copy->strided && axis + 2 == copy->axes)
        return copy_strided(
            copy, (struct places){from, to, range->count, range->step * from_step, to_step});
    for (uint64_t i = 0; i < range->count && !status; i++, to += to_step)
        status = copy_axis(copy, axis + 1, from + i * range->step * from_step, to);
    return status;
}

/* Copies what the chunk has of an inner axis. */
static shs_status copy_axis(const struct copy *copy, uint32_t axis, uint64_t from, char *to)
{
    const struct io_layout *layout = copy->layout;
    struct io_range clipped;
    shs_status status = SHS_OK;
    if (axis == copy->axes) return copy_run(copy, from, copy->run_bytes, to);
    uint64_t low = copy->corner[axis], high = low + layout->chunk[axis];
    if (high > layout->shape[axis]) high = layout->shape[axis];
    if (!copy->part)
        return copy_range(copy, axis, &(struct io_range){low, high - low, 1, low}, from, to);
    const struct io_part_axis *taken = &copy->part->axis[axis - layout->row_axes];
    for (size_t i = io_part_next_range(taken, 0, low, high); i < taken->ranges && !status;
         i = io_part_next_range(taken, i + 1, low, high))
        if (io_range_clip(&taken->range[i], low, high, &clipped))
            status = copy_range(copy, axis, &clipped, from, to);
    return status;
}

static bool is_strided(const struct copy *copy)
{
    const struct io_layout *layout = copy->layout;
    uint32_t last = copy->axes - 1;
    if (!copy->decoded || !copy->part || copy->axes == layout->row_axes ||
        layout->chunk[last] != layout->shape[last])
        return false;
    const struct io_part_axis *taken = &copy->part->axis[last - layout->row_axes];
    for (size_t i = 0; i < taken->ranges; i++)
        if (taken->range[i].step != 1) return false;
    return true;
}

/* Sets the steps of the inner axes. Returns the bytes of a row in the chunk. */
static size_t set_steps(struct copy *copy)
{
    const struct io_layout *layout = copy->layout;
    const struct io_part *part = copy->part;
    uint32_t rows = layout->row_axes;
    size_t from_step = layout->element_bytes, to_step = from_step;
    copy->axes = layout->axes;
    copy->run_bytes = layout->element_bytes;
    for (uint32_t axis = layout->axes; axis-- > rows;) {
        uint64_t taken = part ? part->axis[axis - rows].count : layout->shape[axis];
        bool whole =
            layout->chunk[axis] == layout->shape[axis] && (!part || part->axis[axis - rows].whole);
        copy->from_step[axis] = from_step;
        copy->to_step[axis] = to_step;
        from_step *= layout->chunk[axis];
        to_step *= taken;
        if (!whole || copy->axes != axis + 1) continue;
        copy->axes = axis;
        copy->run_bytes = from_step;
    }
    copy->strided = is_strided(copy);
    return from_step;
}

/* Copies `count` neighbouring rows of the chunk from the row at `from` on. */
static shs_status copy_rows(const struct copy *copy, uint64_t from, size_t row_step, uint64_t count,
                            char *to)
{
    size_t bytes = copy->part ? copy->part->bytes : copy->layout->row_bytes;
    uint32_t rows = copy->layout->row_axes;
    shs_status status = SHS_OK;
    if (copy->axes == rows) return copy_run(copy, from, count * bytes, to);
    if (copy->strided && copy->axes == rows + 1)
        return copy_strided(copy, (struct places){from, to, count, row_step, bytes});
    for (uint64_t row = 0; row < count && !status; row++, from += row_step, to += bytes)
        status = copy_axis(copy, rows, from, to);
    return status;
}

static shs_status copy_chunk(struct copy *copy, uint64_t chunk, const struct io_run_rows *wanted)
{
    const struct io_layout *layout = copy->layout;
    const uint64_t *corner = copy->corner;
    uint64_t length = layout->series_rows, end = wanted->first + wanted->count;
    size_t row_step = set_steps(copy), bytes = copy->part ? copy->part->bytes : layout->row_bytes;
    bool two = layout->row_axes == 2;
    shs_status status = SHS_OK;
    find_corner(layout, chunk, copy->corner);
    uint64_t height = layout->chunk[two], series = two ? corner[0] : 0;
    uint64_t stop = two ? corner[0] + layout->chunk[0] : 1;
    if (two && stop > (end - 1) / length + 1) stop = (end - 1) / length + 1;
    if (two && series < wanted->first / length) series = wanted->first / length;
    for (; series < stop && !status; series++) {
        uint64_t begin = series * length + corner[two], low = begin, high = begin + height;
        uint64_t from = two ? (series - corner[0]) * height * row_step : 0;
        if (high > (series + 1) * length) high = (series + 1) * length;
        if (low < wanted->first) low = wanted->first;
        if (high > end) high = end;
        if (low >= high) continue;
        status = copy_rows(copy, from + (low - begin) * row_step, row_step, high - low,
                           wanted->to + (low - wanted->first) * bytes);
    }
    return status;
}

void io_layout_copy(const struct io_layout *layout, const struct io_part *part, uint64_t chunk,
                    const void *decoded, uint64_t first, uint64_t count, void *rows)
{
    struct copy copy = {.layout = layout, .part = part, .decoded = decoded};
    (void)copy_chunk(&copy, chunk, &(struct io_run_rows){first, count, rows});
}

shs_status io_layout_walk(const struct io_layout *layout, const struct io_part *part,
                          uint64_t chunk, const struct io_run_rows *wanted, io_layout_visit *visit,
                          void *user)
{
    struct copy copy = {.layout = layout, .part = part, .visit = visit, .user = user};
    return copy_chunk(&copy, chunk, wanted);
}
