/* An augmentation bound to fields. Pure. */
#ifndef AUGMENT_OPERATION_H
#define AUGMENT_OPERATION_H

#include <string.h>

#include "augment_kind.h"

/* One operator on one field. */
struct augment_target {
    size_t field;
    bool last;     /* no later operator changes this field: the result goes to the output */
    void *setting; /* of the kind's setting_bytes, released with the augmentation */
    struct augment_bound bound;
};

struct augment_operation {
    const struct augment_kind *kind;
    struct augment_target *targets; /* one for each field of the statement */
    size_t n_targets;
    bool begins_statement;
};

struct shs_augment {
    size_t fields;
    shs_tensor *inputs; /* names are the struct's own */
    shs_tensor *outputs;
    size_t *bytes;      /* of a field's sample, the largest that it has on its way */
    size_t draw_offset; /* where the draws of an operator lie in the scratch memory */
    size_t scratch;
    struct augment_operation *operations;
    size_t n_operations;
    bool draws;
};

/* Draws what an operation needs for a sample, if anything, into draw_bytes that are zeroed first.
 */
static inline void augment_draw(const struct augment_operation *operation, shs_random *stream,
                                void *draw)
{
    const struct augment_kind *kind = operation->kind;
    if (!kind->draw) return;
    memset(draw, 0, kind->draw_bytes);
    kind->draw(&operation->targets[0].bound, stream, draw);
}

#endif
