/* What the operators share that move elements along axes. Pure. */
#ifndef AUGMENT_MOVES_H
#define AUGMENT_MOVES_H

#include "augment_kind.h"

/* Finds the axes of the letters in `given` or, if it has none, those of the letters in `usual` that
 * the layout has. SHS_ERROR_ARGUMENT if the layout lacks one of the given letters, or all of the
 * usual ones. */
shs_status augment_find_axes(const struct augment_call *call, const struct augment_bound *bound,
                             const struct augment_axes *given, const char *usual,
                             struct augment_found *found);

/* Fields can share the operator's draws only if they are equally long along these axes. */
void augment_draw_by_lengths(struct augment_bound *bound, const struct augment_found *found);

/* SHS_ERROR_ARGUMENT if the axes do not all have the same size, or if one of them is the first axis
 * of a ragged field, because elements move from one to the other. */
shs_status augment_need_cube(const struct augment_call *call, const struct augment_bound *bound,
                             const struct augment_found *found);

/* Reads the sizes of axes from a list with one number for all axes or one for each. */
shs_status augment_sizes_of(const struct augment_call *call, const struct augment_bound *bound,
                            const struct augment_wholes *given, const char *name,
                            const struct augment_found *found, uint64_t sizes[SHS_MAX_AXES]);

/* The words of a parameter `mode`, in the order of enum grid_beyond. */
#define AUGMENT_MODE_WORDS "zero edge reflect wrap"

/* SHS_ERROR_ARGUMENT if an axis cannot be mirrored so far beyond its ends. */
shs_status augment_check_beyond(const struct augment_call *call, const struct augment_bound *bound,
                                enum grid_beyond beyond, uint32_t axis, uint64_t padding);

#endif
