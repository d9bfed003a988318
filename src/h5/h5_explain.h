/* Explains why HDF5 could not open a file or an array. Each function returns an error with its
 * message. All functions are to be called inside a guard, after the failed call. */
#ifndef H5_EXPLAIN_H
#define H5_EXPLAIN_H

#include "h5_open.h"

/* Explains a file: it is of another kind than HDF5, not complete, open for writing, of a newer
 * format, or damaged. */
shs_status h5_explain_file(const char *path);

/* Explains a name: it is a link that leads nowhere, a part of an array, something else than an
 * array, or an array that needs a newer HDF5 or is damaged. */
shs_status h5_explain_dataset(struct h5_file *file, const char *name);

#endif
