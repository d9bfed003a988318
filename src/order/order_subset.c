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

static shs_status check_bounds(double from, double to)
{
    if (from >= 0 && from < to && to <= 1) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "a part from %g to %g; give 0 <= from < to <= 1", from,
                     to);
}

shs_status order_subset_split(struct order_subset *subset, uint64_t seed, uint64_t samples,
                              double from, double to)
{
    uint64_t count = 0;
    *subset = (struct order_subset){0};
    shs_status status = check_bounds(from, to);
    for (uint64_t row = 0; row < samples && !status; row++)
        count += is_drawn(seed, row, from, to);
    if (!status) status = core_new(count, sizeof *subset->rows, "a list of rows", &subset->rows);
    for (uint64_t row = 0; row < samples && !status; row++)
        if (is_drawn(seed, row, from, to)) subset->rows[subset->count++] = row;
    return status;
}

/* ---- Parts by blocks. */

/* Goes through the samples of a dataset in order. */
struct blocks {
    const struct order_series *series;
    uint64_t samples, seed, block;
    double from, to;
    uint64_t good; /* the samples from the last one that was looked at to before this are drawn */
};

static struct order_neighbours find(const struct blocks *blocks, uint64_t sample)
{
    struct order_neighbours found = {sample, 0, blocks->samples};
    if (blocks->series->find) blocks->series->find(blocks->series->user, sample, &found);
    return found;
}

/* Returns true if the blocks of a sample and of all samples behind it that share rows with it are
 * drawn. Samples must be asked about in order. */
static bool is_apart(struct blocks *blocks, uint64_t sample)
{
    const struct order_neighbours at = find(blocks, sample);
    uint64_t begin = at.number - (at.number - at.first) % blocks->block;
    uint64_t last = at.end - 1 - at.number;
    if (last > blocks->series->gap) last = blocks->series->gap;
    last += at.number;
    if (blocks->good < begin) blocks->good = begin;
    while (blocks->good <= last) {
        if (!is_drawn(blocks->seed, blocks->good, blocks->from, blocks->to)) return false;
        bool whole = at.end - blocks->good > blocks->block;
        blocks->good = whole ? blocks->good + blocks->block : at.end;
    }
    return true;
}

shs_status order_subset_blocks(struct order_subset *subset, const shs_subset *asked,
                               uint64_t samples, const struct order_series *series)
{
    static const struct order_series one = {0};
    struct blocks blocks = {.series = series ? series : &one,
                            .samples = samples,
                            .seed = asked->split_seed,
                            .block = asked->block,
                            .from = asked->from,
                            .to = order_subset_part_end(asked)};
    uint64_t count = 0;
    *subset = (struct order_subset){0};
    shs_status status = check_bounds(blocks.from, blocks.to);
    for (uint64_t sample = 0; sample < samples && !status; sample++)
        count += is_apart(&blocks, sample);
    if (!status) status = core_new(count, sizeof *subset->rows, "a list of rows", &subset->rows);
    blocks.good = 0;
    for (uint64_t sample = 0; sample < samples && !status; sample++)
        if (is_apart(&blocks, sample)) subset->rows[subset->count++] = sample;
    return status;
}

/* ---- What the options ask for. */

bool order_subset_is_part(const shs_subset *asked)
{
    return asked->from != 0 || asked->to != 0;
}

double order_subset_part_end(const shs_subset *asked)
{
    return asked->from > 0 && asked->to == 0 ? 1 : asked->to;
}

static shs_status choose_part(struct order_subset *subset, const shs_subset *asked,
                              uint64_t samples, const struct order_series *series)
{
    double from = asked->from, to = order_subset_part_end(asked);
    shs_status status = asked->block
                            ? order_subset_blocks(subset, asked, samples, series)
                            : order_subset_split(subset, asked->split_seed, samples, from, to);
    if (status || !samples || subset->count) return status;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "the part from %g to %g, drawn with subset.split_seed %llu, has none of the "
                     "%llu samples; give it wider bounds%s",
                     from, to, (ull)asked->split_seed, (ull)samples,
                     asked->block ? ", or another subset.block" : "");
}

shs_status order_subset_choose(struct order_subset *subset, const shs_subset *asked,
                               uint64_t samples, const struct order_series *series)
{
    *subset = (struct order_subset){0};
    if (order_subset_is_part(asked) && asked->rows)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "subset has both a part (from, to) and a list (rows); give one of them");
    if (asked->block && !order_subset_is_part(asked))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "subset.block is %llu, but there is no part; give its bounds (from, to)",
                         (ull)asked->block);
    if (order_subset_is_part(asked)) return choose_part(subset, asked, samples, series);
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
