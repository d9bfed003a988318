/* Streams to draw from, and every draw as a single one and as a fill. */
#ifndef FILL_SCENE_H
#define FILL_SCENE_H

#include <stdio.h>
#include <string.h>

#include "counted_memory.h"
#include "judge.h"
#include "random_kernels.h"
#include "random_math.h"
#include "random_stream.h"
#include "unit.h"

#define END (UINT64_C(1) << 34) /* words of a stream */

static inline shs_random stream_at(uint64_t seed, uint64_t step)
{
    const shs_place place = {.seed = seed, .purpose = 8, .rank = 5, .step = step, .slot = 3};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    return stream;
}

static shs_alias *alias; /* open while the kinds are drawn */

static const char *const kernel_names[] = {"plain", "avx2", "avx512"};

/* Runs a check with each set of kernels that this CPU has. */
static inline void with_each_kernels(void (*check)(void))
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

enum {
    MOST_COUNT = 10007,
    GUARD = 64, /* bytes behind a fill's numbers, which must stay as they are */
    RUBBISH = 0xA5
};

/* Both streams give the same from here on: kept sines first, then the words, then the rest. */
static inline bool same_future(shs_random a, shs_random b)
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

/* A stream that has given `words` words, and keeps sines: bit 0 a float's, bit 1 a double's. */
static inline shs_random begun(uint64_t step, uint32_t words, uint32_t kept)
{
    shs_random stream = stream_at(1, step);
    if (kept & 1) shs_random_normal_float(&stream, 0, 1);
    if (kept & 2) shs_random_normal_double(&stream, 0, 1);
    for (uint32_t i = 0; i < words; i++)
        shs_random_u32(&stream);
    return stream;
}

/* Word `number` by the definition; 0 behind the end. */
static inline uint32_t word_of(const shs_random *stream, uint64_t number)
{
    uint32_t counter[4], words[4];
    if (number >= END) return 0;
    memcpy(counter, stream->counter, sizeof counter);
    counter[0] = (uint32_t)(number / 4);
    random_block(stream->key, counter, words);
    return words[number % 4];
}

/* A stream with `left` words left, 0 … 2^34. */
static inline shs_random ending(uint64_t step, uint64_t left, uint32_t kept)
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

static inline bool only_zeros(const void *memory, size_t bytes)
{
    const unsigned char *byte = memory;
    for (size_t i = 0; i < bytes; i++)
        if (byte[i]) return false;
    return true;
}

#endif
