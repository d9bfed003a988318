#include "order_subset.h"

#include <string.h>

#include "core_memory.h"
#include "order_split.h"

void order_subset_free(struct order_subset *subset)
{
    core_free(&subset->rows);
    subset->count = 0;
}

static shs_status check_list(const uint64_t *rows, uint64_t count, uint64_t samples)
{
    for (uint64_t i = 0; i < count; i++) {
        if (rows[i] >= samples)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "the list of rows has row %llu, at %llu; the dataset has %llu",
                             (ull)rows[i], (ull)i, (ull)samples);
        if (i && rows[i] <= rows[i - 1])
            return core_fail(SHS_ERROR_ARGUMENT,
                             "the list of rows has row %llu after row %llu, at %llu; it must "
                             "ascend, each row once",
                             (ull)rows[i], (ull)rows[i - 1], (ull)i);
    }
    return SHS_OK;
}

shs_status order_subset_list(struct order_subset *subset, const uint64_t *rows, uint64_t count,
                             uint64_t samples)
{
    *subset = (struct order_subset){0};
    shs_status status = check_list(rows, count, samples);
    if (!status) status = core_new(count, sizeof *rows, "a list of rows", &subset->rows);
    if (status) return status;
    memcpy(subset->rows, rows, count * sizeof *rows);
    subset->count = count;
    return SHS_OK;
}

static bool is_drawn(uint64_t seed, uint64_t row, double from, double to)
{
    double draw = order_split_draw(seed, row);
    return draw >= from && draw < to;
}

shs_status order_subset_split(struct order_subset *subset, uint64_t seed, uint64_t samples,
                              double from, double to)
{
    uint64_t count = 0;
    *subset = (struct order_subset){0};
    if (!(from >= 0 && from < to && to <= 1))
        return core_fail(SHS_ERROR_ARGUMENT, "a part from %g to %g; give 0 <= from < to <= 1", from,
                         to);
    for (uint64_t row = 0; row < samples; row++)
        count += is_drawn(seed, row, from, to);
    shs_status status = core_new(count, sizeof *subset->rows, "a list of rows", &subset->rows);
    for (uint64_t row = 0; row < samples && !status; row++)
        if (is_drawn(seed, row, from, to)) subset->rows[subset->count++] = row;
    return status;
}

bool order_subset_is_part(const shs_subset *asked)
{
    return asked->from != 0 || asked->to != 0;
}

double order_subset_part_end(const shs_subset *asked)
{
    return asked->from > 0 && asked->to == 0 ? 1 : asked->to;
}

static shs_status choose_part(struct order_subset *subset, const shs_subset *asked,
                              uint64_t samples)
{
    double from = asked->from, to = order_subset_part_end(asked);
    shs_status status = order_subset_split(subset, asked->split_seed, samples, from, to);
    if (status || !samples || subset->count) return status;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "the part from %g to %g, drawn with subset.split_seed %llu, has none of the "
                     "%llu samples; give it wider bounds",
                     from, to, (ull)asked->split_seed, (ull)samples);
}

shs_status order_subset_choose(struct order_subset *subset, const shs_subset *asked,
                               uint64_t samples)
{
    *subset = (struct order_subset){0};
    if (order_subset_is_part(asked) && asked->rows)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "subset has both a part (from, to) and a list (rows); give one of them");
    if (order_subset_is_part(asked)) return choose_part(subset, asked, samples);
    if (!asked->rows) return SHS_OK;
    return order_subset_list(subset, asked->rows, asked->n_rows, samples);
}

uint64_t order_subset_below(const struct order_subset *subset, uint64_t row)
{
    uint64_t low = 0, high = subset->count;
    if (!subset->rows) return row;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (subset->rows[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void order_subset_rows(const struct order_subset *subset, uint64_t *index, uint64_t count)
{
    for (uint64_t i = 0; i < count && subset->rows; i++)
        index[i] = subset->rows[index[i]];
}

struct order_ledger order_subset_ledger(const struct order_subset *subset, uint64_t first,
                                        uint64_t end)
{
    struct order_ledger ledger = order_ledger_below(end), before = order_ledger_below(first);
    if (!subset->rows)
        return (struct order_ledger){ledger.count - before.count, ledger.sum - before.sum,
                                     ledger.squares - before.squares};
    ledger = (struct order_ledger){0};
    order_ledger_add(&ledger, subset->rows + first, end - first);
    return ledger;
}
