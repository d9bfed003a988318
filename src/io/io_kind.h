/* What a file is that is no HDF5 file, by its first bytes. Bytes only, any thread. */
#ifndef IO_KIND_H
#define IO_KIND_H

#include <stddef.h>

enum {
    IO_KIND_BYTES = 512 /* of a file's beginning, that tell most of it */
};

struct io_kind {
    const char *name;   /* "a PNG image"; NULL: none that is known */
    const char *advice; /* what to do with it */
};

/* `bytes` are those that there are, up to IO_KIND_BYTES. */
struct io_kind io_kind_of(const void *head, size_t bytes);

#endif
