/* What an augmentation is, and what it draws for a sample, in words. Pure. */
#ifndef AUGMENT_RECORD_H
#define AUGMENT_RECORD_H

#include "core_text.h"
#include "shardstep/augment.h"

/* Appends what each operator draws from a sample's stream, in their order, with a space between:
 * "random_crop(down=1, right=-2) random_flip(w=yes)". Moves the stream as applying them would. */
void augment_record(const shs_augment *augment, shs_random *stream, struct core_text *text);

/* Appends the augmentation in its canonical form, which reads back as the same augmentation: every
 * value is there, defaults too, and numbers are as short as they can be. */
void augment_print(const shs_augment *augment, struct core_text *text);

#endif
