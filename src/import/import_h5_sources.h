/* Finds the datasets of HDF5 files that an origin joins. */
#ifndef IMPORT_H5_SOURCES_H
#define IMPORT_H5_SOURCES_H

#include "io_paths.h"
#include "shardstep/tensor.h"

struct import_h5_source {
    size_t file; /* index among the files */
    char *name;
    shs_type type;        /* as stored */
    uint64_t first, rows; /* the rows of the origin that it gives */
};

struct import_h5_sources {
    struct io_paths files;
    struct import_h5_source *source;
    size_t count, room;
};

/* Local. Finds the datasets in the order in which they are joined: file by file, and in a file by
 * name. Names are sorted byte by byte or, if `natural` is true, with their numbers by size. Files
 * that are listed stay in the order of the list. `path` is any that io_paths_find() takes.
 * `pattern` is the name of a dataset, or a pattern as of glob(3), in which * and ? match no '/'.
 * Datasets of checksums do not match. A file without a match is an error. Sets only the file and
 * the name of each source. The caller releases the sources with import_h5_sources_free(), also
 * after an error. */
shs_status import_h5_sources_find(const char *path, const char *pattern, bool natural,
                                  struct import_h5_sources *sources);

void import_h5_sources_free(struct import_h5_sources *sources);

/* Returns true if the files are listed: in a text file, or separated by commas. */
bool import_h5_sources_listed(const struct import_h5_sources *sources);

/* Gives a source's name, FILE:DATASET, and the number of its first row. The caller releases *name
 * with core_free(). */
shs_status import_h5_source_name(const struct import_h5_sources *sources, size_t number,
                                 char **name, uint64_t *first);

/* Returns the path of the file that a source lies in. */
const char *import_h5_source_path(const struct import_h5_sources *sources, size_t number);

#endif
