/* Where the elements of an array lie in its file. Values and arithmetic only; no file is touched.
 */
#ifndef IO_LAYOUT_H
#define IO_LAYOUT_H

#include "io_filter.h"
#include "io_part.h"
#include "shardstep/tensor.h"

/* One stored chunk. */
struct io_chunk {
    /* The offset in the file, or IO_NOWHERE. A chunk at IO_NOWHERE was never written and reads as
     * fill values. */
    uint64_t address;
    uint32_t bytes; /* size as stored */
    uint32_t mask;  /* bit i is set if filter i was skipped in writing */
};

#define IO_NOWHERE UINT64_MAX

/* A piece of an array that is not chunked: its rows from `first` on, up to the next extent's, lie
 * from `address` on. */
struct io_row_extent {
    uint64_t first, address;
};

/* The layout of an array. Its leading axes, one or two, count rows; a row has the other axes. With
 * two leading axes the rows of an index of the first axis are a *series*, and rows are numbered
 * series by series. If it is contiguous, all elements lie from `address` on or, with extents, those
 * of each extent from its own address on; extents ascend by their first row, the first one is 0. If
 * it is chunked, `chunks` lists the chunks of a grid in row-major order, all of the same shape;
 * chunks at the grid's end may reach beyond the array's shape. The struct owns `chunks`, `sums`
 * and `extents`. */
struct io_layout {
    uint32_t axes;     /* 1 … SHS_MAX_AXES */
    uint32_t row_axes; /* leading axes that count rows: 1 or 2; 0 stands for 1 */
    uint64_t shape[SHS_MAX_AXES];
    size_t element_bytes; /* 1, 2, 4 or 8 */
    /* True if the elements are stored in the byte order that the machine does not use. */
    bool swapped;
    bool chunked;
    uint64_t address;
    struct io_row_extent *extents; /* NULL: all elements lie together */
    size_t n_extents;

    uint64_t chunk[SHS_MAX_AXES]; /* shape of a chunk */
    uint64_t grid[SHS_MAX_AXES];  /* chunks along each axis */
    uint64_t n_chunks;
    struct io_chunk *chunks;
    /* The CRC-32C of each chunk's stored bytes, 0 for one that was never written; or NULL. */
    uint32_t *sums;
    struct io_pipeline pipeline;
    /* True if chunks that reach beyond the shape were stored without filters. */
    bool raw_edges;
    unsigned char fill[8]; /* fill value of one element, in the machine's byte order */

    /* the rest is set by io_layout_measure() */
    uint64_t rows;
    uint64_t series_rows; /* rows of a series; all rows with one leading axis */
    size_t row_bytes;
    size_t chunk_bytes;
    /* The number of chunks that hold the same rows: those of the grid without its leading axes.
     * These chunks are a *band*: band b has the chunks from b * chunks_a_band on. */
    uint64_t chunks_a_band;
};

#define IO_NO_BAND UINT64_MAX

/* Rows [first, first + count). */
struct io_rows {
    uint64_t first, count;
};

/* Computes the grid, sizes and counts from the shape, the chunk's shape and element_bytes. An empty
 * shape, sizes beyond 64 bits and a chunk of more than 4 GiB are SHS_ERROR_FORMAT. */
shs_status io_layout_measure(struct io_layout *layout);

/* Releases the lists that a layout owns. */
void io_layout_free(struct io_layout *layout);

/* Returns the offset in the file of a row of an array that is not chunked. *together becomes how
 * many rows, this one among them, lie there one after the other; it may be NULL. */
uint64_t io_layout_address_of(const struct io_layout *layout, uint64_t row, uint64_t *together);

/* Returns true if the chunks hold whole rows, and the rows of each chunk are neighbours. They are
 * not if a chunk has parts of several series. */
bool io_layout_whole_rows(const struct io_layout *layout);

/* Returns true if the elements are chunked and each chunk has a checksum of its own: in `sums`, or
 * by the filter fletcher32, of which a chunk that was never written has none. */
bool io_layout_is_summed(const struct io_layout *layout);

/* Returns true if a chunk reaches beyond the array's shape. */
bool io_layout_is_edge(const struct io_layout *layout, uint64_t chunk);

/* Returns the band of a row. */
uint64_t io_layout_band_of(const struct io_layout *layout, uint64_t row);

/* Returns the first band, from band `from` on, that has some of the rows [first, first + count).
 * Returns IO_NO_BAND if there is none. */
uint64_t io_layout_next_band(const struct io_layout *layout, uint64_t first, uint64_t count,
                             uint64_t from);

/* Returns the first chunk of a band, from chunk `from` of the band on, that has some of a part.
 * Chunks of the band are counted from 0. Returns chunks_a_band if there is none. */
uint64_t io_layout_next_chunk(const struct io_layout *layout, const struct io_part *part,
                              uint64_t from);

/* Returns how many chunks of a band have some of a part. */
uint64_t io_layout_chunks_of(const struct io_layout *layout, const struct io_part *part);

/* Returns the rows from the first to the last of which a chunk has elements. A chunk with several
 * rows of several series has not all of these. */
struct io_rows io_layout_rows_of(const struct io_layout *layout, uint64_t chunk);

/* Copies what a decoded chunk holds of rows [first, first + count), or of a part of these rows. The
 * rows are put together one after the other; row `first` goes to `rows`. */
void io_layout_copy(const struct io_layout *layout, const struct io_part *part, uint64_t chunk,
                    const void *decoded, uint64_t first, uint64_t count, void *rows);

/* Rows [first, first + count), which go to `to` one after the other. */
struct io_run_rows {
    uint64_t first, count;
    char *to;
};

/* Calls `visit` with each run of bytes that io_layout_copy() would copy, until it returns an error:
 * `from` counts the bytes of the chunk. */
typedef shs_status io_layout_visit(void *user, uint64_t from, size_t bytes, char *to);
shs_status io_layout_walk(const struct io_layout *layout, const struct io_part *part,
                          uint64_t chunk, const struct io_run_rows *wanted, io_layout_visit *visit,
                          void *user);

#endif
