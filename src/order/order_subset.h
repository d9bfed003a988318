/* Rows of a dataset that a loader is restricted to, as a list of 8 bytes a row. Pure. */
#ifndef ORDER_SUBSET_H
#define ORDER_SUBSET_H

#include "order_ledger.h"

/* Zeroed: all rows. */
struct order_subset {
    uint64_t *rows; /* ascending, each once; NULL: all */
    uint64_t count;
};

void order_subset_free(struct order_subset *subset);

/* A copy of a list, which must ascend and stay below `samples`. */
shs_status order_subset_list(struct order_subset *subset, const uint64_t *rows, uint64_t count,
                             uint64_t samples);

/* The rows whose draw of role 4, a double in [0,1) of the seed and the row's number alone, lies in
 * [from, to): they do not move when rows are appended, and do not overlap those of another
 * interval. */
shs_status order_subset_split(struct order_subset *subset, uint64_t seed, uint64_t samples,
                              double from, double to);

/* How many rows of the subset are below `row`. */
uint64_t order_subset_below(const struct order_subset *subset, uint64_t row);

/* Positions in the subset turned into rows, in place. */
void order_subset_rows(const struct order_subset *subset, uint64_t *index, uint64_t count);

/* Of the rows at positions [first, end) of the subset, each once. */
struct order_ledger order_subset_ledger(const struct order_subset *subset, uint64_t first,
                                        uint64_t end);

#endif
