/* How random permutations are. */
#include <math.h>
#include <string.h>

#include "judge.h"
#include "order_permutation.h"
#include "unit.h"

typedef unsigned __int128 wide;

static bool set(struct order_permutation *permutation, uint64_t seed, uint64_t epoch,
                uint64_t samples)
{
    return order_permutation_set(permutation, seed, 0, epoch, samples) == SHS_OK;
}

/* The number of an order of 6 among 720, by counting smaller ones. */
static size_t number_of_order(const struct order_permutation *permutation)
{
    size_t number = 0;
    for (uint64_t i = 0; i < 6; i++) {
        size_t smaller = 0;
        for (uint64_t k = i + 1; k < 6; k++)
            smaller +=
                order_permutation_row(permutation, k) < order_permutation_row(permutation, i);
        number = number * (6 - i) + smaller;
    }
    return number;
}

static void all_orders_of_six_are_equally_likely(void)
{
    struct order_permutation permutation = {0};
    uint64_t counts[720] = {0};
    for (uint64_t seed = 0; seed < 144; seed++)
        for (uint64_t epoch = 0; epoch < 1000; epoch++) {
            if (!set(&permutation, seed, epoch, 6)) return;
            counts[number_of_order(&permutation)]++;
        }
    CHECK(judge_plausible(judge_chi_square(counts, 720, 200), 719));
    order_permutation_free(&permutation);
}

enum {
    BINS = 32
};

static size_t bin_of(uint64_t row, uint64_t samples)
{
    return (size_t)((wide)row * BINS / samples);
}

/* Where the first two positions and the last lead, over many epochs: pairs of bins should be
 * equally likely. 2^14 + 1 rows need most cycle walking. */
static void check_positions(uint64_t samples)
{
    static uint64_t first[BINS * BINS], last[BINS * BINS];
    enum {
        EPOCHS = 100 * BINS * BINS
    };
    struct order_permutation permutation = {0};
    memset(first, 0, sizeof first);
    memset(last, 0, sizeof last);
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        if (!NEED(set(&permutation, samples, epoch, samples))) return;
        size_t a = bin_of(order_permutation_row(&permutation, 0), samples);
        size_t b = bin_of(order_permutation_row(&permutation, 1), samples);
        size_t z = bin_of(order_permutation_row(&permutation, samples - 1), samples);
        first[a * BINS + b]++;
        last[a * BINS + z]++;
    }
    CHECK(judge_plausible(judge_chi_square(first, BINS * BINS, 100), BINS * BINS - 1));
    CHECK(judge_plausible(judge_chi_square(last, BINS * BINS, 100), BINS * BINS - 1));
    order_permutation_free(&permutation);
}

static void positions_above_the_border_are_spread_evenly(void)
{
    check_positions(1 << 15);
    check_positions(60000);
    check_positions((UINT64_C(1) << 40) + 3);
    check_positions(UINT64_C(1) << 56);
}

/* With bins of 512.03 rows, counts of 16385 rows differ from even ones by far less than chance. */
static void positions_just_above_the_border_are_spread_evenly(void)
{
    check_positions(16385);
}

/* Statistics of one epoch's sequence of N rows. */
struct sequence {
    uint64_t fixed;      /* rows at their own position: about 1 */
    uint64_t successors; /* rows followed by the next row: about 1 */
    uint64_t ascents;    /* rows followed by any larger one: about (N-1)/2, variance (N+1)/12 */
    uint64_t steps[BINS];
};

static void add_sequence(const struct order_permutation *permutation, struct sequence *sequence)
{
    uint64_t samples = permutation->samples, before = order_permutation_row(permutation, 0);
    sequence->fixed += before == 0;
    for (uint64_t position = 1; position < samples; position++) {
        uint64_t row = order_permutation_row(permutation, position);
        sequence->fixed += row == position;
        sequence->successors += row == before + 1;
        sequence->ascents += row > before;
        sequence->steps[bin_of((row + samples - before) % samples - 1, samples - 1)]++;
        before = row;
    }
}

static bool within(double value, double mean, double variance)
{
    return fabs(value - mean) < 4.5 * sqrt(variance);
}

/* The differences between neighbours, modulo N, are 1 … N-1 alike. N - 1 is a multiple of BINS, or
 * so large that uneven bins do not show. */
static void check_neighbours(uint64_t samples, uint64_t epochs)
{
    struct order_permutation permutation = {0};
    struct sequence sequence = {0};
    double n = (double)samples, e = (double)epochs;
    for (uint64_t epoch = 0; epoch < epochs; epoch++) {
        if (!NEED(set(&permutation, 99, epoch, samples))) return;
        add_sequence(&permutation, &sequence);
    }
    CHECK(within((double)sequence.fixed, e, e));
    CHECK(within((double)sequence.successors, e, e));
    CHECK(within((double)sequence.ascents, e * (n - 1) / 2, e * (n + 1) / 12));
    double chi_square = judge_chi_square(sequence.steps, BINS, e * (n - 1) / BINS);
    CHECK(judge_plausible(chi_square, BINS - 1));
    order_permutation_free(&permutation);
}

static void neighbours_are_unrelated(void)
{
    check_neighbours(993, 2000);
    check_neighbours(16353, 200);
    check_neighbours(16385, 200);
    check_neighbours(1 << 15, 100);
    check_neighbours(100001, 50);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(all_orders_of_six_are_equally_likely),
        TEST(positions_above_the_border_are_spread_evenly),
        TEST(positions_just_above_the_border_are_spread_evenly),
        TEST(neighbours_are_unrelated),
    };
    return harness_run("permutation_quality", tests, COUNT(tests));
}
