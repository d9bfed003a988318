/** @file
 * The mean of the gradients over a global batch. */
#ifndef SHARDSTEP_GRADIENT_H
#define SHARDSTEP_GRADIENT_H

#include "loader.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The order in which the gradients of the virtual ranks are added. */
typedef enum shs_reduction {
    /** The default. The additions form one binary tree over virtual ranks, and each addition is
     * rounded once: the same bits for every number of ranks. The node over virtual ranks [a,z) is
     * [a,m) + [m,z), where m = a + the largest power of two below z - a. In a run of groups
     * (context.h) each virtual rank is such a tree over the members of its group. */
    SHS_REDUCTION_REPRODUCIBLE = 0,

    /** MPI_Allreduce's own order: other bits for every number of ranks. */
    SHS_REDUCTION_FAST,
} shs_reduction;

/** How the mean is computed. A zeroed struct means the defaults. */
typedef struct shs_gradient_options {
    /** The order of the additions: SHS_REDUCTION_REPRODUCIBLE by default. It must be the same on
     * every rank. */
    shs_reduction reduction;
} shs_gradient_options;

/** The mean of some tensors, taken anew in each step. shs_gradient_open() makes it,
 * shs_gradient_close() releases it. */
typedef struct shs_gradient shs_gradient;

/** Collective. Prepares the mean of tensors.
 *
 * @param run       the run
 * @param tensors   tensors of SHS_F32 and SHS_F64, of the same types and shapes in the same order
 * on every rank. The array is borrowed for the call, the tensors' data until shs_gradient_close()
 * @param count     the number of tensors; at least 1
 * @param options   borrowed for the call; NULL: the defaults
 * @param gradient  gets the object, which the caller releases by shs_gradient_close(); NULL on
 * error
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL, no tensors, another type, or an unknown reduction;
 *         SHS_ERROR_DISAGREE if ranks differ in tensors or options; SHS_ERROR_MEMORY;
 *         SHS_ERROR_STATE if the run is closed; SHS_ERROR_UNSUPPORTED in a run of several ranks
 *         without MPI. On every rank the same status, unless `run` is NULL
 */
SHS_API SHS_MUST_CHECK shs_status shs_gradient_open(shs_run *run, const shs_tensor *tensors,
                                                    size_t count,
                                                    const shs_gradient_options *options,
                                                    shs_gradient **gradient);

/** Local. Releases the object and leaves NULL. It may be called after shs_close().
 *
 * @param gradient  the object; nothing happens if `gradient` or *gradient is NULL */
SHS_API void shs_gradient_close(shs_gradient **gradient);

/** Local. Takes what the tensors hold now as the part of the batch's virtual rank: the SUM over the
 * batch's first `count` rows, which have weight 1.
 *
 * Call it once for each batch of the step, in the order in which shs_next() gives them, empty
 * batches too. A batch with count 0 counts as +0, and the tensors are not read. With the loader's
 * option step_batches, call it for each part in order. The whole batch may be given in place of its
 * parts with SHS_REDUCTION_FAST, or if the rank hosts one virtual rank only: the reproducible sum
 * needs the sum of each virtual rank.
 *
 * @param gradient  the object
 * @param batch     what shs_next() gave
 * @return SHS_OK; SHS_ERROR_STATE if it is not the batch's turn, and the step is as it was;
 *         SHS_ERROR_ARGUMENT for NULL, and for a whole step batch where its parts are needed;
 *         SHS_ERROR_MEMORY */
SHS_API SHS_MUST_CHECK shs_status shs_gradient_add(shs_gradient *gradient, const shs_batch *batch);

/** Collective. Ends a step: writes the mean over all its rows to the tensors, on every rank, and
 * takes a stop request to all ranks.
 *
 * The sum over all virtual ranks is divided once, by the number of rows of weight 1 that all ranks
 * have added. After an error the tensors' content is not defined. The next step begins in any case.
 *
 * @param gradient  the object
 * @return SHS_OK; the loading error of the step, of the lowest failing rank, on every rank;
 *         SHS_ERROR_STATE if a rank has not added all its batches, if no batch had any rows, or if
 *         the run is closed; SHS_ERROR_DISAGREE if other ranks make another Collective call;
 *         SHS_ERROR_ARGUMENT for NULL */
SHS_API SHS_MUST_CHECK shs_status shs_gradient_mean(shs_gradient *gradient);

#ifdef __cplusplus
}
#endif

#endif
