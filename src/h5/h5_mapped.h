/* Mapped files: other files that an array's elements lie in. They are the files of a virtual
 * dataset, the raw files of an external dataset, and the file that an external link leads to. HDF5
 * reads missing parts of them as fill values or zeros and reports success. Here a missing part is
 * an error. */
#ifndef H5_MAPPED_H
#define H5_MAPPED_H

#include <hdf5.h>

#include "h5_open.h"
#include "io_file.h"

/* A set of rows: in [first, end) the first `block` rows of every `stride` rows. */
struct h5_rows {
    uint64_t first, end, stride, block;
    bool exact; /* true if each of these rows has elements in the file, not only some of them */
    bool whole; /* true if each of them lies in the file whole */
};

struct h5_mapped_file {
    char *path;
    struct h5_rows rows; /* the rows of the array that have elements in the file */
    struct io_identity identity;
    /* True if HDF5 keeps the file open with the dataset, false if it opens it anew for each read.
     */
    bool kept;
    bool open;  /* true if HDF5 has the file open */
    bool fresh; /* true if HDF5 opens the file in the present read */
};

/* The mapped files of an array. A zeroed struct is empty. */
struct h5_mapped_files {
    struct h5_mapped_file *file;
    size_t count, capacity;
    size_t open; /* number of files that HDF5 has open */
};

/* Inside a guard. Finds and examines the mapped files of an array. Each file must exist and hold
 * what is mapped to it, and together they must cover all elements. An array whose elements lie in
 * its own file has none. Also finds the runs of a virtual array. */
shs_status h5_mapped_find(struct h5_file *file, const char *name, hid_t dataset,
                          struct h5_mapped_files *mapped, struct h5_runs *runs);

/* Inside a guard. Examines an array whose elements lie in its own file in the given layout. */
shs_status h5_examine_alone(const struct h5_file *file, const char *name, hid_t dataset,
                            H5D_layout_t layout);

/* Releases the list and leaves it empty. */
void h5_mapped_free(struct h5_mapped_files *mapped);

/* Checks the files that reading `count` rows from `first` on, at least one row, will need. Each
 * must exist, be readable and have the size that it had. *too_many is set if HDF5 would keep too
 * many files open after the read: the caller must then close the dataset, call h5_mapped_closed(),
 * and open it again. */
shs_status h5_mapped_use(struct h5_mapped_files *mapped, uint64_t first, uint64_t count,
                         bool *too_many);
void h5_mapped_closed(struct h5_mapped_files *mapped);

/* Checks after a read that HDF5 has read from the files that were examined. A read of parts of rows
 * need not have read from files that have only parts of rows. */
shs_status h5_mapped_used(struct h5_mapped_files *mapped, bool parts);

/* Refuses a file that is not the file that was examined. *touched is set to true if a file differs
 * only in the time of its last change. */
shs_status h5_mapped_check(const struct h5_mapped_files *mapped, bool *touched);

/* The rest is for the files of this folder that examine a kind of dataset. */

/* The state of an examination. */
struct h5_search {
    struct h5_mapped_files *mapped;
    struct h5_runs *runs; /* of the array asked for */
    /* The rows of the array asked for that need the dataset that is being examined. */
    struct h5_rows rows;
    uint64_t *deep; /* mappings of virtual datasets below the array, examined so far */
    unsigned depth; /* virtual datasets between the array and the dataset */
};

/* Adds a file to the list. `kept` is as in struct h5_mapped_file. */
shs_status h5_mapped_add(struct h5_search *search, const char *path, bool kept);

/* Inside a guard. Examines a dataset of any layout. Messages begin with its file and name. */
shs_status h5_examine(struct h5_search *search, struct h5_file *file, const char *name,
                      hid_t dataset);

/* Inside a guard. Examines a virtual dataset. `creation` is its creation list. */
shs_status h5_examine_virtual(struct h5_search *search, struct h5_file *file, hid_t dataset,
                              hid_t creation);

/* Inside a guard. Opens the file that HDF5 would open for a file name in a virtual dataset. */
shs_status h5_mapped_open(const struct h5_file *of, const char *name, struct h5_file **mapped);

#endif
