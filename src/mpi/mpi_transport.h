/* The seam between a run and what joins its ranks: MPI (mpi_link.h), or a function of the program
 * (mpi_gathered.h). A run of one rank without MPI has no transport. mpi_is_apart() tells of a run
 * of several ranks without one.
 *
 * These functions are all that a run, its agreement, its ledgers and its sums need of such a
 * library. Each is Collective over the ranks of the run, unless its comment says Local. */
#ifndef MPI_TRANSPORT_H
#define MPI_TRANSPORT_H

#include "mpi_run.h"

struct mpi_mail_way;

enum {
    MPI_BALLOT_GREATEST = 8
};

/* The numbers that one round of the agreement carries. */
struct mpi_ballot {
    int64_t greatest[MPI_BALLOT_GREATEST]; /* numbers whose greatest over all ranks is wanted */
    uint64_t sum;                          /* a number whose sum over all ranks is wanted */
};

/* The layout of the records of all ranks on rank 0. */
struct mpi_layout {
    const int *counts;   /* records of each rank */
    const int *starts;   /* records of all lower ranks, for each rank */
    size_t record_bytes; /* bytes of a record */
};

/* The ranks of a rank's node, which can share memory. */
struct mpi_node_way {
    /* Collective over the ranks of the run, and called once, before the functions below. Finds this
     * rank's number among the ranks of its node, and how many these are. */
    shs_status (*find)(struct mpi_transport *transport, int *rank, int *ranks);

    /* Collective over the ranks of the node. Replaces each number by the greatest over these ranks.
     */
    shs_status (*greatest)(struct mpi_transport *transport, uint64_t *numbers, size_t count);

    /* Collective over the ranks of the node. Copies a few bytes of the node's rank 0 to the
     * others. */
    shs_status (*broadcast)(struct mpi_transport *transport, void *bytes, size_t count);
};

struct mpi_word;

/* Words between ranks, mpi_words.h. All are Local. */
struct mpi_word_way {
    /* Sends a word to all other ranks, and does not wait until it has left. Returns false if there
     * is no memory for it. */
    bool (*tell)(struct mpi_transport *transport, const struct mpi_word *word);

    /* Takes a word that has come, and the rank that sent it. Returns false if there is none. */
    bool (*hear)(struct mpi_transport *transport, struct mpi_word *word, int *from);

    /* Returns true if all words that this rank has sent have left. */
    bool (*are_gone)(struct mpi_transport *transport);
};

struct mpi_transport {
    /* Joins the ballots in place: every rank ends with the same ballot. The sum is modulo 2^64. */
    shs_status (*agree)(struct mpi_transport *transport, struct mpi_ballot *ballot);

    /* Copies the bytes of rank `from` to every rank. */
    shs_status (*broadcast)(struct mpi_transport *transport, int from, void *bytes, size_t count);

    /* Replaces each number by its sum over all ranks, modulo 2^64. */
    shs_status (*sum)(struct mpi_transport *transport, uint64_t *numbers, size_t count);

    /* Replaces each number by the greatest over all ranks. */
    shs_status (*greatest)(struct mpi_transport *transport, uint64_t *numbers, size_t count);

    /* Copies the records of all ranks to `all` on rank 0. Other ranks may pass NULL for `all`. */
    shs_status (*gather)(struct mpi_transport *transport, const void *records, void *all,
                         const struct mpi_layout *layout);

    /* Does the work of mpi_in_order(). */
    shs_status (*in_order)(struct mpi_transport *transport, const void *bytes, size_t count,
                           void *room, mpi_take *take, void *user);

    /* All of the functions above move small data only. */
    bool small_data;

    /* Adds vectors of all ranks element by element, in any order. The elements are floats, or
     * doubles. NULL without `mail`. */
    shs_status (*add)(struct mpi_transport *transport, bool doubles, void *elements, size_t count);

    /* Letters between ranks. NULL if the transport has none: it then adds no vectors. */
    const struct mpi_mail_way *mail;

    /* The ranks of a node. NULL if the transport does not know them. */
    const struct mpi_node_way *node;

    /* Words between the ranks. NULL if `node` is. */
    const struct mpi_word_way *words;

    /* Local. An error if the transport does not work any more: SHS_ERROR_STATE after
     * MPI_Finalize(), SHS_ERROR_GATHER after a call of the program's function failed. */
    shs_status (*works)(const struct mpi_transport *transport);

    /* Releases the transport. `together` says that every rank releases it now; without it the call
     * is Local. */
    void (*close)(struct mpi_transport *transport, bool together);
};

#endif
