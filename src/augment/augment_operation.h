/* An augmentation after its text has been bound to fields. Pure. */
#ifndef AUGMENT_OPERATION_H
#define AUGMENT_OPERATION_H

#include <string.h>

#include "augment_kind.h"
#include "augment_table.h"

/* Vector code needs scratch memory that begins at a cache line, and the caller's may begin
 * anywhere: what is measured has room to move on to the next line. */
enum {
    AUGMENT_ALIGNMENT = 64
};

/* An operator on a field. */
struct augment_target {
    size_t field;
    bool last;     /* no later operator changes this field, so the result goes to the output */
    void *setting; /* the operator's struct of settings, released with the augmentation */
    struct augment_bound bound;
    struct augment_bound whole; /* `bound` before it was cut to a slab; draws are made by it */
};

/* An operator with all the fields of its statement. The operators within it are the `inner`
 * operations behind it. */
struct augment_operation {
    const struct augment_kind *kind;
    double chance; /* the probability that it is applied; 1: it is, and nothing is drawn for it */
    size_t inner;  /* all operations within it, at any depth */
    uint32_t branches;              /* the operations that stand directly within it */
    struct augment_target *targets; /* the fields of the statement */
    size_t n_targets;
    size_t draw_offset;    /* bytes before its draws in the scratch memory */
    bool begins_statement; /* the operator is the first of its statement */
    bool turns;            /* components of vectors are turned */
    bool joins;            /* fields are components of each other, and may change places */
};

/* What is known of a field's axes. */
struct augment_known {
    char layout[SHS_MAX_AXES + 1]; /* "" if it is not known */
    enum augment_origin origin;
    bool is_usual; /* as in struct augment_grid */
    bool ragged;
    struct augment_slab slab;
};

/* Bytes of a field's samples, and its part of the scratch memory: offsets are bytes before it. */
struct augment_room {
    size_t input_bytes, output_bytes;
    size_t buffers;            /* two, each for the field's largest intermediate result */
    size_t numbers, n_numbers; /* the tables of moves */
};

struct shs_augment {
    size_t fields;
    char *file;                  /* that gives layouts, for messages, or NULL */
    struct augment_known *known; /* of each field, behind the operators that are bound so far */
    shs_tensor
        *inputs; /* a sample's type and shape in each field; the augmentation owns the names */
    shs_tensor *outputs;        /* a sample's type and shape in each field after all operators */
    size_t *bytes;              /* for each field the bytes of its largest intermediate result */
    struct augment_room *rooms; /* of each field */
    uint32_t slab_axis[SHS_MAX_FIELDS]; /* of each field that has a slab, the axis of `inputs` */
    size_t pass_offset;                 /* bytes before the fields' passes in the scratch memory */
    size_t own_offset;                  /* bytes before an operator's own scratch memory */
    size_t scratch;                     /* bytes of scratch memory */
    struct augment_operation *operations;
    size_t n_operations;
    bool draws;             /* some operator draws */
    bool apart;             /* for tests: no pass has more than one operator */
    shs_augment_table *own; /* the program's table of operators, held; NULL: none */

    /* An operator that mixes the samples of a batch divides the operators: see augment_mix.h. */
    bool mixes;
    size_t mixer;        /* the operation that mixes */
    shs_augment *before; /* the operators before it, as an augmentation of their own */
    shs_augment *behind; /* the operators behind it, for the samples as they are mixed */
    size_t mixed_offset; /* bytes before the mixed samples in the scratch memory */
};

/* Returns the name of the last operator before an operation that gives the numbers of a field
 * another scale; NULL if none does. Operations that one_of applies in place of this operation are
 * not before it. Of an operator of the program's own nobody knows what it does to a scale. */
const char *augment_remapped(const shs_augment *augment, size_t operation, size_t field);

/* Divides an augmentation of a program that mixes. Its scratch memory, which has been measured,
 * grows. */
shs_status augment_split(shs_augment *augment, const struct augment_how *how,
                         const struct augment_program *program);

/* Binds a program to `fields` samples. `known` is what is known of their axes; NULL: what `how`
 * says. On an error *augment is NULL. */
shs_status augment_bind(const struct augment_how *how, const struct augment_known *known,
                        const struct augment_program *program, const shs_tensor *samples,
                        size_t fields, shs_augment **augment);

/* Returns the first cache line in the caller's scratch memory. */
static inline char *augment_first_line(void *scratch)
{
    size_t beyond = (size_t)((uintptr_t)scratch % AUGMENT_ALIGNMENT);
    return (char *)scratch + (beyond ? AUGMENT_ALIGNMENT - beyond : 0);
}

/* Begins the box of reach(): it is the whole sample. */
static inline void augment_begin_reach(const struct augment_bound *bound, struct core_box *reach)
{
    memset(reach->begin, 0, sizeof reach->begin);
    memcpy(reach->size, bound->before.shape, sizeof reach->size);
}

/* Has a view show no more than a box of what it shows. */
static inline void augment_cut_view(struct grid_view *view, const struct core_box *box)
{
    for (uint32_t axis = 0; axis < view->axes; axis++)
        grid_view_cut(view, axis, (int64_t)box->begin[axis], (size_t)box->size[axis],
                      GRID_BEYOND_ZERO);
}

/* Draws whether an operation is applied to a sample. */
static inline bool augment_chosen(const struct augment_operation *operation, shs_random *stream)
{
    return operation->chance >= 1 || (double)shs_random_float(stream) < operation->chance;
}

/* Makes the draws of an operation for a sample. `draw` is memory for the operator's struct of
 * draws, which is zeroed first. An operator without draws leaves it alone. */
static inline void augment_draw(const struct augment_operation *operation, shs_random *stream,
                                void *draw)
{
    const struct augment_kind *kind = operation->kind;
    if (!kind->draw) return;
    memset(draw, 0, kind->draw_bytes);
    kind->draw(&operation->targets[0].whole, stream, draw);
}

/* Draws which of the operations directly within one is applied. Returns it. */
static inline const struct augment_operation *
augment_choose(const struct augment_operation *operation, shs_random *stream)
{
    uint32_t number = shs_random_below(stream, operation->branches);
    for (operation++; number; number--)
        operation += 1 + operation->inner;
    return operation;
}

/* Computes the layout of the scratch memory. SHS_ERROR_MEMORY if it is too large. */
shs_status augment_measure_scratch(shs_augment *augment);

#endif
