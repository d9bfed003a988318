/* Whether numbers that were drawn have their distribution. All seeds are fixed, so that what passes
 * once passes always. The thresholds, by test: Kolmogorov-Smirnov sqrt(n) D < 2.4, beyond which lie
 * 2 exp(-2 * 2.4^2) = 2 cases in 100,000; chi-squares judge_plausible(), 7 in a million; moments,
 * counts and correlations 5 standard deviations, 6 in ten million. SHARDSTEP_LONG=1 draws many
 * times more. Under a sanitizer fewer are drawn: it looks at memory, and the numbers are those of
 * the other builds. */
#ifndef DRAW_CHECKS_H
#define DRAW_CHECKS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_sanitized.h"
#include "judge.h"
#include "random_scene.h"
#include "unit.h"

/* ---- how many, and from where */

static inline size_t times(size_t count, size_t more)
{
    if (getenv("SHARDSTEP_LONG")) return count * more;
    return CORE_SANITIZED ? count / 8 + 1 : count;
}

/* Draws of a test, in memory. */
static inline size_t usual(void)
{
    return times(400000, 20);
}

static inline shs_random stream_of(uint64_t seed)
{
    const shs_place place = {.seed = seed, .purpose = 9, .rank = 77, .step = 5};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    return stream;
}

static inline double *new_doubles(size_t n)
{
    double *doubles = malloc(n * sizeof *doubles);
    if (!doubles) {
        fputs("no memory\n", stderr);
        exit(2);
    }
    return doubles;
}

/* ---- what is far from what chance gives */

/* `sum` of `count` independent terms of expectation 0 and this variance. */
static inline void check_sum(const char *what, const char *test, double sum, size_t count,
                             double variance)
{
    double deviations = sum / sqrt((double)count * variance);
    if (!(fabs(deviations) < 5))
        WRONG("%s: expected the %s within 5 standard deviations; came %g of them", what, test,
              deviations);
}

static inline void check_chi_square(const char *what, const char *test, double chi_square,
                                    double degrees)
{
    if (!judge_plausible(chi_square, degrees))
        WRONG("%s, %s: expected what chance gives with %g degrees of freedom; came %g", what, test,
              degrees, chi_square);
}

/* ---- uniform numbers, which each distribution's own function makes of its draws */

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* sqrt(n) D of sorted numbers. */
static inline double kolmogorov(const double *sorted, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(sorted[i] - (double)i / (double)n));
        most = fmax(most, fabs(sorted[i] - (double)(i + 1) / (double)n));
    }
    return sqrt((double)n) * most;
}

static inline void check_bins(const char *what, const double *u, size_t n)
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
static inline void check_uniform(const char *what, double *u, size_t n)
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
        WRONG("%s: expected numbers from 0 to 1 alone; came %g others", what, outside);
        return;
    }
    check_sum(what, "mean", sum, n, 1.0 / 12);
    check_sum(what, "variance", squares, n, 1.0 / 180);
    check_sum(what, "correlation of neighbours", neighbours, n, 1.0 / 144);
    check_bins(what, u, n);
    qsort(u, n, sizeof *u, compare_doubles);
    double distance = kolmogorov(u, n);
    if (!(distance < 2.4))
        WRONG("%s: expected a Kolmogorov-Smirnov distance below 2.4; came %g", what, distance);
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

/* ---- formulas */

static inline double normal_below(double x)
{
    return 0.5 * erfc(-x * sqrt(0.5));
}

static inline double log_binomial(double k, double n, double p)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p);
}

#endif
