/* Bulk fills against single draws, with each set of kernels; the end of a stream; parameters that
 * are refused; choices. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counted_memory.h"
#include "judge.h"
#include "known_answers.h"
#include "random_kernels.h"
#include "random_math.h"
#include "random_stream.h"
#include "unit.h"

#define END (UINT64_C(1) << 34) /* words of a stream */

static shs_random stream_at(uint64_t seed, uint64_t step)
{
    const shs_place place = {.seed = seed, .purpose = 8, .rank = 5, .step = step, .slot = 3};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    return stream;
}

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

static shs_alias *alias; /* open while the kinds are drawn */

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

static const char *const kernel_names[] = {"plain", "avx2", "avx512"};

/* Runs a check with each set of kernels that this CPU has. */
static void with_each_kernels(void (*check)(void))
{
    static const double weights[] = {1, 0, 2.5, 4, 0.125};
    CHECK_STATUS(shs_alias_open(weights, COUNT(weights), &alias), SHS_OK);
    for (size_t i = 0; i < COUNT(kernel_names); i++) {
        if (!random_kernels_choose(kernel_names[i])) {
            printf("  %s: not on this CPU\n", kernel_names[i]);
            continue;
        }
        CHECK_TEXT(random_kernels_now()->name, kernel_names[i]);
        check();
    }
    CHECK(random_kernels_choose(""));
    shs_alias_close(&alias);
}

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

enum {
    MOST_COUNT = 10007,
    GUARD = 64, /* bytes behind a fill's numbers, which must stay as they are */
    RUBBISH = 0xA5
};

static unsigned char filled[8 * MOST_COUNT + GUARD], drawn[8 * MOST_COUNT + GUARD];

/* Both streams give the same from here on: kept sines first, then the words, then the rest. */
static bool same_future(shs_random a, shs_random b)
{
    bool same = random_words_left(&a) == random_words_left(&b) && a.status == b.status;
    for (int i = 0; i < 3; i++) {
        float x = shs_random_normal_float(&a, 0, 1), y = shs_random_normal_float(&b, 0, 1);
        same = same && memcmp(&x, &y, sizeof x) == 0;
        double v = shs_random_normal_double(&a, 0, 1), w = shs_random_normal_double(&b, 0, 1);
        same = same && memcmp(&v, &w, sizeof v) == 0;
    }
    for (int i = 0; i < 9; i++)
        same = same && shs_random_u32(&a) == shs_random_u32(&b);
    return same && a.status == b.status;
}

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

