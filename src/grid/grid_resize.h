/* Resizing a part of each image of a sample. Pure. */
#ifndef GRID_RESIZE_H
#define GRID_RESIZE_H

#include "grid_sampling.h"

/* How elements are made. */
enum grid_how_resized {
    GRID_RESIZE_NEAREST,
    GRID_RESIZE_BILINEAR,
    GRID_RESIZE_AREA
};

/* A part of an image. */
struct grid_box {
    uint32_t top, left, height, width;
};

/* The images of a sample, and the size that they get. */
struct grid_resizing {
    struct grid_images before;
    size_t height, width; /* of the result */
};

/* The bytes of scratch memory for grid_resize_box(), which is aligned to 64 bytes. */
size_t grid_resizing_bytes(const struct grid_resizing *resizing);

/* Resizes the same part of each image. Elements of f16 have to be GRID_RESIZE_NEAREST. */
void grid_resize_box(const struct grid_resizing *resizing, enum grid_how_resized how,
                     const struct grid_box *box, const void *input, void *output, void *scratch);

#endif
