/* Undoes HDF5's filter shuffle, with vector instructions where they fit. */
#include <string.h>

#include "io_codec.h"

enum {
    LANES = 16 /* elements that are put together at a time */
};

typedef uint8_t lanes __attribute__((vector_size(LANES)));

static inline __attribute__((always_inline)) lanes low(lanes a, lanes b)
{
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

static inline __attribute__((always_inline)) lanes high(lanes a, lanes b)
{
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                   31);
}

/* Puts LANES elements together. `element` is their size, a power of two. Each step interleaves the
 * first half of the vectors with the second half. With each step one more bit of the byte's number
 * moves below the element's number. */
static inline __attribute__((always_inline)) void join(const uint8_t *from, size_t stride,
                                                       size_t element, uint8_t *to)
{
    lanes now[16], next[16];
#pragma GCC unroll 16
    for (size_t i = 0; i < element; i++)
        memcpy(&now[i], from + i * stride, sizeof *now);
#pragma GCC unroll 4
    for (size_t step = 1; step < element; step *= 2) {
#pragma GCC unroll 8
        for (size_t i = 0; i < element / 2; i++) {
            next[2 * i] = low(now[i], now[i + element / 2]);
            next[2 * i + 1] = high(now[i], now[i + element / 2]);
        }
#pragma GCC unroll 16
        for (size_t i = 0; i < element; i++)
            now[i] = next[i];
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < element; i++)
        memcpy(to + i * sizeof *now, &now[i], sizeof *now);
}

/* Puts the elements from number `first` on together, one by one. */
static void join_singly(const uint8_t *from, size_t first, size_t count, size_t element,
                        uint8_t *to)
{
    for (size_t i = first; i < count; i++)
        for (size_t byte = 0; byte < element; byte++)
            to[i * element + byte] = from[byte * count + i];
}

static inline __attribute__((always_inline)) void join_all(const uint8_t *from, size_t count,
                                                           size_t element, uint8_t *to)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        join(from + i, count, element, to + i * element);
    join_singly(from, i, count, element, to);
}

void io_unshuffle(const void *from, size_t bytes, size_t element, void *to)
{
    size_t count = bytes / element, joined = count * element;
    switch (element) {
    case 2:
        join_all(from, count, 2, to);
        break;
    case 4:
        join_all(from, count, 4, to);
        break;
    case 8:
        join_all(from, count, 8, to);
        break;
    case 16:
        join_all(from, count, 16, to);
        break;
    default:
        join_singly(from, 0, count, element, to);
        break;
    }
    memcpy((uint8_t *)to + joined, (const uint8_t *)from + joined, bytes - joined);
}
