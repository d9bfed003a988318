/* What an operator drew for a sample, told value by value: in words, as a record prints them, and
 * as numbers, which a program can use. Pure. */
#ifndef AUGMENT_TELL_H
#define AUGMENT_TELL_H

#include "core_text.h"

enum {
    /* As many digits as a number needs to be read back as the same number. */
    AUGMENT_ALL_DIGITS = 0
};

/* A number of a value of an operation. */
struct augment_told_number {
    size_t operation; /* its number in the augmentation */
    const char *name; /* of the value; borrowed for the call */
    const char *unit; /* a text of the program: what the number counts; "" for a pure number */
    size_t width;     /* numbers of the value */
    size_t at;        /* which of them this number is */
    double number;
};

/* Where an operator's draws for a sample are told. */
struct augment_told {
    struct core_text *text; /* gets the words; NULL: nobody reads them */
    bool begun;             /* true if the operator has told words */
    /* Gets each number. NULL: nobody wants numbers. */
    void (*number)(void *user, const struct augment_told_number *number);
    void *user;
    size_t operation;
};

/* Tells words, with a comma before them if they are not the operator's first. */
__attribute__((format(printf, 2, 3))) void augment_tell_words(struct augment_told *told,
                                                              const char *format, ...);

/* Tells number `at` of the `width` numbers of a value. Its words are told by themselves. */
void augment_tell_number_of(struct augment_told *told, const char *name, const char *unit,
                            size_t width, size_t at, double number);

/* Tell a value of one number, in words such as "h=-2", "sigma=1.5" and "w=yes". A number is
 * written with `digits` digits. An answer is 1 for yes and 0 for no. */
void augment_tell_whole(struct augment_told *told, const char *name, const char *unit,
                        int64_t number);
void augment_tell_number(struct augment_told *told, const char *name, const char *unit, int digits,
                         double number);
void augment_tell_answer(struct augment_told *told, const char *name, bool answer);

/* Tells a whole number of elements along an axis, which the axis's letter names. */
void augment_tell_axis(struct augment_told *told, char letter, int64_t elements);

#endif
