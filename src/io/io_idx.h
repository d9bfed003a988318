/* IDX files (http://yann.lecun.com/exdb/mnist, "The IDX file format"), plain or gzipped: two zero
 * bytes, a type, the number of axes, big-endian 32-bit sizes, then the elements, big-endian. */
#ifndef IO_IDX_H
#define IO_IDX_H

#include "shardstep/tensor.h"

struct io_idx;

/* Opens a file and reads its head: type and shape, samples along the first axis, into *shape, whose
 * name and data are NULL. On error *idx is NULL. */
shs_status io_idx_open(const char *path, struct io_idx **idx, shs_tensor *shape);

/* The next `bytes` bytes of elements, in the machine's byte order; a multiple of an element. A file
 * that ends early is an error that says where. */
shs_status io_idx_read(struct io_idx *idx, void *elements, size_t bytes);

/* Call after the last element: an error if bytes follow or a gzip checksum is wrong. */
shs_status io_idx_finish(struct io_idx *idx);

/* Accepts a pointer to NULL; leaves NULL. */
void io_idx_close(struct io_idx **idx);

#endif
