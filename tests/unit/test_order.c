/* The order of rows: shares, who takes what at which step, the ledger, cursors. */
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "order_ledger.h"
#include "order_plan.h"
#include "unit.h"

__extension__ typedef unsigned __int128 wide;

/* ---- shares */

static void check_share(uint64_t total, uint64_t part, uint64_t parts)
{
    uint64_t expected = (uint64_t)((wide)total * part / parts);
    if (order_share(total, part, parts) != expected)
        WRONG("expected share %llu of %llu in %llu = %llu; came %llu", (ull)part, (ull)total,
              (ull)parts, (ull)expected, (ull)order_share(total, part, parts));
}

static void shares_are_exact(void)
{
    static const uint64_t totals[] = {0, 1, 2, 1000003, (UINT64_C(1) << 56) - 1, UINT64_C(1) << 56};
    static const uint64_t parts[] = {1, 2, 3, 7, (1 << 24) - 1, 1 << 24};
    uint64_t state = 6;
    for (size_t t = 0; t < COUNT(totals); t++)
        for (size_t p = 0; p < COUNT(parts); p++) {
            check_share(totals[t], 0, parts[p]);
            check_share(totals[t], 1, parts[p]);
            check_share(totals[t], parts[p] - 1, parts[p]);
            check_share(totals[t], parts[p], parts[p]);
        }
    for (int i = 0; i < 1000000; i++) {
        uint64_t total = judge_random(&state) >> (8 + judge_random(&state) % 50);
        uint64_t of = 1 + (judge_random(&state) >> (40 + judge_random(&state) % 20));
        check_share(total, judge_random(&state) % (of + 1), of);
    }
    CHECK_EQ(order_share(UINT64_C(1) << 56, 1 << 24, 1 << 24), UINT64_C(1) << 56);
}

/* ---- who takes what */

/* 10 rows for 3 virtual ranks of 2: a full step of 6, then 4 rows cut at 0, 1, 2, 4. */
static void a_small_epoch_worked_out_by_hand(void)
{
    static const uint64_t expected[2][3][2] = {{{0, 2}, {2, 2}, {4, 2}}, {{6, 1}, {7, 1}, {8, 2}}};
    const struct order_shape shape = {.samples = 10, .vranks = 3, .batch = 2};
    CHECK_EQ(order_steps(&shape), 2);
    for (uint64_t step = 0; step < 2; step++)
        for (uint64_t vrank = 0; vrank < 3; vrank++) {
            struct order_slice slice = order_slice(&shape, step, vrank);
            harness_where("step %d, virtual rank %d", (int)step, (int)vrank);
            CHECK_EQ(slice.first, expected[step][vrank][0]);
            CHECK_EQ(slice.rows, expected[step][vrank][1]);
        }
}

/* The largest numbers, where products would not fit in 64 bits. */
static void the_largest_epoch_adds_up(void)
{
    const struct order_shape shape = {
        .samples = (UINT64_C(1) << 56) - 5, .vranks = (1 << 24) - 3, .batch = 1000};
    uint64_t global = shape.vranks * shape.batch, steps = order_steps(&shape);
    uint64_t left = shape.samples % global, next = shape.samples - left;
    CHECK_STATUS(order_check(&shape), SHS_OK);
    CHECK_EQ(steps, shape.samples / global + 1);
    for (uint64_t vrank = 0; vrank < shape.vranks; vrank++) {
        struct order_slice slice = order_slice(&shape, steps - 1, vrank);
        uint64_t end = (uint64_t)((wide)left * (vrank + 1) / shape.vranks);
        if (slice.first != next || slice.first + slice.rows != shape.samples - left + end)
            WRONG("expected rows %llu to %llu; came %llu to %llu; the last step of vrank %llu",
                  (ull)next, (ull)(shape.samples - left + end), (ull)slice.first,
                  (ull)(slice.first + slice.rows), (ull)vrank);
        next = slice.first + slice.rows;
    }
    CHECK_EQ(next, shape.samples);
    CHECK_EQ(order_slice(&shape, steps - 2, shape.vranks - 1).rows, 1000);
}

