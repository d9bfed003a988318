/* Reads the bytes of a file by position. The bytes of a gzip file are unpacked as they are read. */
#ifndef IMPORT_STREAM_H
#define IMPORT_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "core_status.h"

struct import_stream;

/* Opens a plain file. Gzip is recognised by the file's first bytes. A name that ends in ".gz" must
 * be a gzip file's. On error *stream is NULL. */
shs_status import_stream_open(const char *path, struct import_stream **stream);

/* Opens a member of a zip file by import_zip_find(). Messages name the file and the member. On
 * error *stream is NULL. */
shs_status import_stream_open_member(const char *path, const char *name,
                                     struct import_stream **stream);

/* Closes a stream and sets *stream to NULL, which it may be already. */
void import_stream_close(struct import_stream **stream);

/* Returns the path of the file, which belongs to the stream. */
const char *import_stream_path(const struct import_stream *stream);

/* Returns the bytes of the file as stored: the packed bytes of a gzip file. */
uint64_t import_stream_bytes(const struct import_stream *stream);

/* Returns true if bytes must be unpacked to be read, so that going back is slow. */
bool import_stream_is_packed(const struct import_stream *stream);

/* Reads up to `bytes` bytes from position `at` on. *got is less than `bytes` only at the end. Going
 * forward in a gzip file unpacks the bytes between, and going back begins anew. */
shs_status import_stream_read(struct import_stream *stream, uint64_t at, void *to, size_t bytes,
                              size_t *got);

/* Reads exactly `bytes` bytes. A file that ends early is an error, which says where it ends. `what`
 * names the part of the file for the message. */
shs_status import_stream_read_all(struct import_stream *stream, uint64_t at, void *to, size_t bytes,
                                  const char *what);

/* Refuses a plain file that ends before or after the position `end`. A gzip file is believed if its
 * packed bytes make `end` plausible. Any other gzip file is unpacked once to learn where it ends,
 * so that no memory is taken for a claim without bytes behind it. */
shs_status import_stream_check_size(struct import_stream *stream, uint64_t end, const char *what);

/* Reads a gzip file or a member of a zip file up to `end` unless that is done. Bytes behind `end`
 * and a wrong checksum are errors. */
shs_status import_stream_check_end(struct import_stream *stream, uint64_t end);

/* Unpacks a gzip file into a temporary file without a name, in $TMPDIR or /tmp, where every
 * position is quickly reached. Does nothing to a plain file. */
shs_status import_stream_unpack(struct import_stream *stream);

#endif