/* A stream that has given `words` words, and keeps sines: bit 0 a float's, bit 1 a double's. */
static shs_random begun(uint64_t step, uint32_t words, uint32_t kept)
{
    shs_random stream = stream_at(1, step);
    if (kept & 1) shs_random_normal_float(&stream, 0, 1);
    if (kept & 2) shs_random_normal_double(&stream, 0, 1);
    for (uint32_t i = 0; i < words; i++)
        shs_random_u32(&stream);
    return stream;
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

/* Word `number` by the definition; 0 behind the end. */
static uint32_t word_of(const shs_random *stream, uint64_t number)
{
    uint32_t counter[4], words[4];
    if (number >= END) return 0;
    memcpy(counter, stream->counter, sizeof counter);
    counter[0] = (uint32_t)(number / 4);
    random_block(stream->key, counter, words);
    return words[number % 4];
}

/* A stream with `left` words left, 0 … 2^34. */
static shs_random ending(uint64_t step, uint64_t left, uint32_t kept)
{
    shs_random stream = stream_at(3, step), of_sines = begun(step, 0, kept);
    CHECK_STATUS(shs_random_seek(&stream, left ? END - left : END - 1), SHS_OK);
    if (left == 0) shs_random_u32(&stream);
    stream.kept = of_sines.kept;
    stream.kept_float = of_sines.kept_float;
    stream.kept_double = of_sines.kept_double;
    CHECK_EQ(random_words_left(&stream), left);
    return stream;
}

static bool only_zeros(const void *memory, size_t bytes)
{
    const unsigned char *byte = memory;
    for (size_t i = 0; i < bytes; i++)
        if (byte[i]) return false;
    return true;
}

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

/* ---- the kernels by themselves */

enum {
    MOST_BLOCKS = 150
};

static void check_blocks(const uint32_t key[2], const uint32_t counter[4], size_t blocks)
{
    static uint32_t words[4 * MOST_BLOCKS + 16], expected[4 * MOST_BLOCKS];
    static float floats[4 * MOST_BLOCKS + 16];
    uint32_t now[4] = {counter[0], counter[1], counter[2], counter[3]};
    for (size_t i = 0; i < blocks; i++, now[0]++)
        random_block(key, now, expected + 4 * i);
    memset(words, RUBBISH, sizeof words);
    memset(floats, RUBBISH, sizeof floats);
    random_kernels_now()->words(key, counter, words, blocks);
    random_kernels_now()->floats(key, counter, floats, blocks);
    CHECK_BYTES(words, expected, 16 * blocks);
    CHECK_EQ(words[4 * blocks], UINT32_C(0xA5A5A5A5));
    CHECK_EQ(random_float_bits(floats[4 * blocks]), UINT32_C(0xA5A5A5A5));
    size_t wrong = 0;
    for (size_t i = 0; i < 4 * blocks; i++)
        wrong += (double)floats[i] * 0x1p24 != (double)(expected[i] >> 8);
    CHECK_EQ(wrong, 0);
}

/* Many counters end in the last block, or cross a power of two inside a vector. */
static void check_words(void)
{
    uint64_t state = 8;
    for (int i = 0; i < 3000; i++) {
        uint32_t key[2], counter[4];
        size_t blocks = judge_random(&state) % (MOST_BLOCKS + 1);
        for (int j = 0; j < 2; j++)
            key[j] = (uint32_t)judge_random(&state);
        for (int j = 0; j < 4; j++)
            counter[j] = (uint32_t)judge_random(&state);
        if (i % 3 == 0) counter[0] = (uint32_t)(0 - blocks);
        if (i % 3 == 1) counter[0] = (UINT32_C(1) << i % 31) - (uint32_t)(blocks / 2);
        if (counter[0] > UINT32_MAX - blocks + 1) counter[0] = (uint32_t)(0 - blocks);
        check_blocks(key, counter, blocks);
    }
}

static void kernels_make_philox(void)
{
    with_each_kernels(check_words);
}

/* Each known block at each place of a fill of up to 75 blocks. */
static void check_known(void)
{
    uint32_t words[4 * 75];
    for (size_t i = 0; i < COUNT(known); i++) {
        for (uint32_t before = 0; before < 70; before++) {
            uint32_t counter[4];
            memcpy(counter, known[i].counter, sizeof counter);
            if (counter[0] < before) break;
            counter[0] -= before;
            size_t after = counter[0] > UINT32_MAX - before - 5 ? 0 : 4;
            random_kernels_now()->words(known[i].key, counter, words, before + 1 + after);
            CHECK_BYTES(words + 4 * before, known[i].words, sizeof known[i].words);
        }
    }
}

static void kernels_know_the_known_answers(void)
{
    with_each_kernels(check_known);
}

/* The third known answer's counter belongs to a role that the library keeps for itself. */
static void check_public_known(void)
{
    shs_random stream;
    uint32_t words[4];
    const shs_place zero = {0};
    const shs_place ones = {UINT64_MAX, 0xff, 0xffffff, 0xffffffff, 0xffffffff};
    CHECK_STATUS(shs_random_at(&zero, &stream), SHS_OK);
    CHECK_STATUS(shs_random_fill_u32(&stream, words, 4), SHS_OK);
    CHECK_BYTES(words, known[0].words, sizeof words);
    CHECK_STATUS(shs_random_at(&ones, &stream), SHS_OK);
    CHECK_STATUS(shs_random_seek(&stream, END - 4), SHS_OK);
    CHECK_STATUS(shs_random_fill_u32(&stream, words, 4), SHS_OK);
    CHECK_BYTES(words, known[1].words, sizeof words);
}

static void fills_know_the_known_answers(void)
{
    with_each_kernels(check_public_known);
}

enum {
    MOST_WORDS = 1024
};

/* Words of which many are at their ends, where roundings and rejections are. */
static void odd_words(uint64_t *state, uint32_t words[MOST_WORDS])
{
    for (size_t i = 0; i < MOST_WORDS; i++) {
        uint64_t any = judge_random(state);
        uint32_t word = (uint32_t)any >> (any >> 32) % 40 % 32;
        words[i] = any >> 62 ? (uint32_t)any : (any >> 61 ? word : ~word);
    }
}

static void check_normals(void)
{
    static uint32_t words[MOST_WORDS];
    static float floats[MOST_WORDS];
    static double doubles[MOST_WORDS / 2];
    uint64_t state = 9;
    for (int run = 0; run < 60; run++) {
        size_t pairs = run < 10 ? (size_t)run : judge_random(&state) % (MOST_WORDS / 4 + 1);
        float mean = run % 2 ? 0.75f : 0, deviation = run % 2 ? 1.5f : 1, pair[2];
        size_t wrong = 0;
        double pair_double[2];
        odd_words(&state, words);
        random_kernels_now()->normals(words, mean, deviation, floats, pairs);
        random_kernels_now()->normals_double(words, mean, deviation, doubles, pairs);
        for (size_t i = 0; i < pairs; i++) {
            const uint32_t *w = words + 4 * i;
            random_normal_pair(words[2 * i], words[2 * i + 1], pair);
            random_normal_pair_double((uint64_t)w[1] << 32 | w[0], (uint64_t)w[3] << 32 | w[2],
                                      pair_double);
            for (size_t j = 0; j < 2; j++) {
                float x = mean + deviation * pair[j];
                double y = (double)mean + (double)deviation * pair_double[j];
                wrong += memcmp(&x, &floats[2 * i + j], sizeof x) != 0;
                wrong += memcmp(&y, &doubles[2 * i + j], sizeof y) != 0;
            }
        }
        CHECK_EQ(wrong, 0);
    }
}

static void kernels_make_normals_of_any_words(void)
{
    with_each_kernels(check_normals);
}

static void check_doubles(void)
{
    static uint32_t words[MOST_WORDS];
    static double doubles[MOST_WORDS / 2];
    uint64_t state = 10;
    for (int run = 0; run < 60; run++) {
        size_t count = judge_random(&state) % (MOST_WORDS / 2 + 1), wrong = 0;
        odd_words(&state, words);
        random_kernels_now()->doubles(words, doubles, count);
        for (size_t i = 0; i < count; i++) {
            uint64_t bits = words[2 * i] / 2048 + (uint64_t)words[2 * i + 1] * UINT64_C(2097152);
            wrong += doubles[i] * 9007199254740992.0 != (double)bits;
        }
        CHECK_EQ(wrong, 0);
    }
}

static void kernels_make_doubles_of_any_words(void)
{
    with_each_kernels(check_doubles);
}

/* How many of the words lie in groups of which no word is unfair, from the first group on. */
static size_t fair_groups(const uint32_t *words, uint32_t n, uint32_t unfair, size_t count)
{
    size_t fair = 0;
    while (fair < count && (uint32_t)(words[fair] * n) >= unfair)
        fair++;
    return fair / RANDOM_BELOW_GROUP * RANDOM_BELOW_GROUP;
}

static void check_below(void)
{
    static const uint32_t bounds[] = {1,          3,          1000,       1 << 28,
                                      0x01000001, 0x10000001, 0x80000001, UINT32_MAX};
    static uint32_t words[MOST_WORDS], out[MOST_WORDS];
    uint64_t state = 11;
    for (size_t run = 0; run < 40 * COUNT(bounds); run++) {
        uint32_t n = bounds[run % COUNT(bounds)];
        uint32_t unfair = (uint32_t)((UINT64_C(4294967296) - n) % n);
        size_t count = judge_random(&state) % (MOST_WORDS + 1), wrong = 0;
        for (size_t i = 0; i < MOST_WORDS; i++)
            words[i] = (uint32_t)judge_random(&state);
        size_t done = random_kernels_now()->below(words, n, unfair, out, count);
        CHECK_EQ(done, fair_groups(words, n, unfair, count));
        for (size_t i = 0; i < done; i++)
            wrong += out[i] != (uint32_t)((double)words[i] / 4294967296.0 * n);
        CHECK_EQ(wrong, 0);
    }
}

static void kernels_reject_by_groups(void)
{
    with_each_kernels(check_below);
}

/* ---- below(n) in bulk against the rule: m = word * n, drawn anew while low32(m) < (2^32-n) mod n
 */

static void check_rejection(void)
{
    static const uint32_t bounds[] = {0x80000001, 0xc0000000, 0xffffffff, 0xaaaaaaab,
                                      0x55555556, 3,          1000003,    0x80000000};
    static uint32_t out[MOST_COUNT];
    for (size_t i = 0; i < COUNT(bounds); i++) {
        uint64_t n = bounds[i], unfair = (UINT64_C(4294967296) - n) % n, number = 0;
        shs_random stream = stream_at(12, i);
        size_t wrong = 0;
        CHECK_STATUS(shs_random_fill_below(&stream, bounds[i], out, MOST_COUNT), SHS_OK);
        for (size_t j = 0; j < MOST_COUNT; j++) {
            uint64_t m = word_of(&stream, number++) * n;
            while (m % UINT64_C(4294967296) < unfair)
                m = word_of(&stream, number++) * n;
            wrong += out[j] != m / UINT64_C(4294967296);
        }
        CHECK_EQ(wrong, 0);
        CHECK_EQ(random_words_left(&stream), END - number);
    }
}

static void bulk_below_follows_the_rule(void)
{
    with_each_kernels(check_rejection);
}

/* The same rule in 64 bits, with a product made of four. */
static void below64_follows_the_rule(void)
{
    static const uint64_t bounds[] = {
        1, 7, UINT64_C(0x8000000000000001), UINT64_C(3) << 62, UINT64_MAX, UINT64_C(0x100000001)};
    for (size_t i = 0; i < COUNT(bounds); i++) {
        uint64_t n = bounds[i], unfair = (0 - n) % n;
        shs_random stream = stream_at(13, i), words = stream;
        for (int draw = 0; draw < 3000; draw++) {
            uint64_t word, high, low;
            do {
                word = shs_random_u64(&words);
                uint64_t a = word >> 32, b = word & UINT32_MAX, c = n >> 32, d = n & UINT32_MAX;
                uint64_t middle = a * d + (b * d >> 32), other = b * c + (middle & UINT32_MAX);
                high = a * c + (middle >> 32) + (other >> 32);
                low = word * n;
            } while (low < unfair);
            CHECK_EQ(shs_random_below64(&stream, n), high);
        }
        CHECK(same_future(stream, words));
    }
}

/* ---- parameters */

#define FILLED 5

/* A draw that refused: nothing is drawn any more. */
static bool has_refused(shs_random *stream, bool zero)
{
    bool refused = zero && shs_random_status(stream) == SHS_ERROR_ARGUMENT;
    refused = refused && strstr(shs_message(), "parameter out of range") != NULL;
    for (int i = 0; i < 6; i++)
        refused = refused && shs_random_u32(stream) == 0;
    refused = refused && shs_random_normal_double(stream, 1, 1) == 0;
    refused = refused && !shs_random_bernoulli(stream, 1);
    return refused && shs_random_status(stream) == SHS_ERROR_ARGUMENT;
}

#define REFUSES(draw, type, ...)                                                                   \
    do {                                                                                           \
        shs_random one = begun(14, 2, 3), many = begun(14, 2, 3);                                  \
        type numbers[FILLED], number;                                                              \
        memset(numbers, 1, sizeof numbers); /* a valid bool too */                                 \
        number = shs_random_##draw(&one, __VA_ARGS__);                                             \
        bool good =                                                                                \
            has_refused(&one, number == 0) &&                                                      \
            shs_random_fill_##draw(&many, __VA_ARGS__, numbers, FILLED) == SHS_ERROR_ARGUMENT &&   \
            only_zeros(numbers, sizeof numbers) && has_refused(&many, true);                       \
        if (!good) WRONG("%s", #draw " refuses " #__VA_ARGS__);                                    \
    } while (0)

/* x is each of the numbers. */
#define ACCEPTS(condition, draw, type, ...)                                                        \
    do {                                                                                           \
        shs_random one = begun(15, 2, 3);                                                          \
        bool good = true;                                                                          \
        for (int i = 0; i < 300; i++) {                                                            \
            type x = shs_random_##draw(&one, __VA_ARGS__);                                         \
            good = good && (condition);                                                            \
        }                                                                                          \
        if (!good) WRONG("%s", #draw " of " #__VA_ARGS__ ": " #condition);                         \
        if (shs_random_status(&one)) WRONG("%s", #draw " accepts " #__VA_ARGS__);                  \
    } while (0)

#define INF  ((double)INFINITY)
#define NONE ((double)NAN)

static void intervals_are_checked(void)
{
    REFUSES(float_in, float, 1, 1);
    REFUSES(float_in, float, 2, 1);
    REFUSES(float_in, float, NAN, 1);
    REFUSES(float_in, float, 0, NAN);
    REFUSES(float_in, float, -INFINITY, 0);
    REFUSES(float_in, float, 0, INFINITY);
    REFUSES(float_in, float, 1, 1 + FLT_EPSILON);
    REFUSES(float_in, float, 0, 0x1p-149f);
    REFUSES(float_in, float, -0x1p-149f, 0);
    REFUSES(float_in, float, -0.0f, 0);
    REFUSES(double_in, double, 1, 1);
    REFUSES(double_in, double, 2, 1);
    REFUSES(double_in, double, NONE, 1);
    REFUSES(double_in, double, 0, NONE);
    REFUSES(double_in, double, -INF, 0);
    REFUSES(double_in, double, 0, INF);
    REFUSES(double_in, double, 1, 1 + DBL_EPSILON);
    REFUSES(double_in, double, 0, 0x1p-1074);
    REFUSES(double_in, double, -0x1p-1074, 0);
}

/* The least and the largest words, and the rule for any between: low + (high - low) * u. */
static void intervals_follow_their_rule(void)
{
    const shs_random zeros = {.words = {0, 0, 0, 0}, .used = 0, .counter = {1}};
    const shs_random ones = {.words = {0, 0, UINT32_MAX, UINT32_MAX}, .used = 2, .counter = {1}};
    shs_random stream = zeros, words = stream_at(17, 0);
    CHECK_EQ(shs_random_float_in(&stream, 0, 1), 0x1p-24f);
    stream = zeros;
    CHECK_EQ(shs_random_double_in(&stream, 0, 1), 0x1p-53);
    stream = ones;
    CHECK_EQ(shs_random_float_in(&stream, 0, 1), 1 - 0x1p-24f);
    stream = ones;
    CHECK_EQ(shs_random_double_in(&stream, 0, 1), 1 - 0x1p-53);
    size_t wrong = 0;
    stream = words;
    for (int i = 0; i < 5000; i++) {
        float u = ((float)(shs_random_u32(&words) / 512) + 0.5f) / 8388608;
        double v = ((double)(shs_random_u64(&words) / 4096) + 0.5) / 4503599627370496.0;
        wrong += shs_random_float_in(&stream, -3, 5.5f) != -3 + 8.5f * u;
        wrong += shs_random_double_in(&stream, -0.3, 5.5) != -0.3 + (5.5 + 0.3) * v;
    }
    CHECK_EQ(wrong, 0);
}

/* Every result lies inside, however few numbers there are. */
static void narrow_intervals_keep_their_ends_out(void)
{
    ACCEPTS(x == 1 + FLT_EPSILON, float_in, float, 1, 1 + 2 * FLT_EPSILON);
    ACCEPTS(x == 1 + DBL_EPSILON, double_in, double, 1, 1 + 2 * DBL_EPSILON);
    ACCEPTS(x == -1 - FLT_EPSILON, float_in, float, -1 - 2 * FLT_EPSILON, -1);
    ACCEPTS(x == -1 - DBL_EPSILON, double_in, double, -1 - 2 * DBL_EPSILON, -1);
    ACCEPTS(x > 1 && x < 1 + 4 * FLT_EPSILON, float_in, float, 1, 1 + 4 * FLT_EPSILON);
    ACCEPTS(x > 1 && x < 1 + 4 * DBL_EPSILON, double_in, double, 1, 1 + 4 * DBL_EPSILON);
    ACCEPTS(x == 0x1p-149f, float_in, float, 0, 0x1p-148f);
    ACCEPTS(x == 0x1p-1074, double_in, double, 0, 0x1p-1073);
    ACCEPTS(x == 0, float_in, float, -0x1p-149f, 0x1p-149f);
    ACCEPTS(x == 0, double_in, double, -0x1p-1074, 0x1p-1074);
    ACCEPTS(x == -0x1p-149f, float_in, float, -0x1p-148f, 0);
    ACCEPTS(x == -0x1p-1074, double_in, double, -0x1p-1073, 0);
    ACCEPTS(x > 0x1p24f && x < 0x1p24f + 6, float_in, float, 0x1p24f, 0x1p24f + 6);
    ACCEPTS(x > -FLT_MAX / 2 && x < FLT_MAX / 2, float_in, float, -FLT_MAX / 2, FLT_MAX / 2);
    ACCEPTS(x > -DBL_MAX / 2 && x < DBL_MAX / 2, double_in, double, -DBL_MAX / 2, DBL_MAX / 2);
}

static void counts_and_chances_are_checked(void)
{
    REFUSES(below, uint32_t, 0);
    REFUSES(below64, uint64_t, 0);
    REFUSES(bernoulli, bool, -0x1p-1074);
    REFUSES(bernoulli, bool, 1 + DBL_EPSILON);
    REFUSES(bernoulli, bool, NONE);
    REFUSES(bernoulli, bool, INF);
    REFUSES(bernoulli, bool, -INF);
    ACCEPTS(x, bernoulli, bool, 1);
    ACCEPTS(!x, bernoulli, bool, 0);
    ACCEPTS(!x, bernoulli, bool, -0.0);
    REFUSES(poisson, uint64_t, -0x1p-1074);
    REFUSES(poisson, uint64_t, NONE);
    REFUSES(poisson, uint64_t, INF);
    REFUSES(poisson, uint64_t, 0x1p31 + 1);
    ACCEPTS(x == 0, poisson, uint64_t, 0);
    ACCEPTS(x < 2, poisson, uint64_t, 1e-5);
    ACCEPTS(x > 2147483648u - 300000 && x < 2147483648u + 300000, poisson, uint64_t, 0x1p31);
    REFUSES(binomial, uint64_t, 5, -0x1p-1074);
    REFUSES(binomial, uint64_t, 5, 1 + DBL_EPSILON);
    REFUSES(binomial, uint64_t, 5, NONE);
    REFUSES(binomial, uint64_t, 5, INF);
    REFUSES(binomial, uint64_t, (UINT64_C(1) << 31) + 1, 0.5);
    REFUSES(binomial, uint64_t, UINT64_MAX, 0);
    ACCEPTS(x == 0, binomial, uint64_t, 0, 0.5);
    ACCEPTS(x == 0, binomial, uint64_t, UINT64_C(1) << 31, 0);
    ACCEPTS(x == UINT64_C(1) << 31, binomial, uint64_t, UINT64_C(1) << 31, 1);
    ACCEPTS(x <= 1, binomial, uint64_t, 1, 0.5);
    ACCEPTS(x > 1073741824u - 300000 && x < 1073741824u + 300000, binomial, uint64_t,
            UINT64_C(1) << 31, 0.5);
    ACCEPTS(x >= 2147483648u - 40 && x <= 2147483648u, binomial, uint64_t, UINT64_C(1) << 31,
            1 - 4e-9);
}

static void normals_are_checked(void)
{
    REFUSES(normal_float, float, NAN, 1);
    REFUSES(normal_float, float, INFINITY, 1);
    REFUSES(normal_float, float, 0, -1);
    REFUSES(normal_float, float, 0, NAN);
    REFUSES(normal_float, float, 0, INFINITY);
    REFUSES(normal_double, double, NONE, 1);
    REFUSES(normal_double, double, -INF, 1);
    REFUSES(normal_double, double, 0, -0x1p-1074);
    REFUSES(normal_double, double, 0, NONE);
    REFUSES(normal_double, double, 0, INF);
    ACCEPTS(x == 3, normal_float, float, 3, 0);
    ACCEPTS(x == -3, normal_double, double, -3, 0);
}

static void truncated_normals_are_checked(void)
{
    REFUSES(truncated_normal, double, NONE, 1, -1, 1);
    REFUSES(truncated_normal, double, INF, 1, -1, 1);
    REFUSES(truncated_normal, double, 0, 0, -1, 1);
    REFUSES(truncated_normal, double, 0, -1, -1, 1);
    REFUSES(truncated_normal, double, 0, NONE, -1, 1);
    REFUSES(truncated_normal, double, 0, INF, -1, 1);
    REFUSES(truncated_normal, double, 0, 1, NONE, 1);
    REFUSES(truncated_normal, double, 0, 1, -1, NONE);
    REFUSES(truncated_normal, double, 0, 1, 1, 1);
    REFUSES(truncated_normal, double, 0, 1, 1, -1);
    REFUSES(truncated_normal, double, 0, 1, INF, INF);
    REFUSES(truncated_normal, double, 0, 1, 38, INF);
    REFUSES(truncated_normal, double, 0, 1, -INF, -38);
    REFUSES(truncated_normal, double, 0, 1, 0, 0x1p-1074);
    REFUSES(truncated_normal, double, 0, 0x1p-1074, 1, 2);
    REFUSES(truncated_normal, double, 0, 1, 36.5, INF); /* 5.5e-292; 36.4: 2.1e-290 */
    REFUSES(truncated_normal, double, 0, 1, -INF, -36.5);
    ACCEPTS(x >= 36.4 && x < 37, truncated_normal, double, 0, 1, 36.4, INF);
    ACCEPTS(x >= 36 && x < 36.5, truncated_normal, double, 0, 1, 36, INF);
    ACCEPTS(x <= -36 && x > -36.5, truncated_normal, double, 0, 1, -INF, -36);
    ACCEPTS(x > -9 && x < 9, truncated_normal, double, 0, 1, -INF, INF);
    ACCEPTS(x >= 5 && x <= 5 + 1e-12, truncated_normal, double, 0, 1, 5, 5 + 1e-12);
    ACCEPTS(x >= -1e-300 && x <= 1e-300, truncated_normal, double, 0, 1e-300, -1e-300, 1e-300);
}

/* The largest u64 may give a probability that rounds to 1, whose quantile would be infinite. */
static void truncated_normals_stay_finite(void)
{
    for (int i = 0; i < 3000; i++) {
        shs_random stream = {.words = {0, 0, UINT32_MAX, UINT32_MAX}, .used = 2, .counter = {1}};
        double x = shs_random_truncated_normal(&stream, 0, 1, -0.001 * i, INF);
        CHECK_IS(x, >, 7);
        CHECK_IS(x, <, 9);
    }
}

static void rates_and_shapes_are_checked(void)
{
    REFUSES(exponential, double, -0x1p-1074);
    REFUSES(exponential, double, NONE);
    REFUSES(exponential, double, INF);
    ACCEPTS(x == 0, exponential, double, 0);
    ACCEPTS(x >= 0 && x < 37 * 1e-300, exponential, double, 1e-300);
    REFUSES(gamma, double, 0, 1);
    REFUSES(gamma, double, -1, 1);
    REFUSES(gamma, double, NONE, 1);
    REFUSES(gamma, double, INF, 1);
    REFUSES(gamma, double, 1, -1);
    REFUSES(gamma, double, 1, NONE);
    REFUSES(gamma, double, 1, INF);
    ACCEPTS(x == 0, gamma, double, 2, 0);
    ACCEPTS(x > 0.999e12 && x < 1.001e12, gamma, double, 1e12, 1);
    REFUSES(beta, double, 0, 1);
    REFUSES(beta, double, 1, 0);
    REFUSES(beta, double, -1, 1);
    REFUSES(beta, double, NONE, 1);
    REFUSES(beta, double, 1, NONE);
    REFUSES(beta, double, INF, 1);
    REFUSES(beta, double, 1, INF);
    ACCEPTS(x >= 0 && x <= 1, beta, double, 1e-3, 1e-3);
    ACCEPTS(x > 0.499 && x < 0.501, beta, double, 1e9, 1e9);
}

/* Logarithms of such gammas are as large as a double can be, and either may be the larger. */
static void the_smallest_shapes_give_zeros_and_ones(void)
{
    ACCEPTS(x == 0 || x == 1, beta, double, 1e-300, 1e-300);
    ACCEPTS(x == 0 || x == 1, beta, double, 1e-300, 2e-300);
    ACCEPTS(x == 0, beta, double, 1e-300, 1);
    ACCEPTS(x == 1, beta, double, 1, 1e-300);
    ACCEPTS(x == 0, gamma, double, 1e-300, 1e300);
    REFUSES(gamma, double, 0.99e-300, 1);
    REFUSES(gamma, double, 0x1p-1074, 1);
    REFUSES(beta, double, 0.99e-300, 1);
    REFUSES(beta, double, 1, 0x1p-1074);
}

/* A stream that has failed says why it failed first. */
static void the_first_error_stays(void)
{
    shs_random stream = ending(16, 0, 0);
    shs_random_u32(&stream);
    CHECK_EQ(shs_random_gamma(&stream, -1, 1), 0);
    CHECK_EQ(shs_random_beta(&stream, 1, 1), 0);
    CHECK_EQ(shs_random_truncated_normal(&stream, 0, 1, -1, 1), 0);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_EXHAUSTED);
}

/* Probabilities add up to 1 but for rounding: a uniform beyond their sum must not be looked for
 * among all of 2^31 numbers of successes, which takes seconds. The stream's first u64 is the
 * largest of all. */
static void a_binomial_never_counts_to_two_billions(void)
{
    const double chances[] = {4.0e-9, 4.1e-9, 3.3e-9, 1.7e-9, 2.9e-9, 1.1e-9};
    clock_t start = clock();
    for (size_t i = 0; i < COUNT(chances); i++) {
        shs_random stream = {.words = {0, 0, UINT32_MAX, UINT32_MAX}, .used = 2, .counter = {1}};
        CHECK_IS(shs_random_binomial(&stream, UINT64_C(1) << 31, chances[i]), <, 100);
    }
    CHECK_IS(clock() - start, <, CLOCKS_PER_SEC);
}

/* ---- purposes */

static void own_purposes_are_distinct_and_free(void)
{
    bool seen[256] = {false};
    for (uint64_t number = 0; number < 144; number++) {
        uint64_t purpose = UINT64_MAX;
        shs_random stream;
        CHECK_STATUS(shs_random_own_purpose(number, &purpose), SHS_OK);
        if (!NEED(purpose < 256)) return;
        CHECK(!seen[purpose]);
        CHECK_IS(purpose % 16, >, SHS_ROLE_INITIALISE);
        seen[purpose] = true;
        CHECK_STATUS(shs_random_at(&(shs_place){.purpose = purpose}, &stream), SHS_OK);
    }
    uint64_t purpose = 99;
    if (CHECK_STATUS(shs_random_own_purpose(144, &purpose), SHS_ERROR_ARGUMENT))
        CHECK_EQ(purpose, 0);
    CHECK_HAS(shs_message(), "143");
    CHECK_STATUS(shs_random_own_purpose(UINT64_MAX, &purpose), SHS_ERROR_ARGUMENT);
}

/* ---- permutations */

/* True if the numbers are n different ones below `most`; sorts them. */
static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool are_different(uint64_t *numbers, size_t n, uint64_t most)
{
    qsort(numbers, n, sizeof *numbers, compare_numbers);
    for (size_t i = 1; i < n; i++)
        if (numbers[i - 1] == numbers[i]) return false;
    return n == 0 || numbers[n - 1] < most;
}

static void permutations_hold_every_number_once(void)
{
    static uint64_t order[70001];
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 17, 100, 1000, 70000};
    shs_random stream = stream_at(20, 0);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        order[sizes[i]] = 12345;
        CHECK_STATUS(shs_random_permutation(&stream, order, sizes[i]), SHS_OK);
        CHECK_EQ(order[sizes[i]], 12345);
        CHECK(are_different(order, sizes[i], sizes[i]));
    }
}

/* The rank of an order of up to 4 numbers below 6, as a number to base 6. */
static size_t code(const uint64_t *numbers, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = 6 * sum + (size_t)numbers[i];
    return sum;
}

/* Chi-square of codes that occur: all `kinds_of` of them must, equally often. */
static void check_equally_likely(const uint64_t *counts, size_t codes, size_t kinds_of,
                                 double draws)
{
    uint64_t found[1296];
    size_t n = 0;
    for (size_t i = 0; i < codes; i++)
        if (counts[i]) found[n++] = counts[i];
    CHECK_EQ(n, kinds_of);
    CHECK(judge_plausible(judge_chi_square(found, n, draws / (double)kinds_of),
                          (double)kinds_of - 1));
}

static void all_orders_are_equally_likely(void)
{
    enum {
        DRAWS = 240000
    };
    static uint64_t counts[1296];
    shs_random stream = stream_at(20, 1);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t order[4];
        if (shs_random_permutation(&stream, order, 4)) WRONG("the stream ends");
        counts[code(order, 4)]++;
    }
    check_equally_likely(counts, COUNT(counts), 24, DRAWS);
}

