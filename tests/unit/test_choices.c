/* Permutations, k of n and categories, drawn from a stream. */
#include <float.h>
#include <stdlib.h>

#include "counted_memory.h"
#include "fill_scene.h"
#include "judge.h"
#include "random_math.h"
#include "unit.h"

/* ---- permutations */

/* True if the numbers are n different ones below `most`; sorts them. */
static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool are_different(uint64_t *numbers, size_t n, uint64_t most)
{
    qsort(numbers, n, sizeof *numbers, compare_numbers);
    for (size_t i = 1; i < n; i++)
        if (numbers[i - 1] == numbers[i]) return false;
    return n == 0 || numbers[n - 1] < most;
}

static void permutations_hold_every_number_once(void)
{
    static uint64_t order[70001];
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 17, 100, 1000, 70000};
    shs_random stream = stream_at(20, 0);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        order[sizes[i]] = 12345;
        CHECK_STATUS(shs_random_permutation(&stream, order, sizes[i]), SHS_OK);
        CHECK_EQ(order[sizes[i]], 12345);
        CHECK(are_different(order, sizes[i], sizes[i]));
    }
}

/* The rank of an order of up to 4 numbers below 6, as a number to base 6. */
static size_t code(const uint64_t *numbers, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = 6 * sum + (size_t)numbers[i];
    return sum;
}

/* Chi-square of codes that occur: all `kinds_of` of them must, equally often. */
static void check_equally_likely(const uint64_t *counts, size_t codes, size_t kinds_of,
                                 double draws)
{
    uint64_t found[1296];
    size_t n = 0;
    for (size_t i = 0; i < codes; i++)
        if (counts[i]) found[n++] = counts[i];
    CHECK_EQ(n, kinds_of);
    CHECK(judge_plausible(judge_chi_square(found, n, draws / (double)kinds_of),
                          (double)kinds_of - 1));
}

static void all_orders_are_equally_likely(void)
{
    enum {
        DRAWS = 240000
    };
    static uint64_t counts[1296];
    shs_random stream = stream_at(20, 1);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t order[4];
        if (shs_random_permutation(&stream, order, 4)) WRONG("the stream ends");
        counts[code(order, 4)]++;
    }
    check_equally_likely(counts, COUNT(counts), 24, DRAWS);
}

static void a_failed_stream_permutes_nothing(void)
{
    uint64_t order[10];
    shs_random stream = ending(20, 4, 0);
    CHECK_STATUS(shs_random_permutation(&stream, order, 10), SHS_ERROR_EXHAUSTED);
    CHECK(are_different(order, 10, 10));
    shs_random_below(&stream, 0);
    CHECK_STATUS(shs_random_permutation(&stream, order, 10), SHS_ERROR_EXHAUSTED);
}

/* ---- k of n */

static void choices_are_different_numbers(void)
{
    static uint64_t chosen[20001];
    static const struct {
        uint64_t n;
        size_t k;
    } cases[] = {{1, 1},
                 {10, 3},
                 {10, 10},
                 {1000, 999},
                 {20000, 20000},
                 {30000, 20000},
                 {UINT32_MAX, 20000},
                 {UINT64_C(1) << 32, 20000},
                 {(UINT64_C(1) << 32) + 1, 20000},
                 {UINT64_C(1) << 63, 20000},
                 {UINT64_MAX, 20000}};
    shs_random stream = stream_at(21, 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        chosen[cases[i].k] = 12345;
        CHECK_STATUS(shs_random_choose(&stream, cases[i].n, cases[i].k, chosen), SHS_OK);
        CHECK_EQ(chosen[cases[i].k], 12345);
        CHECK(are_different(chosen, cases[i].k, cases[i].n));
    }
    chosen[0] = 12345;
    if (CHECK_STATUS(shs_random_choose(&stream, 7, 0, chosen), SHS_OK)) CHECK_EQ(chosen[0], 12345);
    if (CHECK_STATUS(shs_random_choose(&stream, 0, 0, chosen), SHS_OK)) CHECK_EQ(chosen[0], 12345);
}

/* In every order: 60 for k = n - 1 … and so all subsets, too. */
static void check_choices(uint64_t n, size_t k, size_t kinds_of)
{
    uint64_t counts[1296] = {0};
    int draws = 2000 * (int)kinds_of;
    shs_random stream = stream_at(22, n * 16 + k);
    for (int i = 0; i < draws; i++) {
        uint64_t chosen[4];
        if (shs_random_choose(&stream, n, k, chosen)) WRONG("the stream ends");
        counts[code(chosen, k)]++;
    }
    check_equally_likely(counts, COUNT(counts), kinds_of, draws);
}

