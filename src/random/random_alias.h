/* Draws from n weights in constant time: the alias table of A. J. Walker (ACM Transactions on
 * Mathematical Software 3 (1977) 253-256), built in linear time after M. D. Vose (IEEE Transactions
 * on Software Engineering 17 (1991) 972-975), by a sweep that needs no stacks (L.
 * Hübschle-Schneider, P. Sanders: Parallel weighted random sampling. ESA 2019). Pure.
 *
 * Everything but the last step is exact. So nothing is left over when the table is full, and the
 * table is the same on every platform. A weight becomes a whole number q(i) of units; a unit is a
 * power of two between 2^-94 and 2^-93 of the weights' sum, and what a weight has below a unit is
 * lost. Let T be the sum of all q. Each of the n cells holds T units. Weight i puts n * q(i) units
 * into cells: into its own cell and, as an alias, into cells of weights that have too little. The
 * share that a cell keeps for its own weight is rounded once to a double. So the chance of a weight
 * differs from w(i) / sum by at most 2^-93, and by 2^-53 / n for each cell that it has a part in. A
 * weight of 0 has no part in any cell. */
#ifndef RANDOM_ALIAS_H
#define RANDOM_ALIAS_H

#include <stdint.h>

#include "core_status.h"
#include "shardstep/random.h"

/* A cell. Its 12 bytes lie together, because a draw from a large table costs the time to fetch
 * them. */
struct random_cell {
    double keep;    /* chance of the cell's own weight, 0 … 1 */
    uint32_t other; /* the weight that has the rest of the cell */
} __attribute__((packed, aligned(4)));

/* An alias table. A zeroed table may be freed. */
struct random_alias {
    uint32_t n;
    struct random_cell *cells;
};

/* Returns true if a number may be a weight: it is finite and at least 0. */
static inline bool random_is_weight(double weight)
{
    return weight >= 0 && weight - weight == 0;
}

/* Builds a table of 1 … 2^32 - 1 weights whose sum is above 0 and finite. It takes no memory
 * besides the table. On error the table is empty. */
shs_status random_alias_open(const double *weights, uint64_t n, struct random_alias *alias);

void random_alias_close(struct random_alias *alias);

/* The first of two steps of a draw, between which the cell can be fetched from memory. It holds the
 * cell, by below(n), which takes one word and seldom more, and a double. The second step gives the
 * weight's index. */
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
