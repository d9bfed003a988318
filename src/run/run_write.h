/* Fields written to a new HDF5 file by all ranks together: the same bytes for any number of them.
 *
 * Rank 0 makes the file's structure. A field without filters has its place in the file from then
 * on, and each rank writes its rows there, by parallel HDF5. Chunks that pass through filters get
 * their place in the order of writing: each rank encodes its own, and rank 0 writes them in their
 * order. Checksums are written by rank 0. */
#ifndef RUN_WRITE_H
#define RUN_WRITE_H

#include "h5_write.h"
#include "mpi_run.h"

/* A field to be written. */
struct run_output {
    const char *name;
    shs_tensor shape;    /* rows along the first axis; none empty */
    uint64_t chunk_rows; /* at least 1 */
    unsigned deflate;    /* 0 … 9 */
    bool byteshuffle;
    const char *const *classes; /* names for an attribute of that name, or NULL */
    uint64_t n_classes;
    /* Local: rows [first, first + count); `first` rises from call to call. */
    shs_status (*read)(void *user, uint64_t first, uint64_t count, void *rows);
    void *user;
};

/* What is done so far, in bytes of rows; called on rank 0. */
struct run_progress {
    void (*show)(void *user, const char *name, uint64_t done, uint64_t all);
    void *user;
};

/* Collective. Writes the fields, with NAME.crc32c beside each, to `path`, which is replaced; on
 * error it may be left there, incomplete. `progress` may be NULL. */
shs_status run_write(shs_run *run, const char *path, const struct run_output *outputs, size_t count,
                     const struct run_progress *progress);

#endif
