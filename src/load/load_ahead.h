/* Loading ahead. The calling thread prepares batches in their order, and keeps them in a *ring*.
 * Threads fill them: each thread is a lane with tools of its own, and takes the next prepared
 * batch. The calling thread takes filled batches out of the ring, again in their order. All
 * functions are for the calling thread, which alone opens and closes files, and alone calls HDF5.
 *
 *     handed          taken                 prepared      placed
 *        |   filled     |   wait for a lane     |   being    |
 *        v   or filling v                       v   prepared v
 *     ---+--------------+-----------------------+------------+---> batches in their order */
#ifndef LOAD_AHEAD_H
#define LOAD_AHEAD_H

#include "load_batch.h"

struct load_ahead;

/* All pointers are borrowed, and stay valid until the ring is closed. */
struct load_ahead_how {
    shs_dataset *dataset;
    struct load_tools *tools; /* the calling thread's, which the lanes' tools join */
    const struct load_plan *plan;
    struct load_units *units;
    const struct fetch_need *need; /* the needs of a batch; valid for the call only */
    uint64_t rows;                 /* most rows of a batch */
    uint64_t batches;              /* most batches in the ring */
    uint64_t epochs;               /* the epoch where the loader ends; 0: nowhere */
    unsigned threads;              /* lanes that are wanted, at least 1 */
    uint64_t events;               /* how many events each lane keeps */
    struct load_account *account;  /* the calling thread's account */
};

/* Local. Starts the threads. Fewer serve if the system gives no more. On error *ahead is NULL. */
shs_status load_ahead_open(const struct load_ahead_how *how, struct load_ahead **ahead);

/* Local. What the lanes of a ring have. */
struct load_ahead_lanes {
    unsigned lanes, threads; /* lanes, and the most threads of all lanes */
    uint64_t order_bytes;    /* memory for the tables of orders */
    uint64_t waiting_bytes;  /* memory of threads that only wait for the disk */
};

struct load_ahead_lanes load_ahead_measure(const struct load_ahead *ahead,
                                           const struct fetch_need *need);

/* Local. Stops the ring, ends its threads and leaves NULL. Accepts a pointer to NULL. */
void load_ahead_close(struct load_ahead **ahead);

/* Local. Empties the ring: lanes end the batch they are at, files and units are given back. The
 * next load_ahead_await() begins anew. Accepts NULL. */
void load_ahead_stop(struct load_ahead *ahead);

/* Local. Prepares batches until the next `count` batches are filled, and then waits for them. If
 * `wait` is false, it returns SHS_NOT_READY in place of waiting, and reads at most one piece that
 * only HDF5 can read. A ring that was stopped begins with batch `number` of the step at `cursor`.
 */
shs_status load_ahead_await(struct load_ahead *ahead, shs_cursor cursor, uint64_t number,
                            uint64_t count, bool wait);

/* Local. Takes the next batch, which is filled, out of the ring, and gives its files back. The
 * struct is valid until load_ahead_refill(). */
struct load_batch *load_ahead_take(struct load_ahead *ahead);

/* Local. Prepares batches in place of the `count` batches that were taken since
 * load_ahead_await(). */
void load_ahead_refill(struct load_ahead *ahead, uint64_t count);

/* Local. Returns how many lanes have a thread. Their numbers begin at 1. */
unsigned load_ahead_lanes(const struct load_ahead *ahead);

/* Local. Returns the account of a lane, until now if it is idle. */
struct load_account load_ahead_account(struct load_ahead *ahead, unsigned lane);

/* Local. Copies the events that a lane has kept. Returns their number. */
uint64_t load_ahead_events(struct load_ahead *ahead, unsigned lane, struct load_event *events);

/* Called by each lane before and after it fills a batch, if a test has set it. */
extern void (*load_ahead_delay)(void);

#endif
