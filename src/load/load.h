/* An open loader, as checkpoints see it.
 *
 *     load_plan    which rows, from which place: constant
 *         |
 *         v
 *     load_batch   a batch in memory, filled with a lane's load_tools: rows, fetch, augmentation
 *         |
 *         v
 *     load_next    hands it out: cursor, ledger, and the run is told of errors */
#ifndef LOAD_H
#define LOAD_H

#include "load_batch.h"

struct shs_loader {
    shs_dataset *dataset;
    shs_loader_options options; /* as load_order_settle() leaves them; `augment` is augment_text, no
                                   other text or list of the caller is kept */
    struct load_plan plan;
    char *augment_text;
    shs_augment *augment;
    struct load_tools tools;
    struct load_batch batch;

    /* The hand-out. */
    struct order_origin origin;
    bool draws;
    shs_cursor cursor;        /* the step that is being handed out */
    uint64_t handed;          /* of its batches on this rank */
    struct mpi_member member; /* this loader in the run's list, with its error until a seek */
    struct fetch_counts done; /* the sum of all batches that were handed out */

    bool epoch_begun; /* epoch `epoch` is read */
    uint64_t epoch;
    uint32_t round; /* of the dataset's files, at its beginning */

    struct order_ledger ledger; /* of the epoch so far, on this rank */
    bool ledger_whole;          /* since the epoch's beginning, over all ranks */
    uint64_t epochs_unverified;

    /* What the room above keeps with a loader, released when the loader is closed. */
    void *kept;
    void (*release_kept)(void *kept);
};

/* Local. Goes on at a cursor that has been checked. */
void load_go(shs_loader *loader, shs_cursor cursor);

/* Local. Refuses files that have changed while the epoch was read. */
shs_status load_check_files(const shs_loader *loader);

/* Local. One batch of a hosted virtual rank at a cursor that has been checked, without those before
 * it. What the loader delivers next is not defined. */
shs_status load_replay(shs_loader *loader, shs_cursor cursor, uint64_t vrank, shs_batch *batch);

/* Collective. The ledger over all ranks, and whether it is whole, as a checkpoint keeps them. */
enum {
    LOAD_LEDGER_NUMBERS = 4
};
shs_status load_ledger(const shs_loader *loader, uint64_t numbers[LOAD_LEDGER_NUMBERS]);

/* Local. Goes on with such a ledger, at the place where it was taken. */
void load_go_on(shs_loader *loader, const uint64_t numbers[LOAD_LEDGER_NUMBERS]);

/* Local. The run's fingerprint: one "name = value" a line, what a checkpoint must be restored to.
 */
shs_status load_fingerprint(const shs_loader *loader, char **text);

/* Local. SHS_ERROR_MISMATCH, naming the first line in which a stored text differs from the run's
 * own. Where the batch may differ, *other_batch says whether it does. */
shs_status load_fingerprint_check(const char *stored, const char *own, bool batch_may_differ,
                                  bool *other_batch);

#endif
