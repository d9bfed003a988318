/* The ways in which the sums of a run's ranks come together. Each way has its own file. Only these
 * files and mpi_sum.c include this header. */
#ifndef MPI_SUM_WAY_H
#define MPI_SUM_WAY_H

#include "mpi_sum.h"

struct mpi_sum_way {
    /* Local. Makes the memory that this way needs, sum->own. On error sum->own is NULL. */
    shs_status (*begin)(struct mpi_sum *sum);

    /* Local. Releases sum->own. */
    void (*end)(struct mpi_sum *sum);

    /* Collective. Does the work of mpi_mean(). */
    shs_status (*mean)(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean);
};

struct mpi_sum {
    shs_run *run;
    const struct mpi_sum_way *way;
    size_t n_floats;
    size_t n_doubles;
    struct order_sum *partials; /* partial sums of this rank; NULL if the sum is not reproducible */
    struct order_vector total;  /* total of this rank; empty if the sum is reproducible */
    struct order_vector *parts; /* in groups, if the sum is reproducible: this member's part of each
                                   virtual rank, which wait for the other members' parts */
    uint64_t added;             /* parts added since the last reset */
    void *own;                  /* memory of the way */
};

/* Allocates a vector with the sum's numbers of floats and doubles. On error the vector is empty. */
shs_status mpi_vector_new(const struct mpi_sum *sum, struct order_vector *vector);

/* Releases the elements of a vector. Accepts an empty vector. */
void mpi_vector_free(struct order_vector *vector);

/* Divides each element of a vector by the number of rows. */
void mpi_sum_divide(const struct mpi_sum *sum, struct order_vector vector, uint64_t rows);

#endif
