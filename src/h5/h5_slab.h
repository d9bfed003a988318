/* Selections of elements as HDF5 describes them: boxes in regular steps along each axis. All
 * functions are to be called inside a guard. */
#ifndef H5_SLAB_H
#define H5_SLAB_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* A selection. Along an axis it has `count` blocks of `block` elements, which begin at `start` and
 * lie `stride` apart. One axis may be endless, with a count or a block of H5S_UNLIMITED. */
struct h5_slab {
    /* True if everything is selected. `regular` is false then, and the arrays are unused. */
    bool all;
    /* False, and the arrays unused, if only a list of boxes describes the selection. */
    bool regular;
    int axes;
    hsize_t start[H5S_MAX_RANK], stride[H5S_MAX_RANK], count[H5S_MAX_RANK], block[H5S_MAX_RANK];
};

/* Reads the selection of a dataspace. Returns false if it is damaged or of another kind. */
bool h5_slab_read(hid_t space, struct h5_slab *slab);

/* Returns the endless axis of a selection, -1 if there is none. */
int h5_slab_endless_axis(const struct h5_slab *slab);

/* Cuts an endless selection to a shape. Whole blocks that begin inside the shape stay. */
void h5_slab_clip(struct h5_slab *slab, const hsize_t *shape);

/* Returns true if a regular selection has no element. */
bool h5_slab_is_empty(const struct h5_slab *slab);

/* Counts the elements of a regular selection that lie inside a shape. Returns UINT64_MAX if they
 * are more than 64 bits can count. */
uint64_t h5_slab_elements(const struct h5_slab *slab, const hsize_t *shape);

/* Returns true if the blocks of a regular selection follow one another along an axis. */
bool h5_slab_is_one_piece(const struct h5_slab *slab, int axis);

/* Returns true if a regular selection takes all of each index of the first axis that it takes. */
bool h5_slab_takes_whole(const struct h5_slab *slab, const hsize_t *shape);

/* Returns true if a selection, whose dataspace is `space`, has elements outside a shape. */
bool h5_slab_reaches_beyond(const struct h5_slab *slab, hid_t space, const hsize_t *shape);

#endif
