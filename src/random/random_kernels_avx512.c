/* Eight counters side by side: each 32-bit word has a 64-bit lane, and the upper halves are never
 * cleared, since the widening multiplication does not look at them. Lanes hold the counters
 * 0 4 1 5 2 6 3 7, the order that the last unpacking undoes. Compiled with AVX-512 F, BW, DQ and
 * VL. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    LANES = 8,
    GROUPS = 4
}; /* counters of a vector; vectors that are under way at a time */

struct lanes {
    __m512i word[4];
};

/* The first LANES counters of a fill. */
static inline __attribute__((always_inline)) struct lanes start(const uint32_t counter[4])
{
    struct lanes lanes;
    lanes.word[0] =
        _mm512_add_epi32(_mm512_set1_epi64(counter[0]), _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7));
    for (int i = 1; i < 4; i++)
        lanes.word[i] = _mm512_set1_epi64(counter[i]);
    return lanes;
}

static inline __attribute__((always_inline)) void run_round(struct lanes *lanes, __m512i key0,
                                                            __m512i key1)
{
    enum {
        XOR3 = 0x96
    }; /* the truth table of a ^ b ^ c */
    __m512i product0 = _mm512_mul_epu32(lanes->word[0], _mm512_set1_epi64(0xD2511F53));
    __m512i product1 = _mm512_mul_epu32(lanes->word[2], _mm512_set1_epi64(0xCD9E8D57));
    __m512i high0 = _mm512_srli_epi64(product0, 32), high1 = _mm512_srli_epi64(product1, 32);
    lanes->word[0] = _mm512_ternarylogic_epi64(high1, lanes->word[1], key0, XOR3);
    lanes->word[2] = _mm512_ternarylogic_epi64(high0, lanes->word[3], key1, XOR3);
    lanes->word[1] = product1;
    lanes->word[3] = product0;
}

/* The ten rounds' keys, made once a fill: from memory they cost less than made anew. */
struct schedule {
    __m512i key[10][2];
};

static inline __attribute__((always_inline)) void make_schedule(const uint32_t key[2],
                                                                struct schedule *schedule)
{
    uint32_t key0 = key[0], key1 = key[1];
    for (int round = 0; round < 10; round++) {
        schedule->key[round][0] = _mm512_set1_epi64(key0);
        schedule->key[round][1] = _mm512_set1_epi64(key1);
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

/* Eight blocks in order: two vectors of 16 words. */
static inline __attribute__((always_inline)) void unpack(const struct lanes *lanes,
                                                         __m512i words[2])
{
    const __mmask16 odd = 0xAAAA;
    __m512i low = _mm512_mask_shuffle_epi32(lanes->word[0], odd, lanes->word[1], _MM_PERM_CCAA);
    __m512i high = _mm512_mask_shuffle_epi32(lanes->word[2], odd, lanes->word[3], _MM_PERM_CCAA);
    words[0] = _mm512_unpacklo_epi64(low, high);
    words[1] = _mm512_unpackhi_epi64(low, high);
}

static inline __attribute__((always_inline)) void store(char *to, __m512i words)
{
    _mm512_storeu_si512(to, words);
}

static inline __attribute__((always_inline)) __m512i finish(__m512i words, int as_floats)
{
    if (!as_floats) return words;
    __m512 floats = _mm512_cvtepi32_ps(_mm512_srli_epi32(words, 8));
    return _mm512_castps_si512(_mm512_mul_ps(floats, _mm512_set1_ps(0x1p-24f)));
}

/* The blocks of `groups` times LANES counters from `now` on, which moves past them. */
static inline __attribute__((always_inline)) char *run(const struct schedule *schedule, int groups,
                                                       int as_floats, struct lanes *now, char *out)
{
    struct lanes lanes[GROUPS];
#pragma GCC unroll 8
    for (int g = 0; g < groups; g++) {
        lanes[g] = *now;
        now->word[0] = _mm512_add_epi32(now->word[0], _mm512_set1_epi64(LANES));
    }
    run_rounds(schedule, groups, lanes);
#pragma GCC unroll 8
    for (int g = 0; g < groups; g++) {
        __m512i words[2];
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

const struct random_kernels random_kernels_avx512 = KERNELS("avx512");
#endif
