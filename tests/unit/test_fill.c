/* Fills give what single draws give, up to the end of a stream, and after seeks. */
#include <string.h>

#include "counted_memory.h"
#include "fill_scene.h"
#include "judge.h"
#include "random_kernels.h"
#include "random_math.h"
#include "random_stream.h"
#include "unit.h"

/* ---- every draw, as a single one and as a fill */

struct kind {
    const char *name;
    size_t bytes; /* of a number */
    void (*one)(shs_random *stream, void *out);
    shs_status (*fill)(shs_random *stream, void *out, size_t count);
};

#define PLAIN(name, type)                                                                          \
    static void one_##name(shs_random *stream, void *out)                                          \
    {                                                                                              \
        *(type *)out = shs_random_##name(stream);                                                  \
    }                                                                                              \
    static shs_status fill_##name(shs_random *stream, void *out, size_t count)                     \
    {                                                                                              \
        return shs_random_fill_##name(stream, out, count);                                         \
    }

#define WITH(name, type, draw, ...)                                                                \
    static void one_##name(shs_random *stream, void *out)                                          \
    {                                                                                              \
        *(type *)out = shs_random_##draw(stream, __VA_ARGS__);                                     \
    }                                                                                              \
    static shs_status fill_##name(shs_random *stream, void *out, size_t count)                     \
    {                                                                                              \
        return shs_random_fill_##draw(stream, __VA_ARGS__, out, count);                            \
    }

PLAIN(u32, uint32_t)
PLAIN(u64, uint64_t)
PLAIN(float, float)
PLAIN(double, double)
WITH(float_in, float, float_in, -3, 5.5f)
WITH(double_in, double, double_in, -3, 5.5)
WITH(below_6, uint32_t, below, 6)
WITH(below_power, uint32_t, below, UINT32_C(1) << 20)
WITH(below_half, uint32_t, below, UINT32_C(0x80000001)) /* nearly half the words are rejected */
WITH(below_quarter, uint32_t, below, UINT32_C(0xc0000000))
WITH(below_most, uint32_t, below, UINT32_MAX)
WITH(below64, uint64_t, below64, UINT64_C(0x8000000000000001))
WITH(bernoulli, bool, bernoulli, 0.3)
WITH(normal_float, float, normal_float, 0, 1)
WITH(normal_float_of, float, normal_float, 100.5f, 3)
WITH(normal_float_one, float, normal_float, 1, 1)
WITH(normal_double, double, normal_double, 0, 1)
WITH(normal_double_of, double, normal_double, -7, 0.25)
WITH(truncated_normal, double, truncated_normal, 1, 2, 2.5, 9)
WITH(exponential, double, exponential, 3)
WITH(gamma, double, gamma, 2.5, 2)
WITH(gamma_small, double, gamma, 0.3, 1)
WITH(beta, double, beta, 0.4, 0.4)
WITH(poisson_small, uint64_t, poisson, 4.5)
WITH(poisson_large, uint64_t, poisson, 300)
WITH(binomial_small, uint64_t, binomial, 20, 0.2)
WITH(binomial_large, uint64_t, binomial, 1000, 0.6)
WITH(categorical, uint32_t, categorical, alias)

#define KIND(name, type)                                                                           \
    {                                                                                              \
#name, sizeof(type), one_##name, fill_##name                                               \
    }

static const struct kind kinds[] = {
    KIND(u32, uint32_t),
    KIND(u64, uint64_t),
    KIND(float, float),
    KIND(double, double),
    KIND(float_in, float),
    KIND(double_in, double),
    KIND(below_6, uint32_t),
    KIND(below_power, uint32_t),
    KIND(below_half, uint32_t),
    KIND(below_quarter, uint32_t),
    KIND(below_most, uint32_t),
    KIND(below64, uint64_t),
    KIND(bernoulli, bool),
    KIND(normal_float, float),
    KIND(normal_float_of, float),
    KIND(normal_float_one, float),
    KIND(normal_double, double),
    KIND(normal_double_of, double),
    KIND(truncated_normal, double),
    KIND(exponential, double),
    KIND(gamma, double),
    KIND(gamma_small, double),
    KIND(beta, double),
    KIND(poisson_small, uint64_t),
    KIND(poisson_large, uint64_t),
    KIND(binomial_small, uint64_t),
    KIND(binomial_large, uint64_t),
    KIND(categorical, uint32_t),
};

