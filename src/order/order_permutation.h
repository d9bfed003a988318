/* Keyed permutations of 0 … N-1, evaluated at any position. Pure.
 *
 * A permutation draws from the stream that struct order_source names, by the methods of
 * shardstep/random.h. The row at position k is defined as follows.
 *
 * Up to ORDER_TABLE_MAX rows it is the element k of a table t. In the beginning t[i] = i. For
 * i = N-1, N-2, …, 1 in turn, j = below(i + 1) is drawn, and t[i] and t[j] change places.
 *
 * With more rows it is computed by a Feistel network of ORDER_ROUNDS rounds:
 *
 * 1. N - 1 has n bits. A number of n bits consists of `low`, its lower floor(n / 2) bits, and of
 *    `high`, the other bits.
 * 2. The stream gives two words for each round r: first keys[r][0], then keys[r][1].
 * 3. The number is k in the beginning. Round 0 replaces low by low ^ mix(high, keys[0]), and round
 *    1 replaces high by high ^ mix(low, keys[1]). Of a mix only as many lower bits count as the
 *    replaced half has. Later rounds go on in turn.
 * 4. If the number is now N or more, step 3 is done again with it. Otherwise it is the row.
 *
 * mix(x, key) is computed modulo 2^32: w = (x ^ key[0]) * 0x9E3779B1; then w = w ^ (w >> 16); then
 * w = (w + key[1]) * 1664525; the result is w ^ (w >> 15). */
#ifndef ORDER_PERMUTATION_H
#define ORDER_PERMUTATION_H

#include <stdint.h>

#include "core_status.h"

enum {
    /* The largest N for which the permutation is a Fisher-Yates shuffle kept in a table. Cheap
     * Feistel networks over so few positions are far from uniform. For a larger N only the keys are
     * stored. */
    ORDER_TABLE_MAX = 1 << 14,
    ORDER_ROUNDS = 8
};

#define ORDER_MAX_SAMPLES (UINT64_C(1) << 56)

struct order_permutation {
    uint64_t samples;
    uint32_t low_bits; /* bits of the Feistel network's right half */
    uint32_t high_bits;
    uint32_t keys[ORDER_ROUNDS][2];
    bool tabled;       /* true for up to ORDER_TABLE_MAX samples */
    uint16_t *table;   /* valid only if `tabled` is true */
    uint16_t *inverse; /* inverse of the table; valid only if `inverted` is true */
    bool inverted;
    uint32_t capacity; /* most samples that table and inverse have memory for */
};

/* What a permutation is drawn from: role 3 of a loader's stream, with the counter {block, part,
 * epoch, purpose << 24 | vrank}. */
struct order_source {
    uint64_t seed;
    uint32_t stream; /* at most 15 */
    uint32_t part;   /* 0 for rows or blocks, 1 + w for window w */
    uint64_t epoch;  /* below 2^32 */
    uint64_t vrank;  /* 0 except for windows and fixed shards */
};

/* Draws a permutation of 1 … 2^56 samples. The struct may hold an earlier permutation, or zeros. */
shs_status order_permutation_draw(struct order_permutation *permutation,
                                  const struct order_source *source, uint64_t samples);

/* Takes the memory for tables of up to `most` samples, or of ORDER_TABLE_MAX if `most` is more.
 * Without this call memory is taken when it is wanted. */
shs_status order_permutation_reserve(struct order_permutation *permutation, uint64_t most);

/* Draws the permutation of an epoch's rows or blocks. */
shs_status order_permutation_set(struct order_permutation *permutation, uint64_t seed,
                                 uint32_t stream, uint64_t epoch, uint64_t samples);

void order_permutation_free(struct order_permutation *permutation);

/* Returns the row at a position below `samples`. */
uint64_t order_permutation_row(const struct order_permutation *permutation, uint64_t position);

/* Writes the rows at `count` positions from `first` on. This is several times as fast as one row at
 * a time, with the same result. */
void order_permutation_rows(const struct order_permutation *permutation, uint64_t first,
                            uint64_t count, uint64_t *rows);

/* Returns the position of a row below `samples`. A table's inverse is made at the first call; if
 * memory is short, the table is searched. */
uint64_t order_permutation_position(struct order_permutation *permutation, uint64_t row);

#endif
