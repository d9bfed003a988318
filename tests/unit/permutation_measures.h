/* How random permutations are: measures of which theory says the mean and the variance over all
 * permutations of N, and that are compared with those of shuffled ones besides.
 *
 * Every measure of a permutation becomes a deviate of mean 0 and variance 1. Of a sample of
 * permutations three things are judged: the mean of the deviates, their spread, since a key may err
 * to either side, and the tables of counts of all together, since all may err alike. A judgement is
 * wrong about 7 times in a million, at 4.5 deviations; JUDGEMENTS of them stand in a verdict on a
 * sample, COMPARISONS in that on two. */
#ifndef PERMUTATION_MEASURES_H
#define PERMUTATION_MEASURES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "order_permutation.h"

enum measure {
    /* Tables of counts, with chi-square */
    POSITIONS,     /* the bin of a position, and that of its row */
    RESIDUES,      /* the same modulo the number of bins: the lowest bits */
    PAIRS,         /* the bins of a row and of the next one */
    FAR_PAIRS,     /* of a row and the one half of the bits further on */
    DISTANCES,     /* from a row to the next one, modulo N */
    FAR_DISTANCES, /* and to the one half of the bits further on */
    TABLES,
    /* Others that are close to normal */
    RUNS = TABLES, /* lengths of ascending runs */
    ASCENTS,       /* rows that are followed by a larger one */
    CORRELATION,   /* of positions and rows */
    SERIAL,        /* correlation of a row and the next one */
    FAR_SERIAL,    /* and of the one half of the bits further on */
    /* Counts of what happens about once in a permutation */
    FIXED,        /* rows at their own position */
    SUCCESSORS,   /* rows that follow the one before */
    PREDECESSORS, /* rows that follow the one after */
    MEASURES
};

enum {
    MOST_BINS = 64,
    MOST_PERMUTATIONS = 4000,
    JUDGEMENTS = 2 * MEASURES + TABLES,
    COMPARISONS = MEASURES + TABLES
};

static const char *const measure_names[MEASURES] = {
    "positions",     "residues", "pairs",      "far pairs",   "distances",
    "far distances", "runs",     "ascents",    "correlation", "serial",
    "far serial",    "fixed",    "successors", "predecessors"};

/* Permutations of N rows, measured. */
struct sample {
    uint64_t rows; /* N, below 2^26 */
    uint64_t bins;
    uint64_t far_lag;
    uint64_t scale;           /* from rows to bins */
    uint64_t high[MOST_BINS]; /* rows of each bin */
    uint64_t low[MOST_BINS];  /* rows of each residue */
    size_t taken;
    double deviates[MEASURES][MOST_PERMUTATIONS];
    uint64_t now[TABLES][MOST_BINS * MOST_BINS]; /* of one permutation */
    uint64_t all[TABLES][MOST_BINS * MOST_BINS]; /* of all that were taken */
};

static inline size_t sample_bin(const struct sample *sample, uint64_t row)
{
    return row * sample->scale >> 32;
}

/* Positions a power of two near the root of N apart are alike in one half of a Feistel network. */
static inline void sample_begin(struct sample *sample, uint64_t rows, uint64_t bins)
{
    memset(sample, 0, sizeof *sample);
    sample->rows = rows;
    sample->bins = bins;
    sample->scale = (bins << 32) / rows;
    for (sample->far_lag = 1; 2 * sample->far_lag * sample->far_lag < rows;)
        sample->far_lag *= 2;
    for (uint64_t row = 0; row < rows; row++) {
        sample->high[sample_bin(sample, row)]++;
        sample->low[row % bins]++;
    }
}

/* ---- Tables of counts. */

static inline void fill_positions(struct sample *sample, const uint32_t *row)
{
    uint64_t bins = sample->bins;
    for (uint64_t k = 0; k < sample->rows; k++) {
        sample->now[POSITIONS][sample_bin(sample, k) * bins + sample_bin(sample, row[k])]++;
        sample->now[RESIDUES][k % bins * bins + row[k] % bins]++;
    }
}

static inline void fill_neighbours(struct sample *sample, const uint32_t *row, uint64_t lag,
                                   uint64_t *pairs, uint64_t *distances)
{
    uint64_t rows = sample->rows;
    for (uint64_t k = 0; k < rows; k++) {
        uint64_t next = row[k + lag < rows ? k + lag : k + lag - rows];
        pairs[sample_bin(sample, row[k]) * sample->bins + sample_bin(sample, next)]++;
        distances[sample_bin(sample, next > row[k] ? next - row[k] : next + rows - row[k])]++;
    }
}

