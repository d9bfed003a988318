/* Alias tables: the chances that their cells add up to against the weights, zeros among them, and
 * draws against the words that they take. */
#include <Random123/philox.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "counted_memory.h"
#include "judge.h"
#include "random_alias.h"
#include "random_stream.h"
#include "unit.h"

enum {
    MOST = 100000
};

static double weights[MOST];

/* Weights of many kinds, each with another way to lose digits. */
static uint64_t fill_equal(void)
{
    for (uint64_t i = 0; i < 999; i++)
        weights[i] = 0.1;
    return 999;
}

static uint64_t fill_one(void)
{
    weights[0] = 1e-310;
    return 1;
}

static uint64_t fill_far_apart(void)
{
    for (uint64_t i = 0; i < 64; i++)
        weights[i] = i % 2 ? 1e300 : 1e-300;
    return 64;
}

static uint64_t fill_smallest(void)
{
    for (uint64_t i = 0; i < 100; i++)
        weights[i] = (double)(i % 4) * 4.9406564584124654e-324;
    return 100;
}

static uint64_t fill_greatest(void)
{
    for (uint64_t i = 0; i < 100; i++)
        weights[i] = DBL_MAX / 101;
    return 100;
}

static uint64_t fill_geometric(void)
{
    weights[0] = 1;
    for (uint64_t i = 1; i < 1200; i++)
        weights[i] = weights[i - 1] * 0.7;
    return 1200;
}

static uint64_t fill_only_one_of_many(void)
{
    for (uint64_t i = 0; i < MOST; i++)
        weights[i] = i == 777 ? 0.3 : 0;
    return MOST;
}

static double uniform(uint64_t *state)
{
    return (double)(judge_random(state) >> 11) * 0x1p-53;
}

static uint64_t fill_random(void)
{
    uint64_t state = 1;
    for (uint64_t i = 0; i < MOST; i++)
        weights[i] = uniform(&state);
    return MOST;
}

/* Over 600 powers of ten, and three quarters of them 0. */
static uint64_t fill_wild(void)
{
    uint64_t state = 2;
    for (uint64_t i = 0; i < MOST; i++) {
        double x = uniform(&state);
        weights[i] = judge_random(&state) % 4 ? 0 : x * pow(10, 600 * uniform(&state) - 300);
    }
    return MOST;
}

/* Just below and just above the mean, and zeros, which it is made up for by a few. */
static uint64_t fill_near_the_mean(void)
{
    for (uint64_t i = 0; i < MOST; i++)
        weights[i] = i % 3 == 0 ? 0 : i % 1000 == 1 ? 1.0 / 3 * 1e3 : 1.0 / 3 + (double)i * 1e-17;
    return MOST;
}

static const struct {
    const char *name;
    uint64_t (*fill)(void);
} kinds[] = {{"equal", fill_equal},
             {"one", fill_one},
             {"far apart", fill_far_apart},
             {"smallest", fill_smallest},
             {"greatest", fill_greatest},
             {"geometric", fill_geometric},
             {"one of many", fill_only_one_of_many},
             {"random", fill_random},
             {"wild", fill_wild},
             {"near the mean", fill_near_the_mean}};

/* The chance of each weight, and how many cells it has a part in. */
struct law {
    long double *chance;
    uint64_t *cells;
};

static struct law law_of(const struct random_alias *table)
{
    struct law law = {calloc(table->n, sizeof *law.chance), calloc(table->n, sizeof *law.cells)};
    if (!NEED(law.chance) || !NEED(law.cells)) exit(1);
    for (uint32_t i = 0; i < table->n; i++) {
        law.chance[i] += (long double)table->cells[i].keep / table->n;
        law.chance[table->cells[i].other] += (1 - (long double)table->cells[i].keep) / table->n;
        law.cells[i]++;
        law.cells[table->cells[i].other]++;
    }
    return law;
}

static void law_free(struct law *law)
{
    free(law->chance);
    free(law->cells);
}

