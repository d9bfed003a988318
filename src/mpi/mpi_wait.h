/* Waiting for other ranks. Every place that waits for a rank waits here, so that waiting burns no
 * core for long. */
#ifndef MPI_WAIT_H
#define MPI_WAIT_H

#include "mpi_run.h"

/* Local. Makes progress, and returns true once the wait is over. An error sets *status and ends the
 * wait. */
typedef bool mpi_done(void *user, shs_status *status);

/* Local. Calls `done` until it returns true: first without a pause, then with pauses of up to two
 * milliseconds. `what` says what the rank waits for, for messages. Returns the status that `done`
 * has set.
 *
 * After the run's warn_seconds its report is called, and again each time the wait has doubled.
 * After limit_seconds the wait ends with SHS_ERROR_TIMEOUT, on this rank and on the other ranks of
 * the node that wait. What `user` waits for may then still happen: MPI may still write to the
 * memory of a request that has not ended. */
shs_status mpi_wait(shs_run *run, const char *what, mpi_done *done, void *user);

#endif
