/* The files that several arguments name. */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

#include "io_paths.h"

/* Local. Finds the files of each argument in turn, like io_paths_find(), all as a single source.
 * The caller releases *paths by io_paths_free(). On error *paths is empty. */
shs_status cli_paths_find(const char *const *arguments, size_t count, struct io_paths *paths);

#endif
