/* Samples of groups: a field whose array is named by a pattern has the rows of the datasets of many
 * groups (h5_array_open()). Each group is a trajectory of its own length, and no window continues
 * in the next. */
#ifndef DATA_GROUPS_H
#define DATA_GROUPS_H

#include "data_field.h"

/* The groups of one file. A zeroed struct has none. */
struct data_groups {
    size_t count;
    uint64_t *row;    /* group g has the rows [row[g], row[g + 1]) */
    uint64_t *sample; /* and the windows [sample[g], sample[g + 1]) */
};

/* Returns the group of a window. */
size_t data_groups_of(const struct data_groups *groups, uint64_t window);

void data_groups_free(struct data_groups *groups);

/* Refuses arrays of groups that do not have as many rows in each group. `file` is that of the
 * arrays, open, for the group's name in the message. */
shs_status data_groups_check(const struct data_sample *sample, const struct data_field *arrays,
                             struct h5_file *file);

/* Takes the groups of a file from its arrays, and counts its samples, whose windows are of groups.
 * On error the struct is zeroed. */
shs_status data_groups_take(const struct data_sample *sample, const struct data_field *arrays,
                            struct data_groups *groups, uint64_t *samples);

bool data_groups_are_same(const struct data_groups *groups, const struct data_groups *others);

#endif
