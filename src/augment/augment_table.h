/* Tables of operators, in which an operator is found by name. Pure. */
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

/* The table with all of AUGMENT_OPERATORS. */
extern const struct augment_table augment_operators;

/* Does what shs_augment_open() does, with the operators of a table. The table must outlive the
 * augmentation. */
shs_status augment_open(const struct augment_table *table, const char *text,
                        const shs_tensor *samples, size_t fields, shs_augment **augment);

/* What is known of fields beside their types and shapes. */
struct augment_how {
    const struct augment_table *table;
    const char *const *layouts; /* of each field, as its file names the axes; NULL: no names */
    const char *file;           /* that gives the layouts, for messages; NULL: not known */
    /* Which slab of a sample the rank has, of each field; NULL: all of all samples. Types and
     * shapes are those of whole samples. */
    const struct augment_slab *slabs;
    const bool *ragged;     /* whether samples of each field have rows of their own; NULL: no */
    shs_augment_table *own; /* the program's table, which the augmentation holds; NULL: none */
};

/* Does what augment_open() does, with what is known of the fields. */
shs_status augment_open_how(const struct augment_how *how, const char *text,
                            const shs_tensor *samples, size_t fields, shs_augment **augment);

/* Finds the operator that a call names. SHS_ERROR_ARGUMENT if the table does not have it. */
shs_status augment_find(const struct augment_table *table, const struct augment_call *call,
                        const struct augment_kind **kind);

/* Returns SHS_ERROR_ARGUMENT for an unknown word at character `at` of the text, counted from 1. The
 * message consists of `what`, such as "there is no field", the word, `there_are`, such as "; there
 * are", the `count` known words, and the known word that is nearest. */
shs_status augment_unknown(size_t at, const char *what, const char *word, const char *there_are,
                           const char *const *words, size_t count);

/* Finds the operator with a name. SHS_ERROR_ARGUMENT, which names the nearest one, if the table
 * does not have it. */
shs_status augment_named(const struct augment_table *table, const char *name,
                         const struct augment_kind **kind);

/* These append operators as text, in the form that cli_print_wrapped() takes: the names of all of
 * them in a sentence; each with its sentence; one, or all, with parameters, draws and an example.
 */
void augment_names(const struct augment_table *table, struct core_text *text);
void augment_list(const struct augment_table *table, struct core_text *text);
void augment_describe_one(const struct augment_kind *kind, struct core_text *text);
void augment_describe(const struct augment_table *table, struct core_text *text);

#endif
