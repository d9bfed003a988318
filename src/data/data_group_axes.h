/* The axes of datasets of many groups: what a field names must be the same in each group. */
#ifndef DATA_GROUP_AXES_H
#define DATA_GROUP_AXES_H

#include "data_field.h"

/* Refuses groups in which the axes or the indices that select, crop and slab name lie elsewhere
 * than in the first group: rows are cut alike in all groups. Joins the letters of the axes in all
 * groups in field->axes, which has those of the first group, if how->axes is set. `whole` is the
 * type and the shape of the field's array, which is open. */
shs_status data_group_axes(const shs_tensor *whole, const struct data_field_how *how,
                           struct data_field *field);

#endif
