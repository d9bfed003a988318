/* Parts of rows whose bytes lie in the file as they are, and what the files of a reader share. */
#ifndef IO_READER_PARTS_H
#define IO_READER_PARTS_H

#include "io_reader.h"

enum {
    /* Most bytes of a read that has gaps. */
    IO_SPAN_BYTES = 64 << 10
};

struct io_reader {
    struct io_access access;
    struct io_layout layout;
    bool rows_summed; /* true if rows that are read whole are compared with their checksums */
};

/* Reads the parts of a run's rows, of an array that is not chunked. Runs of bytes that lie close
 * together share a read. Bytes between them that nobody wants are then read too: at most one for 20
 * bytes that are wanted, unless the read has no more than a page. */
shs_status io_reader_parts(const struct io_reader *reader, struct io_lane *lane,
                           const struct io_run *run, bool *cold);

/* Grows memory of a lane to at least `bytes`. Its content is lost. */
shs_status io_lane_grow(void **memory, size_t *has, size_t bytes);

/* Turns elements that were read into the machine's byte order. */
void io_to_machine_order(const struct io_layout *layout, void *elements, size_t bytes);

#endif
