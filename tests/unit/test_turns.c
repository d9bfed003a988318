/* When a row's turn comes, against all turns of an epoch that is written down. */
#include <stdio.h>
#include <stdlib.h>

#include "book.h"
#include "judge.h"
#include "unit.h"

typedef unsigned long long ull;

/* The epoch that is asked. */
static struct order_epoch asked;

/* A row's turn. */
struct turn {
    uint64_t moment; /* ORDER_NEVER: not in this epoch */
    uint64_t vrank;
    uint64_t slot;
    uint64_t opens; /* moment of its window's first turn */
};

/* A walk through an epoch by one process. */
struct walker {
    struct order order;
    struct turn *turns; /* of each row */
    uint64_t first_vrank, hosted;
};

static void find_turns(const struct book *book, struct turn *turns)
{
    static uint64_t rows[MOST_BATCH];
    const struct order_shape *shape = &book->shape;
    for (uint64_t row = 0; row < shape->samples; row++)
        turns[row] = (struct turn){.moment = ORDER_NEVER};
    for (uint64_t vrank = 0; vrank < shape->vranks && contract_has_runs(shape); vrank++) {
        uint64_t begin = contract_share(shape->samples, vrank, shape->vranks);
        uint64_t end = contract_share(shape->samples, vrank + 1, shape->vranks);
        for (uint64_t at = begin; at < end; at++) {
            uint64_t step = (book->opens[at] - begin) / shape->batch;
            uint64_t opens =
                step < contract_steps(shape) ? step * shape->vranks + vrank : ORDER_NEVER;
            turns[book->walk[at]] =
                (struct turn){.moment = ORDER_NEVER, .vrank = vrank, .opens = opens};
        }
    }
    for (uint64_t step = 0; step < contract_steps(shape); step++)
        for (uint64_t vrank = 0; vrank < shape->vranks; vrank++) {
            uint64_t count;
            expected_rows(book, step, vrank, rows, &count);
            for (uint64_t i = 0; i < count; i++) {
                turns[rows[i]].moment = step * shape->vranks + vrank;
                turns[rows[i]].vrank = vrank;
                turns[rows[i]].slot = i;
            }
        }
}

/* What is told of rows is the truth, but for windows that have not begun: their beginning. */
static bool is_told_well(struct walker *walker, uint64_t first, uint64_t count, uint64_t now)
{
    bool blocks = walker->order.shape.shuffle == SHS_SHUFFLE_BLOCKS;
    uint64_t expected = ORDER_NEVER;
    for (uint64_t row = first; row < first + count; row++) {
        const struct turn *turn = &walker->turns[row];
        uint64_t moment = blocks && turn->opens > now ? turn->opens : turn->moment;
        bool hosted = turn->vrank >= walker->first_vrank &&
                      turn->vrank < walker->first_vrank + walker->hosted;
        if (hosted && moment > now && moment < expected) expected = moment;
    }
    harness_where("the next use of %llu rows from %llu on at moment %llu", (ull)count, (ull)first,
                  (ull)now);
    return CHECK_EQ(order_next_use(&asked, first, count, now, walker->first_vrank, walker->hosted),
                    expected);
}

/* All rows in pieces of several sizes, at a moment. */
static uint64_t count_told_badly(struct walker *walker, uint64_t now)
{
    static const uint64_t sizes[] = {1, 5, 16, 1000};
    uint64_t wrong = 0, samples = walker->order.shape.samples;
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (uint64_t first = 0; first < samples; first += sizes[i]) {
            uint64_t left = samples - first;
            wrong += !is_told_well(walker, first, left < sizes[i] ? left : sizes[i], now);
        }
    return wrong;
}

/* Loads a batch and asks for everything. */
static uint64_t visit(struct walker *walker, uint64_t step, uint64_t vrank)
{
    static uint64_t rows[MOST_BATCH];
    const struct order_shape *shape = &walker->order.shape;
    struct order_slice slice = order_slice(shape, step, vrank);
    CHECK_STATUS(order_rows(&asked, vrank, slice, rows), SHS_OK);
    return count_told_badly(walker, order_moment(shape, step, vrank));
}

