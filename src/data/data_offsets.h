/* The offsets of ragged fields: where in its values each sample begins and ends. */
#ifndef DATA_OFFSETS_H
#define DATA_OFFSETS_H

#include "data_field.h"

enum {
    DATA_OFFSETS_BYTES = 64 << 20 /* that are held in memory for a dataset of offsets */
};

/* The offsets in all files, one more a file than it has samples. Zeroed it is empty. */
struct data_offsets {
    uint64_t *all; /* NULL: too many; they are read as they are wanted */
    uint64_t count, capacity;
    bool too_many;
    uint64_t longest; /* sample, in rows */
};

/* Takes up the offsets of the next file, whose values have so many rows: they must be whole
 * numbers, none smaller than the one before, within the rows. At most `most_bytes` are kept. */
shs_status data_offsets_add(struct data_offsets *offsets, struct data_field *field, uint64_t rows,
                            size_t most_bytes);

void data_offsets_free(struct data_offsets *offsets);

/* Of an element as it was read: false if it is negative. */
bool data_offset_of(shs_type type, const void *element, uint64_t *offset);

/* Refuses a sample's two offsets that cannot be: i is its number in the file. */
shs_status data_offsets_check(const struct data_field *field, uint64_t i, const void *pair,
                              uint64_t rows, uint64_t *begin, uint64_t *end);

#endif