static void a_failed_stream_permutes_nothing(void)
{
    uint64_t order[10];
    shs_random stream = ending(20, 4, 0);
    CHECK_STATUS(shs_random_permutation(&stream, order, 10), SHS_ERROR_EXHAUSTED);
    CHECK(are_different(order, 10, 10));
    shs_random_below(&stream, 0);
    CHECK_STATUS(shs_random_permutation(&stream, order, 10), SHS_ERROR_EXHAUSTED);
}

/* ---- k of n */

static void choices_are_different_numbers(void)
{
    static uint64_t chosen[20001];
    static const struct {
        uint64_t n;
        size_t k;
    } cases[] = {{1, 1},
                 {10, 3},
                 {10, 10},
                 {1000, 999},
                 {20000, 20000},
                 {30000, 20000},
                 {UINT32_MAX, 20000},
                 {UINT64_C(1) << 32, 20000},
                 {(UINT64_C(1) << 32) + 1, 20000},
                 {UINT64_C(1) << 63, 20000},
                 {UINT64_MAX, 20000}};
    shs_random stream = stream_at(21, 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        chosen[cases[i].k] = 12345;
        CHECK_STATUS(shs_random_choose(&stream, cases[i].n, cases[i].k, chosen), SHS_OK);
        CHECK_EQ(chosen[cases[i].k], 12345);
        CHECK(are_different(chosen, cases[i].k, cases[i].n));
    }
    chosen[0] = 12345;
    if (CHECK_STATUS(shs_random_choose(&stream, 7, 0, chosen), SHS_OK)) CHECK_EQ(chosen[0], 12345);
    if (CHECK_STATUS(shs_random_choose(&stream, 0, 0, chosen), SHS_OK)) CHECK_EQ(chosen[0], 12345);
}

