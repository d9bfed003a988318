/* Operators that the program registers: they are found in its table, bound and applied like others,
 * but for the functions here. Pure, as far as the program's functions are. */
#ifndef AUGMENT_CALLBACK_H
#define AUGMENT_CALLBACK_H

#include "augment_kind.h"

struct augment_operation;

/* Returns a table, which has one holder more. shs_augment_table_close() takes a holder away. NULL
 * gives NULL. */
shs_augment_table *augment_own_hold(shs_augment_table *table);

/* Returns the operators of a program's table, or those of the library for NULL. */
const struct augment_table *augment_own_table(const shs_augment_table *table);

/* True if an operator is the program's own and draws. */
static inline bool augment_own_draws(const struct augment_kind *kind)
{
    return kind->own && !kind->own->callback.draws_nothing;
}

/* Reads the values of a call into `setting`, and asks the program for the type and the shape of the
 * result. augment_own_release() releases what the setting then has, also after an error. */
shs_status augment_own_bind(const struct augment_kind *kind, const struct augment_call *call,
                            void *setting, struct augment_bound *bound);

void augment_own_release(void *setting);

/* Appends the version and the values in their canonical form: "version=2, a=0.3, mode=soft". */
void augment_own_print(const struct augment_kind *kind, const void *setting,
                       struct core_text *text);

/* Calls the program's function for a sample. rows[t], inputs[t] and outputs[t] are those of the
 * operation's target t; UINT64_MAX rows are all. The rows behind those of a ragged sample become
 * zeros. An error's message names the operator. */
shs_status augment_own_apply(const struct augment_operation *operation, shs_random *stream,
                             const uint64_t *rows, const void *const *inputs, void *const *outputs);

/* Appends a line "operator NAME = version N" for each operator of the program that an augmentation
 * has, in the order of their first calls. */
void augment_own_describe(const shs_augment *augment, struct core_text *text);

#endif
