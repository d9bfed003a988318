#include "mpi_job.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core_text.h"
#include "shardstep/context.h"

/* What a launcher says of the processes that it started together. */
struct launcher {
    const char *size, *rank; /* variables: how many there are, which of them this process is */
};

static const struct launcher of_open_mpi = {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                             of_mpich = {"PMI_SIZE", "PMI_RANK"},
                             of_slurm = {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"};

static uint64_t started_by(const struct launcher *launcher)
{
    uint64_t count;
    const char *text = getenv(launcher->size);
    return text && core_parse_u64(text, &count) ? count : 0;
}

/* The launcher that is nearest to this process, as far as can be told; NULL without one. An mpirun
 * inside a Slurm job starts daemons by srun, which says how many those are. A launcher that was
 * started by another one's process has started fewer. */
static const struct launcher *nearest_launcher(void)
{
    uint64_t open_mpi = started_by(&of_open_mpi), mpich = started_by(&of_mpich);
    if (open_mpi && (!mpich || open_mpi <= mpich)) return &of_open_mpi;
    if (mpich) return &of_mpich;
    return started_by(&of_slurm) ? &of_slurm : NULL;
}

/* An error of each process alone: the process speaks whose rank, as the launcher's variable says,
 * is 0 or not known. */
static shs_status tell_once(shs_status status, const char *message, const char *variable)
{
    const char *rank = getenv(variable);
    bool speaks = !rank || !strcmp(rank, "0");
    /* an mpirun ends all processes as soon as one fails: the message must be out by then */
    if (!speaks) sleep(1);
    return core_tell(status, message, speaks, false);
}

shs_status mpi_job_check(void)
{
    char message[CORE_MESSAGE_BYTES];
    int joined = 1;
    const struct launcher *launcher = nearest_launcher();
    MPI_Comm parent;
    MPI_Comm_get_parent(&parent);
    MPI_Comm_size(MPI_COMM_WORLD, &joined);
    if (!launcher || parent != MPI_COMM_NULL || (uint64_t)joined >= started_by(launcher))
        return SHS_OK;
    snprintf(
        message, sizeof message,
        "%llu processes were started together (%s), but MPI joined only %d of them: each would "
        "do all of the work; start them by the mpirun of the MPI library that the program was "
        "built with, or by srun --mpi=pmi2 for MPICH and srun --mpi=pmix for Open MPI",
        (ull)started_by(launcher), launcher->size, joined);
    return tell_once(SHS_ERROR_MPI, message, launcher->rank);
}

shs_status mpi_job_is_not_running(void)
{
    const struct launcher *launcher = nearest_launcher();
    return tell_once(SHS_ERROR_STATE,
                     "MPI is not running; call MPI_Init_thread first, or pass MPI_COMM_NULL for a "
                     "run of one rank without MPI",
                     launcher ? launcher->rank : "PMIX_RANK");
}

static bool launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_RANK") || getenv("PMIX_RANK") ||
           started_by(&of_slurm) > 1;
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
    return mpi_job_check();
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

void mpi_job_finish(void)
{
    if (running()) MPI_Finalize();
}
