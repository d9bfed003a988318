/* Why HDF5 cannot open a file or a dataset. Looked for once it has failed; each function returns an
 * error, with its message. Inside a guard. */
#ifndef H5_EXPLAIN_H
#define H5_EXPLAIN_H

#include "h5_open.h"

/* A file: no HDF5 file but one of another kind, not complete, open for writing, of a newer format,
 * or damaged. */
shs_status h5_explain_file(const char *path);

/* A name: a link that leads nowhere, a part of a dataset, what is no dataset, or a dataset that
 * needs a newer HDF5 or is damaged. */
shs_status h5_explain_dataset(struct h5_file *file, const char *name);

#endif
