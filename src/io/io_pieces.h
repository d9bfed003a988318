/* Writes a file in pieces, durably, with the checksum of all its bytes. Safe in any thread. */
#ifndef IO_PIECES_H
#define IO_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "core_hash.h"

/* Neighbouring bytes of a file. */
struct io_piece {
    uint64_t at, bytes;
    const void *from; /* what to write there; NULL: the bytes stay as they are */
};

/* Writes pieces to a file that exists, and has the system write all of it to stable storage. The
 * pieces are all bytes of the file, in ascending order. The disk space for them is taken first.
 * Sets `checksum` to the XXH3-128 of the bytes that were written, and of those that stay as they
 * are. So bytes that change on their way to the disk do not have this checksum. */
shs_status io_write_pieces(const char *path, const struct io_piece *pieces, size_t count,
                           char checksum[CORE_DIGEST_TEXT]);

#endif
