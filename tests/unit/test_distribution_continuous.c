/* Statistics of draws of real numbers: each distribution's function turns them into uniform
 * numbers, which draw_checks.h judges. */
#include "draw_checks.h"

/* ---- uniform numbers */

static shs_status fill_floats_as_doubles(shs_random *stream, bool inside, float low, float high,
                                         double *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] =
            (double)(inside ? shs_random_float_in(stream, low, high) : shs_random_float(stream));
    return shs_random_status(stream);
}

static void floats_and_doubles_are_uniform(void)
{
    CHECK_CONTINUOUS("float", 1, fill_floats_as_doubles(&stream, false, 0, 0, out, n), x);
    CHECK_CONTINUOUS("double", 2, shs_random_fill_double(&stream, out, n), x);
}

static void intervals_are_uniform(void)
{
    CHECK_CONTINUOUS("float_in", 3, fill_floats_as_doubles(&stream, true, -2.5f, 7, out, n),
                     (x + 2.5) / 9.5);
    CHECK_CONTINUOUS("float_in, far from 0", 4,
                     fill_floats_as_doubles(&stream, true, 0x1p20f, 0x1p20f + 0x1p18f, out, n),
                     (x - 0x1p20) * 0x1p-18);
    CHECK_CONTINUOUS("double_in", 5, shs_random_fill_double_in(&stream, -2.5, 7, out, n),
                     (x + 2.5) / 9.5);
    CHECK_CONTINUOUS("double_in, negative", 6,
                     shs_random_fill_double_in(&stream, -1e300, -1e299, out, n),
                     (x / 1e299 + 10) / 9);
}

/* Each bit of the words is one half of the time. */
static void bits_are_balanced(void)
{
    enum {
        PIECE = 4096
    };
    uint32_t words[PIECE];
    uint64_t ones[32] = {0};
    size_t pieces = times(100, 400);
    shs_random stream = stream_of(7);
    for (size_t i = 0; i < pieces; i++) {
        CHECK_STATUS(shs_random_fill_u32(&stream, words, PIECE), SHS_OK);
        for (size_t j = 0; j < PIECE; j++)
            for (uint32_t bit = 0; bit < 32; bit++)
                ones[bit] += words[j] >> bit & 1;
    }
    size_t n = pieces * PIECE;
    for (uint32_t bit = 0; bit < 32; bit++)
        check_sum("u32", "ones of a bit", (double)ones[bit] - (double)n / 2, n, 0.25);
}

/* ---- normals */

static shs_status fill_normal_floats(shs_random *stream, float mean, float deviation, double *out,
                                     size_t n)
{
    float piece[1000];
    for (size_t done = 0; done < n; done += COUNT(piece)) {
        size_t count = n - done < COUNT(piece) ? n - done : COUNT(piece);
        shs_status status = shs_random_fill_normal_float(stream, mean, deviation, piece, count);
        if (status) return status;
        for (size_t i = 0; i < count; i++)
            out[done + i] = (double)piece[i];
    }
    return SHS_OK;
}

static void normals_are_normal(void)
{
    CHECK_CONTINUOUS("normal_float", 10, fill_normal_floats(&stream, 0, 1, out, n),
                     normal_below(x));
    CHECK_CONTINUOUS("normal_float of 5, 3", 11, fill_normal_floats(&stream, 5, 3, out, n),
                     normal_below((x - 5) / 3));
    CHECK_CONTINUOUS("normal_double", 12, shs_random_fill_normal_double(&stream, 0, 1, out, n),
                     normal_below(x));
    CHECK_CONTINUOUS("normal_double of -2, 0.5", 13,
                     shs_random_fill_normal_double(&stream, -2, 0.5, out, n),
                     normal_below((x + 2) / 0.5));
}

/* Powers' expectations are 0, 1, 0, 3; a pair's cosine and sine, and their squares, do not depend
 * on each other. */
