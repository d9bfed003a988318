/* Which positions of an epoch a virtual rank takes at a step. Pure. */
#ifndef ORDER_PLAN_H
#define ORDER_PLAN_H

#include "order_permutation.h"
#include "shardstep/loader.h"

#define ORDER_MAX_VRANKS (UINT64_C(1) << 24)

/* What the order of a run is a function of, beside seed and epoch. */
struct order_shape {
    uint64_t samples; /* N, 1 … 2^56 */
    uint64_t vranks;  /* V, 1 … 2^24 */
    uint64_t batch;   /* b, 1 … 2^32 - 1 */
    shs_shuffle shuffle;
    shs_shard shard;
    shs_tail tail;
    uint64_t block_rows;    /* B, at least 1; for shuffle blocks only */
    uint64_t window_blocks; /* W, at least 1; for shuffle blocks only */
};

/* The positions that one virtual rank takes at one step. They are positions of the epoch's sequence
 * or, with shuffle blocks or fixed shards, of the virtual rank's own run. A position k past the end
 * of N rows stands for k mod N, with weight 0. */
struct order_slice {
    uint64_t first;
    uint64_t rows;  /* number of rows delivered */
    uint64_t count; /* number of rows with weight 1, which come first */
};

/* Returns true if each virtual rank v walks a run of its own: [N*v/V, N*(v+1)/V) of the rows, or of
 * the sequence of rows. */
bool order_has_runs(const struct order_shape *shape);

/* Refuses what is out of range or not built, and an epoch of no steps. */
shs_status order_check(const struct order_shape *shape);

/* Returns the number of steps of an epoch. */
uint64_t order_steps(const struct order_shape *shape);

/* Returns the positions that a virtual rank, below V, takes at a step, below order_steps(). */
struct order_slice order_slice(const struct order_shape *shape, uint64_t epoch_step,
                               uint64_t vrank);

/* Returns the number of rows of weight 1 that all virtual ranks together take at a step. */
uint64_t order_step_rows(const struct order_shape *shape, uint64_t epoch_step);

/* Returns the most rows that any slice has. */
uint64_t order_most_rows(const struct order_shape *shape);

/* Returns total * part / parts, rounded down, for part <= parts <= 2^24 and total up to 2^56. The
 * product itself would not fit in 64 bits. */
uint64_t order_share(uint64_t total, uint64_t part, uint64_t parts);

/* Returns the part that holds unit `unit`, if order_share() cuts `total` into `parts` parts. */
uint64_t order_part(uint64_t total, uint64_t unit, uint64_t parts);

/* Returns the cursor after the step that begins at `cursor`. */
shs_cursor order_next(const struct order_shape *shape, shs_cursor cursor);

/* The beginning of the epoch from which on a run has had its present shape. Before it the run had
 * another batch. */
struct order_origin {
    uint64_t epoch;
    uint64_t step;
};

/* Refuses a cursor that a run with this shape since `origin` never passes. `origin` is {0, 0} for a
 * run that has had this shape from its beginning. `epochs` 0 means no end. */
shs_status order_check_cursor(const struct order_shape *shape, uint64_t epochs,
                              struct order_origin origin, shs_cursor cursor);

/* Return the words of the command line and of fingerprints, or "?" for a value without a word. */
const char *order_shuffle_name(shs_shuffle shuffle);
const char *order_shard_name(shs_shard shard);
const char *order_tail_name(shs_tail tail);

#endif
