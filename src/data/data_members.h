/* The part of a row that members of a compound are. */
#ifndef DATA_MEMBERS_H
#define DATA_MEMBERS_H

#include "h5_file.h"
#include "io_part.h"

/* Finds the bytes of a row that hold what is taken of it, if members are taken of an array's
 * elements. `whole` is the type and the shape of the array with the axes of the members, and *part
 * what is picked of the axes of a row, or NULL. It is replaced by a part of the row as it is read:
 * behind the array's own axes is one more axis, of the bytes of an element. The caller releases it
 * with data_pick_free(). Does nothing for an array of plain numbers. */
shs_status data_members_part(const struct h5_array *array, const shs_tensor *whole,
                             uint32_t row_axes, struct io_part **part);

#endif