static void check_step_rows(struct order_shape shape)
{
    if (order_check(&shape)) return; /* an epoch of no steps */
    for (uint64_t step = 0; step < order_steps(&shape); step++) {
        uint64_t sum = 0;
        for (uint64_t vrank = 0; vrank < shape.vranks; vrank++)
            sum += order_slice(&shape, step, vrank).count;
        if (sum == order_step_rows(&shape, step)) continue;
        WRONG("expected %llu rows in a step; came %llu; N = %llu, V = %llu, b = %llu, shuffle %d, "
              "shard %d, tail %d, step %llu",
              (ull)sum, (ull)order_step_rows(&shape, step), (ull)shape.samples, (ull)shape.vranks,
              (ull)shape.batch, (int)shape.shuffle, (int)shape.shard, (int)shape.tail, (ull)step);
    }
}

/* 12 ways: shuffle full or blocks, shard, tail. */
static void check_step_rows_of_ways(struct order_shape shape)
{
    for (unsigned way = 0; way < 12; way++) {
        shape.shuffle = way % 2 ? SHS_SHUFFLE_BLOCKS : SHS_SHUFFLE_FULL;
        shape.shard = (shs_shard)(way / 2 % 2);
        shape.tail = (shs_tail)(way / 4);
        shape.block_rows = shape.window_blocks = shape.shuffle == SHS_SHUFFLE_BLOCKS ? 2 : 0;
        check_step_rows(shape);
    }
}

static void the_rows_of_a_step_are_a_sum(void)
{
    for (uint64_t samples = 1; samples <= 60; samples++)
        for (uint64_t vranks = 1; vranks <= 9; vranks++)
            for (uint64_t batch = 1; batch <= 5; batch++)
                check_step_rows_of_ways(
                    (struct order_shape){.samples = samples, .vranks = vranks, .batch = batch});
    const uint64_t vranks = 1009, batch = UINT32_MAX;
    check_step_rows_of_ways((struct order_shape){
        .samples = 3 * vranks * batch + 12345, .vranks = vranks, .batch = batch});
}

static void check_refused(struct order_shape shape, shs_status status, const char *const *words)
{
    CHECK_STATUS(order_check(&shape), status);
    for (; *words; words++)
        CHECK_HAS(shs_message(), *words);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void impossible_epochs_are_refused(void)
{
    const uint64_t two_32 = UINT64_C(1) << 32;
    const struct order_shape good = {.samples = 10, .vranks = 2, .batch = 5};
    CHECK_STATUS(order_check(&good), SHS_OK);
    struct order_shape shape = {.samples = 19, .vranks = 4, .batch = 5, .tail = SHS_TAIL_DROP};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("N = 19", "V = 4", "b = 5", "drop"));
    shape.samples = 20;
    CHECK_STATUS(order_check(&shape), SHS_OK);
    shape = (struct order_shape){.samples = 0, .vranks = 4, .batch = 5};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("N = 0", "has no rows"));
    shape = (struct order_shape){.samples = 10, .vranks = 0, .batch = 5};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("0 virtual ranks"));
    shape.vranks = (1 << 24) + 1;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("16777217 virtual ranks"));
    shape.vranks = 1 << 24;
    CHECK_STATUS(order_check(&shape), SHS_OK);
    shape = (struct order_shape){.samples = 10, .vranks = 1, .batch = 0};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("0 rows"));
    shape.batch = two_32;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("4294967296 rows"));
    shape.batch = two_32 - 1;
    CHECK_STATUS(order_check(&shape), SHS_OK);
    shape = (struct order_shape){
        .samples = (UINT64_C(1) << 56) + 1, .vranks = 1 << 24, .batch = two_32 - 1};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("2^56"));
    shape.samples--;
    CHECK_STATUS(order_check(&shape), SHS_OK);
    shape = (struct order_shape){.samples = two_32, .vranks = 1, .batch = 1};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("4294967296 steps"));
    shape.samples--;
    CHECK_STATUS(order_check(&shape), SHS_OK);
}

