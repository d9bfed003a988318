/* How random permutations are: against theory, and against those that Fisher and Yates shuffle with
 * another generator, on both sides of the border between tables and networks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_sanitized.h"
#include "order_permutation.h"
#include "permutation_measures.h"
#include "unit.h"

/* ---- all orders of a few */

/* The number of an order of n rows among n!, by counting smaller ones. */
static size_t number_of_order(const struct order_permutation *permutation)
{
    size_t number = 0;
    for (uint64_t i = 0; i < permutation->samples; i++) {
        size_t smaller = 0;
        for (uint64_t k = i + 1; k < permutation->samples; k++)
            smaller +=
                order_permutation_row(permutation, k) < order_permutation_row(permutation, i);
        number = number * (permutation->samples - i) + smaller;
    }
    return number;
}

/* A million keys: seeds and epochs as users count them, or seeds from anywhere. */
static double chi_square_of_orders(uint64_t samples, size_t orders, bool anywhere)
{
    enum {
        SEEDS = 1000,
        EPOCHS = 1000
    };
    static uint64_t counts[720];
    struct order_permutation permutation = {0};
    uint64_t state = samples;
    memset(counts, 0, sizeof counts);
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
            uint64_t key = anywhere ? judge_random(&state) : seed;
            CHECK_STATUS(order_permutation_set(&permutation, key, 0, epoch, samples), SHS_OK);
            counts[number_of_order(&permutation)]++;
        }
    order_permutation_free(&permutation);
    return judge_chi_square(counts, orders, (double)SEEDS * EPOCHS / (double)orders);
}

/* The bands hold 99.9% of chi-squares: their ends are its quantiles of 0.05% and 99.95%. */
static void all_orders_are_equally_likely(void)
{
    static const struct {
        uint64_t samples;
        size_t orders;
        double low, high;
    } kinds[] = {{4, 24, 6.92, 52.00}, {5, 120, 74.68, 176.39}, {6, 720, 600.73, 850.37}};
    for (size_t i = 0; i < COUNT(kinds); i++)
        for (int anywhere = 0; anywhere < 2; anywhere++) {
            double chi_square =
                chi_square_of_orders(kinds[i].samples, kinds[i].orders, anywhere == 1);
            printf("  %d rows: chi-square %.1f of %d\n", (int)kinds[i].samples, chi_square,
                   (int)kinds[i].orders - 1);
            CHECK_IS(chi_square, >, kinds[i].low);
            CHECK_IS(chi_square, <, kinds[i].high);
        }
}

/* ---- single positions, over many keys */

enum {
    MOST_ROWS_OF_PLACES = 32768,
    TIMES = CORE_SANITIZED ? 4 : 32 /* that a row is expected */
};

/* Each row is equally likely at a position, and each other one at a distance from it: chi-square
 * over all rows. The positions are ends, neighbours, and alike in a half of the network. */
static void check_places(uint64_t samples)
{
    static const uint64_t places[] = {0, 1, 127, 128, 8192, 16384};
    static uint64_t rows[COUNT(places)][MOST_ROWS_OF_PLACES];
    static uint64_t distances[COUNT(places)][MOST_ROWS_OF_PLACES];
    struct order_permutation permutation = {0};
    uint64_t row[COUNT(places)];
    memset(rows, 0, sizeof rows);
    memset(distances, 0, sizeof distances);
    for (uint64_t key = 0; key < TIMES * samples; key++) {
        CHECK_STATUS(order_permutation_set(&permutation, 7 + key % 64, 0, key / 64, samples),
                     SHS_OK);
        for (size_t i = 0; i < COUNT(places); i++) {
            row[i] = order_permutation_row(&permutation, places[i]);
            rows[i][row[i]]++;
            distances[i][(row[i] + samples - row[0]) % samples]++;
        }
    }
    for (size_t i = 0; i < COUNT(places); i++) {
        double degrees = (double)samples - 1, expected = TIMES / (1 - 1 / (double)samples);
        CHECK(judge_plausible(judge_chi_square(rows[i], samples, TIMES), degrees));
        if (i == 0) continue;
        CHECK_EQ(distances[i][0], 0);
        CHECK(judge_plausible(judge_chi_square(distances[i] + 1, samples - 1, expected),
                              degrees - 1));
    }
}

