/* Runs whose ranks are joined by a function of the program, as shs_open_ranks() takes it. Here this
 * function uses MPI, so that a test can compare such a run with a run of shs_open(). */
#ifndef GATHERED_H
#define GATHERED_H

#include "ranks.h"
#include "shardstep/context.h"
#include "shardstep/mpi.h"

enum {
    GATHERED_MOST_BYTES = 2048 /* of one call, as shs_open_ranks() promises */
};

/* Collective. The program's function; `user` is not used. */
static inline int gather_by_mpi(void *user, const void *mine, size_t bytes, void *all)
{
    (void)user;
    if (!bytes || bytes > GATHERED_MOST_BYTES) return -1;
    return MPI_Allgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, MPI_COMM_WORLD);
}

/* Whether this process shall run the tests of other runs over such a function: they then show that
 * errors, stops, ledgers and checkpoints travel as they do with MPI. */
static inline bool gathered_is_wanted(void)
{
    const char *text = getenv("SHARDSTEP_TEST_GATHERED");
    return text && !strcmp(text, "1");
}

/* Collective over `comm`. Opens a run of all ranks in one of the two ways. */
static inline shs_status open_either(MPI_Comm comm, bool gathered, const shs_run_options *options,
                                     shs_run **run)
{
    if (!gathered || comm != MPI_COMM_WORLD) return shs_open(comm, options, run);
    return shs_open_ranks(my_rank(), all_ranks(), gather_by_mpi, NULL, options, run);
}

#endif
