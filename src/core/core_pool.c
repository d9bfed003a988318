#include "core_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "core_assert.h"
#include "core_memory.h"

struct core_pool {
    pthread_mutex_t lock;
    /* Signals that threads are wanted, or that they are to end. */
    pthread_cond_t wanted_more;
    pthread_cond_t all_done;
    pthread_t threads[CORE_POOL_MOST];
    unsigned n_threads;
    bool closing;

    /* the current work */
    unsigned wanted;  /* threads that may still join in */
    unsigned joined;  /* threads that have joined; a thread's lane is this number when it joins */
    unsigned working; /* threads at work, without the calling thread */
    core_work work;
    void *user;
    size_t jobs;
    _Atomic size_t next;
    _Atomic size_t failed_job; /* lowest job that failed; SIZE_MAX if none */
    shs_status failed;
    char message[CORE_MESSAGE_BYTES];
};

/* Keeps the error of the lowest failed job. */
static void note_failure(struct core_pool *pool, size_t job, shs_status status)
{
    pthread_mutex_lock(&pool->lock);
    if (job < atomic_load(&pool->failed_job)) {
        atomic_store(&pool->failed_job, job);
        pool->failed = status;
        strncpy(pool->message, shs_message(), sizeof pool->message - 1);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void do_jobs(struct core_pool *pool, unsigned lane)
{
    for (;;) {
        size_t job = atomic_fetch_add(&pool->next, 1);
        /* all jobs below a failed job have been taken, so the lowest failure will be found */
        if (job >= pool->jobs || job > atomic_load(&pool->failed_job)) return;
        shs_status status = pool->work(pool->user, job, lane);
        if (status) note_failure(pool, job, status);
    }
}

static void *serve(void *argument)
{
    struct core_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->closing) {
        if (!pool->wanted) {
            pthread_cond_wait(&pool->wanted_more, &pool->lock);
            continue;
        }
        unsigned lane = ++pool->joined;
        core_assert(lane <= pool->n_threads);
        pool->wanted--;
        pool->working++;
        pthread_mutex_unlock(&pool->lock);
        do_jobs(pool, lane);
        pthread_mutex_lock(&pool->lock);
        if (--pool->working == 0) pthread_cond_signal(&pool->all_done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Starts threads. They block all signals, which are for the program's own threads. */
static void start_threads(struct core_pool *pool, unsigned count)
{
    sigset_t all, before;
    if (pool->n_threads >= count) return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->n_threads < count &&
           pthread_create(&pool->threads[pool->n_threads], NULL, serve, pool) == 0)
        pool->n_threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

shs_status core_pool_new(struct core_pool **pool)
{
    shs_status status = core_new(1, sizeof **pool, "threads", pool);
    if (status) return status;
    pthread_mutex_init(&(*pool)->lock, NULL);
    pthread_cond_init(&(*pool)->wanted_more, NULL);
    pthread_cond_init(&(*pool)->all_done, NULL);
    return SHS_OK;
}

void core_pool_free(struct core_pool **pool)
{
    if (!*pool) return;
    pthread_mutex_lock(&(*pool)->lock);
    (*pool)->closing = true;
    pthread_cond_broadcast(&(*pool)->wanted_more);
    pthread_mutex_unlock(&(*pool)->lock);
    for (unsigned i = 0; i < (*pool)->n_threads; i++)
        pthread_join((*pool)->threads[i], NULL);
    pthread_cond_destroy(&(*pool)->all_done);
    pthread_cond_destroy(&(*pool)->wanted_more);
    pthread_mutex_destroy(&(*pool)->lock);
    core_free(pool);
}

static void call_threads(struct core_pool *pool, unsigned helpers)
{
    pthread_mutex_lock(&pool->lock);
    start_threads(pool, helpers);
    pool->wanted = helpers < pool->n_threads ? helpers : pool->n_threads;
    pool->joined = 0;
    if (pool->wanted) pthread_cond_broadcast(&pool->wanted_more);
    pthread_mutex_unlock(&pool->lock);
}

/* Ends the work. Threads that have not joined are not waited for. */
static void dismiss_threads(struct core_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->wanted = 0;
    while (pool->working)
        pthread_cond_wait(&pool->all_done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

shs_status core_pool_do(struct core_pool *pool, unsigned width, size_t jobs, core_work work,
                        void *user)
{
    if (width > CORE_POOL_MOST) width = CORE_POOL_MOST;
    if (width > jobs) width = (unsigned)jobs;
    pool->work = work;
    pool->user = user;
    pool->jobs = jobs;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->failed_job, SIZE_MAX);
    if (width > 1) call_threads(pool, width - 1);
    do_jobs(pool, 0);
    if (width > 1) dismiss_threads(pool);
    if (atomic_load(&pool->failed_job) == SIZE_MAX) return SHS_OK;
    return core_tell(pool->failed, pool->message, true, false);
}
