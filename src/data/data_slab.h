/* The slab of a field in a run of groups (context.h): what a member of a group takes of one axis.
 */
#ifndef DATA_SLAB_H
#define DATA_SLAB_H

#include "core_status.h"

#include "shardstep/tensor.h"

struct data_field;
struct data_view;
struct h5_array;

/* This rank's place in its group. A zeroed struct is a rank without a group. */
struct data_member {
    uint64_t number, of; /* member `number` of `of` members */
};

/* Without a length it is no slab. */
struct data_slab {
    uint32_t axis;         /* of a row, or of a sample; known without a group, too */
    uint64_t first, count; /* elements along the axis */
    uint64_t length;       /* of the whole axis */
};

/* Finds the slab that a member takes of a field's rows, if the view names the axis for it. A rank
 * without a group has no slab. `whole` is the array's type and shape. An axis that is not there, or
 * that has fewer elements than the group has members, is SHS_ERROR_ARGUMENT. */
shs_status data_slab_find(const struct data_view *view, const shs_tensor *whole,
                          struct data_member member, struct data_field *field);

/* The same of a field that another rank or another run has opened, whose slab has an axis. Then has
 * the field take its slab. */
shs_status data_slab_take(const struct data_view *view, struct data_member member,
                          struct data_field *field);

/* Returns the field as it was before data_slab_cut(): what all members take together. It owns
 * nothing. */
struct data_field data_slab_uncut(const struct data_field *field);

/* Has the field take its slab only. Until then it takes what all members take together: so its
 * content is compared. */
shs_status data_slab_cut(struct data_field *field);

#endif
