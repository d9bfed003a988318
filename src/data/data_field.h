/* An array that fields are made of. It is read directly, which means by offset and without HDF5,
 * where that is safe, and through HDF5 otherwise. */
#ifndef DATA_FIELD_H
#define DATA_FIELD_H

#include "data_axes.h"
#include "data_slab.h"
#include "io_reader.h"

struct data_sources;
struct h5_packing;
struct h5_sparse;
struct data_cf;

struct data_field {
    char *path;               /* path of its file */
    struct h5_array *through; /* for reads through HDF5; NULL if `direct` is set */
    struct io_reader *direct; /* for direct reads, or NULL */
    /* The sources of a virtual array that is read directly, or NULL. Its rows are rows of theirs.
     * HDF5 then only compares the files of the sources with what they were. */
    struct data_sources *sources;
    const struct data_sources *of; /* the sources that the array is one of, or NULL */
    struct io_lane lane;           /* lane of the calling thread, for data_field_read() */
    char reason[IO_REASON_BYTES];  /* why it is not read directly */
    /* True if HDF5 lacks a filter, so that no row could be compared with HDF5's. */
    bool uncompared;
    bool differs;        /* true if HDF5 reads other rows than a direct read */
    uint32_t *checksums; /* a checksum for each row, or for each series; or NULL */
    /* The array that checksums are read from, if there are too many for memory; or NULL. */
    struct data_field *checked_by;
    /* Another field of the same file that has the same compressed chunks, though it takes another
     * part of them, so that each is decoded once for both; or NULL. The caller sets it. */
    const struct data_field *chunks;
    /* All rows, while an index has them in memory: data_field_read() then needs no file; or NULL.
     */
    char *held;
    struct h5_packing *packing; /* attributes such as scale_factor; NULL: none, or not asked for */
    struct h5_sparse *sparse;   /* what the group of a sparse matrix says, whose values it has */
    uint64_t content;           /* hash of some of its rows; 0 until it is computed */
    uint64_t key;               /* its key in a cache, which the caller sets */
    shs_tensor sample;          /* type and shape of a row; the name is the struct's own */
    bool is_single;             /* true for a number without axes */
    /* The leading axes that count rows. With two axes, the rows of an index of the first axis are a
     * series. */
    uint32_t row_axes;
    uint64_t series_rows; /* rows of a series; all rows with one axis */
    /* What the attributes make of stored numbers; NULL: they are taken as they are stored. `sample`
     * and `row_bytes` are those of the values, which are f32. */
    struct data_cf *unpack;
    size_t stored_bytes; /* of what is taken of a row, as it is stored */
    /* What is taken of a row; NULL: all of it. `sample` and `row_bytes` are those of this part. */
    struct io_part *part;
    struct data_slab slab;     /* which slab of that this rank takes, by an axis of a row */
    struct io_part *unslabbed; /* with a slab: what all members of the group take; NULL: all */
    /* Of members of a compound: the bytes of the dataset's name in the name of `sample`. The part
     * is then one of the rows as they are stored, see data_members.h. 0: the array has plain
     * numbers. */
    size_t dataset_bytes;
    char picked[DATA_PICKED_BYTES]; /* the axes that select, crop and slab name: see data_pick.h */
    size_t whole_bytes;             /* of a whole row, as it is stored */
    shs_tensor whole;               /* type and shape of a whole row, as it is stored */
    /* True if rows of which a part is taken are read whole, compared with their checksums and then
     * cut, because the bytes of a part could not be compared. */
    bool sums_whole;
    bool compares_whole;         /* true if this holds for what the field takes */
    char axes[SHS_MAX_AXES + 1]; /* letters of the array's axes; "" unless they were asked for */
    /* If the array is named by a pattern: its groups, of which group g has the rows [groups[g],
     * groups[g + 1]). Otherwise NULL. */
    uint64_t *groups;
    size_t n_groups;
    uint64_t rows;
    /* Its rows together with those of other files that are read with it. The caller may change the
     * number. */
    uint64_t all_rows;
    uint64_t chunk_rows; /* neighbouring rows of a chunk; 0 if it is not chunked */
    size_t row_bytes;
};

/* Returns true if the array's rows are read directly: its own, or those of its sources. */
static inline bool data_field_is_direct(const struct data_field *field)
{
    return field->direct || field->sources;
}

/* A key of a cache is that of an array of a file or, with more above these bits, that of a source
 * of the array. */
#define DATA_ARRAY_KEY ((UINT64_C(1) << 44) - 1)

/* Sets the key of an array and, with other files, the number of its rows. */
void data_field_tell(struct data_field *field, uint64_t key, uint64_t all_rows);

