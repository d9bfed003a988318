/* shs_open(): a run on a communicator. */
#include <stddef.h>
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

/* What the ranks tell each other before they have a run. It has static storage, because a rank
 * without memory must tell the others, too, and because MPI may still write to it when a rank has
 * waited too long. MPI is called in one thread only. */
static struct told {
    int lowest;
    int status;
    char message[CORE_MESSAGE_BYTES];
} told;

/* Collective over `comm`, which has no run yet: `none` has the rank and its watch only. Returns the
 * lowest failing rank's status, and sets its message, on every rank. */
static shs_status agree_without_run(MPI_Comm comm, shs_run *none, shs_status mine)
{
    MPI_Request request;
    memset(&told, 0, sizeof told);
    told.lowest = mine ? none->rank : none->ranks;
    int code = MPI_Iallreduce(MPI_IN_PLACE, &told.lowest, 1, MPI_INT, MPI_MIN, comm, &request);
    shs_status status = mpi_link_wait(none, code, &request, "MPI_Iallreduce");
    if (status || told.lowest == none->ranks) return status;
    bool is_mine = none->rank == told.lowest;
    if (is_mine) {
        told.status = mine;
        snprintf(told.message, sizeof told.message, "rank %d: shs_open: %.*s", none->rank,
                 CORE_MESSAGE_BYTES - 32, shs_message());
    }
    int bytes = (int)(sizeof told - offsetof(struct told, status));
    code = MPI_Ibcast(&told.status, bytes, MPI_BYTE, told.lowest, comm, &request);
    status = mpi_link_wait(none, code, &request, "MPI_Ibcast");
    if (status) return status;
    return core_tell((shs_status)told.status, told.message, is_mine, true);
}

/* Collective. Allocates the run on every rank or on none. A rank without memory must tell the
 * others before the first MPI call in which they would wait for it. */
static shs_status make_run(MPI_Comm comm, const shs_run_options *options, shs_status mine,
                           shs_run **run, struct mpi_link **link)
{
    shs_run none = {.report = options->report, .report_user = options->report_user};
    MPI_Comm_rank(comm, &none.rank);
    MPI_Comm_size(comm, &none.ranks);
    shs_status status = mine ? mine : mpi_watch_options(&none, options);
    if (!status) status = core_new(1, sizeof **run, "a run", run);
    if (!status) status = mpi_link_new(link);
    status = agree_without_run(comm, &none, status);
    if (status) {
        mpi_link_free(link);
        core_free(run);
    } else {
        **run = none;
        (*link)->run = *run;
    }
    return status;
}

static shs_status open_run(MPI_Comm comm, const shs_run_options *options, shs_status mine,
                           shs_run **run)
{
    static const shs_run_options defaults = {0};
    struct mpi_link *link = NULL;
    if (!options) options = &defaults;
    shs_status status = make_run(comm, options, mine, run, &link);
    if (status) return status;
    status = mpi_link_join(link, comm);
    if (status) {
        mpi_link_leave(link); /* MPI may still make the communicator */
        core_free(run);
        return status;
    }
    (*run)->transport = &link->transport;
    status = mpi_finalize_attach(*run);
    if (!status) status = mpi_mail_new(link);
    return mpi_run_begin(run, "shs_open", options, status);
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
