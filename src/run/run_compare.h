/* A look at some of a field's rows when it is opened: whether a direct read gives the same rows as
 * HDF5, and a hash that tells copies of a file apart. */
#ifndef RUN_COMPARE_H
#define RUN_COMPARE_H

#include "run_field.h"

/* Local. Reads up to 16 rows, the first and the last among them, both directly and through HDF5,
 * and compares them. The field must be open in both ways. Each chunk is decoded once in each way.
 * Rows are left out until the decoded chunks have no more than 64 MiB together; the first and the
 * last row always stay. *same is false if HDF5 reads other rows. Also sets `content` as
 * run_compare_through() does. An error if the system could not read, or for want of memory. */
shs_status run_compare(struct run_field *field, bool *same);

/* Local. Set `content` to a hash of the rows that run_compare() looks at, and of all rows if they
 * have no more than 64 KiB together. The first function reads them directly, the second through
 * HDF5. `content` is 0 if bytes of these rows contradict themselves: whoever wants the rows gets
 * the error. An error if the system could not read, or for want of memory. */
shs_status run_compare_direct(struct run_field *field);
shs_status run_compare_through(struct run_field *field);

#define RUN_COMPARE_NOTHING UINT64_MAX

/* Local. Like run_compare_through(), but with the first and the last row only, and only if this
 * decodes no more than 1 MiB; otherwise `content` is RUN_COMPARE_NOTHING. */
shs_status run_compare_ends(struct run_field *field);

/* Local. Sets `content` to a hash of the field's checksums: of all checksums or, if there are more
 * than 2^20, of 16 pieces. Leaves `content` as it is if the field has no checksums. */
shs_status run_compare_checksums(struct run_field *field);

#endif
