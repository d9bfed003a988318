/* Random streams of every role: the counter layouts of the library's own draws. Pure. */
#ifndef RANDOM_STREAM_H
#define RANDOM_STREAM_H

#include <stddef.h>

#include "shardstep/random.h"

enum {
    RANDOM_MAX_STREAM = 15,
    RANDOM_KEPT_FLOAT = 1,
    RANDOM_KEPT_DOUBLE = 2
};

/* Computes one block of Philox4x32-10. */
void random_block(const uint32_t key[2], const uint32_t counter[4], uint32_t words[4]);

/* Starts a stream of role 2, with the counter {block, low 32 of index, epoch, purpose << 24 | next
 * 24 of index}. The caller has checked index < 2^56, epoch < 2^32 and stream <= 15. */
void random_of_sample(uint64_t seed, uint32_t stream, uint64_t index, uint64_t epoch,
                      shs_random *random);

/* Starts a stream of role 3, with the counter {block, part, epoch, purpose << 24 | vrank}. `part`
 * is 0 for a permutation of rows or blocks, 1 + w for window w. `vrank` is 0 except for windows and
 * fixed shards. For passes over a source, order_mix.h gives the same counter other parts. */
void random_of_order(uint64_t seed, uint32_t stream, uint32_t part, uint64_t epoch, uint64_t vrank,
                     shs_random *random);

/* Starts a stream of role 4, with the counter {block, low 32 of index, 0, purpose << 24 | next 24
 * of index}. It has no loader's stream number, because a split belongs to the dataset. index <
 * 2^56. */
void random_of_split(uint64_t seed, uint64_t index, shs_random *random);

/* Starts a stream of role 5, with the counter {block, low 32 of position, epoch, purpose << 24 |
 * next 24 of position}. The caller has checked position < 2^56, epoch < 2^32 and stream <= 15. */
void random_of_weights(uint64_t seed, uint32_t stream, uint64_t position, uint64_t epoch,
                       shs_random *random);

/* Returns how many blocks a stream still has. random_words_left() returns its words. */
uint64_t random_blocks_left(const shs_random *stream);
uint64_t random_words_left(const shs_random *stream);

/* Moves a stream that stands between blocks forward by `blocks` blocks, which it must still have.
 */
void random_skip_blocks(shs_random *stream, uint64_t blocks);

/* Makes the next blocks of streams that stand between blocks and have the same key, by vector code.
 * Other streams are left alone. The draws that follow are the same in any case. */
void random_begin_blocks(shs_random *streams, size_t count);

/* Moves a stream forward by `words` words. If it does not have them, it keeps the error. */
void random_skip_words(shs_random *stream, uint64_t words);

/* Leaves a stream as `count` calls of shs_random_normal_float() leave it. */
void random_skip_normal_floats(shs_random *stream, uint64_t count);

/* Adds to each of `count` numbers what shs_random_normal_float() draws. `from` and `out` do not
 * overlap. Mean and deviation are finite, and the deviation is not negative. */
shs_status random_add_normal_floats(shs_random *stream, float mean, float deviation,
                                    const float *from, float *out, size_t count);

/* Draws from the open interval (0,1): an odd multiple of 2^-53. */
double random_open_uniform(shs_random *stream);

/* Checks that a function that fills `bytes` bytes from a stream has memory and stream. If a stream
 * is missing, the memory is set to 0. */
shs_status random_check_fill(const char *function, const shs_random *stream, void *out,
                             size_t bytes);

/* Makes a stream fail because of a parameter. */
void random_refuse(shs_random *stream);

#endif