/* Rows of a table; it has as many columns as there are bins. */
static inline size_t table_rows(const struct sample *sample, enum measure table)
{
    return table < DISTANCES ? sample->bins : 1;
}

/* How often a cell is met in one permutation. Neighbours are different rows, so a row's own place
 * is missing from its bin, and distance 0 from the first. */
static inline double table_expected(const struct sample *sample, enum measure table, size_t i,
                                    size_t j)
{
    double rows = (double)sample->rows, same = i == j;
    switch ((int)table) {
    case POSITIONS:
        return (double)sample->high[i] * (double)sample->high[j] / rows;
    case RESIDUES:
        return (double)sample->low[i] * (double)sample->low[j] / rows;
    case PAIRS:
    case FAR_PAIRS:
        return (double)sample->high[i] * ((double)sample->high[j] - same) / (rows - 1);
    default:
        return ((double)sample->high[j] - (j == 0)) * rows / (rows - 1);
    }
}

static inline double table_degrees(const struct sample *sample, enum measure table)
{
    double bins = (double)sample->bins;
    return table < DISTANCES ? (bins - 1) * (bins - 1) : bins - 1;
}

/* The deviate of the table of so many permutations. Margins of positions and residues are given, so
 * that the mean of chi-square is larger by N / (N - 1). */
static inline double table_deviate(const struct sample *sample, enum measure table,
                                   const uint64_t *counts, size_t permutations)
{
    double chi_square = 0, rows = (double)sample->rows;
    for (size_t i = 0; i < table_rows(sample, table); i++)
        for (size_t j = 0; j < sample->bins; j++) {
            double expected = (double)permutations * table_expected(sample, table, i, j);
            double difference = (double)counts[i * sample->bins + j] - expected;
            chi_square += difference * difference / expected;
        }
    if (table == POSITIONS || table == RESIDUES) chi_square *= (rows - 1) / rows;
    return judge_deviate(chi_square, table_degrees(sample, table));
}

/* ---- Others. */

/* Of what varies with its mean and variance. */
static inline double deviate(double value, double mean, double variance)
{
    return (value - mean) / sqrt(variance);
}

/* Lengths of ascending runs, where the row after each run is left out: then they are independent,
 * and r or longer with probability 1 / r! (Knuth: TAOCP vol. 2, 3.3.2, exercise 14). */
