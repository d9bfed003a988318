/* The statements of an augmentation's text, bound to fields. Pure. */
#ifndef AUGMENT_STATEMENTS_H
#define AUGMENT_STATEMENTS_H

#include "augment_text.h"
#include "shardstep/augment.h"

struct augment_table;

/* Adds the operations of all statements to an augmentation that has its fields and no operation.
 * What an operation changes in a field holds for the later ones. SHS_ERROR_ARGUMENT if a statement
 * does not fit its fields; SHS_ERROR_MEMORY. */
shs_status augment_bind_statements(shs_augment *augment, const struct augment_table *table,
                                   const struct augment_program *program);

#endif
