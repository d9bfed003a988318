/* Samples whose images are seen through a map of places. Pure. */
#ifndef GRID_WARP_H
#define GRID_WARP_H

#include "grid_field.h"
#include "grid_sampling.h"

enum {
    GRID_WARP_MOST_EXTENT = 1 << 15, /* the most elements of a height or a width */
    GRID_WARP_MOST_INNER = 1 << 20   /* the most elements of a pixel */
};

/* A map from places of the result to places of the sample, both counted from the centre: the result
 * shows at p what the sample has at turn * (p + displacement) + offset. */
struct grid_warp {
    double turn[4];                   /* of (x, y): xx, xy, yx, yy */
    double offset[2];                 /* x, y */
    struct grid_displacement farther; /* no displacement if it is not drawn */
    struct {
        double turn[9]; /* of (x, y, z), row by row */
        double offset[3];
    } volume; /* of volumes, in place of turn and offset */
};

/* Puts a map behind those that a warp has. */
void grid_warp_add(struct grid_warp *warp, const double turn[4], const double offset[2]);

/* How elements are made. */
struct grid_warping {
    struct grid_images images; /* an image has at most 2^31 elements */
    enum grid_beyond beyond;
    bool nearest; /* the nearest element, which may be f16; else a mean of four */
};

/* The bytes of scratch memory for grid_warp_images(), without those of a field of displacements. */
size_t grid_warp_bytes(const struct grid_images *images);

/* Shows all images through a map. `scratch` is aligned to 64 bytes. */
void grid_warp_images(const struct grid_warping *how, const struct grid_warp *warp,
                      const void *input, void *output, void *scratch);

/* Returns x in units of 2^-32, held within -most to most elements, and rounded half to even. */
int64_t grid_warp_units(double x, double most);

#endif
