/* The order of an epoch, at any place of it: which rows, and when a row's turn comes. Pure.
 *
 * Rows lie in a sequence: in file order, permuted, or as permuted blocks of B neighbouring rows.
 * With shard global there is one sequence of all rows, of which a step takes a global batch; with
 * shuffle blocks it is cut into V runs [N*v/V, N*(v+1)/V) instead, one for each virtual rank. With
 * shard fixed virtual rank v has a sequence of its own, of rows [N*v/V, N*(v+1)/V), with those of
 * the file's blocks that it holds, or parts of, at its ends. With shuffle blocks a run is walked
 * window by window, a window being W whole blocks of it, cut at the run's ends, whose rows are
 * permuted. */
#ifndef ORDER_H
#define ORDER_H

#include "order_plan.h"

enum {
    ORDER_KEPT = 64 /* windows, and fixed shards, that are kept: of as many virtual ranks */
};

#define ORDER_NEVER UINT64_MAX

/* Rows [base, base + rows), in the order that `whole` gives to them or to their blocks. */
struct order_sequence {
    bool drawn;
    uint64_t vrank; /* 0 for the one of all */
    uint64_t base;
    uint64_t rows;
    struct order_permutation whole;
    uint64_t blocks;
    uint64_t skipped;  /* rows of the first block that lie before base */
    uint64_t first_at; /* where among the permuted blocks the first one stands */
    uint64_t last_at;  /* and the last one */
};

/* A window of a virtual rank's run. */
struct order_window {
    bool drawn;
    uint64_t vrank;
    uint64_t number;
    uint64_t begin; /* in the sequence */
    uint64_t rows;
    struct order_permutation permutation;
};

/* The order of all epochs. It never changes while an epoch of it is asked. */
struct order {
    struct order_shape shape;
    uint64_t seed;
    uint32_t stream;
};

/* One epoch of an order, and what was drawn of it. Zeroed, it is ready for order_begin(). Epochs
 * share nothing that changes, so threads may ask different ones at once. */
struct order_epoch {
    const struct order *of; /* borrowed; NULL: no epoch has begun */
    uint64_t number;
    struct order_sequence all;                /* shard global */
    struct order_sequence shards[ORDER_KEPT]; /* shard fixed */
    struct order_window windows[ORDER_KEPT];  /* shuffle blocks */
};

/* Makes `epoch` the epoch of this number; costs nothing if it is that already. After an error it
 * has not begun. */
shs_status order_begin(const struct order *order, uint64_t number, struct order_epoch *epoch);

void order_epoch_free(struct order_epoch *epoch);

/* The rows of a slice of a virtual rank, those of weight 0 as well, into index. */
shs_status order_rows(struct order_epoch *epoch, uint64_t vrank, struct order_slice slice,
                      uint64_t *index);

/* When and where a row is delivered with weight 1. */
struct order_turn {
    bool waits; /* for another epoch: tail drop */
    uint64_t epoch_step;
    uint64_t vrank;
    uint64_t slot;
};

/* The turn of a row: the inverse of order_rows(). */
shs_status order_turn_of(struct order_epoch *epoch, uint64_t row, struct order_turn *turn);

/* A moment of an epoch, as one number that grows with it: for virtual ranks of one process a
 * step's batches are delivered in the order of ranks. */
uint64_t order_moment(const struct order_shape *shape, uint64_t epoch_step, uint64_t vrank);

/* The first moment after `now` at which one of rows [first, first + count) is delivered, with
 * weight 1, to a virtual rank of [first_vrank, first_vrank + vranks); ORDER_NEVER if none is any
 * more. Rows of a window that has not begun are told to come when it does. For want of memory they
 * may be told to come at once. */
uint64_t order_next_use(struct order_epoch *epoch, uint64_t first, uint64_t count, uint64_t now,
                        uint64_t first_vrank, uint64_t vranks);

#endif
