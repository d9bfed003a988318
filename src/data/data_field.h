/* A field of a dataset, read by position where that is safe, through HDF5 where it is not. */
#ifndef DATA_FIELD_H
#define DATA_FIELD_H

#include "h5_file.h"
#include "io_reader.h"

struct data_field {
    char *path;                   /* of its file */
    struct h5_field *through;     /* HDF5; NULL if it is read directly */
    struct io_reader *direct;     /* or NULL */
    struct io_lane lane;          /* the calling thread's, for data_field_read() */
    char reason[IO_REASON_BYTES]; /* why not directly */
    bool uncompared;     /* HDF5 lacks a filter, so that no row could be compared with it */
    bool differs;        /* rows at the places that were found were not those that HDF5 reads */
    uint32_t *checksums; /* of every row, or NULL */
    struct data_field *checked_by; /* where they are read from, if they are too many; or NULL */
    uint64_t content;              /* a hash of some of its rows; 0 until it is asked for */
    uint64_t key;                  /* what names it in a cache: the caller's to set */
    shs_tensor sample;             /* a row; name is the struct's own */
    bool is_single;                /* a number without axes */
    uint64_t rows;
    uint64_t all_rows; /* with those of other files that are read with it: the caller's to change */
    uint64_t chunk_rows; /* rows of a chunk; 0: not chunked */
    size_t row_bytes;
};

/* How a field is opened. */
struct data_field_how {
    size_t cache_bytes;
    bool single;  /* a single number is taken for one row */
    bool trusted; /* it is read directly without a comparison: an earlier one was good, in this file
                     or in one like it */
    bool look; /* type and shape are all that is wanted: it will be read through HDF5, if at all */
    bool content; /* and a hash of some rows: see data_compare.h; not of a field that is trusted */
};

/* Opens a field and chooses how to read it: directly only if every condition holds and some rows,
 * the first and the last among them, are what HDF5 reads, which may keep `cache_bytes` of decoded
 * chunks otherwise. A field whose filters only this library has is read directly in any case. What
 * the system could not read is an error, and no reason to choose HDF5. */
shs_status data_field_open(struct h5_file *file, const char *path, const char *name,
                           const struct data_field_how *how, struct data_field *field);

/* Finds the field's checksums: the dataset NAME.crc32c beside it, a u32 for each row, if there is
 * one, also beside the dataset that soft or external links lead to. One of another type or shape is
 * an error. They are held in memory if they take no more than `bytes`. */
#define DATA_CHECKSUM_BYTES ((size_t)64 << 20) /* of one field, or of all files of a dataset */
shs_status data_field_find_checksums(struct h5_file *file, const char *path, size_t bytes,
                                     struct data_field *field);

/* True if HDF5 must stay open for the field. */
bool data_field_is_through(const struct data_field *field);

/* True if rows of the field can be checked. */
bool data_field_has_checksums(const struct data_field *field);

/* The checksums of rows, in the calling thread. */
shs_status data_field_checksums(struct data_field *field, uint64_t first, uint64_t count,
                                uint32_t *checksums);

/* Compares rows in memory with their checksums; the first that differs is SHS_ERROR_FORMAT. Any
 * thread. */
shs_status data_field_check(const struct data_field *field, uint64_t first, uint64_t count,
                            const void *rows, const uint32_t *checksums);

/* Accepts a zeroed field; leaves one. */
void data_field_close(struct data_field *field);

/* Reads rows one after the other, in the calling thread. */
shs_status data_field_read(struct data_field *field, uint64_t first, uint64_t count, void *to);

#endif
