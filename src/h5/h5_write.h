/* Writes HDF5 files in the latest format. The same content gives the same bytes. All functions are
 * Local. */
#ifndef H5_WRITE_H
#define H5_WRITE_H

#include "shardstep/tensor.h"

struct h5_writer;

/* How an array is stored. */
struct h5_storage {
    uint64_t chunk_rows; /* 0: contiguous */
    unsigned deflate;    /* level 1 … 9; 0: none */
    bool byteshuffle;
    bool fletcher32; /* true for a checksum of each chunk, which HDF5 checks in reading */
    /* Elements of a chunk along each axis behind the first; 0: the whole axis. */
    uint64_t chunk[SHS_MAX_AXES];
    bool early; /* true if the array gets its place in the file before it is written */
};

/* Creates or replaces a file. On error *writer is NULL. */
shs_status h5_create(const char *path, struct h5_writer **writer);

/* Creates or replaces a file whose first `block_bytes` bytes, the user block, are not HDF5's: a
 * power of two from 512. Its arrays begin at multiples of 64 bytes. On error *writer is NULL. */
shs_status h5_create_behind(const char *path, uint64_t block_bytes, struct h5_writer **writer);

/* Creates an array as h5_create_array() does, for others to write. Sets *place to the offset of its
 * first byte in the file, or to 0 if it has no elements. All its bytes lie together. The array that
 * is placed first in a file must have elements. */
shs_status h5_place_array(struct h5_writer *writer, const char *name, const shs_tensor *shape,
                          uint64_t *place);

/* Creates an array of the tensor's type and shape, in standard little-endian types, and the groups
 * on its way. Its rows are then written in order by h5_write_rows(). A tensor without axes counts
 * as one row. */
shs_status h5_create_array(struct h5_writer *writer, const char *name, const shs_tensor *shape,
                           const struct h5_storage *storage);

/* Writes the next `count` rows of the array created last. */
shs_status h5_write_rows(struct h5_writer *writer, uint64_t count, const void *rows);

/* Opens a file that h5_create() made, to fill its arrays. No more arrays may be created. On error
 * *writer is NULL. */
shs_status h5_open_to_fill(const char *path, struct h5_writer **writer);

/* Chooses the array that the next calls write to, in a file of h5_open_to_fill(). */
shs_status h5_fill_array(struct h5_writer *writer, const char *name);

/* Writes rows of the chosen array, in any order. */
shs_status h5_write_rows_at(struct h5_writer *writer, uint64_t first, uint64_t count,
                            const void *rows);

/* Writes the chunk whose first element lies at `start`, which has a position for each axis. The
 * chunk is given as it is stored: encoded, and of whole length. */
shs_status h5_write_chunk(struct h5_writer *writer, const uint64_t *start, const void *stored,
                          size_t bytes);

/* Writes an attribute of the array created last: a list of texts in UTF-8. */
shs_status h5_write_names(struct h5_writer *writer, const char *attribute, const char *const *names,
                          uint64_t count);

/* A member of the records of a table: a text of fixed length, in UTF-8 and padded with zeros, or a
 * u64. */
struct h5_member {
    const char *name;
    size_t text_bytes; /* 0: a u64 */
};

/* Creates a table of `rows` records, at least 1, each with these members one after the other and
 * without gaps. The array created last must be complete. */
shs_status h5_create_table(struct h5_writer *writer, const char *name,
                           const struct h5_member *members, size_t n_members, uint64_t rows);

/* Writes records of the table created last. */
shs_status h5_write_records(struct h5_writer *writer, uint64_t first, uint64_t count,
                            const void *records);

/* Writes an attribute of the root group. */
shs_status h5_write_text(struct h5_writer *writer, const char *name, const char *text);
shs_status h5_write_u64(struct h5_writer *writer, const char *name, const uint64_t *values,
                        size_t count);

/* Write an attribute of the group or the array at a path; "/" is the root group. A label is a text
 * in UTF-8 of any length, and a number has no axes: what other programs read as a string and as a
 * number. */
shs_status h5_write_label(struct h5_writer *writer, const char *path, const char *attribute,
                          const char *text);
shs_status h5_write_number(struct h5_writer *writer, const char *path, const char *attribute,
                           uint64_t number);

/* Closes the file and sets *writer to NULL. Late errors in writing are reported here. The file is
 * not yet synced. */
shs_status h5_finish(struct h5_writer **writer);

/* Closes a file that is given up, and sets *writer to NULL, which it may be already. */
void h5_abandon(struct h5_writer **writer);

#endif
