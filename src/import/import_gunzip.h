/* Unpacks gzip files (RFC 1952), which hold one or more members one after the other. */
#ifndef IMPORT_GUNZIP_H
#define IMPORT_GUNZIP_H

#include <stdint.h>

#include "core_status.h"

struct import_gunzip;

/* Local. Begins to unpack `file`, which is open for reading and stays the caller's. `path` is for
 * messages and must stay valid. On error *gunzip is NULL. */
shs_status import_gunzip_open(int file, const char *path, struct import_gunzip **gunzip);

/* Frees what it takes to unpack and sets *gunzip to NULL, which it may be already. */
void import_gunzip_close(struct import_gunzip **gunzip);

/* Reads up to `bytes` unpacked bytes from position `at` on. *got is less than `bytes` only at the
 * end. A wrong checksum, a member that is cut off, and bytes after the last member that begin no
 * other member are SHS_ERROR_FORMAT. Going back begins anew at the file's beginning. */
shs_status import_gunzip_read(struct import_gunzip *gunzip, uint64_t at, void *to, size_t bytes,
                              size_t *got);

/* Returns the position of the next unpacked byte. After a read that found the end it is the number
 * of unpacked bytes. */
uint64_t import_gunzip_tell(const struct import_gunzip *gunzip);

#endif