static void every_row_is_equally_likely_at_a_position(void)
{
    check_places(16385);
    check_places(32768);
}

enum {
    BINS = 32,
    KEYS = (CORE_SANITIZED ? 10 : 100) * BINS * BINS
};

static size_t bin_of(uint64_t row, uint64_t samples)
{
    return (size_t)((judge_wide)row * BINS / samples);
}

/* Where the first two positions and the last lead: pairs of bins are equally likely. */
static void check_pairs_of_bins(uint64_t samples)
{
    static uint64_t first[BINS * BINS], last[BINS * BINS];
    struct order_permutation permutation = {0};
    memset(first, 0, sizeof first);
    memset(last, 0, sizeof last);
    for (uint64_t key = 0; key < KEYS; key++) {
        CHECK_STATUS(order_permutation_set(&permutation, samples + key % 16, 0, key / 16, samples),
                     SHS_OK);
        size_t a = bin_of(order_permutation_row(&permutation, 0), samples);
        size_t b = bin_of(order_permutation_row(&permutation, 1), samples);
        size_t z = bin_of(order_permutation_row(&permutation, samples - 1), samples);
        first[a * BINS + b]++;
        last[a * BINS + z]++;
    }
    double expected = KEYS / (BINS * BINS);
    CHECK(judge_plausible(judge_chi_square(first, BINS * BINS, expected), BINS * BINS - 1));
    CHECK(judge_plausible(judge_chi_square(last, BINS * BINS, expected), BINS * BINS - 1));
}

/* Bins of the smallest, with 512.03 rows, differ from even ones by far less than chance. */
static void pairs_of_positions_are_spread_evenly(void)
{
    check_pairs_of_bins(16385);
    check_pairs_of_bins(1 << 15);
    check_pairs_of_bins(60000);
    check_pairs_of_bins((UINT64_C(1) << 40) + 3);
    check_pairs_of_bins(UINT64_C(1) << 56);
}

/* ---- whole permutations, measured */

enum {
    MOST_ROWS = CORE_SANITIZED ? 2000003 : 10000000
};

static uint32_t row[MOST_ROWS];
static struct sample drawn, shuffled;

/* One permutation of a kind, into row[]. */
typedef void take(uint64_t rows, uint64_t number);

static void take_sample(struct sample *sample, take *take_one, uint64_t rows, uint64_t bins,
                        size_t count)
{
    sample_begin(sample, rows, bins);
    for (uint64_t number = 0; number < count; number++) {
        take_one(rows, number);
        sample_take(sample, row);
    }
}

/* Small seeds and epochs that follow one another, as users count them. */
static void take_drawn(uint64_t rows, uint64_t number)
{
    CHECK(
        draw_rows(&(struct order_source){.seed = 42 + number % 7, .epoch = number / 7}, rows, row));
}

static void take_shuffled(uint64_t rows, uint64_t number)
{
    uint64_t state = rows << 20 | number;
    shuffle(row, rows, &state);
}

/* Both samples against theory, and against each other. A verdict of all 8 sizes is wrong by chance
 * once in 200 seeds, with 8 * (2 * 34 + 20) judgements of 6.8e-6. */
static void check_size(uint64_t rows, uint64_t bins, size_t count)
{
    struct verdict of_drawn = {.name = "drawn"}, of_shuffled = {.name = "shuffled"};
    struct verdict of_both = {.name = "drawn against shuffled"};
    if (CORE_SANITIZED) count = count / 8 + 1;
    take_sample(&drawn, take_drawn, rows, bins, count);
    take_sample(&shuffled, take_shuffled, rows, bins, count);
    judge_sample(&of_drawn, &drawn);
    judge_sample(&of_shuffled, &shuffled);
    compare_samples(&of_both, &drawn, &shuffled);
    printf("  N %d: at worst %.1f deviations, shuffled %.1f, compared %.1f\n", (int)rows,
           of_drawn.worst, of_shuffled.worst, of_both.worst);
    CHECK_EQ(of_drawn.wrong, 0);
    CHECK_EQ(of_shuffled.wrong, 0);
    CHECK_EQ(of_both.wrong, 0);
}

