/** @file
 * The mean of the gradients over a global batch. */
#ifndef SHARDSTEP_GRADIENT_H
#define SHARDSTEP_GRADIENT_H

#include <stdbool.h>

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

    /** Bytes of gradients that ranks exchange together, from 4,096; 0: a size that suits the run,
     * on one node up to 2 MiB, on several about 60 KiB for each rank and at most 4 MiB. It must be
     * the same on every rank. It changes how fast the mean is, and not its bits. */
    uint64_t bucket_bytes;

    /** If the norm of the mean (shs_gradient_norm()) is larger than this number, the mean is
     * multiplied by clip_norm / norm: in double, and rounded once to the element's type. 0: never.
     * The same bits for every number of ranks. It must be the same on every rank, finite, and not
     * negative. */
    double clip_norm;

    /** If true, the object has the memory for the tensors, and the `data` of the given tensors must
     * be NULL; shs_gradient_tensor() tells where they lie. The mean is then taken without copies,
     * on one node in memory that the ranks share. After shs_gradient_add() of the rank's last batch
     * of a step the program leaves the tensors alone until shs_gradient_mean() returns. It must be
     * the same on every rank. */
    bool provide;

    /** If true, the program leaves the tensors alone from shs_gradient_add() of the rank's last
     * batch of a step, or shs_gradient_ready() of the tensor, until shs_gradient_mean() returns.
     * The object then reads that batch's part where it lies, and on one node needs no memory for
     * it. If false, shs_gradient_add() copies the tensors, and the program may write to them at
     * once. It must be the same on every rank. `provide` implies it. */
    bool borrow;
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

/** Local. Returns a tensor of the object, or NULL if there is none of this number. It belongs to
 * the object and has no name. With the option `provide` its data is the object's memory, which is
 * zero at first, is the same in every step, and is valid until shs_gradient_close().
 *
 * @param gradient  the object, or NULL
 * @param tensor    the tensor's number among those given to shs_gradient_open(), from 0 */
SHS_API const shs_tensor *shs_gradient_tensor(const shs_gradient *gradient, size_t tensor);

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

/** Local. Tells that one tensor is ready before the others: it holds its part of the sum for the
 * rank's last batch of the step, and the program leaves it alone until shs_gradient_mean() returns.
 * The exchange of the gradients can then begin while the others are computed, and goes on in each
 * further call of this function. Between two calls the network sends only what MPI and the system
 * have taken: with Open MPI over TCP a few MiB, and nothing if btl_tcp_eager_limit is set below its
 * default of 64 KiB. So many calls, one for each tensor, hide more of the exchange than a few.
 *
 * A program may call it in any order, for some tensors or none, and on some ranks only: the bits of
 * the mean are the same. Gradients are exchanged from the last tensor to the first, as the backward
 * pass of a model computes them. shs_gradient_add() follows, with the same batch, and takes the
 * tensors that were not ready. With SHS_REDUCTION_FAST nothing is exchanged early.
 *
 * @param gradient  the object
 * @param batch     the rank's last batch of the step
 * @param tensor    the tensor's number among those given to shs_gradient_open(), from 0
 * @return SHS_OK; SHS_ERROR_STATE if the batch is not the rank's last one of the step, if it is not
 *         its turn, if the tensor was ready before, or if the run is closed or over;
 *         SHS_ERROR_ARGUMENT for NULL, for a number that is too large, and for a whole step batch
 *         where its parts are needed; SHS_ERROR_MPI and SHS_ERROR_TIMEOUT, with which the run is
 *         over, and which shs_gradient_mean() returns, too */
SHS_API SHS_MUST_CHECK shs_status shs_gradient_ready(shs_gradient *gradient, const shs_batch *batch,
                                                     size_t tensor);

/** Collective. Ends a step: writes the mean over all its rows to the tensors, on every rank, and
 * takes a stop request to all ranks.
 *
 * The sum over all virtual ranks is divided once, by the number of rows of weight 1 that all ranks
 * have added. After an error the tensors' content is not defined. The next step begins in any case.
 * If another Collective call fails because the ranks made different calls, a step whose exchange
 * had begun by shs_gradient_ready() is given up: its batches count as not added.
 *
 * @param gradient  the object
 * @return SHS_OK; the loading error of the step, of the lowest failing rank, on every rank;
 *         SHS_ERROR_STATE if a rank has not added all its batches, if no batch had any rows, or if
 *         the run is closed; SHS_ERROR_DISAGREE if other ranks make another Collective call;
 *         SHS_ERROR_ARGUMENT for NULL */
SHS_API SHS_MUST_CHECK shs_status shs_gradient_mean(shs_gradient *gradient);

/** Local. Returns the norm of the last mean before it was clipped: the square root of the sum of
 * the squares of all elements, in double. The same bits on every rank and for every number of
 * ranks. Without the option clip_norm the call itself computes the norm, of what the tensors hold.
 *
 * @param gradient  the object; NULL: 0 */
SHS_API double shs_gradient_norm(const shs_gradient *gradient);

#ifdef __cplusplus
}
#endif

#endif
