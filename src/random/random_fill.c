/* Bulk fills with vector code. Each fill gives the numbers that single draws give. Near a stream's
 * end, and for what does not fill a block or a pair, it makes single draws. */
#include <string.h>

#include "core_status.h"
#include "random_kernels.h"
#include "random_stream.h"

enum {
    PIECE = 2048
}; /* words made at a time, few enough for the nearest cache */

/* Makes single draws up to the next block. */
static size_t finish_block(shs_random *stream, uint32_t *out, size_t count)
{
    size_t done = 0;
    while (done < count && stream->used < 4)
        out[done++] = shs_random_u32(stream);
    return done;
}

/* Returns how many whole blocks for `count` words the stream has that end before its counter
 * carries. */
static uint64_t whole_blocks(const shs_random *stream, size_t count)
{
    uint64_t blocks = count / 4, left = random_blocks_left(stream);
    if (stream->status) return 0;
    return blocks < left ? blocks : left;
}

shs_status shs_random_fill_u32(shs_random *stream, uint32_t *out, size_t count)
{
    shs_status status = random_check_fill(__func__, stream, out, count * sizeof *out);
    if (status) return status;
    size_t done = stream->status ? 0 : finish_block(stream, out, count);
    uint64_t blocks = done < count ? whole_blocks(stream, count - done) : 0;
    if (blocks) {
        random_kernels_now()->words(stream->key, stream->counter, out + done, (size_t)blocks);
        random_skip_blocks(stream, blocks);
        done += 4 * (size_t)blocks;
    }
    for (; done < count; done++)
        out[done] = shs_random_u32(stream);
    return shs_random_status(stream);
}

shs_status shs_random_fill_float(shs_random *stream, float *out, size_t count)
{
    shs_status status = random_check_fill(__func__, stream, out, count * sizeof *out);
    if (status) return status;
    size_t done = 0;
    while (done < count && stream->used < 4 && !stream->status)
        out[done++] = shs_random_float(stream);
    uint64_t blocks = done < count ? whole_blocks(stream, count - done) : 0;
    if (blocks) {
        random_kernels_now()->floats(stream->key, stream->counter, out + done, (size_t)blocks);
        random_skip_blocks(stream, blocks);
        done += 4 * (size_t)blocks;
    }
    for (; done < count; done++)
        out[done] = shs_random_float(stream);
    return shs_random_status(stream);
}

/* Takes the next words of a stream, which must have them. */
static void take_words(shs_random *stream, uint32_t *words, size_t count)
{
    shs_status status = shs_random_fill_u32(stream, words, count);
    (void)status; /* the caller has asked random_words_left() */
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Returns true if the stream has words for `count` numbers of `each` words. */
static bool has_words(const shs_random *stream, size_t count, uint64_t each)
{
    return random_words_left(stream) / each >= count;
}

shs_status shs_random_fill_u64(shs_random *stream, uint64_t *out, size_t count)
{
    shs_status status = random_check_fill(__func__, stream, out, count * sizeof *out);
    if (status) return status;
    uint32_t words[PIECE];
    size_t done = 0;
    while (done < count && has_words(stream, count - done, 2)) {
        size_t piece = least(count - done, PIECE / 2);
        take_words(stream, words, 2 * piece);
        for (size_t i = 0; i < piece; i++)
            out[done + i] = (uint64_t)words[2 * i + 1] << 32 | words[2 * i];
        done += piece;
    }
    for (; done < count; done++)
        out[done] = shs_random_u64(stream);
    return shs_random_status(stream);
}

shs_status shs_random_fill_double(shs_random *stream, double *out, size_t count)
{
    shs_status status = random_check_fill(__func__, stream, out, count * sizeof *out);
    if (status) return status;
    uint32_t words[PIECE];
    size_t done = 0;
    while (done < count && has_words(stream, count - done, 2)) {
        size_t piece = least(count - done, PIECE / 2);
        take_words(stream, words, 2 * piece);
        random_kernels_now()->doubles(words, out + done, piece);
        done += piece;
    }
    for (; done < count; done++)
        out[done] = shs_random_double(stream);
    return shs_random_status(stream);
}

/* Accepts words one by one as long as there is room. Returns how many were accepted. */
static size_t accept_words(const uint32_t *words, size_t count, uint32_t n, uint32_t unfair,
                           uint32_t *out)
{
    size_t accepted = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t product = (uint64_t)words[i] * n;
        if ((uint32_t)product >= unfair) out[accepted++] = (uint32_t)(product >> 32);
    }
    return accepted;
}

