/* Kernels of pixels for every machine, which the other kernels are checked against. */
#include "augment_pixels_body.h"

const struct augment_pixel_kernels augment_pixel_kernels_plain = KERNELS("plain");
