/* Sixteen floats in each vector, compiled with AVX-512 F, BW, DQ and VL. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LANES = 16
};

typedef __m512 vector;

static inline __attribute__((always_inline)) vector set(float x)
{
    return _mm512_set1_ps(x);
}

static inline __attribute__((always_inline)) vector load(const float *from)
{
    return _mm512_loadu_ps(from);
}

static inline __attribute__((always_inline)) void store(float *to, vector x)
{
    _mm512_storeu_ps(to, x);
}

static inline __attribute__((always_inline)) vector load_u8(const uint8_t *from)
{
    return _mm512_cvtepi32_ps(
        _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from)));
}

static inline __attribute__((always_inline)) vector load_u16(const uint16_t *from)
{
    return _mm512_cvtepi32_ps(
        _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)from)));
}

static inline __attribute__((always_inline)) vector turn(vector x)
{
    const __m512i order = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_permutexvar_ps(order, x);
}

static inline __attribute__((always_inline)) vector subtract(vector a, vector b)
{
    return _mm512_sub_ps(a, b);
}

static inline __attribute__((always_inline)) vector multiply(vector a, vector b)
{
    return _mm512_mul_ps(a, b);
}

#include "augment_kernels_vector.h"

const struct augment_kernels augment_kernels_avx512 = KERNELS("avx512");
#endif
