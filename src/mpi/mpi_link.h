/* What only this folder sees of a run: its communicator. */
#ifndef MPI_LINK_H
#define MPI_LINK_H

#include <mpi.h>

#include "mpi_run.h"

struct mpi_link {
    MPI_Comm comm; /* the run's own duplicate */
};

enum {
    MPI_LINK_PIECE = 1 << 22
}; /* bytes that travel in one message, at most */

/* SHS_OK, or the MPI library's reason. */
shs_status mpi_check(int code, const char *operation);

/* Collective. mpi_settle() for a rank that closes the run, whatever collective function the other
 * ranks are in. If there are ranks that do not close it, all return an error, and the run is over
 * on every rank: run->left_by. */
shs_status mpi_settle_close(shs_run *run);

#endif
