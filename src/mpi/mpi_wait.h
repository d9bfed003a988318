/* Waiting for other ranks. Every place that waits for a rank waits here, so that waiting burns no
 * core for long. */
#ifndef MPI_WAIT_H
#define MPI_WAIT_H

#include "mpi_run.h"

/* Local. Makes progress, and returns true once the wait is over. An error sets *status and ends the
 * wait. */
typedef bool mpi_done(void *user, shs_status *status);

/* Local. Calls `done` until it returns true: first without a pause, then with pauses of up to a
 * millisecond. `what` says what the rank waits for, for messages. Returns the status that `done`
 * has set. */
shs_status mpi_wait(shs_run *run, const char *what, mpi_done *done, void *user);

#endif
