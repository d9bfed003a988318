/* Finds calls normalize(from=FILE), whose numbers a file has. An augmentation reads no file: its
 * text gets the numbers before it is parsed. Pure. */
#ifndef AUGMENT_FROM_H
#define AUGMENT_FROM_H

#include <stdbool.h>
#include <stddef.h>

enum {
    AUGMENT_FROM_VALUES = 8 /* values of such a call, at most */
};

/* A part of a text. */
struct augment_span {
    size_t at;
    size_t length;
};

/* name=value in a call. Quotes around a value do not belong to it. */
struct augment_from_value {
    struct augment_span all, name, value;
};

struct augment_from {
    size_t statement; /* where the statement begins */
    size_t calls;     /* where its operators begin, behind the colon */
    size_t call;      /* where the call begins: the n of normalize */
    size_t depth;     /* the calls around this call */
    size_t end;       /* the place of the call's closing parenthesis */
    struct augment_from_value values[AUGMENT_FROM_VALUES];
    size_t n_values;
};

/* Finds the first call normalize(from=FILE, ...) that begins at place `at` or later. Returns false
 * if there is none. A text that is no augmentation has none behind its fault, or any: the parser
 * refuses it later. FILE ends before a comma, a closing parenthesis or a semicolon, unless it
 * stands in double quotes. */
bool augment_from_find(const char *text, size_t at, struct augment_from *from);

/* Returns the call's value of a name; NULL if it has none. */
const struct augment_from_value *
augment_from_value(const char *text, const struct augment_from *from, const char *name);

#endif
