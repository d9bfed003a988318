/* A field of a dataset, read by position where that is safe, through HDF5 where it is not. */
#ifndef RUN_FIELD_H
#define RUN_FIELD_H

#include "h5_file.h"
#include "io_rows.h"

struct run_field {
    struct h5_field *through; /* HDF5 */
    struct io_rows *direct;   /* NULL: `through` is used */
    const char *reason;       /* why not directly; static storage */
    shs_tensor sample;        /* name is the struct's own */
    uint64_t rows;
    size_t row_bytes;
};

/* Opens a field and chooses how to read it: directly only if every condition holds and some rows,
 * the first and the last among them, are what HDF5 reads. */
shs_status run_field_open(struct h5_file *file, const char *path, const char *name,
                          size_t cache_bytes, struct run_field *field);

/* Accepts a zeroed field; leaves one. */
void run_field_close(struct run_field *field);

shs_status run_field_read(const struct run_field *field, uint64_t first, uint64_t count, void *to);

#endif