static void kernels_are_chosen_by_name(void)
{
#if defined(__x86_64__)
    CHECK_EQ(random_kernels_choose("avx2"), __builtin_cpu_supports("avx2") != 0);
    CHECK_EQ(random_kernels_choose("avx512"),
             __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"));
#endif
    CHECK(random_kernels_choose("plain"));
    CHECK(!random_kernels_choose("no such kernels"));
    CHECK(random_kernels_choose(""));
    const char *fastest = random_kernels_now()->name;
    CHECK(random_kernels_choose(fastest));
    for (size_t i = COUNT(kernel_names); i-- > 0;) {
        if (!random_kernels_choose(kernel_names[i])) continue;
        CHECK_TEXT(fastest, kernel_names[i]);
        break;
    }
    CHECK(random_kernels_choose(""));
}

static unsigned char filled[8 * MOST_COUNT + GUARD], drawn[8 * MOST_COUNT + GUARD];

/* Fills on one stream, draws one by one on the other; true if nothing tells them apart. */
static bool fill_is_draws(const struct kind *kind, shs_random *a, shs_random *b, size_t count)
{
    memset(filled, RUBBISH, count * kind->bytes + GUARD);
    memset(drawn, RUBBISH, count * kind->bytes + GUARD);
    shs_status status = kind->fill(a, filled, count);
    for (size_t i = 0; i < count; i++)
        kind->one(b, drawn + i * kind->bytes);
    harness_where("%zu numbers of %s, %s kernels", count, kind->name, random_kernels_now()->name);
    return CHECK_BYTES(filled, drawn, count * kind->bytes + GUARD) &&
           CHECK_STATUS(status, b->status) && CHECK(same_future(*a, *b));
}

static void complain(const struct kind *kind, size_t count, uint64_t where)
{
    WRONG("%s kernels, %s: %zu at %llu", random_kernels_now()->name, kind->name, count,
          (unsigned long long)where);
}

/* Stops at the first that is wrong. */
static void check_small_fills_of(size_t k)
{
    for (uint32_t start = 0; start < 40; start++) {
        for (size_t count = 0; count <= 40; count++) {
            shs_random a = begun(k, start % 10, start / 10), b = a;
            if (fill_is_draws(&kinds[k], &a, &b, count)) continue;
            complain(&kinds[k], count, start);
            return;
        }
    }
}

static void check_small_fills(void)
{
    for (size_t k = 0; k < COUNT(kinds); k++)
        check_small_fills_of(k);
}

static void small_fills_are_single_draws(void)
{
    with_each_kernels(check_small_fills);
}

static void check_large_fills(void)
{
    static const size_t counts[] = {127,  128,  129,  255,  257,  511,  512,  513,  1023,      1025,
                                    1031, 2047, 2048, 2049, 2051, 4096, 4097, 4099, MOST_COUNT};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        for (uint32_t i = 0; i < 2 * COUNT(counts); i++) {
            size_t count = counts[i % COUNT(counts)];
            shs_random a = begun(100 + k, i % 5, i % 4), b = a;
            if (!fill_is_draws(&kinds[k], &a, &b, count)) complain(&kinds[k], count, i);
        }
    }
}

static void large_fills_are_single_draws(void)
{
    with_each_kernels(check_large_fills);
}

/* Fills of every kind, single draws and seeks in any order. */
static void check_walk(void)
{
    uint64_t state = 2;
    shs_random a = begun(200, 0, 0), b = a;
    for (int i = 0; i < 4000; i++) {
        const struct kind *kind = &kinds[judge_random(&state) % COUNT(kinds)];
        const struct kind *single = &kinds[judge_random(&state) % COUNT(kinds)];
        size_t count = judge_random(&state) % (judge_random(&state) % 8 ? 20 : 1500);
        single->one(&a, filled);
        single->one(&b, drawn);
        if (!fill_is_draws(kind, &a, &b, count)) complain(kind, count, (uint64_t)i);
        if (judge_random(&state) % 100) continue;
        uint64_t word = judge_random(&state) >> 31;
        if (CHECK_STATUS(shs_random_seek(&a, word), SHS_OK))
            CHECK_STATUS(shs_random_seek(&b, word), SHS_OK);
    }
}

static void fills_and_draws_mix(void)
{
    with_each_kernels(check_walk);
}

