/* Opening and closing a run. */
#include "mpi_run.h"

#include <stdio.h>
#include <stdlib.h>
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

/* MPI calls are made in the caller's thread only, so FUNNELED is enough, but it must be there:
 * plain MPI_Init gives less. */
static shs_status check_mpi(void)
{
    int started = 0, finished = 0, level = MPI_THREAD_SINGLE;
    MPI_Initialized(&started);
    MPI_Finalized(&finished);
    if (!started || finished)
        return core_fail(SHS_ERROR_STATE,
                         "MPI is not running; call MPI_Init_thread first, or pass MPI_COMM_NULL "
                         "for a run of one rank without MPI");
    MPI_Query_thread(&level);
    if (level < MPI_THREAD_FUNNELED)
        return core_fail(SHS_ERROR_STATE, "MPI was started by MPI_Init; call MPI_Init_thread with "
                                          "MPI_THREAD_FUNNELED");
    return mpi_job_check();
}

/* Collective over a communicator that is no run's yet, or Local without one: SHS_ERROR_MEMORY on
 * every rank if there is a rank without memory, with the lowest one's message. */
static shs_status agree_on_memory(MPI_Comm comm, shs_status mine)
{
    char message[CORE_MESSAGE_BYTES];
    int rank = 0, ranks = 1;
    if (comm != MPI_COMM_NULL) {
        MPI_Comm_rank(comm, &rank);
        MPI_Comm_size(comm, &ranks);
    }
    int candidate = mine ? rank : ranks, lowest = candidate;
    if (comm != MPI_COMM_NULL) MPI_Allreduce(&candidate, &lowest, 1, MPI_INT, MPI_MIN, comm);
    if (lowest == ranks) return SHS_OK;
    snprintf(message, sizeof message, "rank %d: shs_open: no memory for a run", lowest);
    return core_tell(SHS_ERROR_MEMORY, message, rank == lowest, true);
}

/* The run of every rank, or of none: a rank without memory says so before the first call that the
 * others would wait in. */
static shs_status make_run(MPI_Comm comm, shs_run **run)
{
    shs_status status = core_new(1, sizeof **run, "a run", run);
    if (!status && comm != MPI_COMM_NULL)
        status = core_new(1, sizeof *(*run)->link, "a communicator", &(*run)->link);
    status = agree_on_memory(comm, status);
    if (status && *run) core_free(&(*run)->link);
    if (status) core_free(run);
    return status;
}

static shs_status open_link(MPI_Comm comm, shs_run *run)
{
    run->ranks = 1;
    if (comm == MPI_COMM_NULL) return SHS_OK;
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
                         (unsigned long long)run->vranks);
    if (ranks > run->vranks)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%d ranks for %llu virtual ranks: each rank needs at least one; start "
                         "fewer ranks, or define the run with more virtual ranks",
                         run->ranks, (unsigned long long)run->vranks);
    run->first_vrank = order_first_vrank(run->vranks, ranks, rank);
    run->hosted = order_first_vrank(run->vranks, ranks, rank + 1) - run->first_vrank;
    return SHS_OK;
}

shs_status shs_open(MPI_Comm comm, const shs_run_options *options, shs_run **run)
{
    static const shs_run_options defaults = {0};
    if (!options) options = &defaults;
    *run = NULL;
    shs_status status = comm == MPI_COMM_NULL ? SHS_OK : check_mpi();
    if (status) return core_wrap(status, "shs_open");
    status = make_run(comm, run);
    if (status) return status;
    status = open_link(comm, *run);
    if (status) {
        core_free(run);
        return core_wrap(status, "shs_open");
    }
    (*run)->holders = 1;
    (*run)->seed = options->seed;
    status = place_vranks(*run, options->vranks);
    if (!status) status = mpi_stop_install(*run, options->stop_signal);
    status = mpi_agree(*run, core_wrap(status, "shs_open"),
                       "shs_open(seed %llu, vranks %llu, stop_signal %d)",
                       (unsigned long long)options->seed, (unsigned long long)options->vranks,
                       options->stop_signal);
    if (status) shs_close(run);
    return status;
}

/* Collective: it belongs to shs_close(), though objects of the run may outlive it. */
static void close_link(shs_run *run)
{
    int finished = 0;
    if (!run->link) return;
    MPI_Finalized(&finished);
    if (!finished) MPI_Comm_free(&run->link->comm);
    core_free(&run->link);
}

void shs_close(shs_run **run)
{
    if (!run || !*run) return;
    mpi_stop_remove(*run);
    close_link(*run);
    mpi_run_release(*run);
    *run = NULL;
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
}

void mpi_watch_end(shs_run *run, struct mpi_watch *watch)
{
    struct mpi_watch **at = &run->watches;
    while (*at && *at != watch)
        at = &(*at)->next;
    if (*at) *at = watch->next;
    mpi_watch_forget(run, watch);
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