/* Each rounding of a cell's share is at most 2^-53; 2^-64 and 1e-15 are for the test's own. */
static uint64_t wrong_chances(const struct random_alias *table, const struct law *law)
{
    uint64_t wrong = 0;
    long double sum = 0;
    for (uint32_t i = 0; i < table->n; i++)
        sum += weights[i];
    for (uint32_t i = 0; i < table->n; i++) {
        long double expected = weights[i] / sum;
        long double most = 1e-15L * expected + 0x1p-93L +
                           (long double)law->cells[i] * (0x1p-53L / table->n + 0x1p-64L * expected);
        wrong += !(fabsl(law->chance[i] - expected) <= most);
        if (expected > 0x1p-60L && law->cells[i] < 1000 && weights[i] * table->n > sum)
            wrong += fabsl(law->chance[i] - expected) > 1e-12L * expected;
    }
    return wrong;
}

static uint64_t zeros_with_a_share(const struct random_alias *table)
{
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < table->n; i++) {
        if (weights[i] == 0 && table->cells[i].keep != 0) wrong++;
        if (weights[table->cells[i].other] == 0 && table->cells[i].keep != 1) wrong++;
        if (!(table->cells[i].keep >= 0 && table->cells[i].keep <= 1)) wrong++;
    }
    return wrong;
}

static void chances_are_those_of_the_weights(void)
{
    for (size_t kind = 0; kind < COUNT(kinds); kind++) {
        struct random_alias table;
        uint64_t n = kinds[kind].fill();
        if (!NEED_STATUS(random_alias_open(weights, n, &table), SHS_OK)) return;
        struct law law = law_of(&table);
        if (wrong_chances(&table, &law)) WRONG("%s", kinds[kind].name);
        if (zeros_with_a_share(&table)) WRONG("%s", kinds[kind].name);
        law_free(&law);
        random_alias_close(&table);
    }
}

/* Shares that a double holds exactly: 3/4 of a cell, 1/4 of another one, and nothing. */
static void small_tables_are_exact(void)
{
    static const double quarters[] = {3, 0, 1, 4};
    struct random_alias table;
    memcpy(weights, quarters, sizeof quarters);
    if (!NEED_STATUS(random_alias_open(weights, 4, &table), SHS_OK)) return;
    struct law law = law_of(&table);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(law.chance[i], quarters[i] / 8);
    law_free(&law);
    random_alias_close(&table);
}

static void equal_weights_keep_their_cells(void)
{
    struct random_alias table;
    for (uint64_t n = 1; n < 300; n++) {
        for (uint64_t i = 0; i < n; i++)
            weights[i] = 0.3;
        if (!NEED_STATUS(random_alias_open(weights, n, &table), SHS_OK)) return;
        for (uint64_t i = 0; i < n; i++)
            CHECK_EQ(table.cells[i].keep, 1);
        random_alias_close(&table);
    }
}

/* Small n, all kinds of zeros, sums that round: whatever is left over when tables are made with
 * rounded shares would be a zero's here. */
static void zeros_never_have_a_share(void)
{
    uint64_t state = 3, wrong = 0;
    struct random_alias table;
    for (int round = 0; round < 20000; round++) {
        uint64_t n = 1 + judge_random(&state) % 40, positive = judge_random(&state) % n;
        for (uint64_t i = 0; i < n; i++)
            weights[i] = judge_random(&state) % 2 && i != positive ? 0 : uniform(&state) / 3 + 1e-9;
        if (!NEED_STATUS(random_alias_open(weights, n, &table), SHS_OK)) return;
        wrong += zeros_with_a_share(&table);
        struct law law = law_of(&table);
        wrong += wrong_chances(&table, &law);
        law_free(&law);
        random_alias_close(&table);
    }
    CHECK_EQ(wrong, 0);
}

