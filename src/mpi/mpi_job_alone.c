/* MPI of a command in a build without MPI: the command runs as a single process. */
#include <stdio.h>

#include "mpi_job.h"
#include "mpi_launcher.h"
#include "shardstep/context.h"

shs_status mpi_job_start(void)
{
    char message[CORE_MESSAGE_BYTES];
    const struct mpi_launcher *launcher = mpi_launcher_nearest();
    if (!launcher || mpi_launcher_count(launcher) < 2) return SHS_OK;
    snprintf(message, sizeof message,
             "%llu processes were started together (%s), but this Shardstep was built without MPI: "
             "each would do all of the work; start one process, or build Shardstep with MPI "
             "(-DSHARDSTEP_MPI=ON)",
             (ull)mpi_launcher_count(launcher), launcher->size);
    return mpi_launcher_tell(SHS_ERROR_UNSUPPORTED, message, launcher->rank);
}

shs_status mpi_job_open(const shs_run_options *options, shs_run **run)
{
    return mpi_job_open_alone(options, run);
}

shs_status mpi_job_open_alone(const shs_run_options *options, shs_run **run)
{
    return shs_open_ranks(0, 1, NULL, NULL, options, run);
}

shs_status mpi_job_close(shs_run **run)
{
    return shs_close(run);
}

int mpi_job_rank(void)
{
    return 0;
}
