/* The text form of an augmentation, as a list of statements. Knows neither operators nor fields.
 * Pure. */
#ifndef AUGMENT_TEXT_H
#define AUGMENT_TEXT_H

#include <stddef.h>

#include "core_status.h"

enum {
    AUGMENT_NAME_BYTES = 32,
    AUGMENT_FIELD_BYTES = 256,
    AUGMENT_MAX_VALUES = 8,
};

/* name=value or name=[value,value,...] */
struct augment_value {
    char name[AUGMENT_NAME_BYTES];
    char (*items)[AUGMENT_NAME_BYTES]; /* at least one */
    size_t n_items;
    bool is_list; /* it stands in brackets */
    size_t at;    /* its place in the text, counted from 1, for messages */
};

/* op(name=value, …) */
struct augment_call {
    char name[AUGMENT_NAME_BYTES];
    size_t at;
    struct augment_value values[AUGMENT_MAX_VALUES];
    size_t n_values;
};

/* FIELDS: op op … */
struct augment_statement {
    char (*fields)[AUGMENT_FIELD_BYTES];
    size_t n_fields;
    struct augment_call *calls;
    size_t n_calls;
    size_t at;
};

struct augment_program {
    struct augment_statement *statements;
    size_t n_statements;
};

shs_status augment_parse(const char *text, struct augment_program *program);

void augment_program_free(struct augment_program *program);

#endif
