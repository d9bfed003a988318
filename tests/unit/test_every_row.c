/* Every row exactly once an epoch, whatever the number of rows, virtual ranks and ranks, the batch,
 * the tail, the shard and the shuffle, and however often the number of ranks changes on the way: by
 * brute force. Ranks are simulated; each begins with nothing but the run's shape and seed, and a
 * cursor. What is due stands in contract.h and here; nothing of the library is asked for it. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "contract.h"
#include "core_sanitized.h"
#include "judge.h"
#include "order.h"
#include "unit.h"

typedef unsigned long long ull;

/* The epoch that is asked. */
static struct order_epoch asked;

enum {
    MOST_ROWS = 40000,
    MOST_BATCH = 1000,
    MOST_PADDING = 20000, /* rows of weight 0 in an epoch */
    MOST_EPOCHS = 3,
    BATCH_STEP = CORE_SANITIZED ? 5 : 1 /* of the batches that are tried with each shape */
};

#define ABSENT UINT64_MAX

/* What was delivered in an epoch. */
struct epoch {
    uint64_t row[MOST_ROWS]; /* at each position, with weight 1; ABSENT if none was */
    uint64_t delivered;
    struct {
        uint64_t position, row;
    } padding[MOST_PADDING];
    uint64_t padded;
};

/* Some epochs of a run; a fault is the first rule that was broken. */
struct run {
    struct order_shape shape;
    uint64_t seed;
    uint64_t first_epoch, epochs;
    uint64_t steps; /* of an epoch */
    const char *fault;
    const char *what; /* of a fault: at which position, vrank or step */
    uint64_t number;
};

static struct epoch all_epochs[MOST_EPOCHS];

static void note(struct run *run, bool good, const char *rule, const char *what, uint64_t number)
{
    if (good || run->fault) return;
    run->fault = rule;
    run->what = what;
    run->number = number;
}

/* ---- ranks */

static void record(struct run *run, struct epoch *epoch, const struct contract_batch *due,
                   const uint64_t *rows)
{
    for (uint64_t i = 0; i < due->rows; i++) {
        uint64_t position = due->begin + (due->first + i) % (due->end - due->begin);
        if (i < due->count) {
            note(run, epoch->row[position] == ABSENT, "a position comes once", "position",
                 position);
            epoch->row[position] = rows[i];
            epoch->delivered++;
        } else {
            epoch->padding[epoch->padded].position = position;
            epoch->padding[epoch->padded++].row = rows[i];
        }
    }
}

static void take_batch(struct run *run, struct order *order, shs_cursor cursor, uint64_t vrank)
{
    static uint64_t rows[MOST_BATCH + 1];
    struct contract_batch due = contract_batch(&run->shape, cursor.epoch_step, vrank);
    struct order_slice slice = order_slice(&order->shape, cursor.epoch_step, vrank);
    bool good = slice.rows == due.rows && slice.count == due.count;
    note(run, good, "a batch has its rows", "vrank", vrank);
    if (!good) return;
    rows[due.rows] = ABSENT;
    note(run, order_rows(&asked, vrank, slice, rows) == SHS_OK, "rows are told", "vrank", vrank);
    note(run, rows[due.rows] == ABSENT, "no more rows are written than there are", "vrank", vrank);
    record(run, &all_epochs[cursor.epoch - run->first_epoch], &due, rows);
}

/* A step of the run, counted from its first epoch, as a cursor. */
static shs_cursor cursor_at(const struct run *run, uint64_t step)
{
    return (shs_cursor){run->first_epoch + step / run->steps, step % run->steps,
                        run->first_epoch * run->steps + step};
}

static bool is_at(const struct run *run, shs_cursor cursor, uint64_t step)
{
    shs_cursor due = cursor_at(run, step);
    return cursor.epoch == due.epoch && cursor.epoch_step == due.epoch_step &&
           cursor.step == due.step;
}

/* A rank that starts at a step, and takes some. */
static void take_steps(struct run *run, uint64_t ranks, uint64_t rank, uint64_t step,
                       uint64_t count)
{
    struct order order = {.shape = run->shape, .seed = run->seed};
    uint64_t first = rank * run->shape.vranks / ranks;
    uint64_t end = (rank + 1) * run->shape.vranks / ranks;
    shs_cursor cursor = cursor_at(run, step);
    note(run, order_check_cursor(&run->shape, 0, (struct order_origin){0}, cursor) == SHS_OK,
         "a cursor holds for any rank", "step", step);
    for (; count && !run->fault; count--) {
        note(run, order_begin(&order, cursor.epoch, &asked) == SHS_OK, "an epoch begins", "step",
             step);
        for (uint64_t vrank = first; vrank < end; vrank++)
            take_batch(run, &order, cursor, vrank);
        cursor = order_next(&run->shape, cursor);
        step++;
        note(run, is_at(run, cursor, step), "cursors count", "step", step);
    }
    order_epoch_free(&asked);
}

