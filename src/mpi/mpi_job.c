#include "mpi_job.h"

#include <mpi.h>
#include <stdlib.h>

#include "core_text.h"
#include "shardstep/context.h"

static bool launched(void)
{
    uint64_t tasks;
    const char *slurm_tasks = getenv("SLURM_STEP_NUM_TASKS");
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_RANK") || getenv("PMIX_RANK") ||
           (slurm_tasks && core_parse_u64(slurm_tasks, &tasks) && tasks > 1);
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
    if (!launched()) return SHS_OK;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return core_fail(SHS_ERROR_MPI, "MPI_Init_thread failed");
    return SHS_OK;
}

shs_status mpi_job_open(const struct mpi_job_options *options, shs_run **run)
{
    shs_run_options run_options = {options->seed, options->vranks, options->stop_signal};
    return shs_open(running() ? MPI_COMM_WORLD : MPI_COMM_NULL, &run_options, run);
}

shs_status mpi_job_open_alone(const struct mpi_job_options *options, shs_run **run)
{
    shs_run_options run_options = {options->seed, options->vranks, options->stop_signal};
    return shs_open(MPI_COMM_NULL, &run_options, run);
}

void mpi_job_close(shs_run **run)
{
    shs_close(run);
}

int mpi_job_rank(void)
{
    int rank = 0;
    if (running()) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

void mpi_job_finish(void)
{
    if (running()) MPI_Finalize();
}
