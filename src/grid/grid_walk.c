#include "grid_walk.h"

#include <string.h>

#include "grid_kernels.h"

void grid_walk_begin(const struct grid_view *view, size_t size, struct grid_walk *walk)
{
    size_t stride[SHS_MAX_AXES], bytes = size;
    uint32_t axis = view->axes;
    for (uint32_t a = view->axes; a-- > 0; bytes *= view->shape[a])
        stride[a] = bytes;
    bool whole = true;
    walk->piece = size;
    walk->dimensions = 0;
    bytes = size;
    while (axis-- > 0) {
        const struct grid_way *way = &view->way[axis];
        whole = whole && !way->table && way->step > 0 && way->axis == axis &&
                way->count == way->size && way->size == view->shape[axis];
        if (whole) {
            walk->piece = bytes *= way->size;
            continue;
        }
        if (!walk->dimensions) walk->dimensions = axis + 1;
        ptrdiff_t step = (ptrdiff_t)stride[way->axis];
        walk->dimension[axis] =
            (struct grid_dimension){.size = way->size,
                                    .first = way->first,
                                    .count = way->count,
                                    .start = (ptrdiff_t)way->start * step,
                                    .step = way->table || way->step > 0 ? step : -step,
                                    .table = way->table,
                                    .bytes = bytes};
        bytes *= way->size;
    }
}

/* ---- Lines. */

/* The compiler knows the size where it is a constant. */
static inline __attribute__((always_inline)) void
copy_apart(size_t size, size_t count, ptrdiff_t step, const char *from, ptrdiff_t to_step, char *to)
{
    for (; count; count--, from += step, to += to_step)
        memcpy(to, from, size);
}

#define COPY_APART(SIZE)                                                                           \
    case SIZE:                                                                                     \
        copy_apart(SIZE, count, step, from, to_step, to);                                          \
        break;

/* Copies elements that lie apart. */
static void copy_strided(size_t size, size_t count, ptrdiff_t step, const char *from,
                         ptrdiff_t to_step, char *to)
{
    switch (size) {
        COPY_APART(1)
        COPY_APART(2)
        COPY_APART(3)
        COPY_APART(4)
        COPY_APART(6)
        COPY_APART(8)
        COPY_APART(12)
        COPY_APART(16)
        COPY_APART(24)
    default:
        copy_apart(size, count, step, from, to_step, to);
    }
}

/* Returns how many of the `count` first positions of a table follow each other with a step of 1 or
 * -1, and sets *step; 1 position has the step 1. */
static size_t run_of(const int64_t *table, size_t count, int *step)
{
    size_t run = 1;
    *step = count > 1 && table[1] == table[0] - 1 ? -1 : 1;
    while (run < count && table[run] == table[run - 1] + *step && table[run] >= 0)
        run++;
    return run;
}

static void copy_by_table(const struct grid_dimension *last, size_t piece, size_t first,
                          size_t count, const char *from, char *to)
{
    const int64_t *table = last->table + first;
    for (size_t run; count; count -= run, table += run, to += run * piece) {
        int step;
        run = table[0] == GRID_NO_ELEMENT ? 1 : run_of(table, count, &step);
        const char *at = from + (ptrdiff_t)table[0] * last->step;
        if (table[0] == GRID_NO_ELEMENT)
            memset(to, 0, piece);
        else if (run > 1 && last->step == (ptrdiff_t)piece && step > 0)
            memcpy(to, at, run * piece);
        else
            copy_strided(piece, run, step * last->step, at, (ptrdiff_t)piece, to);
    }
}

void grid_walk_line(const struct grid_walk *walk, size_t first, size_t count, const char *from,
                    char *to)
{
    const struct grid_dimension *last = &walk->dimension[walk->dimensions - 1];
    size_t piece = walk->piece, end = first + count;
    if (last->table) {
        copy_by_table(last, piece, first, count, from, to);
        return;
    }
    size_t begin = last->first < first ? first : last->first, stop = last->first + last->count;
    if (begin > end) begin = end;
    stop = stop > end ? end : stop < begin ? begin : stop;
    size_t shown = stop - begin;
    memset(to, 0, (begin - first) * piece);
    memset(to + (stop - first) * piece, 0, (end - stop) * piece);
    if (!shown || !piece) return;
    from += grid_walk_at(last, begin);
    to += (begin - first) * piece;
    if (last->step == (ptrdiff_t)piece)
        memcpy(to, from, shown * piece);
    else if (last->step == -(ptrdiff_t)piece)
        grid_kernels_now()->reverse(piece, shown, from - (shown - 1) * piece, to);
    else
        copy_strided(piece, shown, last->step, from, (ptrdiff_t)piece, to);
}

/* ---- All dimensions. */

/* Copies the last two dimensions, the last of which is short: its positions have the outer loop. */
static void copy_thin(const struct grid_walk *walk, const char *from, char *to)
{
    const struct grid_dimension *last = &walk->dimension[walk->dimensions - 1], *above = last - 1;
    memset(to, 0, above->size * above->bytes);
    for (size_t k = 0; k < last->size; k++) {
        ptrdiff_t at = grid_walk_at(last, k);
        if (at == GRID_NO_ELEMENT) continue;
        copy_strided(walk->piece, above->count, above->step, from + at + above->start,
                     (ptrdiff_t)above->bytes, to + k * walk->piece + above->first * above->bytes);
    }
}

