/* Filters of HDF5's registry for the tests, made of their libraries as the registry describes
 * them, with which HDF5 writes and reads what the library has to read by itself. Their first value
 * is the size of a chunk, but for bitshuffle, whose values are its own. */
#ifndef REGISTERED_FILTERS_H
#define REGISTERED_FILTERS_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bitshuffle_reference.h"

enum {
    LZF = 32000,
    BLOSC = 32001,
    LZ4 = 32004,
    BITSHUFFLE = 32008,
    ZSTD = 32015,
    UNKNOWN = 400 /* of the numbers free for tests */
};

/* Turns `bytes` bytes into at most `room`; the size, or 0 if they do not fit. */
typedef size_t (*recode)(const void *from, size_t bytes, void *to, size_t room);

/* An HDF5 filter's work: the buffer is replaced by its recoded self. */
static inline size_t recode_buffer(recode how, size_t room, size_t bytes, size_t *buffer_bytes,
                                   void **buffer)
{
    void *to = H5allocate_memory(room, false);
    size_t got = to ? how(*buffer, bytes, to, room) : 0;
    if (!got) {
        H5free_memory(to);
        return 0;
    }
    H5free_memory(*buffer);
    *buffer = to;
    *buffer_bytes = room;
    return got;
}

static inline size_t filter_with(recode encode, recode decode, unsigned flags, size_t n_values,
                                 const unsigned *values, size_t bytes, size_t *buffer_bytes,
                                 void **buffer)
{
    if (n_values < 1) return 0;
    if (flags & H5Z_FLAG_REVERSE)
        return recode_buffer(decode, values[0], bytes, buffer_bytes, buffer);
    return recode_buffer(encode, 2 * bytes + 1000, bytes, buffer_bytes, buffer);
}

#define FILTER(name)                                                                               \
    static size_t name##_filter(unsigned flags, size_t n_values, const unsigned *values,           \
                                size_t bytes, size_t *buffer_bytes, void **buffer)                 \
    {                                                                                              \
        return filter_with(name##_encode, name##_decode, flags, n_values, values, bytes,           \
                           buffer_bytes, buffer);                                                  \
    }

#if IO_HAS_LZF
/* What does not become smaller is left out, as h5py does. */
static size_t lzf_encode(const void *from, size_t bytes, void *to, size_t room)
{
    (void)room;
    return bytes < 2 ? 0 : lzf_compress(from, (unsigned)bytes, to, (unsigned)bytes - 1);
}

static size_t lzf_decode(const void *from, size_t bytes, void *to, size_t room)
{
    return lzf_decompress(from, (unsigned)bytes, to, (unsigned)room);
}

FILTER(lzf)
#endif

#if IO_HAS_LZ4
enum {
    LZ4_BLOCK = 100
};

static void put_big_endian(unsigned char *to, uint64_t number, unsigned bytes)
{
    for (; bytes--; number >>= 8)
        to[bytes] = (unsigned char)number;
}

static size_t lz4_encode(const void *from, size_t bytes, void *to, size_t room)
{
    unsigned char *at = to;
    put_big_endian(at, bytes, 8);
    put_big_endian(at + 8, LZ4_BLOCK, 4);
    at += 12;
    for (size_t done = 0; done < bytes; done += LZ4_BLOCK) {
        size_t block = bytes - done < LZ4_BLOCK ? bytes - done : LZ4_BLOCK;
        const char *in = (const char *)from + done;
        int got = LZ4_compress_default(in, (char *)at + 4, (int)block,
                                       (int)(room - (size_t)(at - (unsigned char *)to) - 4));
        if (got <= 0 || (size_t)got >= block) memcpy(at + 4, in, (size_t)(got = (int)block));
        put_big_endian(at, (uint64_t)got, 4);
        at += 4 + got;
    }
    return (size_t)(at - (unsigned char *)to);
}

static size_t lz4_decode(const void *from, size_t bytes, void *to, size_t room)
{
    const unsigned char *at = from, *end = at + bytes;
    size_t done = 0;
    for (at += 12; at + 4 <= end && done < room;) {
        size_t block = room - done < LZ4_BLOCK ? room - done : LZ4_BLOCK;
        size_t stored = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
        char *out = (char *)to + done;
        at += 4;
        if (stored == block)
            memcpy(out, at, block);
        else if (LZ4_decompress_safe((const char *)at, out, (int)stored, (int)block) != (int)block)
            return 0;
        at += stored;
        done += block;
    }
    return done;
}

