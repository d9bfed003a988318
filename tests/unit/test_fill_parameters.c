/* Parameters of draws that are refused, and purposes. */
#include <float.h>
#include <string.h>
#include <time.h>

#include "counted_memory.h"
#include "fill_scene.h"
#include "judge.h"
#include "random_math.h"
#include "unit.h"

/* ---- parameters */

#define FILLED 5

/* A draw that refused: nothing is drawn any more. */
static bool has_refused(shs_random *stream, bool zero)
{
    bool refused = zero && shs_random_status(stream) == SHS_ERROR_ARGUMENT;
    refused = refused && strstr(shs_message(), "parameter out of range") != NULL;
    for (int i = 0; i < 6; i++)
        refused = refused && shs_random_u32(stream) == 0;
    refused = refused && shs_random_normal_double(stream, 1, 1) == 0;
    refused = refused && !shs_random_bernoulli(stream, 1);
    return refused && shs_random_status(stream) == SHS_ERROR_ARGUMENT;
}

#define REFUSES(draw, type, ...)                                                                   \
    do {                                                                                           \
        shs_random one = begun(14, 2, 3), many = begun(14, 2, 3);                                  \
        type numbers[FILLED], number;                                                              \
        memset(numbers, 1, sizeof numbers); /* a valid bool too */                                 \
        number = shs_random_##draw(&one, __VA_ARGS__);                                             \
        bool good =                                                                                \
            has_refused(&one, number == 0) &&                                                      \
            shs_random_fill_##draw(&many, __VA_ARGS__, numbers, FILLED) == SHS_ERROR_ARGUMENT &&   \
            only_zeros(numbers, sizeof numbers) && has_refused(&many, true);                       \
        if (!good) WRONG("%s", #draw " refuses " #__VA_ARGS__);                                    \
    } while (0)

/* x is each of the numbers. */
#define ACCEPTS(condition, draw, type, ...)                                                        \
    do {                                                                                           \
        shs_random one = begun(15, 2, 3);                                                          \
        bool good = true;                                                                          \
        for (int i = 0; i < 300; i++) {                                                            \
            type x = shs_random_##draw(&one, __VA_ARGS__);                                         \
            good = good && (condition);                                                            \
        }                                                                                          \
        if (!good) WRONG("%s", #draw " of " #__VA_ARGS__ ": " #condition);                         \
        if (shs_random_status(&one)) WRONG("%s", #draw " accepts " #__VA_ARGS__);                  \
    } while (0)

#define INF  ((double)INFINITY)
#define NONE ((double)NAN)

static void intervals_are_checked(void)
{
    REFUSES(float_in, float, 1, 1);
    REFUSES(float_in, float, 2, 1);
    REFUSES(float_in, float, NAN, 1);
    REFUSES(float_in, float, 0, NAN);
    REFUSES(float_in, float, -INFINITY, 0);
    REFUSES(float_in, float, 0, INFINITY);
    REFUSES(float_in, float, 1, 1 + FLT_EPSILON);
    REFUSES(float_in, float, 0, 0x1p-149f);
    REFUSES(float_in, float, -0x1p-149f, 0);
    REFUSES(float_in, float, -0.0f, 0);
    REFUSES(double_in, double, 1, 1);
    REFUSES(double_in, double, 2, 1);
    REFUSES(double_in, double, NONE, 1);
    REFUSES(double_in, double, 0, NONE);
    REFUSES(double_in, double, -INF, 0);
    REFUSES(double_in, double, 0, INF);
    REFUSES(double_in, double, 1, 1 + DBL_EPSILON);
    REFUSES(double_in, double, 0, 0x1p-1074);
    REFUSES(double_in, double, -0x1p-1074, 0);
}

/* The least and the largest words, and the rule for any between: low + (high - low) * u. */
static void intervals_follow_their_rule(void)
{
    const shs_random zeros = {.words = {0, 0, 0, 0}, .used = 0, .counter = {1}};
    const shs_random ones = {.words = {0, 0, UINT32_MAX, UINT32_MAX}, .used = 2, .counter = {1}};
    shs_random stream = zeros, words = stream_at(17, 0);
    CHECK_EQ(shs_random_float_in(&stream, 0, 1), 0x1p-24f);
    stream = zeros;
    CHECK_EQ(shs_random_double_in(&stream, 0, 1), 0x1p-53);
    stream = ones;
    CHECK_EQ(shs_random_float_in(&stream, 0, 1), 1 - 0x1p-24f);
    stream = ones;
    CHECK_EQ(shs_random_double_in(&stream, 0, 1), 1 - 0x1p-53);
    size_t wrong = 0;
    stream = words;
    for (int i = 0; i < 5000; i++) {
        float u = ((float)(shs_random_u32(&words) / 512) + 0.5f) / 8388608;
        double v = ((double)(shs_random_u64(&words) / 4096) + 0.5) / 4503599627370496.0;
        wrong += shs_random_float_in(&stream, -3, 5.5f) != -3 + 8.5f * u;
        wrong += shs_random_double_in(&stream, -0.3, 5.5) != -0.3 + (5.5 + 0.3) * v;
    }
    CHECK_EQ(wrong, 0);
}

/* Every result lies inside, however few numbers there are. */
static void narrow_intervals_keep_their_ends_out(void)
{
    ACCEPTS(x == 1 + FLT_EPSILON, float_in, float, 1, 1 + 2 * FLT_EPSILON);
    ACCEPTS(x == 1 + DBL_EPSILON, double_in, double, 1, 1 + 2 * DBL_EPSILON);
    ACCEPTS(x == -1 - FLT_EPSILON, float_in, float, -1 - 2 * FLT_EPSILON, -1);
    ACCEPTS(x == -1 - DBL_EPSILON, double_in, double, -1 - 2 * DBL_EPSILON, -1);
    ACCEPTS(x > 1 && x < 1 + 4 * FLT_EPSILON, float_in, float, 1, 1 + 4 * FLT_EPSILON);
    ACCEPTS(x > 1 && x < 1 + 4 * DBL_EPSILON, double_in, double, 1, 1 + 4 * DBL_EPSILON);
    ACCEPTS(x == 0x1p-149f, float_in, float, 0, 0x1p-148f);
    ACCEPTS(x == 0x1p-1074, double_in, double, 0, 0x1p-1073);
    ACCEPTS(x == 0, float_in, float, -0x1p-149f, 0x1p-149f);
    ACCEPTS(x == 0, double_in, double, -0x1p-1074, 0x1p-1074);
    ACCEPTS(x == -0x1p-149f, float_in, float, -0x1p-148f, 0);
    ACCEPTS(x == -0x1p-1074, double_in, double, -0x1p-1073, 0);
    ACCEPTS(x > 0x1p24f && x < 0x1p24f + 6, float_in, float, 0x1p24f, 0x1p24f + 6);
    ACCEPTS(x > -FLT_MAX / 2 && x < FLT_MAX / 2, float_in, float, -FLT_MAX / 2, FLT_MAX / 2);
    ACCEPTS(x > -DBL_MAX / 2 && x < DBL_MAX / 2, double_in, double, -DBL_MAX / 2, DBL_MAX / 2);
}

static void counts_and_chances_are_checked(void)
{
    REFUSES(below, uint32_t, 0);
    REFUSES(below64, uint64_t, 0);
    REFUSES(bernoulli, bool, -0x1p-1074);
    REFUSES(bernoulli, bool, 1 + DBL_EPSILON);
    REFUSES(bernoulli, bool, NONE);
    REFUSES(bernoulli, bool, INF);
    REFUSES(bernoulli, bool, -INF);
    ACCEPTS(x, bernoulli, bool, 1);
    ACCEPTS(!x, bernoulli, bool, 0);
    ACCEPTS(!x, bernoulli, bool, -0.0);
    REFUSES(poisson, uint64_t, -0x1p-1074);
    REFUSES(poisson, uint64_t, NONE);
    REFUSES(poisson, uint64_t, INF);
    REFUSES(poisson, uint64_t, 0x1p31 + 1);
    ACCEPTS(x == 0, poisson, uint64_t, 0);
    ACCEPTS(x < 2, poisson, uint64_t, 1e-5);
    ACCEPTS(x > 2147483648u - 300000 && x < 2147483648u + 300000, poisson, uint64_t, 0x1p31);
    REFUSES(binomial, uint64_t, 5, -0x1p-1074);
    REFUSES(binomial, uint64_t, 5, 1 + DBL_EPSILON);
    REFUSES(binomial, uint64_t, 5, NONE);
    REFUSES(binomial, uint64_t, 5, INF);
    REFUSES(binomial, uint64_t, (UINT64_C(1) << 31) + 1, 0.5);
    REFUSES(binomial, uint64_t, UINT64_MAX, 0);
    ACCEPTS(x == 0, binomial, uint64_t, 0, 0.5);
    ACCEPTS(x == 0, binomial, uint64_t, UINT64_C(1) << 31, 0);
    ACCEPTS(x == UINT64_C(1) << 31, binomial, uint64_t, UINT64_C(1) << 31, 1);
    ACCEPTS(x <= 1, binomial, uint64_t, 1, 0.5);
    ACCEPTS(x > 1073741824u - 300000 && x < 1073741824u + 300000, binomial, uint64_t,
            UINT64_C(1) << 31, 0.5);
    ACCEPTS(x >= 2147483648u - 40 && x <= 2147483648u, binomial, uint64_t, UINT64_C(1) << 31,
            1 - 4e-9);
}

static void normals_are_checked(void)
{
    REFUSES(normal_float, float, NAN, 1);
    REFUSES(normal_float, float, INFINITY, 1);
    REFUSES(normal_float, float, 0, -1);
    REFUSES(normal_float, float, 0, NAN);
    REFUSES(normal_float, float, 0, INFINITY);
    REFUSES(normal_double, double, NONE, 1);
    REFUSES(normal_double, double, -INF, 1);
    REFUSES(normal_double, double, 0, -0x1p-1074);
    REFUSES(normal_double, double, 0, NONE);
    REFUSES(normal_double, double, 0, INF);
    ACCEPTS(x == 3, normal_float, float, 3, 0);
    ACCEPTS(x == -3, normal_double, double, -3, 0);
}

static void truncated_normals_are_checked(void)
{
    REFUSES(truncated_normal, double, NONE, 1, -1, 1);
    REFUSES(truncated_normal, double, INF, 1, -1, 1);
    REFUSES(truncated_normal, double, 0, 0, -1, 1);
    REFUSES(truncated_normal, double, 0, -1, -1, 1);
    REFUSES(truncated_normal, double, 0, NONE, -1, 1);
    REFUSES(truncated_normal, double, 0, INF, -1, 1);
    REFUSES(truncated_normal, double, 0, 1, NONE, 1);
    REFUSES(truncated_normal, double, 0, 1, -1, NONE);
    REFUSES(truncated_normal, double, 0, 1, 1, 1);
    REFUSES(truncated_normal, double, 0, 1, 1, -1);
    REFUSES(truncated_normal, double, 0, 1, INF, INF);
    REFUSES(truncated_normal, double, 0, 1, 38, INF);
    REFUSES(truncated_normal, double, 0, 1, -INF, -38);
    REFUSES(truncated_normal, double, 0, 1, 0, 0x1p-1074);
    REFUSES(truncated_normal, double, 0, 0x1p-1074, 1, 2);
    REFUSES(truncated_normal, double, 0, 1, 36.5, INF); /* 5.5e-292; 36.4: 2.1e-290 */
    REFUSES(truncated_normal, double, 0, 1, -INF, -36.5);
    ACCEPTS(x >= 36.4 && x < 37, truncated_normal, double, 0, 1, 36.4, INF);
    ACCEPTS(x >= 36 && x < 36.5, truncated_normal, double, 0, 1, 36, INF);
    ACCEPTS(x <= -36 && x > -36.5, truncated_normal, double, 0, 1, -INF, -36);
    ACCEPTS(x > -9 && x < 9, truncated_normal, double, 0, 1, -INF, INF);
    ACCEPTS(x >= 5 && x <= 5 + 1e-12, truncated_normal, double, 0, 1, 5, 5 + 1e-12);
    ACCEPTS(x >= -1e-300 && x <= 1e-300, truncated_normal, double, 0, 1e-300, -1e-300, 1e-300);
}

/* The largest u64 may give a probability that rounds to 1, whose quantile would be infinite. */
static void truncated_normals_stay_finite(void)
{
    for (int i = 0; i < 3000; i++) {
        shs_random stream = {.words = {0, 0, UINT32_MAX, UINT32_MAX}, .used = 2, .counter = {1}};
        double x = shs_random_truncated_normal(&stream, 0, 1, -0.001 * i, INF);
        CHECK_IS(x, >, 7);
        CHECK_IS(x, <, 9);
    }
}

static void rates_and_shapes_are_checked(void)
{
    REFUSES(exponential, double, -0x1p-1074);
    REFUSES(exponential, double, NONE);
    REFUSES(exponential, double, INF);
    ACCEPTS(x == 0, exponential, double, 0);
    ACCEPTS(x >= 0 && x < 37 * 1e-300, exponential, double, 1e-300);
    REFUSES(gamma, double, 0, 1);
    REFUSES(gamma, double, -1, 1);
    REFUSES(gamma, double, NONE, 1);
    REFUSES(gamma, double, INF, 1);
    REFUSES(gamma, double, 1, -1);
    REFUSES(gamma, double, 1, NONE);
    REFUSES(gamma, double, 1, INF);
    ACCEPTS(x == 0, gamma, double, 2, 0);
    ACCEPTS(x > 0.999e12 && x < 1.001e12, gamma, double, 1e12, 1);
    REFUSES(beta, double, 0, 1);
    REFUSES(beta, double, 1, 0);
    REFUSES(beta, double, -1, 1);
    REFUSES(beta, double, NONE, 1);
    REFUSES(beta, double, 1, NONE);
    REFUSES(beta, double, INF, 1);
    REFUSES(beta, double, 1, INF);
    ACCEPTS(x >= 0 && x <= 1, beta, double, 1e-3, 1e-3);
    ACCEPTS(x > 0.499 && x < 0.501, beta, double, 1e9, 1e9);
}

/* Logarithms of such gammas are as large as a double can be, and either may be the larger. */
static void the_smallest_shapes_give_zeros_and_ones(void)
{
    ACCEPTS(x == 0 || x == 1, beta, double, 1e-300, 1e-300);
    ACCEPTS(x == 0 || x == 1, beta, double, 1e-300, 2e-300);
    ACCEPTS(x == 0, beta, double, 1e-300, 1);
    ACCEPTS(x == 1, beta, double, 1, 1e-300);
    ACCEPTS(x == 0, gamma, double, 1e-300, 1e300);
    REFUSES(gamma, double, 0.99e-300, 1);
    REFUSES(gamma, double, 0x1p-1074, 1);
    REFUSES(beta, double, 0.99e-300, 1);
    REFUSES(beta, double, 1, 0x1p-1074);
}

/* A stream that has failed says why it failed first. */
static void the_first_error_stays(void)
{
    shs_random stream = ending(16, 0, 0);
    shs_random_u32(&stream);
    CHECK_EQ(shs_random_gamma(&stream, -1, 1), 0);
    CHECK_EQ(shs_random_beta(&stream, 1, 1), 0);
    CHECK_EQ(shs_random_truncated_normal(&stream, 0, 1, -1, 1), 0);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_EXHAUSTED);
}

/* Probabilities add up to 1 but for rounding: a uniform beyond their sum must not be looked for
 * among all of 2^31 numbers of successes, which takes seconds. The stream's first u64 is the
 * largest of all. */
static void a_binomial_never_counts_to_two_billions(void)
{
    const double chances[] = {4.0e-9, 4.1e-9, 3.3e-9, 1.7e-9, 2.9e-9, 1.1e-9};
    clock_t start = clock();
    for (size_t i = 0; i < COUNT(chances); i++) {
        shs_random stream = {.words = {0, 0, UINT32_MAX, UINT32_MAX}, .used = 2, .counter = {1}};
        CHECK_IS(shs_random_binomial(&stream, UINT64_C(1) << 31, chances[i]), <, 100);
    }
    CHECK_IS(clock() - start, <, CLOCKS_PER_SEC);
}

/* ---- purposes */

static void own_purposes_are_distinct_and_free(void)
{
    bool seen[256] = {false};
    for (uint64_t number = 0; number < 144; number++) {
        uint64_t purpose = UINT64_MAX;
        shs_random stream;
        CHECK_STATUS(shs_random_own_purpose(number, &purpose), SHS_OK);
        if (!NEED(purpose < 256)) return;
        CHECK(!seen[purpose]);
        CHECK_IS(purpose % 16, >, SHS_ROLE_INITIALISE);
        seen[purpose] = true;
        CHECK_STATUS(shs_random_at(&(shs_place){.purpose = purpose}, &stream), SHS_OK);
    }
    uint64_t purpose = 99;
    if (CHECK_STATUS(shs_random_own_purpose(144, &purpose), SHS_ERROR_ARGUMENT))
        CHECK_EQ(purpose, 0);
    CHECK_HAS(shs_message(), "143");
    CHECK_STATUS(shs_random_own_purpose(UINT64_MAX, &purpose), SHS_ERROR_ARGUMENT);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(intervals_are_checked),
        TEST(intervals_follow_their_rule),
        TEST(narrow_intervals_keep_their_ends_out),
        TEST(counts_and_chances_are_checked),
        TEST(normals_are_checked),
        TEST(truncated_normals_are_checked),
        TEST(truncated_normals_stay_finite),
        TEST(rates_and_shapes_are_checked),
        TEST(the_smallest_shapes_give_zeros_and_ones),
        TEST(the_first_error_stays),
        TEST(a_binomial_never_counts_to_two_billions),
        TEST(own_purposes_are_distinct_and_free),
    };
    return harness_main("fill_parameters", tests, COUNT(tests), argc, argv);
}
