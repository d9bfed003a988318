/* Launchers of processes (mpirun, srun): what their environment variables tell. Needs no MPI. */
#ifndef MPI_LAUNCHER_H
#define MPI_LAUNCHER_H

#include <stdint.h>

#include "core_status.h"

struct mpi_launcher {
    const char *size; /* name of the variable that holds the number of processes */
    const char *rank; /* name of the variable that holds this process's rank */
};

/* The launcher that started this process; NULL without a launcher. */
const struct mpi_launcher *mpi_launcher_nearest(void);

/* The number of processes that a launcher started together; 0 if its variable holds no number. */
uint64_t mpi_launcher_count(const struct mpi_launcher *launcher);

/* True if a launcher started this process, alone or together with others. */
bool mpi_is_launched(void);

/* Sets the message of an error that every process finds by itself, without an agreement. A process
 * prints it if the variable named `rank` holds 0 or is not set. Returns `status`. */
shs_status mpi_launcher_tell(shs_status status, const char *message, const char *rank);

#endif
