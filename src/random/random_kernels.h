/* The inner loops of bulk fills, one set for each instruction set. All sets give the same bits. */
#ifndef RANDOM_KERNELS_H
#define RANDOM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RANDOM_BELOW_GROUP = 16,
    RANDOM_STREAMS = 16
};

/* The counters of several blocks. Word w of counter i is word[w][i]. */
struct random_counters {
    uint32_t word[4][RANDOM_STREAMS];
};

struct random_kernels {
    const char *name; /* such as "plain", "avx2" or "avx512" */

    /* Makes `blocks` blocks from `counter` on, each of four words or of four floats in [0,1). Word
     * 0 of the counter must not carry. */
    void (*words)(const uint32_t key[2], const uint32_t counter[4], uint32_t *out, size_t blocks);
    void (*floats)(const uint32_t key[2], const uint32_t counter[4], float *out, size_t blocks);

    /* Makes RANDOM_STREAMS blocks, each from a counter of its own. */
    void (*blocks)(const uint32_t key[2], const struct random_counters *counters, uint32_t *out);

    /* Makes a double in [0,1) of each two words. */
    void (*doubles)(const uint32_t *words, double *out, size_t count);

    /* Makes mean + deviation * z: two numbers of each two words, or of each two u64 of two words.
     */
    void (*normals)(const uint32_t *words, float mean, float deviation, float *out, size_t pairs);
    void (*normals_double)(const uint32_t *words, double mean, double deviation, double *out,
                           size_t pairs);

    /* Adds what normals() makes to other numbers: from + (mean + deviation * z). */
    void (*add_normals)(const uint32_t *words, float mean, float deviation, const float *from,
                        float *out, size_t pairs);

    /* Computes words * n >> 32 for up to `count` words in groups of RANDOM_BELOW_GROUP, until a
     * word has to be rejected. Returns how many words were used. `unfair` is (2^32 - n) mod n. */
    size_t (*below)(const uint32_t *words, uint32_t n, uint32_t unfair, uint32_t *out,
                    size_t count);
};

extern const struct random_kernels random_kernels_plain;
#if defined(__x86_64__)
extern const struct random_kernels random_kernels_avx2, random_kernels_avx512;
#endif

/* Returns the fastest kernels that this CPU runs, or the kernels that were chosen. */
const struct random_kernels *random_kernels_now(void);

/* For tests and measurements. Uses the kernels of this name from now on, the fastest for "".
 * Returns false if there are none of this name or the CPU does not run them. */
bool random_kernels_choose(const char *name);

#endif
