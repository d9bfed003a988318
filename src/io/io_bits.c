/* Undoes the order of bits that bitshuffle gives to a block, with vector instructions where they
 * fit. */
#include "io_codec.h"
#include "io_join.h"

typedef uint64_t words __attribute__((vector_size(IO_LANES)));

/* Exchanges the bits of `a` whose numbers have the bit `shift` with the bits of `b` whose numbers
 * lack it. `mask` has the bits that lack it. */
static inline __attribute__((always_inline)) void swap_bits(words *a, words *b, unsigned shift,
                                                            uint64_t mask)
{
    words other = ((*a >> shift) ^ *b) & mask;
    *b ^= other;
    *a ^= other << shift;
}

/* Turns eight rows of bits around: bit t of a byte of row k becomes bit k of that byte of row t. */
static inline __attribute__((always_inline)) void turn(words row[8])
{
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++)
        swap_bits(&row[i], &row[i + 4], 4, UINT64_C(0x0F0F0F0F0F0F0F0F));
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++)
        swap_bits(&row[i + (i & 2)], &row[i + (i & 2) + 2], 2, UINT64_C(0x3333333333333333));
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        swap_bits(&row[2 * i], &row[2 * i + 1], 1, UINT64_C(0x5555555555555555));
}

/* Puts 8 * IO_LANES elements together from IO_LANES bytes of each row. */
static inline __attribute__((always_inline)) void join_bits(const uint8_t *from, size_t row_bytes,
                                                            size_t element, uint8_t *to)
{
    uint8_t
        turned[8 * 16 * IO_LANES]; /* byte `byte` of elements t, t + 8, … at t * element + byte */
    size_t group = element == 1 ? 8 : 16;
    for (size_t byte = 0; byte < element; byte++) {
        words row[8];
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            memcpy(&row[k], from + (8 * byte + k) * row_bytes, sizeof *row);
        turn(row);
#pragma GCC unroll 8
        for (size_t t = 0; t < 8; t++)
            memcpy(turned + (t * element + byte) * IO_LANES, &row[t], sizeof *row);
    }
    for (size_t first = 0; first < 8 * element; first += group)
        io_join(turned + first * IO_LANES, IO_LANES, group, to + first,
                element == 1 ? IO_LANES : 8 * element);
}

/* The last vectors overlap the vectors before them. */
static inline __attribute__((always_inline)) void join_all(const uint8_t *from, size_t row_bytes,
                                                           size_t element, uint8_t *to)
{
    for (size_t at = 0; at < row_bytes; at += IO_LANES) {
        size_t now = row_bytes - at < IO_LANES ? row_bytes - IO_LANES : at;
        join_bits(from + now, row_bytes, element, to + 8 * element * now);
    }
}

/* Puts eight elements together at a time, byte by byte. */
static void join_singly(const uint8_t *from, size_t row_bytes, size_t element, uint8_t *to)
{
    for (size_t at = 0; at < row_bytes; at++)
        for (size_t byte = 0; byte < element; byte++)
            for (size_t t = 0; t < 8; t++) {
                unsigned bits = 0;
                for (size_t k = 0; k < 8; k++)
                    bits |= (from[(8 * byte + k) * row_bytes + at] >> t & 1u) << k;
                to[(8 * at + t) * element + byte] = (uint8_t)bits;
            }
}

void io_unbitshuffle(const void *from, size_t count, size_t element, void *to)
{
    size_t row_bytes = count / 8;
    switch (row_bytes < IO_LANES ? 0 : element) {
    case 1:
        join_all(from, row_bytes, 1, to);
        break;
    case 2:
        join_all(from, row_bytes, 2, to);
        break;
    case 4:
        join_all(from, row_bytes, 4, to);
        break;
    case 8:
        join_all(from, row_bytes, 8, to);
        break;
    case 16:
        join_all(from, row_bytes, 16, to);
        break;
    default:
        join_singly(from, row_bytes, element, to);
        break;
    }
}
