/* Statistics of every draw. All seeds are fixed, so that what passes once passes always. The
 * thresholds, by test: Kolmogorov-Smirnov sqrt(n) D < 2.4, beyond which lie 2 exp(-2 * 2.4^2) = 2
 * cases in 100,000; chi-squares judge_plausible(), 7 in a million; moments, counts and
 * correlations 5 standard deviations, 6 in ten million. SHARDSTEP_LONG=1 draws many times more.
 * Under a sanitizer fewer are drawn: it looks at memory, and the numbers are those of the other
 * builds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_sanitized.h"
#include "judge.h"
#include "random_stream.h"
#include "unit.h"

static const double infinite = (double)INFINITY;

static size_t times(size_t count, size_t more)
{
    if (getenv("SHARDSTEP_LONG")) return count * more;
    return CORE_SANITIZED ? count / 8 + 1 : count;
}

/* Draws of a test, in memory. */
static size_t usual(void)
{
    return times(400000, 20);
}

static shs_random stream_of(uint64_t seed)
{
    const shs_place place = {.seed = seed, .purpose = 9, .rank = 77, .step = 5};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    return stream;
}

static void complain(const char *what, const char *test, double value)
{
    WRONG("%s: %s %g", what, test, value);
}

/* `sum` of `count` independent terms of expectation 0 and this variance. */
static void check_sum(const char *what, const char *test, double sum, size_t count, double variance)
{
    double deviations = sum / sqrt((double)count * variance);
    if (!(fabs(deviations) < 5)) complain(what, test, deviations);
}

static void check_chi_square(const char *what, const char *test, double chi_square, double degrees)
{
    if (!judge_plausible(chi_square, degrees)) complain(what, test, chi_square / degrees);
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

/* ---- uniform numbers: what every continuous distribution becomes by its distribution function */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* sqrt(n) D of sorted numbers. */
static double kolmogorov(const double *sorted, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(sorted[i] - (double)i / (double)n));
        most = fmax(most, fabs(sorted[i] - (double)(i + 1) / (double)n));
    }
    return sqrt((double)n) * most;
}

static void check_bins(const char *what, const double *u, size_t n)
{
    enum {
        BINS = 200
    };
    uint64_t counts[BINS] = {0};
    for (size_t i = 0; i < n; i++) {
        size_t bin = (size_t)(u[i] * BINS);
        counts[bin < BINS ? bin : BINS - 1]++;
    }
    check_chi_square(what, "chi-square", judge_chi_square(counts, BINS, (double)n / BINS),
                     BINS - 1);
}

/* Uniform and independent? Sorts them. */
static void check_uniform(const char *what, double *u, size_t n)
{
    double sum = 0, squares = 0, neighbours = 0, outside = 0;
    for (size_t i = 0; i < n; i++) {
        double x = u[i] - 0.5, next = u[(i + 1) % n] - 0.5;
        outside += !(u[i] >= 0 && u[i] <= 1);
        sum += x;
        squares += x * x - 1.0 / 12;
        neighbours += x * next;
    }
    if (outside > 0) {
        complain(what, "numbers outside", outside);
        return;
    }
    check_sum(what, "mean", sum, n, 1.0 / 12);
    check_sum(what, "variance", squares, n, 1.0 / 180);
    check_sum(what, "correlation of neighbours", neighbours, n, 1.0 / 144);
    check_bins(what, u, n);
    qsort(u, n, sizeof *u, compare_doubles);
    double distance = kolmogorov(u, n);
    if (!(distance < 2.4)) complain(what, "Kolmogorov-Smirnov", distance);
}

static double *new_doubles(size_t n)
{
    double *doubles = malloc(n * sizeof *doubles);
    if (!doubles) {
        fputs("no memory\n", stderr);
        exit(2);
    }
    return doubles;
}

/* Draws by fill and maps by the distribution function. */
#define CHECK_CONTINUOUS(what, seed, fill, distribution)                                           \
    do {                                                                                           \
        size_t n = usual();                                                                        \
        double *out = new_doubles(n);                                                              \
        shs_random stream = stream_of(seed);                                                       \
        CHECK_STATUS((fill), SHS_OK);                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            double x = out[i];                                                                     \
            out[i] = (distribution);                                                               \
        }                                                                                          \
        check_uniform(what, out, n);                                                               \
        free(out);                                                                                 \
    } while (0)

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

