/* Statistics of elements, in two passes, whose result does not depend on the order of the elements
 * nor on how they are shared out: counts, extremes and sums are exact, and each rounding stands at
 * a fixed place. Pure.
 *
 * First pass: how many are finite, the least, the greatest, and the exact sum. The mean is the sum
 * divided by the count, rounded once. Second pass: the histogram, and the exact sum of the squared
 * deviations d*d, with d = x - mean rounded to double and d*d rounded again. An integer's d is
 * (x - m) - f, with the whole and fractional part of the exact mean. The deviation is the root of
 * that sum divided by the count (the population's: not by one less). NaNs and infinities are
 * counted and else left out. */
#ifndef SCAN_TALLY_H
#define SCAN_TALLY_H

#include "core_exact.h"
#include "shardstep/tensor.h"

enum {
    SCAN_TALLY_SUMS = 3 + CORE_EXACT_DIGITS,
    SCAN_TALLY_EXTREMES = 2
};

/* The elements of one channel that this process has seen. Zeroed by scan_tally_new(). */
struct scan_tally {
    shs_type type;
    uint64_t finite, nans, infinities;
    uint64_t least, greatest; /* keys of finite elements; 2^64 - 1 and 0 where there are none */
    struct core_exact sum;    /* of the pass */

    /* Set between the passes. */
    double mean;
    double scale; /* floats are multiplied by this power of two, so that no square overflows */
    double scaled_mean;  /* floats */
    uint64_t whole_mean; /* integers: a key, */
    double fraction;     /* and what the mean is more than it, in [0,1) */
    uint64_t bins;       /* of the histogram */
    double bins_per_one; /* how many bins a difference of 1 spans, about */
    uint64_t *edges;     /* keys of bins + 1 edges: bin i has what is at least edge i and below edge
                            i + 1; the last edge is the greatest element, which is in the last bin */
    double *steps;       /* floats: the same edges, scaled */
    uint64_t *histogram; /* counts, a bin each */
    double deviation;    /* set by scan_tally_end() */
};

/* A tally for elements of a type, with room for a histogram. */
shs_status scan_tally_new(shs_type type, uint64_t most_bins, struct scan_tally **tally);

/* Accepts a pointer to NULL; leaves NULL. */
void scan_tally_free(struct scan_tally **tally);

/* Adds elements that stand `stride` elements apart, in the first pass and in the second. */
void scan_tally_first(struct scan_tally *tally, const void *from, size_t stride, size_t count);
void scan_tally_second(struct scan_tally *tally, const void *from, size_t stride, size_t count);

/* The same for an integer, as a key, that occurs `times` times. */
void scan_tally_first_key(struct scan_tally *tally, uint64_t key, uint64_t times);
void scan_tally_second_key(struct scan_tally *tally, uint64_t key, uint64_t times);

/* What the first pass has found, as numbers of which processes and channels take the sums modulo
 * 2^64 and the greatest. In the second pass only the digits count: from sums[3] on. */
void scan_tally_give(const struct scan_tally *tally, uint64_t sums[SCAN_TALLY_SUMS],
                     uint64_t extremes[SCAN_TALLY_EXTREMES]);

/* Ends the first pass with the numbers of all, and begins the second. */
void scan_tally_turn(struct scan_tally *tally, const uint64_t sums[SCAN_TALLY_SUMS],
                     const uint64_t extremes[SCAN_TALLY_EXTREMES], uint64_t most_bins);

/* Ends the second pass with the sums of all. */
void scan_tally_end(struct scan_tally *tally, const uint64_t sums[SCAN_TALLY_SUMS]);

#endif
