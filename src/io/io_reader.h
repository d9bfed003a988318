/* Rows and chunks of a field, read by position and decoded. Any thread, each with its own lane. */
#ifndef IO_READER_H
#define IO_READER_H

#include <sys/uio.h>

#include "io_layout.h"

struct io_reader;

enum {
    IO_PIECES = 64
};

/* What one thread needs: memory for a stored chunk and a decoded one, and a decoder. Zeroed it is
 * empty; it grows with the chunks that it meets. */
struct io_lane {
    struct io_decoder *decoder;
    void *stored;
    size_t stored_bytes;
    void *chunk;
    size_t chunk_bytes;
};

void io_lane_free(struct io_lane *lane);

/* Memory of the lane for a decoded chunk; valid until the next call. */
shs_status io_lane_chunk(struct io_lane *lane, size_t bytes, void **chunk);

/* Opens a file to read a field that lies there as `layout`, which has been measured, says. Takes
 * what the layout owns, also on error, when *reader is NULL. An extent outside the file is an
 * error. */
shs_status io_reader_open(const char *path, struct io_layout *layout, struct io_reader **reader);

/* Accepts a pointer to NULL; leaves NULL. */
void io_reader_close(struct io_reader **reader);

const struct io_layout *io_reader_layout(const struct io_reader *reader);

/* Reading may wait for the disk if `cold` is NULL. Otherwise it does not: *cold is set to true, and
 * the result is to be forgotten, if the bytes, or all of them, are not in memory yet. */

/* Rows from `first` on of a contiguous field, into up to IO_PIECES pieces of memory, of whole rows
 * each, one after the other. */
shs_status io_reader_rows(const struct io_reader *reader, uint64_t first,
                          const struct iovec *pieces, int count, bool *cold);

/* Decodes a chunk into `to`, of the layout's chunk_bytes, in the machine's byte order. */
shs_status io_reader_chunk(const struct io_reader *reader, struct io_lane *lane, uint64_t chunk,
                           void *to, bool *cold);

/* Rows [first, first + count), of either layout; waits. */
shs_status io_reader_read(const struct io_reader *reader, struct io_lane *lane, uint64_t first,
                          uint64_t count, void *rows);

/* The same of rows in ascending order, one after the other. Each chunk that they lie in is decoded
 * once. */
shs_status io_reader_listed(const struct io_reader *reader, struct io_lane *lane,
                            const uint64_t *list, size_t count, void *rows);

/* True if a chunk that was stored as it is has another size than a chunk: one whose rows are an
 * error, though HDF5 reads what lies behind it. */
bool io_reader_is_cut(const struct io_reader *reader);

/* Bytes that have been read from the file so far. */
uint64_t io_reader_bytes(const struct io_reader *reader);

#endif
