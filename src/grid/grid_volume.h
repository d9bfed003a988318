/* Samples whose volumes are seen through a map of places. Pure. */
#ifndef GRID_VOLUME_H
#define GRID_VOLUME_H

#include "grid_warp.h"

/* Puts a map behind that of a warp of volumes. */
void grid_volume_add(struct grid_warp *warp, const double turn[9], const double offset[3]);

/* The bytes of scratch memory for grid_warp_volumes(), without those of a field of displacements.
 */
size_t grid_volume_bytes(const struct grid_images *images);

/* Shows all volumes of a sample through a map. Each volume is `depth` neighbouring images, so that
 * how->images.outer is a multiple of `depth`. `scratch` is aligned to 64 bytes. */
void grid_warp_volumes(const struct grid_warping *how, size_t depth, const struct grid_warp *warp,
                       const void *input, void *output, void *scratch);

#endif
