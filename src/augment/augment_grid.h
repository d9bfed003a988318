/* Which axes of a sample are height, width and channels. Pure. */
#ifndef AUGMENT_GRID_H
#define AUGMENT_GRID_H

#include "augment_kind.h"

/* Sets bound->grid by the shape of bound->before and a layout; NULL: the usual one for that shape.
 * SHS_ERROR_ARGUMENT if the layout does not fit the shape, or none is usual. */
shs_status augment_bind_grid(const struct augment_call *call, const char *layout,
                             struct augment_bound *bound);

/* The layout that is taken for a shape if none is given; NULL if it must be given. */
const char *augment_usual_layout(const shs_tensor *sample);

#endif
