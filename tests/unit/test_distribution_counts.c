/* Statistics of draws of whole numbers: how often each number comes, compared with its chance. */
#include "draw_checks.h"

/* ---- numbers that are counts */

static double log_poisson(double k, double mean, double unused)
{
    (void)unused;
    return k * log(mean) - mean - lgamma(k + 1);
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
    if (fabs(all - 1) > 1e-7)
        WRONG("%s: expected chances that add up to 1; came %.9g", of->what, all);
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
    if (outside)
        WRONG("%s: expected numbers from %g to %g alone; came %zu others", of->what, of->low,
              of->high, outside);
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
    static const struct {
        uint64_t trials;
        double p;
    } cases[] = {{1, 0.3},    {10, 0.3},      {19, 0.5},        {1000, 0.005},
                 {100, 0.95}, {20, 0.5},      {25, 0.4},        {1000, 0.3},
                 {1000, 0.7}, {1000000, 0.4}, {100000, 0.9997}, {1000000, 1.1e-5}};
    for (size_t i = 0; i < COUNT(cases); i++)
        check_binomial(90 + i, cases[i].trials, cases[i].p);
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
        char what[40];
        snprintf(what, sizeof what, "bernoulli(%g)", p);
        for (size_t j = 0; j < n; j++)
            successes += shs_random_bernoulli(&stream, p);
        check_sum(what, "number of successes", successes - p * (double)n, n, p * (1 - p));
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
    char what[40];
    uint32_t out[1000];
    uint64_t *counts = calloc(n, sizeof *counts);
    size_t pieces = times(300 + n / 10, 20);
    shs_random stream = stream_of(140 + n);
    snprintf(what, sizeof what, "below(%u)", (unsigned)n);
    if (!NEED(counts)) return;
    for (size_t i = 0; i < pieces; i++) {
        CHECK_STATUS(shs_random_fill_below(&stream, n, out, COUNT(out)), SHS_OK);
        for (size_t j = 0; j < COUNT(out); j++)
            if (out[j] < n) counts[out[j]]++;
    }
    double expected = (double)(pieces * COUNT(out)) / n;
    check_chi_square(what, "numbers", judge_chi_square(counts, n, expected), n - 1);
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
    char what[40];
    uint64_t by_size[64] = {0}, by_residue[64] = {0};
    size_t draws = times(200000, 50);
    shs_random stream = stream_of(150 + n + parts);
    snprintf(what, sizeof what, "below(%llu)", (unsigned long long)n);
    for (size_t i = 0; i < draws; i++) {
        uint64_t value =
            by_64 ? shs_random_below64(&stream, n) : shs_random_below(&stream, (uint32_t)n);
        if (value >= n)
            WRONG("expected a number below %llu; came %llu", (unsigned long long)n,
                  (unsigned long long)value);
        by_size[(size_t)((double)value / (double)n * parts) % parts]++;
        by_residue[value % parts]++;
    }
    double expected = (double)draws / parts;
    check_chi_square(what, "parts", judge_chi_square(by_size, parts, expected), parts - 1);
    check_chi_square(what, "residues", judge_chi_square(by_residue, parts, expected), parts - 1);
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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(poissons_are_poissons),
        TEST(binomials_are_binomials),
        TEST(the_largest_counts_are_nearly_normal),
        TEST(bernoullis_follow_their_chance),
        TEST(bernoullis_compare_words),
        TEST(categories_follow_a_long_tail),
        TEST(all_numbers_below_are_equally_likely),
        TEST(parts_of_large_bounds_are_equally_likely),
    };
    return harness_main("distribution_counts", tests, COUNT(tests), argc, argv);
}
