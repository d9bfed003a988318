/* Parameters and their values as text. Pure. */
#ifndef AUGMENT_PRINT_H
#define AUGMENT_PRINT_H

#include "augment_kind.h"

/* True for a parameter that has no default. */
bool augment_is_needed(const struct augment_parameter *parameter);

/* The length of the word number `at`, counted from 0, and where it begins; 0 if there are fewer. */
size_t augment_word_at(const char *words, int at, const char **word);

/* Appends "a, b or c", each word behind `before` and `between`. */
void augment_print_words(const char *words, const char *before, const char *between,
                         struct core_text *text);

/* Appends a call of the operator in its canonical form: every parameter, in the table's order, with
 * its value in the shortest form that reads back as the same value. The layout stands there unless
 * `layout` is NULL. */
void augment_print_call(const struct augment_kind *kind, const void *setting, const char *layout,
                        struct core_text *text);

/* Appends a call with the values that must be given, as in "random_crop(padding=2)". */
void augment_print_example(const struct augment_kind *kind, struct core_text *text);

/* Appends what values a parameter takes, such as "a whole number from 1 to 1048576". */
void augment_print_range(const struct augment_parameter *parameter, struct core_text *text);

#endif
