/* Reads rows, or a part of them, through selections of HDF5. */
#ifndef H5_SELECT_H
#define H5_SELECT_H

#include "h5_array.h"

/* The rows to read: those of `list`, in ascending order, or `count` rows from `first` on if `list`
 * is NULL. `last` is the last row in either case. */
struct h5_wanted {
    uint64_t first, last, count;
    const uint64_t *list;
};

/* Inside a guard. Reads what the array gives of the rows. Returns a negative value if HDF5 fails.
 */
herr_t h5_read_selection(struct h5_array *array, const struct h5_wanted *wanted, void *rows);

#endif
