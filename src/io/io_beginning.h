/* Finds the file at the beginning of a path that is none, such as a.h5 of a.h5:train/images. Safe
 * in any thread. */
#ifndef IO_BEGINNING_H
#define IO_BEGINNING_H

#include <stdbool.h>

#include "core_status.h"

struct io_beginning {
    char *file;       /* released with core_free(); NULL: there is no such file */
    const char *rest; /* what stands behind it in the path, with its ':' or '/' */
    bool is_hdf5;
};

/* Finds the longest beginning of `path` that ends before a ':' or a '/' and is a plain file. */
shs_status io_beginning_find(const char *path, struct io_beginning *beginning);

#endif
