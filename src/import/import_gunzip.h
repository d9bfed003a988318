/* Unpacks gzip files (RFC 1952), which hold one or more members one after the other, and deflated
 * members of zip files. */
#ifndef IMPORT_GUNZIP_H
#define IMPORT_GUNZIP_H

#include <stdint.h>

#include "core_status.h"

struct import_gunzip;

/* Local. Begins to unpack `file`, which is open for reading and stays the caller's. `path` is for
 * messages and must stay valid. On error *gunzip is NULL. */
shs_status import_gunzip_open(int file, const char *path, struct import_gunzip **gunzip);

/* Local. Begins to unpack deflated bytes (RFC 1951) without head and end, which are at [begin,
 * begin + packed) in `file` and become `bytes` bytes of this CRC-32. Other bytes are
 * SHS_ERROR_FORMAT when the end is read. Otherwise like import_gunzip_open(). */
struct import_deflated {
    uint64_t begin, packed, bytes;
    uint32_t crc32;
};
shs_status import_gunzip_open_deflated(int file, const char *path,
                                       const struct import_deflated *deflated,
                                       struct import_gunzip **gunzip);

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
