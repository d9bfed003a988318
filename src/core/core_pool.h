/* A pool of threads that share out jobs. The threads call neither MPI nor HDF5 and take no signals.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core_status.h"

enum {
    CORE_POOL_MOST = 65 /* most threads: 64 and the calling thread */
};

struct core_pool;

/* Makes a pool. Its threads are started when they are first wanted. On error *pool is NULL. */
shs_status core_pool_new(struct core_pool **pool);

/* Ends a pool's threads, frees it and sets *pool to NULL, which it may be already. */
void core_pool_free(struct core_pool **pool);

/* Does a job in a thread. `lane` is the thread's number, 0 … width - 1; no two threads at work have
 * the same lane. */
typedef shs_status (*core_work)(void *user, size_t job, unsigned lane);

/* Does jobs 0 … jobs - 1 on up to `width` threads, the calling thread included, and returns when
 * they are done. Fewer threads do the work if the system gives no more. On error the status and the
 * message are those of the lowest job that failed; jobs after it may have been left out. */
shs_status core_pool_do(struct core_pool *pool, unsigned width, size_t jobs, core_work work,
                        void *user);

#endif
