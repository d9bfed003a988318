/* Bitshuffle by its definition, bit by bit, for the tests: elements to what the filter stores. */
#ifndef BITSHUFFLE_REFERENCE_H
#define BITSHUFFLE_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "codec_libraries.h"

enum {
    BITSHUFFLE_ELEMENT = 2, /* numbers of the filter's values */
    BITSHUFFLE_BLOCK = 3,
    BITSHUFFLE_COMPRESSION = 4,
    BITSHUFFLE_VALUES = 5,
    BITSHUFFLE_LZ4 = 2, /* compressions */
    BITSHUFFLE_ZSTD = 3,
    BITSHUFFLE_ROOM = 64 << 10 /* of a compressed block of the tests, and more */
};

/* Bit b of element i becomes bit i % 8 of byte i / 8 of row b. */
static inline void bitshuffle_order(const unsigned char *from, size_t count, size_t element,
                                    unsigned char *to)
{
    memset(to, 0, count * element);
    for (size_t i = 0; i < count; i++)
        for (size_t b = 0; b < 8 * element; b++)
            if (from[i * element + b / 8] >> b % 8 & 1)
                to[b * (count / 8) + i / 8] |= (unsigned char)(1 << i % 8);
}

static inline unsigned char *bitshuffle_number(unsigned char *to, size_t bytes, uint64_t number)
{
    for (size_t i = bytes; i-- > 0; number >>= 8)
        to[i] = (unsigned char)number;
    return to + bytes;
}

/* Puts a block there, compressed if it should be; the bytes after it, or NULL. */
static inline unsigned char *bitshuffle_block(const unsigned char *block, size_t bytes,
                                              unsigned compression, unsigned char *to)
{
    size_t got = 0;
    if (!compression) {
        memcpy(to, block, bytes);
        return to + bytes;
    }
#if IO_HAS_LZ4
    if (compression == BITSHUFFLE_LZ4)
        got = (size_t)LZ4_compress_default((const char *)block, (char *)to + 4, (int)bytes,
                                           LZ4_compressBound((int)bytes));
#endif
#if IO_HAS_ZSTD
    if (compression == BITSHUFFLE_ZSTD)
        got = ZSTD_compress(to + 4, ZSTD_compressBound(bytes), block, bytes, 1);
#endif
    if (!got) return NULL;
    bitshuffle_number(to, 4, got);
    return to + 4 + got;
}

/* What the filter makes of `bytes` bytes; the stored bytes, 0 if this build lacks the compression.
 * `block`: elements in a block. No block has more than half of BITSHUFFLE_ROOM bytes. */
static inline size_t bitshuffle_encode(const unsigned char *from, size_t bytes, size_t element,
                                       size_t block, unsigned compression, unsigned char *to)
{
    static unsigned char ordered[BITSHUFFLE_ROOM];
    size_t whole = bytes - bytes % (8 * element), most = block * element;
    unsigned char *at = to;
    if (most > sizeof ordered / 2 || bytes % element) return 0;
    if (compression) at = bitshuffle_number(bitshuffle_number(at, 8, bytes), 4, most);
    for (size_t done = 0, now; done < whole; done += now) {
        now = whole - done < most ? whole - done : most;
        bitshuffle_order(from + done, now / element, element, ordered);
        at = bitshuffle_block(ordered, now, compression, at);
        if (!at) return 0;
    }
    memcpy(at, from + whole, bytes - whole);
    return (size_t)(at - to) + bytes - whole;
}

/* The elements in a block if the filter's values do not say it. */
static inline size_t bitshuffle_default(size_t element)
{
    size_t block = 8192 / element / 8 * 8;
    return block < 128 ? 128 : block;
}

#endif
