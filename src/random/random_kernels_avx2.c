/* Four counters side by side, as random_kernels_avx512.c has eight: each 32-bit word has a 64-bit
 * lane whose upper half is never cleared. Lanes hold the counters 0 2 1 3, the order that the last
 * unpacking undoes. Compiled with AVX2. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    LANES = 4,
    GROUPS = 4
}; /* counters of a vector; vectors that are under way at a time */

struct lanes {
    __m256i word[4];
};

/* The first LANES counters of a fill. */
static inline __attribute__((always_inline)) struct lanes start(const uint32_t counter[4])
{
    struct lanes lanes;
    lanes.word[0] =
        _mm256_add_epi32(_mm256_set1_epi64x(counter[0]), _mm256_setr_epi64x(0, 2, 1, 3));
    for (int i = 1; i < 4; i++)
        lanes.word[i] = _mm256_set1_epi64x(counter[i]);
    return lanes;
}

static inline __attribute__((always_inline)) void run_round(struct lanes *lanes, __m256i key0,
                                                            __m256i key1)
{
    __m256i product0 = _mm256_mul_epu32(lanes->word[0], _mm256_set1_epi64x(0xD2511F53));
    __m256i product1 = _mm256_mul_epu32(lanes->word[2], _mm256_set1_epi64x(0xCD9E8D57));
    __m256i high0 = _mm256_srli_epi64(product0, 32), high1 = _mm256_srli_epi64(product1, 32);
    lanes->word[0] = _mm256_xor_si256(high1, _mm256_xor_si256(lanes->word[1], key0));
    lanes->word[2] = _mm256_xor_si256(high0, _mm256_xor_si256(lanes->word[3], key1));
    lanes->word[1] = product1;
    lanes->word[3] = product0;
}

/* The ten rounds' keys, made once a fill: from memory they cost less than made anew. */
struct schedule {
    __m256i key[10][2];
};

static inline __attribute__((always_inline)) void make_schedule(const uint32_t key[2],
                                                                struct schedule *schedule)
{
    uint32_t key0 = key[0], key1 = key[1];
    for (int round = 0; round < 10; round++) {
        schedule->key[round][0] = _mm256_set1_epi64x(key0);
        schedule->key[round][1] = _mm256_set1_epi64x(key1);
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

/* Four blocks in order: two vectors of 8 words. */
static inline __attribute__((always_inline)) void unpack(const struct lanes *lanes,
                                                         __m256i words[2])
{
    __m256i low = _mm256_blend_epi32(lanes->word[0], _mm256_slli_epi64(lanes->word[1], 32), 0xAA);
    __m256i high = _mm256_blend_epi32(lanes->word[2], _mm256_slli_epi64(lanes->word[3], 32), 0xAA);
    words[0] = _mm256_unpacklo_epi64(low, high);
    words[1] = _mm256_unpackhi_epi64(low, high);
}

static inline __attribute__((always_inline)) void store(char *to, __m256i words)
{
    _mm256_storeu_si256((__m256i *)(void *)to, words);
}

static inline __attribute__((always_inline)) __m256i finish(__m256i words, int as_floats)
{
    if (!as_floats) return words;
    __m256 floats = _mm256_cvtepi32_ps(_mm256_srli_epi32(words, 8));
    return _mm256_castps_si256(_mm256_mul_ps(floats, _mm256_set1_ps(0x1p-24f)));
}

/* The blocks of `groups` times LANES counters from `now` on, which moves past them. */
static inline __attribute__((always_inline)) char *run(const struct schedule *schedule, int groups,
                                                       int as_floats, struct lanes *now, char *out)
{
    struct lanes lanes[GROUPS];
#pragma GCC unroll 8
    for (int g = 0; g < groups; g++) {
        lanes[g] = *now;
        now->word[0] = _mm256_add_epi32(now->word[0], _mm256_set1_epi64x(LANES));
    }
    run_rounds(schedule, groups, lanes);
#pragma GCC unroll 8
    for (int g = 0; g < groups; g++) {
        __m256i words[2];
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
    for (; blocks >= LANES * GROUPS; blocks -= LANES * GROUPS)
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

#include "random_kernels_body.h"

const struct random_kernels random_kernels_avx2 = KERNELS("avx2");
#endif
