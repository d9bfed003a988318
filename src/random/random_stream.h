/* Streams of every role: the counter layouts of the library's own draws. Pure. */
#ifndef RANDOM_STREAM_H
#define RANDOM_STREAM_H

#include "shardstep/random.h"

enum {
    RANDOM_MAX_STREAM = 15,
    RANDOM_KEPT_FLOAT = 1,
    RANDOM_KEPT_DOUBLE = 2
};

/* One block of Philox4x32-10. */
void random_block(const uint32_t key[2], const uint32_t counter[4], uint32_t words[4]);

/* Role 2: {block, low 32 of index, epoch, purpose << 24 | next 24 of index}. index < 2^56,
 * epoch < 2^32, stream <= 15; the caller has checked them. */
void random_of_sample(uint64_t seed, uint32_t stream, uint64_t index, uint64_t epoch,
                      shs_random *random);

/* Role 3: {block, 0 for a permutation of rows or blocks or 1 + w for window w, epoch,
 * purpose << 24 | vrank}, vrank 0 but for windows and fixed shards. For passes over a source, see
 * order_mix.h, the same with other parts. */
void random_of_order(uint64_t seed, uint32_t stream, uint32_t part, uint64_t epoch, uint64_t vrank,
                     shs_random *random);

/* Role 4: {block, low 32 of index, 0, purpose << 24 | next 24 of index}, of no loader's stream: a
 * split belongs to the dataset. index < 2^56. */
void random_of_split(uint64_t seed, uint64_t index, shs_random *random);

/* Role 5: {block, low 32 of position, epoch, purpose << 24 | next 24 of position}. position < 2^56,
 * epoch < 2^32, stream <= 15; the caller has checked them. */
void random_of_weights(uint64_t seed, uint32_t stream, uint64_t position, uint64_t epoch,
                       shs_random *random);

/* Blocks and words that a stream still has. */
uint64_t random_blocks_left(const shs_random *stream);
uint64_t random_words_left(const shs_random *stream);

/* Moves a stream that stands between blocks past `blocks` further ones, which it still has. */
void random_skip_blocks(shs_random *stream, uint64_t blocks);

/* In the open interval (0,1): an odd multiple of 2^-53. */
double random_open_uniform(shs_random *stream);

/* Whether a function that fills `bytes` of memory from a stream has both; if not, the memory that
 * is there becomes 0. */
shs_status random_check_fill(const char *function, const shs_random *stream, void *out,
                             size_t bytes);

/* Makes a stream fail because of a parameter. */
void random_refuse(shs_random *stream);

#endif
