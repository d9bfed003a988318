/* What loops share that compute new elements from those around a place. Pure. */
#ifndef GRID_SAMPLING_H
#define GRID_SAMPLING_H

#include "grid_view.h"

/* The images of a sample: outer x height x width pixels of `inner` elements. */
struct grid_images {
    shs_type type;
    size_t outer, height, width, inner;
};

/* Bytes of a real for elements of a type: see grid_sample_kernels.h. */
size_t grid_real_bytes(shs_type type);

/* Writes weights, as reals of the type, divided by their sum. The sum is taken from the first to
 * the last. */
void grid_weights_of(shs_type type, const double *weight, size_t count, void *to);

/* Takes `bytes` bytes, rounded up to whole cache lines, from memory. */
void *grid_take(char **memory, size_t bytes);

/* The bytes that grid_take() takes for this number. */
size_t grid_taken(size_t bytes);

#endif