static void check_moments(const char *what, const double *z, size_t n)
{
    double sum[4] = {0}, pairs = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double square = z[i] * z[i];
        sum[0] += z[i];
        sum[1] += square - 1;
        sum[2] += square * z[i];
        sum[3] += square * square - 3;
    }
    for (size_t i = 0; i + 1 < n; i += 2) {
        pairs += z[i] * z[i + 1];
        squares += (z[i] * z[i] - 1) * (z[i + 1] * z[i + 1] - 1);
    }
    check_sum(what, "mean", sum[0], n, 1);
    check_sum(what, "variance", sum[1], n, 2);
    check_sum(what, "skewness", sum[2], n, 15);
    check_sum(what, "fourth moment", sum[3], n, 96);
    check_sum(what, "correlation in pairs", pairs, n / 2, 1);
    check_sum(what, "correlation of squares in pairs", squares, n / 2, 4);
}

static void normals_have_their_moments(void)
{
    size_t n = times(2000000, 10);
    double *z = new_doubles(n);
    shs_random stream = stream_of(14);
    CHECK_STATUS(fill_normal_floats(&stream, 0, 1, z, n), SHS_OK);
    check_moments("normal_float", z, n);
    CHECK_STATUS(shs_random_fill_normal_double(&stream, 0, 1, z, n), SHS_OK);
    check_moments("normal_double", z, n);
    free(z);
}

enum {
    TAIL_PIECE = 1 << 14,
    TAILS = 3
};

/* Numbers beyond 4, 5 and 6 deviations on either side. */
struct tails {
    uint64_t upper[TAILS], lower[TAILS];
    double largest;
};

static void add_tails(struct tails *tails, double z)
{
    for (int i = 0; i < TAILS; i++) {
        tails->upper[i] += z > 4 + i;
        tails->lower[i] += z < -4 - i;
    }
    tails->largest = fmax(tails->largest, fabs(z));
}

/* True if a Poisson variable of this mean is as small, or as large, with a chance over 1e-6. */
static bool plausible_count(uint64_t count, double mean)
{
    double below = 0, upto = 0, term = exp(-mean);
    if (mean > 200) return fabs((double)count - mean) < 5 * sqrt(mean);
    for (uint64_t k = 0; k <= count; k++) {
        below = upto;
        upto += term;
        term *= mean / (double)(k + 1);
    }
    return upto > 1e-6 && 1 - below > 1e-6;
}

static void check_tails(const char *what, const struct tails *tails, size_t n, double limit)
{
    for (int i = 0; i < TAILS; i++) {
        double expected = (double)n * normal_below(-4 - i);
        harness_where("%s, beyond %d deviations: %llu and %llu; about %.2f each are expected", what,
                      4 + i, (unsigned long long)tails->lower[i],
                      (unsigned long long)tails->upper[i], expected);
        CHECK(plausible_count(tails->lower[i], expected));
        CHECK(plausible_count(tails->upper[i], expected));
    }
    harness_where("%s, the largest", what);
    CHECK_IS(tails->largest, >, 5);
    CHECK_IS(tails->largest, <, limit);
}

static void float_normals_reach_far(void)
{
    static float z[TAIL_PIECE];
    struct tails tails = {.largest = 0};
    size_t pieces = times(16384, 16);
    shs_random stream = stream_of(15);
    for (size_t i = 0; i < pieces; i++) {
        CHECK_STATUS(shs_random_fill_normal_float(&stream, 0, 1, z, TAIL_PIECE), SHS_OK);
        for (size_t j = 0; j < TAIL_PIECE; j++)
            if (fabsf(z[j]) > 4) add_tails(&tails, (double)z[j]);
    }
    check_tails("normal_float", &tails, pieces * TAIL_PIECE, 6.67);
}

static void double_normals_reach_far(void)
{
    static double z[TAIL_PIECE];
    struct tails tails = {.largest = 0};
    size_t pieces = times(8192, 16);
    shs_random stream = stream_of(16);
    for (size_t i = 0; i < pieces; i++) {
        CHECK_STATUS(shs_random_fill_normal_double(&stream, 0, 1, z, TAIL_PIECE), SHS_OK);
        for (size_t j = 0; j < TAIL_PIECE; j++)
            if (fabs(z[j]) > 4) add_tails(&tails, z[j]);
    }
    check_tails("normal_double", &tails, pieces * TAIL_PIECE, 8.58);
}

