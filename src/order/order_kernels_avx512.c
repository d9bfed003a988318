/* Compiled with AVX-512 (F, BW, DQ, VL). */
#if defined(__x86_64__)
#include "order_kernels_body.h"
#include "order_kernels_sums.h"

const struct order_kernels order_kernels_avx512 = {"avx512", encipher, add,    join,
                                                   divide,   average,  squares};

#endif
