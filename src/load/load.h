/* An open loader, as checkpoints see it. */
#ifndef LOAD_H
#define LOAD_H

#include "data_dataset.h"
#include "fetch_gather.h"
#include "load_order.h"
#include "shardstep/loader.h"

struct shs_loader {
    shs_dataset *dataset;
    struct load_order order;
    struct load_epoch order_epoch;
    struct order_origin origin;
    shs_loader_options options; /* as load_order_settle() leaves them; `augment` is augment_text, no
                                   other text or list of the caller is kept */
    char *augment_text;
    shs_augment *augment;
    bool draws;
    struct fetcher *fetcher;
    struct fetch_gather *gather;
    struct fetch_foresight foresight;
    bool forgets; /* decoded chunks: there are more than can be kept */
    struct fetch_counts done;

    bool epoch_begun; /* epoch `epoch`, for the order and the chunks that are kept */
    uint64_t epoch;
    uint32_t round;  /* of the dataset's files, at its beginning */
    uint64_t moment; /* of the batch that is loaded */

    struct order_ledger ledger; /* of the epoch so far, on this rank */
    bool ledger_whole;          /* since the epoch's beginning, over all ranks */
    uint64_t epochs_unverified;

    shs_cursor cursor;      /* the step that is being handed out */
    uint64_t handed;        /* of its batches on this rank */
    struct mpi_watch watch; /* its error, until a seek */

    /* the batch */
    uint64_t *index;
    void *read[SHS_MAX_FIELDS];   /* rows as stored */
    void *output[SHS_MAX_FIELDS]; /* rows as augmented: those in `read`, if the field is not */
    size_t output_bytes[SHS_MAX_FIELDS];
    shs_tensor field[SHS_MAX_FIELDS];
    void *scratch;
    bool augments; /* some field */

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

/* Local. The stream that a row of a batch is augmented from. */
void load_stream(const shs_loader *loader, const shs_batch *batch, uint64_t slot,
                 shs_random *random);

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
