/* Draws of operators, read from the record of the draws, and statistics of them. All seeds are
 * fixed, so that what passes once passes always. The thresholds: Kolmogorov-Smirnov sqrt(n) D
 * < 2.4, beyond which lie 2 cases in 100,000; chi-squares judge_plausible(), 7 in a million; counts
 * and correlations 5 standard deviations, 6 in ten million. */
#ifndef OPERATOR_DRAWS_H
#define OPERATOR_DRAWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "augment_record.h"
#include "augment_table.h"
#include "judge.h"
#include "unit.h"

enum {
    SAMPLES = 8192,    /* of a measure */
    MOST_RESULTS = 64, /* of a draw of whole numbers */
    MOST_NUMBERS = 16, /* of a record */
    SLOTS = 64         /* of a step */
};

static const shs_tensor fields[] = {
    {"gray", SHS_F32, 2, {20000, 20000}, NULL}, {"colour", SHS_F32, 3, {8, 8, 3}, NULL},
    {"small", SHS_F32, 2, {8, 8}, NULL},        {"signal", SHS_F32, 1, {1000000}, NULL},
    {"short", SHS_F32, 1, {12}, NULL},          {"cube", SHS_F32, 3, {4, 4, 4}, NULL}};

static inline shs_augment *open_text(const char *text)
{
    shs_augment *augment;
    if (shs_augment_open(text, fields, COUNT(fields), &augment)) WRONG("%s", shs_message());
    return augment;
}

static inline shs_place place_of(size_t sample)
{
    return (shs_place){.seed = 11,
                       .purpose = 1,
                       .rank = sample / SLOTS % 8,
                       .step = sample / SLOTS / 8,
                       .slot = sample % SLOTS};
}

static inline struct core_text record_at(const shs_augment *augment, shs_place place)
{
    struct core_text text = {0};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    augment_record(augment, &stream, &text);
    if (text.status || !text.bytes) abort();
    return text;
}

/* The numbers of a record in their order; yes is 1, and no is 0. */
static inline size_t numbers_of(const char *record, double *numbers)
{
    size_t count = 0;
    while (*(record += strspn(record, "(),= ")) && count < MOST_NUMBERS) {
        size_t length = strcspn(record, "(),= ");
        char *end;
        double number = strtod(record, &end);
        if (end == record + length) numbers[count++] = number;
        if (length == 3 && !memcmp(record, "yes", 3)) numbers[count++] = 1;
        if (length == 2 && !memcmp(record, "no", 2)) numbers[count++] = 0;
        record += length;
    }
    return count;
}

/* ---- checks of one number */

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* True if numbers are spread evenly from 0 to 1, but for sizes that are rounded to whole elements.
 * Sorts them. */
static inline bool is_uniform(double *u, size_t n)
{
    double most = 0;
    qsort(u, n, sizeof *u, compare_doubles);
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(u[i] - (double)i / (double)n));
        most = fmax(most, fabs(u[i] - (double)(i + 1) / (double)n));
    }
    return n && u[0] >= -1e-4 && u[n - 1] <= 1 + 1e-4 && sqrt((double)n) * most < 2.4;
}

/* True if whole numbers from 0 to results - 1 come equally often. */
static inline bool is_even(const double *number, size_t n, size_t results)
{
    uint64_t counts[MOST_RESULTS] = {0};
    for (size_t i = 0; i < n; i++) {
        if (!(number[i] >= 0 && number[i] < (double)results) || floor(number[i]) != number[i])
            return false;
        counts[(size_t)number[i]]++;
    }
    return n && judge_plausible(judge_chi_square(counts, results, (double)n / (double)results),
                                (double)results - 1);
}

/* True if ones among zeros come with probability p. */
static inline bool is_chance(const double *number, size_t n, double p)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (number[i] != 0 && number[i] != 1) return false;
        sum += number[i] - p;
    }
    return fabs(sum) <= 5 * sqrt((double)n * p * (1 - p));
}

#endif
