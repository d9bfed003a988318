#include "load_lanes.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core_assert.h"
#include "core_clock.h"
#include "core_cpu.h"
#include "core_memory.h"

enum {
    WORTH_A_THREAD = 500000 /* nanoseconds: waking a thread takes less than a tenth of this time */
};

void (*load_lanes_delay)(void);

/* A batch in the ring. */
struct entry {
    struct load_batch batch;
    uint64_t begun; /* when a lane took it */
    bool filled;    /* true if it is filled, or has failed */
};

struct lane {
    struct load_lanes *of;
    struct load_tools tools;
    unsigned number; /* 0: the calling thread's lane */
    pthread_t thread;

    /* Under the lock. */
    bool busy;
    struct load_account account; /* not used by the calling thread's lane */
};

struct load_lanes {
    struct load_lanes_how how;
    struct entry *ring;
    struct lane *lane; /* the calling thread's lane, and behind it the threads' lanes */
    unsigned n_lanes;  /* lanes with tools */
    unsigned n_threads;
    unsigned most_busy; /* lanes that may work at a time */

    /* The lock is for these, and for `filled`. */
    pthread_mutex_t lock;
    pthread_cond_t prepared_more, filled_more;
    uint64_t taken, prepared; /* batches since load_lanes_begin() */
    uint64_t awaited;         /* the batch that the calling thread waits for; UINT64_MAX: none */
    unsigned busy;            /* threads that fill a batch */
    unsigned idle;            /* threads that wait and are not called */
    unsigned called;          /* threads that were called and have not come yet */
    bool helps;               /* true if the calling thread fills batches */
    uint64_t took;            /* nanoseconds that the batch took that was filled last */
    bool stopping;            /* true if the calling thread waits until no thread is busy */
    bool closing;
};

static struct entry *entry_of(const struct load_lanes *lanes, uint64_t number)
{
    return &lanes->ring[number % lanes->how.batches];
}

struct load_batch *load_lanes_batch(const struct load_lanes *lanes, uint64_t number)
{
    return &entry_of(lanes, number)->batch;
}

/* ---- Taking and filling. The lock is held before and after. */

/* Takes the next batch that is prepared. Those that failed while they were prepared are passed
 * over. Returns NULL if there is none. Batches queue in their order, because the lock is held. */
static struct entry *take(struct load_lanes *lanes, struct lane *lane)
{
    while (lanes->taken < lanes->prepared) {
        struct entry *entry = entry_of(lanes, lanes->taken++);
        if (entry->filled) continue;
        entry->begun = core_clock();
        load_tools_queue(&lane->tools);
        return entry;
    }
    return NULL;
}

/* Returns how many lanes work, or will soon. */
static unsigned at_work(const struct load_lanes *lanes)
{
    return lanes->busy + lanes->called + lanes->helps;
}

/* Returns true if there are batches that nobody will take soon, and a thread for them. */
static bool wants_more(const struct load_lanes *lanes)
{
    uint64_t left = lanes->prepared - lanes->taken;
    return lanes->idle && left > (uint64_t)lanes->called + lanes->helps &&
           at_work(lanes) < lanes->most_busy;
}

/* Calls an idle thread if it is wanted. Returns true if the thread must be woken, which is done
 * without the lock, for which the thread would wait at once. */
static bool call(struct load_lanes *lanes, bool wanted)
{
    if (!wanted) return false;
    lanes->idle--;
    lanes->called++;
    return true;
}

/* Gives the lock back, and wakes a thread if it was called. */
static void unlock(struct load_lanes *lanes, bool called)
{
    pthread_mutex_unlock(&lanes->lock);
    if (called) pthread_cond_signal(&lanes->prepared_more);
}

static void delay(void)
{
    if (load_lanes_delay) load_lanes_delay();
}

/* Fills a batch without the lock. */
static void fill(struct load_lanes *lanes, struct lane *lane, struct entry *entry)
{
    unlock(lanes, call(lanes, wants_more(lanes)));
    if (lane->number) delay();
    load_batch_fill(&lane->tools, lanes->how.plan, &entry->batch);
    if (lane->number) delay();
    pthread_mutex_lock(&lanes->lock);
    entry->filled = true;
    lanes->took = core_clock() - entry->begun;
}

/* ---- Threads. */

/* Waits until the thread is called. */
static void rest(struct load_lanes *lanes)
{
    lanes->idle++;
    while (!lanes->called && !lanes->closing)
        pthread_cond_wait(&lanes->prepared_more, &lanes->lock);
    if (lanes->called) lanes->called--;
}

/* Wakes the calling thread, without the lock, for which it would wait at once. */
static void tell_caller(struct load_lanes *lanes)
{
    pthread_mutex_unlock(&lanes->lock);
    pthread_cond_signal(&lanes->filled_more);
    pthread_mutex_lock(&lanes->lock);
}

static void work(struct load_lanes *lanes, struct lane *lane, struct entry *entry)
{
    uint64_t number = lanes->taken - 1;
    lanes->busy++;
    lane->busy = true;
    fill(lanes, lane, entry);
    lanes->busy--;
    lane->busy = false;
    load_account_book_fill(&lane->account, LOAD_IDLE, &entry->batch.times);
    if (lanes->awaited == number || (lanes->stopping && !lanes->busy)) tell_caller(lanes);
}

