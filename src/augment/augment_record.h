/* An augmentation and its draws for a sample, printed as text. Pure. */
#ifndef AUGMENT_RECORD_H
#define AUGMENT_RECORD_H

#include "core_text.h"
#include "shardstep/augment.h"

/* Appends the draws of each operator from a sample's stream, in order, with a space between:
 * "random_crop(down=1, right=-2) random_flip(w=yes)". The stream moves on as if the operators were
 * applied. */
void augment_record(const shs_augment *augment, shs_random *stream, struct core_text *text);

/* Does what augment_record() does, for a slot of a batch with `count` rows of weight 1. The draws
 * of operators that mix the batch depend on both. */
void augment_record_slot(const shs_augment *augment, shs_random *stream, uint64_t slot,
                         uint64_t count, struct core_text *text);

/* Appends the augmentation in its canonical form, which reads back as the same augmentation. It has
 * every value, defaults too, and each number is as short as possible. */
void augment_print(const shs_augment *augment, struct core_text *text);

#endif
