/* An open field, for the files of this folder. */
#ifndef H5_FIELD_H
#define H5_FIELD_H

#include "h5_sources.h"

struct h5_field {
    hid_t dataset;
    hid_t creation; /* its creation list */
    bool around;    /* it lies in `file`, whose driver is this folder's */
    hid_t memory_type;
    hid_t file_space;
    hid_t row_space;      /* one row in memory */
    struct h5_file *file; /* borrowed */
    size_t cache_bytes;
    struct h5_sources sources; /* other files that its rows are in */
    char *path;
    char *name;
    hid_t transfer; /* how it is read */
    uint32_t axes;  /* as stored: without that of the parts of complex numbers */
    bool pair;      /* each element is two numbers */
    bool beyond;    /* an enumeration had a value that its type in memory cannot hold */
    hsize_t shape[SHS_MAX_AXES];
    size_t row_bytes;
    bool gaps;   /* some of it was never written, and is not filled in */
    bool failed; /* a read did: what HDF5 keeps of the dataset may not be the file's */
};

/* Inside a guard. True if what was never written reads as a fill value, by a creation list. */
bool h5_is_filled(hid_t creation);

#endif
