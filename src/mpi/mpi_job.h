/* MPI of a command of the program, started only under a launcher: without a launcher starting MPI
 * costs 0.3 s for nothing. In a build without MPI a command refuses to run as several processes. */
#ifndef MPI_JOB_H
#define MPI_JOB_H

#include "mpi_run.h"

/* ---- In a build with MPI. */

/* Local. SHS_ERROR_MPI if a launcher started more processes than MPI joined. This happens under
 * srun, or under an mpirun that this MPI library does not know. MPI must run. The process that the
 * launcher calls rank 0 prints the message. */
shs_status mpi_job_check(void);

/* Local. Returns SHS_ERROR_STATE: the process needs MPI and has not started it. Of several
 * processes that a launcher started, rank 0 prints the message. */
shs_status mpi_job_is_not_running(void);

/* ---- In any build. */

/* Collective. Starts MPI if a launcher started this process. The error of mpi_job_check() if MPI
 * joined too few processes. main() calls it once, before all else. */
shs_status mpi_job_start(void);

/* Collective. Opens a run of all ranks of the job, or of one rank without MPI. */
shs_status mpi_job_open(const shs_run_options *options, shs_run **run);

/* Local. Opens a run of this process alone, which makes no MPI call. */
shs_status mpi_job_open_alone(const shs_run_options *options, shs_run **run);

/* Collective. Closes a run as shs_close() does, and leaves NULL. */
shs_status mpi_job_close(shs_run **run);

/* Local. This process's rank in the job; 0 without MPI. */
int mpi_job_rank(void);

/* Collective. Ends MPI if it runs. If a run has waited too long for other ranks, ends the whole job
 * with exit code 2, because MPI_Finalize() would wait for these ranks, too. */
void mpi_job_finish(void);

#endif
