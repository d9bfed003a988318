/* Splits: each row's draw against Random123, and rows found one by one against a slow search. */
#include <Random123/philox.h>
#include <math.h>
#include <string.h>

#include "order_split.h"
#include "order_subset.h"
#include "random_stream.h"
#include "unit.h"

enum {
    ROWS = 3000
};

static const double fractions[] = {0.5, 0.2, 0.3};

/* Contract 1 by Random123's own philox: {block, low 32 of index, 0, 4 << 24 | next 24 of index}; a
 * double is (u64 >> 11) * 2^-53, low word first. */
static double draw(uint64_t seed, uint64_t row)
{
    philox4x32_ctr_t counter = {
        {0, (uint32_t)row, 0, (uint32_t)(4u << 24) | (uint32_t)(row >> 32)}};
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    philox4x32_ctr_t words = philox4x32(counter, key);
    uint64_t both = (uint64_t)words.v[1] << 32 | words.v[0];
    return (double)(both >> 11) / 9007199254740992.0;
}

static uint32_t slow_part(uint64_t seed, uint64_t row)
{
    double x = draw(seed, row);
    return x < 0.5 ? 0 : x < 0.7 ? 1 : 2;
}

static void streams_of_splits_follow_the_contract(void)
{
    static const uint64_t rows[] = {0, 1, 4294967295, 4294967296, 72057594037927935};
    static const uint64_t seeds[] = {0, 42, UINT64_C(0xfedcba9876543210)};
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t j = 0; j < COUNT(seeds); j++) {
            shs_random stream;
            random_of_split(seeds[j], rows[i], &stream);
            CHECK_EQ(shs_random_double(&stream), draw(seeds[j], rows[i]));
        }
}

static void parts_are_those_of_the_draws(void)
{
    struct order_split split;
    uint64_t wrong = 0, counts[3] = {0}, expected[3] = {0};
    if (!NEED_STATUS(order_split_make(9, fractions, 3, &split), SHS_OK)) return;
    for (uint64_t row = 0; row < ROWS; row++) {
        wrong += !CHECK_EQ(order_split_part(&split, row), slow_part(9, row));
        expected[slow_part(9, row)]++;
    }
    CHECK_EQ(wrong, 0);
    order_split_count(&split, 0, 1000, counts);
    order_split_count(&split, 1000, ROWS, counts);
    CHECK(!memcmp(counts, expected, sizeof counts));
    for (int part = 0; part < 3; part++) /* 5 standard deviations of the least likely part */
        CHECK_IS(fabs((double)counts[part] - ROWS * fractions[part]), <, 5 * sqrt(ROWS * 0.25));
}

/* The loader's part of an interval is the same rows. */
static void a_subset_draws_alike(void)
{
    struct order_split split;
    struct order_subset subset;
    if (!NEED_STATUS(order_split_make(9, fractions, 3, &split), SHS_OK)) return;
    if (!NEED_STATUS(order_subset_split(&subset, 9, ROWS, 0.5, 0.7), SHS_OK)) return;
    uint64_t found = 0;
    for (uint64_t row = 0; row < ROWS; row++)
        if (order_split_part(&split, row) == 1)
            CHECK(found < subset.count && subset.rows[found++] == row);
    CHECK_EQ(found, subset.count);
    order_subset_free(&subset);
}

/* From row number `first` of the part on, in runs of at most `most`. */
static void check_walk(struct order_split_walk *walk, const uint64_t *rows, uint64_t count,
                       uint64_t first, uint64_t most)
{
    order_split_seek(walk, first);
    while (first < count) {
        uint64_t left = count - first < most ? count - first : most, length;
        uint64_t row = order_split_next(walk, left, &length);
        if (!NEED(length >= 1) || !NEED(length <= left)) return;
        CHECK_EQ(row, rows[first]);
        for (uint64_t i = 0; i < length; i++)
            CHECK_EQ(rows[first + i], row + i);
        CHECK(length == left || rows[first + length] != row + length);
        first += length;
    }
}

static void a_walk_meets_each_row_of_its_part(void)
{
    static const uint64_t firsts[] = {0, 7, 7, 100, 3, 0, 599};
    static uint64_t rows[ROWS];
    struct order_split split;
    if (!NEED_STATUS(order_split_make(5, fractions, 3, &split), SHS_OK)) return;
    for (uint32_t part = 0; part < 3; part++) {
        struct order_split_walk walk = {.split = &split, .part = part};
        uint64_t count = 0;
        for (uint64_t row = 0; row < ROWS; row++)
            if (slow_part(5, row) == part) rows[count++] = row;
        for (size_t i = 0; i < COUNT(firsts); i++)
            check_walk(&walk, rows, count < firsts[i] + 40 ? count : firsts[i] + 40, firsts[i],
                       i % 2 ? 1 : 1000);
        check_walk(&walk, rows, count, 0, 3);
    }
}

static void odd_fractions_are_refused(void)
{
    static const double over[] = {0.5, 0.6}, under[] = {0.5, 0.4}, none[] = {1, 0},
                        negative[] = {1.5, -0.5};
    double many[ORDER_MAX_PARTS + 1], no_number[] = {0.5, (double)NAN};
    struct order_split split;
    CHECK_STATUS(order_split_make(1, over, 2, &split), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_split_make(1, under, 2, &split), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_split_make(1, none, 2, &split), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_split_make(1, negative, 2, &split), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_split_make(1, no_number, 2, &split), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_split_make(1, over, 0, &split), SHS_ERROR_ARGUMENT);
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = 1.0 / ORDER_MAX_PARTS;
    CHECK_STATUS(order_split_make(1, many, ORDER_MAX_PARTS + 1, &split), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(order_split_make(1, many, ORDER_MAX_PARTS, &split), SHS_OK);
    CHECK_EQ(split.below[ORDER_MAX_PARTS - 1], 1);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(streams_of_splits_follow_the_contract),
        TEST(parts_are_those_of_the_draws),
        TEST(a_subset_draws_alike),
        TEST(a_walk_meets_each_row_of_its_part),
        TEST(odd_fractions_are_refused),
    };
    return harness_main("split", tests, COUNT(tests), argc, argv);
}
