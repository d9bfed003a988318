/* A run and its ranks, as the layers above see them. Only this folder calls MPI; this header does
 * not need mpi.h. */
#ifndef MPI_RUN_H
#define MPI_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "core_status.h"
#include "mpi_stop.h"
#include "mpi_watch.h"
#include "mpi_window.h"
#include "order_ledger.h"
#include "shardstep/context.h"
#include "shardstep/loader.h"

struct mpi_sum;
struct mpi_transport;

/* A loader in the run's list. Its error lasts until the loader's next seek. */
struct mpi_member {
    struct mpi_member *next;
    uint64_t id;                      /* the loader's number in the run, the same on every rank */
    bool told;                        /* shs_next() has returned the error on this rank */
    shs_status failed;                /* the status of the error; SHS_OK without an error */
    char failure[CORE_MESSAGE_BYTES]; /* the message of the error */
    shs_cursor begun;     /* the beginning of the latest step of which batches were handed out */
    shs_cursor failed_at; /* the beginning of the step that failed, on every rank */

    /* Epochs that have ended on this rank and have not been judged yet. Usually there is none, and
     * one from an epoch's last step to the agreement after it. */
    uint64_t ended;
    uint64_t ended_epoch;          /* the epoch that ended last */
    bool counts_only;              /* `due` holds the number of rows, but not their sums */
    struct order_ledger delivered; /* rows that this rank delivered in these epochs */
    struct order_ledger due;       /* rows that all ranks together had to deliver */
    uint64_t verified;             /* epochs whose verdict was good */

    /* Collective. What else the agreement does for the loader, once, the same on every rank. NULL:
     * nothing. An error, which is the same on every rank, becomes the loader's. */
    shs_status (*check)(void *user);
    void *check_user;
};

/* Work that goes on after a collective call, and that a later call finishes. A run has at most one
 * such work at a time. */
struct mpi_late {
    bool waits;     /* the work is to be finished; the same on every rank */
    char what[128]; /* the work in words, if it waits */

    /* Collective. Finishes the work. Returns the same status on every rank. */
    shs_status (*finish)(shs_run *run, void *user);
    /* Local. Gives up work that still waits, and releases `user`. */
    void (*release)(void *user);
    void *user; /* NULL: there has been no work yet */

    /* The outcome of work that is finished. No call has returned it yet. */
    shs_status failed; /* SHS_OK if there is none, or it is good */
    bool mine, agreed;
    char message[CORE_MESSAGE_BYTES];
};

struct shs_run {
    struct mpi_transport *transport; /* NULL if the ranks do not talk to each other, or if the run
                                        of one rank makes no MPI call */
    int rank;
    int ranks;
    uint64_t seed;
    uint64_t vranks;
    uint64_t group;  /* ranks of a group, which host their virtual ranks together; at least 1 */
    uint64_t member; /* this rank's number in its group, from 0 */
    uint64_t first_vrank; /* the lowest virtual rank of this rank's group */
    uint64_t hosted;      /* virtual ranks of this rank's group */
    uint64_t holders;     /* the program, and each object that is open on the run */
    uint64_t opened;      /* loaders opened so far, the same on every rank: the next loader's id */
    uint64_t gradients;   /* gradient objects opened so far, the same on every rank */
    uint64_t metrics;     /* metrics objects opened so far, the same on every rank */

    /* A loading error of this rank that the other ranks do not know yet. */
    shs_status kept;     /* the status of the error; SHS_OK without an error */
    uint64_t kept_id;    /* the id of the loader that failed */
    shs_cursor kept_at;  /* the beginning of the step that failed */
    bool kept_is_closed; /* the loader was closed after shs_next() had returned the error */
    char kept_message[CORE_MESSAGE_BYTES];

    struct mpi_member *members; /* the list of open loaders */
    struct mpi_late late;

    bool closed;   /* this rank has closed the run, so objects on it may only be closed, too */
    int left_by;   /* 1 + the lowest rank that closed the run while others went on; else 0 */
    int left_with; /* if left_by is set: the lowest rank that went on, which prints the message */

    struct mpi_stops stops; /* what asks this rank to stop */
    bool stop_agreed;       /* an agreement has told every rank to stop */

    uint32_t streams_drawn; /* bit s says that an open loader draws from stream s */

