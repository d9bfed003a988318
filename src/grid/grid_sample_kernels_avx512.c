/* Kernels compiled with AVX-512. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "grid_sample_body.h"

/* Rounds 16 reals half to even and clamps them to bytes. */
static inline __m128i bytes_of(__m512 reals)
{
    __m512 positive = _mm512_max_ps(reals, _mm512_setzero_ps());
    return _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(_mm512_min_ps(positive, _mm512_set1_ps(255))));
}

static void round_bytes(const void *real, size_t count, void *to)
{
    const float *from = real;
    uint8_t *element = to;
    size_t e = 0;
    for (; e + 16 <= count; e += 16)
        _mm_storeu_si128((__m128i *)(void *)(element + e), bytes_of(_mm512_loadu_ps(from + e)));
    round_u8(from + e, count - e, element + e);
}

/* ---- Sums of lines of bytes. */

/* Elements of the lanes of a mask, as floats; the others become 0. */
static inline __m512 floats_of(__mmask16 mask, const void *from)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, from)));
}

/* Sums a few lines. Their ends are summed in a part of a vector, not one by one. Always inline, so
 * that the number of lines is known. */
static inline __attribute__((always_inline)) void
sum_bytes(const void *const *line, const float *by, size_t taps, size_t count, float *to)
{
    __mmask16 mask = 0xffff;
    for (size_t at = 0; at < count; at += 16) {
        if (at + 16 > count) mask = (__mmask16)((1U << (count - at)) - 1);
        __m512 sum = _mm512_setzero_ps();
        for (size_t k = 0; k < taps; k++) {
            __m512 product = _mm512_mul_ps(_mm512_set1_ps(by[k]),
                                           floats_of(mask, (const uint8_t *)line[k] + at));
            sum = k ? _mm512_add_ps(sum, product) : product;
        }
        _mm512_mask_storeu_ps(to + at, mask, sum);
    }
}

static void lines_of_bytes(const void *const *line, const void *weight, size_t taps, size_t count,
                           void *sum)
{
    if (taps == 2)
        sum_bytes(line, weight, 2, count, sum);
    else if (taps == 3)
        sum_bytes(line, weight, 3, count, sum);
    else
        lines_u8(line, weight, taps, count, sum);
}

/* ---- Pixels between others. */

/* Two neighbouring pixels of three bytes for each of 16 places: `low` has the three bytes of the
 * left one and the first of the right one, `high` the other two. */
struct two_pixels {
    __m512i low, high;
};

static inline struct two_pixels gather(const uint8_t *plane, __m512i at)
{
    const long long *from = (const void *)plane;
    __m512i first = _mm512_i32gather_epi64(_mm512_castsi512_si256(at), from, 1);
    __m512i second = _mm512_i32gather_epi64(_mm512_extracti64x4_epi64(at, 1), from, 1);
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd =
        _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return (struct two_pixels){_mm512_permutex2var_epi32(first, even, second),
                               _mm512_permutex2var_epi32(first, odd, second)};
}

/* Byte number `byte` of each lane, as a float. */
static inline __m512 byte_of(__m512i lanes, int byte)
{
    __m512i moved = _mm512_srl_epi32(lanes, _mm_cvtsi32_si128(8 * byte));
    return _mm512_cvtepi32_ps(_mm512_and_si512(moved, _mm512_set1_epi32(0xff)));
}

static inline __m512 channel_between(const struct two_pixels *pixels, int channel, __m512 right)
{
    __m512 a = byte_of(pixels->low, channel);
    __m512 b = channel ? byte_of(pixels->high, channel - 1) : byte_of(pixels->low, 3);
    return _mm512_add_ps(a, _mm512_mul_ps(right, _mm512_sub_ps(b, a)));
}