/* Just above a power of two half of all positions walk on. */
static void permutations_are_like_shuffled_ones(void)
{
    check_size(1000, 8, 2000);
    check_size(ORDER_TABLE_MAX, 32, 200);
    check_size(ORDER_TABLE_MAX + 1, 32, 1500);
    check_size(32769, 32, 100);
    check_size(65537, 32, 50);
    check_size(100000, 32, 40);
    check_size((1 << 20) + 1, 64, 6);
    check_size(MOST_ROWS, 64, 3);
}

/* ---- what is not random */

static void take_affine(uint64_t rows, uint64_t number)
{
    uint64_t state = number, factor = 1 + judge_random(&state) % (rows - 1);
    uint64_t first = judge_random(&state) % rows;
    for (uint64_t k = 0; k < rows; k++)
        row[k] = (uint32_t)((factor * k + first) % rows);
}

/* Good permutations, but always the same one, begun elsewhere. */
static void take_rotated(uint64_t rows, uint64_t number)
{
    static uint32_t whole[10007];
    uint64_t state = 1, cut = number * 7919 % rows;
    shuffle(whole, rows, &state);
    for (uint64_t k = 0; k < rows; k++)
        row[k] = whole[(k + cut) % rows];
}

/* Three rounds of a Feistel network of 14 bits, each a table of true random numbers. */
static void take_three_rounds(uint64_t rows, uint64_t number)
{
    uint64_t state = number;
    uint32_t table[3][128];
    for (size_t i = 0; i < 3 * 128; i++)
        table[i / 128][i % 128] = (uint32_t)judge_random(&state) % 128;
    for (uint32_t k = 0; k < rows; k++) {
        row[k] = k;
        do
            for (size_t round = 0; round < 3; round++)
                row[k] = row[k] % 128 << 7 | (row[k] >> 7 ^ table[round][row[k] % 128]);
        while (row[k] >= rows);
    }
}

static void swap(uint64_t i, uint64_t k)
{
    uint32_t kept = row[i];
    row[i] = row[k];
    row[k] = kept;
}

static void take_file_order(uint64_t rows)
{
    for (uint64_t k = 0; k < rows; k++)
        row[k] = (uint32_t)k;
}

/* Shuffles with a mistake: no row can keep its place; each is swapped with any; numbers of 16 bits
 * are brought into range by a division. */
static void take_cyclic(uint64_t rows, uint64_t number)
{
    uint64_t state = number;
    take_file_order(rows);
    for (uint64_t i = rows - 1; i > 0; i--)
        swap(i, judge_random(&state) % i);
}

static void take_swapped_with_any(uint64_t rows, uint64_t number)
{
    uint64_t state = number;
    take_file_order(rows);
    for (uint64_t i = 0; i < rows; i++)
        swap(i, judge_random(&state) % rows);
}

static void take_biased(uint64_t rows, uint64_t number)
{
    uint64_t state = number;
    take_file_order(rows);
    for (uint64_t i = rows - 1; i > 0; i--)
        swap(i, (judge_random(&state) >> 48) % (i + 1));
}

static void what_is_not_random_is_told(void)
{
    static const struct {
        const char *name;
        take *take_one;
    } kinds[] = {{"affine", take_affine},
                 {"rotated", take_rotated},
                 {"three rounds", take_three_rounds},
                 {"cyclic", take_cyclic},
                 {"swapped with any", take_swapped_with_any},
                 {"biased", take_biased}};
    take_sample(&shuffled, take_shuffled, 10007, 16, 100);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct verdict by_theory = {0}, by_comparison = {0};
        take_sample(&drawn, kinds[i].take_one, 10007, 16, 100);
        judge_sample(&by_theory, &drawn);
        compare_samples(&by_comparison, &drawn, &shuffled);
        printf("  %s: %d of %d judgements, %d of %d comparisons fail\n", kinds[i].name,
               (int)by_theory.wrong, JUDGEMENTS, (int)by_comparison.wrong, COMPARISONS);
        CHECK_IS(by_theory.wrong, >, 0);
        CHECK_IS(by_comparison.wrong, >, 0);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(all_orders_are_equally_likely),        TEST(every_row_is_equally_likely_at_a_position),
        TEST(pairs_of_positions_are_spread_evenly), TEST(permutations_are_like_shuffled_ones),
        TEST(what_is_not_random_is_told),
    };
    return harness_main("permutation_quality", tests, COUNT(tests), argc, argv);
}
