/* Numbers that are drawn from the words of a stream: their bits, their bounds, and below(n). */
#include "judge.h"
#include "random_scene.h"

/* ---- numbers */

static void long_words_are_two_words(void)
{
    const shs_place place = {.seed = 11, .purpose = 15, .slot = 1};
    shs_random stream = stream_at(&place);
    CHECK_EQ(shs_random_u32(&stream), word_at(&place, 0));
    for (uint64_t i = 1; i < 21; i += 2) {
        uint64_t expected =
            word_at(&place, i) + (uint64_t)word_at(&place, i + 1) * UINT64_C(4294967296);
        CHECK_EQ(shs_random_u64(&stream), expected);
    }
}

/* Scaled up a float is a whole number, which is exact. */
static void floats_have_24_bits(void)
{
    const shs_place place = {.seed = 12};
    shs_random stream = stream_at(&place);
    for (uint64_t i = 0; i < 20000; i++) {
        float value = shs_random_float(&stream);
        harness_where("word %llu", (unsigned long long)i);
        CHECK_EQ((double)value * 16777216, (double)(word_at(&place, i) / 256));
    }
}

static void doubles_have_53_bits(void)
{
    const shs_place place = {.seed = 13};
    shs_random stream = stream_at(&place);
    for (uint64_t i = 0; i < 40000; i += 2) {
        uint64_t bits =
            word_at(&place, i) / 2048 + (uint64_t)word_at(&place, i + 1) * UINT64_C(2097152);
        harness_where("words %llu and %llu", (unsigned long long)i, (unsigned long long)i + 1);
        CHECK_EQ(shs_random_double(&stream) * 9007199254740992.0, (double)bits);
    }
}

/* The largest words and the smallest. */
static void numbers_stay_below_one(void)
{
    static const struct {
        uint32_t word;
        float number;
    } floats[] = {{UINT32_MAX, 0x0.ffffffp0f}, {255, 0}, {256, 0x1p-24f}};
    static const struct {
        uint32_t low, high;
        double number;
    } doubles[] = {{UINT32_MAX, UINT32_MAX, 0x0.fffffffffffff8p0},
                   {2047, 0, 0},
                   {2048, 0, 0x1p-53},
                   {0, 1u << 31, 0.5}};
    for (size_t i = 0; i < COUNT(floats); i++) {
        shs_random stream = stream_with(floats[i].word, 0);
        CHECK_EQ(shs_random_float(&stream), floats[i].number);
    }
    for (size_t i = 0; i < COUNT(doubles); i++) {
        shs_random stream = stream_with(doubles[i].low, doubles[i].high);
        CHECK_EQ(shs_random_double(&stream), doubles[i].number);
    }
}

/* ---- below */

/* The contract's rule: m = word * n, drawn anew while low32(m) < (2^32 - n) mod n. */
static uint32_t slow_below(const shs_place *place, uint64_t *number, uint32_t n)
{
    uint64_t unfair = (UINT64_C(4294967296) - n) % n;
    for (;;) {
        uint64_t m = (uint64_t)word_at(place, (*number)++) * n;
        if (m % UINT64_C(4294967296) >= unfair) return (uint32_t)(m / UINT64_C(4294967296));
    }
}

static const uint32_t bounds[] = {
    1,          2,          3,          5,          6,          7,          10,         100,
    1000,       65535,      65536,      65537,      0x55555555, 0x55555556, 0x7fffffff, 0x80000000,
    0x80000001, 0xaaaaaaab, 0xc0000000, 0xfffffffd, 0xfffffffe, 0xffffffff};

static void below_follows_the_rule(void)
{
    for (size_t i = 0; i < COUNT(bounds); i++) {
        shs_place place = {.seed = 14, .step = bounds[i]};
        uint64_t number = 0;
        size_t wrong = 0;
        shs_random stream = stream_at(&place);
        for (int draw = 0; draw < 2000; draw++)
            wrong += shs_random_below(&stream, bounds[i]) != slow_below(&place, &number, bounds[i]);
        wrong += shs_random_u32(&stream) != word_at(&place, number);
        harness_where("below(%u)", (unsigned)bounds[i]);
        CHECK_EQ(wrong, 0);
    }
}

/* For n = 3, 2^32 mod 3 = 1: the product's low half is unfair only if it is 0, so the word 0 is
 * drawn anew and the word 1 is not. */
static void below_redraws_only_what_is_unfair(void)
{
    shs_random stream = stream_with(0, UINT32_C(0x60000000));
    CHECK_EQ(shs_random_below(&stream, 3), 1);
    CHECK_EQ(stream.used, 4);
    stream = stream_with(1, UINT32_C(0x60000000));
    CHECK_EQ(shs_random_below(&stream, 3), 0);
    CHECK_EQ(stream.used, 3);
    stream = stream_with(UINT32_MAX, 0);
    CHECK_EQ(shs_random_below(&stream, UINT32_MAX), UINT32_MAX - 1);
}

/* Equally likely classes of the results of below(n). */
static double chi_square_of_below(uint32_t n, uint32_t classes, uint64_t draws)
{
    uint64_t counts[128] = {0};
    shs_place place = {.seed = 15, .step = n, .slot = classes};
    shs_random stream = stream_at(&place);
    for (uint64_t i = 0; i < draws; i++)
        counts[shs_random_below(&stream, n) % classes]++;
    return judge_chi_square(counts, classes, (double)draws / classes);
}

/* Without redrawing, the third of 3*2^30 classes would be half as likely as each of the others'. */
static void below_is_fair(void)
{
    static const uint32_t cases[][2] = {
        {2, 2},     {3, 3},     {5, 5},          {6, 6},           {7, 7},         {100, 100},
        {127, 127}, {101, 101}, {0xc0000000, 3}, {0xaaaaaaa9, 11}, {0xfffffffe, 2}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        double chi_square = chi_square_of_below(cases[i][0], cases[i][1], 200000);
        harness_where("below(%u) in %u classes: chi-square %g", (unsigned)cases[i][0],
                      (unsigned)cases[i][1], chi_square);
        CHECK(judge_plausible(chi_square, cases[i][1] - 1));
    }
}

static void below_one_is_zero(void)
{
    const shs_place place = {.seed = 16};
    shs_random stream = stream_at(&place);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(shs_random_below(&stream, 1), 0);
    CHECK_EQ(shs_random_u32(&stream), word_at(&place, 10));
}

static void below_nothing_is_an_error(void)
{
    const shs_place place = {.seed = 17};
    shs_random stream = stream_at(&place);
    CHECK_EQ(shs_random_u32(&stream), word_at(&place, 0));
    CHECK_EQ(shs_random_below(&stream, 0), 0);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "a parameter out of range");
    CHECK(gives_only_zeros(&stream));
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_ARGUMENT);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(long_words_are_two_words),
        TEST(floats_have_24_bits),
        TEST(doubles_have_53_bits),
        TEST(numbers_stay_below_one),
        TEST(below_follows_the_rule),
        TEST(below_redraws_only_what_is_unfair),
        TEST(below_is_fair),
        TEST(below_one_is_zero),
        TEST(below_nothing_is_an_error),
    };
    return harness_main("random_numbers", tests, COUNT(tests), argc, argv);
}
