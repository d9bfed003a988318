/* Computes a rank's share of an array's rows, for going through all rows once in file order. */
#ifndef SCAN_SHARE_H
#define SCAN_SHARE_H

#include "data_field.h"

struct scan_share {
    uint64_t first;
    uint64_t end;
    uint64_t at_once; /* rows of a piece, at least 1; the last piece may have fewer */
    /* Rows of a chunk, since shares and pieces begin where chunks begin; else 1. */
    uint64_t band;
};

/* Returns the rows of a chunk if the chunk is small enough to be held, else 1. The result depends
 * on the file alone, not on the way in which this rank reads it, because another rank may read it
 * in another way. */
uint64_t scan_share_band(const struct data_field *field);

/* Computes a rank's share. The shares of ranks 0 … ranks - 1 follow one another and hold every row
 * once. A piece has a few megabytes, or one row, or the rows of one chunk. */
struct scan_share scan_share_of(const struct data_field *field, int rank, int ranks);

#endif
