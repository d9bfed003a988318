/* Puts the elements of an array into another order of axes. Pure. */
#ifndef IMPORT_TURN_H
#define IMPORT_TURN_H

#include "shardstep/tensor.h"

/* Copies elements of `size` bytes, 1, 2, 4 or 8. Axis a of the result is axis order[a] of `from`,
 * whose lengths are `shape`. Both are in C order. */
void import_turn(const void *from, const uint64_t *shape, const uint32_t *order, uint32_t axes,
                 size_t size, void *to);

#endif
