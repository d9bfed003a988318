/* An augmentation after its text has been bound to fields. Pure. */
#ifndef AUGMENT_OPERATION_H
#define AUGMENT_OPERATION_H

#include <string.h>

#include "augment_kind.h"

/* An operator on a field. */
struct augment_target {
    size_t field;
    bool last;     /* no later operator changes this field, so the result goes to the output */
    void *setting; /* the operator's struct of settings, released with the augmentation */
    struct augment_bound bound;
};

/* An operator with all the fields of its statement. */
struct augment_operation {
    const struct augment_kind *kind;
    struct augment_target *targets; /* the fields of the statement */
    size_t n_targets;
    bool begins_statement; /* the operator is the first of its statement */
};

struct shs_augment {
    size_t fields;
    shs_tensor
        *inputs; /* a sample's type and shape in each field; the augmentation owns the names */
    shs_tensor *outputs; /* a sample's type and shape in each field after all operators */
    size_t *bytes;       /* for each field the bytes of its largest intermediate result */
    size_t draw_offset;  /* bytes before the draws of an operator in the scratch memory */
    size_t scratch;      /* bytes of scratch memory */
    struct augment_operation *operations;
    size_t n_operations;
    bool draws; /* some operator draws */
};

/* Makes the draws of an operation for a sample. `draw` is memory for the operator's struct of
 * draws, which is zeroed first. An operator without draws leaves it alone. */
static inline void augment_draw(const struct augment_operation *operation, shs_random *stream,
                                void *draw)
{
    const struct augment_kind *kind = operation->kind;
    if (!kind->draw) return;
    memset(draw, 0, kind->draw_bytes);
    kind->draw(&operation->targets[0].bound, stream, draw);
}

#endif
