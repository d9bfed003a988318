/* The part of the kernels that compilers vectorise by themselves. Each file of kernels defines
 * philox_words(), philox_floats() and philox_blocks(), then includes this file, and is compiled for
 * its own instruction set. */
#include "random_kernels.h"
#include "random_math.h"

static void words_to_doubles(const uint32_t *restrict words, double *restrict out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t both = (uint64_t)words[2 * i + 1] << 32 | words[2 * i];
        out[i] = (double)(int64_t)(both >> 11) * 0x1p-53;
    }
}

/* Always inline, so that the call for the standard normal loses its multiplications by one. */
static inline __attribute__((always_inline)) void normal_floats_of(const uint32_t *restrict words,
                                                                   float mean, float deviation,
                                                                   float *restrict out,
                                                                   size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        float pair[2];
        random_normal_pair(words[2 * i], words[2 * i + 1], pair);
        out[2 * i] = mean + deviation * pair[0];
        out[2 * i + 1] = mean + deviation * pair[1];
    }
}

static void normal_floats(const uint32_t *restrict words, float mean, float deviation,
                          float *restrict out, size_t pairs)
{
    if (random_float_bits(mean) == 0 && deviation == 1)
        normal_floats_of(words, 0, 1, out, pairs);
    else
        normal_floats_of(words, mean, deviation, out, pairs);
}

static void add_normal_floats(const uint32_t *restrict words, float mean, float deviation,
                              const float *restrict from, float *restrict out, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        float pair[2];
        random_normal_pair(words[2 * i], words[2 * i + 1], pair);
        out[2 * i] = from[2 * i] + (mean + deviation * pair[0]);
        out[2 * i + 1] = from[2 * i + 1] + (mean + deviation * pair[1]);
    }
}

static void normal_doubles(const uint32_t *restrict words, double mean, double deviation,
                           double *restrict out, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        double pair[2];
        random_normal_pair_double((uint64_t)words[4 * i + 1] << 32 | words[4 * i],
                                  (uint64_t)words[4 * i + 3] << 32 | words[4 * i + 2], pair);
        out[2 * i] = mean + deviation * pair[0];
        out[2 * i + 1] = mean + deviation * pair[1];
    }
}

static size_t below_words(const uint32_t *restrict words, uint32_t n, uint32_t unfair,
                          uint32_t *restrict out, size_t count)
{
    size_t done = 0;
    for (; done + RANDOM_BELOW_GROUP <= count; done += RANDOM_BELOW_GROUP) {
        uint32_t rejected = 0;
        for (size_t i = 0; i < RANDOM_BELOW_GROUP; i++) {
            uint64_t product = (uint64_t)words[done + i] * n;
            rejected |= (uint32_t)product < unfair;
            out[done + i] = (uint32_t)(product >> 32);
        }
        if (rejected) break;
    }
    return done;
}

#define KERNELS(kernels_name)                                                                      \
    {                                                                                              \
        kernels_name, philox_words, philox_floats, philox_blocks, words_to_doubles, normal_floats, \
            normal_doubles, add_normal_floats, below_words                                         \
    }
