/* An augmentation and its draws for a sample, as text and as numbers. Pure. */
#ifndef AUGMENT_RECORD_H
#define AUGMENT_RECORD_H

#include "augment_tell.h"
#include "core_text.h"
#include "shardstep/augment.h"

struct augment_operation;

/* Appends the draws of each operator from a sample's stream, in order, with a space between:
 * "random_crop(h=1, w=-2) random_flip(w=yes)". The stream moves on as if the operators were
 * applied. */
void augment_record(const shs_augment *augment, shs_random *stream, struct core_text *text);

/* Does what augment_record() does, for a slot of a batch with `count` rows of weight 1. The draws
 * of operators that mix the batch depend on both. */
void augment_record_slot(const shs_augment *augment, shs_random *stream, uint64_t slot,
                         uint64_t count, struct core_text *text);

/* Who listens to the draws of a sample as numbers. `operation` is an operation's number in the
 * augmentation. */
struct augment_listener {
    void *user;
    /* Called for each operation that is recorded and is applied to the sample. */
    void (*applied)(void *user, size_t operation);
    /* Called when operation `operation`, the program's own, has drawn: nothing is told about later
     * operations. */
    void (*lost)(void *user, size_t operation);
    /* Called for each number that an applied operation has drawn. */
    void (*number)(void *user, const struct augment_told_number *number);
};

/* Returns true if an operation has a record: it draws, or other operations stand within it. */
bool augment_is_recorded(const struct augment_operation *operation);

/* Returns true if any operation has a record. sometimes() has one even if nothing in it draws. */
bool augment_has_record(const shs_augment *augment);

/* Does what augment_record_slot() does, but tells the draws as numbers. SHS_ERROR_MEMORY. */
shs_status augment_record_numbers(const shs_augment *augment, shs_random *stream, uint64_t slot,
                                  uint64_t count, const struct augment_listener *listener);

/* Tells every value that any operation can draw, with the numbers of some sample: for its names,
 * units and widths. Only `number` is called. SHS_ERROR_MEMORY. */
shs_status augment_record_names(const shs_augment *augment,
                                const struct augment_listener *listener);

/* Appends one operation, with those within it, in its canonical form. */
void augment_print_operation(const struct augment_operation *operation, struct core_text *text);

/* Appends the augmentation in its canonical form, which reads back as the same augmentation. It has
 * every value, defaults too, and each number is as short as possible. */
void augment_print(const shs_augment *augment, struct core_text *text);

#endif
