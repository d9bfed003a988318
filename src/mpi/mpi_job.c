#include "mpi_job.h"

#include <stdio.h>

#include "mpi_launcher.h"
#include "shardstep/mpi.h"

shs_status mpi_job_check(void)
{
    char message[CORE_MESSAGE_BYTES];
    int joined = 1;
    const struct mpi_launcher *launcher = mpi_launcher_nearest();
    MPI_Comm parent;
    MPI_Comm_get_parent(&parent);
    MPI_Comm_size(MPI_COMM_WORLD, &joined);
    if (!launcher || parent != MPI_COMM_NULL || (uint64_t)joined >= mpi_launcher_count(launcher))
        return SHS_OK;
    snprintf(
        message, sizeof message,
        "%llu processes were started together (%s), but MPI joined only %d of them: each would "
        "do all of the work; start them by the mpirun of the MPI library that the program was "
        "built with, or by srun --mpi=pmi2 for MPICH and srun --mpi=pmix for Open MPI",
        (ull)mpi_launcher_count(launcher), launcher->size, joined);
    return mpi_launcher_tell(SHS_ERROR_MPI, message, launcher->rank);
}

shs_status mpi_job_is_not_running(void)
{
    const struct mpi_launcher *launcher = mpi_launcher_nearest();
    return mpi_launcher_tell(
        SHS_ERROR_STATE,
        "MPI is not running; call MPI_Init_thread first, or pass MPI_COMM_NULL for a "
        "run of one rank without MPI",
        launcher ? launcher->rank : "PMIX_RANK");
}

static bool running(void)
{
    int started = 0, finished = 0;
    MPI_Initialized(&started);
    MPI_Finalized(&finished);
    return started && !finished;
}

shs_status mpi_job_start(void)
{
    int level;
    if (!mpi_is_launched()) return SHS_OK;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return core_fail(SHS_ERROR_MPI, "MPI_Init_thread failed");
    return mpi_job_check();
}

shs_status mpi_job_open(const shs_run_options *options, shs_run **run)
{
    return shs_open(running() ? MPI_COMM_WORLD : MPI_COMM_NULL, options, run);
}

shs_status mpi_job_open_alone(const shs_run_options *options, shs_run **run)
{
    return shs_open(MPI_COMM_NULL, options, run);
}

shs_status mpi_job_close(shs_run **run)
{
    return shs_close(run);
}

int mpi_job_rank(void)
{
    int rank = 0;
    if (running()) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}
