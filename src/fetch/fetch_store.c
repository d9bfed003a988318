#include "fetch_store.h"

#include <pthread.h>

#include "core_memory.h"

struct fetch_store {
    pthread_mutex_t lock;
    pthread_cond_t turned;  /* `turn` has changed */
    pthread_cond_t decoded; /* a chunk is not being decoded any more */
    struct fetch_cache *cache;
    uint64_t tickets; /* tickets that were drawn */
    uint64_t turn;    /* the ticket that plans next */
    uint64_t order;   /* the order that next uses belong to */
    uint64_t clock;
};

shs_status fetch_store_new(uint64_t cache_bytes, struct fetch_store **store)
{
    shs_status status = core_new(1, sizeof **store, "a cache", store);
    if (status) return status;
    pthread_mutex_init(&(*store)->lock, NULL);
    pthread_cond_init(&(*store)->turned, NULL);
    pthread_cond_init(&(*store)->decoded, NULL);
    (*store)->turn = 1;
    status = fetch_cache_new(cache_bytes, &(*store)->cache);
    if (status) fetch_store_free(store);
    return status;
}

shs_status fetch_store_reserve(struct fetch_store *store, size_t chunks)
{
    return fetch_cache_reserve(store->cache, chunks);
}

void fetch_store_free(struct fetch_store **store)
{
    if (!*store) return;
    fetch_cache_free(&(*store)->cache);
    pthread_cond_destroy(&(*store)->decoded);
    pthread_cond_destroy(&(*store)->turned);
    pthread_mutex_destroy(&(*store)->lock);
    core_free(store);
}

uint64_t fetch_store_bytes(struct fetch_store *store)
{
    pthread_mutex_lock(&store->lock);
    uint64_t bytes = fetch_cache_bytes(store->cache);
    pthread_mutex_unlock(&store->lock);
    return bytes;
}

/* ---- Planning. */

uint64_t fetch_store_ticket(struct fetch_store *store)
{
    pthread_mutex_lock(&store->lock);
    uint64_t ticket = ++store->tickets;
    pthread_mutex_unlock(&store->lock);
    return ticket;
}

void fetch_store_pass(struct fetch_store *store, uint64_t ticket)
{
    if (!ticket) return;
    fetch_store_lock(store, ticket);
    fetch_store_unlock(store, ticket);
}

void fetch_store_lock(struct fetch_store *store, uint64_t ticket)
{
    pthread_mutex_lock(&store->lock);
    while (ticket && store->turn != ticket)
        pthread_cond_wait(&store->turned, &store->lock);
}

void fetch_store_unlock(struct fetch_store *store, uint64_t ticket)
{
    if (ticket) {
        store->turn++;
        pthread_cond_broadcast(&store->turned);
    }
    pthread_mutex_unlock(&store->lock);
}

struct fetch_cache *fetch_store_cache(struct fetch_store *store)
{
    return store->cache;
}

uint64_t fetch_store_time(struct fetch_store *store)
{
    return UINT64_MAX - 1 - store->clock++;
}

bool fetch_store_turns_to(struct fetch_store *store, uint64_t order)
{
    bool is_other = store->order != order;
    store->order = order;
    return is_other;
}

/* ---- Chunks. */

enum fetch_state fetch_store_claim(struct fetch_store *store, struct fetch_cached *cached)
{
    pthread_mutex_lock(&store->lock);
    enum fetch_state state = cached->state;
    if (state == FETCH_PLANNED) cached->state = FETCH_BEING_DECODED;
    pthread_mutex_unlock(&store->lock);
    return state;
}

void fetch_store_end_claim(struct fetch_store *store, struct fetch_cached *cached, bool ready)
{
    pthread_mutex_lock(&store->lock);
    cached->state = ready ? FETCH_READY : FETCH_PLANNED;
    /* the lane's own pin is one of them */
    if (cached->pins > 1) pthread_cond_broadcast(&store->decoded);
    pthread_mutex_unlock(&store->lock);
}

bool fetch_store_await(struct fetch_store *store, struct fetch_cached *cached)
{
    pthread_mutex_lock(&store->lock);
    while (cached->state == FETCH_BEING_DECODED)
        pthread_cond_wait(&store->decoded, &store->lock);
    bool ready = cached->state == FETCH_READY;
    if (!ready) cached->state = FETCH_BEING_DECODED;
    pthread_mutex_unlock(&store->lock);
    return ready;
}

void fetch_store_clear(struct fetch_store *store)
{
    pthread_mutex_lock(&store->lock);
    fetch_cache_clear(store->cache);
    pthread_mutex_unlock(&store->lock);
}
