/* Names of datasets, and where the links on their way lead. */
#ifndef H5_LINK_H
#define H5_LINK_H

#include "h5_file.h"

/* Inside a guard. Calls `visit` with the file and the name without soft and external links that a
 * name leads to. A link that leads nowhere, or in a circle, and a name that is not there are errors
 * that say so. */
shs_status h5_link_follow(struct h5_file *file, const char *name,
                          shs_status (*visit)(struct h5_file *file, const char *name, void *user),
                          void *user);

/* Inside a guard. The error of a file that holds no dataset of that name; it names those that there
 * are. */
shs_status h5_link_fail(struct h5_file *file, const char *name);

/* Inside a guard. Opens the file that HDF5 takes for a name in another one: from the folders that
 * an environment variable names, the other's own, or the current one. *found is NULL, and the
 * status SHS_OK, if there is no such file. */
shs_status h5_link_open(const struct h5_file *of, const char *name, const char *variable,
                        struct h5_file **found);

#endif
