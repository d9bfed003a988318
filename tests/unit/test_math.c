/* Accuracy of the elementary functions, against libm's in 80 bits. Every bound stands a little
 * above the largest error that was measured with SHARDSTEP_LONG=1, which is given beside it; each
 * test prints what it measures. An ulp is that of the exact result as a double (or float). */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "judge.h"
#include "random_math.h"
#include "unit.h"

static const long double pi = 3.141592653589793238462643383279502884L;

static uint64_t samples(void)
{
    return getenv("SHARDSTEP_LONG") ? 40000000 : 400000;
}

/* In [0,1). */
static double uniform(uint64_t *state)
{
    return (double)(judge_random(state) >> 11) * 0x1p-53;
}

static double between(uint64_t *state, double low, double high)
{
    return low + (high - low) * uniform(state);
}

/* The spacing of numbers with so many bits at a value. */
static long double spacing(long double value, int bits, int least_exponent)
{
    int exponent = value == 0 ? least_exponent : ilogbl(value) - (bits - 1);
    return ldexpl(1, exponent > least_exponent ? exponent : least_exponent);
}

static long double ulps(double got, long double expected)
{
    return fabsl(got - expected) / spacing(expected, 53, -1074);
}

static long double float_ulps(float got, long double expected)
{
    return fabsl(got - expected) / spacing(expected, 24, -149);
}

static long double relative(double got, long double expected)
{
    return fabsl(got / expected - 1);
}

/* The largest error so far; one that is NaN counts as infinite. */
static void note(long double *most, long double error)
{
    if (!(error <= *most)) *most = error == error ? error : (long double)INFINITY;
}

static bool within(const char *what, long double error, long double bound)
{
    printf("  %-42s %.4Lg (bound %.4Lg)\n", what, error, bound);
    return error < bound;
}

/* ---- log */

static long double log_error(double x)
{
    return ulps(random_log(x), logl(x));
}

static void log_is_accurate_everywhere(void)
{
    uint64_t state = 1, count = samples();
    long double most = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t exponent = 1 + judge_random(&state) % 2046;
        note(&most, log_error(random_double_from(exponent << 52 | judge_random(&state) >> 12)));
    }
    CHECK(within("log, any exponent, ulps", most, 0.95L)); /* 0.884 */
}

/* Where log x is small its digits are those of x - 1; at sqrt(2) and sqrt(1/2) the reduction
 * changes. */
static void log_is_accurate_near_one(void)
{
    uint64_t state = 2, count = samples();
    long double most = 0, closest = 0;
    for (uint64_t i = 0; i < count; i++)
        note(&most, log_error(between(&state, 0.35, 2.9)));
    for (uint64_t i = 0; i < count / 8; i++) {
        double away = ldexp(1 + uniform(&state), -2 - (int)(judge_random(&state) % 50));
        note(&closest, log_error(1 + away));
        note(&closest, log_error(1 - away));
    }
    CHECK(within("log, 0.35 to 2.9, ulps", most, 1.0L));          /* 0.949 */
    CHECK(within("log, 1 + 2^-52 to 1.5, ulps", closest, 0.98L)); /* 0.915 */
}

static void log_at_special_points(void)
{
    CHECK_EQ(random_log(1), 0);
    CHECK_EQ(random_log(2), 0x1.62e42fefa39efp-1);
    CHECK_EQ(random_log(0.5), -0x1.62e42fefa39efp-1);
    CHECK_IS(log_error(DBL_MIN), <, 1);
    CHECK_IS(log_error(DBL_MAX), <, 1);
    CHECK_IS(log_error(0x1p-53), <, 1);
    const double middle = 0.70710678118654752440, root = 1.41421356237309504880;
    for (int i = -5; i <= 5; i++) {
        CHECK_IS(log_error(middle + i * 0x1p-53), <, 1);
        CHECK_IS(log_error(root + i * 0x1p-52), <, 1);
    }
}

/* ---- exp and pow */

static void exp_is_accurate(void)
{
    uint64_t state = 3, count = samples();
    long double most = 0, small = 0;
    for (uint64_t i = 0; i < count; i++) {
        double x = between(&state, -708.3, 709.78), y = ldexp(x, -(int)(judge_random(&state) % 70));
        note(&most, ulps(random_exp(x), expl(x)));
        note(&small, ulps(random_exp(y), expl(y)));
    }
    CHECK(within("exp, ulps", most, 0.96L));                        /* 0.924 */
    CHECK(within("exp, argument of any size, ulps", small, 0.96L)); /* 0.916 */
}

