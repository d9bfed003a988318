#include "load_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core_assert.h"
#include "core_clock.h"
#include "core_memory.h"

void (*load_ahead_delay)(void);

/* A batch in the ring. */
struct entry {
    struct load_batch batch;
    bool filled; /* true if it is filled, or has failed */
};

struct lane {
    struct load_ahead *of;
    struct load_tools tools;
    unsigned number;
    pthread_t thread;

    /* Under the lock. */
    bool busy;
    struct load_account account;
};

struct load_ahead {
    struct load_ahead_how how;
    struct entry *ring;
    struct lane *lanes;
    unsigned n_lanes, n_threads; /* lanes with tools, and with a thread */

    /* The calling thread's. */
    bool running;
    shs_cursor cursor; /* the step and the number of the batch that is placed next */
    uint64_t number;
    uint64_t handed, placed; /* batches since the ring began */
    bool reading;            /* true if HDF5 must read more of the batch that was placed last */
    bool may_wait;
    uint64_t pieces; /* pieces that HDF5 has read since load_ahead_await() */
    struct load_round round;

    /* The lock is for these, and for `filled`. */
    pthread_mutex_t lock;
    pthread_cond_t prepared_more, filled_more;
    uint64_t taken, prepared; /* batches since the ring began */
    uint64_t awaited;         /* the batch that the calling thread waits for; UINT64_MAX: none */
    unsigned busy, idle;
    bool stopping; /* true if the calling thread waits until no lane is busy */
    bool closing;
};

static struct entry *entry_of(const struct load_ahead *ahead, uint64_t number)
{
    return &ahead->ring[number % ahead->how.batches];
}

/* ---- Lanes. */

/* Takes the next batch that is prepared. Those that failed while they were prepared are passed
 * over. Returns NULL if there is none. The lock is held, so batches queue in their order. */
static struct entry *take_prepared(struct load_ahead *ahead, struct lane *lane)
{
    while (ahead->taken < ahead->prepared) {
        struct entry *entry = entry_of(ahead, ahead->taken++);
        if (entry->filled) continue;
        load_tools_queue(&lane->tools);
        return entry;
    }
    return NULL;
}

static void delay(void)
{
    if (load_ahead_delay) load_ahead_delay();
}

static void fill(struct load_ahead *ahead, struct lane *lane, struct load_batch *batch)
{
    delay();
    load_batch_fill(&lane->tools, ahead->how.plan, batch);
    delay();
}

/* Wakes the calling thread, without the lock, for which it would wait at once. The lock is held
 * before and after. */
static void tell_caller(struct load_ahead *ahead)
{
    pthread_mutex_unlock(&ahead->lock);
    pthread_cond_signal(&ahead->filled_more);
    pthread_mutex_lock(&ahead->lock);
}

