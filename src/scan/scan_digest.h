/* Hashes by which copies of an array on several nodes are compared. */
#ifndef SCAN_DIGEST_H
#define SCAN_DIGEST_H

#include "data_field.h"

/* Hashes of an array. 0 is an unknown hash. */
struct scan_digest {
    /* A hash of the checksums of all rows, or of some rows if not all checksums are in memory. */
    uint64_t checksums;
    uint64_t rows; /* a hash of some rows from all over the array */
};

/* Local. Returns the hashes of an open array whose checksums were looked for. If `safe` is true, no
 * rows are read through HDF5, which a damaged file may crash. If a row cannot be read, `rows` is 0.
 */
struct scan_digest scan_digest_of(struct data_field *field, bool safe);

#endif
