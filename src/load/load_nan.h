/* NaN in the rows of a batch, as they are stored. */
#ifndef LOAD_NAN_H
#define LOAD_NAN_H

#include "load_batch.h"

/* Local. Returns true if elements of a type have a NaN. Integers have none. */
bool load_nan_in(shs_type type, const void *elements, uint64_t count);

/* Local. Returns true if a row that was read has a NaN, and sets *field to the first field that has
 * it. */
bool load_nan_in_row(const shs_dataset *dataset, const struct load_batch *batch, uint64_t slot,
                     size_t *field);

/* Local, any thread. Refuses a batch that has a NaN in any of its rows, with SHS_ERROR_FORMAT. */
shs_status load_nan_check(const shs_dataset *dataset, const struct load_batch *batch);

#endif