/* In every order: 60 for k = n - 1 … and so all subsets, too. */
static void check_choices(uint64_t n, size_t k, size_t kinds_of)
{
    uint64_t counts[1296] = {0};
    int draws = 2000 * (int)kinds_of;
    shs_random stream = stream_at(22, n * 16 + k);
    for (int i = 0; i < draws; i++) {
        uint64_t chosen[4];
        if (shs_random_choose(&stream, n, k, chosen)) WRONG("the stream ends");
        counts[code(chosen, k)]++;
    }
    check_equally_likely(counts, COUNT(counts), kinds_of, draws);
}

static void all_choices_are_equally_likely(void)
{
    check_choices(6, 1, 6);
    check_choices(6, 2, 30);
    check_choices(5, 3, 60);
    check_choices(6, 3, 120);
    check_choices(4, 4, 24);
}

/* Of n = 2^63 and 3/4 of 2^64: equal parts of the range hold equally many. */
static void choices_of_many_are_spread(void)
{
    static uint64_t chosen[50000];
    const uint64_t sizes[] = {UINT64_C(1) << 63, UINT64_C(3) << 62};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint64_t counts[100] = {0}, first[10] = {0};
        shs_random stream = stream_at(23, i);
        CHECK_STATUS(shs_random_choose(&stream, sizes[i], COUNT(chosen), chosen), SHS_OK);
        for (size_t j = 0; j < COUNT(chosen); j++) {
            counts[chosen[j] / (sizes[i] / 100 + 1)]++;
            if (j < 10000) first[chosen[j] / (sizes[i] / 10 + 1)]++;
        }
        CHECK(judge_plausible(judge_chi_square(counts, 100, COUNT(chosen) / 100.0), 99));
        CHECK(judge_plausible(judge_chi_square(first, 10, 1000), 9));
    }
}

