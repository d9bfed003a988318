/* Linear maps of elements into floats, by vector code, as they come or as a walk shows them. Pure.
 */
#ifndef AUGMENT_LINEAR_H
#define AUGMENT_LINEAR_H

#include "augment_kernels.h"
#include "augment_walk.h"

/* Maps `count` elements, the first of which is element `at` of the sample. */
void augment_linear_run(const struct augment_linear *linear, shs_type type, size_t at, size_t count,
                        const void *input, float *output);

/* Maps all that a walk shows. `stage` has AUGMENT_STAGE_BYTES. Returns false, and does nothing, if
 * the walk goes by tables, by strides, or through the channels in an order that sheets do not have.
 */
bool augment_linear_walk(const struct augment_linear *linear, shs_type type,
                         const struct augment_walk *walk, const char *from, float *to, char *stage);

enum {
    AUGMENT_STAGE_BYTES = 1 << 12 /* few enough for the stack and the nearest cache */
};

#endif
