/** @file
 * What the ranks of a run do together with arrays of the program: add them with the same bits on
 * any number of ranks, give every rank the content of rank 0, and find out whether all ranks hold
 * the same. These functions need no loader.
 *
 * The tensors of a call must have the same names, types and shapes in the same order on every rank.
 * Otherwise the call is SHS_ERROR_DISAGREE, and the message has the tensor on rank 0 and on the
 * lowest rank where it differs. The arrays of tensors are borrowed for the call. */
#ifndef SHARDSTEP_COLLECTIVE_H
#define SHARDSTEP_COLLECTIVE_H

#include "context.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Collective. Adds arrays over all virtual ranks, and gives every rank the sums.
 *
 * The additions form the binary tree of SHS_REDUCTION_REPRODUCIBLE (gradient.h), and each addition
 * is rounded once. So the sums have the same bits on any number of ranks from 1 to V, if the part
 * of each virtual rank has. In a run of groups each virtual rank is such a tree over the members of
 * its group, and each member brings its part of it.
 *
 * @param run    the run
 * @param parts  `count` tensors of SHS_F32 or SHS_F64. The first axis of parts[t] has
 *               shs_info(run).hosted elements: the parts of the virtual ranks that this rank hosts,
 *               in their order. A part has at most SHS_MAX_AXES - 1 axes. Names may be NULL
 * @param count  the number of tensors; at least 1
 * @param sums   `count` tensors. sums[t] has the type and the shape of parts[t] without the first
 *               axis, and its data receives the sum. It may be the memory of parts. After an error
 *               its content is not defined. On one node the sums pass through memory that the
 *               ranks share, and that the run keeps for later sums until shs_close()
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL, no tensors, another type or another shape;
 *         SHS_ERROR_DISAGREE if ranks differ in tensors; SHS_ERROR_UNSUPPORTED in a run of several
 *         ranks without MPI; SHS_ERROR_MEMORY; SHS_ERROR_STATE if the run is closed. On every rank
 *         the same status, unless `run` is NULL */
SHS_API SHS_MUST_CHECK shs_status shs_sum(shs_run *run, const shs_tensor *parts, size_t count,
                                          const shs_tensor *sums);

/** Collective. Gives every rank the content that tensors have on rank 0, such as the initial
 * weights of a model. The bits are copied.
 *
 * In a run of shs_open_ranks() the bytes travel by the program's `agree`, at most 2,048 in a call.
 * That is slow for large tensors.
 *
 * @param run      the run
 * @param tensors  `count` tensors of any type, with distinct names of 1 to 255 bytes without '/'.
 *                 After an error their content on other ranks than rank 0 is not defined, unless
 *                 the error is SHS_ERROR_ARGUMENT, SHS_ERROR_DISAGREE, SHS_ERROR_MEMORY or
 *                 SHS_ERROR_UNSUPPORTED
 * @param count    the number of tensors; at least 1
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL, no tensors, a tensor without data or an unfit name;
 *         SHS_ERROR_DISAGREE if ranks differ in tensors; SHS_ERROR_UNSUPPORTED if the ranks cannot
 *         talk to each other (shs_open_ranks() with `agree` NULL); SHS_ERROR_MEMORY;
 *         SHS_ERROR_STATE if the run is closed. On every rank the same status, unless `run` is
 *         NULL */
SHS_API SHS_MUST_CHECK shs_status shs_broadcast(shs_run *run, const shs_tensor *tensors,
                                                size_t count);

/** Collective. Finds out whether tensors have the same bits on every rank. It compares hashes
 * (XXH3-128), so it costs one pass over the memory and a message.
 *
 * If a tensor differs, the status is SHS_ERROR_DISAGREE on every rank. The message is that of the
 * lowest rank whose content is not the content of most ranks; of two groups of equal size, the
 * group with the lowest rank counts as most. The message has the first tensor that differs
 * anywhere, the first element of it that differs on that rank, and both values, with their bits if
 * they are printed alike, as 0 and -0 and as NaNs.
 *
 * @param run      the run
 * @param what     what is compared, for the message, such as "the weights after step 1000"; the
 *                 same on every rank
 * @param tensors  as for shs_broadcast(); they are only read
 * @param count    the number of tensors; at least 1
 * @return SHS_OK; SHS_ERROR_DISAGREE if a tensor differs; the errors of shs_broadcast() */
SHS_API SHS_MUST_CHECK shs_status shs_same(shs_run *run, const char *what,
                                           const shs_tensor *tensors, size_t count);

#ifdef __cplusplus
}
#endif

#endif
