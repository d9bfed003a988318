/** @file
 * Random numbers as a function of a place in the run.
 *
 * The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as
 * 1, 2, 3. SC'11), taken from Random123. A place names a stream; nothing is ever seeded, shared or
 * advanced behind the caller's back, so any rank can draw the numbers of any other:
 *
 *     key     = { low 32 bits of seed, high 32 bits of seed }
 *     counter = { block, slot, step, purpose << 24 | rank }                     (word 0 first)
 *
 * Words come out as v[0] v[1] v[2] v[3] of block 0, then of block 1, … Every part has bits of its
 * own, so two different places never share a counter. A value too large for its bits is refused.
 *
 * Other libraries draw the same raw words, but each makes floats of them in its own way. The words
 * were compared one by one at 2697 places with MKL 2026.2, TensorFlow 2.21 (CPU) and the functions
 * of cuRAND 10.4 as host code (no GPU was at hand). Here all variables are unsigned, and the seed
 * has 64 bits:
 *
 *   cuRAND, slot < 2^30 (a larger slot silently counts modulo 2^30):
 *     curand_init(seed, (uint64_t)step | (uint64_t)(purpose << 24 | rank) << 32,
 *                 4 * ((uint64_t)block | (uint64_t)slot << 32), &state)
 *   MKL: params = {seed, seed >> 32, block, slot, step, purpose << 24 | rank}, unsigned int each:
 *     vslNewStreamEx(&stream, VSL_BRNG_PHILOX4X32X10, 6, params), then viRngUniformBits32()
 *   TensorFlow:
 *     tf.raw_ops.StatelessRandomUniformFullIntV2(shape=[n], key=tf.constant([seed], tf.uint64),
 *         counter=tf.constant([block | slot << 32, step | (purpose << 24 | rank) << 32],
 *                             tf.uint64), alg=1, dtype=tf.uint32) */
#ifndef SHARDSTEP_RANDOM_H
#define SHARDSTEP_RANDOM_H

#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a stream is for. A purpose is role + 16 * stream, where `stream` is a loader's number, 0 to
 * 15. */
typedef enum shs_role {
    /** The program's own draws at a place, such as dropout. */
    SHS_ROLE_USER = 0,
    /** Augmentation by rank and step. */
    SHS_ROLE_AUGMENT = 1,
    /** Augmentation by sample and epoch. */
    SHS_ROLE_AUGMENT_BY_SAMPLE = 2,
    /** The order of rows. The library draws it. */
    SHS_ROLE_SHUFFLE = 3,
    /** The split into parts. The library draws it. */
    SHS_ROLE_SPLIT = 4,
    /** Rows by weight. The library draws them. */
    SHS_ROLE_WEIGHTED = 5,
    /** Initial weights: `slot` is the tensor's number, `rank` and `step` are 0. */
    SHS_ROLE_INITIALISE = 6,
    /** The first of the roles 7 to 15, which are the program's own, too. */
    SHS_ROLE_OWN = 7,
} shs_role;

/** Where a random stream begins. The members are wider than their bits so that a value that is too
 * large can be refused; nothing wraps. */
typedef struct shs_place {
    /** The seed of the run. All 64 bits count. */
    uint64_t seed;
    /** What the stream is for, below 256: a role + 16 * the loader's number. */
    uint64_t purpose;
    /** The virtual rank, below 2^24. */
    uint64_t rank;
    /** The step of the run, below 2^32. */
    uint64_t step;
    /** The slot in the batch, below 2^32. */
    uint64_t slot;
} shs_place;

/** A stream, made by shs_random_at(). It is a plain value: a copy continues on its own. Its members
 * are not part of the interface. */
typedef struct shs_random {
    /** Philox's key. */
    uint32_t key[2];
    /** The counter of the next block. */
    uint32_t counter[4];
    /** The words of the current block. */
    uint32_t words[4];
    /** The number of words of the current block that are taken. 4 means that none is left. */
    uint32_t used;
    /** Which sine of a pair of normals is kept: 0 none, 1 kept_float, 2 kept_double. */
    uint32_t kept;
    /** The sine of a pair of floats. */
    float kept_float;
    /** The sine of a pair of doubles. */
    double kept_double;
    /** SHS_OK, or the error after which the stream gives only zeros. */
    shs_status status;
} shs_random;

