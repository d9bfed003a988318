/* Threads that share out jobs. They call neither MPI nor HDF5 and take no signals. */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core_status.h"

enum {
    CORE_POOL_MOST = 64 /* threads, the calling one among them */
};

struct core_pool;

/* Threads are started when they are first wanted. On error *pool is NULL. */
shs_status core_pool_new(struct core_pool **pool);

/* Accepts a pointer to NULL; leaves NULL. */
void core_pool_free(struct core_pool **pool);

/* A job, done by thread `lane` of those that work now, 0 … width - 1, no two of them alike. */
typedef shs_status (*core_work)(void *user, size_t job, unsigned lane);

/* Does jobs 0 … jobs - 1 on up to `width` threads, the calling one among them, and returns when
 * they are done: with the status and message of the lowest job that failed, after which later ones
 * may be left out. Fewer threads do the work if the system gives no more. */
shs_status core_pool_do(struct core_pool *pool, unsigned width, size_t jobs, core_work work,
                        void *user);

#endif
