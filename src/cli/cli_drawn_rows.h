/* Goes through the rows of a part of an import in a drawn order. */
#ifndef CLI_DRAWN_ROWS_H
#define CLI_DRAWN_ROWS_H

#include "order_permutation.h"
#include "order_split.h"

/* It stands before the first row if `at` and `passed` are zero. */
struct cli_drawn_rows {
    const struct order_permutation *order; /* borrowed; the order of all rows */
    const struct order_split *split;       /* borrowed; NULL: the part is all rows */
    uint32_t part;
    uint64_t at;     /* the next position of the order to look at */
    uint64_t passed; /* number of rows of the part before `at` */
};

/* Goes to row number `nth` of the part, which must have it. To go back, it begins anew. */
void cli_drawn_rows_seek(struct cli_drawn_rows *rows, uint64_t nth);

/* Returns the part's next row, and passes it. The part must have another row. */
uint64_t cli_drawn_rows_next(struct cli_drawn_rows *rows);

#endif
