#include "order_skip.h"

#include "core_memory.h"

static bool is_in(const struct order_subset *subset, uint64_t row, uint64_t *position)
{
    *position = order_subset_below(subset, row);
    return !subset->rows || (*position < subset->count && subset->rows[*position] == row);
}

/* Counts the runs of neighbouring positions and, if `run` is not NULL, writes them there. */
static uint64_t find_runs(const struct order_subset *rows, const struct order_subset *subset,
                          struct order_skipped *run)
{
    uint64_t runs = 0, position, end = 0;
    for (uint64_t i = 0; i < rows->count; i++) {
        if (!is_in(subset, rows->rows[i], &position)) continue;
        bool begins = !runs || position != end;
        runs += begins;
        end = position + 1;
        if (run && begins) run[runs - 1].first = position;
        if (run) run[runs - 1].end = end;
    }
    return runs;
}

shs_status order_skip_open(struct order_skip *skip, const uint64_t *rows, uint64_t count,
                           const struct order_subset *subset, uint64_t samples)
{
    struct order_subset list;
    *skip = (struct order_skip){0};
    shs_status status = order_subset_list(&list, rows, count, samples);
    if (status) return status;
    skip->runs = find_runs(&list, subset, NULL);
    status = core_new(skip->runs, sizeof *skip->run, "a list of rows", &skip->run);
    if (!status) find_runs(&list, subset, skip->run);
    if (status) skip->runs = 0;
    order_subset_free(&list);
    return status;
}

void order_skip_free(struct order_skip *skip)
{
    core_free(&skip->run);
    skip->runs = 0;
}

/* Returns the index of the first run that ends behind a position. */
static uint64_t first_behind(const struct order_skip *skip, uint64_t position)
{
    uint64_t low = 0, high = skip->runs;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (skip->run[middle].end > position)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Returns the run that a position is in, or NULL. */
static const struct order_skipped *run_of(const struct order_skip *skip, uint64_t position)
{
    uint64_t run = first_behind(skip, position);
    return run < skip->runs && skip->run[run].first <= position ? &skip->run[run] : NULL;
}

uint64_t order_skip_count(const struct order_skip *skip, uint64_t first, uint64_t end)
{
    uint64_t count = 0;
    for (uint64_t i = first_behind(skip, first); i < skip->runs && skip->run[i].first < end; i++) {
        const struct order_skipped *run = &skip->run[i];
        count += (run->end < end ? run->end : end) - (run->first > first ? run->first : first);
    }
    return count;
}

bool order_skip_has(const struct order_skip *skip, uint64_t position)
{
    return run_of(skip, position) != NULL;
}

uint64_t order_skip_next(const struct order_skip *skip, uint64_t position, uint64_t first,
                         uint64_t end)
{
    const struct order_skipped *run = run_of(skip, position);
    if (!run) return position;
    if (run->end < end) return run->end;
    run = run_of(skip, first);
    if (!run) return first;
    return run->end < end ? run->end : ORDER_SKIP_ALL;
}
