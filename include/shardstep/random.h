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
 * The same words on a GPU, by cuRAND's documentation and for slot < 2^30 (not run here):
 *     curand_init(seed, (uint64_t)step | (uint64_t)(purpose << 24 | rank) << 32,
 *                 4 * ((uint64_t)block | (uint64_t)slot << 32), &state)
 * Its uniforms lie in (0,1], ours in [0,1). Intel MKL and TensorFlow take the same key and counter,
 * by their documentation (not run here). */
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
    shs_status status;
} shs_random;

/* Local, any thread. The stream that begins at a place, whose purpose has one of the roles 0, 1, 6
 * … 15; the other roles belong to the library's own order and lay out their counters differently.
 * SHS_ERROR_ARGUMENT names the value that does not fit; the stream then only gives zeros. */
SHS_API SHS_MUST_CHECK shs_status shs_random_at(const shs_place *place, shs_random *stream);

/* Local, any thread: one stream is used by one thread at a time. These return their value; a
 * stream that has failed returns 0 and keeps its error for shs_random_status(). */

/* The next word. */
SHS_API uint32_t shs_random_u32(shs_random *stream);

/* Two words, the first is the low half. */
SHS_API uint64_t shs_random_u64(shs_random *stream);

/* In [0,1), a multiple of 2^-24: (u32 >> 8) * 2^-24. */
SHS_API float shs_random_float(shs_random *stream);

/* In [0,1), a multiple of 2^-53: (u64 >> 11) * 2^-53. */
SHS_API double shs_random_double(shs_random *stream);

/* In [0, n), without bias; takes one word or, with probability below n / 2^32 each, further ones
 * (Lemire: Fast random integer generation in an interval. ACM TOMACS 29 (2019)). n = 0 is an error
 * of the stream. */
SHS_API uint32_t shs_random_below(shs_random *stream, uint32_t n);

/* Local. SHS_OK; SHS_ERROR_EXHAUSTED after the last of the stream's 2^34 words was passed;
 * SHS_ERROR_ARGUMENT after below(0) or a refused place. */
SHS_API SHS_MUST_CHECK shs_status shs_random_status(const shs_random *stream);

#ifdef __cplusplus
}
#endif

#endif
