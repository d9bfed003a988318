/* Permutations: each row once, known orders, many rows at a time, positions undone, memory. How
 * random they are is the subject of test_permutation_quality.c. */
#include <stdlib.h>
#include <string.h>

#include "core_sanitized.h"
#include "core_status.h"
#include "counted_memory.h"
#include "judge.h"
#include "order_kernels.h"
#include "order_permutation.h"
#include "shardstep/loader.h"
#include "unit.h"

static bool set(struct order_permutation *permutation, uint64_t seed, uint64_t epoch,
                uint64_t samples)
{
    return CHECK_STATUS(order_permutation_set(permutation, seed, 0, epoch, samples), SHS_OK);
}

/* True if the rows at 0 … N-1 are 0 … N-1, each once. */
static bool is_bijection(const struct order_permutation *permutation, uint64_t samples)
{
    unsigned char *seen = calloc(samples, 1);
    bool good = NEED(seen != NULL);
    for (uint64_t position = 0; position < samples && good; position++) {
        uint64_t row = order_permutation_row(permutation, position);
        good = row < samples && !seen[row];
        if (good) seen[row] = 1;
        if (!good)
            WRONG("expected each of %llu rows once; came row %llu, %s; position %llu", (ull)samples,
                  (ull)row, row < samples ? "for the second time" : "which there is not",
                  (ull)position);
    }
    free(seen);
    return good;
}

static void each_of_few_rows_has_one_position(void)
{
    static const uint64_t epochs[] = {0, 1, 2, UINT32_MAX};
    struct order_permutation permutation = {0};
    uint64_t wrong = 0;
    for (uint64_t samples = 1; samples <= 5000; samples++)
        for (size_t i = 0; i < COUNT(epochs); i++)
            wrong += !set(&permutation, samples % 11, epochs[i], samples) ||
                     !is_bijection(&permutation, samples);
    CHECK_EQ(wrong, 0);
    CHECK(permutation.table != NULL);
    order_permutation_free(&permutation);
    CHECK(permutation.table == NULL);
}

enum {
    MOST_ROWS = 1 << 24
};

/* The same as is_bijection(), for many rows. */
static bool is_large_bijection(const struct order_permutation *permutation, uint64_t samples)
{
    static uint64_t seen[MOST_ROWS / 64], rows[4096];
    bool good = true;
    memset(seen, 0, sizeof seen);
    for (uint64_t first = 0, count; first < samples && good; first += count) {
        count = samples - first < COUNT(rows) ? samples - first : COUNT(rows);
        order_permutation_rows(permutation, first, count, rows);
        for (uint64_t i = 0; i < count && good; i++) {
            uint64_t bit = UINT64_C(1) << rows[i] % 64;
            good = rows[i] < samples && !(seen[rows[i] / 64] & bit);
            if (good) seen[rows[i] / 64] |= bit;
            if (!good)
                WRONG("expected each of %llu rows once; came row %llu, %s; position %llu",
                      (ull)samples, (ull)rows[i],
                      rows[i] < samples ? "for the second time" : "which there is not",
                      (ull)(first + i));
        }
    }
    return good;
}

/* Numbers of rows of which each power of two has as many, and the largest. */
static void each_of_many_rows_has_one_position(void)
{
    struct order_permutation permutation = {0};
    uint64_t state = 8;
    for (uint64_t i = 0; i < (CORE_SANITIZED ? 6 : 24); i++) {
        uint64_t samples = MOST_ROWS - i;
        if (i > 1) samples = 5001 + (judge_random(&state) % (MOST_ROWS - 5000) >> i % 11);
        for (uint64_t epoch = 0; epoch < 3; epoch++) {
            CHECK(set(&permutation, 3 + i, epoch + i % 2 * 1000003, samples));
            CHECK(is_large_bijection(&permutation, samples));
        }
    }
    order_permutation_free(&permutation);
}

static void each_row_has_one_position_at_the_border_and_above(void)
{
    static const uint64_t sizes[] = {16383, 16384,  16385,         16386, 16390, 32767,   32768,
                                     32769, 100003, (1 << 20) + 1, 65535, 65536, 1 << 18, 131073};
    struct order_permutation permutation = {0};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK(set(&permutation, 5, i, sizes[i]));
        CHECK(is_bijection(&permutation, sizes[i]));
        CHECK_EQ(permutation.tabled, sizes[i] <= 16384);
    }
    order_permutation_free(&permutation);
}

/* Worked out by a second program, in another language, from the description in the headers. What
 * changes one of these rows needs another SHS_ORDER_VERSION. */
