/* The end of MPI in a command. The program alone holds this file: the library ends no job. */
#include "mpi_job.h"

#include <mpi.h>

enum {
    ERROR = 2 /* the exit code of a command that failed */
};

void mpi_job_finish(void)
{
    int started = 0, finished = 0;
    MPI_Initialized(&started);
    MPI_Finalized(&finished);
    if (!started || finished) return;
    if (mpi_watch_has_ended_any()) MPI_Abort(MPI_COMM_WORLD, ERROR);
    MPI_Finalize();
}