/* The words that make the largest: radius sqrt(-2 log 2^-32), along an axis. */
static void normals_stay_within_their_bounds(void)
{
    shs_random stream = stream_with(0, 0);
    float z = shs_random_normal_float(&stream, 0, 1);
    if (CHECK_IS(fabs((double)z - sqrt(64 * log(2))), <, 1e-6)) CHECK_IS(z, <, 6.67f);
    stream = (shs_random){.words = {0, 0, 0, 0}, .used = 0, .counter = {1}};
    double y = shs_random_normal_double(&stream, 0, 1);
    if (CHECK_IS(fabs(y - sqrt(106 * log(2))), <, 1e-14)) CHECK_IS(y, <, 8.58);
}

/* ---- truncated normals */

#define INFINITE ((double)INFINITY)

/* Of z in [a,b], in the tail where probabilities keep their digits. */
static double truncated_below(double z, double a, double b)
{
    if (a > 0) return 1 - truncated_below(-z, -b, -a);
    return (normal_below(z) - normal_below(a)) / (normal_below(b) - normal_below(a));
}

struct truncated {
    double mean, deviation, low, high;
};

static void check_truncated(uint64_t seed, const struct truncated *of)
{
    const double mean = of->mean, deviation = of->deviation, low = of->low, high = of->high;
    char what[100];
    snprintf(what, sizeof what, "normal %g, %g in [%g, %g]", mean, deviation, low, high);
    double a = (low - mean) / deviation, b = (high - mean) / deviation;
    CHECK_CONTINUOUS(what, seed,
                     shs_random_fill_truncated_normal(&stream, mean, deviation, low, high, out, n),
                     x >= low && x <= high ? truncated_below((x - mean) / deviation, a, b) : -1);
}

static void truncated_normals_are_normal_inside(void)
{
    static const struct truncated cases[] = {
        {0, 1, -1, 1},        {0, 1, -2, 2},          {0, 1, 0.5, 3},
        {0, 1, -INFINITE, 0}, {0, 1, 0, INFINITE},    {0, 1, -INFINITE, INFINITE},
        {3, 2, -4, 20},       {0, 0.02, -0.04, 0.04}, {0, 1, 1, 1 + 1e-6}};
    for (size_t i = 0; i < COUNT(cases); i++)
        check_truncated(20 + i, &cases[i]);
}

static void truncated_normals_are_right_in_the_tails(void)
{
    static const struct truncated cases[] = {{0, 1, 2, INFINITE},   {0, 1, 5, 6},
                                             {-1, 3, 23, INFINITE}, {0, 1, 30, 31},
                                             {0, 1, -20.5, -20},    {0, 1, 36, INFINITE}};
    for (size_t i = 0; i < COUNT(cases); i++)
        check_truncated(30 + i, &cases[i]);
}

/* The last interval that is not refused: its numbers' probabilities reach down to 1e-310. */
static void truncated_normals_are_right_in_the_last_tail(void)
{
    check_truncated(36, &(struct truncated){0, 1, 36, INFINITE});
    check_truncated(36, &(struct truncated){0, 1, -INFINITE, -36});
}

/* ---- exponential, gamma, beta */

static void exponentials_are_exponential(void)
{
    CHECK_CONTINUOUS("exponential of 1", 40, shs_random_fill_exponential(&stream, 1, out, n),
                     -expm1(-x));
    CHECK_CONTINUOUS("exponential of 1e-200", 41,
                     shs_random_fill_exponential(&stream, 1e-200, out, n), -expm1(-x / 1e-200));
}

/* The regularised incomplete gamma function, by its series below the mean and its continued
 * fraction above (Abramowitz, Stegun: 6.5.29 and 6.5.31). */
static double gamma_below(double shape, double x)
{
    if (x <= 0) return 0;
    double scale = exp(shape * log(x) - x - lgamma(shape));
    if (x < shape + 1) {
        double term = 1 / shape, sum = term;
        for (double k = 1; term > sum * 1e-17; k++)
            sum += term *= x / (shape + k);
        return sum * scale;
    }
    double b = x + 1 - shape, c = 1e300, d = 1 / b, fraction = d, change = 2;
    for (double k = 1; fabs(change - 1) > 1e-15 && k < 10000; k++) {
        b += 2;
        d = 1 / (b - k * (k - shape) * d);
        c = b - k * (k - shape) / c;
        change = c * d;
        fraction *= change;
    }
    return 1 - scale * fraction;
}

static void check_gamma(uint64_t seed, double shape, double scale)
{
    char what[100];
    snprintf(what, sizeof what, "gamma %g, %g", shape, scale);
    CHECK_CONTINUOUS(what, seed, shs_random_fill_gamma(&stream, shape, scale, out, n),
                     gamma_below(shape, x / scale));
}

