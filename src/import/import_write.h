/* Fields written to a new HDF5 file by all ranks together: the same bytes for any number of them.
 *
 * Each rank reads its own rows, and encodes their chunks if they pass through filters. Rank 0 alone
 * writes the file, in the order of rows, so that no other rank needs to see it. Ranks of several
 * nodes that wrote side by side would need MPI-IO, whose open waits without end for a rank on which
 * it fails, or, on NFS, locks: a node writes whole pages back, with what it took its neighbours'
 * bytes for. */
#ifndef IMPORT_WRITE_H
#define IMPORT_WRITE_H

#include "h5_write.h"
#include "mpi_run.h"

/* A field to be written. */
struct import_output {
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
struct import_progress {
    void (*show)(void *user, const char *name, uint64_t done, uint64_t all);
    void *user;
};

/* Collective. Writes the fields, with NAME.crc32c beside each, to `path`, which is replaced; on
 * error it may be left there, incomplete. Only rank 0 reads `path`. `progress` may be NULL. */
shs_status import_write(shs_run *run, const char *path, const struct import_output *outputs,
                        size_t count, const struct import_progress *progress);

#endif
