/* A metric: the exact sum, the weight, the least and the greatest of many doubles. Pure.
 *
 * Every order and every grouping of the values gives the same numbers, because the sum is exact
 * (core_exact.h). It is rounded once, to the nearest double, ties to even. A metric becomes numbers
 * of 64 bits that are added or compared over the ranks, and the results are made of these. */
#ifndef ORDER_METRIC_H
#define ORDER_METRIC_H

#include <stdbool.h>

#include "core_exact.h"

/* Begins as order_metric_clear() leaves it. */
struct order_metric {
    struct core_exact sum; /* of the finite values, each times its weight */
    uint64_t weight;       /* at most ORDER_METRIC_MOST_WEIGHT */
    bool nan;              /* a value was NaN */
    bool positive;         /* a value was an infinity of this sign */
    bool negative;
    uint64_t not_least; /* the complement of the key of the least value; 0 without a value */
    uint64_t greatest;  /* the key of the greatest value; 0 without a value */
};

/* The most weight that a metric takes, so that sums of 2^32 metrics stay exact. */
#define ORDER_METRIC_MOST_WEIGHT (UINT64_MAX >> 1)

enum {
    ORDER_METRIC_SUMS = CORE_EXACT_DIGITS + 5, /* numbers that are added over the ranks */
    ORDER_METRIC_EXTREMES = 2                  /* numbers whose greatest is wanted */
};

/* Forgets all values. */
void order_metric_clear(struct order_metric *metric);

/* Adds `times` times a value, which stands for a weight of `weight`. A weight of 0 adds nothing.
 * Returns false, and adds nothing, if the weight would become larger than a metric takes. */
bool order_metric_add(struct order_metric *metric, double value, uint64_t times, uint64_t weight);

/* Writes the numbers of a metric. */
void order_metric_give(const struct order_metric *metric, uint64_t sums[ORDER_METRIC_SUMS],
                       uint64_t extremes[ORDER_METRIC_EXTREMES]);

/* Puts the weight of all metrics into *weight. Returns false if it is 2^64 or more. */
bool order_metric_weight(const uint64_t sums[ORDER_METRIC_SUMS], uint64_t *weight);

/* The results. A NaN among the values gives NaN. Infinities of one sign give this infinity as sum
 * and mean, infinities of both signs give NaN. A finite sum that is too large for a double gives an
 * infinity. Zeros are positive. Without weight the sum is 0, the mean NaN, the least +infinity, the
 * greatest -infinity. */
double order_metric_sum(const uint64_t sums[ORDER_METRIC_SUMS]);
double order_metric_mean(const uint64_t sums[ORDER_METRIC_SUMS]);
double order_metric_least(const uint64_t sums[ORDER_METRIC_SUMS],
                          const uint64_t extremes[ORDER_METRIC_EXTREMES]);
double order_metric_greatest(const uint64_t sums[ORDER_METRIC_SUMS],
                             const uint64_t extremes[ORDER_METRIC_EXTREMES]);

#endif
