/* Rows that are read as they are stored, into memory of the fetcher, and then cut to what the field
 * takes or unpacked: rows that are compared with checksums of whole rows, and packed numbers. */
#ifndef FETCH_STAGE_H
#define FETCH_STAGE_H

#include "fetch_plan.h"

/* Takes memory for so many pieces and bytes, if there is less. */
shs_status fetch_stage_reserve(struct fetch_whole *whole, size_t pieces, size_t bytes);

/* Returns the bytes of memory that pieces need, 0 if none of them is cut or unpacked. */
size_t fetch_stage_bytes(const struct fetch_piece *pieces, size_t count);

/* Makes whole->piece of pieces that need `bytes` bytes: those that are cut or unpacked become
 * pieces of stored rows in memory of the fetcher. */
shs_status fetch_stage_make(struct fetch_whole *whole, const struct fetch_piece *pieces,
                            size_t count, size_t bytes);

/* Cuts and unpacks the stored rows, which have been read, to the places of the pieces. */
shs_status fetch_stage_finish(struct fetcher *fetcher, unsigned threads,
                              const struct fetch_piece *pieces, size_t count, size_t bytes);

/* Returns true if a piece that only HDF5 can read is cut after the comparison with checksums, or
 * unpacked. */
bool fetch_stage_is_needed(const struct fetch_piece *piece);

/* Reads such a piece. Must be called in the caller's thread. */
shs_status fetch_stage_read(const struct fetch_piece *piece);

#endif
