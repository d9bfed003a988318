/* The offsets of ragged fields: the row of the values where each sample begins and ends. */
#ifndef DATA_OFFSETS_H
#define DATA_OFFSETS_H

#include "data_field.h"

enum {
    DATA_OFFSETS_BYTES = 64 << 20 /* memory for an array of offsets */
};

/* The offsets in all files. Each file has one offset more than samples. A zeroed struct is empty.
 */
struct data_offsets {
    /* NULL if the offsets are too many. They are then read when they are wanted. */
    uint64_t *all;
    uint64_t count, capacity;
    bool too_many;
    uint64_t longest;     /* rows of the longest sample */
    uint64_t first, last; /* the first and the last offset of the file that was added last */
};

/* Adds the offsets of the next file, whose values have `rows` rows. Offsets must be whole numbers
 * within these rows, none smaller than the offset before. At most `most_bytes` bytes are kept in
 * memory. */
shs_status data_offsets_add(struct data_offsets *offsets, struct data_field *field, uint64_t rows,
                            size_t most_bytes);

void data_offsets_free(struct data_offsets *offsets);

/* Takes an offset from an element. Returns false if the element is negative. */
bool data_offset_of(shs_type type, const void *element, uint64_t *offset);

/* Refuses a sample's two offsets if they contradict each other or the values' rows. `i` is the
 * sample's number in the file. */
shs_status data_offsets_check(const struct data_field *field, uint64_t i, const void *pair,
                              uint64_t rows, uint64_t *begin, uint64_t *end);

#endif
