/* Datasets of variable-length arrays of numbers, as h5py writes lists of different lengths. The
 * arrays of all elements, one behind the other, are rows of single numbers. */
#ifndef H5_SEQUENCES_H
#define H5_SEQUENCES_H

#include "h5_array.h"
#include "h5_select.h"
#include "io_heap.h"

/* Where the array of an element lies. */
struct h5_reference {
    uint64_t address;
    uint32_t number;
};

struct h5_sequences {
    uint64_t count;
    uint64_t *offset;               /* the row at which each array begins, and the end */
    struct h5_reference *reference; /* one for each array */
    struct io_heap heap;
    size_t number_bytes; /* of a number, as it is stored */
    bool swapped, widened;
    bool gives_offsets; /* true if rows are the offsets, not the numbers */
};

/* Inside a guard. Finds all arrays of an open dataset whose elements are such arrays. *shape
 * becomes that of the numbers, or of the offsets. */
shs_status h5_sequences_open(struct h5_array *array, bool offsets, shs_tensor *shape);

void h5_sequences_free(struct h5_sequences **sequences);

/* Reads rows. */
shs_status h5_sequences_read(struct h5_sequences *sequences, const struct h5_wanted *wanted,
                             void *rows);

#endif
