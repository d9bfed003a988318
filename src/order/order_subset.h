/* The rows of a dataset that a loader is restricted to: a list with 8 bytes for each row. Pure. */
#ifndef ORDER_SUBSET_H
#define ORDER_SUBSET_H

#include "order_ledger.h"

/* A zeroed subset is all rows. */
struct order_subset {
    uint64_t *rows; /* in ascending order, each once; NULL: all rows */
    uint64_t count;
};

void order_subset_free(struct order_subset *subset);

/* Copies a list, which must ascend and stay below `samples`. */
shs_status order_subset_list(struct order_subset *subset, const uint64_t *rows, uint64_t count,
                             uint64_t samples);

/* Makes the subset of the rows whose draw lies in [from, to). A row's draw is a double in [0,1), of
 * role 4, from the seed and the row's number alone. So a row stays in its part when rows are
 * appended, and parts whose intervals do not overlap have no row in common. */
shs_status order_subset_split(struct order_subset *subset, uint64_t seed, uint64_t samples,
                              double from, double to);

/* Returns how many rows of the subset are below `row`. */
uint64_t order_subset_below(const struct order_subset *subset, uint64_t row);

/* Replaces positions in the subset by rows. */
void order_subset_rows(const struct order_subset *subset, uint64_t *index, uint64_t count);

/* Returns the ledger of the rows at positions [first, end) of the subset, each once. */
struct order_ledger order_subset_ledger(const struct order_subset *subset, uint64_t first,
                                        uint64_t end);

#endif
