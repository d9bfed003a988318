/* Subsets: parts by keyed draws, lists of rows. */
#include <string.h>

#include "core_memory.h"
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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(a_part_is_that_of_the_draws), TEST(parts_cover_and_stay), TEST(lists_are_checked)};
    return harness_main("subset", tests, COUNT(tests), argc, argv);
}