/* ---- what must have come */

static uint64_t rows_due(const struct run *run)
{
    const struct order_shape *shape = &run->shape;
    if (shape->tail != SHS_TAIL_DROP) return shape->samples;
    return run->steps * shape->vranks * shape->batch;
}

static uint64_t padding_due(const struct run *run)
{
    const struct order_shape *shape = &run->shape;
    if (shape->tail != SHS_TAIL_PAD) return 0;
    return run->steps * shape->vranks * shape->batch - shape->samples;
}

static void judge_rows(struct run *run, const struct epoch *epoch)
{
    static bool seen[MOST_ROWS];
    uint64_t samples = run->shape.samples;
    memset(seen, 0, samples * sizeof *seen);
    for (uint64_t position = 0; position < samples; position++) {
        uint64_t row = epoch->row[position];
        if (row == ABSENT) continue;
        note(run, row < samples && !seen[row], "a row comes once", "position", position);
        if (row < samples) seen[row] = true;
        if (run->shape.shuffle == SHS_SHUFFLE_NONE)
            note(run, row == position, "file order", "position", position);
    }
    note(run, epoch->delivered == rows_due(run), "all rows come", "step", run->steps);
}

/* A fixed shard's rows are those at its own positions. */
static void judge_owners(struct run *run, const struct epoch *epoch)
{
    const struct order_shape *shape = &run->shape;
    for (uint64_t vrank = 0; vrank < shape->vranks; vrank++) {
        uint64_t begin = contract_share(shape->samples, vrank, shape->vranks);
        uint64_t end = contract_share(shape->samples, vrank + 1, shape->vranks);
        for (uint64_t position = begin; position < end; position++) {
            uint64_t row = epoch->row[position];
            note(run, row == ABSENT || (row >= begin && row < end), "a shard keeps its rows",
                 "position", position);
        }
    }
}

static void judge_padding(struct run *run, const struct epoch *epoch)
{
    for (uint64_t i = 0; i < epoch->padded; i++)
        note(run, epoch->row[epoch->padding[i].position] == epoch->padding[i].row,
             "padding repeats the epoch's beginning", "position", epoch->padding[i].position);
    note(run, epoch->padded == padding_due(run), "batches are padded", "step", run->steps);
}

static bool judge(struct run *run, uint64_t changes)
{
    const struct order_shape *shape = &run->shape;
    for (uint64_t i = 0; i < run->epochs && !run->fault; i++) {
        judge_rows(run, &all_epochs[i]);
        judge_padding(run, &all_epochs[i]);
        if (shape->shard == SHS_SHARD_FIXED) judge_owners(run, &all_epochs[i]);
    }
    if (run->fault)
        WRONG("expected: %s; came otherwise; %s %llu of N %llu V %llu b %llu B %llu W %llu "
              "%s %s %s, seed %llu, epoch %llu, numbers of ranks %llu",
              run->fault, run->what, (ull)run->number, (ull)shape->samples, (ull)shape->vranks,
              (ull)shape->batch, (ull)shape->block_rows, (ull)shape->window_blocks,
              order_shuffle_name(shape->shuffle), order_shard_name(shape->shard),
              order_tail_name(shape->tail), (ull)run->seed, (ull)run->first_epoch, (ull)changes);
    return !run->fault;
}

/* ---- combinations */

/* Of all that was tried. */
struct tried {
    uint64_t state; /* of random choices */
    uint64_t runs, changes, refused, wrong;
};

/* Epochs of a shape; false if it must be refused, and is. */
static bool begin_run(struct tried *tried, struct order_shape shape, uint64_t epochs,
                      struct run *run)
{
    *run = (struct run){.shape = shape, .epochs = epochs, .steps = contract_steps(&shape)};
    bool refused = order_check(&shape) != SHS_OK;
    tried->wrong += !CHECK_EQ(refused, !run->steps);
    tried->refused += refused;
    if (refused || !run->steps) return false;
    tried->wrong += !CHECK_EQ(order_steps(&shape), run->steps);
    run->seed = judge_random(&tried->state);
    run->first_epoch = judge_random(&tried->state) % 1000;
    for (uint64_t i = 0; i < epochs; i++) {
        all_epochs[i].delivered = all_epochs[i].padded = 0;
        memset(all_epochs[i].row, 0xff, shape.samples * sizeof *all_epochs[i].row);
    }
    return true;
}

/* An epoch on so many ranks, one after the other. */
static void try_ranks(struct tried *tried, struct order_shape shape, uint64_t ranks)
{
    struct run run;
    if (!begin_run(tried, shape, 1, &run)) return;
    for (uint64_t rank = 0; rank < ranks; rank++)
        take_steps(&run, ranks, rank, 0, run.steps);
    tried->wrong += !judge(&run, 1);
    tried->runs++;
}

