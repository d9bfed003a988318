/* The axes of arrays and samples by the names that files give them. */
#ifndef DATA_AXES_H
#define DATA_AXES_H

#include "data_sample.h"
#include "h5_file.h"

enum {
    DATA_AXIS_UNNAMED = '_',
    DATA_AXIS_DISPUTED = '?' /* names of one axis have different letters */
};

/* Returns the letter of an axis with a name, as fields.h lists the names, in any case:
 * DATA_AXIS_UNNAMED for any other name. */
char data_axis_letter(const char *name);

/* Reads the names of an array's axes, and sets a letter for each of the `axes` axes, the first one
 * too. Names without a letter do not count beside names with a letter. */
shs_status data_axes_read(struct h5_array *array, uint32_t axes, char letters[SHS_MAX_AXES + 1]);

/* Joins an array's letters in a further file to those in all files before. Where they differ, they
 * become DATA_AXIS_DISPUTED. */
void data_axes_join(const char *letters, bool first, char all[SHS_MAX_AXES + 1]);

/* The layout of a field's samples. */
struct data_layout {
    char letters[SHS_MAX_AXES + 1]; /* a letter for each axis; "" if the files tell no layout */
    bool disputed;                  /* the names contradict one another, so that they tell none */
};

/* Makes the layout of a field's samples from the letters of its array, whose first `row_axes` axes
 * count rows. The axis of a window's or a run's rows is time or unnamed. A layout needs one axis
 * with a letter, and no letter twice. */
void data_axes_layout(const struct data_part *part, uint32_t row_axes, const char *letters,
                      struct data_layout *layout);

#endif
