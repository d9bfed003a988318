/* Exact sums: against 128-bit integers, and where a double ends. */
#include <float.h>
#include <string.h>

#include "core_exact.h"
#include "unit.h"

static struct core_exact sum; /* large for a stack */

static void begin(void)
{
    memset(&sum, 0, sizeof sum);
}

static double mean(uint64_t count)
{
    uint64_t digits[CORE_EXACT_DIGITS];
    core_exact_digits(&sum, digits);
    return core_exact_quotient(digits, count);
}

static double mean_of(const double *x, size_t count, uint64_t divisor)
{
    begin();
    for (size_t i = 0; i < count; i++)
        core_exact_add(&sum, x[i]);
    return mean(divisor);
}

#define MEAN(divisor, ...)                                                                         \
    mean_of((const double[]){__VA_ARGS__}, COUNT(((const double[]){__VA_ARGS__})), divisor)

/* splitmix64 */
static uint64_t scramble(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static double random_double(uint64_t i)
{
    uint64_t bits = scramble(i);
    double x;
    if ((bits >> 52 & 2047) == 2047) bits ^= UINT64_C(1) << 62;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The nearest double of a whole number over another, by comparing remainders. */
static double slow_quotient(core_i128 number, uint64_t divisor)
{
    core_u128 magnitude = number < 0 ? -(core_u128)number : (core_u128)number;
    double scale = 1;
    core_u128 d = divisor;
    while (magnitude / d >= (core_u128)1 << 53) {
        d *= 2;
        scale *= 2;
    }
    while (magnitude && magnitude / d < (core_u128)1 << 52) {
        magnitude *= 2;
        scale /= 2;
    }
    core_u128 whole = magnitude / d, rest = magnitude % d;
    if (2 * rest > d || (2 * rest == d && whole % 2)) whole++;
    double result = (double)(uint64_t)whole * scale;
    return number < 0 ? -result : result;
}

static void what_cancels_is_gone(void)
{
    CHECK_EQ(MEAN(3, 1e30, 1, -1e30), 1.0 / 3);
    CHECK_EQ(MEAN(1, DBL_MAX, 0x1p-1074, -DBL_MAX), 0x1p-1074);
    CHECK_EQ(MEAN(4, DBL_MAX, DBL_MAX, DBL_MAX, DBL_MAX), DBL_MAX);
    CHECK_EQ(MEAN(2, -DBL_MAX, -DBL_MAX), -DBL_MAX);
    if (CHECK_EQ(MEAN(1, 0.0), 0)) CHECK_EQ(MEAN(5, 1.5, -1.5), 0);
    CHECK_EQ(MEAN(10, .1, .1, .1, .1, .1, .1, .1, .1, .1, .1), .1);
}

static void a_sum_is_rounded_once_to_even(void)
{
    CHECK_EQ(MEAN(1, 1, 0x1p-53), 1);
    CHECK_EQ(MEAN(1, 1, 0x1p-53, 0x1p-1074), 1 + DBL_EPSILON);
    CHECK_EQ(MEAN(1, 1 + DBL_EPSILON, 0x1p-53), 1 + 2 * DBL_EPSILON);
    CHECK_EQ(MEAN(1, -1, -0x1p-53, -0x1p-1074), -1 - DBL_EPSILON);
    CHECK_EQ(MEAN(1, 1, 0x1p-53, -0x1p-1074), 1);
    CHECK_EQ(MEAN(1, 0x1.fffffffffffffp0, 0x1p-53), 2);
}

static void the_smallest_are_met(void)
{
    CHECK_EQ(MEAN(2, 0x1p-1074), 0);
    CHECK_EQ(MEAN(2, 0x1p-1074, 0x1p-1073), 0x1p-1073);
    CHECK_EQ(MEAN(3, 0x1p-1074, 0x1p-1074), 0x1p-1074);
    CHECK_EQ(MEAN(4, 0x1p-1074), 0);
    CHECK_EQ(MEAN(1, 0x1p-1022, -0x1p-1074), 0x0.fffffffffffffp-1022);
    CHECK_EQ(MEAN(2, 0x1.fffffffffffffp-1022), 0x1p-1022);
}

static void the_greatest_become_infinite(void)
{
    const double infinity = __builtin_inf();
    CHECK_EQ(MEAN(1, DBL_MAX, DBL_MAX), infinity);
    CHECK_EQ(MEAN(1, -DBL_MAX, -DBL_MAX), -infinity);
    CHECK_EQ(MEAN(1, DBL_MAX, 0x1p969), DBL_MAX);
    CHECK_EQ(MEAN(1, DBL_MAX, 0x1p970), infinity);
}

static void quotients_of_integers_are_rounded_once(void)
{
    for (uint64_t i = 0; i < 20000; i++) {
        int64_t a = (int64_t)scramble(3 * i) >> scramble(5 * i) % 64;
        int64_t b = (int64_t)scramble(7 * i) >> scramble(11 * i) % 64;
        uint64_t divisor = scramble(13 * i) >> scramble(17 * i) % 60;
        if (!divisor) divisor = 1;
        begin();
        core_exact_add_whole(&sum, a);
        core_exact_add_whole(&sum, b);
        uint64_t digits[CORE_EXACT_DIGITS];
        core_exact_digits(&sum, digits);
        if (!NEED(core_exact_whole(digits) == (core_i128)a + b)) return;
        if (!NEED_EQ(mean(divisor), slow_quotient((core_i128)a + b, divisor))) return;
    }
}

/* One sum, forwards, backwards, in shares whose digits are added, and each term many times. */
static void no_order_and_no_share_matters(void)
{
    enum {
        TERMS = 5000,
        SHARES = 7
    };
    uint64_t one[CORE_EXACT_DIGITS], other[CORE_EXACT_DIGITS], all[CORE_EXACT_DIGITS] = {0};
    begin();
    for (uint64_t i = 0; i < TERMS; i++)
        core_exact_add(&sum, random_double(i));
    core_exact_digits(&sum, one);
    begin();
    for (uint64_t i = TERMS; i-- > 0;)
        core_exact_add_times(&sum, random_double(i), 1);
    core_exact_digits(&sum, other);
    CHECK_BYTES(one, other, sizeof one);
    for (uint64_t share = 0; share < SHARES; share++) {
        begin();
        for (uint64_t i = share; i < TERMS; i += SHARES)
            core_exact_add(&sum, random_double(i));
        core_exact_digits(&sum, other);
        for (int i = 0; i < CORE_EXACT_DIGITS; i++)
            all[i] += other[i];
    }
    CHECK_EQ(core_exact_quotient(all, 12345), core_exact_quotient(one, 12345));
    begin();
    for (uint64_t i = 0; i < TERMS; i++)
        core_exact_add_times(&sum, random_double(i), 1000003);
    CHECK_EQ(mean(1000003), core_exact_quotient(one, 1));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(what_cancels_is_gone),
        TEST(a_sum_is_rounded_once_to_even),
        TEST(the_smallest_are_met),
        TEST(the_greatest_become_infinite),
        TEST(quotients_of_integers_are_rounded_once),
        TEST(no_order_and_no_share_matters),
    };
    return harness_main("exact", tests, COUNT(tests), argc, argv);
}
