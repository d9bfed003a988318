#include "cli_drawn_rows.h"

/* Takes the row at the next position. Returns true if it belongs to the part. */
static bool take(struct cli_drawn_rows *rows, uint64_t *row)
{
    *row = order_permutation_row(rows->order, rows->at++);
    bool is_there = !rows->split || order_split_part(rows->split, *row) == rows->part;
    rows->passed += is_there;
    return is_there;
}

void cli_drawn_rows_seek(struct cli_drawn_rows *rows, uint64_t nth)
{
    uint64_t row;
    if (nth < rows->passed) rows->at = rows->passed = 0;
    if (!rows->split) rows->at = rows->passed = nth;
    while (rows->passed < nth)
        take(rows, &row);
}

uint64_t cli_drawn_rows_next(struct cli_drawn_rows *rows)
{
    uint64_t row;
    while (!take(rows, &row))
        continue;
    return row;
}