static void *serve(void *argument)
{
    struct lane *lane = argument;
    struct load_lanes *lanes = lane->of;
    char name[16];
    snprintf(name, sizeof name, "shs-load-%u", lane->number % 1000);
    pthread_setname_np(pthread_self(), name);
    pthread_mutex_lock(&lanes->lock);
    while (!lanes->closing) {
        struct entry *entry = at_work(lanes) < lanes->most_busy ? take(lanes, lane) : NULL;
        if (entry)
            work(lanes, lane, entry);
        else
            rest(lanes);
    }
    pthread_mutex_unlock(&lanes->lock);
    return NULL;
}

static void start_threads(struct load_lanes *lanes, int *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the program's own threads */
    while (lanes->n_threads < lanes->how.threads) {
        struct lane *lane = &lanes->lane[lanes->n_threads + 1];
        *error = pthread_create(&lane->thread, NULL, serve, lane);
        if (*error) break;
        lanes->n_threads++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- Opening and closing. */

static shs_status make_ring(struct load_lanes *lanes)
{
    const struct load_lanes_how *how = &lanes->how;
    shs_status status = how->batches > SIZE_MAX
                            ? SHS_ERROR_MEMORY
                            : core_new((size_t)how->batches, sizeof *lanes->ring,
                                       "the batches ahead", &lanes->ring);
    for (uint64_t i = 0; i < how->batches && !status; i++)
        status = load_batch_new(how->dataset, how->tools->augment, &how->plan->pushdown, how->rows,
                                &lanes->ring[i].batch);
    for (uint64_t i = 0; i < how->batches && !status; i++)
        status = load_batch_reserve(&lanes->ring[i].batch, how->need);
    return status;
}

static shs_status make_lanes(struct load_lanes *lanes)
{
    const struct load_lanes_how *how = &lanes->how;
    shs_status status = core_new(how->threads + 1, sizeof *lanes->lane, "threads", &lanes->lane);
    for (unsigned i = 0; i <= how->threads && !status; i++) {
        struct lane *lane = &lanes->lane[i];
        lane->of = lanes;
        lane->number = i;
        lanes->n_lanes++;
        if (i) status = load_account_begin(&lane->account, how->events);
        if (!status) status = load_tools_join(how->tools, how->threads, &lane->tools);
        if (!status) status = load_tools_reserve(&lane->tools, how->plan, how->need, true);
    }
    return status;
}

/* Returns how many lanes may work at a time. */
static unsigned most_busy(unsigned threads)
{
    return threads < core_cpus() ? threads + 1 : threads;
}

shs_status load_lanes_open(const struct load_lanes_how *how, struct load_lanes **lanes)
{
    int error = 0;
    shs_status status = core_new(1, sizeof **lanes, "loading ahead", lanes);
    if (status) return status;
    (*lanes)->how = *how;
    (*lanes)->awaited = UINT64_MAX;
    (*lanes)->most_busy = most_busy(how->threads);
    pthread_mutex_init(&(*lanes)->lock, NULL);
    pthread_cond_init(&(*lanes)->prepared_more, NULL);
    pthread_cond_init(&(*lanes)->filled_more, NULL);
    status = make_ring(*lanes);
    if (!status) status = make_lanes(*lanes);
    (*lanes)->how.need = NULL;
    if (!status) start_threads(*lanes, &error);
    if (!status && !(*lanes)->n_threads)
        status = core_fail(SHS_ERROR_MEMORY,
                           "no thread could be started to load ahead: %s; allow this user more "
                           "threads, or use ahead 0",
                           strerror(error));
    if (status) load_lanes_close(lanes);
    return status;
}

struct load_lanes_have load_lanes_measure(const struct load_lanes *lanes,
                                          const struct fetch_need *need)
{
    struct load_lanes_have sum = {.lanes = lanes->n_lanes - 1};
    for (unsigned i = 0; i < lanes->n_lanes; i++) {
        const struct load_tools *tools = &lanes->lane[i].tools;
        sum.threads += fetcher_width(tools->fetcher, need, tools->threads);
        sum.order_bytes += tools->order_bytes;
        sum.waiting_bytes += fetcher_waiting_bytes(tools->fetcher);
    }
    sum.threads--; /* the calling thread itself */
    return sum;
}

void load_lanes_close(struct load_lanes **pointer)
{
    struct load_lanes *lanes = *pointer;
    if (!lanes) return;
    pthread_mutex_lock(&lanes->lock);
    lanes->closing = true;
    pthread_cond_broadcast(&lanes->prepared_more);
    pthread_mutex_unlock(&lanes->lock);
    for (unsigned i = 1; i <= lanes->n_threads; i++)
        pthread_join(lanes->lane[i].thread, NULL);
    for (unsigned i = 0; i < lanes->n_lanes; i++) {
        load_tools_close(&lanes->lane[i].tools);
        load_account_end(&lanes->lane[i].account);
    }
    for (uint64_t i = 0; lanes->ring && i < lanes->how.batches; i++)
        load_batch_free(&lanes->ring[i].batch);
    pthread_cond_destroy(&lanes->filled_more);
    pthread_cond_destroy(&lanes->prepared_more);
    pthread_mutex_destroy(&lanes->lock);
    core_free(&lanes->lane);
    core_free(&lanes->ring);
    core_free(pointer);
}

/* ---- The queue. */

void load_lanes_begin(struct load_lanes *lanes)
{
    pthread_mutex_lock(&lanes->lock);
    lanes->taken = lanes->prepared = 0;
    pthread_mutex_unlock(&lanes->lock);
}

void load_lanes_stop(struct load_lanes *lanes)
{
    pthread_mutex_lock(&lanes->lock);
    lanes->taken = lanes->prepared;
    lanes->helps = false;
    lanes->stopping = true;
    while (lanes->busy)
        pthread_cond_wait(&lanes->filled_more, &lanes->lock);
    lanes->stopping = false;
    pthread_mutex_unlock(&lanes->lock);
}

void load_lanes_stay(struct load_lanes *lanes)
{
    pthread_mutex_lock(&lanes->lock);
    lanes->helps = true;
    pthread_mutex_unlock(&lanes->lock);
}

/* A thread at work will call the others, when it takes its next batch. If its batch takes long,
 * they are called now. */
void load_lanes_leave(struct load_lanes *lanes)
{
    pthread_mutex_lock(&lanes->lock);
    lanes->helps = false;
    unlock(lanes,
           call(lanes, wants_more(lanes) && (lanes->took > WORTH_A_THREAD || !at_work(lanes))));
}

void load_lanes_publish(struct load_lanes *lanes)
{
    pthread_mutex_lock(&lanes->lock);
    struct entry *entry = entry_of(lanes, lanes->prepared++);
    entry->filled = entry->batch.status != SHS_OK;
    unlock(lanes, call(lanes, wants_more(lanes)));
}

/* Returns the first batch from `number` to before `end` that is not filled, or `end`. The lock is
 * held. */
static uint64_t first_not_filled(const struct load_lanes *lanes, uint64_t number, uint64_t end)
{
    while (number < end && number < lanes->prepared && entry_of(lanes, number)->filled)
        number++;
    return number;
}

bool load_lanes_are_filled(struct load_lanes *lanes, uint64_t number, uint64_t end)
{
    pthread_mutex_lock(&lanes->lock);
    bool filled = first_not_filled(lanes, number, end) == end;
    pthread_mutex_unlock(&lanes->lock);
    return filled;
}

/* Returns true if a thread will soon have filled a batch, so that sleeping until then ends earlier
 * than filling another batch. Sleeping costs too much if batches take less time than waking. */
static bool is_near(const struct load_lanes *lanes, uint64_t number)
{
    return number < lanes->taken && lanes->took > WORTH_A_THREAD &&
           core_clock() > entry_of(lanes, number)->begun + lanes->took / 2;
}

bool load_lanes_help(struct load_lanes *lanes, uint64_t number, uint64_t end)
{
    struct lane *lane = &lanes->lane[0];
    struct entry *entry = NULL;
    pthread_mutex_lock(&lanes->lock);
    if (!is_near(lanes, first_not_filled(lanes, number, end))) entry = take(lanes, lane);
    lanes->helps = entry;
    if (entry) fill(lanes, lane, entry);
    pthread_mutex_unlock(&lanes->lock);
    if (entry) load_account_book_fill(lanes->how.account, LOAD_HANDING, &entry->batch.times);
    return entry;
}

void load_lanes_wait(struct load_lanes *lanes, uint64_t number, uint64_t end)
{
    load_lanes_leave(lanes);
    pthread_mutex_lock(&lanes->lock);
    while ((lanes->awaited = first_not_filled(lanes, number, end)) < end)
        pthread_cond_wait(&lanes->filled_more, &lanes->lock);
    lanes->awaited = UINT64_MAX;
    lanes->helps = true;
    pthread_mutex_unlock(&lanes->lock);
    load_account_book(lanes->how.account, LOAD_WAITING, core_clock());
}

/* ---- Accounts. */

unsigned load_lanes_threads(const struct load_lanes *lanes)
{
    return lanes->n_threads;
}

struct load_account load_lanes_account(struct load_lanes *lanes, unsigned number)
{
    core_assert(number && number <= lanes->n_threads);
    pthread_mutex_lock(&lanes->lock);
    struct lane *lane = &lanes->lane[number];
    if (!lane->busy) load_account_book(&lane->account, LOAD_IDLE, core_clock());
    struct load_account account = lane->account;
    pthread_mutex_unlock(&lanes->lock);
    return account;
}

uint64_t load_lanes_events(struct load_lanes *lanes, unsigned number, struct load_event *events)
{
    core_assert(number && number <= lanes->n_threads);
    pthread_mutex_lock(&lanes->lock);
    uint64_t count = load_account_events(&lanes->lane[number].account, events);
    pthread_mutex_unlock(&lanes->lock);
    return count;
}
