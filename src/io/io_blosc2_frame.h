/* Takes a contiguous frame of Blosc2 apart. Works on memory only, calls no library, and accepts any
 * input. */
#ifndef IO_BLOSC2_FRAME_H
#define IO_BLOSC2_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

enum {
    IO_BLOSC2_AXES = 8
};

/* What a frame with one chunk holds. */
struct io_blosc2_frame {
    const unsigned char *chunk; /* a chunk of Blosc 2, whose head has been checked */
    size_t chunk_bytes;
    size_t padded_bytes; /* bytes to which the chunk decompresses */
    bool is_zero;        /* true if there is no chunk, and all elements are zeros */
    /* Axes of a chunk whose elements lie in blocks, 0 if they lie in order. */
    uint32_t axes;
    uint64_t element;                                      /* bytes of an element */
    uint64_t shape[IO_BLOSC2_AXES], block[IO_BLOSC2_AXES]; /* in elements, of chunk and block */
};

/* Reads a frame of `bytes` bytes whose elements have `size` bytes. A frame that contradicts itself
 * is SHS_ERROR_FORMAT. A codec or filter that is a plug-in of Blosc2, for which the library would
 * start a program, and a dictionary, at whose damage the library crashes, are
 * SHS_ERROR_UNSUPPORTED. */
shs_status io_blosc2_frame_read(const void *from, size_t bytes, size_t size,
                                struct io_blosc2_frame *frame);

#endif
