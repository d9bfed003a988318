/* The rows of a dataset that a loader is restricted to: a list with 8 bytes for each row. Pure. */
#ifndef ORDER_SUBSET_H
#define ORDER_SUBSET_H

#include "order_ledger.h"
#include "shardstep/loader.h"

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

/* Returns true if the options ask for a part. */
bool order_subset_is_part(const shs_subset *asked);

/* Returns the end of the part that the options ask for: an end of 0 means 1. */
double order_subset_part_end(const shs_subset *asked);

/* Makes the subset that the options ask for: a part, a list or all rows. Refuses both a part and a
 * list, and a part without rows. */
shs_status order_subset_choose(struct order_subset *subset, const shs_subset *asked,
                               uint64_t samples);

/* Returns how many rows of the subset are below `row`. */
uint64_t order_subset_below(const struct order_subset *subset, uint64_t row);

/* Replaces positions in the subset by rows. */
void order_subset_rows(const struct order_subset *subset, uint64_t *index, uint64_t count);

/* Returns the ledger of the rows at positions [first, end) of the subset, each once. */
struct order_ledger order_subset_ledger(const struct order_subset *subset, uint64_t first,
                                        uint64_t end);

#endif
