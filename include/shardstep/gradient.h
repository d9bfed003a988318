/* The mean of the gradients over a global batch. */
#ifndef SHARDSTEP_GRADIENT_H
#define SHARDSTEP_GRADIENT_H

#include "loader.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum shs_reduction {
    SHS_REDUCTION_REPRODUCIBLE = 0, /* one binary tree over virtual ranks, one rounding an
                                       addition: the same bits for every number of ranks */
    SHS_REDUCTION_FAST,             /* MPI_Allreduce's own order */
} shs_reduction;

/* A zeroed struct means the defaults. */
typedef struct shs_gradient_options {
    shs_reduction reduction;
} shs_gradient_options;

typedef struct shs_gradient shs_gradient;

/* Collective. Prepares the mean of tensors of f32 and f64, the same on every rank; their data is
 * borrowed until shs_gradient_close(). `options` may be NULL. On error *gradient is NULL. */
SHS_API SHS_MUST_CHECK shs_status shs_gradient_open(shs_run *run, const shs_tensor *tensors,
                                                    size_t count,
                                                    const shs_gradient_options *options,
                                                    shs_gradient **gradient);

/* Local. Accepts NULL and a pointer to NULL; leaves NULL. */
SHS_API void shs_gradient_close(shs_gradient **gradient);

/* Local. Takes what the tensors hold now, the SUM over the batch's `count` rows of weight 1, as
 * the part of the batch's virtual rank. A batch with count 0 counts as +0 and the tensors are not
 * read. Call it once for each batch, in the order in which shs_next() gives them. */
SHS_API SHS_MUST_CHECK shs_status shs_gradient_add(shs_gradient *gradient, const shs_batch *batch);

/* Collective. Writes the mean over all rows of the step to the tensors, on every rank: the tree
 * node over virtual ranks [a,z) is [a,m) + [m,z), m = a + the largest power of two below z - a,
 * and the root is divided once by the number of rows. Returns a loading error of the step
 * (lowest failing rank's) and takes a stop request to all ranks. On error the tensors' content is
 * not defined. */
SHS_API SHS_MUST_CHECK shs_status shs_gradient_mean(shs_gradient *gradient);

#ifdef __cplusplus
}
#endif

#endif
