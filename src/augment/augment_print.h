/* Parameters and their values as text. Pure. */
#ifndef AUGMENT_PRINT_H
#define AUGMENT_PRINT_H

#include "augment_kind.h"

/* True if a parameter has no default. */
bool augment_is_needed(const struct augment_parameter *parameter);

/* Sets *word to word number `at` of a list, counted from 0. Returns its length, or 0 if the list
 * has fewer words. */
size_t augment_word_at(const char *words, int at, const char **word);

/* Appends the words as "a, b or c". Before each word stand `before` and `between`, as in "axis=w or
 * axis=h". */
void augment_print_words(const char *words, const char *before, const char *between,
                         struct core_text *text);

/* What is printed of a call beside its settings. */
struct augment_printed {
    const char *layout; /* NULL leaves it out */
    double chance;      /* 1 is left out */
};

/* Appends the values of a call in their canonical form: every parameter in the table's order, each
 * value in the shortest form that reads back as the same value. */
void augment_print_values(const struct augment_kind *kind, const void *setting,
                          const struct augment_printed *printed, struct core_text *text);

/* Appends an example of a call with the values that have examples, as in "random_crop(padding=2)".
 */
void augment_print_example(const struct augment_kind *kind, struct core_text *text);

/* Appends the range of a parameter, such as "a whole number from 1 to 1048576". */
void augment_print_range(const struct augment_parameter *parameter, struct core_text *text);

#endif