/* Three epochs, on another number of ranks every now and then. */
static void try_changes(struct tried *tried, struct order_shape shape)
{
    struct run run;
    uint64_t changes = 0;
    if (!begin_run(tried, shape, MOST_EPOCHS, &run)) return;
    for (uint64_t step = 0, all = MOST_EPOCHS * run.steps, count; step < all; step += count) {
        uint64_t ranks = 1 + judge_random(&tried->state) % shape.vranks;
        uint64_t most = judge_random(&tried->state) % 2 ? all - step : all / 5 + 1;
        count = 1 + judge_random(&tried->state) % most;
        if (count > all - step) count = all - step;
        for (uint64_t rank = 0; rank < ranks; rank++)
            take_steps(&run, ranks, rank, step, count);
        changes++;
    }
    tried->wrong += !judge(&run, changes);
    tried->changes += changes;
    tried->runs++;
}

/* All tails, shards and shuffles: ranks 0 for numbers of them that change. */
static void try_modes(struct tried *tried, struct order_shape shape, uint64_t ranks)
{
    for (int mode = 0; mode < 3 * 2 * 3; mode++) {
        shape.tail = (shs_tail)(mode % 3);
        shape.shard = (shs_shard)(mode / 3 % 2);
        shape.shuffle = (shs_shuffle)(mode / 6);
        shape.block_rows = 1 + judge_random(&tried->state) % (shape.samples / 4 + 2);
        shape.window_blocks = 1 + judge_random(&tried->state) % 5;
        if (ranks)
            try_ranks(tried, shape, ranks);
        else
            try_changes(tried, shape);
    }
}

static const uint64_t samples_of[] = {1, 2, 3, 7, 8, 12, 31, 32, 61, 97, 100, 128, 210, 251, 257};
static const uint64_t vranks_of[] = {1, 2, 3, 4, 5, 7, 8, 11, 31, 100};
static const uint64_t batches[] = {1, 2, 3, 5, 8, 16, 37, 100};

static void every_row_comes_once_on_any_number_of_ranks(void)
{
    static const uint64_t ranks_of[] = {1, 2, 3, 5, 7, 8, 31};
    struct tried tried = {.state = 1};
    for (size_t n = 0; n < COUNT(samples_of); n++)
        for (size_t v = 0; v < COUNT(vranks_of); v++)
            for (size_t b = v % BATCH_STEP; b < COUNT(batches); b += BATCH_STEP)
                for (size_t p = 0; p < COUNT(ranks_of) && ranks_of[p] <= vranks_of[v]; p++)
                    try_modes(&tried,
                              (struct order_shape){.samples = samples_of[n],
                                                   .vranks = vranks_of[v],
                                                   .batch = batches[b]},
                              ranks_of[p]);
    printf("  %llu combinations, and %llu refused\n", (ull)tried.runs, (ull)tried.refused);
    CHECK_EQ(tried.wrong, 0);
    CHECK_IS(tried.runs, >=, 20000 / BATCH_STEP);
}

static void every_row_comes_once_while_ranks_come_and_go(void)
{
    struct tried tried = {.state = 2};
    for (size_t n = 0; n < COUNT(samples_of); n++)
        for (size_t v = 0; v < COUNT(vranks_of); v++)
            for (size_t b = v % BATCH_STEP; b < COUNT(batches); b += BATCH_STEP)
                try_modes(&tried,
                          (struct order_shape){.samples = samples_of[n],
                                               .vranks = vranks_of[v],
                                               .batch = batches[b]},
                          0);
    printf("  %llu combinations, %llu numbers of ranks\n", (ull)tried.runs, (ull)tried.changes);
    CHECK_EQ(tried.wrong, 0);
    CHECK_IS(tried.runs, >=, 10000 / BATCH_STEP);
    CHECK_IS(tried.changes, >=, 3 * tried.runs);
}

/* Rows, shards, blocks and windows of more than a permutation's table holds. */
static void every_row_of_many_comes_once(void)
{
    static const uint64_t shapes[][3] = {/* N, V, b */
                                         {16384, 1, 1000}, {16385, 3, 129}, {32771, 2, 997},
                                         {39989, 5, 1000}, {40000, 97, 61}, {20011, 1, 128}};
    struct tried tried = {.state = 3};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct order_shape shape = {
            .samples = shapes[i][0], .vranks = shapes[i][1], .batch = shapes[i][2]};
        try_modes(&tried, shape, (shape.vranks + 1) / 2);
        try_modes(&tried, shape, 0);
    }
    CHECK_EQ(tried.wrong, 0);
    CHECK_EQ(tried.runs, COUNT(shapes) * 2 * 18);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(every_row_comes_once_on_any_number_of_ranks),
        TEST(every_row_comes_once_while_ranks_come_and_go),
        TEST(every_row_of_many_comes_once),
    };
    /* or the tables of every rank are fetched from the kernel again */
    mallopt(M_TRIM_THRESHOLD, 1 << 28);
    return harness_main("every_row", tests, COUNT(tests), argc, argv);
}
