/* Kernels of pixels, compiled with AVX-512. */
#if defined(__x86_64__)
#include "augment_pixels_body.h"

const struct augment_pixel_kernels augment_pixel_kernels_avx512 = KERNELS("avx512");
#endif
