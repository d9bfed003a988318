/** @file
 * The run: the ranks that work together, and what they must agree on.
 *
 * A run is opened by shs_open() of shardstep/mpi.h on the ranks of an MPI communicator, or by
 * shs_open_ranks() without MPI.
 *
 * GROUPS. With the option `group` = G, each G neighbouring ranks are a group: rank p is member
 * p mod G of group p div G. The members of a group host the same virtual ranks and get the same
 * batches, but of each sample only a slab: member m has the elements from floor(m * n / G) to
 * before floor((m+1) * n / G) of the n elements along one axis. The text of each field says which
 * axis this is (slab, in fields.h). Fields without a slab come whole to each member.
 *
 * - Rows, their order and the draws of an augmentation are those of a run without groups that has
 *   the same virtual ranks. The slabs of all members, one behind the other, are its batch.
 * - Rows are counted once for each group: the ledger has those of member 0, and
 *   shs_gradient_mean() divides by these. The reproducible sum first adds what the members of a
 *   group give for a virtual rank, by the tree over [0, G), and then goes on as without groups. For
 *   that each member keeps the tensors of all its virtual ranks until shs_gradient_mean().
 * - An operator is refused if a slab of its results needs elements that another member has: a
 *   flip or a roll of the axis that is cut, resampling along it, and whatever needs a mean of the
 *   sample. So are operators of the program's own, and operators that mix the samples of a batch.
 * - Rows that are bad stop the loader, since a member cannot know of them in another slab. A list
 *   of rows to exclude is allowed. No twins are looked for.
 * - The number G is a part of the run's fingerprint, unless it is 1.
 *
 * STOPS. A stop is asked for by shs_request_stop(), by a signal (stop_signal, stop_on_term), or by
 * the time (end_seconds, end_margin), on any rank. The next Collective call, usually the
 * shs_gradient_mean() of the step, takes the request to all ranks, and all ranks stop at the same
 * step: shs_next() returns SHS_STOP at the beginning of the next step of each loader, except for
 * loaders that were opened with through_stop. A request that comes before the loader is opened or
 * restored stops it before its first step. The program then saves, and exits with a code by which a
 * job script starts it again (SHS_EXIT_STOPPED of must.h).
 *
 * With end_margin the environment variable SHARDSTEP_END_TIME, or else SLURM_JOB_END_TIME, tells
 * when the job ends: in whole seconds since 1970. Where no such variable is set, nothing asks for a
 * stop. The variables and clocks of ranks may differ: the first rank that asks stops all.
 *
 * Launchers pass signals on in their own ways. The mpirun of Open MPI hands SIGUSR1 to all ranks,
 * but answers SIGTERM and SIGINT by ending the job, and returns another code than the ranks: the
 * ranks get SIGTERM late and SIGKILL soon after it. Do not count on a save then, and send SIGUSR1.
 *
 * WAITING. A Collective call waits for the other ranks. A rank that waits sleeps, after a short
 * while in which it tries again and again. When it has waited for warn_seconds, `report` is called
 * in the thread of the call, with SHS_REPORT_WAITING and a text that names the ranks that are
 * missing and says where each of them was last seen: in which Collective call or shs_next(), at
 * which step, on which node, and whether its process is stopped or has ended. It is called again
 * each time the wait has doubled.
 *
 * When a rank has waited for limit_seconds, the call returns SHS_ERROR_TIMEOUT, on this rank and on
 * the other ranks that wait; a rank that comes later gets it, too. The message belongs to the first
 * of them. By default there is no limit, because a rank may be in a debugger or write for long. A
 * time in which the whole job was held does not count.
 *
 * After SHS_ERROR_TIMEOUT the run is good only for shs_close(), which does not wait then, and every
 * other Collective call of the run returns SHS_ERROR_TIMEOUT. MPI may still write to the memory
 * that was given to the call that has returned. MPI_Finalize() would wait for the ranks that are
 * missing, so a program ends the job by MPI_Abort(), as shs_must() does.
 * After SHS_ERROR_MPI, a message that could not be sent or received, the same holds with this
 * status on the rank that has it: the other ranks may wait for this rank where it was.
 *
 * Two waits are inside of MPI, where neither a report nor a limit reaches them: that of
 * MPI_Allreduce with SHS_REDUCTION_FAST, and that of MPI_Comm_split_type in shs_open(). Both begin
 * when every rank has come, so they last only if a rank dies, or is stopped, in the middle of them.
 * The launcher must then end the job. SHS_REDUCTION_REPRODUCIBLE has no such wait.
 *
 * In a run that shs_open_ranks() opened, the `agree` of the program waits, and nothing of this
 * holds. */
#ifndef SHARDSTEP_CONTEXT_H
#define SHARDSTEP_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A run. shs_open() or shs_open_ranks() makes it, shs_close() releases it. */
typedef struct shs_run shs_run;

