/* Hashes by which copies of a field on several nodes are compared. */
#ifndef SCAN_DIGEST_H
#define SCAN_DIGEST_H

#include "data_field.h"

/* 0: not known. */
struct scan_digest {
    uint64_t checksums; /* of all rows or, if they are not held in memory, of some */
    uint64_t rows;      /* of some rows, spread over the field */
};

/* Local. The digest of an open field whose checksums were looked for. With `safe`, rows are not
 * read through HDF5, which a damaged file may crash. A row that cannot be read leaves `rows` 0. */
struct scan_digest scan_digest_of(struct data_field *field, bool safe);

#endif
