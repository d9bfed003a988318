/* Boxes of samples, which are cut out of their rows while they are read. */
#ifndef FETCH_BOX_H
#define FETCH_BOX_H

#include "core_box.h"
#include "data_field.h"

/* A box of a sample, and the part of the sample's rows that it takes. A zeroed struct is empty. It
 * must not be moved while pieces use its part. */
struct fetch_box {
    const struct core_box *box; /* along the axes of the field's sample */
    uint32_t row_axis;          /* 1 if the sample's first axis counts its rows, else 0 */
    struct io_part part;
    struct io_range range[SHS_MAX_AXES]; /* of the part's axes, if one is enough for each */
    struct io_range *more;               /* else memory for the ranges of all axes */
    size_t more_capacity;
};

/* Finds the part of an array's rows that a box takes, out of what the field takes. *part is NULL if
 * these are whole rows. It belongs to the box. */
shs_status fetch_box_cut(struct fetch_box *box, const struct data_field *field,
                         const struct io_part **part);

/* Returns the elements of a box along `axes` axes, from axis `from` on. */
uint64_t fetch_box_elements(const struct core_box *box, uint32_t from, uint32_t axes);

void fetch_box_free(struct fetch_box *box);

#endif
