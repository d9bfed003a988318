/* Reads objects of HDF5's global heaps, in which variable-length arrays lie. A heap is made of
 * collections; an object is found by its collection's offset in the file and its number there. */
#ifndef IO_HEAP_H
#define IO_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "io_file.h"

/* A reader. It keeps the collection that was read last. A zeroed heap is closed. */
struct io_heap {
    int file;
    char *path;
    struct io_identity identity; /* of the file */
    unsigned char *collection;   /* NULL: none was read */
    uint64_t address;
    size_t bytes, capacity; /* of the collection, and of the memory */
};

shs_status io_heap_open(const char *path, struct io_heap *heap);
void io_heap_close(struct io_heap *heap);

/* Finds an object that must have `bytes` bytes. *object is valid until the next call. A collection
 * that contradicts itself, and an object that is not there or of another size, are
 * SHS_ERROR_FORMAT.
 */
shs_status io_heap_object(struct io_heap *heap, uint64_t address, uint32_t number, uint64_t bytes,
                          const void **object);

#endif
