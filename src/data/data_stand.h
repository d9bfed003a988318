/* Where a window stands in its series, and which of its rows are there. A window that is padded may
 * have rows beyond the ends of the series. */
#ifndef DATA_STAND_H
#define DATA_STAND_H

#include "data_sample.h"

/* The series that a window of a file is of, and where it stands there. */
struct data_stand {
    uint64_t begin;  /* the first row of the series in the file */
    uint64_t rows;   /* the rows of the series */
    uint64_t anchor; /* i * stride, for window i of the series */
    uint64_t every;  /* from each row of the window to the next; if it is drawn, the largest */
};

/* Finds where window i of a file stands. With one series, series.rows must be set. */
struct data_stand data_stand_find(const struct data_part *part, struct data_series series,
                                  uint64_t i);

/* Finds row k of a window: *row becomes the nearest row of the series, counted in the file. Returns
 * false if the row itself is not there. The series has rows. */
bool data_stand_row(const struct data_part *part, const struct data_stand *stand, uint64_t k,
                    uint64_t *row);

/* The rows of a window that are there. */
struct data_stand_rows {
    uint64_t first, count; /* first is 0 if there are none */
};

struct data_stand_rows data_stand_rows(const struct data_part *part,
                                       const struct data_stand *stand);

/* Finds the windows of a padded field that have some of the rows [first, last] of a series of
 * `rows` rows: those from *low to before *end. Others may be among them. */
void data_stand_around(const struct data_part *part, uint64_t rows, uint64_t first, uint64_t last,
                       uint64_t *low, uint64_t *end);

/* Finds which rows a padded window may have, as they are counted from its anchor: those from *first
 * to before *end. */
void data_stand_reach(const struct data_part *part, int64_t *first, int64_t *end);

#endif