shs_status shs_random_fill_below(shs_random *stream, uint32_t n, uint32_t *out, size_t count)
{
    shs_status status = random_check_fill(__func__, stream, out, count * sizeof *out);
    if (status) return status;
    uint32_t words[PIECE], unfair = n ? (uint32_t)(0 - n) % n : 0;
    size_t done = 0;
    /* each number takes at least one word, so as many words as numbers are missing are never too
     * many */
    while (n && done < count && has_words(stream, count - done, 1)) {
        size_t piece = least(count - done, PIECE), used = 0;
        take_words(stream, words, piece);
        while (used < piece) {
            size_t fair =
                random_kernels_now()->below(words + used, n, unfair, out + done, piece - used);
            used += fair;
            done += fair;
            size_t group = least(piece - used, RANDOM_BELOW_GROUP);
            done += accept_words(words + used, group, n, unfair, out + done);
            used += group;
        }
    }
    for (; done < count; done++)
        out[done] = shs_random_below(stream, n);
    return shs_random_status(stream);
}

static bool good_normal(double mean, double deviation)
{
    return mean - mean == 0 && deviation >= 0 && deviation - deviation == 0;
}

shs_status shs_random_fill_normal_float(shs_random *stream, float mean, float deviation, float *out,
                                        size_t count)
{
    shs_status status = random_check_fill(__func__, stream, out, count * sizeof *out);
    if (status) return status;
    uint32_t words[PIECE];
    size_t done = 0;
    bool good = good_normal((double)mean, (double)deviation);
    if (count && (stream->kept & RANDOM_KEPT_FLOAT))
        out[done++] = shs_random_normal_float(stream, mean, deviation);
    while (good && count - done >= 2 && has_words(stream, (count - done) / 2, 2)) {
        size_t pairs = least((count - done) / 2, PIECE / 2);
        take_words(stream, words, 2 * pairs);
        random_kernels_now()->normals(words, mean, deviation, out + done, pairs);
        done += 2 * pairs;
    }
    for (; done < count; done++)
        out[done] = shs_random_normal_float(stream, mean, deviation);
    return shs_random_status(stream);
}

shs_status random_add_normal_floats(shs_random *stream, float mean, float deviation,
                                    const float *from, float *out, size_t count)
{
    uint32_t words[PIECE];
    size_t done = 0;
    if (count && (stream->kept & RANDOM_KEPT_FLOAT)) {
        out[0] = from[0] + shs_random_normal_float(stream, mean, deviation);
        done = 1;
    }
    while (count - done >= 2 && has_words(stream, (count - done) / 2, 2)) {
        size_t pairs = least((count - done) / 2, PIECE / 2);
        take_words(stream, words, 2 * pairs);
        random_kernels_now()->add_normals(words, mean, deviation, from + done, out + done, pairs);
        done += 2 * pairs;
    }
    for (; done < count; done++)
        out[done] = from[done] + shs_random_normal_float(stream, mean, deviation);
    return shs_random_status(stream);
}

shs_status shs_random_fill_normal_double(shs_random *stream, double mean, double deviation,
                                         double *out, size_t count)
{
    shs_status status = random_check_fill(__func__, stream, out, count * sizeof *out);
    if (status) return status;
    uint32_t words[PIECE];
    size_t done = 0;
    bool good = good_normal(mean, deviation);
    if (count && (stream->kept & RANDOM_KEPT_DOUBLE))
        out[done++] = shs_random_normal_double(stream, mean, deviation);
    while (good && count - done >= 2 && has_words(stream, (count - done) / 2, 4)) {
        size_t pairs = least((count - done) / 2, PIECE / 4);
        take_words(stream, words, 4 * pairs);
        random_kernels_now()->normals_double(words, mean, deviation, out + done, pairs);
        done += 2 * pairs;
    }
    for (; done < count; done++)
        out[done] = shs_random_normal_double(stream, mean, deviation);
    return shs_random_status(stream);
}