static void known_rows_stay(void)
{
    static const struct {
        uint64_t seed;
        uint32_t stream;
        uint64_t epoch, samples, rows[6], last;
    } known[] = {
        {42, 0, 0, 10, {6, 8, 0, 5, 2, 1}, 3},
        {42, 0, 1, 10, {5, 9, 1, 8, 0, 3}, 2},
        {42, 3, 1, 10, {4, 5, 9, 2, 8, 1}, 3},
        {UINT64_C(0x123456789abcdef0),
         15,
         0xffffffff,
         16384,
         {13961, 11426, 9523, 8842, 9851, 1083},
         9313},
        {42, 0, 0, 16385, {6808, 14409, 9749, 4535, 8298, 2952}, 15998},
        {42, 0, 0, 60000, {22834, 20285, 57685, 19639, 26103, 48621}, 34544},
        {7,
         2,
         9,
         (UINT64_C(1) << 40) + 3,
         {1095426928879, 888389403317, 276267401971, 418724391466, 309500690854, 281019750203},
         475781791372},
        {42,
         0,
         0,
         UINT64_C(1) << 56,
         {26431967242197274, 40380955497998342, 44290207223803377, 20895059162606057,
          21706488116825776, 54427767623780173},
         19285441751557381},
    };
    struct order_permutation permutation = {0};
    for (size_t i = 0; i < COUNT(known); i++) {
        CHECK_STATUS(order_permutation_set(&permutation, known[i].seed, known[i].stream,
                                           known[i].epoch, known[i].samples),
                     SHS_OK);
        for (uint64_t k = 0; k < 6; k++)
            CHECK_EQ(order_permutation_row(&permutation, k), known[i].rows[k]);
        CHECK_EQ(order_permutation_row(&permutation, known[i].samples - 1), known[i].last);
    }
    order_permutation_free(&permutation);
    CHECK_EQ(SHS_ORDER_VERSION, 1);
}

/* How many of the first 200 positions lead to the same row; by chance about 200 / N. */
static size_t count_same(struct order_permutation *a, struct order_permutation *b)
{
    size_t same = 0;
    for (uint64_t position = 0; position < 200; position++)
        same += order_permutation_row(a, position) == order_permutation_row(b, position);
    return same;
}

static void seeds_epochs_and_streams_have_their_own_orders(void)
{
    static const uint64_t sizes[] = {5000, 16384, 16385, 1000003};
    static const struct {
        uint64_t seed;
        uint32_t stream;
        uint64_t epoch;
    } others[] = {{42, 0, 4}, {43, 0, 3},          {42, 1, 3},  {42 + (UINT64_C(1) << 32), 0, 3},
                  {3, 0, 42}, {42, 0, 0xffffffff}, {42, 15, 3}, {41, 0, 4}};
    struct order_permutation a = {0}, b = {0};
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t k = 0; k < COUNT(others); k++) {
            CHECK_STATUS(order_permutation_set(&a, 42, 0, 3, sizes[i]), SHS_OK);
            CHECK_STATUS(order_permutation_set(&b, others[k].seed, others[k].stream,
                                               others[k].epoch, sizes[i]),
                         SHS_OK);
            CHECK_IS(count_same(&a, &b), <, 5);
            CHECK_STATUS(order_permutation_set(&b, 42, 0, 3, sizes[i]), SHS_OK);
            CHECK_EQ(count_same(&a, &b), 200);
        }
    order_permutation_free(&a);
    order_permutation_free(&b);
}

static void a_table_without_memory_is_an_error(void)
{
    struct counted_memory counted;
    struct order_permutation permutation = {0};
    counted_begin(&counted, 1);
    CHECK_STATUS(order_permutation_set(&permutation, 1, 0, 0, 100), SHS_ERROR_MEMORY);
    CHECK_STATUS(order_permutation_set(&permutation, 1, 0, 0, 16385), SHS_OK);
    CHECK_EQ(counted.calls, 1);
    CHECK_STATUS(order_permutation_set(&permutation, 1, 0, 0, 100), SHS_OK);
    CHECK_STATUS(order_permutation_set(&permutation, 1, 0, 1, 16384), SHS_OK);
    CHECK_EQ(counted.calls, 2);
    order_permutation_free(&permutation);
    CHECK_EQ(counted_end(&counted), 0);
}

/* Every kernel, at every border of a group and of what is walked at a time. */
static void many_rows_are_those_taken_one_at_a_time(void)
{
    static const char *const names[] = {"plain", "avx2", "avx512"};
    static const uint64_t sizes[] = {
        1, 5, 16384, 16385, 1000003, (UINT64_C(1) << 32) + 5, UINT64_C(1) << 56};
    static uint64_t rows[1700];
    struct order_permutation permutation = {0};
    for (size_t k = 0; k < COUNT(names); k++)
        for (size_t i = 0; i < COUNT(sizes) && order_kernels_choose(names[k]); i++) {
            harness_where("%s kernels, %llu rows", names[k], (ull)sizes[i]);
            uint64_t most = sizes[i] < 1600 ? sizes[i] : 1600, wrong = 0;
            CHECK_STATUS(order_permutation_set(&permutation, 42, 1, 3, sizes[i]), SHS_OK);
            for (uint64_t count = 0; count <= most; count += count < 70 ? 1 : 101) {
                uint64_t first = sizes[i] - most;
                rows[count] = 7;
                order_permutation_rows(&permutation, first, count, rows);
                for (uint64_t at = 0; at < count; at++)
                    wrong += !CHECK_EQ(rows[at], order_permutation_row(&permutation, first + at));
                wrong += !CHECK_EQ(rows[count], 7);
            }
            CHECK_EQ(wrong, 0);
        }
    CHECK(order_kernels_choose("plain"));
    CHECK(!order_kernels_choose("none"));
    CHECK(order_kernels_choose(""));
    order_permutation_free(&permutation);
}

