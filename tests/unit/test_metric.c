/* Metrics: against exact fractions, on any number of ranks, in any order. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "order_metric.h"
#include "unit.h"

#include "metric_vectors.h"

enum {
    MOST_RANKS = 7,
    MANY = 5000
};

/* The metric of each rank; large for a stack. */
static struct order_metric metrics[MOST_RANKS];

static struct results {
    double sum, mean, least, greatest;
} results_of(size_t ranks)
{
    uint64_t sums[ORDER_METRIC_SUMS] = {0}, extremes[ORDER_METRIC_EXTREMES] = {0};
    for (size_t rank = 0; rank < ranks; rank++) {
        uint64_t s[ORDER_METRIC_SUMS], e[ORDER_METRIC_EXTREMES];
        order_metric_give(&metrics[rank], s, e);
        order_metric_clear(&metrics[rank]);
        for (size_t i = 0; i < ORDER_METRIC_SUMS; i++)
            sums[i] += s[i];
        for (size_t i = 0; i < ORDER_METRIC_EXTREMES; i++)
            extremes[i] = e[i] > extremes[i] ? e[i] : extremes[i];
    }
    return (struct results){order_metric_sum(sums), order_metric_mean(sums),
                            order_metric_least(sums, extremes),
                            order_metric_greatest(sums, extremes)};
}

static void check_results(struct results came, struct results expected)
{
    CHECK_DOUBLES(&came.sum, &expected.sum, 1);
    CHECK_DOUBLES(&came.mean, &expected.mean, 1);
    CHECK_DOUBLES(&came.least, &expected.least, 1);
    CHECK_DOUBLES(&came.greatest, &expected.greatest, 1);
}

static void results_are_those_of_exact_fractions(void)
{
    for (size_t v = 0; v < COUNT(vectors); v++)
        for (size_t ranks = 1; ranks <= 3; ranks++) {
            const struct vector *vector = &vectors[v];
            harness_where("vector %zu on %zu ranks", v, ranks);
            for (size_t i = 0; i < vector->count; i++)
                CHECK(order_metric_add(&metrics[i % ranks], vector->values[i], vector->weights[i],
                                       vector->weights[i]));
            check_results(results_of(ranks), (struct results){vector->sum, vector->mean,
                                                              vector->least, vector->greatest});
        }
}

/* splitmix64 */
static uint64_t scramble(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Any finite double. */
static double number(uint64_t i)
{
    uint64_t bits = scramble(i);
    double x;
    if ((bits >> 52 & 2047) == 2047) bits ^= UINT64_C(1) << 62;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The values in another order, on another number of ranks. */
static struct results shuffled(size_t ranks, uint64_t step)
{
    for (uint64_t i = 0; i < MANY; i++) {
        uint64_t at = i * step % MANY;
        order_metric_add(&metrics[scramble(i) % ranks], number(at), 1, 1);
    }
    return results_of(ranks);
}

static void any_order_on_any_ranks_gives_the_same_bits(void)
{
    struct results first = shuffled(1, 1);
    CHECK(first.mean - first.mean == 0);
    for (size_t ranks = 1; ranks <= MOST_RANKS; ranks++)
        check_results(shuffled(ranks, 7919), first);
}

static void a_weight_is_a_number_of_times(void)
{
    for (int i = 0; i < 1000; i++)
        order_metric_add(&metrics[i % 3], 0.1, 1, 1);
    struct results often = results_of(3);
    order_metric_add(&metrics[0], 0.1, 1000, 1000);
    check_results(results_of(1), often);
    CHECK_EQ(often.mean, 0.1);
    CHECK_EQ(often.sum, 100.00000000000000555);
}

static void a_total_counts_once(void)
{
    order_metric_add(&metrics[0], 3, 1, 4);
    order_metric_add(&metrics[1], 2, 1, 6);
    struct results came = results_of(2);
    CHECK_EQ(came.sum, 5);
    CHECK_EQ(came.mean, 0.5);
}

static void check_special(double a, double b, double sum, double least, double greatest)
{
    order_metric_add(&metrics[0], a, 2, 2);
    order_metric_add(&metrics[0], 5, 1, 1);
    order_metric_add(&metrics[1], b, 3, 3);
    check_results(results_of(2), (struct results){sum, sum, least, greatest});
}

static void nan_and_infinities(void)
{
    const uint64_t bits = UINT64_C(0x7ff8000000000000);
    double nan, other = -NAN;
    memcpy(&nan, &bits, sizeof nan);
    check_special(other, 1, nan, nan, nan);
    check_special(1, other, nan, nan, nan);
    check_special(INFINITY, other, nan, nan, nan);
    check_special(INFINITY, INFINITY, INFINITY, 5, INFINITY);
    check_special(-INFINITY, DBL_MAX, -INFINITY, -INFINITY, DBL_MAX);
    check_special(-INFINITY, INFINITY, nan, -INFINITY, INFINITY);
    check_results(results_of(2), (struct results){0, nan, INFINITY, -INFINITY});
    order_metric_add(&metrics[0], other, 0, 0);
    order_metric_add(&metrics[1], INFINITY, 0, 0);
    check_results(results_of(2), (struct results){0, nan, INFINITY, -INFINITY});
}

static void zeros_are_positive(void)
{
    order_metric_add(&metrics[0], -0.0, 1, 1);
    check_results(results_of(1), (struct results){0, 0, 0, 0});
    order_metric_add(&metrics[0], -0x1p-1074, 1, 1);
    order_metric_add(&metrics[0], 0, 5, 5);
    check_results(results_of(1), (struct results){-0x1p-1074, 0, -0x1p-1074, 0});
}

static void weights_have_a_limit(void)
{
    uint64_t sums[ORDER_METRIC_SUMS], all[ORDER_METRIC_SUMS] = {0}, extremes[2], weight;
    for (int rank = 0; rank < 3; rank++) {
        CHECK(order_metric_add(&metrics[rank], -DBL_MAX, ORDER_METRIC_MOST_WEIGHT - 1,
                               ORDER_METRIC_MOST_WEIGHT - 1));
        CHECK(!order_metric_add(&metrics[rank], 1, 2, 2));
        CHECK(order_metric_add(&metrics[rank], -DBL_MAX, 1, 1));
        CHECK(!order_metric_add(&metrics[rank], 1, UINT64_MAX, UINT64_MAX));
        order_metric_give(&metrics[rank], sums, extremes);
        for (size_t i = 0; i < ORDER_METRIC_SUMS; i++)
            all[i] += sums[i];
        CHECK_EQ(order_metric_weight(all, &weight), (rank < 2));
        if (rank < 2) CHECK_EQ(weight, ORDER_METRIC_MOST_WEIGHT * ((uint64_t)rank + 1));
        if (rank < 2) CHECK_EQ(order_metric_mean(all), -DBL_MAX);
        order_metric_clear(&metrics[rank]);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(results_are_those_of_exact_fractions),
        TEST(any_order_on_any_ranks_gives_the_same_bits),
        TEST(a_weight_is_a_number_of_times),
        TEST(a_total_counts_once),
        TEST(nan_and_infinities),
        TEST(zeros_are_positive),
        TEST(weights_have_a_limit),
    };
    return harness_main("metric", tests, COUNT(tests), argc, argv);
}
