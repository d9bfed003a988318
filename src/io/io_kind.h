/* Tells by its first bytes what a file is that is not HDF5. Works on memory only, safe in any
 * thread. */
#ifndef IO_KIND_H
#define IO_KIND_H

#include <stddef.h>

enum {
    /* Bytes of a file's beginning that are enough to recognise every known kind. */
    IO_KIND_BYTES = 512
};

struct io_kind {
    const char *name;   /* such as "a PNG image"; NULL if the kind is unknown */
    const char *advice; /* what the user can do with the file */
};

/* Recognises a file by its first `bytes` bytes, which are at most IO_KIND_BYTES. */
struct io_kind io_kind_of(const void *head, size_t bytes);

#endif
