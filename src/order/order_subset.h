/* The rows of a dataset that a loader is restricted to: a list with 8 bytes for each row. Pure. */
#ifndef ORDER_SUBSET_H
#define ORDER_SUBSET_H

#include "order_ledger.h"
#include "shardstep/loader.h"

/* A sample's place among all samples, and its series: samples of neighbouring series share no rows.
 * A number counts samples that are left out of the dataset, too. */
struct order_neighbours {
    uint64_t number;
    uint64_t first, end; /* the numbers of the samples of the series */
};

/* How the samples of a dataset follow one another. A zeroed struct is one series, in which no
 * samples share rows. */
struct order_series {
    uint64_t gap; /* how many samples behind a sample share rows with it */
    void (*find)(const void *user, uint64_t sample, struct order_neighbours *found);
    const void *user;
};

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

/* Makes the subset of the samples whose block's draw lies in [from, to), of which no later sample
 * of the series shares rows with a sample of another block whose draw does not. loader.h says what
 * a block is. A block's draw is that of its first sample. */
shs_status order_subset_blocks(struct order_subset *subset, const shs_subset *asked,
                               uint64_t samples, const struct order_series *series);

/* Returns true if the options ask for a part. */
bool order_subset_is_part(const shs_subset *asked);

/* Returns the end of the part that the options ask for: an end of 0 means 1. */
double order_subset_part_end(const shs_subset *asked);

/* Makes the subset that the options ask for: a part, a list or all rows. Refuses both a part and a
 * list, a part without rows, and blocks without a part. `series` is for blocks; NULL: zeroed. */
shs_status order_subset_choose(struct order_subset *subset, const shs_subset *asked,
                               uint64_t samples, const struct order_series *series);

/* Returns how many rows of the subset are below `row`. */
uint64_t order_subset_below(const struct order_subset *subset, uint64_t row);

/* Replaces positions in the subset by rows. */
void order_subset_rows(const struct order_subset *subset, uint64_t *index, uint64_t count);

/* Returns the ledger of the rows at positions [first, end) of the subset, each once. */
struct order_ledger order_subset_ledger(const struct order_subset *subset, uint64_t first,
                                        uint64_t end);

#endif
