/* A look at some of a field's rows when it is opened: whether a direct read gives the same rows as
 * HDF5, and a hash that tells copies of a file apart. */
#ifndef DATA_COMPARE_H
#define DATA_COMPARE_H

#include "data_field.h"

/* Local. Reads up to 16 rows, the first and the last among them, both directly and through HDF5,
 * and compares them. The field must be open in both ways. Each chunk is decoded once in each way.
 * Rows are left out until the decoded chunks have no more than 64 MiB together; the first and the
 * last row always stay. *same is false if HDF5 reads other rows. Also sets `content` as
 * data_compare_through() does. An error if the system could not read, or for want of memory. */
shs_status data_compare(struct data_field *field, bool *same);

/* Local. Set `content` to a hash of the rows that data_compare() looks at, and of all rows if they
 * have no more than 64 KiB together. The first function reads them directly, the second through
 * HDF5. `content` is 0 if bytes of these rows contradict themselves: whoever wants the rows gets
 * the error. An error if the system could not read, or for want of memory. */
shs_status data_compare_direct(struct data_field *field);
shs_status data_compare_through(struct data_field *field);

#define DATA_COMPARE_NOTHING UINT64_MAX

/* Local. Like data_compare_through(), but with the first and the last row only, and only if this
 * decodes no more than 1 MiB; otherwise `content` is DATA_COMPARE_NOTHING. */
shs_status data_compare_ends(struct data_field *field);

/* Local. Sets `content` to a hash of the field's checksums: of all checksums or, if there are more
 * than 2^20, of 16 pieces. Leaves `content` as it is if the field has no checksums. */
shs_status data_compare_checksums(struct data_field *field);

#endif
