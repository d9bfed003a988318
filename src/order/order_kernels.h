/* The Feistel network of order_permutation, and the arithmetic of order_sum.h, many values at a
 * time, for one instruction set each. All give the same bits. */
#ifndef ORDER_KERNELS_H
#define ORDER_KERNELS_H

#include <stddef.h>

#include "order_permutation.h"

enum {
    ORDER_GROUP = 32 /* values that a kernel enciphers at a time */
};

struct order_kernels {
    const char *name; /* "plain", "avx2", "avx512" */

    /* Enciphers `groups` groups of values in place. */
    void (*encipher)(const struct order_permutation *permutation, uint64_t *values, size_t groups);

    /* Arithmetic on vectors, as in order_sum.h. */
    void (*add)(bool doubles, void *to, const void *from, size_t count);
    void (*join)(bool doubles, void *to, const void *left, const void *right, size_t count);
    void (*divide)(bool doubles, void *to, const void *from, size_t count, uint64_t divisor);
    void (*average)(bool doubles, void *to, const void *left, const void *right, size_t count,
                    uint64_t divisor);
    double (*squares)(bool doubles, const void *from, size_t count);
};

extern const struct order_kernels order_kernels_plain;
#if defined(__x86_64__)
extern const struct order_kernels order_kernels_avx2, order_kernels_avx512;
#endif

/* The fastest that this CPU runs, or what was chosen. */
const struct order_kernels *order_kernels_now(void);

/* For tests and measurements: uses the named kernels from now on, "" the fastest; false if there
 * are none of that name or the CPU does not run them. */
bool order_kernels_choose(const char *name);

#endif
