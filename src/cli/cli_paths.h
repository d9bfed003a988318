/* The files that several arguments stand for. */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

#include "io_paths.h"

/* Local. Those of each argument in turn, as io_paths_find() finds them, all as one source. To be
 * released by io_paths_free(); empty on error. */
shs_status cli_paths_find(const char *const *arguments, size_t count, struct io_paths *paths);

#endif