/* Computes 16 pixels of three bytes, and writes 48 bytes. */
static inline void between_16(const struct grid_spots *spots, size_t i, const uint8_t *plane,
                              size_t line, uint8_t *to)
{
    __m512i at = _mm512_loadu_si512(spots->at + i), pixels = _mm512_setzero_si512();
    __m512 right = _mm512_loadu_ps(spots->right + i), down = _mm512_loadu_ps(spots->down + i);
    struct two_pixels above = gather(plane, at), below = gather(plane + line, at);
    for (int channel = 0; channel < 3; channel++) {
        __m512 upper = channel_between(&above, channel, right);
        __m512 lower = channel_between(&below, channel, right);
        __m512 sum = _mm512_add_ps(upper, _mm512_mul_ps(down, _mm512_sub_ps(lower, upper)));
        __m512i whole = _mm512_cvtps_epi32(sum);
        pixels = _mm512_or_si512(pixels, _mm512_sll_epi32(whole, _mm_cvtsi32_si128(8 * channel)));
    }
    const __m512i tight = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m512i closed = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    pixels = _mm512_permutexvar_epi32(closed, _mm512_shuffle_epi8(pixels, tight));
    _mm512_mask_storeu_epi32(to, 0x0fff, pixels);
}

static void between_bytes(const struct grid_spots *spots, const void *plane, size_t width,
                          size_t inner, size_t count, void *to)
{
    if (inner != 3 || count < 16) {
        between_u8(spots, plane, width, inner, count, to);
        return;
    }
    for (size_t i = 0; i + 16 < count; i += 16)
        between_16(spots, i, plane, 3 * width, (uint8_t *)to + 3 * i);
    between_16(spots, count - 16, plane, 3 * width, (uint8_t *)to + 3 * (count - 16));
}

/* ---- Rows of floats, 16 floats at a time. */

static bool find_lanes(const struct grid_taps *taps, size_t inner, struct grid_lanes *lanes)
{
    size_t count = taps->size * inner;
    for (size_t begin = 0; begin < count; begin += GRID_SAMPLE_LANES, lanes++) {
        memset(lanes, 0, sizeof *lanes);
        lanes->from = (uint32_t)(taps->first[begin / inner] * inner);
        for (size_t i = 0; i < GRID_SAMPLE_LANES && begin + i < count; i++) {
            size_t pixel = (begin + i) / inner, channel = (begin + i) % inner;
            size_t index = taps->first[pixel] * inner + channel - lanes->from;
            if (index / 2 >= GRID_SAMPLE_LANES) return false;
            lanes->index[i] = (int32_t)index;
            for (size_t k = 0; k < taps->same; k++)
                lanes->weight[k][i] = ((const float *)taps->weight)[pixel * taps->most + k];
        }
    }
    return true;
}

/* Always inline, so that the number of taps is known. */
static inline __attribute__((always_inline)) void
across_lanes(const float *row, const struct grid_taps *taps, size_t same, size_t inner, float *to)
{
    const struct grid_lanes *lanes = taps->lanes;
    const size_t count = taps->size * inner;
    for (size_t begin = 0; begin < count; begin += GRID_SAMPLE_LANES, lanes++) {
        const float *from = row + lanes->from;
        __m512i index = _mm512_loadu_si512(lanes->index);
        __m512 sum = _mm512_setzero_ps();
        for (size_t k = 0; k < same; k++, from += inner) {
            __m512 some = _mm512_permutex2var_ps(_mm512_loadu_ps(from), index,
                                                 _mm512_loadu_ps(from + GRID_SAMPLE_LANES));
            __m512 product = _mm512_mul_ps(_mm512_loadu_ps(lanes->weight[k]), some);
            sum = k ? _mm512_add_ps(sum, product) : product;
        }
        _mm512_storeu_ps(to + begin, sum);
    }
}

static void across_row(const void *row, const struct grid_taps *taps, size_t inner, void *to)
{
    if (!taps->lanes)
        across_floats(row, taps, inner, to);
    else if (taps->same == 2)
        across_lanes(row, taps, 2, inner, to);
    else if (taps->same == 3)
        across_lanes(row, taps, 3, inner, to);
    else
        across_lanes(row, taps, taps->same, inner, to);
}

#define lines_bytes  lines_of_bytes
#define lanes_finder find_lanes

const struct grid_sample_kernels grid_sample_kernels_avx512 = KERNELS("avx512");
#endif
