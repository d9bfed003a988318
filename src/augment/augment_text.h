/* The parser of an augmentation's text. It knows neither operators nor fields. Pure. */
#ifndef AUGMENT_TEXT_H
#define AUGMENT_TEXT_H

#include <stddef.h>

#include "core_status.h"

enum {
    AUGMENT_NAME_BYTES = 32,
    AUGMENT_FIELD_BYTES = 256,
    AUGMENT_MAX_VALUES = 16,
    AUGMENT_MOST_DEPTH = 4 /* operators within operators */
};

/* A value: name=value, name=[value,value,...] or name=(word,word,...). Here and below `at` is the
 * number of the first character in the text, counted from 1, for messages. */
struct augment_value {
    char name[AUGMENT_NAME_BYTES];
    char (*items)[AUGMENT_NAME_BYTES]; /* the value, or the values of a list: never empty */
    size_t n_items;
    bool is_list;  /* the value stands in brackets */
    bool is_names; /* the value stands in parentheses */
    size_t at;
};

/* A call of an operator: operator(name=value, …, call call …). */
struct augment_call {
    char name[AUGMENT_NAME_BYTES];
    size_t at;
    struct augment_value values[AUGMENT_MAX_VALUES];
    size_t n_values;
    struct augment_call *inner; /* the calls within this one */
    size_t n_inner;
};

/* A field of a statement: NAME, or NAME[word,word,layout=hwc] with how it wants to be sampled and
 * with its layout. */
struct augment_named {
    char name[AUGMENT_FIELD_BYTES];
    char words[2][AUGMENT_NAME_BYTES];
    size_t n_words;
    char layout[AUGMENT_NAME_BYTES]; /* "" if it is not given */
    size_t at;
};

/* A statement: FIELD,FIELD: call call …. */
struct augment_statement {
    struct augment_named *fields;
    size_t n_fields;
    struct augment_call *calls;
    size_t n_calls;
    size_t at;
};

/* The whole text, which is a list of statements. */
struct augment_program {
    struct augment_statement *statements;
    size_t n_statements;
};

/* Parses a text. SHS_ERROR_ARGUMENT says at which character something else is expected. On error
 * *program is empty. */
shs_status augment_parse(const char *text, struct augment_program *program);

/* Releases a program's memory, and leaves it empty. */
void augment_program_free(struct augment_program *program);

#endif
