/* The run and its ranks. This folder is the only one that calls MPI. The layers above see this
 * header, which needs no mpi.h. */
#ifndef MPI_RUN_H
#define MPI_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "core_status.h"
#include "order_ledger.h"

struct mpi_transport; /* joins the ranks of a run */
struct shs_run_options;

typedef struct shs_run shs_run;

/* A member of the run's list: a loader, its failure and its ledger. */
struct mpi_member {
    struct mpi_member *next;
    uint64_t id;                      /* the same on every rank */
    bool told;                        /* shs_next() has returned its error on this rank */
    shs_status failed;                /* on some rank, since the last seek; SHS_OK if not */
    char failure[CORE_MESSAGE_BYTES]; /* the message of that error */

    /* Epochs that have ended on this rank and not been judged yet: usually none, or one until the
     * step's agreement. */
    uint64_t ended;
    uint64_t ended_epoch; /* the latest */
    bool counts_only;     /* of what is due only the count is known */
    struct order_ledger delivered, due;
    uint64_t verified; /* epochs that were judged, and good */
};

struct shs_run {
    struct mpi_transport *transport; /* NULL in a run of one rank that makes no MPI call */
    int rank;
    int ranks;
    uint64_t seed;
    uint64_t vranks;
    uint64_t first_vrank; /* hosted by this rank */
    uint64_t hosted;
    uint64_t holders;   /* the program and all that is open on the run */
    uint64_t opened;    /* loaders so far: the next one's id, the same on every rank */
    uint64_t gradients; /* gradient objects so far, likewise */

    /* A loading error of this rank that the others do not know of yet. */
    shs_status kept;
    uint64_t kept_id;    /* of the loader */
    bool kept_is_closed; /* that loader was closed after shs_next() had returned the error */
    char kept_message[CORE_MESSAGE_BYTES];
    struct mpi_member *members;

    bool closed;   /* by this rank: what is open on the run may only be closed */
    int left_by;   /* 1 + the lowest rank that closed the run while others went on; 0: none */
    int left_with; /* then the lowest rank that went on, which speaks */

    bool stop_asked;  /* on this rank */
    bool stop_agreed; /* on every rank */
    int stop_signal;
    uint64_t signals_before; /* that came before the run was opened */

    uint32_t streams_drawn; /* bit s: an open loader draws from stream s */
};

/* Collective over the ranks of the run: its transport, rank and number of ranks are set, the rest
 * is zero. `call` is the public function that opens it, `mine` this rank's status so far. On error
 * the run is released and *run is NULL. */
shs_status mpi_run_begin(shs_run **run, const char *call, const struct shs_run_options *options,
                         shs_status mine);

/* Local. Opens a run of this process alone, which makes no MPI call. The message of an error names
 * `call`. */
shs_status mpi_run_open_alone(const char *call, const struct shs_run_options *options,
                              shs_run **run);

/* Local. Another holder of the run, and one less: the last one releases it. */
void mpi_run_hold(shs_run *run);
void mpi_run_release(shs_run *run);

/* Local. Puts a loader on the run's list, and takes it off. A kept error of a loader that is closed
 * stays kept until it is agreed on or, once the program has been told of it, another loader is
 * opened. */
void mpi_member_begin(shs_run *run, struct mpi_member *member, uint64_t id);
void mpi_member_end(shs_run *run, struct mpi_member *member);

/* Local. Keeps a loader's error, the thread's latest, for the next mpi_settle(), unless another one
 * is kept; the loader has failed. */
void mpi_member_fail(shs_run *run, struct mpi_member *member, shs_status status);

/* Local. Before a seek: an error that the program has been told of need not be kept for the others
 * any more. One that nobody has seen must not be lost. */
void mpi_member_settled(shs_run *run, struct mpi_member *member);

/* Local. The loader has not failed, nor is an error of it kept: it was sought to somewhere. */
void mpi_member_forget(shs_run *run, struct mpi_member *member);

/* Local. An epoch of a loader has ended: what this rank delivered of it, and what all had to. */
void mpi_ledger_end(struct mpi_member *member, uint64_t epoch, const struct order_ledger *delivered,
                    const struct order_ledger *due);

/* Local. A number that is 0 if no epoch waits to be judged, and the same on ranks where the same
 * ones do. */
uint64_t mpi_ledgers_ended(const shs_run *run);

/* Collective. Judges the epochs that have ended, the same ones on every rank. */
shs_status mpi_ledgers_judge(shs_run *run);

/* Local. True once a stop was asked for on this rank, by a call or a signal. */
bool mpi_stop_asked(const shs_run *run);

/* Local. Handles a signal as a request to stop (0: none), and puts the former handler back. */
shs_status mpi_stop_install(shs_run *run, int stop_signal);
void mpi_stop_remove(shs_run *run);

/* Collective: the one point of agreement, with which every collective function begins or ends.
 * `call` is its name and arguments, the same on all ranks; `mine` this rank's status so far. If a
 * rank has failed, all return the lowest failing rank's status and message; if calls differ,
 * SHS_ERROR_DISAGREE, naming both. A stop asked for on any rank becomes agreed on all. */
__attribute__((format(printf, 3, 4))) shs_status mpi_agree(shs_run *run, shs_status mine,
                                                           const char *call, ...);

/* Collective. The same, and hands over an error kept by mpi_member_fail(): its loader has then
 * failed on every rank. Judges epochs that have ended on every rank. */
__attribute__((format(printf, 3, 4))) shs_status mpi_settle(shs_run *run, shs_status mine,
                                                            const char *call, ...);

/* Collective. mpi_settle() that in the same round makes *sum the sum over all ranks, modulo 2^64.
 * On error *sum means nothing. */
__attribute__((format(printf, 4, 5))) shs_status
mpi_settle_sum(shs_run *run, shs_status mine, uint64_t *sum, const char *call, ...);

/* Collective. mpi_settle() for a rank that closes the run by `call`, whatever collective function
 * the other ranks are in. If there are ranks that do not close it, all return an error, and the run
 * is over on every rank: run->left_by. */
shs_status mpi_settle_close(shs_run *run, const char *call);

/* Collective. Rank 0's bytes on every rank. */
shs_status mpi_broadcast(shs_run *run, void *bytes, size_t count);

/* Collective. The sums of numbers over all ranks, modulo 2^64, and the greatest, in place. */
shs_status mpi_sum(shs_run *run, uint64_t *numbers, size_t count);
shs_status mpi_greatest(shs_run *run, uint64_t *numbers, size_t count);

/* Collective. Puts each rank's records, one for each virtual rank that it hosts, together on rank
 * 0, in the order of virtual ranks. `all` is read on rank 0 only. */
shs_status mpi_gather_vranks(shs_run *run, const void *records, size_t record_bytes, void *all);

/* Takes the bytes of one rank. */
typedef shs_status mpi_take(void *user, const void *bytes, size_t count);

/* Collective. Hands each rank's bytes to rank 0's `take`, in the order of ranks, one rank's at a
 * time in `room`, which on rank 0 is as large as any rank's bytes. After an error of `take`, which
 * is returned on rank 0, the rest is received and dropped: agree on the status. */
shs_status mpi_in_order(shs_run *run, const void *bytes, size_t count, void *room, mpi_take *take,
                        void *user);

#endif