/* The fills without vector code make one draw after the other. */
#define FILL(signature, draw)                                                                      \
    shs_status signature                                                                           \
    {                                                                                              \
        shs_status status = random_check_fill(__func__, stream, out, count * sizeof *out);         \
        if (status) return status;                                                                 \
        for (size_t i = 0; i < count; i++)                                                         \
            out[i] = draw;                                                                         \
        return shs_random_status(stream);                                                          \
    }

FILL(shs_random_fill_float_in(shs_random *stream, float low, float high, float *out, size_t count),
     shs_random_float_in(stream, low, high))
FILL(shs_random_fill_double_in(shs_random *stream, double low, double high, double *out,
                               size_t count),
     shs_random_double_in(stream, low, high))
FILL(shs_random_fill_below64(shs_random *stream, uint64_t n, uint64_t *out, size_t count),
     shs_random_below64(stream, n))
FILL(shs_random_fill_bernoulli(shs_random *stream, double p, bool *out, size_t count),
     shs_random_bernoulli(stream, p))
FILL(shs_random_fill_truncated_normal(shs_random *stream, double mean, double deviation, double low,
                                      double high, double *out, size_t count),
     shs_random_truncated_normal(stream, mean, deviation, low, high))
FILL(shs_random_fill_exponential(shs_random *stream, double mean, double *out, size_t count),
     shs_random_exponential(stream, mean))
FILL(shs_random_fill_gamma(shs_random *stream, double shape, double scale, double *out,
                           size_t count),
     shs_random_gamma(stream, shape, scale))
FILL(shs_random_fill_beta(shs_random *stream, double a, double b, double *out, size_t count),
     shs_random_beta(stream, a, b))
FILL(shs_random_fill_poisson(shs_random *stream, double mean, uint64_t *out, size_t count),
     shs_random_poisson(stream, mean))
FILL(shs_random_fill_binomial(shs_random *stream, uint64_t n, double p, uint64_t *out,
                              size_t count),
     shs_random_binomial(stream, n, p))

shs_status shs_random_fill_categorical(shs_random *stream, const shs_alias *alias, uint32_t *out,
                                       size_t count)
{
    shs_status status = random_check_fill(__func__, stream, out, count * sizeof *out);
    if (!status) status = core_require(alias, __func__, "alias", "open it with shs_alias_open()");
    if (status) return status;
    for (size_t i = 0; i < count; i++)
        out[i] = shs_random_categorical(stream, alias);
    return shs_random_status(stream);
}

/* ---- Many streams. */

static bool may_begin(const shs_random *stream, const shs_random *first)
{
    return !stream->status && stream->used == 4 && stream->key[0] == first->key[0] &&
           stream->key[1] == first->key[1];
}

/* Makes the next blocks of at most RANDOM_STREAMS streams. */
static void begin_blocks(shs_random *streams, size_t count)
{
    struct random_counters counters = {0};
    uint32_t words[4 * RANDOM_STREAMS];
    for (size_t i = 0; i < count; i++)
        for (size_t w = 0; w < 4; w++)
            counters.word[w][i] = streams[i].counter[w];
    random_kernels_now()->blocks(streams->key, &counters, words);
    for (size_t i = 0; i < count; i++) {
        shs_random *stream = &streams[i];
        if (!may_begin(stream, streams)) continue;
        memcpy(stream->words, words + 4 * i, sizeof stream->words);
        stream->counter[0]++;
        stream->used = 0; /* also if the counter is 0 now: the block is the last */
    }
}

void random_begin_blocks(shs_random *streams, size_t count)
{
    for (size_t done = 0; done < count; done += RANDOM_STREAMS)
        begin_blocks(streams + done, least(count - done, RANDOM_STREAMS));
}
