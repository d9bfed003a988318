/* The seam between a run and what joins its ranks. The run, its agreement, ledgers and stops need a
 * transport for what is listed here and for nothing else; a run of one rank has none.
 *
 * All of it is Collective over the ranks of the run, unless a comment says Local. */
#ifndef MPI_TRANSPORT_H
#define MPI_TRANSPORT_H

#include "mpi_run.h"

struct mpi_sum_way;

enum {
    MPI_BALLOT_GREATEST = 8
};

/* What one round of the agreement carries. */
struct mpi_ballot {
    int64_t greatest[MPI_BALLOT_GREATEST]; /* each becomes the greatest over all ranks */
    uint64_t sum;                          /* becomes the sum over all ranks, modulo 2^64 */
};

/* Where the records of each rank lie when they are together. */
struct mpi_places {
    const int *counts; /* records of each rank */
    const int *starts; /* records before them */
    size_t record_bytes;
};

struct mpi_transport {
    /* In place: every rank ends with the same ballot. */
    shs_status (*agree)(struct mpi_transport *transport, struct mpi_ballot *ballot);

    /* The bytes of rank `from` on every rank. */
    shs_status (*broadcast)(struct mpi_transport *transport, int from, void *bytes, size_t count);

    /* The sums over all ranks, modulo 2^64, and the greatest, in place. */
    shs_status (*sum)(struct mpi_transport *transport, uint64_t *numbers, size_t count);
    shs_status (*greatest)(struct mpi_transport *transport, uint64_t *numbers, size_t count);

    /* The records of all ranks on rank 0. `all` is read on rank 0 only. */
    shs_status (*gather)(struct mpi_transport *transport, const void *records, void *all,
                         const struct mpi_places *places);

    /* See mpi_in_order(). */
    shs_status (*in_order)(struct mpi_transport *transport, const void *bytes, size_t count,
                           void *room, mpi_take *take, void *user);

    /* How sums of vectors come together: see mpi_sum_way.h. */
    const struct mpi_sum_way *reproducible, *fast;

    /* Local. An error if the transport does not work any more. */
    shs_status (*works)(const struct mpi_transport *transport);

    /* Releases the transport. `together`: every rank does so now. */
    void (*close)(struct mpi_transport *transport, bool together);
};

#endif
