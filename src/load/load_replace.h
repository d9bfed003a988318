/* Rows that take the places of bad rows, in the calling thread, when the batch's turn has come: see
 * failures.h. A lane only reports that a batch failed. The batch is then read again, row by row, so
 * that each bad row is found and none spoils the others. */
#ifndef LOAD_REPLACE_H
#define LOAD_REPLACE_H

#include "load_batch.h"

enum {
    LOAD_BAD_RUNS = 64, /* runs of bad rows that are remembered */
    /* Rows that are tried in the place of one row, at most. Rows that are known to be bad count
     * too, so that what a loader remembers changes no result. */
    LOAD_MOST_TRIED = 1 << 17
};

/* What a loader remembers of bad rows. A zeroed struct remembers nothing. */
struct load_replace {
    /* Positions in the subset that need not be read again: their rows are bad or excluded. */
    struct order_skipped bad[LOAD_BAD_RUNS];
    size_t runs;
    size_t oldest;       /* the run that is forgotten next */
    uint64_t epoch;      /* the epoch in which they were bad; files may be mended after it */
    uint64_t rows;       /* rows delivered in the places of others */
    uint64_t most_tried; /* 0: LOAD_MOST_TRIED; tests give less */
};

/* Local. Forgets which rows are bad: files may have been mended. */
void load_replace_forget(struct load_replace *replace);

/* Local. Mends a batch whose load_batch_fill() failed, or names its first bad sample.
 *
 * If the policy allows it, bad rows are replaced, each of which is reported, and the batch is
 * there: the result is SHS_OK. Otherwise the status is that of load_batch_fill(), and the message
 * names the sample. The rows are read again for this, but an error stays an error if they are good
 * now. An error of the system is never mended. The batch keeps status and message. Files may be
 * opened, and rows read through HDF5. */
shs_status load_replace(struct load_replace *replace, shs_dataset *dataset,
                        const struct load_plan *plan, const shs_augment *augment,
                        struct load_batch *batch);

/* Local. Counts the rows of a batch that are delivered in the places of others, and reports those
 * that take the places of excluded rows. */
void load_replace_tell(struct load_replace *replace, const shs_dataset *dataset,
                       const struct load_plan *plan, const struct load_batch *batch);

#endif