static bool is_thin(const struct grid_walk *walk, uint32_t dimension)
{
    enum {
        MOST = 8
    };
    const struct grid_dimension *above = &walk->dimension[dimension];
    return dimension + 2 == walk->dimensions && !above->table && above[1].size <= MOST &&
           above->size > above[1].size && walk->piece <= sizeof(uint64_t);
}

/* ---- Turned axes: what lies together in memory is not what the last dimension shows. Squares of
 * two dimensions are copied, so that whole cache lines are read and written. */

struct turned {
    const struct grid_walk *walk;
    const struct grid_dimension *near, *last; /* neighbours in memory, and in what is shown */
};

static bool is_full(const struct grid_dimension *dimension)
{
    return !dimension->table && dimension->count == dimension->size;
}

/* Returns true if the dimension shows neighbours in memory and the last one does not. */
static bool is_turned(const struct grid_walk *walk, uint32_t dimension)
{
    enum {
        LINE = 64 /* bytes of a cache line */
    };
    const struct grid_dimension *near = &walk->dimension[dimension],
                                *last = &walk->dimension[walk->dimensions - 1];
    ptrdiff_t piece = (ptrdiff_t)walk->piece, step = last->step < 0 ? -last->step : last->step;
    return near != last && is_full(near) && is_full(last) && piece < LINE && step >= LINE &&
           (near->step == piece || near->step == -piece);
}

/* Copies the near and the last dimension. */
static void copy_squares(const struct turned *turned, const char *from, char *to)
{
    enum {
        SIDE = 32
    };
    const struct grid_dimension *near = turned->near, *last = turned->last;
    size_t piece = turned->walk->piece;
    from += near->start + last->start;
    for (size_t j = 0; j < near->size; j += SIDE)
        for (size_t k = 0; k < last->size; k += SIDE) {
            size_t rows = near->size - j < SIDE ? near->size - j : SIDE;
            size_t columns = last->size - k < SIDE ? last->size - k : SIDE;
            for (size_t row = j; row < j + rows; row++)
                copy_strided(piece, columns, last->step,
                             from + (ptrdiff_t)row * near->step + (ptrdiff_t)k * last->step,
                             (ptrdiff_t)piece, to + row * near->bytes + k * piece);
        }
}

/* Copies the dimensions from `dimension` on, which lie between the near one and the last one. */
static void copy_between(const struct turned *turned, const struct grid_dimension *dimension,
                         const char *from, char *to)
{
    if (dimension == turned->last) {
        copy_squares(turned, from, to);
        return;
    }
    for (size_t k = 0; k < dimension->size; k++, to += dimension->bytes) {
        ptrdiff_t at = grid_walk_at(dimension, k);
        if (at != GRID_NO_ELEMENT) {
            copy_between(turned, dimension + 1, from + at, to);
            continue;
        }
        for (size_t j = 0; j < turned->near->size; j++)
            memset(to + j * turned->near->bytes, 0, dimension->bytes);
    }
}

static void copy_from(const struct grid_walk *walk, uint32_t dimension, const char *from, char *to)
{
    const struct grid_dimension *along = &walk->dimension[dimension];
    if (is_turned(walk, dimension)) {
        const struct turned turned = {walk, along, &walk->dimension[walk->dimensions - 1]};
        copy_between(&turned, along + 1, from, to);
        return;
    }
    if (dimension + 1 == walk->dimensions) {
        grid_walk_line(walk, 0, along->size, from, to);
        return;
    }
    if (is_thin(walk, dimension)) {
        copy_thin(walk, from, to);
        return;
    }
    for (size_t k = 0; k < along->size; k++, to += along->bytes) {
        ptrdiff_t at = grid_walk_at(along, k);
        if (at == GRID_NO_ELEMENT)
            memset(to, 0, along->bytes);
        else
            copy_from(walk, dimension + 1, from + at, to);
    }
}

bool grid_walk_splits(const struct grid_walk *walk)
{
    const struct grid_dimension *d = walk->dimension;
    return walk->dimensions == 3 && walk->piece == 1 && d[0].count == 3 && d[0].size == 3 &&
           d[0].step == 1 && !d[0].table && !d[1].table && !d[2].table &&
           (d[2].step == 3 || d[2].step == -3);
}

/* Copies three bytes of each pixel to three places. */
static void copy_split(const struct grid_walk *walk, const char *from, char *to)
{
    const struct grid_dimension *d = walk->dimension;
    for (size_t y = 0; y < d[1].size; y++, to += d[1].bytes) {
        ptrdiff_t at = grid_walk_at(&d[1], y);
        if (at == GRID_NO_ELEMENT)
            for (size_t c = 0; c < 3; c++)
                memset(to + c * d[0].bytes, 0, d[1].bytes);
        else
            grid_kernels_now()->split(d[2].size, (const uint8_t *)from + at + d[2].start,
                                      (uint8_t *)to, d[0].bytes);
    }
}

void grid_walk_copy(const struct grid_walk *walk, const char *from, char *to)
{
    if (!walk->dimensions)
        memcpy(to, from, walk->piece);
    else if (grid_walk_splits(walk) && walk->dimension[2].step == 3 &&
             walk->dimension[2].count == walk->dimension[2].size)
        copy_split(walk, from, to);
    else
        copy_from(walk, 0, from, to);
}
