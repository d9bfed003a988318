/* The transport over MPI: a communicator. Only the files that call MPI include this header. */
#ifndef MPI_LINK_H
#define MPI_LINK_H

#include <mpi.h>

#include "mpi_transport.h"

struct mpi_mail;

enum {
    MPI_LINK_PIECE = 1 << 22, /* the most bytes of one message */
    MPI_LINK_ROOM = 1 << 12
};

struct mpi_link {
    struct mpi_transport transport; /* stands first: mpi_link_of() casts its address */
    shs_run *run;                   /* whose watch holds for the link's waits */
    MPI_Comm comm;                  /* the run's own duplicate of the program's communicator; no
                                       message is received with MPI_ANY_TAG here */
    MPI_Comm node;                  /* the ranks of this node; MPI_COMM_NULL until it is wanted */
    int keyval;                     /* the key of the attribute described in mpi_finalize.c */
    MPI_Datatype ballot;            /* MPI's description of struct mpi_ballot */
    MPI_Op agree;                   /* the operation that joins two ballots */
    struct mpi_link_word *words;    /* words that are on their way, mpi_link_words.c */
    struct mpi_link *next_left;     /* in a list of mpi_link_wait.c */
    struct mpi_mail *mail;          /* letters between the ranks */

    /* A call's small data, while MPI has it. A call that has waited too long returns, and its data
     * may be gone, but MPI may write to it later. */
    _Alignas(16) char room[MPI_LINK_ROOM];
};

/* Turns what an MPI function returned into a status: SHS_OK, or SHS_ERROR_MPI with the library's
 * reason. `operation` names the call in the message. */
shs_status mpi_check(int code, const char *operation);

/* Local. Waits for a request that an MPI call has begun, under the run's watch. `code` is what that
 * call returned, and `operation` its name. After SHS_ERROR_TIMEOUT the request goes on: the memory
 * that it uses must stay. */
shs_status mpi_link_wait(shs_run *run, int code, MPI_Request *request, const char *operation);

/* Local. Copies small data to the link's room, which it returns. Returns `bytes` if the data is too
 * large for the room. mpi_link_room_to() copies small data back. */
void *mpi_link_room(struct mpi_link *link, void *bytes, size_t count);
void mpi_link_room_to(const struct mpi_link *link, void *bytes, size_t count);

/* Local. Keeps a link of a run that has waited too long until the process ends, since MPI may still
 * write to its room. */
void mpi_link_leave(struct mpi_link *link);

/* The link that a transport belongs to. */
static inline struct mpi_link *mpi_link_of(struct mpi_transport *transport)
{
    return (struct mpi_link *)(void *)transport;
}

/* Local. Makes a link that has no communicator yet. On error *link is NULL. */
shs_status mpi_link_new(struct mpi_link **link);

/* Collective over comm. Gives the link a duplicate of the communicator. The link has its run. */
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

/* Local. Gives a link that has a communicator its table of letters. */
shs_status mpi_mail_new(struct mpi_link *link);

/* Local. Releases letters, none of which is under way, and leaves NULL. Accepts a pointer to NULL.
 */
void mpi_mail_free(struct mpi_mail **mail);

/* Collective. Frees the communicator of letters. `mail` may be NULL. */
void mpi_mail_free_communicator(struct mpi_mail *mail);

/* The functions of the transport. Letters are in mpi_mail.c, the functions that move plain data in
 * mpi_link_move.c, those of a node in mpi_link_node.c, words in mpi_link_words.c. mpi_transport.h
 * describes them. */
extern const struct mpi_mail_way mpi_mail;
extern const struct mpi_node_way mpi_link_node;
extern const struct mpi_word_way mpi_link_words;
shs_status mpi_link_agree(struct mpi_transport *transport, struct mpi_ballot *ballot);
shs_status mpi_link_broadcast(struct mpi_transport *transport, int from, void *bytes, size_t count);
shs_status mpi_link_sum(struct mpi_transport *transport, uint64_t *numbers, size_t count);
shs_status mpi_link_add(struct mpi_transport *transport, bool doubles, void *elements,
                        size_t count);
shs_status mpi_link_greatest(struct mpi_transport *transport, uint64_t *numbers, size_t count);
shs_status mpi_link_gather(struct mpi_transport *transport, const void *records, void *all,
                           const struct mpi_layout *layout);
shs_status mpi_link_in_order(struct mpi_transport *transport, const void *bytes, size_t count,
                             void *room, mpi_take *take, void *user);

/* Collective over `comm`. They do what mpi_link_greatest() and mpi_link_broadcast() do over the
 * link's communicator. */
shs_status mpi_link_greatest_over(struct mpi_link *link, MPI_Comm comm, uint64_t *numbers,
                                  size_t count);
shs_status mpi_link_broadcast_over(struct mpi_link *link, MPI_Comm comm, int from, void *bytes,
                                   size_t count);

#endif