static void *serve(void *argument)
{
    struct lane *lane = argument;
    struct load_ahead *ahead = lane->of;
    char name[16];
    snprintf(name, sizeof name, "shs-load-%u", lane->number % 1000);
    pthread_setname_np(pthread_self(), name);
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->closing) {
        struct entry *entry = take_prepared(ahead, lane);
        if (!entry) {
            ahead->idle++;
            pthread_cond_wait(&ahead->prepared_more, &ahead->lock);
            ahead->idle--;
            continue;
        }
        uint64_t number = ahead->taken - 1;
        ahead->busy++;
        lane->busy = true;
        pthread_mutex_unlock(&ahead->lock);
        fill(ahead, lane, &entry->batch);
        pthread_mutex_lock(&ahead->lock);
        ahead->busy--;
        lane->busy = false;
        load_account_book_fill(&lane->account, LOAD_IDLE, &entry->batch.times);
        entry->filled = true;
        if (ahead->awaited == number || (ahead->stopping && !ahead->busy)) tell_caller(ahead);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

static void start_threads(struct load_ahead *ahead, int *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the program's own threads */
    while (ahead->n_threads < ahead->n_lanes) {
        struct lane *lane = &ahead->lanes[ahead->n_threads];
        *error = pthread_create(&lane->thread, NULL, serve, lane);
        if (*error) break;
        ahead->n_threads++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- Opening and closing. */

static shs_status make_ring(struct load_ahead *ahead)
{
    const struct load_ahead_how *how = &ahead->how;
    shs_status status = how->batches > SIZE_MAX
                            ? SHS_ERROR_MEMORY
                            : core_new((size_t)how->batches, sizeof *ahead->ring,
                                       "the batches ahead", &ahead->ring);
    for (uint64_t i = 0; i < how->batches && !status; i++)
        status =
            load_batch_new(how->dataset, how->tools->augment, how->rows, &ahead->ring[i].batch);
    for (uint64_t i = 0; i < how->batches && !status; i++)
        status = load_batch_reserve(&ahead->ring[i].batch, how->need);
    if (!status) status = core_new(how->threads, sizeof *ahead->lanes, "threads", &ahead->lanes);
    for (unsigned i = 0; i < how->threads && !status; i++) {
        struct lane *lane = &ahead->lanes[i];
        lane->of = ahead;
        lane->number = i + 1;
        ahead->n_lanes++;
        status = load_account_begin(&lane->account, how->events);
        if (!status) status = load_tools_join(how->tools, how->threads, &lane->tools);
        if (!status) status = load_tools_reserve(&lane->tools, how->plan, how->need, true);
    }
    return status;
}

shs_status load_ahead_open(const struct load_ahead_how *how, struct load_ahead **ahead)
{
    int error = 0;
    shs_status status = core_new(1, sizeof **ahead, "loading ahead", ahead);
    if (status) return status;
    (*ahead)->how = *how;
    (*ahead)->awaited = UINT64_MAX;
    pthread_mutex_init(&(*ahead)->lock, NULL);
    pthread_cond_init(&(*ahead)->prepared_more, NULL);
    pthread_cond_init(&(*ahead)->filled_more, NULL);
    status = make_ring(*ahead);
    (*ahead)->how.need = NULL;
    if (!status) start_threads(*ahead, &error);
    if (!status && !(*ahead)->n_threads)
        status = core_fail(SHS_ERROR_MEMORY,
                           "no thread could be started to load ahead: %s; allow this user more "
                           "threads, or use ahead 0",
                           strerror(error));
    if (status) load_ahead_close(ahead);
    return status;
}

struct load_ahead_lanes load_ahead_measure(const struct load_ahead *ahead,
                                           const struct fetch_need *need)
{
    struct load_ahead_lanes sum = {.lanes = ahead->n_lanes};
    for (unsigned i = 0; i < ahead->n_lanes; i++) {
        const struct load_tools *tools = &ahead->lanes[i].tools;
        sum.threads += fetcher_width(tools->fetcher, need, tools->threads);
        sum.order_bytes += tools->order_bytes;
        sum.waiting_bytes += fetcher_waiting_bytes(tools->fetcher);
    }
    return sum;
}

void load_ahead_close(struct load_ahead **pointer)
{
    struct load_ahead *ahead = *pointer;
    if (!ahead) return;
    load_ahead_stop(ahead);
    pthread_mutex_lock(&ahead->lock);
    ahead->closing = true;
    pthread_cond_broadcast(&ahead->prepared_more);
    pthread_mutex_unlock(&ahead->lock);
    for (unsigned i = 0; i < ahead->n_threads; i++)
        pthread_join(ahead->lanes[i].thread, NULL);
    for (unsigned i = 0; i < ahead->n_lanes; i++) {
        load_tools_close(&ahead->lanes[i].tools);
        load_account_end(&ahead->lanes[i].account);
    }
    for (uint64_t i = 0; ahead->ring && i < ahead->how.batches; i++)
        load_batch_free(&ahead->ring[i].batch);
    pthread_cond_destroy(&ahead->filled_more);
    pthread_cond_destroy(&ahead->prepared_more);
    pthread_mutex_destroy(&ahead->lock);
    core_free(&ahead->lanes);
    core_free(&ahead->ring);
    core_free(pointer);
}

/* Takes what is prepared away from the lanes, and waits until they are idle. */
static void call_off(struct load_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->taken = ahead->prepared;
    ahead->stopping = true;
    while (ahead->busy)
        pthread_cond_wait(&ahead->filled_more, &ahead->lock);
    ahead->stopping = false;
    pthread_mutex_unlock(&ahead->lock);
}

void load_ahead_stop(struct load_ahead *ahead)
{
    if (!ahead || !ahead->running) return;
    call_off(ahead);
    struct load_unit *unit = NULL;
    for (uint64_t i = ahead->handed; i < ahead->placed; i++) {
        struct load_batch *batch = &entry_of(ahead, i)->batch;
        load_batch_let_go(batch);
        if (batch->unit != unit)
            load_units_put_back(batch->unit); /* the parts of a step share it */
        unit = batch->unit;
    }
    ahead->running = false;
}

static void begin(struct load_ahead *ahead, shs_cursor cursor, uint64_t number)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->taken = ahead->prepared = 0;
    pthread_mutex_unlock(&ahead->lock);
    ahead->running = true;
    ahead->cursor = cursor;
    ahead->number = number;
    ahead->handed = ahead->placed = 0;
    ahead->reading = false;
    ahead->round = (struct load_round){0};
}

/* ---- Preparing. */

/* Gives the batch that was placed last to the lanes. */
static void publish(struct load_ahead *ahead)
{
    struct entry *entry = entry_of(ahead, ahead->placed - 1);
    pthread_mutex_lock(&ahead->lock);
    entry->filled = entry->batch.status != SHS_OK;
    ahead->prepared++;
    bool wanted = ahead->idle > 0 && !entry->filled;
    pthread_mutex_unlock(&ahead->lock);
    if (wanted) pthread_cond_signal(&ahead->prepared_more);
}

/* Places the next batch, in the unit of the batch before if both are parts of a step. */
static struct load_batch *place_next(struct load_ahead *ahead)
{
    const struct load_plan *plan = ahead->how.plan;
    struct load_batch *batch = &entry_of(ahead, ahead->placed)->batch;
    struct load_unit *unit = NULL;
    if (ahead->placed && ahead->number) unit = entry_of(ahead, ahead->placed - 1)->batch.unit;
    if (!unit || !unit->parts) unit = load_units_take(ahead->how.units);
    core_assert(unit);
    load_batch_place(batch, unit, plan, ahead->cursor, ahead->number);
    ahead->how.account->step = ahead->cursor.step;
    batch->round = load_round_of(&ahead->round, ahead->how.dataset, ahead->cursor.epoch);
    ahead->placed++;
    if (++ahead->number == plan->hosted) {
        ahead->number = 0;
        ahead->cursor = order_next(&plan->order.order.shape, ahead->cursor);
    }
    return batch;
}

static bool can_place(const struct load_ahead *ahead)
{
    const shs_cursor *cursor = &ahead->cursor;
    if (ahead->placed - ahead->handed == ahead->how.batches) return false;
    if (ahead->how.epochs && cursor->epoch >= ahead->how.epochs) return false;
    return cursor->step <= UINT32_MAX && cursor->epoch <= UINT32_MAX;
}

/* Gives back the files of batches that are filled and wait for their turn, if files are scarce. */
static void give_files_back(struct load_ahead *ahead)
{
    const struct data_files *files = &ahead->how.dataset->files;
    bool filled = files->paths.count > files->most_open;
    for (uint64_t i = ahead->handed; i < ahead->placed && filled; i++) {
        struct entry *entry = entry_of(ahead, i);
        pthread_mutex_lock(&ahead->lock);
        filled = i < ahead->prepared && entry->filled;
        pthread_mutex_unlock(&ahead->lock);
        if (filled) load_batch_let_go(&entry->batch);
    }
}

/* Does a part of the work of preparing: places a batch and finds its files, or reads a piece of it
 * that only HDF5 can read. Returns false if there is nothing to do, or if it is enough for a call
 * that must not wait. */
static bool prepare_some(struct load_ahead *ahead)
{
    struct load_batch *batch;
    if (ahead->pieces && !ahead->may_wait) return false;
    if (ahead->reading) {
        batch = &entry_of(ahead, ahead->placed - 1)->batch;
        load_batch_read_one(batch);
        ahead->pieces++;
    } else {
        if (!can_place(ahead)) return false;
        give_files_back(ahead);
        batch = place_next(ahead);
        load_batch_prepare(ahead->how.tools, ahead->how.plan, batch);
    }
    load_account_book(ahead->how.account, LOAD_PREPARING, core_clock());
    ahead->reading = load_batch_has_more(batch);
    if (!ahead->reading) publish(ahead);
    return true;
}

/* ---- Taking. */

/* Returns the first of the next `count` batches that is not filled, or handed + count. The lock is
 * held. */
static uint64_t first_not_filled(const struct load_ahead *ahead, uint64_t count)
{
    uint64_t number = ahead->handed, end = number + count;
    while (number < end && number < ahead->prepared && entry_of(ahead, number)->filled)
        number++;
    return number;
}

static bool are_filled(struct load_ahead *ahead, uint64_t count)
{
    pthread_mutex_lock(&ahead->lock);
    bool filled = first_not_filled(ahead, count) == ahead->handed + count;
    pthread_mutex_unlock(&ahead->lock);
    return filled;
}

static void wait_for(struct load_ahead *ahead, uint64_t count)
{
    pthread_mutex_lock(&ahead->lock);
    while ((ahead->awaited = first_not_filled(ahead, count)) < ahead->handed + count)
        pthread_cond_wait(&ahead->filled_more, &ahead->lock);
    ahead->awaited = UINT64_MAX;
    pthread_mutex_unlock(&ahead->lock);
    load_account_book(ahead->how.account, LOAD_WAITING, core_clock());
}

shs_status load_ahead_await(struct load_ahead *ahead, shs_cursor cursor, uint64_t number,
                            uint64_t count, bool wait)
{
    if (!ahead->running) begin(ahead, cursor, number);
    ahead->pieces = 0;
    ahead->may_wait = wait;
    while (!are_filled(ahead, count)) {
        if (prepare_some(ahead)) continue;
        if (!wait) return SHS_NOT_READY;
        wait_for(ahead, count);
    }
    return SHS_OK;
}

struct load_batch *load_ahead_take(struct load_ahead *ahead)
{
    struct load_batch *batch = &entry_of(ahead, ahead->handed)->batch;
    load_batch_let_go(batch);
    ahead->handed++;
    return batch;
}

/* Batches that HDF5 must read are as many as were taken, lest one call reads many. */
void load_ahead_refill(struct load_ahead *ahead, uint64_t count)
{
    uint64_t slow = 0, pieces = ahead->pieces;
    while (slow < count && prepare_some(ahead))
        if (!ahead->reading && ahead->pieces > pieces) {
            pieces = ahead->pieces;
            slow++;
        }
}

/* ---- Accounts. */

unsigned load_ahead_lanes(const struct load_ahead *ahead)
{
    return ahead->n_threads;
}

struct load_account load_ahead_account(struct load_ahead *ahead, unsigned lane)
{
    core_assert(lane && lane <= ahead->n_threads);
    pthread_mutex_lock(&ahead->lock);
    struct lane *of = &ahead->lanes[lane - 1];
    if (!of->busy) load_account_book(&of->account, LOAD_IDLE, core_clock());
    struct load_account account = of->account;
    pthread_mutex_unlock(&ahead->lock);
    return account;
}

uint64_t load_ahead_events(struct load_ahead *ahead, unsigned lane, struct load_event *events)
{
    core_assert(lane && lane <= ahead->n_threads);
    pthread_mutex_lock(&ahead->lock);
    uint64_t count = load_account_events(&ahead->lanes[lane - 1].account, events);
    pthread_mutex_unlock(&ahead->lock);
    return count;
}
