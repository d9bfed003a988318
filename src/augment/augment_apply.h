/* Augmentation of samples that were filled up with zeros to a fixed length. Pure. */
#ifndef AUGMENT_APPLY_H
#define AUGMENT_APPLY_H

#include <stdint.h>

#include "shardstep/augment.h"

/* Does what shs_augment_apply() does, for samples that were filled up with zeros. Field f has
 * rows[f] rows of its own along its first axis: operators see only these, and the rows behind them
 * become zeros. UINT64_MAX says that all rows are the field's own, and `rows` may be NULL if this
 * holds for all fields. The draws do not depend on `rows`. An operator that mixes the samples of a
 * batch mixes the sample with itself: see augment_mix.h. */
shs_status augment_apply_rows(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                              const void *const *inputs, void *const *outputs, void *scratch);

struct core_box;

/* Does what augment_apply_rows() does, where only boxes of some samples are in memory. If held[f]
 * is not NULL, inputs[f] is the box of field f's sample that augment_find_boxes() finds for this
 * stream, dense. `held` may be NULL. The bytes are those of whole samples. */
shs_status augment_apply_boxes(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                               const struct core_box *const *held, const void *const *inputs,
                               void *const *outputs, void *scratch);

/* Where the samples of a batch's slots come from and go to. */
struct augment_slots {
    const void *user;

    /* Starts the stream of a slot. NULL if the augmentation draws nothing. */
    void (*stream)(const void *user, uint64_t slot, shs_random *stream);

    /* Sets for each field what augment_apply_rows() is given. */
    void (*sample)(const void *user, uint64_t slot, const void **inputs, void **outputs,
                   uint64_t *rows);

    /* Adds the slot's sample to the message of an error, and returns it. NULL: nothing is added. */
    shs_status (*fail)(const void *user, uint64_t slot, shs_status status);

    /* Sets for each field the box that augment_apply_boxes() is given. NULL if no samples are
     * boxes. */
    void (*box)(const void *user, uint64_t slot, const struct core_box **held);
};

/* Does what augment_apply_rows() does for each of the slots `first` to end - 1. The first draws of
 * several slots are made at once, and the samples of the next slot are fetched into the cache.
 * Stops at the first error. */
shs_status augment_apply_slots(const shs_augment *augment, const struct augment_slots *slots,
                               uint64_t first, uint64_t end, void *scratch);

/* For tests. With `apart`, operators are applied one after the other from now on, each by itself,
 * instead of several in a pass. The bytes are the same. */
void augment_apply_apart(shs_augment *augment, bool apart);

struct core_hash;

/* Returns the number of operators of the program's own in an augmentation, and puts the first
 * `most` of them into operations[], each by the number of its operation. */
size_t augment_own_operations(const shs_augment *augment, size_t *operations, size_t most);

/* Runs an operator of the program's own by itself, whatever its p and the operators around it say:
 * the operators before it draw from `before`, it draws from `stream`. Adds what it wrote to `hash`.
 * `inputs`, `outputs` and `scratch` are those of augment_apply_rows(). */
shs_status augment_probe(const shs_augment *augment, size_t operation, shs_random *before,
                         shs_random *stream, const uint64_t *rows, const void *const *inputs,
                         void *const *outputs, void *scratch, struct core_hash *hash);

/* Runs a whole augmentation as augment_apply_rows() does. Adds the results of the fields that it
 * changes to `hash` and, if an operator mixes the samples of a batch, the partner and lambda that
 * it draws. */
shs_status augment_probe_whole(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                               const void *const *inputs, void *const *outputs, void *scratch,
                               struct core_hash *hash);

#endif
