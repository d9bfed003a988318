/* Reads rows and chunks of an array by position, and decodes them. Safe in any thread; each thread
 * uses a lane of its own. */
#ifndef IO_READER_H
#define IO_READER_H

#include "io_access.h"
#include "io_layout.h"

struct io_reader;

/* What one thread reads with: memory for a stored chunk and for a decoded chunk, a decoder, and
 * counts of the bytes that it has read from files and of the time that it has decoded. A zeroed
 * lane is empty. It grows with the chunks that it reads. */
struct io_lane {
    struct io_decoder *decoder;
    void *stored;
    size_t stored_bytes;
    void *chunk;
    size_t chunk_bytes;
    uint64_t bytes_read;  /* the owner may set it back to 0 */
    uint64_t decode_time; /* nanoseconds; the owner may set it back to 0 */
    uint64_t part_reads;  /* reads that parts of rows took; the owner may set it back to 0 */
    /* True if chunks are not compared with their own checksums where all rows are with theirs: no
     * parts of rows are read. */
    bool rows_only;
};

/* Releases what a lane holds. A zeroed lane is accepted. */
void io_lane_free(struct io_lane *lane);

/* Finds memory of the lane for a decoded chunk. It is valid until the next call with this lane. */
shs_status io_lane_chunk(struct io_lane *lane, size_t bytes, void **chunk);

/* The memory that a lane needs to read any chunk of some arrays. A zeroed struct is none. */
struct io_need {
    size_t stored, chunk;
    struct io_scratch scratch;
    bool decodes;
};

/* Raises *need to what any chunk of the reader's array needs, or what parts of its rows need. */
void io_reader_need(const struct io_reader *reader, bool parts, struct io_need *need);

/* Raises *need to what chunks of any of two needs take. */
void io_need_join(struct io_need *need, const struct io_need *more);

/* Returns the bytes of this memory, with CORE_MEMORY_HEAD for each block. */
uint64_t io_need_bytes(const struct io_need *need);

/* Takes this memory, so that no more is taken later for such chunks. */
shs_status io_lane_reserve(struct io_lane *lane, const struct io_need *need);

/* Opens a file to read an array that lies there as `layout` says. The layout must have been
 * measured. The reader takes over what the layout owns, also on error. A part of the array outside
 * the file is an error. On error *reader is NULL. */
shs_status io_reader_open(const char *path, struct io_layout *layout, struct io_reader **reader);

/* Makes a reader like io_reader_open(), but does not open the file, which was examined when it had
 * this identity. Before anything is read, io_reader_begin() must be called, which opens the file
 * unless it is open. A file that has changed is SHS_ERROR_FILE. */
shs_status io_reader_prepare(const char *path, const struct io_identity *identity,
                             struct io_layout *layout, struct io_reader **reader);
shs_status io_reader_begin(struct io_reader *reader);

/* Maps the array's part of the file. From then on, bytes that reads have found in memory are copied
 * out of the map when they are wanted again. The same bytes come, and the same errors. The caller
 * has called io_guard_begin(), and calls io_guard_end() after it has closed the reader. Must be
 * called before other threads use the reader. */
shs_status io_reader_map(struct io_reader *reader);

/* Returns true if the reader has a map. */
bool io_reader_is_mapped(const struct io_reader *reader);

/* Closes a reader and sets *reader to NULL, which it may be already. */
void io_reader_close(struct io_reader **reader);

/* Gives the reader the CRC-32C of each chunk's stored bytes. It takes `sums` over. From then on
 * chunks are read whole, and compared. Must be called before other threads use the reader. */
void io_reader_sum(struct io_reader *reader, uint32_t *sums);

/* Tells that rows which are read whole are compared with checksums of theirs. */
void io_reader_sum_rows(struct io_reader *reader);

/* Returns the layout, which belongs to the reader. */
const struct io_layout *io_reader_layout(const struct io_reader *reader);

/* Functions with a parameter `cold` wait for the disk if it is NULL. Otherwise they do not wait. If
 * any of the bytes are not in memory yet, they set *cold to true, and what they wrote must not be
 * used. */

/* Reads rows of a contiguous array from row `first` on, into up to IO_PIECES pieces of memory one
 * after the other. Each piece holds whole rows. All rows lie in one extent of the layout. */
shs_status io_reader_rows(const struct io_reader *reader, struct io_lane *lane, uint64_t first,
                          const struct iovec *pieces, int count, bool *cold);

/* Rows [first, first + count) of an array, and the memory that they go to. If `part` is not NULL,
 * only this part of each row is read. */
struct io_run {
    uint64_t first, count;
    void *to;
    const struct io_part *part;
};

/* Reads many runs of rows of a contiguous array in one call, each to its own memory. The rows of a
 * run lie in one extent of the layout. Runs that
 * follow one another in the list and in the array share a read, so a list in ascending order is
 * best. Any order is correct, and rows may occur more than once.
 *
 * `cold` is NULL if the function shall wait for the disk. Otherwise the runs whose bytes are not in
 * memory yet come first in the list on return, in the order that they had, and *cold is their
 * number. They were not read. The list's content behind them is undefined. The
 * caller reads them by further calls, all at once or some at a time.
 *
 * After an error, runs[0] is the first run that the failed read was for. The rest of the list is
 * undefined, and memory of any run may have been written. */
shs_status io_reader_scattered(const struct io_reader *reader, struct io_lane *lane,
                               struct io_run *runs, size_t count, size_t *cold);

/* Decodes a chunk into the layout's chunk_bytes bytes at `to`, in the machine's byte order. */
shs_status io_reader_chunk(const struct io_reader *reader, struct io_lane *lane, uint64_t chunk,
                           void *to, bool *cold);

/* Returns true if a chunk was written and stored without filters, and needs not be compared. */
bool io_reader_is_raw(const struct io_reader *reader, uint64_t chunk);

/* Reads what such a chunk has of the part of a run's rows, and no more of the chunk than that and
 * gaps that cost nothing. */
shs_status io_reader_raw(const struct io_reader *reader, struct io_lane *lane, uint64_t chunk,
                         const struct io_run *run, bool *cold);

/* Reads rows [first, first + count) of an array of either layout. Waits for the disk. */
shs_status io_reader_read(const struct io_reader *reader, struct io_lane *lane, uint64_t first,
                          uint64_t count, void *rows);

/* Reads the rows of a run, or a part of these rows. Waits for the disk. */
shs_status io_reader_run(const struct io_reader *reader, struct io_lane *lane,
                         const struct io_run *run);

/* Reads the rows of a list in ascending order, or a part of these rows, and puts them one after the
 * other. Each chunk that holds some of them is decoded once if the rows lie in one band. Waits for
 * the disk. */
shs_status io_reader_listed(const struct io_reader *reader, struct io_lane *lane,
                            const struct io_part *part, const uint64_t *list, size_t count,
                            void *rows);

/* Returns true if a chunk that was stored without filters does not have the size of a chunk.
 * Reading its rows is an error here, though HDF5 reads the bytes behind it. */
bool io_reader_is_cut(const struct io_reader *reader);

#endif
