/* Undoes the filters of HDF5: turns the stored bytes of a chunk into its elements, in the file's
 * byte order. Works on memory only, calls no HDF5, accepts any input, and is safe in any thread. */
#ifndef IO_FILTER_H
#define IO_FILTER_H

#include <stdint.h>

#include "core_status.h"

enum {
    IO_BITSHUFFLE = 32008,         /* a filter's number */
    IO_BITSHUFFLE_COMPRESSION = 4, /* the number of the value that says how it compresses */
    IO_BITSHUFFLE_ZSTD = 3,        /* such a value */
    IO_MAX_FILTERS = 8,
    IO_FILTER_VALUES = 8,
    IO_REASON_BYTES = 96,
    IO_ADVICE_BYTES = 256
};

/* A filter as a file describes it. */
struct io_filter {
    uint32_t id; /* number in HDF5 or in the registry of filters */
    /* The number of values in the file. Only the first IO_FILTER_VALUES of them are kept. */
    uint32_t n_values;
    uint32_t values[IO_FILTER_VALUES];
};

/* The filters of an array, in the order in which writing applies them. */
struct io_pipeline {
    /* The number of filters in the file. A pipeline of more than IO_MAX_FILTERS is refused. */
    uint32_t count;
    struct io_filter filter[IO_MAX_FILTERS];
};

/* Returns true if this build can decode all filters of a pipeline in their order. If not, `reason`
 * names the first filter that cannot be decoded, as in "filter 32015 (Zstandard), which this build
 * lacks". */
bool io_pipeline_known(const struct io_pipeline *pipeline, char reason[IO_REASON_BYTES]);

/* Returns the name of a registered filter, NULL for any other number. */
const char *io_filter_name(uint32_t id);

/* Says what to do if neither this build nor HDF5 has a filter, as in "install its plug-in (…) and
 * name the plug-in's folder in HDF5_PLUGIN_PATH". */
void io_filter_advise(uint32_t id, char advice[IO_ADVICE_BYTES]);

/* What one thread decodes with: scratch memory, as large as the largest chunk so far, and the state
 * of decompressors. Two threads must not use it at the same time. */
struct io_decoder;

/* Makes a decoder. On error *decoder is NULL. */
shs_status io_decoder_new(struct io_decoder **decoder);

/* The memory that decoding a chunk of a pipeline takes: the bytes of each scratch memory. */
struct io_scratch {
    size_t bytes[2];
};

/* Raises *scratch to what a pipeline needs at most for chunks of `size` bytes. */
void io_decoder_need(const struct io_pipeline *pipeline, size_t size, struct io_scratch *scratch);

/* Returns the bytes that a decoder takes with this scratch memory, with CORE_MEMORY_HEAD for each
 * block, but without what codecs keep, such as a library's state or a block of bitshuffle. */
uint64_t io_decoder_bytes(const struct io_scratch *scratch);

/* Takes scratch memory, so that no more is taken later for such chunks. */
shs_status io_decoder_reserve(struct io_decoder *decoder, const struct io_scratch *scratch);

/* Releases a decoder and sets *decoder to NULL, which it may be already. */
void io_decoder_free(struct io_decoder **decoder);

/* Decodes a stored chunk of `bytes` bytes into exactly `size` bytes at `to`. `stored` and `to` must
 * not overlap. If bit i of `mask` is set, filter i was skipped in writing. Checksums are verified.
 * Bytes behind a complete zlib stream are ignored, as HDF5 ignores them. An error's message says
 * which filter failed and why. After an error the bytes at `to` are undefined. */
shs_status io_decode(struct io_decoder *decoder, const struct io_pipeline *pipeline, uint32_t mask,
                     const void *stored, size_t bytes, void *to, size_t size);

#endif
