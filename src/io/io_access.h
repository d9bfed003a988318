/* The bytes of an open file: by the system's reads, or out of a map. Safe in any thread. */
#ifndef IO_ACCESS_H
#define IO_ACCESS_H

#include <sys/uio.h>

#include "io_file.h"
#include "io_map.h"

enum {
    IO_PIECES = 64 /* most pieces of memory, or copies, of a call */
};

struct io_access {
    int file; /* -1: not open */
    char *path;
    struct io_map *map;          /* NULL: all bytes are read by position */
    struct io_identity expected; /* of a file that io_access_prepare() has not opened */
};

/* Opens a file. *access keeps the path. After an error it is closed, too. */
shs_status io_access_open(const char *path, struct io_access *access);

/* Prepares to open a file that was examined when it had this identity. Until io_access_begin()
 * nothing may be read or mapped. */
shs_status io_access_prepare(const char *path, const struct io_identity *identity,
                             struct io_access *access);

/* Opens the file unless it is open. A file that has changed is SHS_ERROR_FILE. Must be called
 * before other threads use *access. */
shs_status io_access_begin(struct io_access *access);

/* Maps `bytes` bytes, at least 1, from the offset `at` on. All later reads lie inside them. */
shs_status io_access_map(struct io_access *access, uint64_t at, uint64_t bytes);

void io_access_close(struct io_access *access);

/* Returns true if the map has bytes, as io_map_has() does. */
bool io_access_has(const struct io_access *access, uint64_t at, size_t bytes);

/* The next two functions add the bytes that came to *bytes_read. */

/* Fills up to IO_PIECES pieces of memory, one after the other, with the bytes from the offset `at`
 * on. If the map has them all, they are copied out of it. `cold` is as in io_reader.h. */
shs_status io_access_read(const struct io_access *access, uint64_t at, const struct iovec *pieces,
                          int count, bool *cold, uint64_t *bytes_read);

/* Makes up to IO_PIECES copies of bytes that the map has. After an error *failed is the number of
 * the copy that failed. */
shs_status io_access_copy(const struct io_access *access, const struct io_copy *copies,
                          size_t count, size_t *failed, uint64_t *bytes_read);

#endif