static void choices_fail_cleanly(void)
{
    uint64_t chosen[100];
    struct counted_memory counted;
    shs_random stream = stream_at(24, 0), before = stream;
    CHECK_STATUS(shs_random_choose(&stream, 4, 5, chosen), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "5 of 4");
    CHECK(same_future(stream, before));
    counted_begin(&counted, 1);
    CHECK_STATUS(shs_random_choose(&stream, 100, 50, chosen), SHS_ERROR_MEMORY);
    CHECK_HAS(shs_message(), "shs_random_choose");
    if (CHECK_EQ(counted_end(&counted), 0)) CHECK_EQ(counted.failed, 1);
    CHECK(same_future(stream, before));
    stream = ending(24, 20, 0);
    counted_begin(&counted, 0);
    CHECK_STATUS(shs_random_choose(&stream, 1000, 100, chosen), SHS_ERROR_EXHAUSTED);
    if (CHECK_EQ(counted_end(&counted), 0)) CHECK_IS(counted.calls, >, 0);
    CHECK_STATUS(shs_random_choose(&stream, UINT64_MAX, SIZE_MAX / 2, chosen), SHS_ERROR_MEMORY);
}

/* ---- categories */

static void check_categories(const double *weights, size_t n, size_t draws)
{
    uint64_t *counts = calloc(n, sizeof *counts);
    uint32_t *numbers = calloc(draws, sizeof *numbers);
    double sum = 0, chi_square = 0;
    size_t kinds_of = 0, impossible = 0;
    shs_random stream = stream_at(25, n);
    CHECK_STATUS(shs_alias_open(weights, n, &alias), SHS_OK);
    if (!NEED(counts) || !NEED(numbers) || !NEED(alias)) return;
    CHECK_STATUS(shs_random_fill_categorical(&stream, alias, numbers, draws), SHS_OK);
    for (size_t i = 0; i < draws; i++) {
        if (numbers[i] >= n) WRONG("a category that there is not");
        counts[numbers[i] % n]++;
    }
    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    for (size_t i = 0; i < n; i++) {
        double expected = weights[i] / sum * (double)draws;
        if (weights[i] == 0) impossible += counts[i] > 0;
        if (expected < 10) continue;
        chi_square += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
        kinds_of++;
    }
    CHECK_EQ(impossible, 0);
    if (kinds_of > 1) CHECK(judge_plausible(chi_square, (double)kinds_of - 1));
    if (kinds_of == 1) CHECK_EQ(chi_square, 0);
    shs_alias_close(&alias);
    free(numbers);
    free(counts);
}

