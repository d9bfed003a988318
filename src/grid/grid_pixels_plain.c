/* Kernels of pixels for every machine, which the other kernels are checked against. */
#include "grid_pixels_body.h"

const struct grid_pixel_kernels grid_pixel_kernels_plain = KERNELS("plain");
