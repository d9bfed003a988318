/* Encodes chunks as HDF5's filters do: the bytes are reordered (shuffle), then packed as a zlib
 * stream (deflate). libdeflate packs them, and gives the same bytes on every rank. */
#ifndef IMPORT_ENCODER_H
#define IMPORT_ENCODER_H

#include "core_status.h"

struct import_encoder;

/* Makes an encoder for chunks of `bytes` bytes with elements of 1, 2, 4 or 8 bytes. `level` is 0 …
 * 9; 0 means no deflate. On error *encoder is NULL. */
shs_status import_encoder_new(size_t bytes, size_t element, bool byteshuffle, unsigned level,
                              struct import_encoder **encoder);

/* Frees an encoder and sets *encoder to NULL, which it may be already. */
void import_encoder_free(struct import_encoder **encoder);

/* Returns the most bytes that a stored chunk can have. A chunk that does not compress becomes
 * larger. */
size_t import_encoder_most(const struct import_encoder *encoder);

/* Encodes a chunk whose elements are in the machine's byte order. The chunk's memory may be
 * changed. Returns the number of bytes at `stored`. */
size_t import_encode(struct import_encoder *encoder, void *chunk, void *stored);

#endif