static void categories_follow_their_weights(void)
{
    static double weights[20000];
    static const double equal[] = {3, 3, 3, 3, 3, 3, 3}, slope[] = {1, 2, 3, 4};
    static const double gaps[] = {0, 0, 5, 0, 1, 0, 0, 2, 0};
    static const double thirds[] = {0.1, 0.2, 0.3, 0.7, 0.7, 0.1, 0.3};
    uint64_t state = 26;
    check_categories(equal, COUNT(equal), 700000);
    check_categories(slope, COUNT(slope), 1000000);
    check_categories(gaps, COUNT(gaps), 500000);
    check_categories(thirds, COUNT(thirds), 700000);
    for (size_t i = 0; i < COUNT(weights); i++)
        weights[i] = i % 3 ? (double)(judge_random(&state) >> 40) * 0.1 : 0;
    check_categories(weights, 100, 1000000);
    check_categories(weights, COUNT(weights), 1000000);
}

static void a_single_category_is_always_drawn(void)
{
    static const double one[] = {0.3}, only[] = {0, 0, 1e-320, 0}, least[] = {0x1p-1074, 0};
    check_categories(one, 1, 1000);
    check_categories(only, COUNT(only), 1000);
    check_categories(least, COUNT(least), 1000);
}

static void weights_may_differ_by_any_factor(void)
{
    static const double spread[] = {1e-300, 1e300, 1e-20, 1, 1e300};
    static const double largest[] = {DBL_MAX, 1, 0x1p-1074};
    static const double smallest[] = {0x1p-1074, 3 * 0x1p-1074, 0};
    check_categories(spread, COUNT(spread), 100000);
    check_categories(largest, COUNT(largest), 1000);
    check_categories(smallest, COUNT(smallest), 100000);
}