static void a_common_factor_changes_nothing(void)
{
    struct random_alias table, other;
    uint64_t n = fill_near_the_mean();
    if (!NEED_STATUS(random_alias_open(weights, n, &table), SHS_OK)) return;
    for (uint64_t i = 0; i < n; i++)
        weights[i] *= 0x1p-500;
    if (NEED_STATUS(random_alias_open(weights, n, &other), SHS_OK)) {
        CHECK(!memcmp(table.cells, other.cells, n * sizeof *table.cells));
        random_alias_close(&other);
    }
    random_alias_close(&table);
}

/* The same weights the other way round: other cells, the same chances. */
static void chances_do_not_depend_on_the_order(void)
{
    struct random_alias table, other;
    uint64_t n = fill_random(), wrong = 0;
    if (!NEED_STATUS(random_alias_open(weights, n, &table), SHS_OK)) return;
    for (uint64_t i = 0; i < n / 2; i++) {
        double swap = weights[i];
        weights[i] = weights[n - 1 - i];
        weights[n - 1 - i] = swap;
    }
    if (!NEED_STATUS(random_alias_open(weights, n, &other), SHS_OK)) return;
    struct law law = law_of(&table), turned = law_of(&other);
    for (uint64_t i = 0; i < n; i++)
        wrong += fabsl(law.chance[i] - turned.chance[n - 1 - i]) > 1e-12L / (long double)n;
    CHECK_EQ(wrong, 0);
    law_free(&law);
    law_free(&turned);
    random_alias_close(&table);
    random_alias_close(&other);
}

/* ---- Draws. */

/* Words of a stream by Random123's own philox. */
struct slow_words {
    uint32_t key[2], counter[4];
    unsigned used;
};

static uint32_t slow_word(struct slow_words *slow)
{
    philox4x32_ctr_t counter = {
        {slow->used / 4, slow->counter[1], slow->counter[2], slow->counter[3]}};
    philox4x32_key_t key = {{slow->key[0], slow->key[1]}};
    return philox4x32(counter, key).v[slow->used++ % 4];
}

/* As the header says: below(n), then a double. */
static uint32_t slow_draw(const struct random_alias *table, struct slow_words *slow)
{
    uint64_t product;
    do
        product = (uint64_t)slow_word(slow) * table->n;
    while ((uint32_t)product < (UINT64_C(1) << 32) % table->n);
    uint64_t low = slow_word(slow), high = slow_word(slow);
    double share = (double)((high << 32 | low) >> 11) / 9007199254740992.0;
    uint32_t cell = (uint32_t)(product >> 32);
    return share < table->cells[cell].keep ? cell : table->cells[cell].other;
}

static void draws_take_the_words_that_they_say(void)
{
    struct random_alias table;
    uint64_t wrong = 0, n = fill_geometric();
    if (!NEED_STATUS(random_alias_open(weights, n, &table), SHS_OK)) return;
    table.n = 1000; /* any cells do */
    for (uint64_t position = 0; position < 20000; position++) {
        shs_random stream;
        random_of_weights(5, 3, position, 9, &stream);
        struct slow_words slow = {{stream.key[0], stream.key[1]},
                                  {0, stream.counter[1], stream.counter[2], stream.counter[3]},
                                  0};
        wrong += random_alias_draw(&table, &stream) != slow_draw(&table, &slow);
        wrong += shs_random_u32(&stream) != slow_word(&slow);
    }
    CHECK_EQ(wrong, 0);
    table.n = (uint32_t)n;
    random_alias_close(&table);
}

/* A chance c keeps draws below c, so that one of 0 keeps none: not even a draw of 0. */
static void a_draw_of_the_chance_itself_is_not_kept(void)
{
    struct random_cell cell = {.other = 9};
    struct random_alias table = {1, &cell};
    for (uint64_t position = 0; position < 100; position++) {
        shs_random stream, same;
        random_of_weights(5, 3, position, 9, &stream);
        same = stream;
        shs_random_u32(&same);
        cell.keep = shs_random_double(&same);
        same = stream;
        CHECK_EQ(random_alias_draw(&table, &stream), 9);
        cell.keep = nextafter(cell.keep, 1);
        CHECK_EQ(random_alias_draw(&table, &same), 0);
    }
}

