/* Unpacking gzip files (RFC 1952), which hold one member or several, one after the other. */
#ifndef IMPORT_GUNZIP_H
#define IMPORT_GUNZIP_H

#include <stdint.h>

#include "core_status.h"

struct import_gunzip;

/* Local. `file` is open for reading and stays the caller's; `path` is for messages and must live as
 * long. On error *gunzip is NULL. */
shs_status import_gunzip_open(int file, const char *path, struct import_gunzip **gunzip);

/* Accepts a pointer to NULL; leaves NULL. */
void import_gunzip_close(struct import_gunzip **gunzip);

/* Reads up to `bytes` unpacked bytes from position `at` on; *got is less only at the end, which is
 * the file's. A wrong checksum, a member that is cut off and bytes after the last member that begin
 * no other are SHS_ERROR_FORMAT. Going back begins anew. */
shs_status import_gunzip_read(struct import_gunzip *gunzip, uint64_t at, void *to, size_t bytes,
                              size_t *got);

/* Position of the next unpacked byte: the end, after a read that found it. */
uint64_t import_gunzip_tell(const struct import_gunzip *gunzip);

#endif
