/* The text of a field, as in "x=NAME(window=4, select=c[0 3])", taken apart. */
#ifndef DATA_FIELD_TEXT_H
#define DATA_FIELD_TEXT_H

#include "data_csr.h"
#include "data_sample.h"

/* One field's text, taken apart in place. */
struct data_field_text {
    const char *whole; /* the whole text, for messages */
    char *alias;       /* NULL: none is given */
    char *array;
    char *values;             /* the text in the parentheses; NULL: there are no parentheses */
    struct data_csr_text csr; /* its group is NULL if the field is no sparse matrix */
};

/* The values that the text of a field gives. */
struct data_given {
    bool axes, window, stride, lead, every, offsets, most, pad, series, valid, missing, constant,
        select, crop, slab;
    uint64_t n_axes;
    const char *offsets_name, *valid_name;
    const char *spacing_name; /* NULL: none */
    uint64_t least_every;     /* 0: the spacing is fixed */
    struct data_view view;
};

/* Refuses a text, which the message shows. */
shs_status data_field_text_wrong(const struct data_field_text *text, const char *what);

/* Cuts the text at the first `end` that stands outside parentheses and members. Returns the text
 * behind it, or NULL if there is no `end`. */
char *data_field_text_cut(char *text, char end);

/* Takes a text apart into names and what stands in parentheses. `copy` is a copy of text->whole, in
 * which the parts stay. */
shs_status data_field_text_split(struct data_field_text *text, char *copy);

/* Reads the values in the parentheses. The caller releases given->view, also on error. */
shs_status data_field_text_values(struct data_part *part, struct data_field_text *text,
                                  struct data_given *given);

#endif
