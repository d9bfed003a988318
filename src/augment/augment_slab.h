/* Samples of which a rank has only a slab: some of the elements along one axis (context.h, GROUPS).
 *
 * Operators are bound to whole samples, so that their checks and their draws are those of a rank
 * that has the whole sample. Then they are cut: apply(), run() and move() see the sizes of the
 * slab. Pure. */
#ifndef AUGMENT_SLAB_H
#define AUGMENT_SLAB_H

#include "augment_moves.h"

struct augment_operation;

/* Follows the slabs of an operation's fields through it. SHS_ERROR_ARGUMENT if a slab of a result
 * needs elements that the rank does not have. */
shs_status augment_slab_bind(shs_augment *augment, const struct augment_call *call,
                             struct augment_operation *operation);

/* Cuts all operations, and the samples before and behind them, to the slabs. */
shs_status augment_slab_cut(shs_augment *augment);

/* Returns the slab that the rank has of the results of a field. */
struct augment_slab augment_slab_of(const shs_augment *augment, size_t field);

/* Ways in which an operator says where a slab goes, for `slab_axis` of struct augment_kind. */

/* The operator takes any slab: each element is changed by itself. */
int augment_slab_any(const struct augment_bound *bound, uint32_t axis);

/* The operator takes slabs along axes that are no channels. */
int augment_slab_of_channels(const struct augment_bound *bound, uint32_t axis);

/* The operator takes slabs along axes that are neither height nor width nor depth. */
int augment_slab_of_images(const struct augment_bound *bound, uint32_t axis);

/* The operator takes slabs along other axes than these. */
int augment_slab_beside(const struct augment_found *found, uint32_t axis);

#endif