/** Local, any thread. Puts the stream that begins at `place` into *stream. The purpose must have
 * one of the roles 0, 1 and 6 to 15. The library itself draws from the other roles, and lays out
 * their counters differently. SHS_ERROR_ARGUMENT names the value that does not fit; the stream then
 * gives only zeros. */
SHS_API SHS_MUST_CHECK shs_status shs_random_at(const shs_place *place, shs_random *stream);

/** Local, any thread. Puts the stream of a sample in an epoch (role 2) into *stream. It is the same
 * whichever rank and step meet the sample. `index` is below 2^56, `epoch` below 2^32. `number` is a
 * loader's stream number, 0 to 15: with SHS_BY_SAMPLE that loader draws from this stream, so use
 * another number for draws of your own. SHS_ERROR_ARGUMENT names the value that does not fit. */
SHS_API SHS_MUST_CHECK shs_status shs_random_at_sample(uint64_t seed, uint64_t number,
                                                       uint64_t index, uint64_t epoch,
                                                       shs_random *stream);

/** Local, any thread. Puts a purpose of the caller's own into *purpose: each number from 0 to 143
 * gives a different purpose (roles 7 to 15 of streams 0 to 15). SHS_ERROR_ARGUMENT for a larger
 * number. */
SHS_API SHS_MUST_CHECK shs_status shs_random_own_purpose(uint64_t number, uint64_t *purpose);

/** Local, any thread. Goes to a word of the stream, 0 to 2^34 - 1, in constant time, and forgets a
 * kept sine. SHS_ERROR_ARGUMENT for a word that the stream does not have. */
SHS_API SHS_MUST_CHECK shs_status shs_random_seek(shs_random *stream, uint64_t word);

/* ---- Single draws. Any thread may call them; a stream is used by one thread at a time. They
 * return the number drawn. A stream that has failed gives 0. A parameter that is out of range, NaN
 * or infinite gives 0, too: the stream keeps the error for shs_random_status() and gives only zeros
 * from then on. NULL in the place of a stream gives 0. */

/** Local. Draws the next word. */
SHS_API uint32_t shs_random_u32(shs_random *stream);

/** Local. Draws two words. The first is the low half. */
SHS_API uint64_t shs_random_u64(shs_random *stream);

/** Local. Draws a number in [0,1), a multiple of 2^-24: (u32 >> 8) * 2^-24. */
SHS_API float shs_random_float(shs_random *stream);

/** Local. Draws a number in [0,1), a multiple of 2^-53: (u64 >> 11) * 2^-53. */
SHS_API double shs_random_double(shs_random *stream);

/** Local. Draws a number in the open interval (low, high): low + (high - low) * u with
 * u = ((u32 >> 9) + 1/2) * 2^-23. A result that rounds to an end is replaced by the end's neighbour
 * inside. `low` must be below `high`, their difference finite, and a float must lie between them.
 */
SHS_API float shs_random_float_in(shs_random *stream, float low, float high);
/** Local. Draws a double as shs_random_float_in() draws a float, with
 * u = ((u64 >> 12) + 1/2) * 2^-52. */
SHS_API double shs_random_double_in(shs_random *stream, double low, double high);

/** Local. Draws a whole number in [0, n), n > 0, without bias. It takes one word; with a
 * probability below n / 2^32 it takes a further word, and so on (Lemire: Fast random integer
 * generation in an interval. ACM TOMACS 29 (2019)). */
SHS_API uint32_t shs_random_below(shs_random *stream, uint32_t n);
/** Local. Draws a whole number in [0, n), n > 0, without bias, as shs_random_below() does. Where
 * that function takes one word, this function takes two, as a u64. */
SHS_API uint64_t shs_random_below64(shs_random *stream, uint64_t n);

/** Local. Returns true with probability p, 0 to 1: if u32 < p * 2^32. Takes one word. */
SHS_API bool shs_random_bernoulli(shs_random *stream, double p);

/** Local. Draws a normal number, mean + deviation * z, deviation >= 0, by Box and Muller's method
 * on two words. The cosine comes first, and the sine is kept in the stream. The next call for the
 * same type returns it, scaled by that call's mean and deviation, even if other numbers were drawn
 * in between. |z| is at most 6.67. */
