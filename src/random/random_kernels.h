/* The inner loops of bulk fills, for one instruction set each. All give the same bits. */
#ifndef RANDOM_KERNELS_H
#define RANDOM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random_kernels {
    const char *name; /* "plain", "avx2", "avx512" */

    /* `blocks` blocks from `counter` on, whose word 0 does not carry: four words, or four floats in
     * [0,1), each. */
    void (*words)(const uint32_t key[2], const uint32_t counter[4], uint32_t *out, size_t blocks);
    void (*floats)(const uint32_t key[2], const uint32_t counter[4], float *out, size_t blocks);

    /* doubles in [0,1), one for each two words */
    void (*doubles)(const uint32_t *words, double *out, size_t count);

    /* mean + deviation * z, two for each two words, or two u64 of two words each */
    void (*normals)(const uint32_t *words, float mean, float deviation, float *out, size_t pairs);
    void (*normals_double)(const uint32_t *words, double mean, double deviation, double *out,
                           size_t pairs);

    /* words * n >> 32 for up to `count` words, as far as none has to be rejected, in groups of
     * RANDOM_BELOW_GROUP; returns how many. unfair is (2^32 - n) mod n. */
    size_t (*below)(const uint32_t *words, uint32_t n, uint32_t unfair, uint32_t *out,
                    size_t count);
};

enum {
    RANDOM_BELOW_GROUP = 16
};

extern const struct random_kernels random_kernels_plain;
#if defined(__x86_64__)
extern const struct random_kernels random_kernels_avx2, random_kernels_avx512;
#endif

/* The fastest that this CPU runs, or what was chosen. */
const struct random_kernels *random_kernels_now(void);

/* For tests and measurements: uses the named kernels from now on, "" the fastest; false if there
 * are none of that name or the CPU does not run them. */
bool random_kernels_choose(const char *name);

#endif
