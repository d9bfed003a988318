/* An open loader, as checkpoints see it.
 *
 *     load_plan    says which rows a batch has, and from which place they are augmented
 *         |
 *         v
 *     load_batch   fills a batch with a lane's load_tools: row numbers, fetch, augmentation
 *         |
 *         v
 *     load_ahead   keeps a ring of such batches, which load_lanes fills, in threads and in the
 *         |        waiting caller; without a ring the caller fills each batch when it is asked for
 *         v
 *     load_replace puts other rows in the places of bad rows, as the policy of failures says
 *         |
 *         v
 *     load_units   is the memory that batches lie in, until the program gives them back
 *         |
 *         v
 *     load_next    hands the batch out, keeps cursor and ledger, tells the run of errors
 *
 * load_twins looks for virtual ranks, epochs and slots that augment alike where they must not.
 * load_again makes a batch of another place, and has the loader stand where it stood. */
#ifndef LOAD_H
#define LOAD_H

#include "load_ahead.h"
#include "load_memory.h"
#include "load_replace.h"
#include "load_twins.h"

/* What shs_loader_report() has told so far, as its figures. */
struct load_reported {
    uint64_t elapsed, waited, helped;
    uint64_t spent[LOAD_STATES];
};

/* What shs_loader_report_json() has told so far. Times are nanoseconds. */
struct load_told {
    struct load_reported figures;
    uint64_t cpu; /* of all threads of the process */
    shs_loader_statistics read;
    struct load_lane_told {
        uint64_t elapsed;
        uint64_t spent[LOAD_STATES];
    } lane[CORE_POOL_MOST]; /* the calling thread, and the lanes of the ring */
};

struct shs_loader {
    shs_dataset *dataset;
    shs_loader_options options; /* the options after load_order_settle(); `augment` is augment_text,
                                   and no other text or list of the caller is kept */
    struct load_plan plan;
    char *augment_text;
    char *command; /* the options as the program `shardstep` takes them: load_command.h */
    shs_augment *augment;
    struct load_tools tools;
    struct load_units *units;  /* the memory of all batches that are handed out */
    struct load_batch batch;   /* the batch that is loaded without `ahead` */
    struct load_memory memory; /* what was taken while the loader was opened */
    struct load_ahead *ahead;  /* NULL: batches are loaded when they are asked for */
    struct load_replace replace;

    struct load_twins *twins; /* NULL: nobody looks for twins */

    /* The hand-out. */
    struct order_origin origin;
    bool draws;
    shs_cursor cursor;        /* the step that is being handed out */
    uint64_t handed;          /* batches of that step handed out on this rank */
    bool replays;             /* a batch of another place is made */
    struct mpi_member member; /* this loader in the run's list, with its error until a seek */
    struct fetch_counts done; /* the sum of all batches that were handed out */

    struct load_round round;     /* the round of the batch that was handed out last */
    struct load_account account; /* the calling thread's account */
    uint64_t waited;             /* nanoseconds that calls have waited for batches */
    uint64_t waited_before;      /* `waited` when the present step began */
    uint64_t waited_in_step;     /* nanoseconds of the latest step that has ended */
    struct load_reported reported;
    struct load_told told;

    struct order_ledger ledger; /* the rows of the epoch so far, on this rank */
    bool ledger_whole; /* true if the ledgers of all ranks have all rows of the epoch so far */
    uint64_t epochs_unverified;

    /* Called with each batch that shs_next() hands out, before the program has it, and with NULL
     * when the loader is closed. A batch with an error has no rows. NULL: nobody is told. */
    void (*watch)(void *watcher, const shs_batch *batch);
    void *watcher;

    /* What the room above keeps with a loader, released when the loader is closed. */
    void *kept;
    void (*release_kept)(void *kept);
};

/* Local. Goes on at a cursor that has been checked. */
void load_go(shs_loader *loader, shs_cursor cursor);

/* Local. Returns how many lanes load: those of the ring, or the calling thread. */
uint32_t load_lanes(const shs_loader *loader);

/* Local. Returns the account of a lane of the ring, or for 0 that of the calling thread. */
struct load_account load_account_of(const shs_loader *loader, uint32_t lane);

/* Local. Refuses files that have changed while the epoch was read. */
shs_status load_check_files(const shs_loader *loader);

/* Local. Makes one batch of a hosted virtual rank at a cursor that has been checked, without the
 * batches before it. What the loader delivers next is not defined. */
shs_status load_replay(shs_loader *loader, shs_cursor cursor, uint64_t vrank, shs_batch *batch);

/* Local. Changes the batch that load_replay() made into the batch that the augmentation would make
 * of the same rows, in the same slots, at the epoch and the step of a cursor. Only without `ahead`
 * and without `step_batches`. */
shs_status load_replay_at(shs_loader *loader, shs_cursor cursor, shs_batch *batch);

/* Local. Returns a row of field f as it is stored, of the batch that load_replay() made. Only
 * without `ahead` and without `step_batches`. */
const void *load_replay_stored(const shs_loader *loader, size_t f, uint64_t slot);

enum {
    LOAD_LEDGER_NUMBERS = 4 /* whether the ledger is whole, then its three sums */
};

/* Collective. Adds the ledgers of all ranks, for a checkpoint. */
shs_status load_ledger(const shs_loader *loader, uint64_t numbers[LOAD_LEDGER_NUMBERS]);

/* Local. Goes on with a ledger of load_ledger(), at the cursor at which it was taken. */
void load_go_on(shs_loader *loader, const uint64_t numbers[LOAD_LEDGER_NUMBERS]);

/* Local. Makes the run's fingerprint, with one "name = value" a line. A checkpoint is restored only
 * by a run with the same fingerprint. The caller releases *text with core_free(). */
shs_status load_fingerprint(const shs_loader *loader, char **text);

/* Local. Compares a stored fingerprint with the run's own. SHS_ERROR_MISMATCH names the first line
 * that differs. If the batch may differ, *other_batch says whether it does. */
shs_status load_fingerprint_check(const char *stored, const char *own, bool batch_may_differ,
                                  bool *other_batch);

#endif
