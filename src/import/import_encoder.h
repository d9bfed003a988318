/* Rows of a chunk as HDF5's filters store them: bytes reordered (shuffle), then a zlib stream
 * (deflate). By libdeflate, alike on every rank. */
#ifndef IMPORT_ENCODER_H
#define IMPORT_ENCODER_H

#include "core_status.h"

struct import_encoder;

/* For chunks of `bytes` bytes, of elements of 1, 2, 4 or 8 bytes; level 0 … 9, 0: without deflate.
 * On error *encoder is NULL. */
shs_status import_encoder_new(size_t bytes, size_t element, bool byteshuffle, unsigned level,
                              struct import_encoder **encoder);

/* Accepts a pointer to NULL; leaves NULL. */
void import_encoder_free(struct import_encoder **encoder);

/* Bytes that a stored chunk has at most: one that does not compress is larger than it was. */
size_t import_encoder_most(const struct import_encoder *encoder);

/* Encodes a chunk, in the machine's byte order, which may be changed; returns the bytes at
 * `stored`. */
size_t io_encode(struct import_encoder *encoder, void *chunk, void *stored);

#endif