/* The closed form against sums: for every N up to 2,000, and on through N = 2^56 by differences. */
static void the_ledger_of_an_epoch_is_a_sum(void)
{
    struct order_ledger sum = {0}, due, next;
    for (uint64_t n = 1; n <= 2000; n++) {
        const uint64_t row = n - 1;
        const struct order_shape shape = {.samples = n, .vranks = 1, .batch = 1};
        order_ledger_add(&sum, &row, 1);
        due = order_ledger_of_epoch(&shape);
        CHECK_EQ(due.count, n);
        CHECK_EQ(due.sum, sum.sum);
        CHECK_EQ(due.squares, sum.squares);
    }
    for (uint64_t n = 1; n < UINT64_C(1) << 56; n += n / 3 + 1) {
        struct order_shape shape = {.samples = n, .vranks = 1, .batch = 1};
        due = order_ledger_of_epoch(&shape);
        shape.samples = n + 1;
        next = order_ledger_of_epoch(&shape);
        CHECK_EQ(next.sum, due.sum + n);
        CHECK_EQ(next.squares, due.squares + n * n);
    }
}

static void modes_that_are_none_are_refused(void)
{
    const struct order_shape good = {.samples = 100, .vranks = 2, .batch = 5};
    struct order_shape shape = good;
    shape.shuffle = SHS_SHUFFLE_BLOCKS; /* without a size of blocks */
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("windows of 0 blocks of 0 rows"));
    shape.shuffle = (shs_shuffle)7;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("shuffle"));
    shape = good;
    shape.shard = (shs_shard)7;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("shard"));
    shape = good;
    shape.vranks = 101; /* one of them has no row to repeat */
    shape.tail = SHS_TAIL_PAD;
    CHECK_STATUS(order_check(&shape), SHS_OK);
    shape.shard = SHS_SHARD_FIXED;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("100 samples", "101 virtual ranks"));
    shape = good;
    shape.tail = (shs_tail)7;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("tail"));
}

static void modes_have_names(void)
{
    CHECK_TEXT(order_shuffle_name(SHS_SHUFFLE_FULL), "full");
    CHECK_TEXT(order_shuffle_name(SHS_SHUFFLE_NONE), "none");
    CHECK_TEXT(order_shuffle_name(SHS_SHUFFLE_BLOCKS), "blocks");
    CHECK_TEXT(order_shard_name(SHS_SHARD_GLOBAL), "global");
    CHECK_TEXT(order_shard_name(SHS_SHARD_FIXED), "fixed");
    CHECK_TEXT(order_tail_name(SHS_TAIL_SHORT), "short");
    CHECK_TEXT(order_tail_name(SHS_TAIL_DROP), "drop");
    CHECK_TEXT(order_tail_name(SHS_TAIL_PAD), "pad");
    CHECK_TEXT(order_tail_name((shs_tail)9), "?");
    CHECK_TEXT(order_shuffle_name((shs_shuffle)9), "?");
    CHECK_TEXT(order_shard_name((shs_shard)9), "?");
}

/* ---- cursors */

/* Of a run that has had its shape from the beginning. */
static shs_status check_cursor(const struct order_shape *shape, uint64_t epochs, shs_cursor cursor)
{
    return order_check_cursor(shape, epochs, (struct order_origin){0}, cursor);
}

static void cursors_count_through_the_run(void)
{
    const struct order_shape shape = {.samples = 25, .vranks = 2, .batch = 4}; /* 4 steps */
    shs_cursor cursor = {0, 0, 0};
    uint64_t step = 0;
    for (uint64_t epoch = 0; epoch < 3; epoch++)
        for (uint64_t epoch_step = 0; epoch_step < 4; epoch_step++, step++) {
            CHECK_EQ(cursor.epoch, epoch);
            CHECK_EQ(cursor.epoch_step, epoch_step);
            CHECK_EQ(cursor.step, step);
            CHECK_STATUS(check_cursor(&shape, 3, cursor), SHS_OK);
            CHECK_STATUS(check_cursor(&shape, 0, cursor), SHS_OK);
            cursor = order_next(&shape, cursor);
        }
    CHECK_EQ(cursor.epoch, 3);
    CHECK_EQ(cursor.epoch_step, 0);
    CHECK_EQ(cursor.step, 12);
    CHECK_STATUS(check_cursor(&shape, 3, cursor), SHS_OK);
}

