/* An open array, for the files of this folder. */
#ifndef H5_ARRAY_H
#define H5_ARRAY_H

#include "h5_groups.h"
#include "h5_mapped.h"
#include "h5_members.h"
#include "h5_runs.h"

struct h5_sequences;

struct h5_array {
    hid_t dataset;
    hid_t creation; /* creation list of the dataset */
    /* True if the array lies in `file`, and `file` was opened with this folder's driver. */
    bool around;
    hid_t memory_type;
    hid_t file_space;
    hid_t row_space;      /* dataspace of one row in memory, or of its part */
    struct h5_file *file; /* borrowed */
    size_t cache_bytes;
    struct h5_mapped_files mapped; /* other files that rows are read from */
    struct h5_runs runs;           /* of a virtual array */
    char *path;
    char *name;
    char *stored_name; /* of the dataset; `name` may have members behind it */
    /* The datasets whose rows these are, if the name is a pattern; otherwise NULL. `dataset` is
     * then the first of them, and the first of `shape` the rows of all. */
    struct h5_groups *groups;
    struct h5_members *members;     /* what is taken of each element; NULL: all of it */
    struct h5_sequences *sequences; /* of a dataset of variable-length arrays, or NULL */
    /* While the references to variable-length arrays are looked for: the bytes of each, otherwise
     * 0.
     */
    size_t element_bytes;
    hid_t transfer; /* transfer list of its reads */
    uint32_t axes;  /* as stored: those that elements have themselves are not counted */
    bool pair;      /* true if each element is a complex number */
    bool widened;   /* true if numbers are widened after they are read, see h5_type.h */
    /* True if an enumeration had a value that its type in memory cannot hold. */
    bool beyond;
    hsize_t shape[SHS_MAX_AXES];
    uint32_t row_axes;          /* the leading axes that count rows */
    const struct io_part *part; /* what reads give of a row; NULL: all of it; borrowed */
    size_t row_bytes;           /* of what reads give of a row */
    /* True if some elements were never written and have no fill value. */
    bool gaps;
    /* True after a failed read. What HDF5 keeps of the dataset may then not be the file's. */
    bool failed;
};

/* Inside a guard. Returns true if elements that were never written read as a fill value, according
 * to a creation list. */
bool h5_is_filled(hid_t creation);

/* Inside a guard. Makes a dataspace for `rows` rows, or their parts, in memory. Returns a negative
 * value on error. The caller closes it with H5Sclose(). */
hid_t h5_space_of_rows(const struct h5_array *array, uint64_t rows);

/* Inside a guard. Closes the dataset and with it all files that HDF5 has open for it, and opens it
 * again. */
shs_status h5_array_reopen(struct h5_array *array);

#endif
