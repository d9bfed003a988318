/* The single filters behind io_filter.h. */
#ifndef IO_CODEC_H
#define IO_CODEC_H

#include <stdint.h>

#include "core_status.h"

/* A filter that compresses: of its output only the decoded size is known beforehand. */
struct io_codec {
    uint32_t id;
    /* Decodes `bytes` bytes into exactly `size` at `to`. *state is NULL at first and keeps what the
     * codec likes to have again. */
    shs_status (*decode)(void **state, const void *from, size_t bytes, void *to, size_t size);
    void (*release)(void *state); /* or NULL; *state is not */
};

extern const struct io_codec io_codec_deflate;
extern const struct io_codec io_codec_lzf;
extern const struct io_codec io_codec_blosc;
extern const struct io_codec io_codec_lz4;
extern const struct io_codec io_codec_zstd;

/* Puts back together elements of `element` bytes, at least 2, whose first bytes, second bytes, …
 * were stored one after the other; the bytes that are left of a last element stay as they are. */
void io_unshuffle(const void *from, size_t bytes, size_t element, void *to);

enum {
    IO_FLETCHER32_BYTES = 4
};

/* Checks the sum in the last four of `bytes` bytes against those before. */
shs_status io_fletcher32_check(const void *from, size_t bytes);

#endif
