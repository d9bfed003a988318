/* The filters that HDF5 passes chunks through, undone: from a chunk's bytes as they lie in the file
 * to its elements, in the file's byte order. Bytes only: neither files nor HDF5, any thread, any
 * input. */
#ifndef IO_FILTER_H
#define IO_FILTER_H

#include <stdint.h>

#include "core_status.h"

enum {
    IO_MAX_FILTERS = 8,
    IO_FILTER_VALUES = 8,
    IO_REASON_BYTES = 96
};

/* A filter as a file describes it. */
struct io_filter {
    uint32_t id;       /* of the HDF5 library or of its registry */
    uint32_t n_values; /* in the file; those past IO_FILTER_VALUES are not kept */
    uint32_t values[IO_FILTER_VALUES];
};

/* In the order of writing. */
struct io_pipeline {
    uint32_t count; /* in the file; more than IO_MAX_FILTERS are refused, never read */
    struct io_filter filter[IO_MAX_FILTERS];
};

/* Whether this build can decode every filter, in that order. If not, `reason` names the one to
 * blame: "filter 32015 (Zstandard), which this build lacks". */
bool io_pipeline_known(const struct io_pipeline *pipeline, char reason[IO_REASON_BYTES]);

/* A filter's name, of those that are registered; NULL for another. */
const char *io_filter_name(uint32_t id);

/* What one thread decodes with: scratch memory, as large as the largest chunk so far, and the state
 * of decompressors. Not for two threads at a time. */
struct io_decoder;

/* On error *decoder is NULL. */
shs_status io_decoder_new(struct io_decoder **decoder);

/* Accepts a pointer to NULL; leaves NULL. */
void io_decoder_free(struct io_decoder **decoder);

/* Decodes the `bytes` bytes of a stored chunk into exactly `size` bytes at `to`, where nothing is
 * written beyond them; on error they hold anything. Bit i of `mask`: filter i was skipped in
 * writing. Checksums are verified; what follows a complete zlib stream is ignored, as HDF5 ignores
 * it. An error's message says which filter failed and why. `stored` and `to` do not overlap. */
shs_status io_decode(struct io_decoder *decoder, const struct io_pipeline *pipeline, uint32_t mask,
                     const void *stored, size_t bytes, void *to, size_t size);

#endif
