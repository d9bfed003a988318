/* Files beside its own that a dataset takes its elements from: the sources of a virtual dataset,
 * the raw files of an external one, the file that an external link leads to. HDF5 reads what is
 * missing there as fill values or zeros and reports success; here it is an error. */
#ifndef H5_SOURCES_H
#define H5_SOURCES_H

#include <hdf5.h>

#include "h5_open.h"
#include "io_file.h"

/* Rows: the first `block` of every `stride` in [first, end). */
struct h5_rows {
    uint64_t first, end, stride, block;
    bool exact; /* each of these rows is made of the source, not just some of them */
};

struct h5_source {
    char *path;
    struct h5_rows rows; /* of the dataset that are made of it */
    struct io_identity identity;
    bool kept;  /* HDF5 opens it once and keeps it open with the dataset, or else at each read */
    bool open;  /* HDF5 has it open */
    bool fresh; /* but for the first time now */
};

/* Zeroed it is empty. */
struct h5_sources {
    struct h5_source *source;
    size_t count, capacity;
    size_t open; /* of them */
};

/* Inside a guard. Finds and examines all that a dataset is made of: every source is there and holds
 * what is wanted of it, and together they cover the whole extent. None for a dataset whose elements
 * lie in its own file. */
shs_status h5_sources_find(struct h5_file *file, const char *name, hid_t dataset,
                           struct h5_sources *sources);

/* Inside a guard. Examines a dataset whose elements lie in its own file, of that layout. */
shs_status h5_examine_alone(const struct h5_file *file, const char *name, hid_t dataset,
                            H5D_layout_t layout);

void h5_sources_free(struct h5_sources *sources);

/* Before HDF5 reads rows, at least one: the files that these need are there, of the size that they
 * had, and can be opened. *too_many is set if HDF5 would then keep more files open than it should:
 * the dataset is to be closed and opened again first, and h5_sources_closed() to be called. */
shs_status h5_sources_use(struct h5_sources *sources, uint64_t first, uint64_t count,
                          bool *too_many);
void h5_sources_closed(struct h5_sources *sources);

/* After it has: it read from the files that were examined. */
shs_status h5_sources_used(struct h5_sources *sources);

/* Refuses a file that is not the one that was examined; *touched is true if only the time of the
 * last change is another, of some. */
shs_status h5_sources_check(const struct h5_sources *sources, bool *touched);

/* For the files of this folder that examine a kind of dataset. */

/* What is being examined. */
struct h5_search {
    struct h5_sources *sources;
    struct h5_rows rows; /* of the dataset asked for that are made of the one looked at */
    uint64_t *deep;      /* mappings of virtual sources, examined so far */
    unsigned depth;      /* virtual datasets may have virtual sources */
};

/* Adds a file. */
shs_status h5_sources_add(struct h5_search *search, const char *path, bool kept);

/* Inside a guard. Examines a dataset of any layout; messages begin with its file and name. */
shs_status h5_examine(struct h5_search *search, struct h5_file *file, const char *name,
                      hid_t dataset);

/* Inside a guard. Examines a virtual dataset, whose creation list is given as well. */
shs_status h5_examine_virtual(struct h5_search *search, struct h5_file *file, hid_t dataset,
                              hid_t creation);

/* Inside a guard. Opens the file that HDF5 takes for a virtual dataset's source. */
shs_status h5_source_open(const struct h5_file *of, const char *name, struct h5_file **source);

#endif