static double normal_below(double x)
{
    return 0.5 * erfc(-x * sqrt(0.5));
}

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

static void check_tails(const char *what, const struct tails *tails, size_t n, double limit)
{
    for (int i = 0; i < TAILS; i++) {
        double expected = (double)n * normal_below(-4 - i);
        printf("  %s beyond %d deviations: %llu and %llu, expected %.2f each\n", what, 4 + i,
               (unsigned long long)tails->lower[i], (unsigned long long)tails->upper[i], expected);
        CHECK(plausible_count(tails->lower[i], expected));
        CHECK(plausible_count(tails->upper[i], expected));
    }
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

/* A stream that gives two words (or one u64) of choice next. */
static shs_random stream_with(uint32_t first, uint32_t second)
{
    return (shs_random){.words = {0, 0, first, second}, .used = 2, .counter = {1}};
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

/* Of z in [a,b], in the tail where probabilities keep their digits. */
static double truncated_below(double z, double a, double b)
{
    if (a > 0) return 1 - truncated_below(-z, -b, -a);
    return (normal_below(z) - normal_below(a)) / (normal_below(b) - normal_below(a));
}

static void check_truncated(uint64_t seed, double mean, double deviation, double low, double high)
{
    char what[100];
    snprintf(what, sizeof what, "normal %g, %g in [%g, %g]", mean, deviation, low, high);
    double a = (low - mean) / deviation, b = (high - mean) / deviation;
    CHECK_CONTINUOUS(what, seed,
                     shs_random_fill_truncated_normal(&stream, mean, deviation, low, high, out, n),
                     x >= low && x <= high ? truncated_below((x - mean) / deviation, a, b) : -1);
}

static void truncated_normals_are_normal_inside(void)
{
    check_truncated(20, 0, 1, -1, 1);
    check_truncated(21, 0, 1, -2, 2);
    check_truncated(22, 0, 1, 0.5, 3);
    check_truncated(23, 0, 1, -infinite, 0);
    check_truncated(24, 0, 1, 0, infinite);
    check_truncated(25, 0, 1, -infinite, infinite);
    check_truncated(26, 3, 2, -4, 20);
    check_truncated(27, 0, 0.02, -0.04, 0.04);
    check_truncated(28, 0, 1, 1, 1 + 1e-6);
}

static void truncated_normals_are_right_in_the_tails(void)
{
    check_truncated(30, 0, 1, 2, infinite);
    check_truncated(31, 0, 1, 5, 6);
    check_truncated(32, -1, 3, 23, infinite);
    check_truncated(33, 0, 1, 30, 31);
    check_truncated(34, 0, 1, -20.5, -20);
    check_truncated(35, 0, 1, 36, infinite);
}

/* The last interval that is not refused: its numbers' probabilities reach down to 1e-310. */
static void truncated_normals_are_right_in_the_last_tail(void)
{
    check_truncated(36, 0, 1, 36, infinite);
    check_truncated(36, 0, 1, -infinite, -36);
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
    check_gamma(50, 0.1, 1);
    check_gamma(51, 0.5, 2);
    check_gamma(52, 0.999, 1);
    check_gamma(53, 1, 3);
    check_gamma(54, 1.5, 1);
    check_gamma(55, 2, 1e-100);
    check_gamma(56, 10, 0.5);
    check_gamma(57, 1000, 1);
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
    check_beta(60, 1, 1);
    check_beta(61, 0.4, 0.4);
    check_beta(62, 2, 3);
    check_beta(63, 0.5, 4);
    check_beta(64, 5, 1);
    check_beta(65, 30, 0.7);
    check_beta(66, 200, 300);
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

/* ---- numbers that are counts */

static double log_poisson(double k, double mean, double unused)
{
    (void)unused;
    return k * log(mean) - mean - lgamma(k + 1);
}

static double log_binomial(double k, double n, double p)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p);
}

struct counted {
    const char *what;
    double (*log_chance)(double k, double a, double b);
    double a, b, low, high; /* nothing is expected outside low … high */
};

/* Chi-square of numbers that are joined until 25 are expected. */
static void check_counts(const struct counted *of, const uint64_t *counts, size_t n)
{
    double chi_square = 0, degrees = -1, all = 0, expected = 0, found = 0;
    size_t kinds_of = (size_t)(of->high - of->low) + 1;
    for (size_t i = 0; i < kinds_of; i++) {
        double chance = exp(of->log_chance(of->low + (double)i, of->a, of->b));
        all += chance;
        expected += chance * (double)n;
        found += (double)counts[i];
        if (expected < 25 || (1 - all) * (double)n < 25) continue;
        chi_square += (found - expected) * (found - expected) / expected;
        degrees++;
        expected = found = 0;
    }
    if (fabs(all - 1) > 1e-7) complain(of->what, "the chances add up to", all);
    if (expected > 0) chi_square += (found - expected) * (found - expected) / expected;
    check_chi_square(of->what, "chi-square", chi_square, degrees + 1);
}

static void check_discrete(const struct counted *of, const uint64_t *numbers, size_t n, double mean,
                           double variance)
{
    size_t kinds_of = (size_t)(of->high - of->low) + 1, outside = 0;
    uint64_t *counts = calloc(kinds_of, sizeof *counts);
    double sum = 0;
    if (!NEED(counts)) return;
    for (size_t i = 0; i < n; i++) {
        double k = (double)numbers[i];
        sum += k - mean;
        if (k >= of->low && k <= of->high)
            counts[(size_t)(k - of->low)]++;
        else
            outside++;
    }
    if (outside) complain(of->what, "numbers outside", (double)outside);
    check_sum(of->what, "mean", sum, n, variance);
    check_counts(of, counts, n);
    free(counts);
}

static uint64_t *new_numbers(size_t n)
{
    return (uint64_t *)(void *)new_doubles(n);
}

static void check_poisson(uint64_t seed, double mean)
{
    char what[100];
    size_t n = usual();
    uint64_t *numbers = new_numbers(n);
    shs_random stream = stream_of(seed);
    snprintf(what, sizeof what, "poisson %g", mean);
    CHECK_STATUS(shs_random_fill_poisson(&stream, mean, numbers, n), SHS_OK);
    double reach = 9 * sqrt(mean) + 12;
    struct counted of = {
        what, log_poisson, mean, 0, fmax(0, floor(mean - reach)), ceil(mean + reach)};
    check_discrete(&of, numbers, n, mean, mean);
    free(numbers);
}

static void poissons_are_poissons(void)
{
    static const double means[] = {0.1, 1, 5, 9.99, 10, 10.5, 13, 30, 100.25, 1000, 1e5};
    for (size_t i = 0; i < COUNT(means); i++)
        check_poisson(70 + i, means[i]);
}

static void check_binomial(uint64_t seed, uint64_t trials, double p)
{
    char what[100];
    size_t n = usual();
    uint64_t *numbers = new_numbers(n);
    shs_random stream = stream_of(seed);
    snprintf(what, sizeof what, "binomial %llu, %g", (unsigned long long)trials, p);
    CHECK_STATUS(shs_random_fill_binomial(&stream, trials, p, numbers, n), SHS_OK);
    double mean = (double)trials * p, variance = mean * (1 - p), reach = 9 * sqrt(variance) + 12;
    struct counted of = {what,
                         log_binomial,
                         (double)trials,
                         p,
                         fmax(0, floor(mean - reach)),
                         fmin((double)trials, ceil(mean + reach))};
    check_discrete(&of, numbers, n, mean, variance);
    free(numbers);
}

/* By addition below n min(p, 1 - p) = 10, by rejection above, with successes and failures swapped
 * for p > 1/2. */
static void binomials_are_binomials(void)
{
    check_binomial(90, 1, 0.3);
    check_binomial(91, 10, 0.3);
    check_binomial(92, 19, 0.5);
    check_binomial(93, 1000, 0.005);
    check_binomial(94, 100, 0.95);
    check_binomial(95, 20, 0.5);
    check_binomial(96, 25, 0.4);
    check_binomial(97, 1000, 0.3);
    check_binomial(98, 1000, 0.7);
    check_binomial(99, 1000000, 0.4);
    check_binomial(100, 100000, 0.9997);
    check_binomial(101, 1000000, 1.1e-5);
}

/* So many trials are as good as normal: skewness moves the distribution by under 1e-5. */
static void check_huge(const char *what, double *numbers, size_t n, double mean, double variance)
{
    for (size_t i = 0; i < n; i++)
        numbers[i] = normal_below((numbers[i] - mean) / sqrt(variance));
    check_uniform(what, numbers, n);
}

static void the_largest_counts_are_nearly_normal(void)
{
    size_t n = times(200000, 4);
    double *numbers = new_doubles(n);
    shs_random stream = stream_of(110);
    for (size_t i = 0; i < n; i++)
        numbers[i] = (double)shs_random_poisson(&stream, 0x1p31);
    check_huge("poisson 2^31", numbers, n, 0x1p31, 0x1p31);
    for (size_t i = 0; i < n; i++)
        numbers[i] = (double)shs_random_binomial(&stream, UINT64_C(1) << 31, 0.5);
    check_huge("binomial 2^31, 0.5", numbers, n, 0x1p30, 0x1p29);
    for (size_t i = 0; i < n; i++)
        numbers[i] = (double)shs_random_binomial(&stream, UINT64_C(1) << 31, 0.75);
    check_huge("binomial 2^31, 0.75", numbers, n, 0x1.8p30, 0x1.8p28);
    free(numbers);
}

static void bernoullis_follow_their_chance(void)
{
    static const double chances[] = {1e-4, 0.01, 0.25, 0.5, 0.77, 0.999};
    size_t n = times(1000000, 20);
    for (size_t i = 0; i < COUNT(chances); i++) {
        shs_random stream = stream_of(120 + i);
        double p = chances[i], successes = 0;
        for (size_t j = 0; j < n; j++)
            successes += shs_random_bernoulli(&stream, p);
        check_sum("bernoulli", "successes", successes - p * (double)n, n, p * (1 - p));
    }
}

/* u32 < p * 2^32, to the last word. */
static void bernoullis_compare_words(void)
{
    const double unit = 0x1p-32;
    static const uint32_t words[] = {0, 1, 1000, 0x7fffffff, 0x80000000, 0xfffffffe};
    for (size_t i = 0; i < COUNT(words); i++) {
        shs_random below = stream_with(words[i], 0), at = stream_with(words[i], 0);
        CHECK(shs_random_bernoulli(&below, ((double)words[i] + 1) * unit));
        CHECK(!shs_random_bernoulli(&at, (double)words[i] * unit));
    }
}

static void categories_follow_a_long_tail(void)
{
    enum {
        CATEGORIES = 50
    };
    double weights[CATEGORIES], sum = 0, chi_square = 0;
    uint64_t counts[CATEGORIES] = {0};
    size_t n = times(1000000, 10);
    shs_alias *alias;
    shs_random stream = stream_of(130);
    for (int i = 0; i < CATEGORIES; i++)
        sum += weights[i] = 1.0 / (1 + (i * 7) % CATEGORIES);
    CHECK_STATUS(shs_alias_open(weights, CATEGORIES, &alias), SHS_OK);
    if (!NEED(alias)) return;
    for (size_t i = 0; i < n; i++)
        counts[shs_random_categorical(&stream, alias)]++;
    for (int i = 0; i < CATEGORIES; i++) {
        double expected = weights[i] / sum * (double)n;
        chi_square += pow((double)counts[i] - expected, 2) / expected;
    }
    check_chi_square("categorical", "chi-square", chi_square, CATEGORIES - 1);
    shs_alias_close(&alias);
}

/* ---- below(n) */

/* All numbers are equally frequent. */
static void check_all_residues(uint32_t n)
{
    uint32_t out[1000];
    uint64_t *counts = calloc(n, sizeof *counts);
    size_t pieces = times(300 + n / 10, 20);
    shs_random stream = stream_of(140 + n);
    if (!NEED(counts)) return;
    for (size_t i = 0; i < pieces; i++) {
        CHECK_STATUS(shs_random_fill_below(&stream, n, out, COUNT(out)), SHS_OK);
        for (size_t j = 0; j < COUNT(out); j++)
            if (out[j] < n) counts[out[j]]++;
    }
    double expected = (double)(pieces * COUNT(out)) / n;
    check_chi_square("below", "chi-square", judge_chi_square(counts, n, expected), n - 1);
    free(counts);
}

static void all_numbers_below_are_equally_likely(void)
{
    static const uint32_t bounds[] = {2,   3,   5,   6,    7,    10,   12,   13,    60,   97,
                                      100, 127, 641, 1000, 1023, 1025, 4099, 10007, 65537};
    for (size_t i = 0; i < COUNT(bounds); i++)
        check_all_residues(bounds[i]);
}

/* Of bounds near 2^32, parts of the range and residues: without rejection, a third of 3 * 2^30
 * would be twice as likely, and not of one part but of one residue of 3. */
static void check_parts(uint64_t n, uint32_t parts, bool by_64)
{
    uint64_t by_size[64] = {0}, by_residue[64] = {0};
    size_t draws = times(200000, 50);
    shs_random stream = stream_of(150 + n + parts);
    for (size_t i = 0; i < draws; i++) {
        uint64_t value =
            by_64 ? shs_random_below64(&stream, n) : shs_random_below(&stream, (uint32_t)n);
        if (value >= n) complain("below", "too large a number", (double)value);
        by_size[(size_t)((double)value / (double)n * parts) % parts]++;
        by_residue[value % parts]++;
    }
    double expected = (double)draws / parts;
    check_chi_square("below", "parts", judge_chi_square(by_size, parts, expected), parts - 1);
    check_chi_square("below", "residues", judge_chi_square(by_residue, parts, expected), parts - 1);
}

static void parts_of_large_bounds_are_equally_likely(void)
{
    static const uint32_t bounds[] = {0x80000001, 0xc0000000, 0xffffffff, 0xaaaaaaab,
                                      0x55555556, 1000000000, 0xf0000001};
    static const uint64_t bounds64[] = {7, UINT64_C(1000000000000000000), UINT64_C(3) << 62,
                                        UINT64_C(0x8000000000000001), UINT64_MAX};
    static const uint32_t parts[] = {2, 3, 7, 64};
    for (size_t i = 0; i < COUNT(parts); i++) {
        for (size_t j = 0; j < COUNT(bounds); j++)
            check_parts(bounds[j], parts[i], false);
        for (size_t j = 1; j < COUNT(bounds64); j++)
            check_parts(bounds64[j], parts[i], true);
    }
    check_parts(bounds64[0], 7, true);
}

/* ---- neighbouring places */

/* What differs from one place to the next. */
enum difference {
    BY_RANK,
    BY_STEP,
    BY_SLOT,
    BY_SEED,
    BY_HIGH_SEED,
    BY_PURPOSE,
    DIFFERENCES
};

static const char *const difference_names[] = {
    "ranks", "steps", "slots", "seeds", "seeds' high half", "purposes"};

static shs_random neighbour(enum difference difference, uint64_t number)
{
    shs_place place = {.seed = 42, .purpose = 1, .rank = 3, .step = 11, .slot = 0};
    shs_random stream;
    if (difference == BY_RANK) place.rank += number;
    if (difference == BY_STEP) place.step += number;
    if (difference == BY_SLOT) place.slot += number;
    if (difference == BY_SEED) place.seed += number;
    if (difference == BY_HIGH_SEED) place.seed += number << 32;
    if (difference == BY_PURPOSE && shs_random_own_purpose(number, &place.purpose))
        WRONG("there are fewer purposes");
    if (shs_random_at(&place, &stream)) WRONG("the place is taken");
    return stream;
}

/* Pairs of words that should have nothing to do with each other. */
struct pairs {
    double product;       /* of the words as numbers around 0 */
    uint64_t grid[256];   /* by the upper four bits of either */
    uint64_t low[256];    /* by the lower four */
    uint64_t differs[33]; /* by the number of bits in which they differ */
    size_t count;
};

static void add_pair(struct pairs *pairs, uint32_t a, uint32_t b)
{
    pairs->product += ((double)a * 0x1p-32 - 0.5) * ((double)b * 0x1p-32 - 0.5);
    pairs->grid[a >> 28 << 4 | b >> 28]++;
    pairs->low[(a & 15) << 4 | (b & 15)]++;
    pairs->differs[__builtin_popcount(a ^ b)]++;
    pairs->count++;
}

static void check_pairs(const char *what, const struct pairs *pairs)
{
    double n = (double)pairs->count, chi_square = 0, degrees = -1;
    check_sum(what, "correlation", pairs->product, pairs->count, 1.0 / 144);
    check_chi_square(what, "upper bits", judge_chi_square(pairs->grid, 256, n / 256), 255);
    check_chi_square(what, "lower bits", judge_chi_square(pairs->low, 256, n / 256), 255);
    for (int bits = 0; bits <= 32; bits++) {
        double expected = n * exp(log_binomial(bits, 32, 0.5));
        if (expected < 25) continue;
        chi_square += pow((double)pairs->differs[bits] - expected, 2) / expected;
        degrees++;
    }
    check_chi_square(what, "bits that differ", chi_square, degrees);
}

/* The same word of one place and the next. */
static void add_neighbours(struct pairs *pairs, shs_random a, shs_random b)
{
    enum {
        WORDS = 4096
    };
    static uint32_t words[2][WORDS];
    size_t pieces = times(1, 40);
    for (size_t i = 0; i < pieces; i++) {
        CHECK_STATUS(shs_random_fill_u32(&a, words[0], WORDS), SHS_OK);
        CHECK_STATUS(shs_random_fill_u32(&b, words[1], WORDS), SHS_OK);
        for (size_t j = 0; j < WORDS; j++)
            add_pair(pairs, words[0][j], words[1][j]);
    }
}

static void neighbouring_streams_are_independent(void)
{
    for (enum difference by = 0; by < DIFFERENCES; by++) {
        struct pairs pairs = {.count = 0};
        for (uint64_t i = 0; i < 143; i++) /* as many purposes as there are */
            add_neighbours(&pairs, neighbour(by, i), neighbour(by, i + 1));
        check_pairs(difference_names[by], &pairs);
    }
}

/* The first words of very many places, each with the one before: all that a draw by place may be.
 */
static void first_words_of_places_are_independent(void)
{
    uint64_t places = times(300000, 30);
    for (enum difference by = 0; by < BY_PURPOSE; by++) {
        struct pairs pairs = {.count = 0};
        uint32_t before = 0;
        for (uint64_t i = 0; i < places; i++) {
            shs_random stream = neighbour(by, i);
            uint32_t word = shs_random_u32(&stream);
            if (i > 0) add_pair(&pairs, before, word);
            before = word;
        }
        check_pairs(difference_names[by], &pairs);
    }
}

/* The same of normals: their cosines' angle and radius come from two words of a place. */
static void first_normals_of_places_are_independent(void)
{
    size_t places = times(300000, 30);
    double *z = new_doubles(places);
    for (enum difference by = 0; by < BY_PURPOSE; by++) {
        for (size_t i = 0; i < places; i++) {
            shs_random stream = neighbour(by, i);
            z[i] = normal_below((double)shs_random_normal_float(&stream, 0, 1));
        }
        check_uniform(difference_names[by], z, places);
    }
    free(z);
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
        TEST(poissons_are_poissons),
        TEST(binomials_are_binomials),
        TEST(the_largest_counts_are_nearly_normal),
        TEST(bernoullis_follow_their_chance),
        TEST(bernoullis_compare_words),
        TEST(categories_follow_a_long_tail),
        TEST(all_numbers_below_are_equally_likely),
        TEST(parts_of_large_bounds_are_equally_likely),
        TEST(neighbouring_streams_are_independent),
        TEST(first_words_of_places_are_independent),
        TEST(first_normals_of_places_are_independent),
    };
    return harness_main("distribution", tests, COUNT(tests), argc, argv);
}
