/* Pixels of three bytes to planes and back on x86, 16 at a time: three vectors of 16 bytes hold
 * them. Each channel is gathered from the three vectors by shuffles, and scattered alike. Compiled
 * for AVX2 and what has it. */
#include <immintrin.h>

/* In channel c, pixel p is byte 3 p + c of the 48. */
#define FROM(v, c, p)                                                                              \
    (3 * (p) + (c) >= 16 * (v) && 3 * (p) + (c) < 16 * (v) + 16 ? 3 * (p) + (c)-16 * (v) : -1)
#define GATHER(v, c)                                                                               \
    _mm_setr_epi8(FROM(v, c, 0), FROM(v, c, 1), FROM(v, c, 2), FROM(v, c, 3), FROM(v, c, 4),       \
                  FROM(v, c, 5), FROM(v, c, 6), FROM(v, c, 7), FROM(v, c, 8), FROM(v, c, 9),       \
                  FROM(v, c, 10), FROM(v, c, 11), FROM(v, c, 12), FROM(v, c, 13), FROM(v, c, 14),  \
                  FROM(v, c, 15))

/* Byte b of vector v is of channel (16 v + b) mod 3. */
#define OF(v, c, b) ((16 * (v) + (b)) % 3 == (c) ? (16 * (v) + (b)) / 3 : -1)
#define SCATTER(v, c)                                                                              \
    _mm_setr_epi8(OF(v, c, 0), OF(v, c, 1), OF(v, c, 2), OF(v, c, 3), OF(v, c, 4), OF(v, c, 5),    \
                  OF(v, c, 6), OF(v, c, 7), OF(v, c, 8), OF(v, c, 9), OF(v, c, 10), OF(v, c, 11),  \
                  OF(v, c, 12), OF(v, c, 13), OF(v, c, 14), OF(v, c, 15))

#define THREE(mask, at, a, b, c)                                                                   \
    _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(a, mask(at, 0)), _mm_shuffle_epi8(b, mask(at, 1))), \
                 _mm_shuffle_epi8(c, mask(at, 2)))
#define GATHER_OF(c, v)  GATHER(v, c)
#define SCATTER_OF(v, c) SCATTER(v, c)

static inline void store_as_floats(__m128i bytes, float *to)
{
    __m256i low = _mm256_cvtepu8_epi32(bytes),
            high = _mm256_cvtepu8_epi32(_mm_unpackhi_epi64(bytes, bytes));
    _mm256_storeu_ps(to, _mm256_cvtepi32_ps(low));
    _mm256_storeu_ps(to + 8, _mm256_cvtepi32_ps(high));
}

/* Converts the whole numbers of 16 pixels to bytes, which they fit. Packing takes halves of its
 * vectors in turn, which the last shuffle undoes. */
static inline __m128i load_as_bytes(const float *from)
{
    __m256i low = _mm256_cvttps_epi32(_mm256_loadu_ps(from)),
            high = _mm256_cvttps_epi32(_mm256_loadu_ps(from + 8));
    __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xD8);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/* Return how many pixels they have converted: a multiple of 16. */
static size_t load_byte_pixels(const uint8_t *from, size_t count, struct grid_planes *planes)
{
    size_t i = 0;
    for (; i + 16 <= count; i += 16, from += 48) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)from);
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(from + 16));
        __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(from + 32));
        store_as_floats(THREE(GATHER_OF, 0, a, b, c), planes->channel[0] + i);
        store_as_floats(THREE(GATHER_OF, 1, a, b, c), planes->channel[1] + i);
        store_as_floats(THREE(GATHER_OF, 2, a, b, c), planes->channel[2] + i);
    }
    return i;
}

static size_t store_byte_pixels(const struct grid_planes *planes, size_t count, uint8_t *to)
{
    size_t i = 0;
    for (; i + 16 <= count; i += 16, to += 48) {
        __m128i r = load_as_bytes(planes->channel[0] + i);
        __m128i g = load_as_bytes(planes->channel[1] + i);
        __m128i b = load_as_bytes(planes->channel[2] + i);
        _mm_storeu_si128((__m128i *)(void *)to, THREE(SCATTER_OF, 0, r, g, b));
        _mm_storeu_si128((__m128i *)(void *)(to + 16), THREE(SCATTER_OF, 1, r, g, b));
        _mm_storeu_si128((__m128i *)(void *)(to + 32), THREE(SCATTER_OF, 2, r, g, b));
    }
    return i;
}
