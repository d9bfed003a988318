/* What only this folder sees of a run: its communicator. */
#ifndef MPI_LINK_H
#define MPI_LINK_H

#include <mpi.h>

#include "mpi_run.h"

struct mpi_link {
    MPI_Comm comm; /* the run's own duplicate */
    int keyval;    /* of the attribute that tells MPI_Finalize() of the run */
};

enum {
    MPI_LINK_PIECE = 1 << 22
}; /* bytes that travel in one message, at most */

/* SHS_OK, or the MPI library's reason. */
shs_status mpi_check(int code, const char *operation);

/* Collective. mpi_settle() for a rank that closes the run by `call`, whatever collective function
 * the other ranks are in. If there are ranks that do not close it, all return an error, and the run
 * is over on every rank: run->left_by. */
shs_status mpi_settle_close(shs_run *run, const char *call);

/* Local. From here on MPI_Finalize() closes the run for the other ranks, if it is still open on
 * this rank then. */
shs_status mpi_finalize_watch(shs_run *run);

/* Local. It need not any more: the run is closed. To be called before MPI_Finalize(). */
void mpi_finalize_unwatch(shs_run *run);

#endif