/** What a report is about. */
typedef enum shs_report_kind {
    /** A row was damaged or had a NaN, and another row took its place: see failures.h. */
    SHS_REPORT_REPLACED = 0,
    /** Another row took the place of a row on the list `failures.exclude` of a loader. */
    SHS_REPORT_EXCLUDED,
    /** An operator, or a whole augmentation, is no function of the sample's place: see TWINS in
     * loader.h. */
    SHS_REPORT_TWINS,
    /** An operator, or a whole augmentation, has too little randomness to tell, or returned an
     * error when it was tried: see TWINS in loader.h. Told once a loader. */
    SHS_REPORT_TWINS_UNKNOWN,
    /** Some files are not as the index of a dataset describes them, and were examined anew: see
     * `index` in dataset.h. */
    SHS_REPORT_INDEX,
    /** The checkpoint saved last is damaged, and an earlier one was restored: see shs_restore() in
     * checkpoint.h. Or MPI_Finalize() ends a run whose save in the background has failed. */
    SHS_REPORT_CHECKPOINT,
    /** This rank has waited for other ranks for some time: see WAITING in context.h. */
    SHS_REPORT_WAITING,
} shs_report_kind;

/** A function of the program that is told what happens in a run and is no error. `user` is the
 * pointer in shs_run_options. `text` is one line with the rank, without an end of line, borrowed
 * for the call. The function is called in the thread that called the library, and only during that
 * call. It must not call the library. */
typedef void shs_report(void *user, shs_report_kind kind, const char *text);

/** What a run is defined by. A zeroed struct means the defaults. The options must be the same on
 * every rank, except `report`, `report_user` and all numbers of seconds. */
typedef struct shs_run_options {
    /** The seed of every random number of the run. Any value; default 0. */
    uint64_t seed;

    /** V, the number of virtual ranks: equal workers that the run is defined for. From the number
     * of ranks to 2^24; default 0: the number of ranks. Choose the most ranks that the run may ever
     * get: any number of ranks from 1 to V then computes the same run. In a run of groups the
     * number of groups stands in the place of the number of ranks. */
    uint64_t vranks;

    /** The number of a signal that asks for a stop, e.g. SIGUSR1; default 0: none. The opening
     * function installs a handler and shs_close() restores the previous one, unless the program has
     * set another one meanwhile. A signal that arrives before the run is open is not caught. In a
     * child of fork(), which has no run, it does what it did before the run. */
    int stop_signal;

    /** If true, SIGTERM and SIGINT ask for a stop, too, where the process does not ignore them;
     * default false. A second SIGINT ends the process, or does whatever it did before. See STOPS
     * above. */
    bool stop_on_term;

    /** G, the number of ranks that load the virtual ranks of a group together, for samples that are
     * large: see GROUPS above. From 1 to the number of ranks, which it divides; default 0: 1. */
    uint64_t group;

    /** Told what happens on this rank and is no error; default NULL: nobody is told.
     * shs_print_report() of must.h prints it. */
    shs_report *report;

    /** Handed to `report`; borrowed until the run is closed. */
    void *report_user;

    /** Seconds of waiting for other ranks after which `report` is called: see WAITING above.
     * More than 0; default 0: 60 seconds. INFINITY means never. */
    double warn_seconds;

    /** Seconds from the opening of the run after which this rank asks for a stop. More than 0;
     * default 0: no such limit. */
    double end_seconds;

    /** Seconds before the end of the job at which this rank asks for a stop: as many as a step, an
     * evaluation and a checkpoint take. The environment tells when the job ends: see STOPS above.
     * More than 0; default 0: the environment is not looked at. */
    double end_margin;

    /** Seconds of waiting for other ranks after which the run ends with SHS_ERROR_TIMEOUT: see
     * WAITING above. More than 0; default 0: the run waits for ever. */
    double limit_seconds;
} shs_run_options;

/** What a run knows of itself. Rank p of P hosts the virtual ranks from first_vrank to
 * first_vrank + hosted - 1: the block [p*V/P, (p+1)*V/P), rounded down. In groups of G ranks, p div
 * G is in the place of p, and P/G in the place of P. */
typedef struct shs_run_info {
    /** The seed of the run. */
    uint64_t seed;
    /** V, the number of virtual ranks; 1 to 2^24. */
    uint64_t vranks;
    /** The first virtual rank that this rank hosts. */
    uint64_t first_vrank;
    /** The number of virtual ranks that this rank hosts; at least 1. */
    uint64_t hosted;
    /** This rank; 0 to ranks - 1. */
    int rank;
    /** P, the number of ranks. */
    int ranks;
    /** G, the number of ranks of a group; 1 without groups. */
    uint64_t group;
    /** This rank's number in its group; 0 to group - 1. */
    uint64_t member;
} shs_run_info;

