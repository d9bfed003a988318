/* What the files of this folder share: open files and datasets. */
#ifndef H5_OPEN_H
#define H5_OPEN_H

#include <hdf5.h>

#include "h5_file.h"

struct h5_file {
    hid_t id;
    char *path;
    bool driven; /* opened with the driver of this folder */
    bool keeps;  /* the dataset that was described last stays open */
    hid_t kept;  /* this dataset; 0: none */
    char *kept_name;
};

/* Inside a guard. Opens a dataset, with a chunk cache of its own unless cache_bytes is 0; the
 * message for one that is not there names those that are. */
shs_status h5_dataset_open(struct h5_file *file, const char *name, size_t cache_bytes, hid_t *id);

/* Inside a guard. Type and shape of a dataset of plain numbers. */
shs_status h5_shape_of(const struct h5_file *file, const char *name, hid_t dataset,
                       shs_tensor *shape);

/* Inside a guard. SHS_ERROR_UNSUPPORTED for a dataset of which a chunk went through a filter that
 * this HDF5 has not; the message begins with file and name. `creation` is its creation list. */
shs_status h5_filters_check(hid_t dataset, hid_t creation, const char *path, const char *name);

#endif
