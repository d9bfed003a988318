/* Kernels compiled with AVX2. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "grid_sample_body.h"

/* Rounds 8 reals half to even and clamps them to bytes, each in 32 bits. */
static inline __m256i rounded_bytes(const float *from)
{
    __m256 reals = _mm256_max_ps(_mm256_loadu_ps(from), _mm256_setzero_ps());
    return _mm256_cvtps_epi32(_mm256_min_ps(reals, _mm256_set1_ps(255)));
}

static void round_bytes(const void *real, size_t count, void *to)
{
    const float *from = real;
    uint8_t *element = to;
    size_t e = 0;
    for (; e + 32 <= count; e += 32) {
        __m256i a = _mm256_packus_epi32(rounded_bytes(from + e), rounded_bytes(from + e + 8));
        __m256i b = _mm256_packus_epi32(rounded_bytes(from + e + 16), rounded_bytes(from + e + 24));
        const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
        __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(a, b), order);
        _mm256_storeu_si256((__m256i *)(void *)(element + e), bytes);
    }
    round_u8(from + e, count - e, element + e);
}

/* Two neighbouring pixels of three bytes for each of 8 places: `low` has the three bytes of the
 * left one and the first of the right one, `high` the other two. */
struct two_pixels {
    __m256i low, high;
};

static inline struct two_pixels gather(const uint8_t *plane, __m256i at)
{
    const long long *from = (const void *)plane;
    __m256 first = _mm256_castsi256_ps(_mm256_i32gather_epi64(from, _mm256_castsi256_si128(at), 1));
    __m256 second =
        _mm256_castsi256_ps(_mm256_i32gather_epi64(from, _mm256_extracti128_si256(at, 1), 1));
    /* lanes 0 1 4 5 2 3 6 7; in_order() brings the results into order */
    return (struct two_pixels){_mm256_castps_si256(_mm256_shuffle_ps(first, second, 0x88)),
                               _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0xdd))};
}

static inline __m256i in_order(__m256i lanes)
{
    return _mm256_permutevar8x32_epi32(lanes, _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7));
}

/* Byte number `byte` of each lane, as a float. */
static inline __m256 byte_of(__m256i lanes, int byte)
{
    __m256i moved = _mm256_srl_epi32(lanes, _mm_cvtsi32_si128(8 * byte));
    return _mm256_cvtepi32_ps(_mm256_and_si256(moved, _mm256_set1_epi32(0xff)));
}

static inline __m256 channel_between(const struct two_pixels *pixels, int channel, __m256 right)
{
    __m256 a = byte_of(pixels->low, channel);
    __m256 b = channel ? byte_of(pixels->high, channel - 1) : byte_of(pixels->low, 3);
    return _mm256_add_ps(a, _mm256_mul_ps(right, _mm256_sub_ps(b, a)));
}

/* Computes 8 pixels of three bytes, and writes 24 bytes. */
static inline void between_8(const struct grid_spots *spots, size_t i, const uint8_t *plane,
                             size_t line, uint8_t *to)
{
    __m256i at = _mm256_loadu_si256((const __m256i *)(const void *)(spots->at + i));
    struct two_pixels above = gather(plane, at), below = gather(plane + line, at);
    __m256i pixels = _mm256_setzero_si256();
    __m256 right = _mm256_castsi256_ps(
        in_order(_mm256_loadu_si256((const __m256i *)(const void *)(spots->right + i))));
    __m256 down = _mm256_castsi256_ps(
        in_order(_mm256_loadu_si256((const __m256i *)(const void *)(spots->down + i))));
    for (int channel = 0; channel < 3; channel++) {
        __m256 upper = channel_between(&above, channel, right);
        __m256 lower = channel_between(&below, channel, right);
        __m256 sum = _mm256_add_ps(upper, _mm256_mul_ps(down, _mm256_sub_ps(lower, upper)));
        __m256i whole = _mm256_cvtps_epi32(sum);
        pixels = _mm256_or_si256(pixels, _mm256_sll_epi32(whole, _mm_cvtsi32_si128(8 * channel)));
    }
    const __m128i tight = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    pixels = _mm256_shuffle_epi8(in_order(pixels), _mm256_broadcastsi128_si256(tight));
    pixels = _mm256_permutevar8x32_epi32(pixels, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm_storeu_si128((__m128i *)(void *)to, _mm256_castsi256_si128(pixels));
    _mm_storel_epi64((__m128i *)(void *)(to + 16), _mm256_extracti128_si256(pixels, 1));
}

static void between_bytes(const struct grid_spots *spots, const void *plane, size_t width,
                          size_t inner, size_t count, void *to)
{
    if (inner != 3 || count < 8) {
        between_u8(spots, plane, width, inner, count, to);
        return;
    }
    for (size_t i = 0; i + 8 < count; i += 8)
        between_8(spots, i, plane, 3 * width, (uint8_t *)to + 3 * i);
    between_8(spots, count - 8, plane, 3 * width, (uint8_t *)to + 3 * (count - 8));
}

#define lines_bytes  lines_u8
#define across_row   across_floats
#define lanes_finder NULL

const struct grid_sample_kernels grid_sample_kernels_avx2 = KERNELS("avx2");
#endif
