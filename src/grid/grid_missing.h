/* Missing elements, which are NaN of f32 or f64. What is computed from several elements leaves them
 * out. Pure. */
#ifndef GRID_MISSING_H
#define GRID_MISSING_H

#include <stdbool.h>
#include <stddef.h>

#include "shardstep/tensor.h"

/* Returns true if one of the elements is NaN. Integers and f16 never are. */
bool grid_missing_any(shs_type type, const void *elements, size_t count);

/* The functions below are for f32 and f64, whose elements are reals. */

/* Copies elements, with 0 in place of NaN. */
void grid_missing_as_zero(shs_type type, const void *from, size_t count, void *to);

/* Writes 1 for each number and 0 for each NaN. */
void grid_missing_presence(shs_type type, const void *from, size_t count, void *to);

/* Replaces elements that are NaN by sum / presence, or by NaN where the presence is not above 0. */
void grid_missing_mend(shs_type type, const void *sum, const void *presence, size_t count,
                       void *elements);

/* Elements between which a result lies: 2 to the number of axes pixels of `inner` elements, one
 * after another. Pixel k lies behind the others along axis a if bit a of k is set. `part` says for
 * each axis how far the result lies behind the first pixels, in [0, 1). */
struct grid_corners {
    int axes; /* 2 or 3 */
    float part[3];
    const void *pixels;
    size_t inner;
};

/* Replaces elements of a pixel that are NaN by a mean by distance of the corners that are numbers.
 * The weight of corner k is the product over the axes of part, if bit a of k is set, or 1 - part.
 * The mean is the sum of weight * element divided by the sum of weights, both in the order of
 * corners, over the corners that are not NaN and whose weight is not 0. An element remains NaN if
 * there is none, or if no corner is NaN. */
void grid_missing_between(shs_type type, const struct grid_corners *corners, void *pixel);

#endif
