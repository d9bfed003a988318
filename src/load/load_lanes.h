/* The lanes of a ring of batches, and the queue from which they take batches. A lane fills batches,
 * one at a time, with tools of its own: each thread is a lane, and so is the calling thread while
 * it waits for a batch.
 *
 * The calling thread gives batches to the queue when they are prepared, and lanes take them in this
 * order. Waking a thread costs about as much time as filling a small batch, so few threads are
 * woken, and seldom:
 *
 * - The calling thread fills batches in place of sleeping. It sleeps only if all batches are taken,
 *   or if batches take long and the batch that it wants is at least half done.
 * - A lane goes on without sleeping while there are batches. A lane that takes a batch and leaves
 *   others behind wakes one more lane.
 * - No more lanes work at a time than there are threads or CPUs. So where all CPUs are busy, the
 *   calling thread works in place of a thread.
 *
 * All functions are for the calling thread. */
#ifndef LOAD_LANES_H
#define LOAD_LANES_H

#include "load_batch.h"

struct load_lanes;

/* All pointers are borrowed, and stay valid until the lanes are closed. */
struct load_lanes_how {
    shs_dataset *dataset;
    const struct load_tools *tools; /* the loader's first tools, which the lanes' tools join */
    const struct load_plan *plan;
    const struct fetch_need *need; /* the needs of a batch; valid for the call only */
    uint64_t rows;                 /* most rows of a batch */
    uint64_t batches;              /* most batches in the ring */
    unsigned threads;              /* threads that are wanted, at least 1 */
    uint64_t events;               /* how many events each thread keeps */
    struct load_account *account;  /* the calling thread's account */
};

/* Local. Starts the threads. Fewer serve if the system gives no more. On error *lanes is NULL. */
shs_status load_lanes_open(const struct load_lanes_how *how, struct load_lanes **lanes);

/* Local. What lanes have. */
struct load_lanes_have {
    unsigned lanes;         /* lanes with a thread of their own */
    unsigned threads;       /* the most threads of all lanes, beside the calling thread */
    uint64_t order_bytes;   /* memory for the tables of orders */
    uint64_t waiting_bytes; /* most memory of threads that only wait for the disk */
};

struct load_lanes_have load_lanes_measure(const struct load_lanes *lanes,
                                          const struct fetch_need *need);

/* Local. Ends the threads, and leaves NULL. Accepts a pointer to NULL. */
void load_lanes_close(struct load_lanes **lanes);

/* Local. Returns the memory of a batch, whose number counts from load_lanes_begin(). Until it is
 * published, and from when it is filled, it is the calling thread's. */
struct load_batch *load_lanes_batch(const struct load_lanes *lanes, uint64_t number);

/* ---- The queue. */

/* Local. Begins anew with batch 0. */
void load_lanes_begin(struct load_lanes *lanes);

/* Local. Takes what is prepared away from the lanes, and waits until they are idle. */
void load_lanes_stop(struct load_lanes *lanes);

/* Local. Says that the calling thread will help. So the lanes leave it one batch. */
void load_lanes_stay(struct load_lanes *lanes);

/* Local. Says that the calling thread will not help for a while. If batches are left, lanes fill
 * them. */
void load_lanes_leave(struct load_lanes *lanes);

/* Local. Gives the next batch, which is prepared or has failed, to the lanes. */
void load_lanes_publish(struct load_lanes *lanes);

/* Local. Returns true if all batches from `number` to before `end` are filled or have failed. */
bool load_lanes_are_filled(struct load_lanes *lanes, uint64_t number, uint64_t end);

/* Local. Fills the next batch that no lane has taken, in the calling thread, which wants the
 * batches from `number` to before `end`. Returns false if all batches are taken, or if the next
 * wanted batch will be there before another batch can be filled. */
bool load_lanes_help(struct load_lanes *lanes, uint64_t number, uint64_t end);

/* Local. Waits until these batches, which are published, are filled or have failed. Meanwhile the
 * calling thread does not help. */
void load_lanes_wait(struct load_lanes *lanes, uint64_t number, uint64_t end);

/* ---- Accounts. */

/* Local. Returns how many lanes are threads. Their numbers begin at 1. */
unsigned load_lanes_threads(const struct load_lanes *lanes);

/* Local. Returns the account of a thread, until now if it is idle. */
struct load_account load_lanes_account(struct load_lanes *lanes, unsigned number);

/* Local. Copies the events that a thread has kept. Returns their number. */
uint64_t load_lanes_events(struct load_lanes *lanes, unsigned number, struct load_event *events);

/* Called by each thread before and after it fills a batch, if a test has set it. */
extern void (*load_lanes_delay)(void);

#endif
