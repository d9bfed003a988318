/* Words between ranks that do not share memory: a rank that has waited for some time tells all
 * other ranks so, and tells them what it sees of the ranks of its node. A rank that says nothing is
 * missing. */
#ifndef MPI_WORDS_H
#define MPI_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "core_status.h"

struct shs_run;

enum {
    MPI_SIGHTS = 2,
    MPI_SIGHT_BYTES = 176
};

/* What is known of a rank that is missing. */
struct mpi_sight {
    int64_t rank;
    char text[MPI_SIGHT_BYTES];
};

struct mpi_word {
    uint64_t calls; /* agreements that the rank has begun */
    uint64_t waits; /* 1: it waits; 0: it does so no more */
    uint64_t ended; /* 1: it has waited too long, and has ended the run */
    uint64_t count; /* ranks of its node that are missing there, as far as they are in `sights` */
    struct mpi_sight sights[MPI_SIGHTS];
};

/* Collective. Prepares the words if some ranks do not share memory. Without memory for them the
 * ranks go on without words. */
shs_status mpi_words_open(struct shs_run *run);

/* Local. Forgets the words. */
void mpi_words_close(struct shs_run *run);

/* Local. Hears the words that have come, and ends the run if a word says so. */
void mpi_words_hear(struct shs_run *run);

/* Local. Tells all other ranks that this rank waits, unless they know. It does so if it is due
 * (`now`), or if another rank has told that it waits here, too. */
void mpi_words_wait(struct shs_run *run, bool now);

/* Local. Tells all other ranks that this rank waits no more, if they were told that it waits. */
void mpi_words_go_on(struct shs_run *run);

/* Local. Tells all other ranks that this rank has ended the run. */
void mpi_words_end_run(struct shs_run *run);

/* Local. The number of words that this rank has told. */
uint64_t mpi_words_told(const struct shs_run *run);

/* Collective. Waits for the words that are on the way. `all` is the number of words that all ranks
 * have told. */
shs_status mpi_words_drain(struct shs_run *run, uint64_t all);

/* Local. True if a rank has told that it waits at this rank's agreement. */
bool mpi_words_has_come(const struct shs_run *run, int rank);

/* Local. Writes what is known of a rank of another node that has not come. */
void mpi_words_sight(const struct shs_run *run, int rank, char text[MPI_SIGHT_BYTES]);

#endif