/* Where the argument's multiple of log 2 is between two whole numbers, the reduction jumps. */
static void exp_is_accurate_where_the_reduction_jumps(void)
{
    long double most = 0;
    for (int n = -1020; n < 1023; n++) {
        double x = (n + 0.5) * 0x1.62e42fefa39efp-1;
        for (int i = -3; i <= 3; i++) {
            double y = x + i * fabs(x) * 0x1p-52;
            note(&most, ulps(random_exp(y), expl(y)));
        }
    }
    CHECK(within("exp between powers of 2, ulps", most, 0.92L)); /* 0.865 */
}

static void exp_at_its_ends(void)
{
    CHECK_EQ(random_exp(0), 1);
    CHECK_EQ(random_exp(-0.0), 1);
    CHECK_EQ(random_exp(DBL_MIN), 1);
    CHECK_EQ(random_exp(-DBL_MIN), 1);
    const double last = 709.782712893383; /* log DBL_MAX is 709.78271289338397… */
    CHECK_IS(relative(random_exp(last), expl(last)), <, 1e-15L);
    CHECK_EQ(random_exp(709.7827128933841), (double)INFINITY);
    CHECK_EQ(random_exp(709.9), (double)INFINITY);
    CHECK_EQ(random_exp(710.1), (double)INFINITY);
    CHECK_EQ(random_exp(DBL_MAX), (double)INFINITY);
    CHECK_EQ(random_exp((double)INFINITY), (double)INFINITY);
    CHECK_EQ(random_exp(-745.1), 0x1p-1074);
    CHECK_EQ(random_exp(-745.2), 0);
    CHECK_EQ(random_exp(-745.9), 0);
    CHECK_EQ(random_exp(-747), 0);
    CHECK_EQ(random_exp(-DBL_MAX), 0);
    CHECK_EQ(random_exp(-(double)INFINITY), 0);
}

/* Results below the normal numbers are rounded twice, so up to half a spacing more. */
static void exp_is_accurate_among_subnormal_numbers(void)
{
    uint64_t state = 4, count = samples() / 4;
    long double most = 0;
    for (uint64_t i = 0; i < count; i++) {
        double x = between(&state, -745.13, -708.4);
        note(&most, ulps(random_exp(x), expl(x)));
    }
    CHECK(within("exp, subnormal, ulps", most, 0.80L)); /* 0.750 */
}

static void pow_is_accurate(void)
{
    uint64_t state = 5, count = samples();
    long double most = 0;
    for (uint64_t i = 0; i < count; i++) {
        double x = exp(between(&state, -700, 700)), size = between(&state, -690, 690);
        double y = size / log(x);
        note(&most, relative(random_pow(x, y), powl(x, y)) / (1 + fabsl(y * logl(x))) * 0x1p52L);
    }
    CHECK(within("pow, in (1 + |y log x|) 2^-52", most, 1.1L)); /* 1.034 */
    CHECK_EQ(random_pow(0, 0.5), 0);
    CHECK_EQ(random_pow(1, 1e300), 1);
    CHECK_EQ(random_pow(7, 0), 1);
}

/* ---- log1p and asinh */

static void log1p_is_accurate(void)
{
    uint64_t state = 21, count = samples();
    long double most = 0, small = 0;
    for (uint64_t i = 0; i < count; i++) {
        double any = ldexp(1 + uniform(&state), (int)(judge_random(&state) % 2000) - 1000);
        double near = between(&state, -1, 3), tiny = ldexp(near, -(int)(judge_random(&state) % 60));
        note(&most, ulps(random_log1p(any), log1pl(any)));
        note(&small, ulps(random_log1p(near), log1pl(near)));
        note(&small, ulps(random_log1p(tiny), log1pl(tiny)));
    }
    CHECK(within("log1p, any exponent, ulps", most, 1.3L)); /* 1.213 */
    CHECK(within("log1p, -1 to 3, ulps", small, 1.5L));     /* 1.438 */
}

static void asinh_is_accurate(void)
{
    uint64_t state = 22, count = samples();
    long double most = 0, small = 0;
    for (uint64_t i = 0; i < count; i++) {
        double any = ldexp(1 + uniform(&state), (int)(judge_random(&state) % 2000) - 1000);
        double near = between(&state, -8, 8), tiny = ldexp(near, -(int)(judge_random(&state) % 60));
        note(&most, ulps(random_asinh(any), asinhl(any)));
        note(&small, ulps(random_asinh(near), asinhl(near)));
        note(&small, ulps(random_asinh(tiny), asinhl(tiny)));
    }
    CHECK(within("asinh, any exponent, ulps", most, 2.0L)); /* 1.889 */
    CHECK(within("asinh, -8 to 8, ulps", small, 2.1L));     /* 2.004 */
}

