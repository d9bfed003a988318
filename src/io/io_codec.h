/* The codecs behind io_filter.h. Each undoes one filter of HDF5 in memory. */
#ifndef IO_CODEC_H
#define IO_CODEC_H

#include <stdint.h>

#include "io_filter.h"

/* A filter that compresses. Only its decoded size is known beforehand. */
struct io_codec {
    uint32_t id;
    /* Returns the reason why a filter with its values cannot be undone, as in "which this build
     * lacks", or NULL if it can. The function is NULL if it is undone whatever its values are. */
    const char *(*check)(const struct io_filter *filter);
    /* Decodes `bytes` bytes into exactly `size` bytes at `to`. `filter` has passed check(). *state
     * is NULL at first; the codec keeps there what it uses again. */
    shs_status (*decode)(void **state, const struct io_filter *filter, const void *from,
                         size_t bytes, void *to, size_t size);
    /* Releases what the codec keeps at *state. NULL if the codec keeps nothing. `state` is never
     * NULL. */
    void (*release)(void *state);
};

extern const struct io_codec io_codec_deflate;
extern const struct io_codec io_codec_bitshuffle;
extern const struct io_codec io_codec_lzf;
extern const struct io_codec io_codec_blosc;
extern const struct io_codec io_codec_blosc2;
extern const struct io_codec io_codec_lz4;
extern const struct io_codec io_codec_zstd;

/* Returns true if a filter bitshuffle compresses. Otherwise it keeps the number of bytes. */
bool io_bitshuffle_compresses(const struct io_filter *filter);

/* Undoes the filter shuffle, which stores the first bytes of all elements, then their second bytes,
 * and so on. `element` is the size of an element, at least 2. The bytes of an incomplete last
 * element are copied as they are. */
void io_unshuffle(const void *from, size_t bytes, size_t element, void *to);

/* Undoes bitshuffle's order of bits in a block: the lowest bits of all elements, then their second
 * bits, and so on, eight bits a byte. `count` is the number of elements, a multiple of 8, `element`
 * their size in bytes. `from` and `to` must not overlap. */
void io_unbitshuffle(const void *from, size_t count, size_t element, void *to);

enum {
    IO_FLETCHER32_BYTES = 4
};

/* Checks the checksum in the last four of `bytes` bytes against the bytes before it. */
shs_status io_fletcher32_check(const void *from, size_t bytes);

#endif
