/* The kernels of fills by themselves, and numbers below n in bulk. */
#include <string.h>

#include "counted_memory.h"
#include "fill_scene.h"
#include "judge.h"
#include "known_answers.h"
#include "random_kernels.h"
#include "random_math.h"
#include "random_stream.h"
#include "unit.h"

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

/* Streams of all kinds: some have begun, some are at their end, and some have another key. */
static void check_streams(void)
{
    enum {
        MOST_STREAMS = 40
    };
    uint64_t state = 9;
    for (int round = 0; round < 500; round++) {
        shs_random streams[MOST_STREAMS], again[MOST_STREAMS];
        size_t count = judge_random(&state) % (MOST_STREAMS + 1), wrong = 0;
        for (size_t i = 0; i < count; i++) {
            uint64_t seed = judge_random(&state) % 8 ? 7 : 8;
            random_of_sample(seed, 3, judge_random(&state) >> 8, judge_random(&state) >> 32,
                             &streams[i]);
            if (judge_random(&state) % 8 == 0)
                CHECK_STATUS(shs_random_seek(&streams[i], judge_random(&state) >> 30), SHS_OK);
            if (judge_random(&state) % 16 == 0)
                CHECK_STATUS(shs_random_seek(&streams[i], END - 4), SHS_OK);
            again[i] = streams[i];
        }
        random_begin_blocks(streams, count);
        for (size_t i = 0; i < count; i++)
            for (int draw = 0; draw < 6; draw++)
                wrong += shs_random_u32(&streams[i]) != shs_random_u32(&again[i]) ||
                         streams[i].status != again[i].status;
        CHECK_EQ(wrong, 0);
    }
}

static void streams_begin_together(void)
{
    with_each_kernels(check_streams);
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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(kernels_make_philox),
        TEST(streams_begin_together),
        TEST(kernels_know_the_known_answers),
        TEST(fills_know_the_known_answers),
        TEST(kernels_make_normals_of_any_words),
        TEST(kernels_make_doubles_of_any_words),
        TEST(kernels_reject_by_groups),
        TEST(bulk_below_follows_the_rule),
        TEST(below64_follows_the_rule),
    };
    return harness_main("fill_kernels", tests, COUNT(tests), argc, argv);
}
