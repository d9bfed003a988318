/* shs_open(): a run on a communicator. */
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "mpi_job.h"
#include "mpi_link.h"
#include "shardstep/mpi.h"

/* Collective. Refuses an inter-communicator. Its two groups are merged for a moment, because only
 * one rank of both groups must print the message. */
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

/* Refuses a communicator on which the ranks cannot even agree on a status. */
static shs_status check_comm(MPI_Comm comm)
{
    int started = 0, finished = 0, joins_groups = 0;
    MPI_Initialized(&started);
    MPI_Finalized(&finished);
    if (!started || finished) return mpi_job_is_not_running();
    MPI_Comm_test_inter(comm, &joins_groups);
    return joins_groups ? refuse_two_groups(comm) : mpi_job_check();
}

/* The library calls MPI in the caller's thread only, so the thread level FUNNELED is enough.
 * MPI_Init() gives less. */
static shs_status check_level(void)
{
    int level;
    MPI_Query_thread(&level);
    if (level >= MPI_THREAD_FUNNELED) return SHS_OK;
    return core_fail(SHS_ERROR_STATE, "MPI was started by MPI_Init; call MPI_Init_thread with "
                                      "MPI_THREAD_FUNNELED");
}

/* Collective over `comm`, which has no run yet. Returns the lowest failing rank's status, and sets
 * its message, on every rank. */
static shs_status agree_without_run(MPI_Comm comm, shs_status mine)
{
    struct {
        int status;
        char message[CORE_MESSAGE_BYTES];
    } failure;
    int rank = 0, ranks = 1;
    memset(&failure, 0, sizeof failure);
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    int candidate = mine ? rank : ranks, lowest = candidate;
    MPI_Allreduce(&candidate, &lowest, 1, MPI_INT, MPI_MIN, comm);
    if (lowest == ranks) return SHS_OK;
    if (rank == lowest) {
        failure.status = mine;
        snprintf(failure.message, sizeof failure.message, "rank %d: shs_open: %.*s", rank,
                 CORE_MESSAGE_BYTES - 32, shs_message());
    }
    MPI_Bcast(&failure, (int)sizeof failure, MPI_BYTE, lowest, comm);
    return core_tell((shs_status)failure.status, failure.message, rank == lowest, true);
}

/* Collective. Allocates the run on every rank or on none. A rank without memory must tell the
 * others before the first MPI call in which they would wait for it. */
static shs_status make_run(MPI_Comm comm, shs_status mine, shs_run **run, struct mpi_link **link)
{
    shs_status status = mine;
    if (!status) status = core_new(1, sizeof **run, "a run", run);
    if (!status) status = mpi_link_new(link);
    status = agree_without_run(comm, status);
    if (status) {
        mpi_link_free(link);
        core_free(run);
    }
    return status;
}

static shs_status open_run(MPI_Comm comm, const shs_run_options *options, shs_status mine,
                           shs_run **run)
{
    struct mpi_link *link = NULL;
    shs_status status = make_run(comm, mine, run, &link);
    if (status) return status;
    status = mpi_link_join(link, comm);
    if (status) {
        mpi_link_free(&link);
        core_free(run);
        return core_wrap(status, "shs_open");
    }
    (*run)->transport = &link->transport;
    MPI_Comm_rank(link->comm, &(*run)->rank);
    MPI_Comm_size(link->comm, &(*run)->ranks);
    return mpi_run_begin(run, "shs_open", options, mpi_finalize_attach(*run));
}

shs_status shs_open(MPI_Comm comm, const shs_run_options *options, shs_run **run)
{
    shs_run *nowhere = NULL;
    if (comm == MPI_COMM_NULL) return mpi_run_open_alone("shs_open", options, run);
    shs_status status = check_comm(comm);
    if (run) *run = NULL;
    if (status) return core_wrap(status, "shs_open");
    status = check_level();
    if (!run)
        status = core_fail(SHS_ERROR_ARGUMENT, "run is NULL; pass the address of a shs_run *");
    return open_run(comm, options, status, run ? run : &nowhere);
}
