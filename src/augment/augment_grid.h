/* The axes of a sample that are its height, its width and its channels. Pure. */
#ifndef AUGMENT_GRID_H
#define AUGMENT_GRID_H

#include "augment_kind.h"

/* Sets bound->grid from the shape of bound->before and a layout: the one given, else the one that
 * bound->grid has already, else the usual one of the shape. SHS_ERROR_ARGUMENT if the layout does
 * not fit the shape, if the shape has no usual layout, or if the layout lacks what the operator
 * needs. */
shs_status augment_bind_grid(const struct augment_kind *kind, const struct augment_call *call,
                             const char *layout, struct augment_bound *bound);

/* Fills in the sizes of a grid, whose layout is set, from a sample's shape. */
void augment_measure_grid(const shs_tensor *sample, struct augment_grid *grid);

/* The usual layout of a sample's shape; NULL if a layout must be given. */
const char *augment_usual_layout(const shs_tensor *sample);

/* The layout in which the first operator that needs a layout sees a field; NULL if no operator of
 * the field needs one. */
const char *augment_layout(const shs_augment *augment, size_t field);

#endif
