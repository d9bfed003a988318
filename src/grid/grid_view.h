/* Views: a sample seen through moves of its elements, such as crops, flips and turns. Moves that
 * follow one another become one view, so that each element is copied once. Pure. */
#ifndef GRID_VIEW_H
#define GRID_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core_box.h"

enum {
    GRID_NO_ELEMENT = -1 /* the position of an element that the sample does not have: a zero */
};

/* How an axis of the view walks along an axis of the sample. Position k of the view shows position
 * start + step * (k - first) of the sample if first <= k < first + count, and zeros otherwise. With
 * a table, position k shows position table[k], and start, step, first and count are not used. */
struct grid_way {
    uint32_t axis; /* of the sample */
    size_t size;   /* positions of the view */
    size_t first, count;
    size_t start;
    int step;       /* 1 or -1 */
    int64_t *table; /* NULL: none */
};

struct grid_view {
    uint32_t axes;
    size_t shape[SHS_MAX_AXES]; /* of the sample */
    struct grid_way way[SHS_MAX_AXES];
    int64_t *free; /* memory for tables */
    size_t n_free; /* numbers that it has room for */
};

/* How an axis is continued beyond its ends. */
enum grid_beyond {
    GRID_BEYOND_ZERO,
    GRID_BEYOND_EDGE,
    GRID_BEYOND_REFLECT,
    GRID_BEYOND_WRAP
};

/* Returns the position within [0, size) that stands for position k of an axis that is continued
 * beyond its ends, or GRID_NO_ELEMENT for a zero. */
int64_t grid_continued(int64_t k, int64_t size, enum grid_beyond beyond);

/* Returns the most numbers that tables of a view of `before` may need after a move that leads to
 * `after`. */
size_t grid_view_numbers(const shs_tensor *before, const shs_tensor *after);

/* Makes the view that shows a sample as it is. `numbers` has room for `count` numbers, and is used
 * as long as the view. */
void grid_view_begin(const shs_tensor *sample, int64_t *numbers, size_t count,
                     struct grid_view *view);

/* Shows `size` positions of an axis of the view, from position `from` on, which may be negative.
 * What lies beyond the axis is continued as `beyond` says. */
void grid_view_cut(struct grid_view *view, uint32_t axis, int64_t from, size_t size,
                   enum grid_beyond beyond);

/* Turns an axis of the view around. */
void grid_view_flip(struct grid_view *view, uint32_t axis);

/* Makes axis k of the view what axis order[k] was. */
void grid_view_permute(struct grid_view *view, const uint32_t *order);

/* Shows at position k of an axis of the view what was at position order[k], for all its positions.
 */
void grid_view_pick(struct grid_view *view, uint32_t axis, const uint32_t *order);

/* Finds the smallest box of the sample that has all elements that the view shows. Along an axis of
 * which it shows no element the box has the first position. */
void grid_view_reach(const struct grid_view *view, struct core_box *reach);

/* Makes the view one that shows the same elements of a box, which has them all. Its tables change.
 */
void grid_view_hold(struct grid_view *view, const struct core_box *held);

/* Copies what the view shows of a sample. Elements have `size` bytes. */
void grid_view_copy(const struct grid_view *view, size_t size, const void *input, void *output);

#endif