static void all_choices_are_equally_likely(void)
{
    check_choices(6, 1, 6);
    check_choices(6, 2, 30);
    check_choices(5, 3, 60);
    check_choices(6, 3, 120);
    check_choices(4, 4, 24);
}

/* Of n = 2^63 and 3/4 of 2^64: equal parts of the range hold equally many. */
static void choices_of_many_are_spread(void)
{
    static uint64_t chosen[50000];
    const uint64_t sizes[] = {UINT64_C(1) << 63, UINT64_C(3) << 62};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint64_t counts[100] = {0}, first[10] = {0};
        shs_random stream = stream_at(23, i);
        CHECK_STATUS(shs_random_choose(&stream, sizes[i], COUNT(chosen), chosen), SHS_OK);
        for (size_t j = 0; j < COUNT(chosen); j++) {
            counts[chosen[j] / (sizes[i] / 100 + 1)]++;
            if (j < 10000) first[chosen[j] / (sizes[i] / 10 + 1)]++;
        }
        CHECK(judge_plausible(judge_chi_square(counts, 100, COUNT(chosen) / 100.0), 99));
        CHECK(judge_plausible(judge_chi_square(first, 10, 1000), 9));
    }
}

static void choices_fail_cleanly(void)
{
    uint64_t chosen[100];
    struct counted_memory counted;
    shs_random stream = stream_at(24, 0), before = stream;
    CHECK_STATUS(shs_random_choose(&stream, 4, 5, chosen), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "5 of 4");
    CHECK(same_future(stream, before));
    counted_begin(&counted, 1);
    CHECK_STATUS(shs_random_choose(&stream, 100, 50, chosen), SHS_ERROR_MEMORY);
    CHECK_HAS(shs_message(), "shs_random_choose");
    if (CHECK_EQ(counted_end(&counted), 0)) CHECK_EQ(counted.failed, 1);
    CHECK(same_future(stream, before));
    stream = ending(24, 20, 0);
    counted_begin(&counted, 0);
    CHECK_STATUS(shs_random_choose(&stream, 1000, 100, chosen), SHS_ERROR_EXHAUSTED);
    if (CHECK_EQ(counted_end(&counted), 0)) CHECK_IS(counted.calls, >, 0);
    CHECK_STATUS(shs_random_choose(&stream, UINT64_MAX, SIZE_MAX / 2, chosen), SHS_ERROR_MEMORY);
}

/* ---- categories */

static void check_categories(const double *weights, size_t n, size_t draws)
{
    uint64_t *counts = calloc(n, sizeof *counts);
    uint32_t *numbers = calloc(draws, sizeof *numbers);
    double sum = 0, chi_square = 0;
    size_t kinds_of = 0, impossible = 0;
    shs_random stream = stream_at(25, n);
    CHECK_STATUS(shs_alias_open(weights, n, &alias), SHS_OK);
    if (!NEED(counts) || !NEED(numbers) || !NEED(alias)) return;
    CHECK_STATUS(shs_random_fill_categorical(&stream, alias, numbers, draws), SHS_OK);
    for (size_t i = 0; i < draws; i++) {
        if (numbers[i] >= n) WRONG("a category that there is not");
        counts[numbers[i] % n]++;
    }
    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    for (size_t i = 0; i < n; i++) {
        double expected = weights[i] / sum * (double)draws;
        if (weights[i] == 0) impossible += counts[i] > 0;
        if (expected < 10) continue;
        chi_square += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
        kinds_of++;
    }
    CHECK_EQ(impossible, 0);
    if (kinds_of > 1) CHECK(judge_plausible(chi_square, (double)kinds_of - 1));
    if (kinds_of == 1) CHECK_EQ(chi_square, 0);
    shs_alias_close(&alias);
    free(numbers);
    free(counts);
}

static void categories_follow_their_weights(void)
{
    static double weights[20000];
    static const double equal[] = {3, 3, 3, 3, 3, 3, 3}, slope[] = {1, 2, 3, 4};
    static const double gaps[] = {0, 0, 5, 0, 1, 0, 0, 2, 0};
    static const double thirds[] = {0.1, 0.2, 0.3, 0.7, 0.7, 0.1, 0.3};
    uint64_t state = 26;
    check_categories(equal, COUNT(equal), 700000);
    check_categories(slope, COUNT(slope), 1000000);
    check_categories(gaps, COUNT(gaps), 500000);
    check_categories(thirds, COUNT(thirds), 700000);
    for (size_t i = 0; i < COUNT(weights); i++)
        weights[i] = i % 3 ? (double)(judge_random(&state) >> 40) * 0.1 : 0;
    check_categories(weights, 100, 1000000);
    check_categories(weights, COUNT(weights), 1000000);
}

