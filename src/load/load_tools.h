/* The tools that one lane loads batches with. Two lanes, each with its own tools, share nothing
 * that changes but the dataset, whose files are opened, held and given back in the calling thread.
 */
#ifndef LOAD_TOOLS_H
#define LOAD_TOOLS_H

#include "fetch_gather.h"
#include "load_plan.h"
#include "shardstep/augment.h"

/* Zeroed, they may be closed. Open tools stay where they are: foresight points to them. */
struct load_tools {
    shs_dataset *dataset;       /* borrowed */
    const shs_augment *augment; /* borrowed */
    bool augments;              /* some field */
    unsigned threads;
    struct fetcher *fetcher;
    struct fetch_gather *gather;
    void *scratch; /* of the augmentation */

    /* The batch that is loaded: foresight tells when rows are wanted after it. */
    const struct load_plan *plan;
    struct load_epoch epoch;
    uint64_t moment;
    bool follows; /* chunks that are kept have been judged in this epoch */
    bool forgets; /* there are more chunks than can be kept */
    struct fetch_foresight foresight;
};

/* Local. Opens tools for a dataset and an augmentation that stay open longer. They read and decode
 * on up to `threads` threads, the calling one among them. After an error the tools may be closed.
 */
shs_status load_tools_open(shs_dataset *dataset, const shs_augment *augment, unsigned threads,
                           struct load_tools *tools);

void load_tools_close(struct load_tools *tools);

/* Local. Turns the tools to a batch of a plan that stays open longer: their epoch and moment become
 * the batch's. When the epoch changes, the chunks that are kept are judged by the new one. */
shs_status load_tools_turn_to(struct load_tools *tools, const struct load_plan *plan,
                              const shs_batch *batch);

/* Local. Tells the tools that the next batch does not follow the last one, because of a seek: the
 * chunks that are kept will be judged anew. */
void load_tools_jump(struct load_tools *tools);

/* Local. Returns what to fetch the rows with of the batch that the tools have turned to. */
struct fetch_means load_tools_means(const struct load_tools *tools);

#endif
