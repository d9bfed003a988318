/* The superblock of an HDF5 file, read without HDF5: it says why HDF5 cannot open the file. */
#ifndef IO_SUPERBLOCK_H
#define IO_SUPERBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core_status.h"

enum {
    IO_NEWEST_SUPERBLOCK = 3, /* the newest version whose contents are known here */
    IO_OPEN_FOR_SWMR = 4      /* a bit of `flags` */
};

struct io_superblock {
    bool found; /* false: the file has no HDF5 signature, and the rest is 0 */
    unsigned version;
    unsigned flags; /* that tell of a writer; 0 before version 3 */
    uint64_t end;   /* bytes that the file must have; 0 where that cannot be told */
};

/* Local. Looks for the superblock of an open file of `file_bytes` bytes, at its beginning or behind
 * a user block. */
shs_status io_superblock_read(int file, uint64_t file_bytes, struct io_superblock *superblock);

#endif
