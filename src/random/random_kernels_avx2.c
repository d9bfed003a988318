/* Four counters side by side in each vector, compiled with AVX2. Each 32-bit word has a 64-bit
 * lane, whose upper half is never cleared because the widening multiplication ignores it. Lanes
 * hold the counters in the order 0 2 1 3, which the last unpacking undoes. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LANES = 4,
    GROUPS = 5
}; /* counters of a vector, and vectors that are computed at the same time */

typedef __m256i vector;

struct lanes {
    vector word[4];
};

static inline __attribute__((always_inline)) vector set(uint32_t word)
{
    return _mm256_set1_epi64x(word);
}

static inline __attribute__((always_inline)) vector add(vector a, vector b)
{
    return _mm256_add_epi32(a, b);
}

static inline __attribute__((always_inline)) vector first_counters(void)
{
    return _mm256_setr_epi64x(0, 2, 1, 3);
}

static inline __attribute__((always_inline)) vector spread(const uint32_t *words)
{
    enum {
        ORDER = 0xD8
    }; /* 0 2 1 3 */
    __m128i together = _mm_loadu_si128((const __m128i *)(const void *)words);
    return _mm256_permute4x64_epi64(_mm256_cvtepu32_epi64(together), ORDER);
}

static inline __attribute__((always_inline)) void run_round(struct lanes *lanes, vector key0,
                                                            vector key1)
{
    vector product0 = _mm256_mul_epu32(lanes->word[0], _mm256_set1_epi64x(0xD2511F53));
    vector product1 = _mm256_mul_epu32(lanes->word[2], _mm256_set1_epi64x(0xCD9E8D57));
    vector high0 = _mm256_srli_epi64(product0, 32), high1 = _mm256_srli_epi64(product1, 32);
    lanes->word[0] = _mm256_xor_si256(high1, _mm256_xor_si256(lanes->word[1], key0));
    lanes->word[2] = _mm256_xor_si256(high0, _mm256_xor_si256(lanes->word[3], key1));
    lanes->word[1] = product1;
    lanes->word[3] = product0;
}

/* Unpacks four blocks in order into two vectors of 8 words. */
static inline __attribute__((always_inline)) void unpack(const struct lanes *lanes, vector words[2])
{
    vector low = _mm256_blend_epi32(lanes->word[0], _mm256_slli_epi64(lanes->word[1], 32), 0xAA);
    vector high = _mm256_blend_epi32(lanes->word[2], _mm256_slli_epi64(lanes->word[3], 32), 0xAA);
    words[0] = _mm256_unpacklo_epi64(low, high);
    words[1] = _mm256_unpackhi_epi64(low, high);
}

static inline __attribute__((always_inline)) void store(char *to, vector words)
{
    _mm256_storeu_si256((__m256i *)(void *)to, words);
}

static inline __attribute__((always_inline)) vector finish(vector words, int as_floats)
{
    if (!as_floats) return words;
    __m256 floats = _mm256_cvtepi32_ps(_mm256_srli_epi32(words, 8));
    return _mm256_castps_si256(_mm256_mul_ps(floats, _mm256_set1_ps(0x1p-24f)));
}

#include "random_kernels_vector.h"

#include "random_kernels_body.h"

const struct random_kernels random_kernels_avx2 = KERNELS("avx2");
#endif
