/* Opening and closing a run. */
#include "mpi_run.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "mpi_job.h"
#include "mpi_link.h"
#include "order_plan.h"
#include "order_tree.h"
#include "shardstep/context.h"

shs_status mpi_check(int code, const char *operation)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (code == MPI_SUCCESS) return SHS_OK;
    MPI_Error_string(code, text, &length);
    return core_fail(SHS_ERROR_MPI, "%s failed: %s", operation, text);
}

/* The two groups of an inter-communicator, joined to one for as long as it takes to choose the one
 * rank of both that speaks. */
static shs_status refuse_two_groups(MPI_Comm comm)
{
    MPI_Comm both;
    int rank = 0;
    MPI_Intercomm_merge(comm, 0, &both);
    MPI_Comm_rank(both, &rank);
    MPI_Comm_free(&both);
    return core_tell(SHS_ERROR_ARGUMENT,
                     "the communicator joins two groups of processes (an inter-communicator); "
                     "make it one group with MPI_Intercomm_merge",
                     rank == 0, true);
}

/* Whether there can be a run on a communicator: what no rank can agree on with the others. */
static shs_status check_comm(MPI_Comm comm)
{
    int started = 0, finished = 0, joins_groups = 0;
    MPI_Initialized(&started);
    MPI_Finalized(&finished);
    if (!started || finished) return mpi_job_is_not_running();
    MPI_Comm_test_inter(comm, &joins_groups);
    return joins_groups ? refuse_two_groups(comm) : mpi_job_check();
}

/* MPI calls are made in the caller's thread only, so FUNNELED is enough, but it must be there:
 * plain MPI_Init gives less. */
static shs_status check_level(MPI_Comm comm)
{
    int level = MPI_THREAD_FUNNELED;
    if (comm != MPI_COMM_NULL) MPI_Query_thread(&level);
    if (level >= MPI_THREAD_FUNNELED) return SHS_OK;
    return core_fail(SHS_ERROR_STATE, "MPI was started by MPI_Init; call MPI_Init_thread with "
                                      "MPI_THREAD_FUNNELED");
}

/* Collective over a communicator that is no run's yet, or Local without one: the lowest failing
 * rank's status and message on every rank. */
static shs_status agree_without_run(MPI_Comm comm, shs_status mine)
{
    struct {
        int status;
        char message[CORE_MESSAGE_BYTES];
    } failure;
    int rank = 0, ranks = 1;
    memset(&failure, 0, sizeof failure);
    if (comm != MPI_COMM_NULL) {
        MPI_Comm_rank(comm, &rank);
        MPI_Comm_size(comm, &ranks);
    }
    int candidate = mine ? rank : ranks, lowest = candidate;
    if (comm != MPI_COMM_NULL) MPI_Allreduce(&candidate, &lowest, 1, MPI_INT, MPI_MIN, comm);
    if (lowest == ranks) return SHS_OK;
    if (rank == lowest) {
        failure.status = mine;
        snprintf(failure.message, sizeof failure.message, "rank %d: shs_open: %.*s", rank,
                 CORE_MESSAGE_BYTES - 32, shs_message());
    }
    if (comm != MPI_COMM_NULL) MPI_Bcast(&failure, (int)sizeof failure, MPI_BYTE, lowest, comm);
    return core_tell((shs_status)failure.status, failure.message, rank == lowest, true);
}

/* The run of every rank, or of none: a rank that cannot make it says so before the first call that
 * the others would wait in. */
static shs_status make_run(MPI_Comm comm, shs_status mine, shs_run **run)
{
    shs_status status = mine;
    if (!status) status = core_new(1, sizeof **run, "a run", run);
    if (!status && comm != MPI_COMM_NULL)
        status = core_new(1, sizeof *(*run)->link, "a communicator", &(*run)->link);
    status = agree_without_run(comm, status);
    if (status && *run) core_free(&(*run)->link);
    if (status) core_free(run);
    return status;
}

static shs_status open_link(MPI_Comm comm, shs_run *run)
{
    run->ranks = 1;
    if (comm == MPI_COMM_NULL) return SHS_OK;
    run->link->keyval = MPI_KEYVAL_INVALID;
    shs_status status = mpi_check(MPI_Comm_dup(comm, &run->link->comm), "MPI_Comm_dup");
    if (status) {
        core_free(&run->link);
        return status;
    }
    MPI_Comm_set_errhandler(run->link->comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(run->link->comm, &run->rank);
    MPI_Comm_size(run->link->comm, &run->ranks);
    return SHS_OK;
}

static shs_status place_vranks(shs_run *run, uint64_t vranks)
{
    uint64_t ranks = (uint64_t)run->ranks, rank = (uint64_t)run->rank;
    run->vranks = vranks ? vranks : ranks;
    if (run->vranks > ORDER_MAX_VRANKS)
        return core_fail(SHS_ERROR_ARGUMENT, "%llu virtual ranks; the most is 2^24",
                         (ull)run->vranks);
    if (ranks > run->vranks)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%d ranks for %llu virtual ranks: each rank needs at least one; start "
                         "fewer ranks, or define the run with more virtual ranks",
                         run->ranks, (ull)run->vranks);
    run->first_vrank = order_first_vrank(run->vranks, ranks, rank);
    run->hosted = order_first_vrank(run->vranks, ranks, rank + 1) - run->first_vrank;
    return SHS_OK;
}

