/* What the files of this folder share: open files and datasets. */
#ifndef H5_OPEN_H
#define H5_OPEN_H

#include <hdf5.h>

#include "h5_file.h"

struct h5_file {
    hid_t id;
    char *path;
    bool driven; /* true if opened with the driver of this folder */
    bool keeps;  /* true if the dataset that was described last stays open */
    hid_t kept;  /* the dataset that stays open; 0 if there is none */
    char *kept_name;
};

/* Inside a guard. Opens a dataset. If cache_bytes is not 0, the dataset gets a chunk cache of that
 * size. For a name that does not exist, the message offers names that do. */
shs_status h5_dataset_open(struct h5_file *file, const char *name, size_t cache_bytes, hid_t *id);

/* Inside a guard. Returns true if no link has this name. A damaged group gives false. */
bool h5_is_absent(const struct h5_file *file, const char *name);

struct h5_members;

/* Inside a guard. Finds the type and shape of a dataset of plain numbers, or of what is taken of a
 * compound dataset. `members` is NULL for plain numbers. */
shs_status h5_shape_of(const struct h5_file *file, const char *name, hid_t dataset,
                       const struct h5_members *members, shs_tensor *shape);

/* Inside a guard. Returns SHS_ERROR_UNSUPPORTED if a chunk of the dataset went through a filter
 * that this HDF5 lacks. The message begins with the file and the name. `creation` is the dataset's
 * creation list. */
shs_status h5_filters_check(hid_t dataset, hid_t creation, const char *path, const char *name);

#endif