FILTER(lz4)
#endif

#if IO_HAS_ZSTD
static size_t zstd_encode(const void *from, size_t bytes, void *to, size_t room)
{
    size_t got = ZSTD_compress(to, room, from, bytes, 3);
    return ZSTD_isError(got) ? 0 : got;
}

static size_t zstd_decode(const void *from, size_t bytes, void *to, size_t room)
{
    size_t got = ZSTD_decompress(to, room, from, bytes);
    return ZSTD_isError(got) ? 0 : got;
}

FILTER(zstd)
#endif

#if IO_HAS_BLOSC
static size_t blosc_encode(const void *from, size_t bytes, void *to, size_t room)
{
    int got = blosc_compress_ctx(5, BLOSC_SHUFFLE, 4, bytes, from, to, room, "lz4", 0, 1);
    return got > 0 ? (size_t)got : 0;
}

static size_t blosc_decode(const void *from, size_t bytes, void *to, size_t room)
{
    (void)bytes;
    int got = blosc_decompress_ctx(from, to, room, 1);
    return got > 0 ? (size_t)got : 0;
}

FILTER(blosc)
#endif

/* Reads by the library's own definition turned around: bit i % 8 of byte i / 8 of row b. */
static inline void bitshuffle_restore(const unsigned char *from, size_t count, size_t element,
                                      unsigned char *to)
{
    memset(to, 0, count * element);
    for (size_t i = 0; i < count; i++)
        for (size_t b = 0; b < 8 * element; b++)
            if (from[b * (count / 8) + i / 8] >> i % 8 & 1)
                to[i * element + b / 8] |= (unsigned char)(1 << b % 8);
}

/* Without compression, in blocks of the values' size. */
static inline size_t bitshuffle_filter(unsigned flags, size_t n_values, const unsigned *values,
                                       size_t bytes, size_t *buffer_bytes, void **buffer)
{
    if (n_values < BITSHUFFLE_VALUES || values[BITSHUFFLE_COMPRESSION]) return 0;
    size_t element = values[BITSHUFFLE_ELEMENT], block = values[BITSHUFFLE_BLOCK] * element;
    unsigned char *from = *buffer, *to = H5allocate_memory(bytes, false);
    if (!to || bytes % element) return 0;
    memcpy(to, from, bytes);
    for (size_t done = 0, now; bytes - done >= 8 * element; done += now) {
        now = bytes - done < block ? bytes - done : block;
        now -= now % (8 * element);
        if (flags & H5Z_FLAG_REVERSE)
            bitshuffle_restore(from + done, now / element, element, to + done);
        else
            bitshuffle_order(from + done, now / element, element, to + done);
    }
    H5free_memory(from);
    *buffer = to;
    *buffer_bytes = bytes;
    return bytes;
}

/* A filter that no other program has. */
static size_t unknown_encode(const void *from, size_t bytes, void *to, size_t room)
{
    if (room < bytes) return 0;
    for (size_t i = 0; i < bytes; i++)
        ((unsigned char *)to)[i] = (unsigned char)(((const unsigned char *)from)[i] ^ 0x5A);
    return bytes;
}

static size_t unknown_decode(const void *from, size_t bytes, void *to, size_t room)
{
    return unknown_encode(from, bytes, to, room);
}

FILTER(unknown)

static inline bool register_filter(H5Z_filter_t id, H5Z_func_t work)
{
    const H5Z_class2_t class = {H5Z_CLASS_T_VERS, id, 1, 1, "of a test", NULL, NULL, work};
    return H5Zregister(&class) >= 0;
}

/* Makes HDF5 know those filters whose libraries are there. */
static inline bool register_filters(void)
{
    bool done =
        register_filter(UNKNOWN, unknown_filter) && register_filter(BITSHUFFLE, bitshuffle_filter);
#if IO_HAS_LZF
    done = done && register_filter(LZF, lzf_filter);
#endif
#if IO_HAS_LZ4
    done = done && register_filter(LZ4, lz4_filter);
#endif
#if IO_HAS_ZSTD
    done = done && register_filter(ZSTD, zstd_filter);
#endif
#if IO_HAS_BLOSC
    done = done && register_filter(BLOSC, blosc_filter);
#endif
    return done;
}

#endif
