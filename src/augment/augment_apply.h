/* Augmentation of samples that were filled up with zeros to a fixed length. Pure. */
#ifndef AUGMENT_APPLY_H
#define AUGMENT_APPLY_H

#include <stdint.h>

#include "shardstep/augment.h"

/* Does what shs_augment_apply() does, for samples that were filled up with zeros. Field f has
 * rows[f] rows of its own along its first axis: operators see only these, and the rows behind them
 * become zeros. UINT64_MAX says that all rows are the field's own, and `rows` may be NULL if this
 * holds for all fields. The draws do not depend on `rows`. */
shs_status augment_apply_rows(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                              const void *const *inputs, void *const *outputs, void *scratch);

/* For tests. With `apart`, operators are applied one after the other from now on, each by itself,
 * instead of several in a pass. The bytes are the same. */
void augment_apply_apart(shs_augment *augment, bool apart);

#endif
