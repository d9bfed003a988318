/* Reads the superblock of an HDF5 file without HDF5, to tell why HDF5 cannot open the file. */
#ifndef IO_SUPERBLOCK_H
#define IO_SUPERBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core_status.h"

enum {
    IO_NEWEST_SUPERBLOCK = 3, /* newest version that this code can read */
    IO_OPEN_FOR_SWMR = 4      /* bit of `flags`: a writer has the file open for SWMR */
};

struct io_superblock {
    /* False if the file has no HDF5 signature. Everything else is 0 then. */
    bool found;
    unsigned version;
    unsigned flags; /* the writer's flags; 0 before version 3 */
    uint64_t end;   /* bytes that the file must have; 0 if they are unknown */
};

/* Local. Looks for the superblock of an open file of `file_bytes` bytes. */
shs_status io_superblock_read(int file, uint64_t file_bytes, struct io_superblock *superblock);

#endif
