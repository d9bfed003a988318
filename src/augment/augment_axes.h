/* The axes of a sample that are its height, its width and its channels. Pure. */
#ifndef AUGMENT_AXES_H
#define AUGMENT_AXES_H

#include "augment_kind.h"

/* Sets bound->grid from the shape of bound->before and a layout: the one given, else the one that
 * bound->grid has already, else the usual one of the shape. SHS_ERROR_ARGUMENT if the layout does
 * not fit the shape, if the shape has no usual layout, or if the layout lacks what the operator
 * needs. */
shs_status augment_bind_grid(const struct augment_kind *kind, const struct augment_call *call,
                             const char *layout, struct augment_bound *bound);

/* Returns `status`. If it is an error, and the text does not give the layout of the field, adds to
 * the message where the layout comes from. */
shs_status augment_tell_origin(shs_status status, const struct augment_bound *bound);

/* Fills in the sizes of a grid, whose layout is set, from a sample's shape. */
void augment_measure_grid(const shs_tensor *sample, struct augment_grid *grid);

/* The usual layout of a sample's shape; NULL if a layout must be given. */
const char *augment_usual_layout(const shs_tensor *sample);

/* Returns true if two layouts have the same letters, where x and w, y and h, z and d are the same.
 */
bool augment_same_layout(const char *layout, const char *other);

/* Returns true if a layout has a letter for each axis of a sample, each but _ once. */
bool augment_is_layout(const char *layout, const shs_tensor *sample);

/* Refuses the layout that a statement gives to a field, which does not fit its samples. */
shs_status augment_refuse_layout(const struct augment_named *named, const shs_tensor *sample);

/* The layout of a field before the operators: that of the first operator that needs one, else the
 * file's. NULL if neither is there. */
const char *augment_layout(const shs_augment *augment, size_t field);

/* The layout of a field and where it comes from. */
struct augment_layouts {
    const char *before, *after; /* the operators; before them it may be the usual layout, which an
                                   operator would assume; "" if it is not known */
    enum augment_origin origin; /* of the layout before */
};

struct augment_layouts augment_layouts(const shs_augment *augment, size_t field);

#endif