static void gammas_are_gammas(void)
{
    static const struct {
        double shape, scale;
    } cases[] = {{0.1, 1}, {0.5, 2},    {0.999, 1}, {1, 3},
                 {1.5, 1}, {2, 1e-100}, {10, 0.5},  {1000, 1}};
    for (size_t i = 0; i < COUNT(cases); i++)
        check_gamma(50 + i, cases[i].shape, cases[i].scale);
}

/* The regularised incomplete beta function for x < (a + 1) / (a + b + 2), by its continued
 * fraction (Abramowitz, Stegun: 26.5.8). */
static double beta_fraction(double a, double b, double x)
{
    double scale = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a;
    double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), fraction = d, change = 2;
    for (double m = 1; fabs(change - 1) > 1e-15 && m < 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / (1 + even * d);
        c = 1 + even / c;
        fraction *= c * d;
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        change = c * d;
        fraction *= change;
    }
    return scale * fraction;
}

static double beta_below(double a, double b, double x)
{
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    if (x < (a + 1) / (a + b + 2)) return beta_fraction(a, b, x);
    return 1 - beta_fraction(b, a, 1 - x);
}

static void check_beta(uint64_t seed, double a, double b)
{
    char what[100];
    snprintf(what, sizeof what, "beta %g, %g", a, b);
    CHECK_CONTINUOUS(what, seed, shs_random_fill_beta(&stream, a, b, out, n),
                     x >= 0 && x <= 1 ? beta_below(a, b, x) : -1);
}

static void betas_are_betas(void)
{
    static const struct {
        double a, b;
    } cases[] = {{1, 1}, {0.4, 0.4}, {2, 3}, {0.5, 4}, {5, 1}, {30, 0.7}, {200, 300}};
    for (size_t i = 0; i < COUNT(cases); i++)
        check_beta(60 + i, cases[i].a, cases[i].b);
}

/* One in a hundred of beta(0.1, 0.1) is nearer to 1 than a double can be, as many are nearer to 0
 * than 1e-16; so intervals are counted, which are narrow at both ends. */
static void betas_of_small_shapes_are_betas(void)
{
    static const double ends[] = {0,        1e-160,   1e-100,   1e-60,     1e-30,     1e-20,
                                  1e-15,    1e-12,    1e-9,     1e-6,      1e-4,      0.01,
                                  0.1,      0.3,      0.5,      0.7,       0.9,       0.99,
                                  1 - 1e-4, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12, 1 - 1e-14, 2};
    uint64_t counts[COUNT(ends)] = {0};
    double chi_square = 0, upto = 0;
    size_t n = times(400000, 40);
    shs_random stream = stream_of(67);
    for (size_t i = 0; i < n; i++) {
        double x = shs_random_beta(&stream, 0.1, 0.1);
        size_t bin = 1;
        while (bin + 1 < COUNT(ends) && x >= ends[bin])
            bin++;
        counts[bin]++;
    }
    for (size_t i = 1; i < COUNT(ends); i++) {
        double below = beta_below(0.1, 0.1, ends[i]), expected = (below - upto) * (double)n;
        if (expected > 0) chi_square += pow((double)counts[i] - expected, 2) / expected;
        upto = below;
    }
    CHECK_EQ(upto, 1);
    check_chi_square("beta 0.1, 0.1", "chi-square", chi_square, COUNT(ends) - 2);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(floats_and_doubles_are_uniform),
        TEST(intervals_are_uniform),
        TEST(bits_are_balanced),
        TEST(normals_are_normal),
        TEST(normals_have_their_moments),
        TEST(float_normals_reach_far),
        TEST(double_normals_reach_far),
        TEST(normals_stay_within_their_bounds),
        TEST(truncated_normals_are_normal_inside),
        TEST(truncated_normals_are_right_in_the_tails),
        TEST(truncated_normals_are_right_in_the_last_tail),
        TEST(exponentials_are_exponential),
        TEST(gammas_are_gammas),
        TEST(betas_are_betas),
        TEST(betas_of_small_shapes_are_betas),
    };
    return harness_main("distribution_continuous", tests, COUNT(tests), argc, argv);
}