    struct mpi_sum *sums; /* the list of sums of vectors */
    bool unlike;          /* in the latest agreement the ranks made different calls */

    struct mpi_windows windows; /* memory that the run shares with other ranks of the node */

    struct mpi_watch watch; /* what each rank of the node does, and how long this rank may wait */

    shs_report *report; /* told what happens and is no error; NULL: nobody is told */
    void *report_user;
};

/* Collective over the ranks of the run. The caller has set the run's transport, rank and number of
 * ranks, and zeroed the rest. `call` names the public function that opens the run. `mine` is this
 * rank's status so far. On error the run is released and *run is NULL. */
shs_status mpi_run_begin(shs_run **run, const char *call, const struct shs_run_options *options,
                         shs_status mine);

/* Local. Opens a run of this process alone, which makes no MPI call. The message of an error names
 * `call`. */
shs_status mpi_run_open_alone(const char *call, const struct shs_run_options *options,
                              shs_run **run);

/* Local. True in a run of several ranks that cannot talk to each other: shs_open_ranks() was given
 * no `agree`. Collective functions are then Local: each rank agrees with itself only, and sums hold
 * this rank's numbers only. */
bool mpi_is_apart(const shs_run *run);

/* A rank's part of work that the ranks share out. */
struct mpi_part {
    uint64_t number; /* from 0 */
    uint64_t of;     /* parts */
};

/* Local. The part that this rank does, to be joined to the others by mpi_sum() or mpi_greatest().
 * Where the ranks cannot talk to each other, each does all of the work. */
struct mpi_part mpi_part_of(const shs_run *run);

/* Local. False if mpi_broadcast() is meant for small data only: each rank then reads large data by
 * itself. */
bool mpi_moves_large_data(const shs_run *run);

/* Local. The number of groups, which have `group` ranks each. */
uint64_t mpi_groups(const shs_run *run);

/* Local. Tells the program what happened on this rank and is no error. The text has the rank before
 * it. Does nothing if the program does not want to be told. */
__attribute__((format(printf, 3, 4))) void mpi_report(const shs_run *run, shs_report_kind kind,
                                                      const char *format, ...);

/* Local. Does what mpi_report() does. Where the program does not want to be told, shs_notice()
 * keeps the text. */
__attribute__((format(printf, 3, 4))) void mpi_notice(const shs_run *run, shs_report_kind kind,
                                                      const char *format, ...);

/* Local. Adds a holder of the run. */
void mpi_run_hold(shs_run *run);

/* Local. Removes a holder. The memory of the run is released with its last holder. */
void mpi_run_release(shs_run *run);

/* Local. Adds a loader to the run's list. A kept error of a closed loader is dropped if the program
 * has been told of it. */
void mpi_member_begin(shs_run *run, struct mpi_member *member, uint64_t id);

/* Local. Removes a loader from the run's list. Its kept error stays until the next mpi_settle(). */
void mpi_member_end(shs_run *run, struct mpi_member *member);

/* Local. Notes that a loader has failed with the thread's latest message. Keeps this error for the
 * next mpi_settle(), unless another error is kept already. */
void mpi_member_fail(shs_run *run, struct mpi_member *member, shs_status status);

/* Local. Drops a kept error of a loader before a seek, if the program has been told of it. An error
 * that nobody has seen stays for the next mpi_settle(). */
void mpi_member_settled(shs_run *run, struct mpi_member *member);

/* Local. Clears a loader's error after a seek, kept or not, and its epochs that wait to be judged.
 */
void mpi_member_forget(shs_run *run, struct mpi_member *member);

/* Local. Notes that an epoch of a loader has ended. `delivered` holds the rows that this rank
 * delivered, `due` the rows that all ranks together had to deliver. */
void mpi_ledger_end(struct mpi_member *member, uint64_t epoch, const struct order_ledger *delivered,
                    const struct order_ledger *due);

/* Local. A number that tells which epochs and checks wait. It is 0 if none does. Ranks on which the
 * same ones wait have the same number. */
uint64_t mpi_ledgers_ended(const shs_run *run);

/* Collective. Judges the epochs that have ended, which must be the same on every rank, and does the
 * checks of members. SHS_ERROR_ORDER if rows were lost or repeated. */
shs_status mpi_ledgers_judge(shs_run *run);

