/* Where the elements of a field lie in its file. Values and arithmetic; no file is touched. */
#ifndef IO_LAYOUT_H
#define IO_LAYOUT_H

#include "io_filter.h"
#include "shardstep/tensor.h"

/* One stored chunk. */
struct io_chunk {
    uint64_t address; /* IO_NOWHERE: it was never written and reads as fill values */
    uint32_t bytes;   /* as stored */
    uint32_t mask;    /* bit i: filter i was not applied */
};

#define IO_NOWHERE UINT64_MAX

/* Contiguous: all elements from `address` on. Chunked: a grid of chunks of equal size, row-major in
 * `chunks`, which the struct owns; those at the grid's end may reach beyond the shape. */
struct io_layout {
    uint32_t axes; /* 1 … SHS_MAX_AXES */
    uint64_t shape[SHS_MAX_AXES];
    size_t element_bytes; /* 1, 2, 4 or 8 */
    bool swapped;         /* stored in the other byte order than the machine's */
    bool chunked;
    uint64_t address;

    uint64_t chunk[SHS_MAX_AXES]; /* shape of a chunk */
    uint64_t grid[SHS_MAX_AXES];  /* chunks along each axis */
    uint64_t n_chunks;
    struct io_chunk *chunks;
    struct io_pipeline pipeline;
    bool raw_edges;        /* chunks that reach beyond the shape were stored unfiltered */
    unsigned char fill[8]; /* an element, in the machine's byte order */

    /* set by io_layout_measure() */
    size_t row_bytes;
    size_t chunk_bytes;
    uint64_t chunks_a_band; /* chunks that hold the same rows: the grid without its first axis */
};

/* Computes grid, sizes and counts from shape, chunk and element_bytes. SHS_ERROR_FORMAT for an
 * empty shape or sizes beyond 64 bits, or of a chunk beyond 4 GiB. */
shs_status io_layout_measure(struct io_layout *layout);

void io_layout_free(struct io_layout *layout);

/* True if a chunk holds whole rows: they lie one after the other in it. */
bool io_layout_whole_rows(const struct io_layout *layout);

/* True if a chunk reaches beyond the shape. */
bool io_layout_is_edge(const struct io_layout *layout, uint64_t chunk);

/* Copies what rows [first, first + count) have in a decoded chunk to where the rows are put
 * together, one after the other from `rows` on. The chunk holds some of each of these rows. */
void io_layout_copy(const struct io_layout *layout, uint64_t chunk, const void *decoded,
                    uint64_t first, uint64_t count, void *rows);

#endif
