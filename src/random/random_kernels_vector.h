/* Philox on vectors: the part that does not depend on their size. A file of kernels defines
 *
 *     LANES, GROUPS                counters of a vector; vectors computed at the same time
 *     vector                       LANES lanes of 64 bits
 *     first_counters(), set(), add()
 *     spread()                     LANES words in memory as lanes, in the order of the counters
 *     struct lanes, run_round()    the four words of LANES counters, and a round on them
 *     unpack(), finish(), store()  the output: LANES blocks in order are two vectors
 *
 * and then includes this file. Each 32-bit word has a 64-bit lane whose upper half is never
 * cleared, because the widening multiplication ignores it. */
#include <string.h>

#include "random_kernels.h"

/* Returns the first LANES counters of a fill. */
static inline __attribute__((always_inline)) struct lanes start(const uint32_t counter[4])
{
    struct lanes lanes;
    lanes.word[0] = add(set(counter[0]), first_counters());
    for (int i = 1; i < 4; i++)
        lanes.word[i] = set(counter[i]);
    return lanes;
}

/* The keys of the ten rounds, made once a fill. Loading them costs less than making them anew. */
struct schedule {
    vector key[10][2];
};

static inline __attribute__((always_inline)) void make_schedule(const uint32_t key[2],
                                                                struct schedule *schedule)
{
    uint32_t key0 = key[0], key1 = key[1];
    for (int round = 0; round < 10; round++) {
        schedule->key[round][0] = set(key0);
        schedule->key[round][1] = set(key1);
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
}

static inline __attribute__((always_inline)) void run_rounds(const struct schedule *schedule,
                                                             int groups, struct lanes *lanes)
{
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++)
#pragma GCC unroll 8
        for (int g = 0; g < groups; g++)
            run_round(&lanes[g], schedule->key[round][0], schedule->key[round][1]);
}

/* Makes the blocks of `groups` times LANES counters from `now` on, and moves `now` past them. */
static inline __attribute__((always_inline)) char *run(const struct schedule *schedule, int groups,
                                                       int as_floats, struct lanes *now, char *out)
{
    struct lanes lanes[GROUPS];
#pragma GCC unroll 8
    for (int g = 0; g < groups; g++) {
        lanes[g] = *now;
        now->word[0] = add(now->word[0], set(LANES));
    }
    run_rounds(schedule, groups, lanes);
#pragma GCC unroll 8
    for (int g = 0; g < groups; g++) {
        vector words[2];
        unpack(&lanes[g], words);
        store(out, finish(words[0], as_floats));
        store(out + sizeof *words, finish(words[1], as_floats));
        out += sizeof words;
    }
    return out;
}

static inline __attribute__((always_inline)) void
fill(const uint32_t key[2], const uint32_t counter[4], int as_floats, void *out, size_t blocks)
{
    struct schedule schedule;
    struct lanes now = start(counter);
    char *to = out, rest[16 * LANES];
    make_schedule(key, &schedule);
    for (; blocks >= (size_t)LANES * GROUPS; blocks -= (size_t)LANES * GROUPS)
        to = run(&schedule, GROUPS, as_floats, &now, to);
    for (; blocks >= LANES; blocks -= LANES)
        to = run(&schedule, 1, as_floats, &now, to);
    if (!blocks) return;
    run(&schedule, 1, as_floats, &now, rest);
    memcpy(to, rest, 16 * blocks);
}

static void philox_words(const uint32_t key[2], const uint32_t counter[4], uint32_t *out,
                         size_t blocks)
{
    fill(key, counter, 0, out, blocks);
}

static void philox_floats(const uint32_t key[2], const uint32_t counter[4], float *out,
                          size_t blocks)
{
    fill(key, counter, 1, out, blocks);
}

static void philox_blocks(const uint32_t key[2], const struct random_counters *counters,
                          uint32_t *out)
{
    enum {
        VECTORS = RANDOM_STREAMS / LANES
    };
    struct schedule schedule;
    struct lanes lanes[VECTORS];
    char *to = (char *)out;
    make_schedule(key, &schedule);
    for (size_t v = 0; v < VECTORS; v++)
        for (size_t w = 0; w < 4; w++)
            lanes[v].word[w] = spread(counters->word[w] + v * LANES);
    run_rounds(&schedule, VECTORS, lanes);
    for (int v = 0; v < VECTORS; v++) {
        vector words[2];
        unpack(&lanes[v], words);
        store(to, words[0]);
        store(to + sizeof *words, words[1]);
        to += sizeof words;
    }
}
