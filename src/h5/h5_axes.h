/* The dimension scales of an array, for the files of this folder. */
#ifndef H5_AXES_H
#define H5_AXES_H

#include "h5_array.h"

/* Inside a guard. Returns true if a dataset has dimension scales or labels. */
bool h5_axes_are_named(hid_t dataset);

/* Inside a guard. Calls `visit` with each dimension scale of an array, which is open during the
 * call. References that lead nowhere are left out. */
typedef void h5_axis_scale(void *user, uint32_t axis, hid_t scale);
void h5_axis_scales(const struct h5_array *array, h5_axis_scale *visit, void *user);

#endif