/* The sign of a zero is a bit as well: mean -0 and z = -0 (the sine of half a turn) give -0. */
static void check_negative_zeros(void)
{
    static const float means[] = {0.0f, -0.0f};
    for (size_t i = 0; i < COUNT(means); i++) {
        shs_random a = {.words = {0, 0, 7, UINT32_C(0x80000000)}, .used = 2, .counter = {1}};
        shs_random b = a;
        float fill[2], one[2];
        CHECK_STATUS(shs_random_fill_normal_float(&a, means[i], 1, fill, 2), SHS_OK);
        one[0] = shs_random_normal_float(&b, means[i], 1);
        one[1] = shs_random_normal_float(&b, means[i], 1);
        CHECK_EQ(one[1], 0);
        CHECK_EQ(fill[1], 0);
        CHECK_BYTES(fill, one, sizeof one);
    }
}

static void zeros_keep_their_signs(void)
{
    with_each_kernels(check_negative_zeros);
}

/* ---- the end of a stream */

static bool is_exhausted(const struct kind *kind, shs_random stream)
{
    bool ended = shs_random_status(&stream) == SHS_ERROR_EXHAUSTED;
    memset(filled, RUBBISH, sizeof filled);
    ended = ended && kind->fill(&stream, filled, 50) == SHS_ERROR_EXHAUSTED;
    ended = ended && only_zeros(filled, 50 * kind->bytes) && filled[50 * kind->bytes] == RUBBISH;
    return ended && random_words_left(&stream) == 0;
}

static void check_end(const struct kind *kind, uint64_t left, size_t count)
{
    shs_random a = ending(left, left, (uint32_t)count % 4), b = a;
    if (!fill_is_draws(kind, &a, &b, count)) complain(kind, count, left);
    bool must_end = count > left + 1; /* a kept sine takes no word */
    if ((must_end || a.status) && !is_exhausted(kind, a)) complain(kind, count, left);
}

static void check_ends(void)
{
    static const uint64_t far[] = {64, 100, 1023, 1024, 1029, 2050, 4099};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        for (uint64_t left = 0; left <= 40; left++) {
            for (size_t count = 0; count <= left + 5; count += 1 + count / 10)
                check_end(&kinds[k], left, count);
        }
        for (size_t i = 0; i < COUNT(far); i++)
            for (size_t part = 1; part <= 8; part++)
                check_end(&kinds[k], far[i], (size_t)far[i] * part / 7 + part);
    }
}

static void fills_end_where_single_draws_end(void)
{
    with_each_kernels(check_ends);
}

/* Not against single draws, but against the words that are left. */
static void check_last_words(void)
{
    enum {
        COUNT_OF_WORDS = 6000
    };
    static uint32_t words[COUNT_OF_WORDS];
    static float floats[COUNT_OF_WORDS];
    static double doubles[COUNT_OF_WORDS / 2];
    static uint64_t longs[COUNT_OF_WORDS / 2];
    for (uint64_t left = 1; left < COUNT_OF_WORDS; left += 1 + left / 3) {
        shs_random stream = ending(7, left, 0), copy = stream, other = stream, third = stream;
        CHECK_STATUS(shs_random_fill_u32(&stream, words, COUNT_OF_WORDS), SHS_ERROR_EXHAUSTED);
        CHECK_STATUS(shs_random_fill_float(&copy, floats, COUNT_OF_WORDS), SHS_ERROR_EXHAUSTED);
        CHECK_STATUS(shs_random_fill_double(&other, doubles, COUNT_OF_WORDS / 2),
                     SHS_ERROR_EXHAUSTED);
        CHECK_STATUS(shs_random_fill_u64(&third, longs, COUNT_OF_WORDS / 2), SHS_ERROR_EXHAUSTED);
        size_t wrong = 0;
        for (uint64_t i = 0; i < COUNT_OF_WORDS; i++) {
            uint32_t word = word_of(&stream, END - left + i);
            wrong += words[i] != word;
            wrong += (double)floats[i] * 0x1p24 != (double)(word >> 8);
            if (i % 2) continue;
            uint64_t both = (uint64_t)word_of(&stream, END - left + i + 1) << 32 | word;
            if (i + 2 > left) both = 0;
            wrong += longs[i / 2] != both || doubles[i / 2] * 0x1p53 != (double)(both >> 11);
        }
        CHECK_EQ(wrong, 0);
    }
}

static void the_last_words_are_those_of_the_last_blocks(void)
{
    with_each_kernels(check_last_words);
}