static inline double runs_deviate(const struct sample *sample, const uint32_t *row)
{
    static const double chances[] = {1. / 2, 1. / 3, 1. / 8, 1. / 30, 1. / 120};
    double counts[5] = {0}, runs = 0, chi_square = 0;
    for (uint64_t k = 0, length;; k += length + 1, runs++) {
        for (length = 1; k + length < sample->rows && row[k + length] > row[k + length - 1];)
            length++;
        if (k + length >= sample->rows) break;
        counts[length < 5 ? length - 1 : 4]++;
    }
    for (int i = 0; i < 5; i++) {
        double expected = runs * chances[i];
        chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    return judge_deviate(chi_square, 4);
}

/* Sums of squares and of fourth powers of 0 … N-1, less their mean. */
static inline double sum_of_squares(double rows)
{
    return rows * (rows * rows - 1) / 12;
}

static inline double sum_of_fourth_powers(double rows)
{
    return sum_of_squares(rows) * (3 * rows * rows - 7) / 20;
}

/* Spearman's coefficient has mean 0 and variance 1 / (N - 1). */
static inline double correlation_deviate(const struct sample *sample, const uint32_t *row)
{
    double rows = (double)sample->rows, middle = (rows - 1) / 2, sum = 0;
    for (uint64_t k = 0; k < sample->rows; k++)
        sum += ((double)k - middle) * ((double)row[k] - middle);
    return sum / sum_of_squares(rows) * sqrt(rows - 1);
}

/* Circular, by Wald and Wolfowitz: An exact test for randomness in the non-parametric case based on
 * serial correlation. Ann. Math. Statist. 14 (1943); simplified by the sums of first and third
 * powers, which are 0. */
static inline double serial_deviate(const struct sample *sample, const uint32_t *row, uint64_t lag)
{
    double n = (double)sample->rows, middle = (n - 1) / 2, sum = 0;
    double s2 = sum_of_squares(n), s4 = sum_of_fourth_powers(n), mean = -s2 / (n - 1);
    double variance = (s2 * s2 - s4) / (n - 1) + (s2 * s2 - 2 * s4) / ((n - 1) * (n - 2));
    for (uint64_t k = 0; k < sample->rows; k++) {
        uint64_t next = k + lag < sample->rows ? k + lag : k + lag - sample->rows;
        sum += ((double)row[k] - middle) * ((double)row[next] - middle);
    }
    return deviate(sum, mean, variance - mean * mean);
}

/* Ascents are Eulerian, with mean (N - 1) / 2 and variance (N + 1) / 12 (TAOCP vol. 3, 5.1.3). The
 * three counts have mean 1 or 1 - 1 / N, variance 1 to within 1 / N and are nearly Poisson's. */
static inline void measure_counts(struct sample *sample, const uint32_t *row)
{
    uint64_t ascents = 0, fixed = row[0] == 0, successors = 0, predecessors = 0;
    double rows = (double)sample->rows, mean = 1 - 1 / rows;
    for (uint64_t k = 1; k < sample->rows; k++) {
        fixed += row[k] == k;
        ascents += row[k] > row[k - 1];
        successors += row[k] == row[k - 1] + 1;
        predecessors += row[k] + 1 == row[k - 1];
    }
    sample->deviates[ASCENTS][sample->taken] =
        deviate((double)ascents, (rows - 1) / 2, (rows + 1) / 12);
    sample->deviates[FIXED][sample->taken] = (double)fixed - 1;
    sample->deviates[SUCCESSORS][sample->taken] = (double)successors - mean;
    sample->deviates[PREDECESSORS][sample->taken] = (double)predecessors - mean;
}

/* Takes a permutation into the sample. */
static inline void sample_take(struct sample *sample, const uint32_t *row)
{
    double(*deviates)[MOST_PERMUTATIONS] = sample->deviates;
    size_t at = sample->taken;
    memset(sample->now, 0, sizeof sample->now);
    fill_positions(sample, row);
    fill_neighbours(sample, row, 1, sample->now[PAIRS], sample->now[DISTANCES]);
    fill_neighbours(sample, row, sample->far_lag, sample->now[FAR_PAIRS],
                    sample->now[FAR_DISTANCES]);
    for (enum measure table = 0; table < TABLES; table++) {
        deviates[table][at] = table_deviate(sample, table, sample->now[table], 1);
        for (size_t i = 0; i < MOST_BINS * MOST_BINS; i++)
            sample->all[table][i] += sample->now[table][i];
    }
    measure_counts(sample, row);
    deviates[RUNS][at] = runs_deviate(sample, row);
    deviates[CORRELATION][at] = correlation_deviate(sample, row);
    deviates[SERIAL][at] = serial_deviate(sample, row, 1);
    deviates[FAR_SERIAL][at] = serial_deviate(sample, row, sample->far_lag);
    sample->taken++;
}

/* ---- Verdicts. */

/* What is found wrong is printed, if it has a name to go by. */
struct verdict {
    const char *name;
    size_t wrong;
    double worst; /* deviations */
};

static inline void verdict_note(struct verdict *verdict, const struct sample *sample,
                                enum measure measure, const char *what, double deviations)
{
    bool good = fabs(deviations) < JUDGE_DEVIATIONS;
    if (!(fabs(deviations) <= verdict->worst)) verdict->worst = fabs(deviations);
    verdict->wrong += !good;
    if (!good && verdict->name)
        printf("  %s, N %llu, %s, %s: %.1f deviations\n", verdict->name,
               (unsigned long long)sample->rows, measure_names[measure], what, deviations);
}

/* Of a sum of deviates. That of counts is Poisson's, and its root close to normal (Anscombe: The
 * transformation of Poisson, binomial and negative-binomial data. Biometrika 35 (1948)). */
static inline double mean_deviate(const struct sample *sample, enum measure measure, double sum)
{
    double taken = (double)sample->taken, mean = taken;
    if (measure < FIXED) return sum / sqrt(taken);
    if (measure != FIXED) mean -= taken / (double)sample->rows;
    return 2 * (sqrt(sum + mean + 3. / 8) - sqrt(mean + 3. / 8));
}

/* Of a sum of squares of deviates: each has a variance of 2, or of 3 for counts, whose fourth
 * moment is 4. Like chi-square with as many degrees as have that variance. */
static inline double spread_deviate(const struct sample *sample, enum measure measure,
                                    double squares)
{
    double taken = (double)sample->taken, degrees = measure < FIXED ? taken : taken * 2 / 3;
    return judge_deviate(squares * degrees / taken, degrees);
}

/* A sample against theory. */
static inline void judge_sample(struct verdict *verdict, const struct sample *sample)
{
    for (enum measure measure = 0; measure < MEASURES; measure++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < sample->taken; i++) {
            sum += sample->deviates[measure][i];
            squares += sample->deviates[measure][i] * sample->deviates[measure][i];
        }
        verdict_note(verdict, sample, measure, "mean", mean_deviate(sample, measure, sum));
        verdict_note(verdict, sample, measure, "spread", spread_deviate(sample, measure, squares));
    }
    for (enum measure table = 0; table < TABLES; table++)
        verdict_note(verdict, sample, table, "all together",
                     table_deviate(sample, table, sample->all[table], sample->taken));
}

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The largest difference between the distributions of two samples of n values (Smirnov: Table for
 * estimating the goodness of fit of empirical distributions. Ann. Math. Statist. 19 (1948)), with
 * the probability 2 exp(-n D^2) of a larger one by chance turned into deviations. */
