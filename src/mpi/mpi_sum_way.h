/* How the sums of the ranks of a run come together: each way is a file of its own. What only these
 * files and mpi_sum.c see. */
#ifndef MPI_SUM_WAY_H
#define MPI_SUM_WAY_H

#include "mpi_sum.h"

struct mpi_sum_way {
    /* Local. Makes what the way needs of its own, sum->own. On error nothing is made. */
    shs_status (*begin)(struct mpi_sum *sum);

    /* Local. Releases sum->own. */
    void (*end)(struct mpi_sum *sum);

    /* Collective. See mpi_mean(). */
    shs_status (*mean)(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean);
};

struct mpi_sum {
    shs_run *run;
    const struct mpi_sum_way *way;
    size_t n_floats;
    size_t n_doubles;
    struct order_sum *partials; /* of this rank; NULL if the sum is not reproducible */
    struct order_vector total;  /* of this rank, if the sum is not reproducible */
    uint64_t added;
    void *own;
};

/* Memory for a vector of the sum's length. On error nothing is made. */
shs_status mpi_vector_new(const struct mpi_sum *sum, struct order_vector *vector);
void mpi_vector_free(struct order_vector *vector);

/* Divides each element by the number of rows. */
void mpi_sum_divide(const struct mpi_sum *sum, struct order_vector vector, uint64_t rows);

#endif
