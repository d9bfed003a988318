/* Rows by weight in two levels: blocks, the search within one, and the law of both together. */
#include <Random123/philox.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "counted_memory.h"
#include "judge.h"
#include "order_weights.h"
#include "random_stream.h"
#include "unit.h"

enum {
    MOST = 5000
};

static double row_weights[MOST];

/* Contract 1 by Random123's own philox: {block, low 32 of position, epoch, purpose << 24 | next 24
 * of position}, purpose 5 + 16 * stream. */
static void streams_follow_the_contract(void)
{
    static const uint64_t positions[] = {0, 1, 4294967295, 4294967296, 72057594037927935};
    static const uint64_t seeds[] = {0, 42, UINT64_C(0xfedcba9876543210)};
    for (size_t i = 0; i < COUNT(positions); i++)
        for (size_t j = 0; j < COUNT(seeds); j++)
            for (uint32_t number = 0; number < 16; number += 3) {
                uint32_t epoch = 4294967295u - number;
                shs_random stream;
                philox4x32_ctr_t counter = {
                    {0, (uint32_t)positions[i], epoch,
                     (5 + 16 * number) << 24 | (uint32_t)(positions[i] >> 32)}};
                philox4x32_key_t key = {{(uint32_t)seeds[j], (uint32_t)(seeds[j] >> 32)}};
                philox4x32_ctr_t words = philox4x32(counter, key);
                random_of_weights(seeds[j], number, positions[i], epoch, &stream);
                for (int word = 0; word < 4; word++)
                    CHECK_EQ(shs_random_u32(&stream), words.v[word]);
            }
}

static void blocks_hold_each_row_once(void)
{
    static const uint64_t rows[] = {1,
                                    2,
                                    1048575,
                                    1048576,
                                    1048577,
                                    2097152,
                                    2097153,
                                    100000007,
                                    UINT64_C(1) << 40,
                                    (UINT64_C(1) << 56) - 1,
                                    UINT64_C(1) << 56};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct order_weights weights;
        uint64_t next = 0, n = rows[i];
        if (!NEED_STATUS(order_weights_begin(&weights, n, ORDER_WEIGHTS_BLOCKS), SHS_OK)) return;
        CHECK_EQ(weights.block_rows, n / 1048576 + (n % 1048576 != 0));
        CHECK_IS(weights.blocks, <=, ORDER_WEIGHTS_BLOCKS);
        for (uint64_t block = 0; block < weights.blocks; block++) {
            CHECK_EQ(order_weights_first(&weights, block), next);
            next += order_weights_count(&weights, block);
            if (block + 1 < weights.blocks)
                CHECK_EQ(order_weights_count(&weights, block), weights.block_rows);
        }
        if (CHECK_EQ(next, n)) CHECK_IS(order_weights_count(&weights, weights.blocks - 1), >, 0);
        order_weights_free(&weights);
    }
}

/* ---- The search. */

/* The row, by the definition: sums from the beginning for each row anew. */
static uint64_t slow_search(const double *piece, uint64_t count, double target)
{
    uint64_t last = ORDER_NO_ROW;
    for (uint64_t row = 0; row < count; row++) {
        double sum = 0;
        for (uint64_t i = 0; i <= row; i++)
            sum += piece[i];
        if (sum > target) return row;
        if (piece[row] > 0) last = row;
    }
    return last;
}

static uint64_t search_in_pieces(uint64_t count, double target, uint64_t at_once)
{
    struct order_search search = {.target = target, .last = ORDER_NO_ROW};
    for (uint64_t at = 0, now; at < count; at += now) {
        now = count - at < at_once ? count - at : at_once;
        if (order_weights_search_in(&search, row_weights + at, now)) return search.last;
    }
    return search.last;
}

static double uniform(uint64_t *state)
{
    return (double)(judge_random(state) >> 11) * 0x1p-53;
}

