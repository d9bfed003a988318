/* Augmentation of samples that are filled up with zeros. Pure. */
#ifndef AUGMENT_APPLY_H
#define AUGMENT_APPLY_H

#include <stdint.h>

#include "shardstep/augment.h"

/* As shs_augment_apply(), but of field f only the first rows[f] along the first axis are the
 * sample's: operators see no others, and what lies behind comes out as zeros. A field without such
 * rows has UINT64_MAX; `rows` may be NULL. What is drawn does not depend on it. */
shs_status augment_apply_rows(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                              const void *const *inputs, void *const *outputs, void *scratch);

#endif
