/* The bytes of a file by position; those of a gzip file unpacked as they are read. */
#ifndef IMPORT_STREAM_H
#define IMPORT_STREAM_H

#include <stdint.h>

#include "core_status.h"

struct import_stream;

/* Opens a plain file; gzip is told by its first bytes, and must be there if the name ends in ".gz".
 * On error *stream is NULL. */
shs_status import_stream_open(const char *path, struct import_stream **stream);

/* Accepts a pointer to NULL; leaves NULL. */
void import_stream_close(struct import_stream **stream);

const char *import_stream_path(const struct import_stream *stream);

/* Bytes of the file as it lies there: packed, if it is a gzip file. */
uint64_t import_stream_bytes(const struct import_stream *stream);

/* Reads up to `bytes` bytes from position `at` on; *got is less only at the end. Going forward in a
 * gzip file unpacks what lies between; going back begins anew. */
shs_status import_stream_read(struct import_stream *stream, uint64_t at, void *to, size_t bytes,
                              size_t *got);

/* Exactly `bytes` bytes: a file that ends early is an error, which says where. `what`: the part of
 * the file that these bytes belong to, for the message. */
shs_status import_stream_read_all(struct import_stream *stream, uint64_t at, void *to, size_t bytes,
                                  const char *what);

/* An error if a plain file ends before or after `end`. A gzip file whose packed bytes make that
 * plausible is believed; another one is unpacked once, and judged by what came: so nobody takes
 * room for a claim that no bytes stand behind. */
shs_status import_stream_check_size(struct import_stream *stream, uint64_t end, const char *what);

/* Reads a gzip file up to `end` if that is not done yet; an error if bytes follow, or
 * a checksum is wrong. */
shs_status import_stream_check_end(struct import_stream *stream, uint64_t end);

/* Unpacks a gzip file into a temporary file without a name, in $TMPDIR or /tmp, so that every
 * position is as near as any other. Leaves a plain file alone. */
shs_status import_stream_unpack(struct import_stream *stream);

#endif
