/* Operators found by name, in the table of augment_kind.h or in another table. Pure. */
#ifndef AUGMENT_TABLE_H
#define AUGMENT_TABLE_H

#include "augment_kind.h"

struct augment_table {
    const struct augment_kind *const *kinds;
    size_t count; /* at most AUGMENT_MOST_KINDS */
};

enum {
    AUGMENT_MOST_KINDS = 128
};

/* The table of AUGMENT_OPERATORS. */
extern const struct augment_table augment_operators;

/* As shs_augment_open(), with the operators of a table, which must stay. */
shs_status augment_open(const struct augment_table *table, const char *text,
                        const shs_tensor *samples, size_t fields, shs_augment **augment);

/* Finds the operator that a call names. SHS_ERROR_ARGUMENT if there is none. */
shs_status augment_find(const struct augment_table *table, const struct augment_call *call,
                        const struct augment_kind **kind);

/* Returns SHS_ERROR_ARGUMENT for a word at a place in the text. The message says `what`, such as
 * "there is no field", the word, and behind `there_are`, such as "; there are", all words that
 * there are, and the nearest of them. */
shs_status augment_unknown(size_t at, const char *what, const char *word, const char *there_are,
                           const char *const *words, size_t count);

/* Appends all operators, in the form that cli_print_wrapped() takes: an item each or, with
 * `in_full`, also an item for each parameter, for what is drawn, and for an example. */
void augment_describe(const struct augment_table *table, bool in_full, struct core_text *text);

#endif
