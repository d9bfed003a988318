/* Draws from n weights in constant time: the alias table of A. J. Walker (ACM Transactions on
 * Mathematical Software 3 (1977) 253-256), built in linear time after M. D. Vose (IEEE Transactions
 * on Software Engineering 17 (1991) 972-975), by a sweep that needs no stacks (L.
 * Hübschle-Schneider, P. Sanders: Parallel weighted random sampling. ESA 2019). Pure.
 *
 * Everything but the last step is exact. So nothing is left over when the table is full, and the
 * table is the same on every platform:
 *
 * 1. S is the sum of the weights, added one after the other, each addition rounded to a double. A
 *    unit is 2^(E - 93), where 2^E is the largest power of two that is not above S, or 2^-1022 if
 *    S is smaller than that. Weight w(i) has q(i) = floor(w(i) / unit) units. T is the sum of all
 *    q(i). Each of the n cells holds T units, and weight i puts n * q(i) units into cells.
 * 2. A weight is rich if n * q(i) >= T, else poor. `rich` is the first rich weight, `poor` is the
 *    first poor weight, and rest = n * q(rich).
 * 3. If rest > T and there is a poor weight left: cell `poor` keeps n * q(poor) units for its own
 *    weight and has the other weight `rich`; rest is less by what that cell lacked; `poor` becomes
 *    the next poor weight.
 * 4. Otherwise: cell `rich` keeps `rest` units for its own weight and has as its other weight the
 *    next rich weight, r. Then rest = n * q(r) - (T - rest), and `rich` becomes r. Without a next
 *    rich weight the table is full; the cell's other weight is then `rich` itself.
 * 5. Steps 3 and 4 are repeated until the table is full. The chance that a cell keeps is its kept
 *    units divided by T: both are rounded to doubles, and so is the quotient.
 *
 * So the chance of a weight differs from w(i) / S by at most about 2^-93, and by 2^-51 / n for each
 * cell that it has a part in. A weight of 0 has no part in any cell. */
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
