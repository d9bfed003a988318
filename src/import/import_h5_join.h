/* Datasets of HDF5 files, joined along the first axis, as one array that is read row by row. */
#ifndef IMPORT_H5_JOIN_H
#define IMPORT_H5_JOIN_H

#include "h5_packing.h"
#include "import_h5_sources.h"

/* How the datasets are taken. */
struct import_h5_way {
    shs_type type; /* type to convert to; 0: the stored type */
    /* The order of axes: the stored one, the reverse, or axis a of a row's array is the dataset's
     * axis order[a]. Complex numbers keep their parts along the last axis. */
    enum {
        IMPORT_H5_STORED,
        IMPORT_H5_REVERSED,
        IMPORT_H5_LISTED
    } axes;
    uint32_t n_order;
    uint32_t order[SHS_MAX_AXES];
};

struct import_h5_join;

/* Local. Opens each dataset once and joins them. Fills the types and rows of `sources`, which stay
 * the caller's. *shape gets the type and shape of the whole. Datasets of other shapes than the
 * first's are errors, and so are datasets of other types if no type is asked for. Numbers are
 * joined as they are stored, so datasets with other attributes, such as a scale, are errors. On
 * error *join is NULL. */
shs_status import_h5_join_open(struct import_h5_sources *sources, const struct import_h5_way *way,
                               struct import_h5_join **join, shs_tensor *shape);

/* Closes the datasets and sets *join to NULL, which it may be already. */
void import_h5_join_close(struct import_h5_join **join);

/* Local. Reads rows [first, first + count) of the whole. A value that the type asked for cannot
 * hold is SHS_ERROR_FORMAT. */
shs_status import_h5_join_read(struct import_h5_join *join, uint64_t first, uint64_t count,
                               void *rows);

/* Returns the attributes of the datasets, such as a scale. They are not applied. */
const struct h5_packing *import_h5_join_packing(const struct import_h5_join *join);

/* Returns MATLAB's name for the type of the first dataset, "" if MATLAB did not write it. */
const char *import_h5_join_matlab(const struct import_h5_join *join);

#endif
