/* Writing HDF5 files in the latest format: the same content gives the same bytes. All functions are
 * Local. */
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
    bool early; /* its place in the file is settled when it is created, not when it is written */
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

/* Opens a file that h5_create() made, to fill its datasets; no more may be created. On error
 * *writer is NULL. */
shs_status h5_open_to_fill(const char *path, struct h5_writer **writer);

/* Goes to a dataset of that file. */
shs_status h5_fill_field(struct h5_writer *writer, const char *name);

/* Writes rows of that dataset, in any order. */
shs_status h5_write_rows_at(struct h5_writer *writer, uint64_t first, uint64_t count,
                            const void *rows);

/* Writes the chunk that begins with a row as it is stored: encoded, and of whole length. */
shs_status h5_write_chunk(struct h5_writer *writer, uint64_t first, const void *stored,
                          size_t bytes);

/* An attribute of the dataset created last: an array of texts in UTF-8. */
shs_status h5_write_names(struct h5_writer *writer, const char *attribute, const char *const *names,
                          uint64_t count);

/* Attributes of the root group. */
shs_status h5_write_text(struct h5_writer *writer, const char *name, const char *text);
shs_status h5_write_u64(struct h5_writer *writer, const char *name, const uint64_t *values,
                        size_t count);

/* Closes the file; the last chance for an error. Leaves NULL. The file is not yet synced. */
shs_status h5_finish(struct h5_writer **writer);

/* Closes a file that is given up. Accepts a pointer to NULL; leaves
 * NULL. */
void h5_abandon(struct h5_writer **writer);

#endif
