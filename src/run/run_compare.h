/* A look at some of a field's rows when it is opened: whether those read directly are those that
 * HDF5 reads, and a hash that tells copies of a file apart. */
#ifndef RUN_COMPARE_H
#define RUN_COMPARE_H

#include "run_field.h"

/* Compares up to 16 rows, the first and the last among them, of a field that is open in both ways.
 * Each chunk is decoded once on either way, and no more of them than have 64 MiB together, but for
 * the first and the last. *same is false if HDF5 reads other rows. Otherwise the field's `content`
 * is set, as by run_compare_through(). A read that the system failed is an error. */
shs_status run_compare(struct run_field *field, bool *same);

/* Sets `content` to a hash of the same rows as they are read directly, or through HDF5, and of all
 * rows if they have no more than 64 KiB together. It is 0 where bytes of these rows contradict
 * themselves: they are an error when they are wanted. */
shs_status run_compare_direct(struct run_field *field);
shs_status run_compare_through(struct run_field *field);

/* The same of the first and the last row, if that decodes no more than 1 MiB; otherwise `content`
 * is RUN_COMPARE_NOTHING. */
#define RUN_COMPARE_NOTHING UINT64_MAX
shs_status run_compare_ends(struct run_field *field);

/* Sets `content` to a hash of the field's checksums: of all of them or, if there are more than
 * 2^20, of 16 pieces. Leaves it if there are none. */
shs_status run_compare_checksums(struct run_field *field);

#endif
