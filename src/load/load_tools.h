/* The tools that a lane loads batches with. A lane loads one batch at a time. Lanes share only the
 * dataset, whose files are opened, held and given back in the calling thread. */
#ifndef LOAD_TOOLS_H
#define LOAD_TOOLS_H

#include "fetch_gather.h"
#include "load_plan.h"
#include "shardstep/augment.h"

/* Zeroed tools may be closed. Open tools must not be moved, because `foresight` points to them. */
struct load_tools {
    shs_dataset *dataset;       /* borrowed */
    const shs_augment *augment; /* borrowed */
    bool augments;              /* true if the augmentation changes a field */
    unsigned threads;
    struct fetcher *fetcher;
    struct fetch_gather *gather;
    void *scratch; /* memory for the augmentation */

    /* The batch that is being loaded. Foresight tells when rows are wanted after it. */
    const struct load_plan *plan;
    struct load_epoch epoch;
    uint64_t moment;
    bool follows; /* true if the next uses of kept chunks were computed in this epoch */
    bool forgets; /* true if the cache cannot hold all chunks */
    struct fetch_foresight foresight;
};

/* Local. Opens tools for a dataset and an augmentation that stay open longer. They read and decode
 * on up to `threads` threads, the calling thread included. After an error the tools may be closed.
 */
shs_status load_tools_open(shs_dataset *dataset, const shs_augment *augment, unsigned threads,
                           struct load_tools *tools);

void load_tools_close(struct load_tools *tools);

/* Local. Gives the tools the epoch and the moment of a batch, whose plan stays open longer. When
 * the epoch changes, the next use of each kept chunk is computed anew. */
shs_status load_tools_turn_to(struct load_tools *tools, const struct load_plan *plan,
                              const shs_batch *batch);

/* Local. Tells the tools that the next batch does not follow the last batch, because of a seek. The
 * next use of each kept chunk will then be computed anew. */
void load_tools_jump(struct load_tools *tools);

/* Local. Returns the means to fetch the rows of the batch of load_tools_turn_to(). */
struct fetch_means load_tools_means(const struct load_tools *tools);

#endif
