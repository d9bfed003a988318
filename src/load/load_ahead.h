/* Loading ahead. The calling thread prepares batches in their order, and keeps them in a *ring*.
 * Lanes fill them: each takes the next prepared batch. The calling thread takes filled batches out
 * of the ring, again in their order. All functions are for the calling thread, which alone opens
 * and closes files, and alone calls HDF5.
 *
 *     handed          taken                 prepared      placed
 *        |   filled     |   wait for a lane     |   being    |
 *        v   or filling v                       v   prepared v
 *     ---+--------------+-----------------------+------------+---> batches in their order */
#ifndef LOAD_AHEAD_H
#define LOAD_AHEAD_H

#include "load_lanes.h"

struct load_ahead;

/* All pointers are borrowed, and stay valid until the ring is closed. */
struct load_ahead_how {
    struct load_lanes_how lanes;
    struct load_tools *tools; /* the calling thread's, which batches are prepared with */
    struct load_units *units;
    uint64_t epochs; /* the epoch where the loader ends; 0: nowhere */
};

/* Local. Opens a ring and its lanes. On error *ahead is NULL. */
shs_status load_ahead_open(const struct load_ahead_how *how, struct load_ahead **ahead);

/* Local. Stops the ring, closes its lanes and leaves NULL. Accepts a pointer to NULL. */
void load_ahead_close(struct load_ahead **ahead);

/* Local. Returns the ring's lanes. */
struct load_lanes *load_ahead_lanes(const struct load_ahead *ahead);

/* Local. Empties the ring: lanes end the batch they are at, files and units are given back. The
 * next load_ahead_await() begins anew. Accepts NULL. */
void load_ahead_stop(struct load_ahead *ahead);

/* Local. Prepares batches until the next `count` batches are filled, and then helps the lanes to
 * fill them or, if all are taken, waits for them. If `wait` is false, it returns SHS_NOT_READY in
 * place of helping and waiting, and reads at most one piece that only HDF5 can read. A ring that
 * was stopped begins with batch `number` of the step at `cursor`. */
shs_status load_ahead_await(struct load_ahead *ahead, shs_cursor cursor, uint64_t number,
                            uint64_t count, bool wait);

/* Local. Takes the next batch, which is filled, out of the ring, and gives its files back. The
 * struct is valid until load_ahead_refill(). */
struct load_batch *load_ahead_take(struct load_ahead *ahead);

/* Local. Prepares batches in place of the `count` batches that were taken since
 * load_ahead_await(). */
void load_ahead_refill(struct load_ahead *ahead, uint64_t count);

#endif