/* An epoch from its beginning, then jumps to some of its steps. */
static uint64_t walk_epoch(struct walker *walker, uint64_t epoch)
{
    const struct order_shape *shape = &walker->order.shape;
    uint64_t wrong = 0, state = epoch, end = walker->first_vrank + walker->hosted;
    CHECK_STATUS(order_begin(&walker->order, epoch, &asked), SHS_OK);
    for (uint64_t step = 0; step < order_steps(shape); step++)
        for (uint64_t vrank = walker->first_vrank; vrank < end; vrank++)
            wrong += visit(walker, step, vrank);
    for (int i = 0; i < 4; i++) {
        if (i % 2) {
            asked.of = NULL;
            CHECK_STATUS(order_begin(&walker->order, epoch, &asked), SHS_OK);
        }
        uint64_t step = judge_random(&state) % order_steps(shape);
        wrong += count_told_badly(walker, order_moment(shape, step, walker->first_vrank));
        wrong += visit(walker, step, walker->first_vrank + judge_random(&state) % walker->hosted);
    }
    return wrong;
}

/* Every row's turn, exactly. */
static uint64_t count_wrong_turns(struct walker *walker)
{
    const struct order_shape *shape = &walker->order.shape;
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < shape->samples; i++) {
        uint64_t row = i * 7919 % shape->samples;
        const struct turn *truth = &walker->turns[row];
        struct order_turn turn;
        harness_where("row %llu", (ull)row);
        wrong += !CHECK_STATUS(order_turn_of(&asked, row, &turn), SHS_OK);
        wrong += !CHECK_EQ(turn.waits, truth->moment == ORDER_NEVER);
        if (turn.waits) continue;
        wrong += !CHECK_EQ(order_moment(shape, turn.epoch_step, turn.vrank), truth->moment) ||
                 !CHECK_EQ(turn.vrank, truth->vrank) || !CHECK_EQ(turn.slot, truth->slot);
    }
    return wrong;
}

static void check_turns(struct order_shape shape)
{
    if (!contract_steps(&shape)) return;
    struct walker walker = {.order = {.shape = shape, .seed = 21}};
    struct book book;
    walker.turns = calloc(shape.samples, sizeof *walker.turns);
    if (!NEED(walker.turns != NULL) || !book_make(&book, shape.samples)) return;
    book.shape = shape;
    book.seed = 21;
    for (uint64_t ranks = 1; ranks <= shape.vranks; ranks = 2 * ranks + 1, book.epoch++) {
        uint64_t rank = ranks / 2, wrong;
        write_book(&book);
        find_turns(&book, walker.turns);
        walker.first_vrank = contract_share(shape.vranks, rank, ranks);
        walker.hosted = contract_share(shape.vranks, rank + 1, ranks) - walker.first_vrank;
        wrong = walk_epoch(&walker, book.epoch) + count_wrong_turns(&walker);
        if (wrong)
            WRONG("N %llu V %llu b %llu B %llu W %llu %s %s %s, ranks %llu: %llu wrong",
                  (ull)shape.samples, (ull)shape.vranks, (ull)shape.batch, (ull)shape.block_rows,
                  (ull)shape.window_blocks, order_shuffle_name(shape.shuffle),
                  order_shard_name(shape.shard), order_tail_name(shape.tail), (ull)ranks,
                  (ull)wrong);
    }
    order_epoch_free(&asked);
    book_free(&book);
    free(walker.turns);
}

static void check_turns_of(struct order_shape shape)
{
    for (int mode = 0; mode < 6; mode++) {
        shape.tail = (shs_tail)(mode % 3);
        shape.shard = (shs_shard)(mode / 3);
        check_turns(shape);
    }
}

static void turns_of_full_and_none_are_told(void)
{
    for (int shuffle = 0; shuffle < 2; shuffle++) {
        struct order_shape shape = {
            .samples = 131, .vranks = 5, .batch = 4, .shuffle = (shs_shuffle)shuffle};
        check_turns_of(shape);
        shape.vranks = 1;
        shape.batch = 1;
        check_turns_of(shape);
        shape.vranks = 17;
        shape.batch = 7;
        check_turns_of(shape);
    }
}