static void a_stream_that_ends_exactly_is_no_error(void)
{
    uint32_t words[64];
    shs_random stream = ending(8, 64, 0);
    CHECK_STATUS(shs_random_fill_u32(&stream, words, 64), SHS_OK);
    if (CHECK_STATUS(shs_random_status(&stream), SHS_OK)) CHECK_EQ(random_words_left(&stream), 0);
    CHECK_STATUS(shs_random_fill_u32(&stream, words, 0), SHS_OK);
    if (CHECK_STATUS(shs_random_fill_u32(&stream, words, 1), SHS_ERROR_EXHAUSTED))
        CHECK_EQ(words[0], 0);
    CHECK_STATUS(shs_random_fill_u32(&stream, words, 0), SHS_ERROR_EXHAUSTED);
}

/* The last pair's sine is drawn already. */
static void the_last_sine_is_delivered(void)
{
    shs_random stream = ending(9, 2, 0);
    CHECK_IS(shs_random_normal_float(&stream, 0, 1), !=, 0);
    CHECK_IS(shs_random_normal_float(&stream, 0, 1), !=, 0);
    CHECK_STATUS(shs_random_status(&stream), SHS_OK);
    CHECK_EQ(shs_random_normal_float(&stream, 0, 1), 0);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_EXHAUSTED);
    stream = ending(9, 3, 0);
    CHECK_EQ(shs_random_normal_double(&stream, 0, 1), 0);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_EXHAUSTED);
}

/* ---- seeks */

static void seeks_go_to_any_word(void)
{
    uint64_t state = 4;
    shs_random stream = stream_at(5, 1);
    for (int i = 0; i < 20000; i++) {
        uint64_t word = judge_random(&state) >> 30 >> judge_random(&state) % 30;
        if (i % 5 == 0) word = END - 1 - word % 64;
        CHECK_STATUS(shs_random_seek(&stream, word), SHS_OK);
        CHECK_EQ(random_words_left(&stream), END - word);
        for (uint64_t j = 0; j < 6; j++)
            CHECK_EQ(shs_random_u32(&stream), word_of(&stream, word + j));
    }
}

static void a_seek_is_as_good_as_skipping(void)
{
    shs_random skipping = stream_at(5, 2);
    for (uint64_t word = 0; word < 300; word++) {
        shs_random seeking = stream_at(5, 2);
        CHECK_STATUS(shs_random_seek(&seeking, word), SHS_OK);
        CHECK(same_future(seeking, skipping));
        shs_random_u32(&skipping);
    }
}

static void a_seek_forgets_sines_and_the_end(void)
{
    shs_random stream = begun(6, 0, 3), fresh = stream_at(1, 6);
    CHECK(!same_future(stream, fresh));
    CHECK_STATUS(shs_random_seek(&stream, 0), SHS_OK);
    CHECK(same_future(stream, fresh));
    stream = ending(6, 0, 0);
    fresh = stream_at(3, 6);
    shs_random_u32(&stream);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_EXHAUSTED);
    CHECK_STATUS(shs_random_seek(&stream, 0), SHS_OK);
    CHECK(same_future(stream, fresh));
}

static void a_seek_too_far_is_refused(void)
{
    shs_random stream = begun(7, 5, 3), before = stream;
    CHECK_STATUS(shs_random_seek(&stream, END), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "17179869184");
    CHECK_STATUS(shs_random_seek(&stream, UINT64_MAX), SHS_ERROR_ARGUMENT);
    CHECK(same_future(stream, before));
    shs_random_below(&stream, 0);
    CHECK_STATUS(shs_random_seek(&stream, 0), SHS_ERROR_ARGUMENT);
    CHECK_EQ(shs_random_u32(&stream), 0);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(kernels_are_chosen_by_name),
        TEST(small_fills_are_single_draws),
        TEST(large_fills_are_single_draws),
        TEST(fills_and_draws_mix),
        TEST(zeros_keep_their_signs),
        TEST(fills_end_where_single_draws_end),
        TEST(the_last_words_are_those_of_the_last_blocks),
        TEST(a_stream_that_ends_exactly_is_no_error),
        TEST(the_last_sine_is_delivered),
        TEST(seeks_go_to_any_word),
        TEST(a_seek_is_as_good_as_skipping),
        TEST(a_seek_forgets_sines_and_the_end),
        TEST(a_seek_too_far_is_refused),
    };
    return harness_main("fill", tests, COUNT(tests), argc, argv);
}
