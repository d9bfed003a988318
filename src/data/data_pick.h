/* What a field picks of the axes of a row: the text of `select` and `crop` (fields.h), and the
 * part of a row that it means in a file. */
#ifndef DATA_PICK_H
#define DATA_PICK_H

#include "data_sample.h"
#include "h5_file.h"
#include "io_part.h"

/* Checks the grammar of a text, and writes it in its one form: "c[0 3 5:9 t2m] y[0:45]". `crop` is
 * true if only ranges a:b are allowed, one an axis. The caller releases *normal with core_free().
 */
shs_status data_pick_normal(const char *text, bool crop, char **normal);

/* Finds the part of a row that a view takes of an array, of which `whole` is the type and the
 * shape. `array` is NULL if the file names neither axes nor indices. *part is NULL if rows are
 * taken whole. `view` is NULL for rows along one axis. The caller releases it with
 * data_pick_free(). `picked` becomes the numbers of the axes that the view names, in its order,
 * such as "3 1". An axis, an index or a name that the file does not have is SHS_ERROR_ARGUMENT. */
shs_status data_pick_find(const struct data_view *view, struct h5_array *array,
                          const shs_tensor *whole, struct io_part **part,
                          char picked[DATA_PICKED_BYTES]);

/* Finds the axis of a row that the slab of a view is cut along, and adds the number of the array's
 * axis to `picked`. */
shs_status data_pick_axis(const struct data_view *view, struct h5_array *array,
                          const shs_tensor *whole, uint32_t *axis, char picked[DATA_PICKED_BYTES]);

void data_pick_free(struct io_part **part);

#endif
