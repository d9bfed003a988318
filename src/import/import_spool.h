/* A copy of an origin's rows in a temporary file, where any row is quickly reached. */
#ifndef IMPORT_SPOOL_H
#define IMPORT_SPOOL_H

#include "import_format.h"

struct import_spool;

/* Copies all rows of an origin. On error *spool is NULL. */
shs_status import_spool_open(struct import_origin *origin, struct import_spool **spool);

/* Closes the file and sets *spool to NULL, which it may be already. */
void import_spool_close(struct import_spool **spool);

/* Reads rows [first, first + count). */
shs_status import_spool_read(const struct import_spool *spool, uint64_t first, uint64_t count,
                             void *rows);

#endif
