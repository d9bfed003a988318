/* Operators that mix each sample of a batch with another sample of it. Pure.
 *
 * A text has at most one of them. All operators before it are applied to every sample of the batch.
 * Then each sample is mixed with its partner as the partner was before mixing. Then the operators
 * behind it are applied. A sample has one stream for all this, and its draws follow in the order of
 * the text. Whoever applies such a text to a batch does it in this order:
 *
 *     augment_apply_rows(augment_before_mix(augment), ...)   for every sample
 *     augment_mix_draw() and, for each mixed field, augment_mix_sample()
 *     augment_apply_rows(augment_behind_mix(augment), ...)
 *
 * augment_apply_rows() of the whole augmentation mixes a sample with itself, as the only sample of
 * a batch. */
#ifndef AUGMENT_MIX_H
#define AUGMENT_MIX_H

#include "shardstep/augment.h"

/* The draws of a sample. Without mixing the sample is its own partner, and the share is 0. */
struct augment_mix_draw {
    bool mixed;
    uint64_t partner; /* the slot of its partner in the batch */
    double lambda;    /* as it was drawn */
    double share;     /* the partner's share of the result; the sample has the rest */
    uint32_t top, bottom, left, right; /* cutmix: the box [top, bottom) x [left, right); a
                                          segment of a signal is a box of one row */
};

/* Returns the name of the operator that mixes; NULL if there is none. */
const char *augment_mixer(const shs_augment *augment);

/* Return the operators on either side of the operator that mixes, as augmentations of their own.
 * They belong to the augmentation, whose scratch memory is enough for them. */
const shs_augment *augment_before_mix(const shs_augment *augment);
const shs_augment *augment_behind_mix(const shs_augment *augment);

/* Returns true if the operator mixes field f. */
bool augment_mixes_field(const shs_augment *augment, size_t f);

/* Makes the draws of a slot of a batch that has `count` samples of weight 1, which come first.
 * Nothing is drawn for the other samples, which are not mixed. */
void augment_mix_draw(const shs_augment *augment, shs_random *stream, uint64_t slot, uint64_t count,
                      struct augment_mix_draw *draw);

/* Computes the mixed sample of field f, which is mixed, or copies the input if the sample is not
 * mixed. The output does not overlap the inputs. */
void augment_mix_sample(const shs_augment *augment, size_t f, const struct augment_mix_draw *draw,
                        const void *input, const void *partner, void *output);

/* Returns the place in the scratch memory for a mixed sample of field f that operators behind
 * change. They leave it alone while they are applied to it. */
void *augment_mix_room(const shs_augment *augment, size_t f, void *scratch);

#endif
