/* The transport over MPI: a communicator. Only the files that call MPI include this header. */
#ifndef MPI_LINK_H
#define MPI_LINK_H

#include <mpi.h>

#include "mpi_transport.h"

struct mpi_link {
    struct mpi_transport transport; /* stands first: mpi_link_of() casts its address */
    MPI_Comm comm;                  /* the run's own duplicate of the program's communicator */
    MPI_Comm node;                  /* the ranks of this node; MPI_COMM_NULL until it is wanted */
    int keyval;                     /* the key of the attribute described in mpi_finalize.c */
    MPI_Datatype ballot;            /* MPI's description of struct mpi_ballot */
    MPI_Op agree;                   /* the operation that joins two ballots */
};

enum {
    MPI_LINK_PIECE = 1 << 22 /* the most bytes of one message */
};

/* Turns what an MPI function returned into a status: SHS_OK, or SHS_ERROR_MPI with the library's
 * reason. `operation` names the call in the message. */
shs_status mpi_check(int code, const char *operation);

/* The link that a transport belongs to. */
static inline struct mpi_link *mpi_link_of(struct mpi_transport *transport)
{
    return (struct mpi_link *)transport;
}

/* Local. Makes a link that has no communicator yet. On error *link is NULL. */
shs_status mpi_link_new(struct mpi_link **link);

/* Collective over comm. Gives the link a duplicate of the communicator. */
shs_status mpi_link_join(struct mpi_link *link, MPI_Comm comm);

/* Local. Releases a link that has no communicator, and leaves NULL. Accepts a pointer to NULL. */
void mpi_link_free(struct mpi_link **link);

/* Local. Releases the link's MPI type and MPI operation. The communicators stay. */
void mpi_link_release(struct mpi_link *link);

/* Collective over the link's communicator. Frees the link's communicators. */
void mpi_link_free_communicators(struct mpi_link *link);

/* Local. Attaches the run to MPI_COMM_SELF: if it is still open when the program calls
 * MPI_Finalize(), the other ranks then get an error and do not wait for ever. */
shs_status mpi_finalize_attach(shs_run *run);

/* Local. Detaches a closed run. MPI must still run. */
void mpi_finalize_detach(struct mpi_link *link);

/* The functions of the transport. The sums are in mpi_sum_messages.c and mpi_sum_fast.c, the
 * functions that move plain data in mpi_link_move.c, those of a node in mpi_link_node.c.
 * mpi_transport.h describes them. */
extern const struct mpi_sum_way mpi_sum_messages, mpi_sum_fast;
extern const struct mpi_node_way mpi_link_node;
shs_status mpi_link_agree(struct mpi_transport *transport, struct mpi_ballot *ballot);
shs_status mpi_link_broadcast(struct mpi_transport *transport, int from, void *bytes, size_t count);
shs_status mpi_link_sum(struct mpi_transport *transport, uint64_t *numbers, size_t count);
shs_status mpi_link_greatest(struct mpi_transport *transport, uint64_t *numbers, size_t count);
shs_status mpi_link_gather(struct mpi_transport *transport, const void *records, void *all,
                           const struct mpi_layout *layout);
shs_status mpi_link_in_order(struct mpi_transport *transport, const void *bytes, size_t count,
                             void *room, mpi_take *take, void *user);

/* Collective over `comm`. Does what mpi_link_greatest() does over the link's communicator. */
shs_status mpi_link_greatest_over(MPI_Comm comm, uint64_t *numbers, size_t count);

#endif