static void a_single_category_is_always_drawn(void)
{
    static const double one[] = {0.3}, only[] = {0, 0, 1e-320, 0}, least[] = {0x1p-1074, 0};
    check_categories(one, 1, 1000);
    check_categories(only, COUNT(only), 1000);
    check_categories(least, COUNT(least), 1000);
}

static void weights_may_differ_by_any_factor(void)
{
    static const double spread[] = {1e-300, 1e300, 1e-20, 1, 1e300};
    static const double largest[] = {DBL_MAX, 1, 0x1p-1074};
    static const double smallest[] = {0x1p-1074, 3 * 0x1p-1074, 0};
    check_categories(spread, COUNT(spread), 100000);
    check_categories(largest, COUNT(largest), 1000);
    check_categories(smallest, COUNT(smallest), 100000);
}

/* The least of all shares is not below a share of nothing. The first word chooses category 1. */
static void a_category_of_no_weight_is_never_drawn(void)
{
    static const double weights[] = {1, 0};
    shs_random stream = {.words = {UINT32_MAX, 0, 0, 0}, .used = 0, .counter = {1}};
    CHECK_STATUS(shs_alias_open(weights, COUNT(weights), &alias), SHS_OK);
    CHECK_EQ(shs_random_categorical(&stream, alias), 0);
    CHECK_EQ(stream.used, 3);
    shs_alias_close(&alias);
}

static void weights_are_copied(void)
{
    double weights[] = {1, 0};
    shs_random stream = stream_at(27, 0);
    CHECK_STATUS(shs_alias_open(weights, 2, &alias), SHS_OK);
    weights[0] = 0, weights[1] = 1;
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(shs_random_categorical(&stream, alias), 0);
    shs_alias_close(&alias);
    CHECK(alias == NULL);
    shs_alias_close(&alias);
    shs_alias_close(NULL);
}

static void check_weights_refused(const double *weights, size_t n, const char *said)
{
    shs_alias *none = (shs_alias *)(void *)&none;
    CHECK_STATUS(shs_alias_open(weights, n, &none), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), said);
    CHECK(none == NULL);
}

static void weights_are_checked(void)
{
    static const double zeros[] = {0, 0, 0}, negative[] = {1, -0x1p-1074}, none[] = {1, 2, NAN};
    static const double infinite[] = {INFINITY, 1}, too_much[] = {DBL_MAX, DBL_MAX};
    check_weights_refused(zeros, 0, "0 weights");
    check_weights_refused(zeros, (size_t)UINT32_MAX + 1, "4294967296 weights");
    check_weights_refused(zeros, COUNT(zeros), "all weights are 0");
    check_weights_refused(negative, COUNT(negative), "weight 1");
    check_weights_refused(none, COUNT(none), "weight 2");
    check_weights_refused(infinite, COUNT(infinite), "weight 0");
    check_weights_refused(too_much, COUNT(too_much), "more than a double holds");
}

/* Each of the allocations fails in turn. */
static void categories_without_memory_leave_nothing(void)
{
    static const double weights[] = {1, 2, 3};
    struct counted_memory counted = {.failed = 1};
    long failures = 0;
    for (long fail_at = 1; counted.failed; fail_at++) {
        shs_alias *opened = NULL;
        counted_begin(&counted, fail_at);
        shs_status status = shs_alias_open(weights, COUNT(weights), &opened);
        CHECK_EQ(status == SHS_OK, counted.failed == 0);
        CHECK_EQ(opened != NULL, status == SHS_OK);
        if (status) {
            CHECK_STATUS(status, SHS_ERROR_MEMORY);
            CHECK_HAS(shs_message(), "shs_alias_open");
        }
        shs_alias_close(&opened);
        CHECK_EQ(counted_end(&counted), 0);
        failures += counted.failed;
    }
    CHECK_IS(failures, >=, 2);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(permutations_hold_every_number_once),
        TEST(all_orders_are_equally_likely),
        TEST(a_failed_stream_permutes_nothing),
        TEST(choices_are_different_numbers),
        TEST(all_choices_are_equally_likely),
        TEST(choices_of_many_are_spread),
        TEST(choices_fail_cleanly),
        TEST(categories_follow_their_weights),
        TEST(a_single_category_is_always_drawn),
        TEST(weights_may_differ_by_any_factor),
        TEST(a_category_of_no_weight_is_never_drawn),
        TEST(weights_are_copied),
        TEST(weights_are_checked),
        TEST(categories_without_memory_leave_nothing),
    };
    return harness_main("choices", tests, COUNT(tests), argc, argv);
}
