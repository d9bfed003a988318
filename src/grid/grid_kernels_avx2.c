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

#include "grid_kernels_vector.h"

ALWAYS float mapped_one(const struct grid_sheet *sheet, size_t position, float x)
{
    const struct grid_linear *linear = sheet->linear;
    size_t channel = channel_of(sheet, position);
    return (x * linear->factor - linear->mean[channel]) * linear->inverse[channel];
}

/* Sets positions `from` to end - 1 of lines to what zeros are mapped to. The last vector may
 * overlap the vector before it. */
ALWAYS void map_zeros(const struct grid_sheet *sheet, size_t lines, size_t from, size_t end,
                      float *to)
{
    if (end - from < LANES) {
        for (size_t k = from; k < end; k++) {
            float zero = mapped_one(sheet, k, 0);
            for (size_t line = 0; line < lines; line++)
                to[line * sheet->to_step + k] = zero;
        }
        return;
    }
    for (size_t k = from; k < end; k += LANES) {
        if (k + LANES > end) k = end - LANES;
        struct numbers numbers = numbers_at(sheet, k);
        vector zeros = mapped(&numbers, set(0));
        for (size_t line = 0; line < lines; line++)
            store(to + line * sheet->to_step + k, zeros);
    }
}

#define MAP(NAME, C, LOAD)                                                                         \
    /* Maps a vector of each of some lines: elements `at` to at + LANES - 1. */                    \
    ALWAYS void NAME##_column(const struct grid_sheet *sheet, size_t lines, size_t at,             \
                              const char *from, float *to)                                         \
    {                                                                                              \
        struct numbers numbers = numbers_at(sheet, sheet->line.first + at);                        \
        to += sheet->line.first + at;                                                              \
        if (sheet->reversed) {                                                                     \
            from += (sheet->line.count - LANES - at) * sizeof(C);                                  \
            for (size_t i = 0; i < lines; i++, from += sheet->from_step, to += sheet->to_step)     \
                store(to, mapped(&numbers, turn(LOAD((const C *)(const void *)from))));            \
        } else {                                                                                   \
            from += at * sizeof(C);                                                                \
            for (size_t i = 0; i < lines; i++, from += sheet->from_step, to += sheet->to_step)     \
                store(to, mapped(&numbers, LOAD((const C *)(const void *)from)));                  \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    /* Maps lines that have fewer elements than a vector. */                                       \
    static void NAME##_short(const struct grid_sheet *sheet, size_t lines, const char *from,       \
                             float *to)                                                            \
    {                                                                                              \
        size_t first = sheet->line.first, count = sheet->line.count;                               \
        for (; lines; lines--, from += sheet->from_step, to += sheet->to_step)                     \
            for (size_t i = 0; i < count; i++) {                                                   \
                size_t at = sheet->reversed ? count - 1 - i : i;                                   \
                to[first + i] =                                                                    \
                    mapped_one(sheet, first + i, (float)((const C *)(const void *)from)[at]);      \
            }                                                                                      \
    }                                                                                              \
                                                                                                   \
    ALWAYS void NAME##_run(const struct grid_linear *linear, struct run run, bool reversed,        \
                           bool by_element)                                                        \
    {                                                                                              \
        const C *from = (const C *)(const void *)run.from;                                         \
        const size_t step = LANES % linear->channels;                                              \
        size_t done = 0, count = run.count;                                                        \
        for (; done + LANES <= count; done += LANES) {                                             \
            struct numbers numbers = numbers_of(linear, run.channel, by_element);                  \
            vector x = set(0);                                                                     \
            if (from) x = reversed ? turn(LOAD(from + count - done - LANES)) : LOAD(from + done);  \
            store(run.to + done, mapped(&numbers, x));                                             \
            if (by_element) run.channel = next_channel(run.channel, step, linear->channels);       \
        }                                                                                          \
        for (size_t i = done; i < count; i++) {                                                    \
            size_t channel =                                                                       \
                by_element ? (run.channel + i - done) % linear->channels : run.channel;            \
            float x = from ? (float)from[reversed ? count - 1 - i : i] : 0;                        \
            run.to[i] = (x * linear->factor - linear->mean[channel]) * linear->inverse[channel];   \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    MAP_LONG(NAME)                                                                                 \
                                                                                                   \
    static void NAME(const struct grid_sheet *sheet)                                               \
    {                                                                                              \
        size_t size = sheet->line.size, first = sheet->line.first, count = sheet->line.count,      \
               lines = sheet->lines.count;                                                         \
        size_t behind = sheet->lines.size - sheet->lines.first - lines;                            \
        const char *from = sheet->from;                                                            \
        float *to = sheet->to;                                                                     \
        if (is_long(sheet)) {                                                                      \
            NAME##_long(sheet);                                                                    \
            return;                                                                                \
        }                                                                                          \
        map_zeros(sheet, sheet->lines.first, 0, size, to);                                         \
        to += sheet->lines.first * sheet->to_step;                                                 \
        map_zeros(sheet, lines, 0, first, to);                                                     \
        map_zeros(sheet, lines, first + count, size, to);                                          \
        if (count < LANES) NAME##_short(sheet, lines, from, to);                                   \
        for (size_t at = 0; count >= LANES && at < count; at += LANES) {                           \
            if (at + LANES > count) at = count - LANES;                                            \
            NAME##_column(sheet, lines, at, from, to);                                             \
        }                                                                                          \
        map_zeros(sheet, behind, 0, size, to + lines * sheet->to_step);                            \
    }

MAP(map_u8, uint8_t, load_u8)
MAP(map_u16, uint16_t, load_u16)
MAP(map_f32, float, load)

const struct grid_kernels grid_kernels_avx2 = KERNELS("avx2");
#endif
