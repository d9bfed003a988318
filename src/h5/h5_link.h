/* Follows the names of arrays through links. */
#ifndef H5_LINK_H
#define H5_LINK_H

#include "h5_file.h"

/* Inside a guard. Calls `visit` with the file and the name that a name leads to, without soft and
 * external links. A link that leads nowhere or in a circle, and a name that does not exist, are
 * errors that say so. */
shs_status h5_link_follow(struct h5_file *file, const char *name,
                          shs_status (*visit)(struct h5_file *file, const char *name, void *user),
                          void *user);

/* Inside a guard. Returns the error of a file that holds no array of this name. The message names
 * arrays that the file holds. */
shs_status h5_link_fail(struct h5_file *file, const char *name);

/* Inside a guard. Opens the file that HDF5 takes for a name in another file. The folders are those
 * that the environment variable names, the other file's own folder, and the current folder. *found
 * is NULL, and the status SHS_OK, if there is no such file. */
shs_status h5_link_open(const struct h5_file *of, const char *name, const char *variable,
                        struct h5_file **found);

#endif
