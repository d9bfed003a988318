/* Reverses the byte order of elements. Works on memory only. */
#ifndef IO_BYTES_H
#define IO_BYTES_H

#include <stddef.h>

/* Reverses the bytes of each of `count` elements of `size` bytes. */
void io_swap(void *elements, size_t count, size_t size);

#endif
