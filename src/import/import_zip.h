/* Finds a member of a zip file (PKWARE's APPNOTE, 6.3.10), among them NumPy's NPZ files. */
#ifndef IMPORT_ZIP_H
#define IMPORT_ZIP_H

#include <stdint.h>

#include "core_status.h"

struct import_zip_member {
    char *name;
    bool deflated;  /* else its bytes lie in the file as they are */
    uint64_t begin; /* offset in the file of its packed bytes */
    uint64_t packed, bytes;
    uint32_t crc32; /* of the unpacked bytes */
};

/* Local. Finds the array `name`, with or without ".npy", in a zip file of `bytes` bytes that is
 * open for reading. If `name` is NULL, the file must hold one array only. A file that contradicts
 * itself, or has two members of this name, is SHS_ERROR_FORMAT. An encrypted member, and one that
 * is packed by another method than deflate, is SHS_ERROR_UNSUPPORTED. The caller releases
 * member->name with core_free(), also after an error. */
shs_status import_zip_find(int file, uint64_t bytes, const char *path, const char *name,
                           struct import_zip_member *member);

#endif