static void cursors_that_no_run_passes_are_refused(void)
{
    const uint64_t two_32 = UINT64_C(1) << 32;
    const struct order_shape shape = {.samples = 25, .vranks = 2, .batch = 4}; /* 4 steps */
    const shs_cursor bad[] = {{0, 4, 4},     {0, 0, 1},           {1, 0, 3},
                              {1, 0, 5},     {2, 3, 10},          {3, 1, 13},
                              {4, 0, 16},    {1, UINT64_MAX, 3},  {0, 5, 5},
                              {0, 3, 2},     {two_32, 0, two_32}, {UINT64_C(1) << 62, 0, 0},
                              {0, 0, two_32}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK_STATUS(check_cursor(&shape, 3, bad[i]), SHS_ERROR_ARGUMENT);
        CHECK_HAS(shs_message(), "cursor {epoch");
    }
    CHECK_STATUS(check_cursor(&shape, 3, (shs_cursor){4, 0, 16}), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "outside a run of 3 epochs, with 4 steps an epoch");
    CHECK_STATUS(check_cursor(&shape, 0, (shs_cursor){0, 4, 4}), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "outside a run without end, with 4 steps an epoch");
    CHECK_STATUS(check_cursor(&shape, 0, (shs_cursor){4, 0, 16}), SHS_OK);
    CHECK_STATUS(check_cursor(&shape, 0, (shs_cursor){1000, 3, 4003}), SHS_OK);
    CHECK_STATUS(check_cursor(&shape, 0, (shs_cursor){two_32, 0, 0}), SHS_ERROR_ARGUMENT);
}

static void the_last_cursors_of_a_long_run(void)
{
    const struct order_shape one = {.samples = 8, .vranks = 2, .batch = 4}; /* 1 step */
    const uint64_t last = UINT32_MAX;
    CHECK_STATUS(check_cursor(&one, 0, (shs_cursor){last, 0, last}), SHS_OK);
    /* where a run of 2^32 steps ends, and nothing may begin */
    CHECK_STATUS(check_cursor(&one, 0, (shs_cursor){last + 1, 0, last + 1}), SHS_OK);
    CHECK_STATUS(check_cursor(&one, 0, (shs_cursor){last + 2, 0, last + 2}), SHS_ERROR_ARGUMENT);
    const struct order_shape two = {.samples = 16, .vranks = 2, .batch = 4}; /* 2 steps */
    CHECK_STATUS(check_cursor(&two, 0, (shs_cursor){last / 2, 1, last}), SHS_OK);
    CHECK_STATUS(check_cursor(&two, 0, (shs_cursor){last / 2 + 1, 0, last + 1}), SHS_OK);
    CHECK_STATUS(check_cursor(&two, 0, (shs_cursor){last / 2 + 1, 1, last + 2}),
                 SHS_ERROR_ARGUMENT);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(shares_are_exact),
        TEST(a_small_epoch_worked_out_by_hand),
        TEST(the_largest_epoch_adds_up),
        TEST(the_rows_of_a_step_are_a_sum),
        TEST(impossible_epochs_are_refused),
        TEST(the_ledger_of_an_epoch_is_a_sum),
        TEST(modes_that_are_none_are_refused),
        TEST(modes_have_names),
        TEST(cursors_count_through_the_run),
        TEST(cursors_that_no_run_passes_are_refused),
        TEST(the_last_cursors_of_a_long_run),
    };
    return harness_main("order", tests, COUNT(tests), argc, argv);
}
