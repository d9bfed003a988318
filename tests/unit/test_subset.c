/* Subsets: parts by keyed draws, lists of rows, rows that are passed over. */
#include <string.h>

#include "core_memory.h"
#include "judge.h"
#include "order_skip.h"
#include "order_subset.h"
#include "random_stream.h"
#include "unit.h"

/* The draw of a row by the layout of contract 1, without streams: role 4 in the top byte of word 3.
 */
static double draw_of(uint64_t seed, uint64_t row)
{
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t counter[4] = {0, (uint32_t)row, 0, 4u << 24 | (uint32_t)(row >> 32)};
    uint32_t words[4];
    random_block(key, counter, words);
    return (double)(((uint64_t)words[1] << 32 | words[0]) >> 11) * 0x1p-53;
}

static void a_part_is_that_of_the_draws(void)
{
    struct order_subset subset;
    const uint64_t samples = 20000, seed = UINT64_C(0x123456789abcdef0);
    CHECK_STATUS(order_subset_split(&subset, seed, samples, 0.25, 0.5), SHS_OK);
    uint64_t at = 0, wrong = 0;
    for (uint64_t row = 0; row < samples; row++) {
        bool in = draw_of(seed, row) >= 0.25 && draw_of(seed, row) < 0.5;
        if (in) wrong += at >= subset.count || subset.rows[at++] != row;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(at, subset.count);
    /* 4 deviations of a binomial of 20,000 and a quarter */
    CHECK_IS(subset.count, >, 5000 - 245);
    CHECK_IS(subset.count, <, 5000 + 245);
    order_subset_free(&subset);
}

static void parts_cover_and_stay(void)
{
    static const double borders[] = {0, 0.8, 0.9, 1};
    unsigned char seen[3000] = {0};
    struct order_subset part, longer;
    for (size_t i = 0; i + 1 < COUNT(borders); i++) {
        CHECK_STATUS(order_subset_split(&part, 7, 3000, borders[i], borders[i + 1]), SHS_OK);
        CHECK_STATUS(order_subset_split(&longer, 7, 5000, borders[i], borders[i + 1]), SHS_OK);
        for (uint64_t k = 0; k < part.count; k++)
            seen[part.rows[k]]++;
        CHECK_IS(longer.count, >, part.count);
        CHECK(!memcmp(longer.rows, part.rows, part.count * sizeof *part.rows));
        order_subset_free(&part);
        order_subset_free(&longer);
    }
    size_t wrong = 0;
    for (size_t row = 0; row < sizeof seen; row++)
        wrong += !CHECK_EQ(seen[row], 1);
    CHECK_EQ(wrong, 0);
}

static void lists_are_checked(void)
{
    static const uint64_t good[] = {0, 3, 4, 9}, twice[] = {0, 3, 3}, down[] = {4, 3};
    struct order_subset subset;
    CHECK_STATUS(order_subset_list(&subset, good, 4, 10), SHS_OK);
    const uint64_t below[] = {0, 1, 1, 1, 2, 3, 3, 3, 3, 3, 4, 4};
    for (uint64_t row = 0; row < COUNT(below); row++)
        CHECK_EQ(order_subset_below(&subset, row), below[row]);
    uint64_t index[] = {3, 0, 2};
    order_subset_rows(&subset, index, 3);
    CHECK_EQ(index[0], 9);
    CHECK_EQ(index[1], 0);
    CHECK_EQ(index[2], 4);
    struct order_ledger due = order_subset_ledger(&subset, 0, 4);
    CHECK_EQ(due.count, 4);
    CHECK_EQ(due.sum, 16);
    CHECK_EQ(due.squares, 9 + 16 + 81);
    due = order_subset_ledger(&subset, 1, 3);
    CHECK_EQ(due.count, 2);
    CHECK_EQ(due.sum, 7);
    CHECK_EQ(due.squares, 9 + 16);
    due = order_subset_ledger(&(struct order_subset){0}, 3, 6);
    CHECK_EQ(due.count, 3);
    CHECK_EQ(due.sum, 12);
    CHECK_EQ(due.squares, 9 + 16 + 25);
    order_subset_free(&subset);
    CHECK_STATUS(order_subset_list(&subset, good, 4, 9), SHS_ERROR_ARGUMENT);
    if (CHECK_HAS(shs_message(), "row 9, at 3")) CHECK(subset.rows == NULL);
    CHECK_STATUS(order_subset_list(&subset, twice, 3, 10), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_subset_list(&subset, down, 2, 10), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "row 3 after row 4");
    CHECK_STATUS(order_subset_split(&subset, 1, 10, 0.5, 0.5), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_subset_split(&subset, 1, 10, -0.1, 0.5), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_subset_split(&subset, 1, 10, 0.5, 1.1), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_subset_split(&subset, 1, 10, 0.5, 0.0 / 0.0), SHS_ERROR_ARGUMENT);
}

/* Blocks of one sample are what a part without blocks is. Larger blocks stay whole. */
static void blocks_are_drawn_by_their_first_sample(void)
{
    const shs_subset ones = {.from = 0.2, .to = 0.7, .split_seed = 5, .block = 1},
                     tens = {.from = 0.2, .to = 0.7, .split_seed = 5, .block = 10},
                     none = {.block = 10}, wrong = {.from = 0.7, .to = 0.2, .block = 10};
    struct order_subset subset, by_block;
    CHECK_STATUS(order_subset_split(&subset, 5, 995, 0.2, 0.7), SHS_OK);
    CHECK_STATUS(order_subset_choose(&by_block, &ones, 995, NULL), SHS_OK);
    if (CHECK_EQ(by_block.count, subset.count))
        CHECK(!memcmp(by_block.rows, subset.rows, subset.count * sizeof *subset.rows));
    order_subset_free(&subset);
    order_subset_free(&by_block);
    CHECK_STATUS(order_subset_choose(&by_block, &tens, 995, NULL), SHS_OK);
    for (uint64_t row = 0, at = 0; row < 995; row++) {
        double draw = draw_of(5, row / 10 * 10);
        bool in = at < by_block.count && by_block.rows[at] == row;
        CHECK_EQ(in, draw >= 0.2 && draw < 0.7);
        at += in;
    }
    order_subset_free(&by_block);
    CHECK_STATUS(order_subset_choose(&subset, &none, 995, NULL), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "subset.block is 10, but there is no part");
    CHECK_STATUS(order_subset_choose(&subset, &wrong, 995, NULL), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "0 <= from < to <= 1");
}

enum {
    MOST_ROWS = 40
};

/* Rows are in the subset, or passed over, with a chance of one half, or all of them. */
struct skipping {
    uint64_t samples, count, skipped;
    uint64_t rows[MOST_ROWS], skip[MOST_ROWS]; /* the subset, and the list */
    bool passed[MOST_ROWS];                    /* position k of the subset is passed over */
};

static void draw_skipping(struct skipping *all, bool subset, uint64_t *seed)
{
    *all = (struct skipping){.samples = 1 + judge_random(seed) % MOST_ROWS};
    unsigned chance = judge_random(seed) % 4;
    for (uint64_t row = 0; row < all->samples; row++) {
        bool in = !subset || judge_random(seed) % 2, passed = judge_random(seed) % 4 <= chance;
        if (in) all->rows[all->count] = row;
        if (in) all->passed[all->count++] = passed;
        if (passed) all->skip[all->skipped++] = row;
    }
}

/* Walks on from a position, row by row. */
static uint64_t walk(const struct skipping *all, uint64_t position, uint64_t first, uint64_t end)
{
    for (uint64_t i = 0; i < end - first; i++) {
        uint64_t at = first + (position - first + i) % (end - first);
        if (!all->passed[at]) return at;
    }
    return ORDER_SKIP_ALL;
}

static void rows_are_passed_over(void)
{
    uint64_t seed = 11;
    for (int round = 0; round < 2000; round++) {
        struct skipping all;
        struct order_skip skip;
        draw_skipping(&all, round % 2, &seed);
        const struct order_subset subset = {round % 2 ? all.rows : NULL, all.count};
        if (!CHECK_STATUS(order_skip_open(&skip, all.skip, all.skipped, &subset, all.samples),
                          SHS_OK))
            return;
        uint64_t first = all.count ? judge_random(&seed) % all.count : 0, end = all.count;
        uint64_t passed = 0;
        for (uint64_t at = first; at < end; at++) {
            harness_where("round %d, position %llu of %llu to %llu", round, (unsigned long long)at,
                          (unsigned long long)first, (unsigned long long)end);
            CHECK_EQ(order_skip_has(&skip, at), all.passed[at]);
            CHECK_EQ(order_skip_next(&skip, at, first, end), walk(&all, at, first, end));
            CHECK_EQ(order_skip_count(&skip, first, at + 1), passed += all.passed[at]);
        }
        order_skip_free(&skip);
    }
    harness_where(NULL);
}

/* A hundred neighbours are one run. */
static void neighbours_take_no_memory(void)
{
    uint64_t rows[101];
    struct order_skip skip;
    const struct order_subset all = {0};
    for (uint64_t i = 0; i < COUNT(rows); i++)
        rows[i] = i < 100 ? 7 + i : 1000;
    CHECK_STATUS(order_skip_open(&skip, rows, COUNT(rows), &all, 1001), SHS_OK);
    CHECK_EQ(skip.runs, 2);
    CHECK_EQ(order_skip_next(&skip, 7, 0, 1001), 107);
    CHECK_EQ(order_skip_next(&skip, 1000, 0, 1001), 0);
    order_skip_free(&skip);
    CHECK_STATUS(order_skip_open(&skip, rows, COUNT(rows), &all, 1000), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "row 1000, at 100");
    CHECK(skip.run == NULL);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(a_part_is_that_of_the_draws),
                                                TEST(parts_cover_and_stay),
                                                TEST(lists_are_checked),
                                                TEST(rows_are_passed_over),
                                                TEST(blocks_are_drawn_by_their_first_sample),
                                                TEST(neighbours_take_no_memory)};
    return harness_main("subset", tests, COUNT(tests), argc, argv);
}
