/* Compiled with what every CPU of the architecture has. */
#include "order_kernels_body.h"
#include "order_kernels_sums.h"

const struct order_kernels order_kernels_plain = {"plain", encipher, add,    join,
                                                  divide,  average,  squares};