/* Returns the field that stands for all fields with the same chunks. */
static inline const struct data_field *data_field_chunks(const struct data_field *field)
{
    return field->chunks ? field->chunks : field;
}

/* How an array is opened. */
struct data_field_how {
    size_t cache_bytes;
    bool single;                  /* true to take a single number for one row */
    const struct data_view *view; /* what is taken of the array; NULL: rows, whole */
    struct data_member member;    /* which slab is taken, if the view names an axis for it */
    /* True to read directly without a comparison, because an earlier comparison was good, in this
     * file or in a file like it. */
    bool trusted;
    /* True if only the type and the shape are wanted. If the array is read at all, then through
     * HDF5. */
    bool look;
    bool packing; /* true to read attributes such as scale_factor */
    bool cf;      /* true to apply them too */
    bool axes;    /* true to read how the file names the axes */
    bool map;     /* true to map it if it is read directly; io_guard_begin() has been called */
    /* True to hash some rows too, see data_compare.h. It has no effect if `trusted` is true. */
    bool content;
    /* True for a source of a virtual array. Only its first and its last row are compared. A source
     * that is virtual itself is read through HDF5. */
    bool is_source;
    /* The most sources that a virtual array may have to be read directly. 0: data_sources_allowed()
     */
    size_t most_sources;
};

/* Opens an array and chooses how to read it. It is read directly only if every condition holds and
 * some rows, the first and the last among them, are what HDF5 reads. Otherwise HDF5 reads it, with
 * `cache_bytes` for decoded chunks. An array whose filters only this library has is read directly
 * in any case. A failed read of the system is an error, and no reason to choose HDF5. */
shs_status data_field_open(struct h5_file *file, const char *path, const char *name,
                           const struct data_field_how *how, struct data_field *field);

/* Finds the array's checksums, which groups have none of: the array NAME.crc32c beside it, of a u32
 * for each index of the first axis, if it exists. Members of compounds have none. It may also lie
 * beside the array that soft or external links lead to. An array NAME.crc32c of another type or
 * shape is an error. The checksums are held in memory if they take at most `bytes`. Finds the
 * checksums of chunks (data_chunk_sums.h) in the same places. */
#define DATA_CHECKSUM_BYTES ((size_t)64 << 20) /* for an array, or for all files of a dataset */
shs_status data_field_find_checksums(struct h5_file *file, const char *path, size_t bytes,
                                     struct data_field *field);

/* Tells the array's reader which of its checksums have been found. */
void data_field_settle_sums(struct data_field *field);

/* Returns true if HDF5 must stay open for the array. */
bool data_field_is_through(const struct data_field *field);

/* Returns true if the array's rows have checksums. */
bool data_field_has_checksums(const struct data_field *field);

/* Returns true if the array's chunks have checksums as they are stored: NAME.chunk_crc32c. */
static inline bool data_field_has_chunk_sums(const struct data_field *field)
{
    return field->direct && io_reader_layout(field->direct)->sums;
}

/* Returns the checksums that rows [first, first + count) can be compared with, if they are whole:
 * one for each row or, if rows have two axes, one for each series that is all there. */
struct data_range data_field_sums(const struct data_field *field, uint64_t first, uint64_t count);

/* Reads checksums [first, first + count). Must be called in the calling thread. */
shs_status data_field_checksums(struct data_field *field, uint64_t first, uint64_t count,
                                uint32_t *checksums);

/* Compares whole rows in memory with their checksums, from that of data_field_sums() on. The first
 * row that differs is SHS_ERROR_FORMAT. May be called in any thread. */
shs_status data_field_check(const struct data_field *field, uint64_t first, uint64_t count,
                            const void *rows, const uint32_t *checksums);

/* Releases what an array holds, and zeroes it. A zeroed array is accepted. */
void data_field_close(struct data_field *field);

/* Reads whole rows as they are stored, one after the other, though a part of them is taken. Must be
 * called in the calling thread. */
shs_status data_field_read_whole(struct data_field *field, uint64_t first, uint64_t count,
                                 void *to);

/* Reads a part of rows, one after the other, through HDF5, as they are stored. `part` NULL: whole
 * rows. Must be called in the calling thread. */
shs_status data_field_read_part(struct data_field *field, const struct io_part *part,
                                uint64_t first, uint64_t count, void *to);

/* Makes the values of `bytes` bytes of packed numbers as they are stored. Any thread. */
void data_field_unpack(const struct data_field *field, const void *stored, size_t bytes, void *to);

/* Reads what is taken of rows, unpacked if it is packed, one after the other. Must be called in the
 * calling thread. */
shs_status data_field_read(struct data_field *field, uint64_t first, uint64_t count, void *to);

#endif
