/* Rows drawn with replacement, each with a probability in proportion to its weight: see
 * order_weights.h for how. Joins order, dataset and ranks.
 *
 * MEMORY. `values` need a table of 12 bytes for each row of the dataset; with a subset, 8 bytes
 * more for each row while the weights are opened. `field` and `balance` need 12 bytes a row up to
 * 2^20 rows. With more rows they need 20 bytes a block, which is at most 20 MiB. They also need
 * some megabytes to read and draw with, and a cache for the field's chunks, which is a quarter of
 * the dataset's cache. `balance` needs 8 bytes more for each value that classes span.
 *
 * READS. All of the field is read when it is opened: each rank reads its share, and for `balance`
 * reads it twice more. After that, up to 2^20 rows nothing is read. With more rows only the blocks
 * that are drawn are read, of ceil(N / 2^20) rows each. If the field is in chunks, a draw decodes a
 * whole chunk, unless all chunks fit in the cache. A large field is therefore better stored
 * contiguously. */
#ifndef LOAD_WEIGHTS_H
#define LOAD_WEIGHTS_H

#include "core_hash.h"
#include "data_dataset.h"
#include "order_permutation.h"
#include "order_subset.h"

struct load_weights;

/* Exactly one of the first three is given. */
struct load_weights_how {
    /* A weight for every row of the dataset, the same on every rank. Borrowed for the call. */
    const double *values;
    /* A field of the dataset's files, in the text of fields.h, with one number a sample, of any
     * type. */
    const char *field;
    /* A field like `field`, of whole numbers that span at most 2^20 values. Each class that occurs
     * is equally likely, and so is each row within a class: a row's weight is 1 / the number of
     * rows of its class. */
    const char *balance;
    /* Rows outside the subset have weight 0, whatever their weights say. Borrowed as long as the
     * weights are open. NULL: all rows. */
    const struct order_subset *subset;
};

/* Collective. Opens the weights of a dataset that stays open longer. They must be finite and not
 * below 0, and their sum must be finite and above 0. On error *weights is NULL. */
shs_status load_weights_open(shs_dataset *dataset, const struct load_weights_how *how,
                             struct load_weights **weights);

/* Other limits for tests: the most blocks of a table, and the rows of a piece that is read. */
struct load_weights_limits {
    uint64_t blocks;
    uint64_t at_once;
};

/* Collective. Opens weights with other limits. */
shs_status load_weights_open_within(shs_dataset *dataset, const struct load_weights_how *how,
                                    const struct load_weights_limits *limits,
                                    struct load_weights **weights);

/* Local. Closes weights and leaves NULL. Accepts a pointer to NULL. */
void load_weights_close(struct load_weights **weights);

/* Local. Replaces `count` positions of an epoch, below 2^56, by rows of the dataset. Only seed,
 * stream and epoch of the source are used. Blocks are read on `threads` threads. A file that has
 * changed is an error at the same time as in the dataset. After an error `index` is undefined. */
shs_status load_weights_rows(struct load_weights *weights, const struct order_source *source,
                             unsigned threads, uint64_t *index, uint64_t count);

/* Local. Writes a hash for the run's fingerprint. It covers the number of rows, the rows of a
 * block, and all weights, with weight 0 for rows outside the subset. It is the same for any number
 * of ranks. With up to 2^20 rows, `values` and a field with the same weights have the same hash. */
void load_weights_digest(const struct load_weights *weights, char text[CORE_DIGEST_TEXT]);

#endif