static void a_row_is_found_in_any_pieces(void)
{
    uint64_t state = 4, wrong = 0;
    for (int round = 0; round < 3000; round++) {
        uint64_t count = 1 + judge_random(&state) % 50;
        for (uint64_t i = 0; i < count; i++)
            row_weights[i] = judge_random(&state) % 3 ? 0 : uniform(&state);
        double sum = order_weights_sum(0, row_weights, count);
        const double targets[] = {0, uniform(&state) * sum, (1 - 0x1p-53) * sum, sum, 2 * sum};
        for (size_t i = 0; i < COUNT(targets); i++) {
            uint64_t row = slow_search(row_weights, count, targets[i]);
            for (uint64_t at_once = 1; at_once <= count; at_once += 1 + at_once / 2)
                wrong += !CHECK_EQ(search_in_pieces(count, targets[i], at_once), row);
            if (sum > 0) wrong += row == ORDER_NO_ROW || row_weights[row] == 0;
            if (sum == 0) wrong += !CHECK_EQ(row, ORDER_NO_ROW);
        }
    }
    CHECK_EQ(wrong, 0);
}

/* Sums go on from piece to piece, with the same roundings. */
static void sums_do_not_depend_on_pieces(void)
{
    uint64_t state = 5;
    for (uint64_t i = 0; i < MOST; i++)
        row_weights[i] = uniform(&state);
    double whole = order_weights_sum(0, row_weights, MOST), sum = 0;
    for (uint64_t at = 0, now; at < MOST; at += now) {
        now = 1 + judge_random(&state) % 100;
        if (now > MOST - at) now = MOST - at;
        sum = order_weights_sum(sum, row_weights + at, now);
    }
    CHECK_EQ(sum, whole);
    CHECK_IS(whole, >, MOST * 0.45);
    CHECK_IS(whole, <, MOST * 0.55);
}

/* ---- The law. */

static shs_status make(struct order_weights *weights, uint64_t rows, uint64_t most_blocks)
{
    shs_status status = order_weights_begin(weights, rows, most_blocks);
    for (uint64_t block = 0; block < weights->blocks && !status; block++)
        weights->sums[block] =
            order_weights_sum(0, row_weights + order_weights_first(weights, block),
                              order_weights_count(weights, block));
    return status ? status : order_weights_end(weights);
}

static uint64_t draw(const struct order_weights *weights, shs_random *stream)
{
    struct order_pick pick = order_weights_pick(weights, stream);
    struct order_search search = order_weights_search(weights, pick);
    order_weights_search_in(&search, row_weights + search.next,
                            order_weights_count(weights, pick.block));
    return search.last;
}

/* One draw at each position, of a seed, for draws of the same words are not independent. */
static void draw_many(uint64_t seed, uint64_t rows, uint64_t most_blocks, uint64_t draws,
                      uint64_t *counts)
{
    struct order_weights weights;
    memset(counts, 0, rows * sizeof *counts);
    if (!NEED_STATUS(make(&weights, rows, most_blocks), SHS_OK)) return;
    for (uint64_t position = 0; position < draws; position++) {
        shs_random stream;
        random_of_weights(seed, 2, position, 4, &stream);
        uint64_t row = draw(&weights, &stream);
        if (row < rows) counts[row]++;
    }
    order_weights_free(&weights);
}

static void fill_mixed(uint64_t rows)
{
    for (uint64_t i = 0; i < rows; i++)
        row_weights[i] = i % 7 == 3 ? 0 : (i % 11 == 0 ? 40 : 1) + (double)(i % 5);
}

static double chi_square_of(const uint64_t *counts, uint64_t rows, uint64_t draws, double *degrees)
{
    double chi_square = 0, sum = order_weights_sum(0, row_weights, rows);
    uint64_t drawn = 0;
    *degrees = -1;
    for (uint64_t i = 0; i < rows; i++) {
        drawn += counts[i];
        if (row_weights[i] == 0) CHECK_EQ(counts[i], 0);
        if (row_weights[i] == 0) continue;
        chi_square += judge_chi_square(&counts[i], 1, (double)draws * row_weights[i] / sum);
        ++*degrees;
    }
    CHECK_EQ(drawn, draws);
    return chi_square;
}

static void rows_come_as_often_as_they_weigh(void)
{
    static const uint64_t blocks[] = {1, 2, 7, 13, 100, 299, 600};
    static uint64_t counts[COUNT(blocks)][600];
    const uint64_t draws = 600000;
    fill_mixed(600);
    for (size_t i = 0; i < COUNT(blocks); i++) {
        double degrees;
        draw_many(i, 600, blocks[i], draws, counts[i]);
        double chi_square = chi_square_of(counts[i], 600, draws, &degrees);
        CHECK(judge_plausible(chi_square, degrees));
    }
    /* one level against two: of the same law, with as many draws each */
    for (size_t i = 0; i < 6; i++) {
        double chi_square = 0, degrees = -1;
        for (int row = 0; row < 600; row++) {
            double one = (double)counts[6][row], two = (double)counts[i][row];
            if (one + two == 0) continue;
            chi_square += (one - two) * (one - two) / (one + two);
            degrees++;
        }
        CHECK(judge_plausible(chi_square, degrees));
    }
}

