/* Writes arrays to a new HDF5 file by all ranks together. The bytes are the same for any number of
 * ranks.
 *
 * Each rank reads its own rows, and encodes their chunks if they pass through filters. Rank 0 alone
 * writes the file, in the order of rows, so no other rank needs to see the file. Writing by ranks
 * of several nodes side by side would need MPI-IO or, on NFS, locks. The open of MPI-IO waits
 * forever for a rank on which it fails. A node writes whole pages back to NFS, with old bytes in
 * place of its neighbours'. */
#ifndef IMPORT_WRITE_H
#define IMPORT_WRITE_H

#include "h5_write.h"
#include "mpi_run.h"

struct import_origin;

/* An array to write. */
struct import_output {
    const char *name;
    shs_tensor shape; /* rows along the first axis; no axis is empty */
    /* Elements of a chunk along each axis: rows first, at least 1. 0 behind them: the whole axis.
     */
    uint64_t chunk[SHS_MAX_AXES];
    unsigned deflate; /* level 0 … 9; 0: none */
    bool byteshuffle;
    /* True for checksums of chunks (fletcher32) in place of checksums of rows. Not with the
     * filters above. */
    bool by_chunk;
    const char *const *classes; /* names for the attribute "classes", or NULL */
    uint64_t n_classes;
    /* Local. Reads rows [first, first + count). `first` rises from call to call. */
    shs_status (*read)(void *user, uint64_t first, uint64_t count, void *rows);
    void *user;
    /* The origin to keep beside the array, or NULL. */
    const struct import_origin *origin;
    /* Local. Lists the origin's rows that [first, first + count) are. `first` rises from call to
     * call; 0 begins anew. NULL: they are the origin's rows, in order. */
    void (*list)(void *user, uint64_t first, uint64_t count, uint64_t *rows);
    /* The sources of the origin to keep, in order, and the first row of each. NULL: all of them.
     * `list` is not used then. */
    const uint64_t *source, *source_row;
    uint64_t n_sources;
};

/* Reports progress in bytes of rows. Called on rank 0. */
struct import_progress {
    void (*show)(void *user, const char *name, uint64_t done, uint64_t all);
    void *user;
};

/* Collective. Writes the arrays, and NAME.crc32c, NAME.chunk_crc32c and the origins beside each, to
 * the file `path`, which is replaced. After an error an incomplete file may stay there. Only rank 0
 * needs `path`. `progress` may be NULL. */
shs_status import_write(shs_run *run, const char *path, const struct import_output *outputs,
                        size_t count, const struct import_progress *progress);

#endif