SHS_API float shs_random_normal_float(shs_random *stream, float mean, float deviation);
/** Local. Draws a double as shs_random_normal_float() draws a float, but from two u64. |z| is at
 * most 8.58. */
SHS_API double shs_random_normal_double(shs_random *stream, double mean, double deviation);

/** Local. Draws a normal number, given that it lies in [low, high], low < high, deviation > 0. It
 * takes one u64, by inversion. The ends may be infinite. An interval with a probability below
 * 1e-290 is an error. */
SHS_API double shs_random_truncated_normal(shs_random *stream, double mean, double deviation,
                                           double low, double high);

/** Local. Draws an exponential number with a mean >= 0. It takes one u64, by inversion: it is
 * mean * (0 - log u) with u = ((u64 >> 11) + 1) * 2^-53. */
SHS_API double shs_random_exponential(shs_random *stream, double mean);

/** Local. Draws a gamma number, shape >= 1e-300, scale >= 0 (Marsaglia, Tsang: A simple method for
 * generating gamma variables. ACM TOMS 26 (2000)). The method takes normal doubles. Each operation
 * is rounded to a double, from left to right; u is a double in (0, 1), ((u64 >> 12) + 1/2) * 2^-52:
 *
 * 1. A shape below 1: L is the logarithm that steps 2 to 4 give for shape + 1. Then u is drawn, and
 *    the result is scale * exp(L + log(u) / shape).
 * 2. d = shape - 1/3 and c = 1 / sqrt(9 * d).
 * 3. A normal double x is drawn, and root = 1 + c * x. If root <= 0, this step is done again.
 * 4. v = root * root * root and l = 3 * log(root). Then u is drawn. If
 *    log(u) < 0.5 * x * x + d * (1 - v + l), the logarithm is log(d) + l, and the result is
 *    scale * exp(logarithm). Otherwise step 3 is done again. */
SHS_API double shs_random_gamma(shs_random *stream, double shape, double scale);

/** Local. Draws a beta number in [0,1], a and b >= 1e-300, from two gamma numbers of scale 1. First
 * L, the logarithm of the number of shape a, is drawn, then M, that of shape b. The result is 1 /
 * (1 + exp(M - L)). It is right for the small a and b of MixUp, too, where both gamma numbers may
 * be too small for a double. */
SHS_API double shs_random_beta(shs_random *stream, double a, double b);

/** Local. Draws a Poisson number, 0 <= mean <= 2^31 (from mean 10 on by Hörmann: The transformed
 * rejection method for generating Poisson random variables. Insurance: Mathematics and Economics 12
 * (1993)). */
SHS_API uint64_t shs_random_poisson(shs_random *stream, double mean);

/** Local. Draws the number of successes in n <= 2^31 trials with probability p, 0 to 1 (from
 * n min(p, 1-p) = 10 on by Hörmann: The generation of binomial random variates. J. Stat. Comput.
 * Simul. 46 (1993)). */
SHS_API uint64_t shs_random_binomial(shs_random *stream, uint64_t n, double p);

/* ---- Bulk fills. Any thread may call them. They give the same numbers, bit for bit, as `count`
 * single draws, and leave the stream where these would leave it. They are many times faster for
 * u32, u64, float, double, normals and below. They return shs_random_status(). On an error the
 * numbers that could not be drawn are 0. */