static inline double distribution_deviate(const double *a, const double *b, size_t n)
{
    static double x[MOST_PERMUTATIONS], y[MOST_PERMUTATIONS];
    double most = 0;
    memcpy(x, a, n * sizeof *x);
    memcpy(y, b, n * sizeof *y);
    qsort(x, n, sizeof *x, compare_doubles);
    qsort(y, n, sizeof *y, compare_doubles);
    for (size_t i = 0, k = 0; i < n && k < n;) {
        double value = x[i] < y[k] ? x[i] : y[k];
        while (i < n && x[i] == value)
            i++;
        while (k < n && y[k] == value)
            k++;
        most = fmax(most, fabs((double)i - (double)k) / (double)n);
    }
    return most * sqrt((double)n) / sqrt(log(2 / JUDGE_CHANCE)) * JUDGE_DEVIATIONS;
}

/* Two tables of as many permutations, against each other. */
static inline double difference_deviate(const struct sample *a, const struct sample *b,
                                        enum measure table)
{
    double chi_square = 0;
    for (size_t i = 0; i < table_rows(a, table) * a->bins; i++) {
        double x = (double)a->all[table][i], y = (double)b->all[table][i];
        if (x + y > 0) chi_square += (x - y) * (x - y) / (x + y);
    }
    return judge_deviate(chi_square, table_degrees(a, table));
}

/* A sample against another, of as many permutations. */
static inline void compare_samples(struct verdict *verdict, const struct sample *a,
                                   const struct sample *b)
{
    for (enum measure measure = 0; measure < MEASURES; measure++)
        verdict_note(verdict, a, measure, "distribution",
                     distribution_deviate(a->deviates[measure], b->deviates[measure], a->taken));
    for (enum measure table = 0; table < TABLES; table++)
        verdict_note(verdict, a, table, "difference", difference_deviate(a, b, table));
}

/* ---- What is measured, and the reference. */

/* All rows of a permutation that a source gives; false if there is no memory. */
static inline bool draw_rows(const struct order_source *source, uint64_t rows, uint32_t *row)
{
    enum {
        AT_ONCE = 4096
    };
    struct order_permutation permutation = {0};
    uint64_t part[AT_ONCE];
    bool good = order_permutation_draw(&permutation, source, rows) == SHS_OK;
    for (uint64_t first = 0, count; first < rows && good; first += count) {
        count = rows - first < AT_ONCE ? rows - first : AT_ONCE;
        order_permutation_rows(&permutation, first, count, part);
        for (uint64_t i = 0; i < count; i++)
            row[first + i] = (uint32_t)part[i];
    }
    order_permutation_free(&permutation);
    return good;
}

/* A shuffle by Fisher and Yates, with the generator of judge.h: a bias of n / 2^64. */
static inline void shuffle(uint32_t *row, uint64_t rows, uint64_t *state)
{
    for (uint64_t k = 0; k < rows; k++)
        row[k] = (uint32_t)k;
    for (uint64_t left = rows; left > 1; left--) {
        uint64_t other = (uint64_t)((judge_wide)judge_random(state) * left >> 64);
        uint32_t swap = row[left - 1];
        row[left - 1] = row[other];
        row[other] = swap;
    }
}

#endif
