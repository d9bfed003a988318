/* The order of an epoch: which row comes at any place of it, and when the turn of a row comes.
 * Pure.
 *
 * Rows lie in a sequence: in file order, permuted, or as permuted blocks of B neighbouring rows.
 *
 * With shard global there is one sequence of all rows, and each step takes a global batch of it.
 * With shuffle blocks the sequence is cut into V runs [N*v/V, N*(v+1)/V) instead, one for each
 * virtual rank. With shard fixed, virtual rank v has a sequence of its own, of the rows
 * [N*v/V, N*(v+1)/V). Its blocks are the blocks of the file, cut at the ends of these rows.
 *
 * With shuffle blocks a run is walked window by window. A window is W whole blocks of the run, cut
 * at the run's ends, and its rows are permuted.
 *
 * Permutations are those of order_permutation.h. The sequence of all rows, or of all blocks, is
 * drawn as part 0 with vrank 0; a sequence of virtual rank v's own is drawn as part 0 with vrank v.
 * Place p of a sequence of blocks has block number P(p), counted from the sequence's first block.
 * Windows are counted from 0 in each run; window 0 begins with the block that holds the run's first
 * position. Window w of virtual rank v is drawn as part 1 + w with vrank v. Its permutation Q is of
 * as many rows as the window has after the cut: position k of the window has the row that stands
 * at position Q(k) of the window in the sequence of blocks. */
#ifndef ORDER_H
#define ORDER_H

#include "order_plan.h"

enum {
    ORDER_KEPT = 64 /* windows, or fixed shards, that are kept, each of another virtual rank */
};

#define ORDER_NEVER UINT64_MAX

/* Rows [base, base + rows), in the order that `whole` gives to them or to their blocks. */
struct order_sequence {
    bool drawn;
    uint64_t vrank; /* 0 for the sequence of all rows */
    uint64_t base;
    uint64_t rows;
    struct order_permutation whole;
    uint64_t blocks;
    uint64_t skipped;  /* rows of the first block that lie before base */
    uint64_t first_at; /* place of the first block among the permuted blocks */
    uint64_t last_at;  /* place of the last block among the permuted blocks */
};

/* A window of a virtual rank's run. */
struct order_window {
    bool drawn;
    uint64_t vrank;
    uint64_t number;
    uint64_t begin; /* position in the sequence */
    uint64_t rows;
    struct order_permutation permutation;
};

/* The order of all epochs. It must not change while one of its epochs is used. */
struct order {
    struct order_shape shape;
    uint64_t seed;
    uint32_t stream;
};

/* One epoch of an order, and the permutations that were drawn for it. A zeroed struct is ready for
 * order_begin(). Epochs share nothing that changes, so several threads may each use another epoch
 * at once. */
struct order_epoch {
    const struct order *of; /* borrowed; NULL: no epoch has begun */
    uint64_t number;
    struct order_sequence all;                /* shard global */
    struct order_sequence shards[ORDER_KEPT]; /* shard fixed */
    struct order_window windows[ORDER_KEPT];  /* shuffle blocks */
};

/* Makes `epoch` epoch number `number` of the order. The call costs nothing if `epoch` is that epoch
 * already. After an error no epoch has begun. */
shs_status order_begin(const struct order *order, uint64_t number, struct order_epoch *epoch);

/* Takes the memory for all permutations that will be drawn for virtual ranks
 * [first_vrank, first_vrank + vranks) in any epoch of the order, so that no more is taken later. */
shs_status order_epoch_reserve(const struct order *order, uint64_t first_vrank, uint64_t vranks,
                               struct order_epoch *epoch);

void order_epoch_free(struct order_epoch *epoch);

/* Writes the rows of a virtual rank's slice to `index`, including the rows of weight 0. */
shs_status order_rows(struct order_epoch *epoch, uint64_t vrank, struct order_slice slice,
                      uint64_t *index);

/* When and where a row is delivered with weight 1. */
struct order_turn {
    bool waits; /* true if the row waits for another epoch, with tail drop */
    uint64_t epoch_step;
    uint64_t vrank;
    uint64_t slot;
};

/* Finds the turn of a row. This is the inverse of order_rows(). */
shs_status order_turn_of(struct order_epoch *epoch, uint64_t row, struct order_turn *turn);

/* Returns the moment of an epoch at which a virtual rank's batch is delivered, as a number that
 * grows with time. A process delivers a step's batches in the order of virtual ranks. */
uint64_t order_moment(const struct order_shape *shape, uint64_t epoch_step, uint64_t vrank);

/* Returns the first moment after `now` at which one of rows [first, first + count) is delivered,
 * with weight 1, to a virtual rank of [first_vrank, first_vrank + vranks). ORDER_NEVER means that
 * there is no such moment in the epoch. For rows of a window that has not begun, the result is the
 * moment at which the window begins. If memory is short, it may be the next moment. */
uint64_t order_next_use(struct order_epoch *epoch, uint64_t first, uint64_t count, uint64_t now,
                        uint64_t first_vrank, uint64_t vranks);

#endif
