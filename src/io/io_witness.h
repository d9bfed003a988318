/* Notes what files a thread reads, and where, so that others can tell whether another copy of a
 * file has the same bytes there. Safe in any thread; each thread has notes of its own. */
#ifndef IO_WITNESS_H
#define IO_WITNESS_H

#include <stddef.h>

#include "core_hash.h"
#include "io_file.h"

struct io_extent {
    uint64_t at, bytes;
};

/* A file that was read. */
struct io_witness_file {
    char *path;
    struct io_identity identity;
    struct io_extent *read; /* in the order of the reads */
    size_t reads, capacity;
    struct core_hash *hash; /* of the bytes that were read, in this order */
};

/* The files that were read between io_witness_begin() and io_witness_end(). */
struct io_witness {
    struct io_witness_file *file;
    size_t files, capacity;
    /* True if bytes were used that are not noted: they were in memory before, or notes are too
     * many. */
    bool partial;
    shs_status status; /* SHS_ERROR_MEMORY if notes are missing */
};

/* Begins to note what the calling thread opens and reads. *witness must be zeroed. Ends it. The
 * caller releases the notes with io_witness_free(). */
void io_witness_begin(struct io_witness *witness);
void io_witness_end(void);
void io_witness_free(struct io_witness *witness);

/* Returns true while the calling thread's reads are noted. Without it the next functions do
 * nothing. */
bool io_witness_is_on(void);

/* Notes that a file was opened. `is_known` says that bytes of it may be in memory already, unless
 * it was opened since the notes began. */
void io_witness_open(const char *path, const struct io_identity *identity, bool is_known);

/* Notes bytes that were read from a file. */
void io_witness_read(const struct io_identity *identity, uint64_t at, const void *bytes,
                     size_t count);

/* Notes that bytes are used which are not noted. */
void io_witness_miss(void);

/* Opens a file, and finds whether its bytes at the extents have a digest. A file that ends before
 * has not, nor has a file that is being written. */
shs_status io_witness_compare(const char *path, const struct io_extent *read, size_t reads,
                              const struct core_digest *digest, bool *same);

#endif