static void log1p_and_asinh_at_special_points(void)
{
    const double infinite = (double)INFINITY;
    CHECK_EQ(random_log1p(0), 0);
    CHECK(signbit(random_log1p(-0.0)) && signbit(random_asinh(-0.0)));
    CHECK_EQ(random_log1p(1), 0x1.62e42fefa39efp-1);
    CHECK_EQ(random_log1p(-1), -infinite);
    CHECK_EQ(random_log1p(infinite), infinite);
    CHECK(isnan(random_log1p(-1.5)) && isnan(random_log1p(-infinite)));
    CHECK(isnan(random_log1p((double)NAN)) && isnan(random_asinh((double)NAN)));
    CHECK_EQ(random_log1p(0x1p-1074), 0x1p-1074);
    CHECK_EQ(random_asinh(0x1p-1074), 0x1p-1074);
    CHECK_EQ(random_asinh(infinite), infinite);
    CHECK_EQ(random_asinh(-infinite), -infinite);
    CHECK_IS(ulps(random_asinh(DBL_MAX), asinhl(DBL_MAX)), <, 1);
    CHECK_IS(ulps(random_log1p(DBL_MAX), log1pl(DBL_MAX)), <, 1);
    CHECK_EQ(random_asinh(-0.75), -random_asinh(0.75));
}

/* ---- turns */

static void add_turn_error(uint64_t numerator, long double *absolute, long double *own)
{
    double cosine, sine;
    random_turn(numerator, &cosine, &sine);
    /* reduced to an eighth of a turn exactly: libm is asked only for what it does best */
    int64_t rest = (int64_t)(numerator & ((UINT64_C(1) << 51) - 1));
    bool beyond = rest > INT64_C(1) << 50;
    long double angle = (long double)(beyond ? (INT64_C(1) << 51) - rest : rest) * 0x1p-52L * pi;
    long double c = beyond ? sinl(angle) : cosl(angle), s = beyond ? cosl(angle) : sinl(angle);
    for (uint64_t quarter = numerator >> 51; quarter > 0; quarter--) {
        long double swap = c;
        c = -s;
        s = swap;
    }
    note(absolute, fabsl(cosine - c) * 0x1p53L);
    note(absolute, fabsl(sine - s) * 0x1p53L);
    note(own, ulps(cosine, c));
    note(own, ulps(sine, s));
}

static void turns_are_accurate(void)
{
    uint64_t state = 6, count = samples();
    long double absolute = 0, own = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t any = judge_random(&state) >> 11, near = any >> judge_random(&state) % 50;
        add_turn_error(any, &absolute, &own);
        add_turn_error((near + (judge_random(&state) >> 61 << 50)) & ((UINT64_C(1) << 53) - 1),
                       &absolute, &own);
    }
    CHECK(within("turn, in 2^-53", absolute, 1.85L));  /* 1.786 */
    CHECK(within("turn, in its own ulps", own, 1.9L)); /* 1.831 */
}

static void turns_meet_the_axes(void)
{
    static const double expected[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    for (uint64_t quarter = 0; quarter < 4; quarter++) {
        double cosine, sine;
        float cosine_float, sine_float;
        random_turn(quarter << 51, &cosine, &sine);
        random_turn_of_word((uint32_t)quarter << 30, &cosine_float, &sine_float);
        CHECK_EQ(cosine, expected[quarter][0]);
        CHECK_EQ(sine, expected[quarter][1]);
        CHECK_EQ((double)cosine_float, cosine);
        CHECK_EQ((double)sine_float, sine);
    }
}

/* An eighth, three eighths … of a turn: the borders between the axes' parts. */
static void turns_meet_the_diagonals(void)
{
    for (uint64_t eighth = 1; eighth < 8; eighth += 2) {
        for (uint64_t i = 0; i < 5; i++) {
            long double absolute = 0, own = 0;
            double cosine, sine;
            random_turn((eighth << 50) + i - 2, &cosine, &sine);
            CHECK_EQ(cosine < 0, eighth == 3 || eighth == 5);
            CHECK_EQ(sine<0, eighth> 4);
            add_turn_error((eighth << 50) + i - 2, &absolute, &own);
            CHECK_IS(own, <, 1.9L);
        }
    }
}

static void add_word_turn_error(uint32_t word, long double *absolute, long double *own)
{
    float cosine, sine;
    double c, s; /* whose error is a billionth of a float's */
    random_turn_of_word(word, &cosine, &sine);
    random_turn((uint64_t)word << 21, &c, &s);
    note(absolute, fabsl((double)cosine - (long double)c) * 0x1p24L);
    note(absolute, fabsl((double)sine - (long double)s) * 0x1p24L);
    note(own, float_ulps(cosine, c));
    note(own, float_ulps(sine, s));
}

static void turns_of_words_are_accurate(void)
{
    uint64_t state = 7, count = samples();
    long double absolute = 0, own = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t any = (uint32_t)judge_random(&state), axis = (uint32_t)judge_random(&state) << 29;
        add_word_turn_error(any, &absolute, &own);
        add_word_turn_error(axis + (any >> judge_random(&state) % 30), &absolute, &own);
        add_word_turn_error(axis - (any >> judge_random(&state) % 30), &absolute, &own);
    }
    CHECK(within("turn of a word, in 2^-24", absolute, 2.4L));          /* 2.291 */
    CHECK(within("turn of a word, in its own float ulps", own, 2.85L)); /* 2.737 */
}