/** Collective over the ranks of the run; Local if `ranks` is 1 or `agree` is NULL. Opens a run
 * without MPI: this process is rank `rank` of `ranks`. The library makes no MPI call for such a
 * run. Each rank gets the batches that the same rank gets under mpirun. torchrun, for example,
 * tells a process its place by two variables:
 *
 *     int rank = atoi(getenv("RANK")), ranks = atoi(getenv("WORLD_SIZE"));
 *     shs_must(shs_open_ranks(rank, ranks, gather, group, &options, &run));
 *
 * `agree` is a function of the program that joins the ranks: a gather of all ranks to all ranks,
 * such as all_gather of torch.distributed. It writes the `bytes` bytes at `mine` of every rank to
 * `all`, in the order of ranks: those of rank r begin at byte r * bytes. `bytes` is at most 2,048
 * and the same on all ranks. A call must not return before all ranks have made it. The library
 * calls it in the caller's thread only, and only inside Collective functions, in the same order on
 * every rank. It returns 0, or another number if it failed. That is SHS_ERROR_GATHER on this rank.
 * The ranks may then be out of step, so the run is good only for shs_close(), and the function is
 * not called again. How long it waits for a rank that has gone is its own matter.
 *
 * With `agree` errors, stops, ledgers and checkpoints are as with MPI, except for gradients of
 * several ranks: shs_gradient_open() returns SHS_ERROR_UNSUPPORTED. Add them by the means of the
 * program, and end each step by shs_agree().
 *
 * If `agree` is NULL and `ranks` is more than 1, no rank knows of another. Every function is then
 * Local: errors and stops stay on their rank, nothing is compared between ranks, and epochs count
 * as unverified. shs_save() and shs_restore() return SHS_ERROR_UNSUPPORTED: keep what shs_tell()
 * returns, and go on by shs_seek().
 *
 * @param rank     this process's rank; 0 to ranks - 1
 * @param ranks    the number of ranks; 1 or more, with `agree` at most 8,192
 * @param agree    joins the ranks, on every rank or on none; not called in a run of one rank
 * @param user     passed to `agree`; borrowed until the run is closed
 * @param options  borrowed for the call; NULL: the defaults
 * @param run      gets the run, which the caller releases by shs_close(); NULL on error
 * @return SHS_OK; SHS_ERROR_ARGUMENT if `run` is NULL, there is no rank `rank` of `ranks`, or an
 *         option is out of its range; SHS_ERROR_DISAGREE if options differ between ranks;
 *         SHS_ERROR_GATHER if `agree` fails or does not bring the bytes of every rank in order;
 *         SHS_ERROR_UNSUPPORTED if `agree` is given for too many ranks; SHS_ERROR_MEMORY */
SHS_API SHS_MUST_CHECK shs_status shs_open_ranks(
    int rank, int ranks, int (*agree)(void *user, const void *mine, size_t bytes, void *all),
    void *user, const shs_run_options *options, shs_run **run);

/** Collective. Closes a run, releases it in any case, and leaves NULL.
 *
 * What was opened on the run may still be closed afterwards; using it is SHS_ERROR_STATE. Call this
 * function before MPI_Finalize(). Otherwise MPI_Finalize() tells the other ranks that this rank has
 * left, so that they do not wait for it.
 *
 * @param run  the run; Local and no error if `run` or *run is NULL
 * @return SHS_OK; a loading error that the ranks have not agreed on yet, on every rank; the outcome
 *         of a save in the background (shs_save_with() in checkpoint.h), which the call finishes;
 *         SHS_ERROR_DISAGREE if other ranks make another Collective call instead;
 *         SHS_ERROR_STATE after MPI_Finalize(); SHS_ERROR_GATHER if the `agree` of shs_open_ranks()
 *         fails or has failed
 *
 * If other ranks make another Collective call instead, that call returns SHS_ERROR_DISAGREE, too,
 * and every later Collective call of the run returns SHS_ERROR_STATE: no rank waits for a rank that
 * has left. The message names the rank that closed the run and what the others called. It belongs
 * to the lowest rank that did not close the run. */
SHS_API shs_status shs_close(shs_run **run);

/** Local. Returns what a run knows of itself.
 *
 * @param run  the run, or NULL
 * @return all zero for NULL */
SHS_API shs_run_info shs_info(const shs_run *run);

/** Collective. Ends a step in a program that has no gradients, and takes a stop request to all
 * ranks.
 *
 * @param run  the run
 * @return SHS_OK; the loading error of the lowest failing rank, on every rank; SHS_ERROR_DISAGREE
 * if other ranks make another Collective call; SHS_ERROR_ARGUMENT for NULL */
SHS_API SHS_MUST_CHECK shs_status shs_agree(shs_run *run);

/** Local. Asks for a stop.
 *
 * The next Collective call of the run, usually shs_gradient_mean() or shs_agree(), takes the
 * request to all ranks. From then on shs_next() returns SHS_STOP at the beginning of the next step,
 * on every rank. A loader that was opened with through_stop goes on.
 *
 * @param run  the run; nothing happens for NULL */
SHS_API void shs_request_stop(shs_run *run);

#ifdef __cplusplus
}
#endif

#endif
