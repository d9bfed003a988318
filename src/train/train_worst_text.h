/* The text of a list of worst rows. shardstep/record.h describes it. */
#ifndef TRAIN_WORST_TEXT_H
#define TRAIN_WORST_TEXT_H

#include "core_text.h"

/* A row and its loss. */
struct train_noted {
    double loss;
    uint64_t row, step, epoch_step, vrank, slot;
};

/* The first two lines of a list. */
extern const char train_worst_heading[];

/* The epoch steps [from, until) whose losses a list has, of an epoch that it does not have whole.
 */
struct train_worst_part {
    uint64_t epoch, from, until;
};

/* Appends the line of a row. */
void train_worst_add_row(struct core_text *text, uint64_t epoch, const struct train_noted *noted);

/* Appends the line that stands before the rows of a part of an epoch. */
void train_worst_add_part(struct core_text *text, const struct train_worst_part *part);

/* Read a line, which ends with a line feed or with the text. They return false for a line of
 * another form. */
bool train_worst_read_row(const char *line, uint64_t *epoch, struct train_noted *noted);
bool train_worst_read_part(const char *line, struct train_worst_part *part);

#endif