static void draw_many(const struct random_alias *table, uint64_t draws, uint64_t *counts)
{
    shs_random stream;
    random_of_weights(UINT64_C(0x0123456789abcdef), 0, 0, 0, &stream);
    for (uint64_t i = 0; i < draws; i++)
        counts[random_alias_draw(table, &stream)]++;
    CHECK_STATUS(shs_random_status(&stream), SHS_OK);
}

/* Chi-square within 4.5 deviations: see judge.h. */
static void draws_come_as_often_as_they_weigh(void)
{
    enum {
        N = 500
    };
    static uint64_t counts[N];
    const uint64_t draws = 4000000;
    struct random_alias table;
    double sum = 0, chi_square = 0, degrees = -1;
    for (uint64_t i = 0; i < N; i++)
        sum += weights[i] = i % 5 == 2 ? 0 : 1 + (double)(i * 37 % 101);
    if (!NEED_STATUS(random_alias_open(weights, N, &table), SHS_OK)) return;
    draw_many(&table, draws, counts);
    for (uint64_t i = 0; i < N; i++) {
        double expected = (double)draws * weights[i] / sum;
        if (weights[i] == 0) CHECK_EQ(counts[i], 0);
        if (weights[i] == 0) continue;
        chi_square += judge_chi_square(&counts[i], 1, expected);
        degrees++;
    }
    CHECK(judge_plausible(chi_square, degrees));
    random_alias_close(&table);
}

/* ---- Errors. */

static void refuse(uint64_t n, const char *message)
{
    struct random_alias table = {.n = 7};
    CHECK_STATUS(random_alias_open(weights, n, &table), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), message);
    CHECK_EQ(table.n, 0);
    CHECK(!table.cells);
}

static void what_is_no_weight_is_refused(void)
{
    static const double bad[] = {-1e-300, (double)NAN, (double)INFINITY, -(double)INFINITY};
    fill_equal();
    refuse(0, "0 weights");
    refuse(UINT64_C(1) << 32, "4294967296 weights");
    for (size_t i = 0; i < COUNT(bad); i++) {
        weights[17] = bad[i];
        refuse(20, "weight 17 is ");
    }
    weights[0] = weights[1] = DBL_MAX;
    refuse(2, "more than a double holds");
    weights[0] = 0;
    weights[1] = -0.0;
    refuse(2, "all weights are 0");
    weights[0] = 1;
    struct random_alias table;
    if (!NEED_STATUS(random_alias_open(weights, 2, &table), SHS_OK)) return;
    CHECK_EQ(zeros_with_a_share(&table), 0);
    random_alias_close(&table);
}

static void want_of_memory_is_an_error(void)
{
    uint64_t n = fill_geometric();
    for (long fail_at = 0; fail_at <= 1; fail_at++) {
        struct counted_memory counted;
        struct random_alias table;
        counted_begin(&counted, fail_at);
        shs_status status = random_alias_open(weights, n, &table);
        CHECK_STATUS(status, fail_at ? SHS_ERROR_MEMORY : SHS_OK);
        CHECK_EQ(counted.calls, 1); /* no more than the table's own */
        CHECK_EQ(sizeof *table.cells, 12);
        random_alias_close(&table);
        CHECK_EQ(counted_end(&counted), 0);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(chances_are_those_of_the_weights),   TEST(small_tables_are_exact),
        TEST(equal_weights_keep_their_cells),     TEST(zeros_never_have_a_share),
        TEST(a_common_factor_changes_nothing),    TEST(chances_do_not_depend_on_the_order),
        TEST(draws_take_the_words_that_they_say), TEST(a_draw_of_the_chance_itself_is_not_kept),
        TEST(draws_come_as_often_as_they_weigh),  TEST(what_is_no_weight_is_refused),
        TEST(want_of_memory_is_an_error),
    };
    return harness_main("alias", tests, COUNT(tests), argc, argv);
}
