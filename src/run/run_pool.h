/* Threads that share out jobs. They call neither MPI nor HDF5 and take no signals. */
#ifndef RUN_POOL_H
#define RUN_POOL_H

#include "core_status.h"

enum {
    RUN_POOL_MOST = 64 /* threads, the calling one among them */
};

struct run_pool;

/* Threads are started when they are first wanted. On error *pool is NULL. */
shs_status run_pool_new(struct run_pool **pool);

/* Accepts a pointer to NULL; leaves NULL. */
void run_pool_free(struct run_pool **pool);

/* A job, done by thread `lane` of those that work now, 0 … width - 1, no two of them alike. */
typedef shs_status (*run_work)(void *user, size_t job, unsigned lane);

/* Does jobs 0 … jobs - 1 on up to `width` threads, the calling one among them, and returns when
 * they are done: with the status and message of the lowest job that failed, after which later ones
 * may be left out. Fewer threads do the work if the system gives no more. */
shs_status run_pool_do(struct run_pool *pool, unsigned width, size_t jobs, run_work work,
                       void *user);

#endif
