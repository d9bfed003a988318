/* Parts of a dataset, such as training and test set, by a draw for each row: role 4 of the
 * dataset's seed, whatever the loader, epoch and number of ranks. Pure. */
#ifndef ORDER_SPLIT_H
#define ORDER_SPLIT_H

#include <stdint.h>

#include "core_status.h"

enum {
    ORDER_MAX_PARTS = 16
};

/* Part p has the rows whose draw, a double in [0,1), lies from below[p - 1] on and below below[p].
 */
struct order_split {
    uint64_t seed;
    uint32_t parts;
    double below[ORDER_MAX_PARTS]; /* sums of fractions; the last is 1 */
};

/* The draw of a row below 2^56, in [0,1): what every split of the dataset goes by. */
double order_split_draw(uint64_t seed, uint64_t row);

/* 1 … ORDER_MAX_PARTS fractions above 0, whose sum is 1 but for rounding (1e-6). */
shs_status order_split_make(uint64_t seed, const double *fractions, size_t parts,
                            struct order_split *split);

/* The part that a row, below 2^56, belongs to. */
uint32_t order_split_part(const struct order_split *split, uint64_t row);

/* Adds to counts[p] the rows of [first, end) that belong to part p. */
void order_split_count(const struct order_split *split, uint64_t first, uint64_t end,
                       uint64_t *counts);

/* Goes through the rows of one part in order. Zeroed but for split and part it stands before its
 * first row. */
struct order_split_walk {
    const struct order_split *split; /* borrowed */
    uint32_t part;
    uint64_t row;    /* the next one to look at */
    uint64_t passed; /* rows of the part before it */
};

/* Goes to the part's row number `nth`, which it has; back only by beginning anew. */
void order_split_seek(struct order_split_walk *walk, uint64_t nth);

/* The part's next row, and how many follow each other from there on, at most `most`, at least 1.
 * Passes them. The part has as many. */
uint64_t order_split_next(struct order_split_walk *walk, uint64_t most, uint64_t *count);

#endif
