/* The runs of a virtual array: which of its elements lie one after the other in which source. */
#ifndef H5_RUNS_H
#define H5_RUNS_H

#include "h5_open.h"
#include "h5_slab.h"

/* Some elements of a virtual array, and the elements of a source that they are, in the same order.
 * The slabs are not irregular. `name` and `path` are those of the source; the path is NULL if that
 * is the array's own file. */
struct h5_runs_mapping {
    const char *path, *name;
    int axes, source_axes;
    const hsize_t *shape, *source_shape;
    const struct h5_slab *slab, *source_slab;
};

/* Adds the runs of a mapping. If the array has no runs, `reason` says why from then on. */
shs_status h5_runs_add(struct h5_runs *runs, const struct h5_runs_mapping *mapping);

/* Sorts and joins the runs of all mappings. They must be all elements of an array of this shape,
 * each once. */
void h5_runs_end(struct h5_runs *runs, int axes, const hsize_t *shape);

/* Releases the runs and leaves none. A zeroed struct is accepted. */
void h5_runs_free(struct h5_runs *runs);

#endif
