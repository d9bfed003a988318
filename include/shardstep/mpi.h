/** @file
 * Opening a run on the ranks of an MPI communicator. This header includes mpi.h, and no other
 * header names a type of MPI.
 *
 * A Shardstep that was built with -DSHARDSTEP_MPI=OFF has no shs_open(). Its CMake targets and its
 * pkg-config file define SHARDSTEP_NO_MPI; shardstep.h and must.h then leave this header out. */
#ifndef SHARDSTEP_MPI_H
#define SHARDSTEP_MPI_H

#ifdef SHARDSTEP_NO_MPI
#error "this Shardstep was built without MPI: open a run by shs_open_ranks() of shardstep/context.h"
#endif

/* Without the old C++ bindings of MPI, which Open MPI 4 and MPICH would otherwise put into every
 * C++ program that includes mpi.h: the program would then link only with their C++ library, too. A
 * program that uses the bindings includes mpi.h before this header. */
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif

#include <mpi.h>

#include "context.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Collective over comm. Opens a run on a duplicate of a communicator. Local for MPI_COMM_NULL,
 * which opens a run of one rank that makes no MPI call.
 *
 * MPI must have been initialised by MPI_Init_thread() with MPI_THREAD_FUNNELED or more; a run on
 * MPI_COMM_NULL needs no MPI.
 *
 * @param comm     a communicator of one group of processes; it stays the caller's
 * @param options  borrowed for the call; NULL: the defaults. The same on every rank
 * @param run      gets the run, which shs_close() releases; NULL on error
 * @return SHS_OK; SHS_ERROR_STATE if MPI is not running or was started with MPI_THREAD_SINGLE;
 *         SHS_ERROR_ARGUMENT if `run` is NULL, for an inter-communicator, or if an option is out of
 *         its range; SHS_ERROR_DISAGREE if options differ between ranks; SHS_ERROR_MPI if a
 *         launcher started several processes and MPI did not join them; SHS_ERROR_MEMORY */
SHS_API SHS_MUST_CHECK shs_status shs_open(MPI_Comm comm, const shs_run_options *options,
                                           shs_run **run);

#ifdef __cplusplus
}
#endif

#endif
