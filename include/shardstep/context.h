/* The run: the ranks that work together, and what they must agree on. */
#ifndef SHARDSTEP_CONTEXT_H
#define SHARDSTEP_CONTEXT_H

/* Without the old C++ bindings of MPI, which Open MPI 4 and MPICH would otherwise put into every
 * C++ program that includes mpi.h: it then links only with their C++ library, too. A program that
 * uses them includes mpi.h before this header. */
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif

#include <mpi.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A run. Made by shs_open(), released by shs_close(). */
typedef struct shs_run shs_run;

/* A zeroed struct means the defaults. */
typedef struct shs_run_options {
    uint64_t seed;   /* the seed of every random number of the run; any value */
    uint64_t vranks; /* V, virtual ranks: the number of equal workers that the run is defined for,
                        1 … 2^24; 0: the number of ranks. Choose the most ranks that the run may
                        ever get: any number of ranks from 1 to V then computes the same run. */
    int stop_signal; /* a signal that asks for a stop, e.g. SIGUSR1; 0: none. shs_open()
                        installs the handler and shs_close() restores the previous one. A signal
                        that arrives before shs_open() is not caught */
} shs_run_options;

/* What a run knows of itself. Rank p of P hosts virtual ranks [first_vrank, first_vrank + hosted),
 * the block [p*V/P, (p+1)*V/P), rounded down. */
typedef struct shs_run_info {
    uint64_t seed;
    uint64_t vranks;
    uint64_t first_vrank;
    uint64_t hosted; /* at least 1 */
    int rank;
    int ranks;
} shs_run_info;

/* Collective over comm. Opens a run on a duplicate of `comm`, which stays the caller's. MPI must
 * have been initialised with MPI_THREAD_FUNNELED or more. MPI_COMM_NULL opens a run of one rank
 * that makes no MPI call. `options` may be NULL. SHS_ERROR_STATE if MPI is not running or was
 * started with MPI_THREAD_SINGLE; SHS_ERROR_ARGUMENT for an inter-communicator; SHS_ERROR_DISAGREE
 * if options differ between ranks. On error *run is NULL. */
SHS_API SHS_MUST_CHECK shs_status shs_open(MPI_Comm comm, const shs_run_options *options,
                                           shs_run **run);

/* Collective. Closes a run and leaves NULL; accepts NULL and a pointer to NULL, which then is
 * Local. What was opened on the run may still be closed afterwards; using it is SHS_ERROR_STATE.
 * Call it before MPI_Finalize(), which otherwise tells the other ranks what shs_close() would have
 * told them, so that they do not wait. The run is released in any case. Returns
 *
 * - a loading error that the ranks have not agreed on yet, on every rank;
 * - SHS_ERROR_DISAGREE if other ranks make another Collective call instead. They get it from that
 *   call, and SHS_ERROR_STATE from every later Collective call of the run: no rank waits for one
 *   that has left. The message names the rank that closed the run and what the others called, and
 *   belongs to the lowest rank that did not close it;
 * - SHS_ERROR_STATE after MPI_Finalize(). */
SHS_API shs_status shs_close(shs_run **run);

/* Local. All zero for NULL. */
SHS_API shs_run_info shs_info(const shs_run *run);

/* Collective. Ends a step in a program that has no gradients: returns the lowest failing rank's
 * loading error on every rank, and takes a stop request to all ranks. */
SHS_API SHS_MUST_CHECK shs_status shs_agree(shs_run *run);

/* Local. Asks for a stop; does nothing for NULL. The next Collective call of the run, usually
 * shs_gradient_mean() or shs_agree(), takes the request to all ranks; from then on shs_next()
 * returns SHS_STOP at the next step's beginning, on every rank, but not for a loader with
 * through_stop. */
SHS_API void shs_request_stop(shs_run *run);

#ifdef __cplusplus
}
#endif

#endif
