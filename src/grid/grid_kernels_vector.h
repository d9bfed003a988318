/* Kernels on vectors: the part that does not depend on their size. A file of kernels defines
 *
 *     vector                     a vector of floats
 *     set(), load()              a float in each lane, and floats in memory
 *     subtract(), multiply()     each rounded
 *
 * and then includes this file, and defines the maps. */
#include <string.h>

#include "grid_kernels.h"

#define ALWAYS static inline __attribute__((always_inline))

/* Returns true if a sheet's lines are mapped one after the other, so that memory is written in its
 * order: if they are long, or if there is only one. Short lines are mapped together, a vector of
 * each. */
ALWAYS bool is_long(const struct grid_sheet *sheet)
{
    enum {
        SHORT = 256 /* floats */
    };
    return sheet->line.size > SHORT || sheet->lines.size == 1;
}

/* The numbers of the vector that begins at a position of a line. */
struct numbers {
    vector factor, mean, inverse;
};

ALWAYS size_t channel_of(const struct grid_sheet *sheet, size_t position)
{
    if (!sheet->by_element) return sheet->channel;
    return (sheet->channel + position) % sheet->linear->channels;
}

/* The numbers of a vector whose first element has a channel. */
ALWAYS struct numbers numbers_of(const struct grid_linear *linear, size_t channel, bool by_element)
{
    struct numbers numbers = {.factor = set(linear->factor)};
    if (by_element) {
        numbers.mean = load(linear->mean + channel);
        numbers.inverse = load(linear->inverse + channel);
    } else {
        numbers.mean = set(linear->mean[channel]);
        numbers.inverse = set(linear->inverse[channel]);
    }
    return numbers;
}

ALWAYS struct numbers numbers_at(const struct grid_sheet *sheet, size_t position)
{
    return numbers_of(sheet->linear, channel_of(sheet, position), sheet->by_element);
}

ALWAYS vector mapped(const struct numbers *numbers, vector x)
{
    return multiply(subtract(multiply(x, numbers->factor), numbers->mean), numbers->inverse);
}

/* ---- Long lines. */

/* Neighbouring elements of a line. */
struct run {
    size_t channel; /* of the first element */
    size_t count;
    const char *from; /* the elements as they lie in memory; NULL: zeros */
    float *to;
};

/* Returns the channel of the element LANES behind an element of `channel`, without a division.
 * `step` is LANES modulo the number of channels. */
ALWAYS size_t next_channel(size_t channel, size_t step, size_t channels)
{
    channel += step;
    return channel < channels ? channel : channel - channels;
}

/* Maps long lines by NAME_run(), which a file of kernels defines: zeros, then elements, then zeros.
 * NAME_run() is always inline, so that the compiler knows the flags of a sheet. */
