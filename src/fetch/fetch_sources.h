/* Rows of virtual arrays become rows of their sources. */
#ifndef FETCH_SOURCES_H
#define FETCH_SOURCES_H

#include "fetch_plan.h"

/* Puts pieces of sources in place of pieces of virtual arrays, and pieces that lie in one extent
 * each in place of pieces of arrays with extents. Sets *pieces and *count to a list of the
 * fetcher's, which is valid until the next call, unless no array is virtual. */
shs_status fetch_sources(struct fetcher *fetcher, const struct fetch_piece **pieces, size_t *count);

/* Takes memory for so many pieces. */
shs_status fetch_sources_reserve(struct fetcher *fetcher, uint64_t pieces);

/* Returns the rows of an array, or of the virtual array that it is a source of, that a chunk has
 * elements of. */
struct io_rows fetch_sources_rows_of(const struct data_field *field, uint64_t chunk);

/* Returns when some rows that a chunk has elements of are next wanted. */
uint64_t fetch_sources_next_use(const struct data_field *field, uint64_t chunk,
                                const struct fetch_foresight *foresight);

#endif