/* ---- permutations undone */

static uint64_t count_not_undone(struct order_permutation *permutation)
{
    uint64_t wrong = 0;
    for (uint64_t k = 0; k < permutation->samples; k++)
        wrong += !CHECK_EQ(
            order_permutation_position(permutation, order_permutation_row(permutation, k)), k);
    return wrong;
}

static void positions_of_rows_undo_rows_of_positions(void)
{
    static const uint64_t sizes[] = {16383, 16384, 16385, 16386, 32767,
                                     32768, 32769, 65537, 100003};
    struct order_permutation permutation = {0};
    uint64_t wrong = 0;
    for (uint64_t samples = 1; samples <= 300; samples++)
        for (uint64_t epoch = 0; epoch < 3; epoch++) {
            CHECK_STATUS(order_permutation_set(&permutation, samples, 1, epoch, samples), SHS_OK);
            wrong += count_not_undone(&permutation);
        }
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK_STATUS(order_permutation_set(&permutation, 8, 2, i, sizes[i]), SHS_OK);
        wrong += count_not_undone(&permutation);
    }
    CHECK_EQ(wrong, 0);
    order_permutation_free(&permutation);
}

static void large_permutations_are_undone(void)
{
    struct order_permutation permutation = {0};
    uint64_t state = 3, wrong = 0;
    for (uint64_t i = 0; i < 3000; i++) {
        uint64_t samples = (judge_random(&state) >> (8 + i % 41)) + ORDER_TABLE_MAX;
        if (i < 2) samples = ORDER_MAX_SAMPLES - i;
        CHECK_STATUS(order_permutation_set(&permutation, i, 0, i, samples), SHS_OK);
        for (int k = 0; k < 30; k++) {
            uint64_t at = k == 0 ? 0 : k == 1 ? samples - 1 : judge_random(&state) % samples;
            uint64_t row = order_permutation_row(&permutation, at);
            harness_where("%llu rows, row %llu", (ull)samples, (ull)row);
            wrong += !CHECK_IS(row, <, samples);
            wrong += !CHECK_EQ(order_permutation_position(&permutation, row), at);
        }
    }
    CHECK_EQ(wrong, 0);
    order_permutation_free(&permutation);
}

/* The table's inverse is searched for where there is no memory for it, and made once there is. */
static void without_memory_the_table_is_searched(void)
{
    struct counted_memory counted;
    struct order_permutation permutation = {0};
    counted_begin(&counted, 2);
    CHECK_STATUS(order_permutation_set(&permutation, 4, 0, 0, 500), SHS_OK);
    CHECK_EQ(order_permutation_position(&permutation, order_permutation_row(&permutation, 499)),
             499);
    CHECK_EQ(counted.failed, 1);
    CHECK_EQ(counted.live, 1);
    CHECK_EQ(count_not_undone(&permutation), 0);
    CHECK_EQ(counted.calls, 3);
    CHECK_EQ(counted.live, 2);
    CHECK_STATUS(order_permutation_set(&permutation, 4, 0, 1, 16384), SHS_OK);
    CHECK_EQ(count_not_undone(&permutation), 0);
    CHECK_EQ(counted.calls, 3);
    CHECK_STATUS(order_permutation_set(&permutation, 4, 0, 1, 16385), SHS_OK);
    CHECK_EQ(counted.live, 2); /* the table's memory is kept for another epoch */
    order_permutation_free(&permutation);
    CHECK_EQ(counted.live, 0);
    counted_end(&counted);
    counted_begin(&counted, 0);
    counted.fail_at = 2;
    CHECK_STATUS(order_permutation_set(&permutation, 4, 0, 0, 300), SHS_OK);
    for (uint64_t k = 0; k < 300; k++, counted.fail_at++)
        if (order_permutation_position(&permutation, order_permutation_row(&permutation, k)) != k)
            WRONG("a position that was searched for");
    CHECK_EQ(counted.failed, 300);
    order_permutation_free(&permutation);
    CHECK_EQ(counted_end(&counted), 0);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(each_of_few_rows_has_one_position),
        TEST(each_of_many_rows_has_one_position),
        TEST(each_row_has_one_position_at_the_border_and_above),
        TEST(known_rows_stay),
        TEST(seeds_epochs_and_streams_have_their_own_orders),
        TEST(a_table_without_memory_is_an_error),
        TEST(many_rows_are_those_taken_one_at_a_time),
        TEST(positions_of_rows_undo_rows_of_positions),
        TEST(large_permutations_are_undone),
        TEST(without_memory_the_table_is_searched),
    };
    return harness_main("permutation", tests, COUNT(tests), argc, argv);
}
