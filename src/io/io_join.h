/* Vectors whose lanes become neighbours: how bytes that lie apart are put together to elements. */
#ifndef IO_JOIN_H
#define IO_JOIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    IO_LANES = 16 /* elements that are put together at a time */
};

typedef uint8_t io_lanes __attribute__((vector_size(IO_LANES)));

static inline __attribute__((always_inline)) io_lanes io_low(io_lanes a, io_lanes b)
{
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

static inline __attribute__((always_inline)) io_lanes io_high(io_lanes a, io_lanes b)
{
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                   31);
}

/* Puts IO_LANES elements together. `element` is their size, a power of two up to 16. Byte number i
 * of all elements lies at from + i * stride. Each step interleaves the first half of the vectors
 * with the second half. With each step one more bit of the byte's number moves below the element's
 * number. The first bytes of two neighbouring results of IO_LANES bytes lie `apart` bytes apart. */
static inline __attribute__((always_inline)) void io_join(const uint8_t *from, size_t stride,
                                                          size_t element, uint8_t *to, size_t apart)
{
    io_lanes now[16], next[16];
#pragma GCC unroll 16
    for (size_t i = 0; i < element; i++)
        memcpy(&now[i], from + i * stride, sizeof *now);
#pragma GCC unroll 4
    for (size_t step = 1; step < element; step *= 2) {
#pragma GCC unroll 8
        for (size_t i = 0; i < element / 2; i++) {
            next[2 * i] = io_low(now[i], now[i + element / 2]);
            next[2 * i + 1] = io_high(now[i], now[i + element / 2]);
        }
#pragma GCC unroll 16
        for (size_t i = 0; i < element; i++)
            now[i] = next[i];
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < element; i++)
        memcpy(to + i * apart, &now[i], sizeof *now);
}

#endif
