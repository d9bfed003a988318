/* Random numbers as a function of a place in the run.
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
 * Raw words are the same elsewhere; each library makes floats of them in its own way. Compared word
 * by word at 2697 places with MKL 2026.2, TensorFlow 2.21 (CPU) and the functions of cuRAND 10.4 as
 * host code (no GPU was at hand). Variables are unsigned, seed 64 bits wide:
 *
 *   cuRAND, slot < 2^30 (a larger one silently counts modulo 2^30):
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

/* What a stream is for. purpose = role + 16 * stream, where stream is a loader's number, 0 … 15. */
typedef enum shs_role {
    SHS_ROLE_USER = 0,              /* dropout and all else that happens at a place */
    SHS_ROLE_AUGMENT = 1,           /* augmentation by rank and step */
    SHS_ROLE_AUGMENT_BY_SAMPLE = 2, /* augmentation by sample and epoch */
    SHS_ROLE_SHUFFLE = 3,
    SHS_ROLE_SPLIT = 4,
    SHS_ROLE_WEIGHTED = 5,
    SHS_ROLE_INITIALISE = 6, /* initial weights: slot is the tensor's number, rank and step are 0 */
    SHS_ROLE_OWN = 7,        /* 7 … 15: the caller's own */
} shs_role;

/* Where a random stream begins. The fields are wider than their bits so that a value that is too
 * large can be refused; nothing wraps. */
typedef struct shs_place {
    uint64_t seed;
    uint64_t purpose; /* below 256 */
    uint64_t rank;    /* virtual rank, below 2^24 */
    uint64_t step;    /* below 2^32 */
    uint64_t slot;    /* below 2^32 */
} shs_place;

/* A stream, made by shs_random_at(). A plain value: a copy continues on its own. The fields are
 * not part of the interface. */
typedef struct shs_random {
    uint32_t key[2];
    uint32_t counter[4]; /* of the next block */
    uint32_t words[4];   /* of the current block */
    uint32_t used;       /* words taken of the current block, 4 if none is left */
    uint32_t kept;       /* 1: kept_float, 2: kept_double is the sine of a pair of normals */
    float kept_float;
    double kept_double;
    shs_status status;
} shs_random;

/* Local, any thread. The stream that begins at a place, whose purpose has one of the roles 0, 1, 6
 * … 15; the other roles belong to the library's own order and lay out their counters differently.
 * SHS_ERROR_ARGUMENT names the value that does not fit; the stream then only gives zeros. */
SHS_API SHS_MUST_CHECK shs_status shs_random_at(const shs_place *place, shs_random *stream);

/* Local, any thread. The stream of a sample in an epoch (role 2), whichever rank and step meet it:
 * index below 2^56, epoch below 2^32. With SHS_BY_SAMPLE, the loader with this stream number,
 * 0 … 15, draws from it; for draws of your own use a number that no such loader has. */
SHS_API SHS_MUST_CHECK shs_status shs_random_at_sample(uint64_t seed, uint64_t number,
                                                       uint64_t index, uint64_t epoch,
                                                       shs_random *stream);

/* Local, any thread. A purpose of the caller's own: each number 0 … 143 gives a different
 * purpose (roles 7 … 15 of streams 0 … 15). SHS_ERROR_ARGUMENT for a larger number. */
SHS_API SHS_MUST_CHECK shs_status shs_random_own_purpose(uint64_t number, uint64_t *purpose);

/* Local, any thread. Goes to a word of the stream, 0 … 2^34 - 1, in constant time; forgets a kept
 * sine. SHS_ERROR_ARGUMENT for a word that the stream does not have. */
SHS_API SHS_MUST_CHECK shs_status shs_random_seek(shs_random *stream, uint64_t word);

/* ---- Single draws. Local, any thread; one stream is used by one thread at a time. They return
 * their value. A stream that has failed, or a parameter that is out of range, NaN or infinite,
 * gives 0; the stream keeps the error for shs_random_status(), and draws nothing any more. So does
 * NULL in the place of a stream. */

/* The next word. */
SHS_API uint32_t shs_random_u32(shs_random *stream);

/* Two words, the first is the low half. */
SHS_API uint64_t shs_random_u64(shs_random *stream);

/* In [0,1), a multiple of 2^-24: (u32 >> 8) * 2^-24. */
SHS_API float shs_random_float(shs_random *stream);

/* In [0,1), a multiple of 2^-53: (u64 >> 11) * 2^-53. */
SHS_API double shs_random_double(shs_random *stream);

/* In the open interval (low, high), low < high, high - low finite: low + (high - low) * u with u =
 * ((u32 >> 9) + 1/2) * 2^-23 or ((u64 >> 12) + 1/2) * 2^-52. A result that rounds to an end is
 * replaced by the end's neighbour inside; an interval without one is an error. */
SHS_API float shs_random_float_in(shs_random *stream, float low, float high);
SHS_API double shs_random_double_in(shs_random *stream, double low, double high);

/* In [0, n), n > 0, without bias; takes one word (u64 for below64) or, with probability below
 * n / 2^32 (n / 2^64) each, further ones (Lemire: Fast random integer generation in an interval.
 * ACM TOMACS 29 (2019)). */
SHS_API uint32_t shs_random_below(shs_random *stream, uint32_t n);
SHS_API uint64_t shs_random_below64(shs_random *stream, uint64_t n);

/* True with probability p, 0 … 1: one word, u32 < p * 2^32. */
SHS_API bool shs_random_bernoulli(shs_random *stream, double p);

