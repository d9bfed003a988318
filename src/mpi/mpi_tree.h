/* The reproducible sum over virtual ranks: order's tree, carried out over the ranks of a run. */
#ifndef MPI_TREE_H
#define MPI_TREE_H

#include "mpi_run.h"
#include "order_tree.h"

/* A vector to be summed: floats, then doubles. */
struct mpi_vector {
    float *floats;
    double *doubles;
};

struct mpi_tree;

/* Local. On error *tree is NULL. The run must outlive the tree. */
shs_status mpi_tree_new(shs_run *run, size_t n_floats, size_t n_doubles, struct mpi_tree **tree);

/* Local. Accepts a pointer to NULL; leaves NULL. */
void mpi_tree_free(struct mpi_tree **tree);

/* Local. Forgets all leaves. */
void mpi_tree_reset(struct mpi_tree *tree);

/* Local. The next virtual rank of this rank, from its first one on. `fill` writes the leaf to a
 * vector. */
shs_status mpi_tree_add(struct mpi_tree *tree, void (*fill)(struct mpi_vector to, void *user),
                        void *user);

/* Local. Leaves added since the last reset. */
uint64_t mpi_tree_leaves(const struct mpi_tree *tree);

/* Local. The most partial sums that were held at a time. */
size_t mpi_tree_most_held(const struct mpi_tree *tree);

/* Collective, after every rank has added all its leaves. The sum over all virtual ranks arrives on
 * rank 0; *root points to it there, and to memory of the same size elsewhere. Valid until the next
 * reset. */
shs_status mpi_tree_sum(struct mpi_tree *tree, struct mpi_vector *root);

#endif
