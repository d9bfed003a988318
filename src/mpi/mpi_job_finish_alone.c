/* The end of a command in a build without MPI: there is nothing to end. */
#include "mpi_job.h"

void mpi_job_finish(void) {}