/* The least of all shares is not below a share of nothing. The first word chooses category 1. */
static void a_category_of_no_weight_is_never_drawn(void)
{
    static const double weights[] = {1, 0};
    shs_random stream = {.words = {UINT32_MAX, 0, 0, 0}, .used = 0, .counter = {1}};
    CHECK_STATUS(shs_alias_open(weights, COUNT(weights), &alias), SHS_OK);
    CHECK_EQ(shs_random_categorical(&stream, alias), 0);
    CHECK_EQ(stream.used, 3);
    shs_alias_close(&alias);
}

static void weights_are_copied(void)
{
    double weights[] = {1, 0};
    shs_random stream = stream_at(27, 0);
    CHECK_STATUS(shs_alias_open(weights, 2, &alias), SHS_OK);
    weights[0] = 0, weights[1] = 1;
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(shs_random_categorical(&stream, alias), 0);
    shs_alias_close(&alias);
    CHECK(alias == NULL);
    shs_alias_close(&alias);
    shs_alias_close(NULL);
}

static void check_weights_refused(const double *weights, size_t n, const char *said)
{
    shs_alias *none = (shs_alias *)(void *)&none;
    CHECK_STATUS(shs_alias_open(weights, n, &none), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), said);
    CHECK(none == NULL);
}

