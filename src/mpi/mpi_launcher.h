/* What a launcher says, in variables, of the processes that it started together. Needs no MPI. */
#ifndef MPI_LAUNCHER_H
#define MPI_LAUNCHER_H

#include <stdint.h>

#include "core_status.h"

struct mpi_launcher {
    const char *size; /* the variable that says how many processes there are */
    const char *rank; /* the variable that says which of them this process is */
};

/* The launcher that started this process; NULL without one. */
const struct mpi_launcher *mpi_launcher_nearest(void);

/* How many processes it started together; 0 if the variable is not set to a number. */
uint64_t mpi_launcher_count(const struct mpi_launcher *launcher);

/* True if a launcher started this process, by itself or together with others. */
bool mpi_is_launched(void);

/* An error that each process finds by itself, in an agreement of none. The process speaks whose
 * rank, as the variable `rank` says, is 0 or not known. Returns `status`. */
shs_status mpi_launcher_tell(shs_status status, const char *message, const char *rank);

#endif
