/* A part of a row: for each inner axis of an array the indices that are wanted. Values and
 * arithmetic only; no file is touched. */
#ifndef IO_PART_H
#define IO_PART_H

#include "core_status.h"
#include "shardstep/tensor.h"

/* Indices along an axis: begin, begin + step, … There is at least one. */
struct io_range {
    uint64_t begin, count, step;
    uint64_t at; /* how many indices of the axis come before; set by io_part_measure() */
};

/* What is taken of an axis, in the order in which it is delivered. The ranges are borrowed. */
struct io_part_axis {
    uint64_t length; /* of the array */
    struct io_range *range;
    size_t ranges; /* at least 1 */

    /* the rest is set by io_part_measure() */
    uint64_t count;
    bool ascending; /* true if indices only grow */
    bool whole;     /* true if these are all indices, in their order */
};

/* A part of a row. As delivered it is dense: its shape is the counts of its axes. Where a pointer
 * to a part is NULL, rows are taken whole. */
struct io_part {
    uint32_t axes; /* the axes of a row, at least 1 */
    size_t element_bytes;
    struct io_part_axis axis[SHS_MAX_AXES];

    /* the rest is set by io_part_measure() */
    size_t bytes;       /* of the part of one row */
    size_t whole_bytes; /* of one whole row */
    bool whole;         /* true if the part is all of a row */
};

/* Computes counts and sizes. The indices must lie inside the axes. */
void io_part_measure(struct io_part *part);

/* Calls `visit` with each run of neighbouring bytes that the part has of a row, in the order in
 * which they are delivered, until it returns an error. `at` counts from the row's first byte. */
typedef shs_status io_part_visit(void *user, uint64_t at, size_t bytes);
shs_status io_part_walk(const struct io_part *part, io_part_visit *visit, void *user);

/* Copies the part out of whole rows in memory. */
void io_part_cut(const struct io_part *part, const void *rows, uint64_t count, void *to);

/* Returns the first of an axis' ranges, from range `from` on, that may have an index in
 * [low, high), or the number of ranges if there is none. */
size_t io_part_next_range(const struct io_part_axis *axis, size_t from, uint64_t low,
                          uint64_t high);

/* Cuts a range to the indices inside [low, high). Returns false if there are none. */
bool io_range_clip(const struct io_range *range, uint64_t low, uint64_t high,
                   struct io_range *clipped);

#endif