/* Computed elsewhere from what the headers say, by a program in Python with a Philox and whole
 * numbers of its own. */
static void rows_are_those_of_another_program(void)
{
    static const struct {
        uint64_t most_blocks, rows[24];
    } known[] = {{50, {42, 27, 26, 15, 39, 29, 13, 32, 24, 32, 4,  21,
                       15, 20, 36, 36, 2,  38, 11, 14, 24, 26, 42, 4}},
                 {12, {42, 29, 8,  15, 37, 27, 19, 43, 20, 37, 3,  21,
                       29, 7,  32, 37, 4,  31, 10, 15, 20, 9,  34, 4}}};
    for (uint64_t i = 0; i < 50; i++)
        row_weights[i] = (double)(i * i % 23) * 0.1;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct order_weights weights;
        if (!NEED_STATUS(make(&weights, 50, known[i].most_blocks), SHS_OK)) return;
        for (uint64_t p = 0; p < 24; p++) {
            shs_random stream;
            random_of_weights(UINT64_C(0xfedcba9876543210), 11, p * 4294967299, 4000000000 + p,
                              &stream);
            CHECK_EQ(draw(&weights, &stream), known[i].rows[p]);
        }
        order_weights_free(&weights);
    }
}

/* The chance of a row, from the cells of blocks and the sums within one. */
static long double chance_of(const struct order_weights *weights, uint64_t row)
{
    uint64_t block = row / weights->block_rows, first = order_weights_first(weights, block);
    long double chance = 0;
    for (uint32_t cell = 0; cell < weights->table.n; cell++) {
        long double keep = weights->table.cells[cell].keep;
        if (cell == block) chance += keep;
        if (weights->table.cells[cell].other == block) chance += 1 - keep;
    }
    chance /= weights->table.n;
    if (!weights->sums || chance == 0) return chance;
    double before = order_weights_sum(0, row_weights + first, row - first);
    double upto = order_weights_sum(before, row_weights + row, 1);
    return chance * ((long double)upto - before) / weights->sums[block];
}

static void chances_are_those_of_the_weights(void)
{
    static const uint64_t blocks[] = {1, 3, 50, 499, 2000};
    uint64_t state = 6, wrong = 0;
    long double sum = 0;
    for (uint64_t i = 0; i < 500; i++)
        sum += row_weights[i] = judge_random(&state) % 4 ? uniform(&state) : 0;
    for (size_t i = 0; i < COUNT(blocks); i++) {
        struct order_weights weights;
        if (!NEED_STATUS(make(&weights, 500, blocks[i]), SHS_OK)) return;
        for (uint64_t row = 0; row < 500; row++) {
            long double expected = row_weights[row] / sum;
            wrong += !(fabsl(chance_of(&weights, row) - expected) <= 1e-12L / 500);
            wrong += expected == 0 && chance_of(&weights, row) != 0;
        }
        CHECK_EQ(weights.sums == NULL, weights.block_rows == 1);
        order_weights_free(&weights);
    }
    CHECK_EQ(wrong, 0);
}

static void a_block_of_zeros_is_never_drawn(void)
{
    static uint64_t counts[1000];
    double degrees;
    for (int i = 0; i < 1000; i++)
        row_weights[i] = i / 100 % 2 ? 1 + i % 3 : 0;
    draw_many(1, 1000, 10, 200000, counts);
    double chi_square = chi_square_of(counts, 1000, 200000, &degrees);
    CHECK(judge_plausible(chi_square, degrees));
}

static void a_draw_takes_three_or_five_words(void)
{
    struct order_weights weights;
    for (int i = 0; i < 64; i++)
        row_weights[i] = 1;
    for (uint64_t most_blocks = 32; most_blocks <= 64; most_blocks *= 2) {
        if (!NEED_STATUS(make(&weights, 64, most_blocks), SHS_OK)) return;
        shs_random stream, same;
        random_of_weights(1, 0, 2, 3, &stream);
        same = stream;
        order_weights_pick(&weights, &stream);
        for (int word = 0; word < (most_blocks == 64 ? 3 : 5); word++)
            shs_random_u32(&same);
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&same));
        order_weights_free(&weights);
    }
}

