/* Push-down: of a field whose text begins with a crop, only the box that the crop keeps is read.
 *
 * The draws of a slot are a function of its place. So the boxes of a batch are found when its rows
 * are known and before they are read (load_batch_prepare()). They lie dense in the batch's memory,
 * and the augmentation takes each box for the sample (augment_apply_boxes()). The bytes that are
 * handed out are those of whole samples, so no checkpoint knows of it. Ranks may choose
 * differently. */
#ifndef LOAD_PUSHDOWN_H
#define LOAD_PUSHDOWN_H

#include "augment_reach.h"
#include "data_dataset.h"
#include "shardstep/loader.h"

/* What is read of a loader's fields. A zeroed struct means whole samples. */
struct load_pushdown {
    bool any; /* true if boxes are read of some field */
    bool boxed[SHS_MAX_FIELDS];
    size_t bytes[SHS_MAX_FIELDS];                  /* then the most bytes of a box */
    struct augment_needs_of needs[SHS_MAX_FIELDS]; /* for a field that is not boxed, why not */
};

/* Local. Decides for each field. Files that are opened later are taken to be like those that are
 * open; what is read is right in any case. */
void load_pushdown_open(const shs_dataset *dataset, const shs_augment *augment,
                        const shs_loader_options *options, struct load_pushdown *pushdown);

struct core_text;

/* Local. Adds a line for each field that is cropped: what is read of its samples, or why all. */
void load_pushdown_describe(const shs_dataset *dataset, const struct load_pushdown *pushdown,
                            struct core_text *text);

/* Local. Fills a sample of field f with elements of its box, in a mixed order: a stand-in for the
 * sample, with values like its. */
void load_pushdown_stand_in(const shs_dataset *dataset, size_t f, const void *elements,
                            const struct core_box *box, void *sample);

#endif
