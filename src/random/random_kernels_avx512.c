/* Eight counters side by side in each vector, compiled with AVX-512 F, BW, DQ and VL. Each 32-bit
 * word has a 64-bit lane, whose upper half is never cleared because the widening multiplication
 * ignores it. Lanes hold the counters in the order 0 4 1 5 2 6 3 7, which the last unpacking
 * undoes. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LANES = 8,
    GROUPS = 6
}; /* counters of a vector, and vectors that are computed at the same time */

typedef __m512i vector;

struct lanes {
    vector word[4];
};

static inline __attribute__((always_inline)) vector set(uint32_t word)
{
    return _mm512_set1_epi64(word);
}

static inline __attribute__((always_inline)) vector add(vector a, vector b)
{
    return _mm512_add_epi32(a, b);
}

static inline __attribute__((always_inline)) vector first_counters(void)
{
    return _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
}

static inline __attribute__((always_inline)) vector spread(const uint32_t *words)
{
    const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i together = _mm256_loadu_si256((const __m256i *)(const void *)words);
    return _mm512_permutexvar_epi64(order, _mm512_cvtepu32_epi64(together));
}

static inline __attribute__((always_inline)) void run_round(struct lanes *lanes, vector key0,
                                                            vector key1)
{
    enum {
        XOR3 = 0x96
    }; /* the truth table of a ^ b ^ c */
    vector product0 = _mm512_mul_epu32(lanes->word[0], _mm512_set1_epi64(0xD2511F53));
    vector product1 = _mm512_mul_epu32(lanes->word[2], _mm512_set1_epi64(0xCD9E8D57));
    vector high0 = _mm512_srli_epi64(product0, 32), high1 = _mm512_srli_epi64(product1, 32);
    lanes->word[0] = _mm512_ternarylogic_epi64(high1, lanes->word[1], key0, XOR3);
    lanes->word[2] = _mm512_ternarylogic_epi64(high0, lanes->word[3], key1, XOR3);
    lanes->word[1] = product1;
    lanes->word[3] = product0;
}

/* Unpacks eight blocks in order into two vectors of 16 words. */
static inline __attribute__((always_inline)) void unpack(const struct lanes *lanes, vector words[2])
{
    const __mmask16 odd = 0xAAAA;
    vector low = _mm512_mask_shuffle_epi32(lanes->word[0], odd, lanes->word[1], _MM_PERM_CCAA);
    vector high = _mm512_mask_shuffle_epi32(lanes->word[2], odd, lanes->word[3], _MM_PERM_CCAA);
    words[0] = _mm512_unpacklo_epi64(low, high);
    words[1] = _mm512_unpackhi_epi64(low, high);
}

static inline __attribute__((always_inline)) void store(char *to, vector words)
{
    _mm512_storeu_si512(to, words);
}

static inline __attribute__((always_inline)) vector finish(vector words, int as_floats)
{
    if (!as_floats) return words;
    __m512 floats = _mm512_cvtepi32_ps(_mm512_srli_epi32(words, 8));
    return _mm512_castps_si512(_mm512_mul_ps(floats, _mm512_set1_ps(0x1p-24f)));
}

#include "random_kernels_vector.h"

#include "random_kernels_body.h"

const struct random_kernels random_kernels_avx512 = KERNELS("avx512");
#endif