static void turns_of_blocks_are_told(void)
{
    static const uint64_t kinds[][5] = {/* N, V, b, B, W */
                                        {131, 3, 8, 5, 3},   {131, 5, 4, 16, 2}, {131, 1, 9, 1, 10},
                                        {160, 4, 5, 16, 1},  {131, 7, 2, 40, 1}, {64, 2, 3, 100, 1},
                                        {200, 3, 50, 3, 100}};
    for (size_t i = 0; i < COUNT(kinds); i++)
        check_turns_of((struct order_shape){.samples = kinds[i][0],
                                            .vranks = kinds[i][1],
                                            .batch = kinds[i][2],
                                            .shuffle = SHS_SHUFFLE_BLOCKS,
                                            .block_rows = kinds[i][3],
                                            .window_blocks = kinds[i][4]});
}

/* More virtual ranks in one process than windows are kept. */
static void turns_are_told_of_windows_that_are_not_kept(void)
{
    check_turns_of((struct order_shape){.samples = 700,
                                        .vranks = 2 * ORDER_KEPT + 3,
                                        .batch = 1,
                                        .shuffle = SHS_SHUFFLE_BLOCKS,
                                        .block_rows = 3,
                                        .window_blocks = 1});
}

/* Rows of the largest datasets: their own turns are told, each where it comes. */
static void the_largest_epochs_are_told(void)
{
    static const uint64_t sizes[][2] = {
        {1 << 10, 16}, {1, 1 << 20}, {(1 << 20) + 7, 3}, {1, 1}, {UINT64_C(1) << 40, 1}};
    static uint64_t rows[100];
    uint64_t state = 1, wrong = 0;
    for (size_t at = 0; at < 2 * COUNT(sizes); at++) {
        size_t i = at / 2;
        struct order order = {.shape = {.samples = ORDER_MAX_SAMPLES - (i % 2 ? 5 : 0),
                                        .vranks = ORDER_MAX_VRANKS - i,
                                        .shard = at % 2 ? SHS_SHARD_FIXED : SHS_SHARD_GLOBAL,
                                        .batch = 100,
                                        .shuffle = SHS_SHUFFLE_BLOCKS,
                                        .block_rows = sizes[i][0],
                                        .window_blocks = sizes[i][1]}};
        const struct order_shape *shape = &order.shape;
        CHECK_EQ((order_check(shape) == SHS_OK), (i != 3)); /* more than 2^32 windows */
        CHECK_STATUS(order_begin(&order, i, &asked), SHS_OK);
        for (int k = 0; k < 30 && i != 3; k++) {
            uint64_t step = judge_random(&state) % order_steps(shape);
            uint64_t vrank = judge_random(&state) % shape->vranks;
            if (k == 0) vrank = shape->vranks - 1;
            if (k < 2) step = order_steps(shape) - 1;
            struct order_slice slice = order_slice(shape, step, vrank);
            uint64_t moment = order_moment(shape, step, vrank);
            CHECK_STATUS(order_rows(&asked, vrank, slice, rows), SHS_OK);
            wrong +=
                slice.rows != slice.count || (step + 1 < order_steps(shape) && slice.rows < 100);
            for (uint64_t r = 0; r < slice.rows; r++)
                wrong += rows[r] >= shape->samples ||
                         (r + 1 == slice.rows &&
                          order_next_use(&asked, rows[r], 1, moment - 1, vrank, 1) != moment) ||
                         order_next_use(&asked, rows[r], 1, moment, vrank, 1) != ORDER_NEVER;
        }
        order_epoch_free(&asked);
    }
    CHECK_EQ(wrong, 0);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(turns_of_full_and_none_are_told),
        TEST(turns_of_blocks_are_told),
        TEST(turns_are_told_of_windows_that_are_not_kept),
        TEST(the_largest_epochs_are_told),
    };
    return harness_main("turns", tests, COUNT(tests), argc, argv);
}
