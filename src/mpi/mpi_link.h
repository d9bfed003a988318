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

#endif
