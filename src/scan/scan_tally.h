/* Statistics of elements, in two passes. Counts, extremes and sums are exact, and each rounding has
 * a fixed place in the computation. So the result depends neither on the order of the elements nor
 * on how they are shared out. Pure.
 *
 * The first pass finds how many elements are finite, the least, the greatest, and the exact sum.
 * The mean is the sum divided by the count, rounded once. The second pass makes the histogram, and
 * the exact sum of the squared deviations d*d, with d = x - mean rounded to double and d*d rounded
 * again. For integers, d is (x - m) - f, where m is the whole part and f the fraction of the exact
 * mean. The deviation is the root of that sum divided by the count (the population's deviation, not
 * the sample's). NaNs, infinities and values that mean "missing" are counted and otherwise left
 * out.
 */
#ifndef SCAN_TALLY_H
#define SCAN_TALLY_H

#include "core_exact.h"
#include "scan_fill.h"
#include "shardstep/tensor.h"

enum {
    SCAN_TALLY_SUMS = 4 + CORE_EXACT_DIGITS,
    SCAN_TALLY_EXTREMES = 2
};

/* The tally of one channel's elements that this process has seen. scan_tally_new() zeroes it. */
struct scan_tally {
    shs_type type;
    const struct scan_fill *fill; /* values that are left out; borrowed */
    uint64_t finite;              /* elements that are counted in the mean */
    uint64_t nans, infinities, filled;
    uint64_t least, greatest; /* keys of finite elements; 2^64 - 1 and 0 if there are none */
    struct core_exact sum;    /* sum of the present pass */

    /* The rest up to `histogram` is set between the passes. */
    double mean;
    double scale; /* floats are multiplied by this power of two, so that no square overflows */
    double scaled_mean;  /* scaled mean of floats */
    uint64_t whole_mean; /* whole part of the mean of integers, as a key */
    double fraction;     /* fraction of that mean, in [0,1) */
    uint64_t bins;       /* bins of the histogram */
    double bins_per_one; /* about how many bins a difference of 1 spans */
    /* Keys of bins + 1 edges. Bin i has the elements from edge i on and below edge i + 1. The last
     * edge is the greatest element, which the last bin has too. */
    uint64_t *edges;
    double *steps;       /* the same edges, scaled, for floats */
    uint64_t *histogram; /* a count for each bin */
    double deviation;    /* set by scan_tally_end() */
};

/* Makes a tally for elements of a type, with room for a histogram. The tally borrows `fill`, the
 * values of this type that are left out. */
shs_status scan_tally_new(shs_type type, const struct scan_fill *fill, uint64_t most_bins,
                          struct scan_tally **tally);

/* Frees a tally and sets *tally to NULL, which it may be already. */
void scan_tally_free(struct scan_tally **tally);

/* Adds elements, `stride` elements apart: the first function in the first pass, the second in the
 * second pass. */
void scan_tally_first(struct scan_tally *tally, const void *from, size_t stride, size_t count);
void scan_tally_second(struct scan_tally *tally, const void *from, size_t stride, size_t count);

/* Adds an integer, given as a key, that occurs `times` times: the first function in the first pass,
 * the second in the second pass. */
void scan_tally_first_key(struct scan_tally *tally, uint64_t key, uint64_t times);
void scan_tally_second_key(struct scan_tally *tally, uint64_t key, uint64_t times);

/* Gives the numbers that the present pass has found. Processes and channels add up `sums` modulo
 * 2^64 and take the greatest of each of the extremes. After the second pass only the digits count,
 * from sums[4] on. */
void scan_tally_give(const struct scan_tally *tally, uint64_t sums[SCAN_TALLY_SUMS],
                     uint64_t extremes[SCAN_TALLY_EXTREMES]);

/* Ends the first pass with the numbers of all processes, and begins the second pass. */
void scan_tally_turn(struct scan_tally *tally, const uint64_t sums[SCAN_TALLY_SUMS],
                     const uint64_t extremes[SCAN_TALLY_EXTREMES], uint64_t most_bins);

/* Ends the second pass with the sums of all processes. */
void scan_tally_end(struct scan_tally *tally, const uint64_t sums[SCAN_TALLY_SUMS]);

#endif
