/* What an augmentation needs of a sample, known before the sample is read. Pure.
 *
 * A draw is a function of its place, so the box that a crop keeps is known before the elements are.
 * A field is *cut first* if the operators of its text begin with any number of flips and turns that
 * move no components of vectors, and with to_chw and to_hwc, and then have a crop that is always
 * applied: random_crop, center_crop, window_crop, or random_resized_crop. What comes behind the
 * crop does not matter, and neither do operators of other fields, unless the program's own operator
 * draws before the crop. A text that mixes samples, and ragged samples, need whole samples. */
#ifndef AUGMENT_REACH_H
#define AUGMENT_REACH_H

#include <stddef.h>

#include "grid_view.h"
#include "shardstep/augment.h"

enum {
    AUGMENT_WHY_BYTES = 160
};

/* What is needed of a field's samples. */
struct augment_needs_of {
    bool crops;                  /* true if some operator crops the field */
    bool cut;                    /* true if the field is cut first */
    size_t operation;            /* then the operation that cuts it */
    uint64_t size[SHS_MAX_AXES]; /* then the box's elements along each axis, on the average */
    bool cuts[SHS_MAX_AXES]; /* then true if some boxes are smaller than samples along an axis */
    uint64_t elements;       /* then the most elements of a box */
    const char *crop;        /* then the name of the operator that cuts it */
    char why[AUGMENT_WHY_BYTES]; /* else why whole samples are needed */
};

/* Finds what is needed of field f. */
void augment_find_needs(const shs_augment *augment, size_t f, struct augment_needs_of *needs);

/* Finds the boxes that a sample's draws lead to: held[f] of each field for which held[f] is not
 * NULL. Field f must be cut first, needs[f] says by which operation. `stream` is the sample's; it
 * moves on. `scratch` has the bytes of shs_augment_scratch(). */
void augment_find_boxes(const shs_augment *augment, const struct augment_needs_of *needs,
                        shs_random *stream, struct core_box *const *held, void *scratch);

#endif
