/* A command's MPI: started only under a launcher, since starting it alone costs 0.3 s. In a build
 * without MPI a command is one process, and refuses to be several. */
#ifndef MPI_JOB_H
#define MPI_JOB_H

#include "mpi_run.h"

struct mpi_job_options {
    uint64_t seed;
    uint64_t vranks;
    int stop_signal;
};

/* ---- In a build with MPI. */

/* Local. While MPI runs: refuses processes that a launcher started together and MPI did not join,
 * as happens under srun or an mpirun that this MPI library does not know. Rank 0 speaks for all. */
shs_status mpi_job_check(void);

/* Local. The error of a process that needs MPI and has not started it. Where a launcher started
 * several, rank 0 speaks for all. */
shs_status mpi_job_is_not_running(void);

/* ---- In any build. */

/* Starts MPI if a launcher started this process, and checks what it joined. To be called once,
 * first. */
shs_status mpi_job_start(void);

/* Collective. A run of all ranks of the job, or of one rank without MPI. */
shs_status mpi_job_open(const struct mpi_job_options *options, shs_run **run);

/* Local. A run of this process alone, which makes no MPI call. */
shs_status mpi_job_open_alone(const struct mpi_job_options *options, shs_run **run);

/* Collective. What shs_close() does. */
shs_status mpi_job_close(shs_run **run);

/* This process's rank in the job; 0 without MPI. */
int mpi_job_rank(void);

/* Ends MPI if it was started. */
void mpi_job_finish(void);

#endif