static void weights_are_checked(void)
{
    static const double zeros[] = {0, 0, 0}, negative[] = {1, -0x1p-1074}, none[] = {1, 2, NAN};
    static const double infinite[] = {INFINITY, 1}, too_much[] = {DBL_MAX, DBL_MAX};
    check_weights_refused(zeros, 0, "0 weights");
    check_weights_refused(zeros, (size_t)UINT32_MAX + 1, "4294967296 weights");
    check_weights_refused(zeros, COUNT(zeros), "all weights are 0");
    check_weights_refused(negative, COUNT(negative), "weight 1");
    check_weights_refused(none, COUNT(none), "weight 2");
    check_weights_refused(infinite, COUNT(infinite), "weight 0");
    check_weights_refused(too_much, COUNT(too_much), "more than a double holds");
}

/* Each of the allocations fails in turn. */
static void categories_without_memory_leave_nothing(void)
{
    static const double weights[] = {1, 2, 3};
    struct counted_memory counted = {.failed = 1};
    long failures = 0;
    for (long fail_at = 1; counted.failed; fail_at++) {
        shs_alias *opened = NULL;
        counted_begin(&counted, fail_at);
        shs_status status = shs_alias_open(weights, COUNT(weights), &opened);
        CHECK_EQ(status == SHS_OK, counted.failed == 0);
        CHECK_EQ(opened != NULL, status == SHS_OK);
        if (status) {
            CHECK_STATUS(status, SHS_ERROR_MEMORY);
            CHECK_HAS(shs_message(), "shs_alias_open");
        }
        shs_alias_close(&opened);
        CHECK_EQ(counted_end(&counted), 0);
        failures += counted.failed;
    }
    CHECK_IS(failures, >=, 2);
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
        TEST(kernels_make_philox),
        TEST(kernels_know_the_known_answers),
        TEST(fills_know_the_known_answers),
        TEST(kernels_make_normals_of_any_words),
        TEST(kernels_make_doubles_of_any_words),
        TEST(kernels_reject_by_groups),
        TEST(bulk_below_follows_the_rule),
        TEST(below64_follows_the_rule),
        TEST(intervals_are_checked),
        TEST(intervals_follow_their_rule),
        TEST(narrow_intervals_keep_their_ends_out),
        TEST(counts_and_chances_are_checked),
        TEST(normals_are_checked),
        TEST(truncated_normals_are_checked),
        TEST(truncated_normals_stay_finite),
        TEST(rates_and_shapes_are_checked),
        TEST(the_smallest_shapes_give_zeros_and_ones),
        TEST(the_first_error_stays),
        TEST(a_binomial_never_counts_to_two_billions),
        TEST(own_purposes_are_distinct_and_free),
        TEST(permutations_hold_every_number_once),
        TEST(all_orders_are_equally_likely),
        TEST(a_failed_stream_permutes_nothing),
        TEST(choices_are_different_numbers),
        TEST(all_choices_are_equally_likely),
        TEST(choices_of_many_are_spread),
        TEST(choices_fail_cleanly),
        TEST(categories_follow_their_weights),
        TEST(a_single_category_is_always_drawn),
        TEST(weights_may_differ_by_any_factor),
        TEST(a_category_of_no_weight_is_never_drawn),
        TEST(weights_are_copied),
        TEST(weights_are_checked),
        TEST(categories_without_memory_leave_nothing),
    };
    return harness_main("fill", tests, COUNT(tests), argc, argv);
}
