/* A rank's share of a field's rows, for what goes through all of them once, in file order. */
#ifndef SCAN_SHARE_H
#define SCAN_SHARE_H

#include "data_field.h"

struct scan_share {
    uint64_t first;
    uint64_t end;
    uint64_t at_once; /* rows of a piece, at least 1; the last piece may have fewer */
    uint64_t band;    /* rows of a chunk: shares and pieces begin where chunks do; else 1 */
};

/* Rows of a chunk, if it is small enough to be held; else 1. It depends on the file alone, not on
 * the way in which this rank reads it: another rank may read in another way. */
uint64_t scan_share_band(const struct data_field *field);

/* Shares of ranks 0 … ranks - 1 follow one another and hold every row once. A piece has some
 * megabytes, or one row, or the rows of one chunk. */
struct scan_share scan_share_of(const struct data_field *field, int rank, int ranks);

#endif
