/* The transport over MPI: a communicator. What only the files of this folder that call MPI see. */
#ifndef MPI_LINK_H
#define MPI_LINK_H

#include <mpi.h>

#include "mpi_transport.h"

struct mpi_link {
    struct mpi_transport transport; /* the first member, so that each is found from the other */
    MPI_Comm comm;                  /* the run's own duplicate */
    int keyval;                     /* of the attribute that tells MPI_Finalize() of the run */
    MPI_Datatype ballot;            /* a struct mpi_ballot */
    MPI_Op agree;                   /* joins two ballots */
};

enum {
    MPI_LINK_PIECE = 1 << 22
}; /* bytes that travel in one message, at most */

/* SHS_OK, or the MPI library's reason. */
shs_status mpi_check(int code, const char *operation);

/* The link that a transport belongs to. */
static inline struct mpi_link *mpi_link_of(struct mpi_transport *transport)
{
    return (struct mpi_link *)transport;
}

/* Local. A link that has no communicator yet. On error *link is NULL. */
shs_status mpi_link_new(struct mpi_link **link);

/* Collective over comm. Gives the link a duplicate of the communicator. */
shs_status mpi_link_join(struct mpi_link *link, MPI_Comm comm);

/* Local. Releases a link that has no communicator, and leaves NULL; accepts a pointer to NULL. */
void mpi_link_free(struct mpi_link **link);

/* Local. Releases what the link has of MPI, but for its communicator. */
void mpi_link_release(struct mpi_link *link);

/* Local. From here on MPI_Finalize() closes the run for the other ranks, if it is still open on
 * this rank then. */
shs_status mpi_finalize_watch(shs_run *run);

/* Local. It need not any more: the run is closed. To be called before MPI_Finalize(). */
void mpi_finalize_unwatch(struct mpi_link *link);

/* What the transport consists of: the sums, in mpi_sum_messages.c and mpi_sum_fast.c, and functions
 * that move plain data, in mpi_link_move.c. */
extern const struct mpi_sum_way mpi_sum_messages, mpi_sum_fast;
shs_status mpi_link_agree(struct mpi_transport *transport, struct mpi_ballot *ballot);
shs_status mpi_link_broadcast(struct mpi_transport *transport, int from, void *bytes, size_t count);
shs_status mpi_link_sum(struct mpi_transport *transport, uint64_t *numbers, size_t count);
shs_status mpi_link_greatest(struct mpi_transport *transport, uint64_t *numbers, size_t count);
shs_status mpi_link_gather(struct mpi_transport *transport, const void *records, void *all,
                           const struct mpi_places *places);
shs_status mpi_link_in_order(struct mpi_transport *transport, const void *bytes, size_t count,
                             void *room, mpi_take *take, void *user);

#endif
