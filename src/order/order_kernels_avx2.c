/* Compiled with AVX2. */
#if defined(__x86_64__)
#include "order_kernels_body.h"
#include "order_kernels_sums.h"

const struct order_kernels order_kernels_avx2 = {"avx2", encipher, add,    join,
                                                 divide, average,  squares};

#endif
