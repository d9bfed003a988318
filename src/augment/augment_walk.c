#include "augment_walk.h"

#include <string.h>

#include "augment_kernels.h"

void augment_walk_begin(const struct augment_view *view, size_t size, struct augment_walk *walk)
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
        const struct augment_way *way = &view->way[axis];
        whole = whole && !way->table && way->step > 0 && way->axis == axis &&
                way->count == way->size && way->size == view->shape[axis];
        if (whole) {
            walk->piece = bytes *= way->size;
            continue;
        }
        if (!walk->dimensions) walk->dimensions = axis + 1;
        ptrdiff_t step = (ptrdiff_t)stride[way->axis];
        walk->dimension[axis] =
            (struct augment_dimension){.size = way->size,
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

/* Copies elements that lie apart. */
static void copy_strided(size_t size, size_t count, ptrdiff_t step, const char *from,
                         ptrdiff_t to_step, char *to)
{
    if (size == 1)
        copy_apart(1, count, step, from, to_step, to);
    else if (size == 2)
        copy_apart(2, count, step, from, to_step, to);
    else if (size == 4)
        copy_apart(4, count, step, from, to_step, to);
    else if (size == 8)
        copy_apart(8, count, step, from, to_step, to);
    else
        copy_apart(size, count, step, from, to_step, to);
}

static void copy_by_table(const struct augment_dimension *last, size_t piece, size_t first,
                          size_t count, const char *from, char *to)
{
    for (size_t k = first; k < first + count; k++, to += piece) {
        ptrdiff_t at = augment_walk_at(last, k);
        if (at == AUGMENT_NO_ELEMENT)
            memset(to, 0, piece);
        else
            copy_strided(piece, 1, 0, from + at, 0, to);
    }
}

void augment_walk_line(const struct augment_walk *walk, size_t first, size_t count,
                       const char *from, char *to)
{
    const struct augment_dimension *last = &walk->dimension[walk->dimensions - 1];
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
    from += augment_walk_at(last, begin);
    to += (begin - first) * piece;
    if (last->step == (ptrdiff_t)piece)
        memcpy(to, from, shown * piece);
    else if (last->step == -(ptrdiff_t)piece)
        augment_kernels_now()->reverse(piece, shown, from - (shown - 1) * piece, to);
    else
        copy_strided(piece, shown, last->step, from, (ptrdiff_t)piece, to);
}

/* ---- All dimensions. */

/* Copies the last two dimensions, the last of which is short: its positions have the outer loop. */
static void copy_thin(const struct augment_walk *walk, const char *from, char *to)
{
    const struct augment_dimension *last = &walk->dimension[walk->dimensions - 1],
                                   *above = last - 1;
    memset(to, 0, above->size * above->bytes);
    for (size_t k = 0; k < last->size; k++) {
        ptrdiff_t at = augment_walk_at(last, k);
        if (at == AUGMENT_NO_ELEMENT) continue;
        copy_strided(walk->piece, above->count, above->step, from + at + above->start,
                     (ptrdiff_t)above->bytes, to + k * walk->piece + above->first * above->bytes);
    }
}

static bool is_thin(const struct augment_walk *walk, uint32_t dimension)
{
    enum {
        MOST = 8
    };
    const struct augment_dimension *above = &walk->dimension[dimension];
    return dimension + 2 == walk->dimensions && !above->table && above[1].size <= MOST &&
           above->size > above[1].size && walk->piece <= sizeof(uint64_t);
}

static void copy_from(const struct augment_walk *walk, uint32_t dimension, const char *from,
                      char *to)
{
    const struct augment_dimension *along = &walk->dimension[dimension];
    if (dimension + 1 == walk->dimensions) {
        augment_walk_line(walk, 0, along->size, from, to);
        return;
    }
    if (is_thin(walk, dimension)) {
        copy_thin(walk, from, to);
        return;
    }
    for (size_t k = 0; k < along->size; k++, to += along->bytes) {
        ptrdiff_t at = augment_walk_at(along, k);
        if (at == AUGMENT_NO_ELEMENT)
            memset(to, 0, along->bytes);
        else
            copy_from(walk, dimension + 1, from + at, to);
    }
}

bool augment_walk_splits(const struct augment_walk *walk)
{
    const struct augment_dimension *d = walk->dimension;
    return walk->dimensions == 3 && walk->piece == 1 && d[0].count == 3 && d[0].size == 3 &&
           d[0].step == 1 && !d[0].table && !d[1].table && !d[2].table &&
           (d[2].step == 3 || d[2].step == -3);
}

/* Copies three bytes of each pixel to three places. */
static void copy_split(const struct augment_walk *walk, const char *from, char *to)
{
    const struct augment_dimension *d = walk->dimension;
    for (size_t y = 0; y < d[1].size; y++, to += d[1].bytes) {
        ptrdiff_t at = augment_walk_at(&d[1], y);
        if (at == AUGMENT_NO_ELEMENT)
            for (size_t c = 0; c < 3; c++)
                memset(to + c * d[0].bytes, 0, d[1].bytes);
        else
            augment_kernels_now()->split(d[2].size, (const uint8_t *)from + at + d[2].start,
                                         (uint8_t *)to, d[0].bytes);
    }
}

void augment_walk_copy(const struct augment_walk *walk, const char *from, char *to)
{
    if (!walk->dimensions)
        memcpy(to, from, walk->piece);
    else if (augment_walk_splits(walk) && walk->dimension[2].step == 3 &&
             walk->dimension[2].count == walk->dimension[2].size)
        copy_split(walk, from, to);
    else
        copy_from(walk, 0, from, to);
}
