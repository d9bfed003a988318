/* Parts of a dataset, such as training and test set, by a draw for each row: role 4 of the
 * dataset's seed, whatever the loader, epoch and number of ranks. Pure. */
#ifndef ORDER_SPLIT_H
#define ORDER_SPLIT_H

#include <stdint.h>

#include "core_status.h"

enum {
    ORDER_MAX_PARTS = 16
};

/* Part p has the rows whose draw, a double in [0,1), lies in [below[p - 1], below[p]). */
struct order_split {
    uint64_t seed;
    uint32_t parts;
    double below[ORDER_MAX_PARTS]; /* sums of the first fractions; the last sum is 1 */
};

/* Returns the draw of a row below 2^56, in [0,1). Every split of the dataset uses it. */
double order_split_draw(uint64_t seed, uint64_t row);

/* Makes a split from 1 … ORDER_MAX_PARTS fractions above 0, whose sum is 1 within 1e-6. */
shs_status order_split_make(uint64_t seed, const double *fractions, size_t parts,
                            struct order_split *split);

/* Returns the part that a row, below 2^56, belongs to. */
uint32_t order_split_part(const struct order_split *split, uint64_t row);

/* Adds to counts[p] the number of rows of [first, end) that belong to part p. */
void order_split_count(const struct order_split *split, uint64_t first, uint64_t end,
                       uint64_t *counts);

/* Goes through the rows of one part in order. It stands before the first row if all members but
 * `split` and `part` are zero. */
struct order_split_walk {
    const struct order_split *split; /* borrowed */
    uint32_t part;
    uint64_t row;    /* the next row to look at */
    uint64_t passed; /* number of rows of the part before `row` */
};

/* Goes to row number `nth` of the part, which must have it. To go back, begin anew. */
void order_split_seek(struct order_split_walk *walk, uint64_t nth);

/* Returns the part's next row, and passes it and the rows that follow it in the dataset without a
 * gap. *count is how many, 1 … `most`. The part must have another row. */
uint64_t order_split_next(struct order_split_walk *walk, uint64_t most, uint64_t *count);

#endif
