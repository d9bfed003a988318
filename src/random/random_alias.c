#include "random_alias.h"

#include <string.h>

#include "core_memory.h"

__extension__ typedef unsigned __int128 u128;

enum {
    FRACTION_BITS = 52,
    /* A significand as large as the sum's is shifted left by this many bits. */
    UNIT_BITS = 41
};

/* The weights as whole numbers of units, while the table is filled. */
struct sweep {
    const double *weights;
    uint32_t n;
    int exponent; /* exponent field of the sum */
    u128 whole;   /* what a cell holds, T: below 2^95, and n times it below 2^127 */
};

static int exponent_of(double x, uint64_t *significand)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int field = (int)(bits >> FRACTION_BITS & 2047);
    *significand = bits & ((UINT64_C(1) << FRACTION_BITS) - 1);
    if (field == 0) return 1;
    *significand |= UINT64_C(1) << FRACTION_BITS;
    return field;
}

/* Returns a weight in units. No weight is greater than the rounded sum. */
static u128 units_of(const struct sweep *sweep, uint32_t i)
{
    uint64_t significand;
    int shift = exponent_of(sweep->weights[i], &significand) - sweep->exponent + UNIT_BITS;
    if (shift >= 0) return (u128)significand << shift;
    return shift > -64 ? significand >> -shift : 0;
}

/* Returns how many units a weight has to put into cells. */
static u128 share_of(const struct sweep *sweep, uint32_t i)
{
    return units_of(sweep, i) * sweep->n;
}

static shs_status sum_weights(const double *weights, uint64_t n, double *sum)
{
    *sum = 0;
    if (n < 1 || n > UINT32_MAX)
        return core_fail(SHS_ERROR_ARGUMENT, "%llu weights; give 1 to 2^32 - 1", (ull)n);
    for (uint64_t i = 0; i < n; i++) {
        if (!random_is_weight(weights[i]))
            return core_fail(SHS_ERROR_ARGUMENT, "weight %llu is %g; give finite weights from 0 on",
                             (ull)i, weights[i]);
        *sum += weights[i];
    }
    if (*sum == 0)
        return core_fail(SHS_ERROR_ARGUMENT, "all weights are 0; give one above 0 at least");
    if (random_is_weight(*sum)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "the weights add up to more than a double holds; divide them all by a number");
}

static struct sweep sweep_of(const double *weights, uint32_t n, double sum)
{
    uint64_t significand;
    struct sweep sweep = {.weights = weights, .n = n, .exponent = exponent_of(sum, &significand)};
    for (uint32_t i = 0; i < n; i++)
        sweep.whole += units_of(&sweep, i);
    return sweep;
}

/* Finds the next weight, from `from` on, that fills its cell, or that does not fill it. Returns n
 * if there is none. */
static uint32_t next(const struct sweep *sweep, uint32_t from, bool fills)
{
    while (from < sweep->n && (share_of(sweep, from) >= sweep->whole) != fills)
        from++;
    return from;
}

static void set_cell(const struct sweep *sweep, struct random_alias *alias, uint32_t i, u128 own,
                     uint32_t other)
{
    alias->cells[i] = (struct random_cell){(double)own / (double)sweep->whole, other};
}

/* Fills the table. The weight `rich` gives to each cell of a poor weight what it lacks, until the
 * rest of `rich` no longer fills a cell. Then the next rich weight gives to the cell of `rich`.
 * Since sums are exact, there is a poor weight as long as there is too much, and a rich weight as
 * long as there is too little. */
static void fill(const struct sweep *sweep, struct random_alias *alias)
{
    uint32_t poor = next(sweep, 0, false), rich = next(sweep, 0, true);
    u128 rest = share_of(sweep, rich);
    while (rich < sweep->n) {
        if (rest > sweep->whole && poor < sweep->n) {
            u128 own = share_of(sweep, poor);
            set_cell(sweep, alias, poor, own, rich);
            rest -= sweep->whole - own;
            poor = next(sweep, poor + 1, false);
        } else {
            uint32_t after = next(sweep, rich + 1, true);
            bool is_last = after == sweep->n;
            set_cell(sweep, alias, rich, rest, is_last ? rich : after);
            if (!is_last) rest = share_of(sweep, after) - (sweep->whole - rest);
            rich = after;
        }
    }
}

shs_status random_alias_open(const double *weights, uint64_t n, struct random_alias *alias)
{
    double sum;
    *alias = (struct random_alias){0};
    shs_status status = sum_weights(weights, n, &sum);
    if (!status) status = core_new(n, sizeof *alias->cells, "a table of weights", &alias->cells);
    if (status) return status;
    alias->n = (uint32_t)n;
    struct sweep sweep = sweep_of(weights, alias->n, sum);
    fill(&sweep, alias);
    return SHS_OK;
}

void random_alias_close(struct random_alias *alias)
{
    core_free(&alias->cells);
    alias->n = 0;
}
