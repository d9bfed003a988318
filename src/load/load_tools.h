/* The tools that a lane loads batches with. A lane loads one batch at a time. The lanes of a loader
 * share the decoded chunks, and the dataset, whose files are opened, held and given back in the
 * calling thread. */
#ifndef LOAD_TOOLS_H
#define LOAD_TOOLS_H

#include "fetch_gather.h"
#include "load_plan.h"
#include "shardstep/augment.h"

/* Zeroed tools may be closed. Open tools must not be moved, because `foresight` points to them. */
struct load_tools {
    const struct load_tools *first; /* the loader's first tools, which own what the lanes share */
    shs_dataset *dataset;           /* borrowed */
    const shs_augment *augment;     /* borrowed */
    bool augments;                  /* true if the augmentation changes a field */
    struct load_twins *twins;       /* gets the first row that is read; borrowed; NULL: nobody */
    unsigned threads;
    struct fetcher *fetcher;
    char *scratch;        /* memory for the augmentation, for each of the threads */
    size_t scratch_bytes; /* bytes of one thread's part of `scratch` */

    uint64_t order_bytes;   /* memory of the order's tables */
    struct fetch_kept kept; /* the most that the store will keep, in the first tools */

    /* The batch that is being loaded. Foresight tells when rows are wanted after it. */
    const struct load_plan *plan;
    struct load_epoch epoch;
    uint64_t moment;
    uint64_t ticket; /* the ticket of load_tools_queue(); 0: none */
    uint32_t jumps;  /* calls of load_tools_jump(), in the first tools */
    bool forgets;    /* true if the cache cannot hold all chunks */
    bool rows_only;  /* true if no parts of rows are read */
    struct fetch_foresight foresight;
};

/* Local. Opens a loader's first tools, for a dataset and an augmentation that stay open longer.
 * They read boxes of samples if `boxes` is true. They read and decode on up to `threads` threads,
 * the calling thread included. After an error the tools may be closed. */
shs_status load_tools_open(shs_dataset *dataset, const shs_augment *augment, bool boxes,
                           unsigned threads, struct load_tools *tools);

/* Local. Opens tools that share what `first` has decoded, for one of `lanes` lanes that load at the
 * same time, each in a thread of its own. `first` is closed last. After an error the tools may be
 * closed. */
shs_status load_tools_join(const struct load_tools *first, unsigned lanes,
                           struct load_tools *tools);

/* Local. Takes the memory that batches of this need take, so that no more is taken later but for
 * the bytes of kept chunks. Tools that read nothing, because other lanes fill all batches, only
 * need the tables of the order. */
shs_status load_tools_reserve(struct load_tools *tools, const struct load_plan *plan,
                              const struct fetch_need *need, bool reads);

/* Local. Takes the memory for all chunks that lanes will share, but not for their bytes. `users`
 * lanes read with the store. */
shs_status load_tools_reserve_store(struct load_tools *tools, const struct fetch_need *need,
                                    unsigned users);

void load_tools_close(struct load_tools *tools);

/* Local. Queues the lane's next batch. Batches plan what they read in the order in which they were
 * queued, so lanes must queue them in the order of batches, which the caller locks. The same lane
 * then calls load_tools_turn_to() and, if that is no error, fetch_gather_fill() with
 * load_tools_means(): later batches wait for this. A batch that was not queued plans at once. */
void load_tools_queue(struct load_tools *tools);

/* Local. Gives the tools the epoch and the moment of a batch, whose plan stays open longer. The
 * first batch of another epoch that plans has the next use of each kept chunk computed anew. After
 * an error the batch is no longer queued. */
shs_status load_tools_turn_to(struct load_tools *tools, const struct load_plan *plan,
                              const shs_batch *batch);

/* Local. Tells a loader's first tools that the next batch does not follow the last batch, because
 * of a seek. The next use of each kept chunk will then be computed anew. No lane may be loading. */
void load_tools_jump(struct load_tools *tools);

/* Local. Returns the means to fetch the rows of the batch of load_tools_turn_to(). */
struct fetch_means load_tools_means(const struct load_tools *tools);

#endif
