/* Kernels compiled with AVX2. */
#if defined(__x86_64__)
#include "augment_sample_body.h"

#define between_bytes between_u8

const struct augment_sample_kernels augment_sample_kernels_avx2 = KERNELS("avx2");
#endif
