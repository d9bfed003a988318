/* A gradient object. Only the files train_gradient*.c include this header. */
#ifndef TRAIN_GRADIENT_H
#define TRAIN_GRADIENT_H

#include "mpi_sum.h"
#include "shardstep/gradient.h"

#define TRAIN_OPEN_GRADIENT "open it with shs_gradient_open()"

/* Where a tensor lies in the vectors of the sum. */
struct train_place {
    bool doubles;
    size_t first, count; /* elements */
    bool ready;          /* its elements were taken before the others of the step's last part */
};

struct shs_gradient {
    shs_run *run;
    uint64_t number;     /* this object's number in the run, from 1, the same on every rank */
    shs_tensor *tensors; /* the program's tensors, without their names */
    struct train_place *places;
    size_t count;     /* tensors */
    size_t n_floats;  /* elements of all tensors of type SHS_F32 */
    size_t n_doubles; /* elements of all tensors of type SHS_F64 */
    shs_gradient_options options;
    struct mpi_sum *sum; /* the sum over the step's batches */
    uint64_t rows;       /* rows with weight 1 in this rank's batches of the step */
    uint64_t step;       /* the step of the batch added last */
    double norm;         /* of the last mean, if it may be clipped */

    /* The tensors of the step's last batch that are ready before the others. */
    bool any_ready;
    uint64_t ready_in;                /* mpi_sum_step() */
    uint64_t ready_step, ready_count; /* step and rows of the batch */
    size_t floats_from;               /* the floats from this element on are ready */
    size_t doubles_from;              /* and these doubles */
};

/* Local. The norm is summed over blocks of the tensors' elements, the last block of a tensor being
 * shorter. Returns the number of blocks, and the sum of the squares over all of them. */
size_t train_count_blocks(const shs_gradient *gradient);
double train_squares(const shs_gradient *gradient);

/* Collective. Finds the norm of the mean that the tensors hold, the ranks of a node together. */
shs_status train_find_norm(shs_gradient *gradient);

#endif
