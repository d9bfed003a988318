/* Rows drawn with replacement, each with a probability in proportion to its weight: see
 * order_weights.h for how. Joins order, dataset and ranks.
 *
 * What is kept. `values`: a table of 12 bytes a row of the dataset (with a subset 8 more a row
 * while it is opened). `field` and `balance`: nothing that grows with the rows above 2^20 of them:
 * 12 bytes a row up to there, then 20 a block, 20 MiB at most; some megabytes to read and
 * draw with, 1 MiB of weights at a time; and the cache of the field's chunks, a quarter of the
 * dataset's. `balance` also 8 bytes for each value that classes span. All of the field is read when
 * it is opened, each rank its share, and twice more for `balance`; then only the blocks that are
 * drawn, of ceil(N / 2^20) rows each, and none up to 2^20 rows. Of a field in chunks a draw decodes
 * a whole chunk, unless all that there are fit in the cache: large ones had better be contiguous.
 */
#ifndef LOAD_WEIGHTS_H
#define LOAD_WEIGHTS_H

#include "core_hash.h"
#include "data_dataset.h"
#include "order_permutation.h"
#include "order_subset.h"

struct load_weights;

/* Exactly one of the first three is given. */
struct load_weights_how {
    const double *values; /* of every row of the dataset, in memory, the same on every rank; not
                             used any more afterwards */
    const char *field;    /* a field of the dataset's files, in the text of dataset.h, with one
                             number a sample, of any type */
    const char *balance; /* such a field, of whole numbers that span at most 2^20 values: each class
                            that occurs is equally likely, and within a class each row, since a
                            row weighs 1 / the number of rows of its class */
    const struct order_subset *subset; /* borrowed as long as the weights are open; rows outside
                                          have weight 0, whatever stands there; NULL: all rows */
};

/* Collective. Weights of a dataset that stays open longer. They are finite, none is below 0 and
 * their sum is above 0 and finite. On error *weights is NULL. */
shs_status load_weights_open(shs_dataset *dataset, const struct load_weights_how *how,
                             struct load_weights **weights);

/* The same with other limits, for tests: blocks of a table, and rows of a piece that is read. */
struct load_weights_limits {
    uint64_t blocks;
    uint64_t at_once;
};

shs_status load_weights_open_within(shs_dataset *dataset, const struct load_weights_how *how,
                                    const struct load_weights_limits *limits,
                                    struct load_weights **weights);

/* Local. Accepts a pointer to NULL; leaves NULL. */
void load_weights_close(struct load_weights **weights);

/* Local. Positions of an epoch, below 2^56, in place, become rows of the dataset: of seed, stream
 * and epoch of the source, which are all that is used of it. Blocks are read on so many threads;
 * after an error index is undefined. A file that has changed is an error as soon as it is one to
 * the dataset. */
shs_status load_weights_rows(struct load_weights *weights, const struct order_source *source,
                             unsigned threads, uint64_t *index, uint64_t count);

/* Local. For the run's fingerprint: a hash over the number of rows, that of a block's and all
 * weights, rows outside the subset as 0; the same for any number of ranks, and for values as for a
 * field of up to 2^20 rows. */
void load_weights_digest(const struct load_weights *weights, char text[CORE_DIGEST_TEXT]);

#endif
