/* Kernels of pixels, compiled with AVX2. */
#if defined(__x86_64__)
#include "grid_pixels_body.h"

const struct grid_pixel_kernels grid_pixel_kernels_avx2 = KERNELS("avx2");
#endif
