/* Eight floats in each vector, compiled with AVX2. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LANES = 8
};

typedef __m256 vector;

static inline __attribute__((always_inline)) vector set(float x)
{
    return _mm256_set1_ps(x);
}

static inline __attribute__((always_inline)) vector load(const float *from)
{
    return _mm256_loadu_ps(from);
}

static inline __attribute__((always_inline)) void store(float *to, vector x)
{
    _mm256_storeu_ps(to, x);
}

static inline __attribute__((always_inline)) vector load_u8(const uint8_t *from)
{
    return _mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from)));
}

static inline __attribute__((always_inline)) vector load_u16(const uint16_t *from)
{
    return _mm256_cvtepi32_ps(
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from)));
}

static inline __attribute__((always_inline)) vector turn(vector x)
{
    const __m256i order = _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    return _mm256_permutevar8x32_ps(x, order);
}

static inline __attribute__((always_inline)) vector subtract(vector a, vector b)
{
    return _mm256_sub_ps(a, b);
}

static inline __attribute__((always_inline)) vector multiply(vector a, vector b)
{
    return _mm256_mul_ps(a, b);
}

#include "augment_kernels_vector.h"

const struct augment_kernels augment_kernels_avx2 = KERNELS("avx2");
#endif
