/* The mean of vectors over virtual ranks: each rank adds the parts of its virtual ranks, and every
 * rank gets the mean. */
#ifndef MPI_SUM_H
#define MPI_SUM_H

#include "mpi_run.h"
#include "order_sum.h"

struct mpi_sum;

/* A function that writes the part of a virtual rank to the vector `to`. With `add` it adds the part
 * to what the vector holds. */
typedef void mpi_give(struct order_vector to, bool add, void *user);

/* Local. Makes a sum of vectors with this many floats and doubles. With `reproducible` its
 * additions form the tree of order_tree.h, without it MPI_Allreduce chooses their order. In groups
 * of G ranks the members' parts of a virtual rank are added first, by the tree over [0, G). The run
 * must outlive the sum. SHS_ERROR_UNSUPPORTED if nothing adds vectors over the run's ranks. On
 * error *sum is NULL. */
shs_status mpi_sum_new(shs_run *run, size_t n_floats, size_t n_doubles, bool reproducible,
                       struct mpi_sum **sum);

/* Local. Releases a sum, and leaves NULL. Accepts a pointer to NULL. */
void mpi_sum_free(struct mpi_sum **sum);

/* Local. Forgets all parts. */
void mpi_sum_reset(struct mpi_sum *sum);

/* Local. Adds the part of this rank's next virtual rank; the first call adds that of its first. */
shs_status mpi_sum_add(struct mpi_sum *sum, mpi_give *give, void *user);

/* Local. The number of parts added since the last reset. */
uint64_t mpi_sum_added(const struct mpi_sum *sum);

/* Local. The largest number of partial sums that this rank held at a time; 0 if the sum is not
 * reproducible. The parts that a member of a group keeps for the others do not count. */
size_t mpi_sum_most_held(const struct mpi_sum *sum);

/* Collective. Sets *mean to the sum over all virtual ranks, divided once by `rows`. Every rank has
 * added all its parts, and passes the same `rows`. The vectors belong to the sum, and are valid
 * until the next part is added. */
shs_status mpi_mean(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean);

#endif
