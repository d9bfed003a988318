/* Draws from n weights in constant time: the alias table of A. J. Walker (ACM Transactions on
 * Mathematical Software 3 (1977) 253-256), built in linear time after M. D. Vose (IEEE Transactions
 * on Software Engineering 17 (1991) 972-975), by a sweep that needs no stacks (L.
 * Hübschle-Schneider, P. Sanders: Parallel weighted random sampling. ESA 2019). Pure.
 *
 * All is exact but the last step, so that nothing is left over when the table is full, and the
 * table is the same on every platform. A weight is taken for a whole number q(i) of units, a power
 * of two between 2^-94 and 2^-93 of their sum; what it has below one unit is lost. With T the sum
 * of all q, each of the n cells holds T units, and weight i has n * q(i) of them to place: in its
 * own cell and, as its alias, in those of weights that have too little. A cell keeps its share for
 * its own weight, rounded once to a double. So the chance of a weight differs from
 * w(i) / sum by no more than 2^-93, and 2^-53 / n for each cell that it has a part in. A weight of
 * 0 has nothing in any cell. */
#ifndef RANDOM_ALIAS_H
#define RANDOM_ALIAS_H

#include <stdint.h>

#include "core_status.h"
#include "shardstep/random.h"

/* 12 bytes that lie together, for a draw from a large table costs what it takes to get them. */
struct random_cell {
    double keep;    /* the chance that the cell has for its own weight, 0 … 1 */
    uint32_t other; /* the weight that has the rest of the cell */
} __attribute__((packed, aligned(4)));

/* Zeroed it may be freed. */
struct random_alias {
    uint32_t n;
    struct random_cell *cells;
};

/* True for what a weight may be: finite, and not below 0. */
static inline bool random_is_weight(double weight)
{
    return weight >= 0 && weight - weight == 0;
}

/* A table of 1 … 2^32 - 1 weights whose sum is above 0 and finite. No other memory is taken. On
 * error the table is empty. */
shs_status random_alias_open(const double *weights, uint64_t n, struct random_alias *alias);

void random_alias_close(struct random_alias *alias);

/* A draw in two steps, between which memory can be fetched: a cell, by below(n), which is one word
 * or seldom more, and a double; then the number of a weight. */
struct random_toss {
    uint32_t cell;
    double share;
};

static inline struct random_toss random_alias_toss(const struct random_alias *alias,
                                                   shs_random *random)
{
    struct random_toss toss = {.cell = shs_random_below(random, alias->n)};
    toss.share = shs_random_double(random);
    return toss;
}

static inline uint32_t random_alias_take(const struct random_alias *alias, struct random_toss toss)
{
    struct random_cell cell = alias->cells[toss.cell];
    return toss.share < cell.keep ? toss.cell : cell.other;
}

static inline uint32_t random_alias_draw(const struct random_alias *alias, shs_random *random)
{
    return random_alias_take(alias, random_alias_toss(alias, random));
}

#endif
