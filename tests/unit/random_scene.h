/* Streams for the tests of random numbers, and Philox4x32-10 once more: from the paper's definition
 * and with arithmetic of 16 bits. */
#ifndef RANDOM_SCENE_H
#define RANDOM_SCENE_H

#include <stdint.h>

#include "random_stream.h"
#include "unit.h"

/* ---- the slow generator */

static inline void multiply(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low)
{
    uint32_t a0 = a & 0xffff, a1 = a >> 16, b0 = b & 0xffff, b1 = b >> 16;
    uint32_t middle = a1 * b0 + (a0 * b0 >> 16); /* at most 2^32 - 2^16: fits */
    uint32_t other = a0 * b1 + (middle & 0xffff);
    *low = a * b;
    *high = a1 * b1 + (middle >> 16) + (other >> 16);
}

static inline void slow_block(const uint32_t key[2], const uint32_t counter[4], uint32_t words[4])
{
    uint32_t r0 = counter[0], l0 = counter[1], r1 = counter[2], l1 = counter[3];
    for (uint32_t round = 0; round < 10; round++) {
        uint32_t k0 = key[0] + round * 0x9E3779B9, k1 = key[1] + round * 0xBB67AE85;
        uint32_t high0, low0, high1, low1;
        multiply(0xD2511F53, r0, &high0, &low0);
        multiply(0xCD9E8D57, r1, &high1, &low1);
        r0 = high1 ^ l0 ^ k0;
        l0 = low1;
        r1 = high0 ^ l1 ^ k1;
        l1 = low0;
    }
    words[0] = r0, words[1] = l0, words[2] = r1, words[3] = l1;
}

/* Word `number` of the stream whose counter is {block, c1, c2, c3}. */
static inline uint32_t slow_word(uint64_t seed, uint32_t c1, uint32_t c2, uint32_t c3,
                                 uint64_t number)
{
    uint32_t key[2] = {(uint32_t)(seed & 0xffffffff), (uint32_t)(seed / 4294967296)};
    uint32_t counter[4] = {(uint32_t)(number / 4), c1, c2, c3}, words[4];
    slow_block(key, counter, words);
    return words[number % 4];
}

static inline uint32_t word_at(const shs_place *place, uint64_t number)
{
    return slow_word(place->seed, (uint32_t)place->slot, (uint32_t)place->step,
                     (uint32_t)(place->purpose * 16777216 + place->rank), number);
}

/* ---- streams */

/* A stream whose next two words (or whose next u64) are given. */
static inline shs_random stream_with(uint32_t first, uint32_t second)
{
    return (shs_random){.words = {0, 0, first, second}, .used = 2, .counter = {1}};
}

/* The stream of a place that is good. */
static inline shs_random stream_at(const shs_place *place)
{
    shs_random stream;
    CHECK_STATUS(shs_random_at(place, &stream), SHS_OK);
    return stream;
}

/* After an error a stream draws zeros alone. */
static inline bool gives_only_zeros(shs_random *stream)
{
    bool zeros = true;
    for (int i = 0; i < 6; i++)
        zeros = zeros && shs_random_u32(stream) == 0;
    zeros = zeros && shs_random_u64(stream) == 0 && shs_random_float(stream) == 0;
    return zeros && shs_random_double(stream) == 0 && shs_random_below(stream, 1000) == 0;
}

#endif