/** Local. Fills `out` with `count` draws of shs_random_u32(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_u32(shs_random *stream, uint32_t *out,
                                                      size_t count);
/** Local. Fills `out` with `count` draws of shs_random_u64(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_u64(shs_random *stream, uint64_t *out,
                                                      size_t count);
/** Local. Fills `out` with `count` draws of shs_random_float(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_float(shs_random *stream, float *out,
                                                        size_t count);
/** Local. Fills `out` with `count` draws of shs_random_double(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_double(shs_random *stream, double *out,
                                                         size_t count);
/** Local. Fills `out` with `count` draws of shs_random_float_in(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_float_in(shs_random *stream, float low,
                                                           float high, float *out, size_t count);
/** Local. Fills `out` with `count` draws of shs_random_double_in(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_double_in(shs_random *stream, double low,
                                                            double high, double *out, size_t count);
/** Local. Fills `out` with `count` draws of shs_random_below(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_below(shs_random *stream, uint32_t n,
                                                        uint32_t *out, size_t count);
/** Local. Fills `out` with `count` draws of shs_random_below64(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_below64(shs_random *stream, uint64_t n,
                                                          uint64_t *out, size_t count);
/** Local. Fills `out` with `count` draws of shs_random_bernoulli(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_bernoulli(shs_random *stream, double p, bool *out,
                                                            size_t count);
/** Local. Fills `out` with `count` draws of shs_random_normal_float(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_normal_float(shs_random *stream, float mean,
                                                               float deviation, float *out,
                                                               size_t count);
/** Local. Fills `out` with `count` draws of shs_random_normal_double(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_normal_double(shs_random *stream, double mean,
                                                                double deviation, double *out,
                                                                size_t count);
/** Local. Fills `out` with `count` draws of shs_random_truncated_normal(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_truncated_normal(shs_random *stream, double mean,
                                                                   double deviation, double low,
                                                                   double high, double *out,
                                                                   size_t count);
/** Local. Fills `out` with `count` draws of shs_random_exponential(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_exponential(shs_random *stream, double mean,
                                                              double *out, size_t count);
/** Local. Fills `out` with `count` draws of shs_random_gamma(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_gamma(shs_random *stream, double shape,
                                                        double scale, double *out, size_t count);
/** Local. Fills `out` with `count` draws of shs_random_beta(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_beta(shs_random *stream, double a, double b,
                                                       double *out, size_t count);
/** Local. Fills `out` with `count` draws of shs_random_poisson(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_poisson(shs_random *stream, double mean,
                                                          uint64_t *out, size_t count);
/** Local. Fills `out` with `count` draws of shs_random_binomial(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_binomial(shs_random *stream, uint64_t n, double p,
                                                           uint64_t *out, size_t count);

/* ---- Choices, in any thread. */

/** Local. Puts the numbers 0 to n - 1 into `order` in random order, all n! orders equally likely
 * (Fisher, Yates; Durstenfeld: Algorithm 235. CACM 7 (1964)). Returns shs_random_status(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_permutation(shs_random *stream, uint64_t *order,
                                                         size_t n);

/** Local. Puts k different numbers of 0 to n - 1 into `chosen`, in random order, all choices
 * equally likely. k is at most n. Takes memory for up to 4k numbers while it runs. */
SHS_API SHS_MUST_CHECK shs_status shs_random_choose(shs_random *stream, uint64_t n, size_t k,
                                                    uint64_t *chosen);

/** Categories drawn in proportion to weights, in constant time (Walker: An efficient method for
 * generating discrete random variables with general distributions. ACM TOMS 3 (1977)). The table
 * (Vose, IEEE Trans. Softw. Eng. 17 (1991)) has whole numbers, so a category of weight 0 is never
 * drawn. It does not change once it is open, so threads may share it. */
typedef struct shs_alias shs_alias;

/** Local. Opens the categories of n weights, n from 1 to 2^32 - 1. Weights are finite and not
 * negative, and their sum is positive and finite; they are copied. On an error *alias is NULL. */
SHS_API SHS_MUST_CHECK shs_status shs_alias_open(const double *weights, size_t n,
                                                 shs_alias **alias);

/** Local. Closes categories and leaves NULL in *alias. Accepts NULL and a pointer to NULL. */
SHS_API void shs_alias_close(shs_alias **alias);

/** Local. Draws a category, 0 to n - 1: by shs_random_below(n), then one double. */
SHS_API uint32_t shs_random_categorical(shs_random *stream, const shs_alias *alias);
/** Local. Fills `out` with `count` draws of shs_random_categorical(). */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_categorical(shs_random *stream,
                                                              const shs_alias *alias, uint32_t *out,
                                                              size_t count);

/** Local. Returns SHS_OK, SHS_ERROR_EXHAUSTED after the last of the stream's 2^34 words was passed,
 * or SHS_ERROR_ARGUMENT after a refused place or parameter. */
SHS_API SHS_MUST_CHECK shs_status shs_random_status(const shs_random *stream);

#ifdef __cplusplus
}
#endif

#endif
