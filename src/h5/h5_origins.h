/* Where the rows of an array come from, as `shardstep import` keeps it beside the array NAME:
 *
 *     NAME.origin      a table of files or datasets, in order: `name`, a text, and `first_row`, the
 *                      number of its first row, counted over all of them
 *     NAME.origin_row  a table with the `row`, so counted, that each row of NAME is; it is there
 *                      only if the rows of NAME are not all of them, in this order
 */
#ifndef H5_ORIGINS_H
#define H5_ORIGINS_H

#include "h5_file.h"

#define H5_ORIGIN       ".origin"
#define H5_ORIGIN_ROW   ".origin_row"
#define H5_ORIGIN_NAME  "name"
#define H5_ORIGIN_FIRST "first_row"
#define H5_ORIGIN_OF    "row"

struct h5_origins;

/* Local. Opens the tables of an array. *origins is NULL, and the status SHS_OK, if the file has no
 * table NAME.origin of this form. A NAME.origin_row of another form beside it, and a table that
 * cannot be opened, are errors. */
shs_status h5_origins_open(struct h5_file *file, const char *array, struct h5_origins **origins);

/* Closes the tables and sets *origins to NULL, which it may be already. */
void h5_origins_close(struct h5_origins **origins);

/* Local. Finds where a row of the array comes from: a name, which the caller releases with
 * core_free(), and the number of the row there. *alone becomes true if nothing else comes from
 * there. The tables do not say how many rows the last origin has: it counts as a single row if each
 * origin before it is. Tables that contradict themselves are SHS_ERROR_FORMAT. */
shs_status h5_origins_find(struct h5_origins *origins, uint64_t row, char **name,
                           uint64_t *row_there, bool *alone);

#endif
