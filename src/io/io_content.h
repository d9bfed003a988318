/* Reads and writes bytes of files: at an offset, a whole text, or all bytes for a checksum. Safe in
 * any thread. */
#ifndef IO_CONTENT_H
#define IO_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core_hash.h"

/* Reads up to `bytes` bytes from the offset `at` on. *got is less than `bytes` only at the file's
 * end. The message of an error does not name the file. */
shs_status io_read_at(int file, uint64_t at, void *to, size_t bytes, size_t *got);

/* The next three functions are for callers that report errors themselves. Each returns 0 or an
 * errno value. */

/* Opens a file to read and write. If `create` is true, the file is made or emptied. */
int io_open_to_write(const char *path, bool create, int *file);

/* Writes `count` bytes from the offset `at` on. */
int io_write_at(int file, uint64_t at, const void *bytes, size_t count);

/* Cuts or lengthens a file to `bytes` bytes. */
int io_set_size(int file, uint64_t bytes);

/* Asks the system to drop a file's bytes from memory. The next read comes from the disk, unless the
 * file system is kept in memory. */
shs_status io_forget(const char *path);

/* Computes the XXH3-128 of a file's bytes. */
shs_status io_checksum(const char *path, char text[CORE_DIGEST_TEXT]);

/* Reads a small text file. At most `bytes` bytes are written, the final 0 included; the rest of a
 * longer file is left out. A file that does not exist gives "". */
shs_status io_read_text(const char *path, char *text, size_t bytes);

/* Reads all of a text file or pipe, which must be shorter than 1 GiB. The byte order mark of UTF-8
 * is dropped. UTF-16 and bytes of 0 are SHS_ERROR_FORMAT. The caller releases *text with
 * core_free(). */
shs_status io_read_all(const char *path, char **text);

#endif
