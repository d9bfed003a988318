/* Datasets of one name in many groups, such as data/demo_0/actions and data/demo_1/actions, as one
 * array: its rows are those of each dataset, one after the other. Its name is the pattern
 * of these names with a star in place of the groups' names. For the files of
 * this folder. */
#ifndef H5_GROUPS_H
#define H5_GROUPS_H

#include <hdf5.h>

#include "io_layout.h"

struct h5_array;
struct h5_file;

/* A group, and where the link to it leads. */
struct h5_group {
    char *name;
    haddr_t address;
};

struct h5_groups {
    char *prefix; /* the group that holds the groups */
    char *rest;   /* the name of the dataset in each group, with the members that are taken of it */
    size_t dataset_bytes; /* of `rest`: the name without the members */
    size_t count;
    struct h5_group *group; /* in the natural order of their names (core_natural.h) */
    /* Dataset i has the rows [start[i], start[i + 1]). */
    uint64_t *start;
    /* Where the elements of each dataset lie that has some, in one piece. Empty if this is not
     * known of some datasets. */
    struct io_row_extent *extents;
    size_t n_extents;
    bool axes_named;       /* true if some dataset has names of its axes, or of their indices */
    struct h5_array *open; /* dataset `opened`, for reads through HDF5; NULL: none */
    size_t opened;
};

/* Inside a guard. Lists the groups of a pattern, which are those that hard links lead to. The first
 * of them is a group; datasets may still be among the others. */
shs_status h5_groups_list(struct h5_file *file, const char *pattern, struct h5_groups **groups);

/* Returns the name of the dataset of a group. The caller releases *name with core_free(). */
shs_status h5_groups_dataset(const struct h5_groups *groups, size_t i, char **name);

/* Inside a guard. Looks at the dataset of each group, and passes over datasets that stand beside
 * the groups. All must be like the first dataset, which the array has open; only the first axis may
 * differ. */
shs_status h5_groups_examine(const struct h5_array *array, struct h5_groups *groups);

/* Reads rows, or their parts, as h5_read_rows() does: each dataset is opened for that. */
shs_status h5_groups_read(struct h5_array *array, uint64_t first, uint64_t count, void *rows);

/* Frees the groups and sets *groups to NULL, which it may be already. */
void h5_groups_free(struct h5_groups **groups);

#endif