#define MAP_LONG(NAME)                                                                             \
    ALWAYS void NAME##_lines(const struct grid_sheet *sheet, bool reversed, bool by_element)       \
    {                                                                                              \
        const struct grid_part *line = &sheet->line;                                               \
        const char *from = sheet->from;                                                            \
        float *to = sheet->to;                                                                     \
        size_t end = line->first + line->count;                                                    \
        struct run before = {channel_of(sheet, 0), line->first, NULL, NULL},                       \
                   shown = {channel_of(sheet, line->first), line->count, NULL, NULL},              \
                   behind = {channel_of(sheet, end), line->size - end, NULL, NULL},                \
                   all = {before.channel, line->size, NULL, NULL};                                 \
        for (size_t y = 0; y < sheet->lines.size; y++, to += sheet->to_step) {                     \
            if (y - sheet->lines.first >= sheet->lines.count) {                                    \
                all.to = to;                                                                       \
                NAME##_run(sheet->linear, all, reversed, by_element);                              \
                continue;                                                                          \
            }                                                                                      \
            before.to = to;                                                                        \
            shown.from = from;                                                                     \
            shown.to = to + line->first;                                                           \
            behind.to = to + end;                                                                  \
            NAME##_run(sheet->linear, before, reversed, by_element);                               \
            NAME##_run(sheet->linear, shown, reversed, by_element);                                \
            NAME##_run(sheet->linear, behind, reversed, by_element);                               \
            from += sheet->from_step;                                                              \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void NAME##_long(const struct grid_sheet *sheet)                                        \
    {                                                                                              \
        if (sheet->reversed && sheet->by_element)                                                  \
            NAME##_lines(sheet, true, true);                                                       \
        else if (sheet->reversed)                                                                  \
            NAME##_lines(sheet, true, false);                                                      \
        else if (sheet->by_element)                                                                \
            NAME##_lines(sheet, false, true);                                                      \
        else                                                                                       \
            NAME##_lines(sheet, false, false);                                                     \
    }

/* ---- Bytes, 16 at a time. */

enum {
    NO = 0x80 /* a byte that becomes 0 */
};

/* The shuffles that reverse the whole elements of 1 to 8 bytes at the end of 16 bytes. */
static const uint8_t reversing[9][16] = {
    {NO},
    {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
    {14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1},
    {13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, NO},
    {12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3},
    {11, 12, 13, 14, 15, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, NO},
    {10, 11, 12, 13, 14, 15, 4, 5, 6, 7, 8, 9, NO, NO, NO, NO},
    {9, 10, 11, 12, 13, 14, 15, 2, 3, 4, 5, 6, 7, 8, NO, NO},
    {8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7},
};

/* The shuffles that take byte 3 * i + c out of three vectors. */
static const uint8_t third[3][3][16] = {
    {{0, 3, 6, 9, 12, 15, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
     {NO, NO, NO, NO, NO, NO, 2, 5, 8, 11, 14, NO, NO, NO, NO, NO},
     {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 1, 4, 7, 10, 13}},
    {{1, 4, 7, 10, 13, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
     {NO, NO, NO, NO, NO, 0, 3, 6, 9, 12, 15, NO, NO, NO, NO, NO},
     {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 2, 5, 8, 11, 14}},
    {{2, 5, 8, 11, 14, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
     {NO, NO, NO, NO, NO, 1, 4, 7, 10, 13, NO, NO, NO, NO, NO, NO},
     {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 0, 3, 6, 9, 12, 15}},
};

ALWAYS __m128i load_bytes(const void *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

ALWAYS void store_bytes(void *to, __m128i bytes)
{
    _mm_storeu_si128((__m128i *)to, bytes);
}

#define REVERSE(SIZE)                                                                              \
    case SIZE:                                                                                     \
        for (; done < count; done++)                                                               \
            memcpy(to + done * (SIZE), from + (count - 1 - done) * (SIZE), SIZE);                  \
        break;

/* The compiler knows the usual sizes, and copies such elements without a call. */
static void reverse_ends(size_t size, size_t done, size_t count, const char *from, char *to)
{
    switch (size) {
        REVERSE(1)
        REVERSE(2)
        REVERSE(3)
        REVERSE(4)
        REVERSE(6)
        REVERSE(8)
        REVERSE(12)
        REVERSE(16)
        REVERSE(24)
    default:
        for (; done < count; done++)
            memcpy(to + done * size, from + (count - 1 - done) * size, size);
    }
}

static void reverse(size_t size, size_t count, const char *from, char *to)
{
    size_t done = 0, bytes = count * size;
    if (size <= 8) {
        size_t at_once = 16 / size;
        __m128i order = load_bytes(reversing[size]);
        for (; (count - done) * size >= 16; done += at_once)
            store_bytes(to + done * size,
                        _mm_shuffle_epi8(load_bytes(from + bytes - done * size - 16), order));
        if (done < count && bytes >= 16 && at_once * size == 16) {
            store_bytes(to + bytes - 16, _mm_shuffle_epi8(load_bytes(from), order));
            return;
        }
    }
    reverse_ends(size, done, count, from, to);
}

ALWAYS void split_16(const uint8_t *from, uint8_t *to, size_t step)
{
    __m128i a = load_bytes(from), b = load_bytes(from + 16), c = load_bytes(from + 32);
    for (size_t channel = 0; channel < 3; channel++) {
        const uint8_t(*order)[16] = third[channel];
        __m128i low = _mm_shuffle_epi8(a, load_bytes(order[0]));
        __m128i middle = _mm_shuffle_epi8(b, load_bytes(order[1]));
        __m128i high = _mm_shuffle_epi8(c, load_bytes(order[2]));
        store_bytes(to + channel * step, _mm_or_si128(_mm_or_si128(low, middle), high));
    }
}

static void split(size_t count, const uint8_t *from, uint8_t *to, size_t step)
{
    for (size_t i = 0; count >= 16 && i < count; i += 16) {
        if (i + 16 > count) i = count - 16;
        split_16(from + 3 * i, to + i, step);
    }
    for (size_t i = 0; count < 16 && i < count; i++)
        for (size_t channel = 0; channel < 3; channel++)
            to[channel * step + i] = from[3 * i + channel];
}

#define KERNELS(kernels_name)                                                                      \
    {                                                                                              \
        kernels_name, map_u8, map_u16, map_f32, reverse, split                                     \
    }
