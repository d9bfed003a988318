/* Linear maps of elements into floats, by vector code, as they come or as a walk shows them. Pure.
 */
#ifndef GRID_LINEAR_H
#define GRID_LINEAR_H

#include "grid_kernels.h"
#include "grid_walk.h"

/* Maps `count` elements, the first of which is element `at` of the sample. */
void grid_linear_run(const struct grid_linear *linear, shs_type type, size_t at, size_t count,
                     const void *input, float *output);

/* Maps all that a walk shows. `stage` has GRID_STAGE_BYTES. Returns false, and does nothing, if
 * the walk goes by tables, by strides, or through the channels in an order that sheets do not have.
 */
bool grid_linear_walk(const struct grid_linear *linear, shs_type type, const struct grid_walk *walk,
                      const char *from, float *to, char *stage);

enum {
    GRID_STAGE_BYTES = 1 << 12 /* few enough for the stack and the nearest cache */
};

#endif