/* Collective. The one point of agreement: every collective function begins or ends with it.
 *
 * `call` prints the function's name and those arguments that must be the same on all ranks. `mine`
 * is this rank's status so far. If a rank has failed, all ranks return the status of the lowest
 * failing rank, with its message. If the calls differ, all return SHS_ERROR_DISAGREE, and the
 * message names both. If any rank was asked to stop, run->stop_agreed becomes true on all. */
__attribute__((format(printf, 3, 4))) shs_status mpi_agree(shs_run *run, shs_status mine,
                                                           const char *call, ...);

/* Collective. Does what mpi_agree() does. An error kept by mpi_member_fail() goes before `mine`,
 * and its loader has then failed on every rank. Also judges the epochs that have ended. */
__attribute__((format(printf, 3, 4))) shs_status mpi_settle(shs_run *run, shs_status mine,
                                                            const char *call, ...);

/* Collective. Does what mpi_settle() does, and in the same round replaces *sum by its sum over all
 * ranks, modulo 2^64. On error *sum is not defined. */
__attribute__((format(printf, 4, 5))) shs_status
mpi_settle_sum(shs_run *run, shs_status mine, uint64_t *sum, const char *call, ...);

/* Collective. Does what mpi_settle() does, for a rank that closes the run by `call`. The other
 * ranks may be in any collective function. If some ranks do not close the run, all return an error,
 * and the run is over on every rank: run->left_by is set. */
shs_status mpi_settle_close(shs_run *run, const char *call);

/* Collective. Finishes work that waits. An error is kept for mpi_late_outcome(). */
void mpi_late_finish(shs_run *run);

/* Local. Joins the outcome of finished work to a call's own status, which is the same on every
 * rank. `then` goes behind the message if only the work has failed. */
shs_status mpi_late_outcome(shs_run *run, shs_status status, const char *then);

/* Collective. Finishes work that waits, for a call that closes the run and has agreed on this with
 * `status`. Returns the outcome joined to `status`. If the ranks are not together any more, the
 * work is not finished, and the message says so. */
shs_status mpi_late_close(shs_run *run, shs_status status);

/* Local. Gives up work that waits, and releases its memory. */
void mpi_late_release(shs_run *run);

/* Collective. Copies rank 0's bytes to every rank. */
shs_status mpi_broadcast(shs_run *run, void *bytes, size_t count);

/* Collective. Copies the bytes of rank `from` to every rank. */
shs_status mpi_broadcast_from(shs_run *run, int from, void *bytes, size_t count);

/* Collective. Replaces each number by its sum over all ranks, modulo 2^64. */
shs_status mpi_sum(shs_run *run, uint64_t *numbers, size_t count);

/* Collective. Replaces each number by the greatest over all ranks. */
shs_status mpi_greatest(shs_run *run, uint64_t *numbers, size_t count);

/* Collective. Copies the records of all virtual ranks to `all` on rank 0, in the order of virtual
 * ranks. Each rank brings a record for each virtual rank that it hosts; of a group those of member
 * 0 are taken. Other ranks may pass NULL for `all`. */
shs_status mpi_gather_vranks(shs_run *run, const void *records, size_t record_bytes, void *all);

/* Where the records of each rank come to lie on rank 0, for a gather that is done in every step.
 * Both are NULL in a run without a transport. */
struct mpi_gathering {
    int *counts, *starts;
};

/* Local. Takes the memory. The caller calls mpi_gathering_free(), also after an error. */
shs_status mpi_gathering_new(const shs_run *run, struct mpi_gathering *gathering);
void mpi_gathering_free(struct mpi_gathering *gathering);

/* Collective. Does what mpi_gather_vranks() does, without an agreement: the caller has just agreed
 * that every rank makes this call. */
shs_status mpi_gather(shs_run *run, const struct mpi_gathering *gathering, const void *records,
                      size_t record_bytes, void *all);

/* A function that takes the bytes of one rank. */
typedef shs_status mpi_take(void *user, const void *bytes, size_t count);

/* Collective. Calls `take` on rank 0 with each rank's bytes, in the order of ranks. `room` is
 * memory on rank 0 that holds the bytes of any one rank. After an error of `take` rank 0 drops the
 * remaining bytes and returns the error. The other ranks do not learn of it, so agree on the
 * status. */
shs_status mpi_in_order(shs_run *run, const void *bytes, size_t count, void *room, mpi_take *take,
                        void *user);

#endif
