/* Rows of equal size, one after the other in a file, read by position. */
#ifndef IO_ROWS_H
#define IO_ROWS_H

#include <stdint.h>

#include "core_status.h"

/* Where rows lie. */
struct io_place {
    uint64_t offset; /* of row 0 */
    uint64_t rows;
    size_t row_bytes;
    size_t swap; /* size of elements whose byte order is the other one, or 0 */
};

struct io_rows;

/* On error *rows is NULL; a file that ends before the last row is one. */
shs_status io_rows_open(const char *path, const struct io_place *place, struct io_rows **rows);

/* Accepts a pointer to NULL; leaves NULL. */
void io_rows_close(struct io_rows **rows);

/* Reads `count` rows from row `first` on, in the machine's byte order. Any thread. */
shs_status io_rows_read(const struct io_rows *rows, uint64_t first, uint64_t count, void *to);

#endif
