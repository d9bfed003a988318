/* The axes of a sample that are its height, its width and its channels. Pure. */
#ifndef AUGMENT_GRID_H
#define AUGMENT_GRID_H

#include "augment_kind.h"

/* Sets bound->grid from the shape of bound->before and a layout. With NULL for the layout the grid
 * has the usual layout of the shape. SHS_ERROR_ARGUMENT if the layout does not fit the shape, or if
 * the shape has no usual layout. */
shs_status augment_bind_grid(const struct augment_call *call, const char *layout,
                             struct augment_bound *bound);

/* The usual layout of a sample's shape; NULL if a layout must be given. */
const char *augment_usual_layout(const shs_tensor *sample);

#endif
