#include "order_metric.h"

#include "core_elements.h"

enum {
    NAN_AT = CORE_EXACT_DIGITS, /* indexes of the sums behind the digits */
    POSITIVE_AT,
    NEGATIVE_AT,
    WEIGHT_LOW_AT, /* the low and the high 32 bits of the weight, so that sums do not wrap */
    WEIGHT_HIGH_AT,
    NOT_LEAST = 0, /* indexes of the extremes */
    GREATEST
};

/* The one NaN of all results. Other NaN differ in bits that no reader sees. */
static double not_a_number(void)
{
    const uint64_t bits = UINT64_C(0x7ff8000000000000);
    double nan;
    memcpy(&nan, &bits, sizeof nan);
    return nan;
}

void order_metric_clear(struct order_metric *metric)
{
    memset(metric, 0, sizeof *metric);
}

static void widen(struct order_metric *metric, double value)
{
    uint64_t key = core_double_key(value + 0.0); /* -0 + 0 is +0 */
    if (~key > metric->not_least) metric->not_least = ~key;
    if (key > metric->greatest) metric->greatest = key;
}

bool order_metric_add(struct order_metric *metric, double value, uint64_t times, uint64_t weight)
{
    if (weight > ORDER_METRIC_MOST_WEIGHT - metric->weight) return false;
    if (!weight) return true;
    metric->weight += weight;
    if (value != value) {
        metric->nan = true;
        return true;
    }
    widen(metric, value);
    if (value - value == 0)
        core_exact_add_times(&metric->sum, value, times);
    else if (value > 0)
        metric->positive = true;
    else
        metric->negative = true;
    return true;
}

void order_metric_give(const struct order_metric *metric, uint64_t sums[ORDER_METRIC_SUMS],
                       uint64_t extremes[ORDER_METRIC_EXTREMES])
{
    core_exact_digits(&metric->sum, sums);
    sums[NAN_AT] = metric->nan;
    sums[POSITIVE_AT] = metric->positive;
    sums[NEGATIVE_AT] = metric->negative;
    sums[WEIGHT_LOW_AT] = metric->weight & UINT32_MAX;
    sums[WEIGHT_HIGH_AT] = metric->weight >> 32;
    extremes[NOT_LEAST] = metric->not_least;
    extremes[GREATEST] = metric->greatest;
}

bool order_metric_weight(const uint64_t sums[ORDER_METRIC_SUMS], uint64_t *weight)
{
    uint64_t high = sums[WEIGHT_HIGH_AT] + (sums[WEIGHT_LOW_AT] >> 32);
    *weight = high << 32 | (sums[WEIGHT_LOW_AT] & UINT32_MAX);
    return high <= UINT32_MAX;
}

/* The sum divided by `divisor`. */
static double quotient(const uint64_t sums[ORDER_METRIC_SUMS], uint64_t divisor)
{
    if (sums[NAN_AT] || (sums[POSITIVE_AT] && sums[NEGATIVE_AT])) return not_a_number();
    if (sums[POSITIVE_AT]) return __builtin_inf();
    if (sums[NEGATIVE_AT]) return -__builtin_inf();
    return core_exact_quotient(sums, divisor) + 0.0;
}

double order_metric_sum(const uint64_t sums[ORDER_METRIC_SUMS])
{
    return quotient(sums, 1);
}

double order_metric_mean(const uint64_t sums[ORDER_METRIC_SUMS])
{
    uint64_t weight;
    return order_metric_weight(sums, &weight) && weight ? quotient(sums, weight) : not_a_number();
}

double order_metric_least(const uint64_t sums[ORDER_METRIC_SUMS],
                          const uint64_t extremes[ORDER_METRIC_EXTREMES])
{
    if (sums[NAN_AT]) return not_a_number();
    return extremes[NOT_LEAST] ? core_key_double(~extremes[NOT_LEAST]) : __builtin_inf();
}

double order_metric_greatest(const uint64_t sums[ORDER_METRIC_SUMS],
                             const uint64_t extremes[ORDER_METRIC_EXTREMES])
{
    if (sums[NAN_AT]) return not_a_number();
    return extremes[GREATEST] ? core_key_double(extremes[GREATEST]) : -__builtin_inf();
}