/* Normal, mean + deviation * z, deviation >= 0: Box-Muller on two words (two u64 for the double),
 * the cosine first. The sine is kept in the stream. The next call for the same type returns it,
 * scaled by that call's mean and deviation, even if other numbers were drawn in between. At
 * most, |z| is 6.67 for float and 8.58 for double. */
SHS_API float shs_random_normal_float(shs_random *stream, float mean, float deviation);
SHS_API double shs_random_normal_double(shs_random *stream, double mean, double deviation);

/* Normal, given that it lies in [low, high], low < high, deviation > 0: one u64, by inversion. The
 * ends may be infinite; an interval of less probability than 1e-290 is an error. */
SHS_API double shs_random_truncated_normal(shs_random *stream, double mean, double deviation,
                                           double low, double high);

/* Exponential with a mean >= 0: one u64, by inversion. */
SHS_API double shs_random_exponential(shs_random *stream, double mean);

/* Gamma, shape >= 1e-300, scale >= 0 (Marsaglia, Tsang: A simple method for generating gamma
 * variables. ACM TOMS 26 (2000)), which takes normals of doubles. */
SHS_API double shs_random_gamma(shs_random *stream, double shape, double scale);

/* Beta in [0,1], a and b >= 1e-300, from two gammas; right for the small a and b of MixUp too,
 * where both gammas may be too small for a double. */
SHS_API double shs_random_beta(shs_random *stream, double a, double b);

/* Poisson, 0 <= mean <= 2^31 (from 10 on: Hörmann: The transformed rejection method for generating
 * Poisson random variables. Insurance: Mathematics and Economics 12 (1993)). */
SHS_API uint64_t shs_random_poisson(shs_random *stream, double mean);

/* Successes of n <= 2^31 trials with probability p, 0 … 1 (from n min(p, 1-p) = 10 on: Hörmann: The
 * generation of binomial random variates. J. Stat. Comput. Simul. 46 (1993)). */
SHS_API uint64_t shs_random_binomial(shs_random *stream, uint64_t n, double p);

/* ---- Bulk fills. Local, any thread. The same numbers, bit for bit, as `count` single draws, and
 * the stream afterwards is the same; many times faster for u32, u64, float, double, normals and
 * below. Return shs_random_status(); on error what could not be drawn is 0. */
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_u32(shs_random *stream, uint32_t *out,
                                                      size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_u64(shs_random *stream, uint64_t *out,
                                                      size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_float(shs_random *stream, float *out,
                                                        size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_double(shs_random *stream, double *out,
                                                         size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_float_in(shs_random *stream, float low,
                                                           float high, float *out, size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_double_in(shs_random *stream, double low,
                                                            double high, double *out, size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_below(shs_random *stream, uint32_t n,
                                                        uint32_t *out, size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_below64(shs_random *stream, uint64_t n,
                                                          uint64_t *out, size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_bernoulli(shs_random *stream, double p, bool *out,
                                                            size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_normal_float(shs_random *stream, float mean,
                                                               float deviation, float *out,
                                                               size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_normal_double(shs_random *stream, double mean,
                                                                double deviation, double *out,
                                                                size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_truncated_normal(shs_random *stream, double mean,
                                                                   double deviation, double low,
                                                                   double high, double *out,
                                                                   size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_exponential(shs_random *stream, double mean,
                                                              double *out, size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_gamma(shs_random *stream, double shape,
                                                        double scale, double *out, size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_beta(shs_random *stream, double a, double b,
                                                       double *out, size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_poisson(shs_random *stream, double mean,
                                                          uint64_t *out, size_t count);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_binomial(shs_random *stream, uint64_t n, double p,
                                                           uint64_t *out, size_t count);

/* ---- Choices. Local, any thread. */

/* A random order of 0 … n-1, all n! equally likely (Fisher, Yates; Durstenfeld: Algorithm 235.
 * CACM 7 (1964)). */
SHS_API SHS_MUST_CHECK shs_status shs_random_permutation(shs_random *stream, uint64_t *order,
                                                         size_t n);

/* k different numbers of 0 … n-1 in random order, k <= n, all choices equally likely; memory for
 * up to 4k numbers while it runs. */
SHS_API SHS_MUST_CHECK shs_status shs_random_choose(shs_random *stream, uint64_t n, size_t k,
                                                    uint64_t *chosen);

/* Categories drawn in proportion to weights, in constant time (Walker: An efficient method for
 * generating discrete random variables with general distributions. ACM TOMS 3 (1977); table by
 * Vose, IEEE Trans. Softw. Eng. 17 (1991), in whole numbers, so that one of weight 0 never comes).
 * Never changes once it is open. */
typedef struct shs_alias shs_alias;

/* n weights, 1 … 2^32 - 1 of them, finite, not negative, with a positive and finite sum; copied. On
 * error *alias is NULL. */
SHS_API SHS_MUST_CHECK shs_status shs_alias_open(const double *weights, size_t n,
                                                 shs_alias **alias);

/* Accepts NULL and a pointer to NULL; leaves NULL. */
SHS_API void shs_alias_close(shs_alias **alias);

/* A category, 0 … n-1: below(n), then one double. */
SHS_API uint32_t shs_random_categorical(shs_random *stream, const shs_alias *alias);
SHS_API SHS_MUST_CHECK shs_status shs_random_fill_categorical(shs_random *stream,
                                                              const shs_alias *alias, uint32_t *out,
                                                              size_t count);

/* Local. SHS_OK; SHS_ERROR_EXHAUSTED after the last of the stream's 2^34 words was passed;
 * SHS_ERROR_ARGUMENT after a refused place or parameter. */
SHS_API SHS_MUST_CHECK shs_status shs_random_status(const shs_random *stream);

#ifdef __cplusplus
}
#endif

#endif