/* ---- -2 log, the radius of a normal */

static void add_radius_error(uint32_t word, long double *small, long double *large)
{
    long double exact = -2 * logl(((long double)word + 1) * 0x1p-32L);
    float got = random_minus_two_log(word);
    if (exact < 1)
        note(small, fabsl((double)got - exact) * 0x1p24L);
    else
        note(large, float_ulps(got, exact));
}

/* Below 1 the error is absolute: a word that rounds to 24 bits moves it by up to 2^-24. */
static void minus_two_log_is_accurate(void)
{
    uint64_t state = 8, count = samples();
    long double small = 0, large = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t any = (uint32_t)judge_random(&state), near = any >> judge_random(&state) % 31;
        add_radius_error(any, &small, &large);
        add_radius_error(near, &small, &large);
        add_radius_error(UINT32_MAX - near, &small, &large);
    }
    CHECK(within("-2 log below 1, in 2^-24", small, 5.6L));     /* 5.419 */
    CHECK(within("-2 log from 1 on, float ulps", large, 3.2L)); /* 3.053 */
}

static void minus_two_log_at_its_ends(void)
{
    CHECK_EQ(random_minus_two_log(UINT32_MAX), 0);
    CHECK_IS(random_minus_two_log(0), <, 44.4f);
    CHECK_IS(float_ulps(random_minus_two_log(0), 64 * logl(2)), <=, 1);
    CHECK_IS(float_ulps(random_minus_two_log(0x7fffffff), 2 * logl(2)), <=, 1);
    uint64_t state = 9;
    size_t negative = 0;
    for (uint32_t i = 0; i < 1000000; i++) {
        negative += !(random_minus_two_log(UINT32_MAX - i) >= 0);
        negative += !(random_minus_two_log((uint32_t)judge_random(&state)) >= 0);
    }
    CHECK_EQ(negative, 0);
}

/* ---- the normal's distribution and its inverse */

static long double below(long double x)
{
    return 0.5L * erfcl(-x / sqrtl(2));
}

static void normal_below_is_accurate(void)
{
    uint64_t state = 10, count = samples() / 4;
    long double tail = 0, middle = 0, upper = 0;
    for (uint64_t i = 0; i < count; i++) {
        double far = between(&state, -37, 0), near = between(&state, -3, 0.5);
        double high = between(&state, 0, 9);
        note(&tail, relative(random_normal_below(far), below(far)));
        note(&middle, relative(random_normal_below(near), below(near)));
        note(&upper, relative(random_normal_below(high), below(high)));
    }
    CHECK(within("normal_below, -37 to 0, relative", tail, 8.8e-16L));    /* 8.01e-16 */
    CHECK(within("normal_below, -3 to 0.5, relative", middle, 8.5e-16L)); /* 7.82e-16 */
    CHECK(within("normal_below, 0 to 9, relative", upper, 8.2e-16L));     /* 7.46e-16 */
}

static void normal_below_at_its_ends(void)
{
    CHECK_IS(relative(random_normal_below(0), 0.5L), <, 5e-16L);
    CHECK_IS(relative(random_normal_below(-0.0), 0.5L), <, 5e-16L);
    CHECK_EQ(random_normal_below(-(double)INFINITY), 0);
    CHECK_EQ(random_normal_below((double)INFINITY), 1);
    CHECK_EQ(random_normal_below(-60), 0);
    CHECK_EQ(random_normal_below(-DBL_MAX), 0);
    CHECK_EQ(random_normal_below(DBL_MAX), 1);
    CHECK_EQ(random_normal_below(9), 1);
    CHECK_IS(random_normal_below(-38), >, 0);
    CHECK_IS(random_normal_below(-38), <, 1e-300);
}

