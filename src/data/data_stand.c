#include "data_stand.h"

#include "core_exact.h"
#include "data_groups.h"

struct data_stand data_stand_find(const struct data_part *part, struct data_series series,
                                  uint64_t i)
{
    struct data_stand stand = {.rows = series.rows, .every = part->every};
    if (series.groups) {
        size_t group = data_groups_of(series.groups, i);
        stand.begin = series.groups->row[group];
        stand.rows = series.groups->row[group + 1] - stand.begin;
        i -= series.groups->sample[group];
    } else if (series.samples != DATA_ONE_SERIES) {
        stand.begin = i / series.samples * series.rows;
        i %= series.samples;
    }
    stand.anchor = i * part->stride;
    return stand;
}

/* Returns row k of a window, counted from the first row of its series. */
static core_i128 row_of(const struct data_part *part, const struct data_stand *stand, uint64_t k)
{
    return (core_i128)stand->anchor + part->lead - part->back + (core_i128)k * stand->every;
}

bool data_stand_row(const struct data_part *part, const struct data_stand *stand, uint64_t k,
                    uint64_t *row)
{
    core_i128 wanted = row_of(part, stand, k), last = (core_i128)stand->rows - 1;
    core_i128 nearest = wanted < 0 ? 0 : wanted > last ? last : wanted;
    *row = stand->begin + (uint64_t)nearest;
    return nearest == wanted;
}

struct data_stand_rows data_stand_rows(const struct data_part *part, const struct data_stand *stand)
{
    struct data_stand_rows rows = {0, 0};
    for (uint64_t k = 0, row; k < part->window; k++)
        if (data_stand_row(part, stand, k, &row) && !rows.count++) rows.first = row;
    return rows;
}

void data_stand_reach(const struct data_part *part, int64_t *first, int64_t *end)
{
    *first = (int64_t)part->lead - (int64_t)part->back;
    *end = *first + (int64_t)((part->window - 1) * part->every) + 1;
    if (part->pad != DATA_PAD_EDGE) return;
    /* the nearest row lies between the anchor and the row that is not there */
    if (*first > 0) *first = 0;
    if (*end < 1) *end = 1;
}

/* Returns the first window whose anchor lies at a row or behind it. */
static uint64_t window_from(const struct data_part *part, core_i128 row)
{
    core_i128 windows = (row + (core_i128)part->stride - 1) / part->stride;
    if (row <= 0) return 0;
    return windows > UINT64_MAX ? UINT64_MAX : (uint64_t)windows;
}

void data_stand_around(const struct data_part *part, uint64_t rows, uint64_t first, uint64_t last,
                       uint64_t *low, uint64_t *end)
{
    int64_t from, to;
    data_stand_reach(part, &from, &to);
    bool edge = part->pad == DATA_PAD_EDGE;
    *low = edge && !first ? 0 : window_from(part, (core_i128)first - (to - 1));
    *end =
        window_from(part, edge && last + 1 == rows ? (core_i128)rows : (core_i128)last - from + 1);
    if (*end > window_from(part, rows)) *end = window_from(part, rows);
}
