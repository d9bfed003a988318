/* The mean of vectors over virtual ranks: this rank's part of the sum, and the mean on every rank.
 */
#ifndef MPI_SUM_H
#define MPI_SUM_H

#include "mpi_run.h"
#include "order_sum.h"

struct mpi_sum;

/* Writes the part of a virtual rank to a vector, or with `add` adds it to what the vector holds. */
typedef void mpi_give(struct order_vector to, bool add, void *user);

/* Local. A sum whose additions form order's tree (`reproducible`), or come in MPI_Allreduce's own
 * order. The run must outlive it. On error *sum is NULL. */
shs_status mpi_sum_new(shs_run *run, size_t n_floats, size_t n_doubles, bool reproducible,
                       struct mpi_sum **sum);

/* Local. Accepts a pointer to NULL; leaves NULL. */
void mpi_sum_free(struct mpi_sum **sum);

/* Local. Forgets all parts. */
void mpi_sum_reset(struct mpi_sum *sum);

/* Local. Adds the part of this rank's next virtual rank, from its first one on. */
shs_status mpi_sum_add(struct mpi_sum *sum, mpi_give *give, void *user);

/* Local. Parts added since the last reset. */
uint64_t mpi_sum_added(const struct mpi_sum *sum);

/* Local. The most partial sums that were held at a time; 0 if the sum is not reproducible. */
size_t mpi_sum_most_held(const struct mpi_sum *sum);

/* Collective, after every rank has added all its parts. *mean points to the sum over all virtual
 * ranks, divided once by `rows`, which is the same on every rank. Valid until the next part is
 * added. */
shs_status mpi_mean(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean);

#endif
