/* Sixteen floats in each vector, compiled with AVX-512 F, BW, DQ and VL. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
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

static inline __attribute__((always_inline)) vector subtract(vector a, vector b)
{
    return _mm512_sub_ps(a, b);
}

static inline __attribute__((always_inline)) vector multiply(vector a, vector b)
{
    return _mm512_mul_ps(a, b);
}

#include "grid_kernels_vector.h"

/* ---- Elements of the lanes of a mask, as floats; the others become 0. */

ALWAYS vector load_u8(__mmask16 mask, const char *from)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, from)));
}

ALWAYS vector load_u16(__mmask16 mask, const char *from)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from)));
}

ALWAYS vector load_f32(__mmask16 mask, const char *from)
{
    return _mm512_maskz_loadu_ps(mask, from);
}

ALWAYS vector turn(vector x)
{
    const __m512i order = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_permutexvar_ps(order, x);
}

/* ---- Columns: a vector of each line. The loops do not depend on how much of the sheet shows
 * zeros, so that the processor foresees their ends. */

/* The lanes low to high - 1. */
ALWAYS __mmask16 lanes_of(ptrdiff_t low, ptrdiff_t high)
{
    low = low < 0 ? 0 : low > LANES ? LANES : low;
    high = high < low ? low : high > LANES ? LANES : high;
    return (__mmask16)((1U << high) - (1U << low));
}

/* A vector of each line, at the same positions. */
struct column {
    __mmask16 shown;  /* lanes in memory that have elements of the line */
    __mmask16 stored; /* lanes that are stored */
    ptrdiff_t offset; /* elements from the beginning of the line to lane 0 in memory */
    struct numbers numbers;
};

ALWAYS struct column column_at(const struct grid_sheet *sheet, size_t position)
{
    ptrdiff_t before = (ptrdiff_t)sheet->line.first - (ptrdiff_t)position;
    ptrdiff_t end = before + (ptrdiff_t)sheet->line.count;
    struct column column = {.shown = lanes_of(before, end),
                            .stored = lanes_of(0, (ptrdiff_t)(sheet->line.size - position)),
                            .offset = -before,
                            .numbers = numbers_at(sheet, position)};
    if (sheet->reversed) {
        column.shown = lanes_of(LANES - end, LANES - before);
        column.offset = end - LANES;
    }
    return column;
}

/* The columns of two neighbouring vectors are mapped together, so that lines are written from left
 * to right. */
#define MAP(NAME, C, LOAD)                                                                         \
    ALWAYS void NAME##_vector(const struct column *column, uintptr_t from, bool is_shown,          \
                              bool reversed, float *to)                                            \
    {                                                                                              \
        from += (uintptr_t)(column->offset * (ptrdiff_t)sizeof(C));                                \
        vector x = LOAD(is_shown ? column->shown : 0, (const char *)from);                         \
        x = mapped(&column->numbers, reversed ? turn(x) : x);                                      \
        _mm512_mask_storeu_ps(to, column->stored, x);                                              \
    }                                                                                              \
                                                                                                   \
    ALWAYS void NAME##_run(const struct grid_linear *linear, struct run run, bool reversed,        \
                           bool by_element)                                                        \
    {                                                                                              \
        const size_t step = LANES % linear->channels;                                              \
        ptrdiff_t left = (ptrdiff_t)run.count;                                                     \
        struct column column = {.shown = lanes_of(0, LANES), .stored = lanes_of(0, LANES)};        \
        for (; left > 0; left -= LANES, run.to += LANES) {                                         \
            if (left < LANES) {                                                                    \
                column.stored = lanes_of(0, left);                                                 \
                column.shown = reversed ? lanes_of(LANES - left, LANES) : column.stored;           \
            }                                                                                      \
            column.offset = reversed ? left - LANES : (ptrdiff_t)run.count - left;                 \
            column.numbers = numbers_of(linear, run.channel, by_element);                          \
            NAME##_vector(&column, (uintptr_t)run.from, run.from != NULL, reversed, run.to);       \
            if (by_element) run.channel = next_channel(run.channel, step, linear->channels);       \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    MAP_LONG(NAME)                                                                                 \
                                                                                                   \
    ALWAYS void NAME##_columns(const struct grid_sheet *sheet, size_t position, bool reversed,     \
                               bool two)                                                           \
    {                                                                                              \
        const struct column left = column_at(sheet, position),                                     \
                            right = column_at(sheet, position + (two ? LANES : 0));                \
        const size_t lines = sheet->lines.size, shown = sheet->lines.count,                        \
                     to_step = sheet->to_step;                                                     \
        const uintptr_t step = (uintptr_t)sheet->from_step;                                        \
        float *to = sheet->to + position;                                                          \
        size_t y = 0 - sheet->lines.first; /* wraps above the lines that are shown */              \
        uintptr_t from = (uintptr_t)sheet->from + y * step;                                        \
        for (size_t i = 0; i < lines; i++) {                                                       \
            NAME##_vector(&left, from, y < shown, reversed, to);                                   \
            if (two) NAME##_vector(&right, from, y < shown, reversed, to + LANES);                 \
            from += step;                                                                          \
            to += to_step;                                                                         \
            y++;                                                                                   \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    ALWAYS void NAME##_short(const struct grid_sheet *sheet, bool reversed)                        \
    {                                                                                              \
        size_t position = 0, size = sheet->line.size;                                              \
        for (; position + LANES < size; position += (size_t)2 * LANES)                             \
            NAME##_columns(sheet, position, reversed, true);                                       \
        if (position < size) NAME##_columns(sheet, position, reversed, false);                     \
    }                                                                                              \
                                                                                                   \
    static void NAME(const struct grid_sheet *sheet)                                               \
    {                                                                                              \
        if (is_long(sheet))                                                                        \
            NAME##_long(sheet);                                                                    \
        else if (sheet->reversed)                                                                  \
            NAME##_short(sheet, true);                                                             \
        else                                                                                       \
            NAME##_short(sheet, false);                                                            \
    }

MAP(map_u8, uint8_t, load_u8)
MAP(map_u16, uint16_t, load_u16)
MAP(map_f32, float, load_f32)

const struct grid_kernels grid_kernels_avx512 = KERNELS("avx512");
#endif
