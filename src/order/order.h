/* The order of an epoch, at any place of it: which rows, and when a row's turn comes. Pure.
 *
 * Shuffle blocks: blocks of B neighbouring rows are permuted; the sequence of rows that results is
 * cut into V runs [N*v/V, N*(v+1)/V); virtual rank v walks its own run window by window, a window
 * being W whole blocks of the run, cut at the run's ends, whose rows are permuted. */
#ifndef ORDER_H
#define ORDER_H

#include "order_plan.h"

enum {
    ORDER_WINDOWS = 64 /* that are kept, for as many virtual ranks of this process */
};

#define ORDER_NEVER UINT64_MAX

/* A window of a virtual rank's run. */
struct order_window {
    bool drawn;
    uint64_t vrank;
    uint64_t number;
    uint64_t begin; /* in the sequence */
    uint64_t rows;
    struct order_permutation permutation;
};

/* Zeroed but for shape, seed and stream it is ready for order_begin(). */
struct order {
    struct order_shape shape;
    uint64_t seed;
    uint32_t stream;
    bool begun;
    uint64_t epoch;
    struct order_permutation whole; /* of rows, or of blocks */
    uint64_t blocks;
    uint64_t last_at; /* where in the sequence of blocks the last one, which may be short, stands */
    struct order_window windows[ORDER_WINDOWS];
};

void order_free(struct order *order);

/* Makes the order that of an epoch; costs nothing if it is already. */
shs_status order_begin(struct order *order, uint64_t epoch);

/* The rows of a slice of a virtual rank, into index. */
shs_status order_rows(struct order *order, uint64_t vrank, struct order_slice slice,
                      uint64_t *index);

/* A moment of an epoch, as one number that grows with it: for virtual ranks of one process a
 * step's batches are delivered in the order of ranks. */
uint64_t order_moment(const struct order_shape *shape, uint64_t epoch_step, uint64_t vrank);

/* The first moment after `now` at which one of rows [first, first + count) is delivered to a
 * virtual rank of [first_vrank, first_vrank + vranks); ORDER_NEVER if none is any more. Within
 * windows that are not reached yet it may be told too early, by no more than the window. */
uint64_t order_next_use(struct order *order, uint64_t first, uint64_t count, uint64_t now,
                        uint64_t first_vrank, uint64_t vranks);

#endif
