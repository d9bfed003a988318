/* The codecs behind io_filter.h. Each undoes one filter of HDF5 in memory. */
#ifndef IO_CODEC_H
#define IO_CODEC_H

#include <stdint.h>

#include "core_status.h"

/* A filter that compresses. Only its decoded size is known beforehand. */
struct io_codec {
    uint32_t id;
    /* Decodes `bytes` bytes into exactly `size` bytes at `to`. *state is NULL at first; the codec
     * keeps there what it uses again. */
    shs_status (*decode)(void **state, const void *from, size_t bytes, void *to, size_t size);
    /* Releases what the codec keeps at *state. NULL if the codec keeps nothing. `state` is never
     * NULL. */
    void (*release)(void *state);
};

extern const struct io_codec io_codec_deflate;
extern const struct io_codec io_codec_lzf;
extern const struct io_codec io_codec_blosc;
extern const struct io_codec io_codec_lz4;
extern const struct io_codec io_codec_zstd;

/* Undoes the filter shuffle, which stores the first bytes of all elements, then their second bytes,
 * and so on. `element` is the size of an element, at least 2. The bytes of an incomplete last
 * element are copied as they are. */
void io_unshuffle(const void *from, size_t bytes, size_t element, void *to);

enum {
    IO_FLETCHER32_BYTES = 4
};

/* Checks the checksum in the last four of `bytes` bytes against the bytes before it. */
shs_status io_fletcher32_check(const void *from, size_t bytes);

#endif
