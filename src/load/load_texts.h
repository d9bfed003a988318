/* One file from the texts of all ranks. */
#ifndef LOAD_TEXTS_H
#define LOAD_TEXTS_H

#include "core_text.h"
#include "mpi_run.h"

/* Local. SHS_ERROR_FILE if something has the name already. */
shs_status load_texts_check(const char *path);

/* Collective. Writes `before`, the texts of all ranks in the order of ranks, and `after` to a new
 * file of rank 0. The file is there whole, or not at all. `operation` is told in messages. An error
 * of a text, or `status`, is an error on every rank. */
shs_status load_texts_write(shs_run *run, const char *operation, shs_status status,
                            const char *path, const char *before, const struct core_text *text,
                            const char *after);

#endif
