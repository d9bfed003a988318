/* Letters: messages between ranks that nobody waits for while they are on their way. A rank posts
 * letters, does something else, and looks from time to time how many are still under way. */
#ifndef MPI_MAIL_H
#define MPI_MAIL_H

#include "mpi_transport.h"

enum {
    MPI_MAIL_TAGS = 4,            /* kinds of letters of one object */
    MPI_MAIL_OBJECTS = 8000,      /* objects whose letters cannot be mixed up */
    MPI_MAIL_FAR_PIECE = 60 << 10 /* the most bytes of a message between nodes. MPI libraries hand
                                     small messages to the network at once: Open MPI over TCP up
                                     to 64 KiB with its header. A larger message moves on only
                                     within further MPI calls of both ranks. */
};

/* A message that is sent or awaited. Both ranks give the same tag and count. */
struct mpi_letter {
    int rank; /* the other rank */
    int tag;
    void *bytes; /* belongs to the letter until it has arrived */
    size_t count;
    size_t *under_way; /* counts the letters that are under way; counts this letter, too, until it
                          has arrived */
};

struct mpi_mail_way {
    /* Collective. Prepares the exchange of letters, once for each run. */
    shs_status (*prepare)(struct mpi_transport *transport);

    /* Local. Makes room for letters of at most `bytes` bytes each. The room is given back by a
     * negative number. SHS_ERROR_MEMORY. */
    shs_status (*reserve)(struct mpi_transport *transport, int64_t letters, size_t bytes);

    /* Local. Post a letter, for which there is room. An empty letter is none. */
    shs_status (*send)(struct mpi_transport *transport, const struct mpi_letter *letter);
    shs_status (*receive)(struct mpi_transport *transport, const struct mpi_letter *letter);

    /* Local. Moves letters, and notes which have arrived. Adds the number of messages that have
     * arrived or are sent to *moved. */
    shs_status (*progress)(struct mpi_transport *transport, size_t *moved);

    /* Collective. Ends the exchange of all letters that are under way: whoever has sent a letter
     * gets its memory back, and letters that nobody sends are not awaited any more. What arrives is
     * not defined. */
    shs_status (*drain)(shs_run *run);
};

#endif