/* In bulk, of rows alone: one pick each, whatever the number of positions. */
static void many_rows_are_as_one_at_a_time(void)
{
    const struct order_source source = {.seed = 9, .stream = 4, .epoch = 4294967295, .vrank = 3};
    struct order_weights weights;
    uint64_t wrong = 0, index[200];
    fill_mixed(MOST);
    if (!NEED_STATUS(order_weights_of_rows(&weights, row_weights, MOST), SHS_OK)) return;
    for (uint64_t count = 0; count <= COUNT(index); count += 1 + count / 3) {
        for (uint64_t i = 0; i < count; i++)
            index[i] = count + i * 4294967299;
        order_weights_rows(&weights, &source, index, count);
        for (uint64_t i = 0; i < count; i++) {
            shs_random stream;
            random_of_weights(9, 4, count + i * 4294967299, 4294967295, &stream);
            wrong += !CHECK_EQ(index[i], draw(&weights, &stream));
        }
    }
    CHECK_EQ(wrong, 0);
    order_weights_free(&weights);
}

/* ---- Marks. */

static struct order_weights_mark mark_of(uint64_t first, uint64_t count)
{
    struct order_weights_mark mark = {{0, 0}};
    order_weights_mark_add(&mark, first, row_weights, count);
    return mark;
}

static bool are_same(struct order_weights_mark a, struct order_weights_mark b)
{
    return a.sums[0] == b.sums[0] && a.sums[1] == b.sums[1];
}

static void marks_tell_weights_apart(void)
{
    struct order_weights_mark parts = {{0, 0}};
    fill_mixed(1000);
    struct order_weights_mark whole = mark_of(0, 1000);
    order_weights_mark_add(&parts, 400, row_weights + 400, 600);
    order_weights_mark_add(&parts, 0, row_weights, 123);
    order_weights_mark_add(&parts, 123, row_weights + 123, 277);
    CHECK(are_same(parts, whole));
    if (CHECK(!are_same(mark_of(1, 1000), whole))) CHECK(!are_same(mark_of(0, 999), whole));
    row_weights[5] = nextafter(row_weights[5], 100);
    CHECK(!are_same(mark_of(0, 1000), whole));
    fill_mixed(1000);
    row_weights[0] = row_weights[1];
    row_weights[1] = 40;
    CHECK(!are_same(mark_of(0, 1000), whole));
    fill_mixed(1000);
    row_weights[3] = -0.0; /* was 0 */
    CHECK(are_same(mark_of(0, 1000), whole));
}

/* ---- Errors. */

static void sums_that_cannot_be_are_refused(void)
{
    struct order_weights weights;
    row_weights[0] = row_weights[1] = 0;
    CHECK_STATUS(make(&weights, 2, 8), SHS_ERROR_ARGUMENT);
    order_weights_free(&weights);
    row_weights[0] = row_weights[1] = DBL_MAX;
    CHECK_STATUS(make(&weights, 2, 1), SHS_ERROR_ARGUMENT); /* a sum that overflows */
    order_weights_free(&weights);
    CHECK_STATUS(make(&weights, 0, 8), SHS_ERROR_ARGUMENT);
    order_weights_free(&weights);
}

static void want_of_memory_is_an_error(void)
{
    fill_mixed(1000);
    for (long fail_at = 0; fail_at <= 2; fail_at++) {
        struct counted_memory counted;
        struct order_weights weights;
        counted_begin(&counted, fail_at);
        CHECK_STATUS(make(&weights, 1000, 100), fail_at ? SHS_ERROR_MEMORY : SHS_OK);
        order_weights_free(&weights);
        CHECK_EQ(counted_end(&counted), 0);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(streams_follow_the_contract),      TEST(blocks_hold_each_row_once),
        TEST(a_row_is_found_in_any_pieces),     TEST(sums_do_not_depend_on_pieces),
        TEST(rows_come_as_often_as_they_weigh), TEST(rows_are_those_of_another_program),
        TEST(chances_are_those_of_the_weights), TEST(a_block_of_zeros_is_never_drawn),
        TEST(a_draw_takes_three_or_five_words), TEST(many_rows_are_as_one_at_a_time),
        TEST(marks_tell_weights_apart),         TEST(sums_that_cannot_be_are_refused),
        TEST(want_of_memory_is_an_error),
    };
    return harness_main("order weights", tests, COUNT(tests), argc, argv);
}
