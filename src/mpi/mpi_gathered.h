/* The transport over a gather of the program's own: the `agree` of shs_open_ranks(). It makes no
 * MPI call, and every build has it. It moves small data only, in pieces. */
#ifndef MPI_GATHERED_H
#define MPI_GATHERED_H

#include "mpi_transport.h"

enum {
    MPI_GATHERED_PIECE = 2048,    /* the most bytes that a rank hands over in one call */
    MPI_GATHERED_ROOM = 1 << 16,  /* the most bytes that come back from one call */
    MPI_GATHERED_RANKS = 1 << 13, /* the most ranks: each then hands over one number at a time */
};

/* The program's function, as shs_open_ranks() describes it. */
typedef int mpi_gather_all(void *user, const void *mine, size_t bytes, void *all);

/* This process among the ranks of a run, and the program's function that joins them. */
struct mpi_seat {
    int rank;
    int ranks;
    mpi_gather_all *agree; /* NULL: the ranks cannot talk to each other */
    void *user;            /* handed to `agree` */
};

struct mpi_gathered {
    struct mpi_transport transport; /* stands first: its address is cast */
    struct mpi_seat seat;
    size_t piece;      /* bytes that a rank hands over in one call: a multiple of 8 */
    shs_status failed; /* the error of a call that failed; no call is made after it */
    char failure[128]; /* its message */
    uint64_t numbers[MPI_GATHERED_ROOM / sizeof(uint64_t)]; /* what the last call brought */
};

/* Local. Sets up the transport of a seat, which has a function. */
void mpi_gathered_begin(struct mpi_gathered *gathered, const struct mpi_seat *seat);

/* Collective. SHS_ERROR_GATHER if the program's function does not bring what each rank hands over,
 * in the order of ranks. */
shs_status mpi_gathered_check(struct mpi_gathered *gathered);

#endif
