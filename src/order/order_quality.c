#include "order_quality.h"

#include <stdlib.h>

#include "core_memory.h"

enum {
    MOST_BATCHES = 1000,
    MOST_PAIRS = 10000
};

static int compare(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* Returns how many different blocks the rows belong to. The rows are overwritten. */
static uint64_t count_blocks(uint64_t *rows, uint64_t count, uint64_t block_rows)
{
    uint64_t blocks = 0;
    for (uint64_t i = 0; i < count; i++)
        rows[i] /= block_rows;
    qsort(rows, count, sizeof *rows, compare);
    for (uint64_t i = 0; i < count; i++)
        blocks += i == 0 || rows[i] != rows[i - 1];
    return blocks;
}

static shs_status measure_blocks(struct order_epoch *epoch, uint64_t block_rows, double *blocks)
{
    const struct order_shape *shape = &epoch->of->shape;
    uint64_t batches = order_steps(shape) * shape->vranks, sum = 0, taken = 0, *rows;
    uint64_t samples = batches < MOST_BATCHES ? batches : MOST_BATCHES;
    shs_status status = core_new(order_most_rows(shape), sizeof *rows, "a batch's rows", &rows);
    for (uint64_t i = 0; i < samples && !status; i++) {
        uint64_t batch = order_share(batches, i, samples);
        uint64_t step = batch / shape->vranks, vrank = batch % shape->vranks;
        struct order_slice slice = order_slice(shape, step, vrank);
        slice.rows = slice.count;
        status = order_rows(epoch, vrank, slice, rows);
        if (status || !slice.count) continue;
        sum += count_blocks(rows, slice.count, block_rows);
        taken++;
    }
    core_free(&rows);
    *blocks = taken ? (double)sum / (double)taken : 0;
    return status;
}

static shs_status measure_steps(struct order_epoch *epoch, double *steps)
{
    uint64_t all = epoch->of->shape.samples - 1, sum = 0, taken = 0;
    uint64_t pairs = all < MOST_PAIRS ? all : MOST_PAIRS;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < pairs && !status; i++) {
        struct order_turn a, b;
        uint64_t row = order_share(all, i, pairs);
        status = order_turn_of(epoch, row, &a);
        if (!status) status = order_turn_of(epoch, row + 1, &b);
        if (status || a.waits || b.waits) continue;
        sum +=
            a.epoch_step < b.epoch_step ? b.epoch_step - a.epoch_step : a.epoch_step - b.epoch_step;
        taken++;
    }
    *steps = taken ? (double)sum / (double)taken : 0;
    return status;
}

shs_status order_quality_of(struct order_epoch *epoch, uint64_t block_rows,
                            struct order_quality *quality)
{
    shs_status status = measure_blocks(epoch, block_rows, &quality->blocks);
    return status ? status : measure_steps(epoch, &quality->steps);
}
