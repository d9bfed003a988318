/* Looks at some rows of an array when it is opened: whether a direct read gives the same rows as
 * HDF5, and a hash that distinguishes copies of a file. */
#ifndef DATA_COMPARE_H
#define DATA_COMPARE_H

#include "data_field.h"

/* Local. Reads up to 16 rows, the first and the last among them, both directly and through HDF5,
 * and compares them. The array must be open in both ways. Each chunk is decoded once in each way.
 * Rows are left out until the decoded chunks take at most 64 MiB together; the first and the last
 * row always stay. With `ends` only these two are read. *same is set to false if HDF5 reads other
 * rows. `content` is set as data_compare_through() sets it. An error of the system and a lack of
 * memory are errors. */
shs_status data_compare(struct data_field *field, bool ends, bool *same);

/* Local. Both functions set `content` to a hash of the rows that data_compare() looks at, or of all
 * rows if they take at most 64 KiB together. The first function reads them directly, the second
 * through HDF5. `content` is 0 if bytes of these rows contradict themselves; reading the rows then
 * gives the error. An error of the system and a lack of memory are errors. */
shs_status data_compare_direct(struct data_field *field);
shs_status data_compare_through(struct data_field *field);

#define DATA_COMPARE_NOTHING UINT64_MAX

/* Local. Sets `content` like data_compare_through(), but from the first and the last row only, and
 * only if at most 1 MiB is decoded. Otherwise `content` is DATA_COMPARE_NOTHING. */
shs_status data_compare_ends(struct data_field *field);

/* Local. Sets `content` to a hash of the array's checksums: of all checksums or, if there are more
 * than 2^20, of 16 pieces. Leaves `content` as it is if the array has no checksums. */
shs_status data_compare_checksums(struct data_field *field);

#endif
