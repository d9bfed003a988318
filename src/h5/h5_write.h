/* Writing HDF5 files in the latest format: the same content gives the same bytes. */
#ifndef H5_WRITE_H
#define H5_WRITE_H

#include "shardstep/tensor.h"

struct h5_writer;

/* How a dataset is stored. */
struct h5_storage {
    uint64_t chunk_rows; /* 0: contiguous */
    unsigned deflate;    /* 0 … 9; 0: none */
    bool byteshuffle;
    bool fletcher32; /* a checksum of each chunk, which HDF5 checks when it reads */
};

/* Creates or replaces a file. On error *writer is NULL. */
shs_status h5_create(const char *path, struct h5_writer **writer);

/* Creates a dataset of the tensor's type and shape, in standard little-endian types, and the groups
 * on its way. Its rows are then written in order by h5_write_rows(); a tensor without axes
 * counts as one row. */
shs_status h5_create_field(struct h5_writer *writer, const char *name, const shs_tensor *shape,
                           const struct h5_storage *storage);

/* Writes the next `count` rows of the dataset created last. */
shs_status h5_write_rows(struct h5_writer *writer, uint64_t count, const void *rows);

/* Attributes of the root group. */
shs_status h5_write_text(struct h5_writer *writer, const char *name, const char *text);
shs_status h5_write_u64(struct h5_writer *writer, const char *name, const uint64_t *values,
                        size_t count);

/* Closes the file; the last chance for an error. Leaves NULL. The file is not yet synced. */
shs_status h5_finish(struct h5_writer **writer);

/* Closes a file that is given up. Accepts a pointer to NULL; leaves NULL. */
void h5_abandon(struct h5_writer **writer);

#endif
