/* The way through a sample's memory that shows it as a view does. Pure. */
#ifndef GRID_WALK_H
#define GRID_WALK_H

#include "grid_view.h"

/* A dimension of the walk. Its position k lies start + step * (k - first) bytes behind the sample's
 * beginning if first <= k < first + count, and shows zeros otherwise. With a table, it lies
 * table[k] * step bytes behind it, and shows zeros where the table has GRID_NO_ELEMENT. */
struct grid_dimension {
    size_t size, first, count;
    ptrdiff_t start, step;
    const int64_t *table; /* NULL: none */
    size_t bytes;         /* of the view behind this dimension: those of a position */
};

/* The dimensions of a view, the outermost first. Axes at the end that show the whole sample as it
 * lies belong to the piece. */
struct grid_walk {
    uint32_t dimensions;
    size_t piece; /* bytes that lie together at each position of the last dimension */
    struct grid_dimension dimension[SHS_MAX_AXES];
};

/* Finds the walk of a view of elements of `size` bytes. */
void grid_walk_begin(const struct grid_view *view, size_t size, struct grid_walk *walk);

/* Returns the bytes before a position of a dimension, or GRID_NO_ELEMENT. */
static inline ptrdiff_t grid_walk_at(const struct grid_dimension *dimension, size_t k)
{
    if (dimension->table)
        return dimension->table[k] == GRID_NO_ELEMENT
                   ? GRID_NO_ELEMENT
                   : (ptrdiff_t)dimension->table[k] * dimension->step;
    if (k < dimension->first || k - dimension->first >= dimension->count) return GRID_NO_ELEMENT;
    return dimension->start + dimension->step * (ptrdiff_t)(k - dimension->first);
}

/* Returns true if the walk takes pixels of three bytes apart, as hwc becomes chw: its dimensions
 * are the three bytes, lines, and neighbouring pixels, in their order or reversed. */
bool grid_walk_splits(const struct grid_walk *walk);

/* Copies what positions `first` to first + count - 1 of the walk's last dimension show. */
void grid_walk_line(const struct grid_walk *walk, size_t first, size_t count, const char *from,
                    char *to);

/* Copies all that the walk shows. */
void grid_walk_copy(const struct grid_walk *walk, const char *from, char *to);

#endif