/* How far x = quantile(p) is from where the distribution is p, in relation to x: one step of
 * Newton's method, in the half where probabilities keep their digits. */
static long double quantile_error(double p)
{
    double x = random_normal_quantile(p);
    if (p == 0.5) return fabsl((long double)x);
    bool upper = p > 0.5;
    long double z = upper ? -x : x, tail = upper ? 1 - p : p; /* 1 - p is exact from 1/2 on */
    long double off =
        p > 0.25 && p < 0.75 ? (tail - 0.5L) - -0.5L * erfl(-z / sqrtl(2)) : tail - below(z);
    return fabsl(off * sqrtl(2 * pi) * expl(z * z / 2) / z);
}

static void the_quantile_is_accurate(void)
{
    uint64_t state = 11, count = samples() / 4;
    long double middle = 0, tails = 0, far = 0;
    for (uint64_t i = 0; i < count; i++) {
        double p = uniform(&state), tail = ldexp(1 + p, -2 - (int)(judge_random(&state) % 52));
        if (p > 0) note(&middle, quantile_error(p));
        note(&tails, quantile_error(tail));
        note(&tails, quantile_error(1 - tail));
        note(&far, quantile_error(exp(between(&state, -705, -11))));
    }
    CHECK(within("quantile, 0 to 1, relative", middle, 8.5e-16L));         /* 7.71e-16 */
    CHECK(within("quantile, tails to 2^-53, relative", tails, 1.05e-15L)); /* 9.53e-16 */
    CHECK(within("quantile, 1e-306 to 1e-5, relative", far, 1.05e-15L));   /* 9.69e-16 */
}

/* Where one formula gives way to the next: |p - 1/2| = 0.425, and sqrt(-log p) = 5. */
static void the_quantile_is_accurate_at_its_joints(void)
{
    static const double joints[] = {0.075, 0.925, 1.3887943864964021e-11, 0.5};
    for (size_t i = 0; i < COUNT(joints); i++) {
        for (int step = -20; step <= 20; step++)
            CHECK_IS(quantile_error(joints[i] * (1 + step * 0x1p-50)), <, 1.05e-15L);
    }
    CHECK_EQ(random_normal_quantile(0.5), 0);
    CHECK_EQ(random_normal_quantile(0.25), -random_normal_quantile(0.75));
}

/* ---- log k! */

static long double factorial_error(uint64_t k)
{
    long double exact = lgammal((long double)k + 1);
    return fabsl(random_log_factorial(k) - exact) / (1 + fabsl(exact));
}

static void log_factorials_are_accurate(void)
{
    uint64_t state = 12, count = samples() / 4;
    long double small = 0, any = 0;
    for (uint64_t k = 0; k < 5000; k++)
        note(&small, factorial_error(k));
    for (uint64_t i = 0; i < count; i++)
        note(&any, factorial_error(judge_random(&state) >> (20 + judge_random(&state) % 40)));
    CHECK(within("log k!, k < 5000, per 1 + log k!", small, 4e-16L)); /* 3.63e-16 */
    CHECK(within("log k!, k < 2^44, per 1 + log k!", any, 4.2e-16L)); /* 3.77e-16 */
    if (CHECK_EQ(random_log_factorial(0), 0)) CHECK_EQ(random_log_factorial(1), 0);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(log_is_accurate_everywhere),
        TEST(log_is_accurate_near_one),
        TEST(log_at_special_points),
        TEST(exp_is_accurate),
        TEST(exp_is_accurate_where_the_reduction_jumps),
        TEST(exp_at_its_ends),
        TEST(exp_is_accurate_among_subnormal_numbers),
        TEST(pow_is_accurate),
        TEST(log1p_is_accurate),
        TEST(asinh_is_accurate),
        TEST(log1p_and_asinh_at_special_points),
        TEST(turns_are_accurate),
        TEST(turns_meet_the_axes),
        TEST(turns_meet_the_diagonals),
        TEST(turns_of_words_are_accurate),
        TEST(minus_two_log_is_accurate),
        TEST(minus_two_log_at_its_ends),
        TEST(normal_below_is_accurate),
        TEST(normal_below_at_its_ends),
        TEST(the_quantile_is_accurate),
        TEST(the_quantile_is_accurate_at_its_joints),
        TEST(log_factorials_are_accurate),
    };
    if (LDBL_MANT_DIG < 64) {
        puts("skipped: this machine's long double is no wider than its double");
        return 77;
    }
    return harness_main("math", tests, COUNT(tests), argc, argv);
}
