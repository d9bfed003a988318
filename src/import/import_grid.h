/* The chunks of an array that is written: boxes of rows, cut along the axes of a row. */
#ifndef IMPORT_GRID_H
#define IMPORT_GRID_H

#include <stdbool.h>

#include "core_status.h"
#include "shardstep/tensor.h"

/* A *band* has the chunks of the same rows. */
struct import_grid {
    uint32_t axes;
    uint64_t shape[SHS_MAX_AXES], chunk[SHS_MAX_AXES]; /* of the array, and of a chunk */
    uint64_t count[SHS_MAX_AXES];                      /* chunks along each axis */
    uint64_t band, chunks;                             /* chunks of a band, and of all rows */
    size_t element, row_bytes, chunk_bytes;
    bool cut; /* true if chunks are cut along an axis of a row */
};

/* Finds the grid of an array whose axes are not empty. chunk[0] is the rows of a chunk, chunk[axis]
 * its elements along a later axis. 0, and more than the axis has, mean the whole axis. A chunk
 * of 4 GiB or more is SHS_ERROR_ARGUMENT. */
shs_status import_grid_find(const shs_tensor *shape, const uint64_t *chunk,
                            struct import_grid *grid);

/* Copies chunk `number` of a band out of the band's whole rows. What lies beyond an axis is zeros.
 */
void import_grid_cut(const struct import_grid *grid, uint64_t number, const void *rows, void *to);

/* Sets the position of a chunk's first element along each axis. */
void import_grid_start(const struct import_grid *grid, uint64_t chunk,
                       uint64_t start[SHS_MAX_AXES]);

#endif