/* Collective: it belongs to shs_close(), though objects of the run may outlive it. A communicator
 * that some ranks may never free is left to MPI_Finalize(). */
static void close_link(shs_run *run, bool together)
{
    int finished = 0;
    if (!run->link) return;
    MPI_Finalized(&finished);
    if (!finished) mpi_finalize_unwatch(run);
    if (!finished && together) MPI_Comm_free(&run->link->comm);
    core_free(&run->link);
}

static void release(shs_run **run, bool together)
{
    mpi_stop_remove(*run);
    (*run)->closed = true;
    close_link(*run, together);
    mpi_run_release(*run);
    *run = NULL;
}

static shs_status open_run(MPI_Comm comm, const shs_run_options *options, shs_status mine,
                           shs_run **run)
{
    shs_status status = make_run(comm, mine, run);
    if (status) return status;
    status = open_link(comm, *run);
    if (status) {
        core_free(run);
        return core_wrap(status, "shs_open");
    }
    (*run)->holders = 1;
    (*run)->seed = options->seed;
    status = place_vranks(*run, options->vranks);
    if (!status) status = mpi_finalize_watch(*run);
    if (!status) status = mpi_stop_install(*run, options->stop_signal);
    status = mpi_agree(*run, core_wrap(status, "shs_open"),
                       "shs_open(seed %llu, vranks %llu, stop_signal %d)", (ull)options->seed,
                       (ull)options->vranks, options->stop_signal);
    if (status) release(run, true);
    return status;
}

shs_status shs_open(MPI_Comm comm, const shs_run_options *options, shs_run **run)
{
    static const shs_run_options defaults = {0};
    shs_run *nowhere = NULL;
    shs_status status = comm == MPI_COMM_NULL ? SHS_OK : check_comm(comm);
    if (run) *run = NULL;
    if (status) return core_wrap(status, "shs_open");
    status = check_level(comm);
    if (!run)
        status = core_fail(SHS_ERROR_ARGUMENT, "run is NULL; pass the address of a shs_run *");
    return open_run(comm, options ? options : &defaults, status, run ? run : &nowhere);
}

shs_status shs_close(shs_run **run)
{
    int finished = 0;
    shs_status status;
    if (!run || !*run) return SHS_OK;
    if ((*run)->link) MPI_Finalized(&finished);
    if (finished)
        status = core_fail(SHS_ERROR_STATE,
                           "rank %d: shs_close: MPI_Finalize() was called before; close the run "
                           "first",
                           (*run)->rank);
    else
        status = mpi_settle_close(*run, "shs_close");
    release(run, !finished && !(*run)->left_by);
    return status;
}

void mpi_run_hold(shs_run *run)
{
    run->holders++;
}

void mpi_run_release(shs_run *run)
{
    if (--run->holders) return;
    core_free(&run);
}

shs_run_info shs_info(const shs_run *run)
{
    if (!run) return (shs_run_info){0};
    return (shs_run_info){.seed = run->seed,
                          .vranks = run->vranks,
                          .first_vrank = run->first_vrank,
                          .hosted = run->hosted,
                          .rank = run->rank,
                          .ranks = run->ranks};
}

void mpi_watch_begin(shs_run *run, struct mpi_watch *watch, uint64_t id)
{
    watch->id = id;
    watch->next = run->watches;
    run->watches = watch;
    if (run->kept_is_closed) run->kept = SHS_OK;
    run->kept_is_closed = false;
}

void mpi_watch_end(shs_run *run, struct mpi_watch *watch)
{
    struct mpi_watch **at = &run->watches;
    while (*at && *at != watch)
        at = &(*at)->next;
    if (*at) *at = watch->next;
    if (watch->told && run->kept && run->kept_id == watch->id) run->kept_is_closed = true;
}

static void copy_message(char to[CORE_MESSAGE_BYTES])
{
    memcpy(to, shs_message(), strlen(shs_message()) + 1);
}

void mpi_watch_fail(shs_run *run, struct mpi_watch *watch, shs_status status)
{
    if (!run->kept) {
        run->kept = status;
        run->kept_id = watch->id;
        run->kept_is_closed = false;
        copy_message(run->kept_message);
    }
    watch->failed = core_wrap(status, "rank %d", run->rank);
    copy_message(watch->failure);
}

void mpi_watch_settled(shs_run *run, struct mpi_watch *watch)
{
    if (watch->told && run->kept && run->kept_id == watch->id) run->kept = SHS_OK;
}

void mpi_watch_forget(shs_run *run, struct mpi_watch *watch)
{
    watch->failed = SHS_OK;
    watch->told = false;
    watch->ended = 0; /* an epoch that ended with an error on some rank is not judged */
    watch->delivered = watch->due = (struct order_ledger){0};
    if (run->kept && run->kept_id == watch->id) run->kept = SHS_OK;
}
