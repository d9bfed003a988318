#include "fetch_cache.h"

#include "core_assert.h"
#include "core_memory.h"

struct fetch_cache {
    uint64_t budget;
    uint64_t bytes;             /* bytes of the chunks that are kept */
    uint64_t dropped;           /* bytes of chunks that were dropped and are pinned */
    struct fetch_cached **heap; /* the latest next use comes first */
    size_t count, capacity;
    struct fetch_cached **table;   /* hash table of `capacity` lists */
    struct fetch_cached *reserved; /* memory for chunks, taken at once */
    size_t n_reserved;
    struct fetch_cached *free; /* those of `reserved` that are no chunk */
    void *spare;               /* memory of the chunk dropped last, mostly for the next chunk */
    size_t spare_bytes;
};

enum {
    FIRST_CAPACITY = 256
};

static size_t slot_of(const struct fetch_cache *cache, uint64_t field, uint64_t chunk)
{
    uint64_t mixed = (field * UINT64_C(0x9e3779b97f4a7c15) + chunk) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(mixed >> 32) & (cache->capacity - 1);
}

static void enter(struct fetch_cache *cache, struct fetch_cached *cached)
{
    struct fetch_cached **list = &cache->table[slot_of(cache, cached->field, cached->chunk)];
    cached->chain = *list;
    *list = cached;
}

/* Sets the capacity, which is a power of two. */
static shs_status set_capacity(struct fetch_cache *cache, size_t capacity)
{
    struct fetch_cached **table;
    shs_status status = core_new(capacity, sizeof *table, "a cache", &table);
    if (!status) status = core_resize(capacity, sizeof *cache->heap, "a cache", &cache->heap);
    if (status) {
        core_free(&table);
        return status;
    }
    core_free(&cache->table);
    cache->table = table;
    cache->capacity = capacity;
    for (size_t i = 0; i < cache->count; i++)
        enter(cache, cache->heap[i]);
    return SHS_OK;
}

shs_status fetch_cache_new(uint64_t budget, struct fetch_cache **cache)
{
    shs_status status = core_new(1, sizeof **cache, "a cache", cache);
    if (status) return status;
    (*cache)->budget = budget;
    status = set_capacity(*cache, FIRST_CAPACITY);
    if (status) fetch_cache_free(cache);
    return status;
}

shs_status fetch_cache_reserve(struct fetch_cache *cache, size_t chunks)
{
    size_t capacity = cache->capacity;
    while (capacity < chunks)
        capacity *= 2;
    core_assert(!cache->count && !cache->reserved);
    shs_status status = capacity > cache->capacity ? set_capacity(cache, capacity) : SHS_OK;
    if (!status) status = core_new(chunks, sizeof *cache->reserved, "a cache", &cache->reserved);
    if (status) return status;
    cache->n_reserved = chunks;
    for (size_t i = 0; i < chunks; i++) {
        cache->reserved[i].chain = cache->free;
        cache->free = &cache->reserved[i];
    }
    return SHS_OK;
}

/* Takes a zeroed struct for a chunk. */
static shs_status take_struct(struct fetch_cache *cache, struct fetch_cached **cached)
{
    *cached = cache->free;
    if (!*cached) return core_new(1, sizeof **cached, "a chunk", cached);
    cache->free = (*cached)->chain;
    **cached = (struct fetch_cached){0};
    return SHS_OK;
}

static void give_struct_back(struct fetch_cache *cache, struct fetch_cached *cached)
{
    const struct fetch_cached *reserved = cache->reserved;
    if (!reserved || cached < reserved || cached >= reserved + cache->n_reserved) {
        core_free(&cached);
        return;
    }
    cached->chain = cache->free;
    cache->free = cached;
}

void fetch_cache_free(struct fetch_cache **cache)
{
    if (!*cache) return;
    fetch_cache_clear(*cache);
    core_free(&(*cache)->spare);
    core_free(&(*cache)->reserved);
    core_free(&(*cache)->heap);
    core_free(&(*cache)->table);
    core_free(cache);
}

struct fetch_cached *fetch_cache_find(const struct fetch_cache *cache, uint64_t field,
                                      uint64_t chunk)
{
    struct fetch_cached *cached = cache->table[slot_of(cache, field, chunk)];
    while (cached && (cached->field != field || cached->chunk != chunk))
        cached = cached->chain;
    return cached;
}

static void put(struct fetch_cache *cache, size_t place, struct fetch_cached *cached)
{
    cache->heap[place] = cached;
    cached->place = place;
}

static void rise(struct fetch_cache *cache, size_t place)
{
    struct fetch_cached *cached = cache->heap[place];
    while (place && cache->heap[(place - 1) / 2]->next_use < cached->next_use) {
        put(cache, place, cache->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(cache, place, cached);
}

static void sink(struct fetch_cache *cache, size_t place)
{
    struct fetch_cached *cached = cache->heap[place];
    for (size_t child; (child = 2 * place + 1) < cache->count; place = child) {
        if (child + 1 < cache->count &&
            cache->heap[child + 1]->next_use > cache->heap[child]->next_use)
            child++;
        if (cache->heap[child]->next_use <= cached->next_use) break;
        put(cache, place, cache->heap[child]);
    }
    put(cache, place, cached);
}

void fetch_cache_use_next(struct fetch_cache *cache, struct fetch_cached *cached, uint64_t next_use)
{
    cached->next_use = next_use;
    rise(cache, cached->place);
    sink(cache, cached->place);
}

static void release(struct fetch_cache *cache, struct fetch_cached *cached)
{
    core_free(&cache->spare);
    cache->spare = cached->memory;
    cache->spare_bytes = cached->bytes;
    give_struct_back(cache, cached);
}

void fetch_cache_drop(struct fetch_cache *cache, struct fetch_cached *cached)
{
    struct fetch_cached **link = &cache->table[slot_of(cache, cached->field, cached->chunk)];
    while (*link != cached)
        link = &(*link)->chain;
    *link = cached->chain;
    struct fetch_cached *last = cache->heap[--cache->count];
    if (last != cached) {
        put(cache, cached->place, last);
        fetch_cache_use_next(cache, last, last->next_use);
    }
    cache->bytes -= cached->bytes;
    if (cached->holder && !cached->pins) *cached->holder = NULL;
    cached->holder = NULL;
    cached->dropped = true;
    if (cached->pins)
        cache->dropped += cached->bytes;
    else
        release(cache, cached);
}

void fetch_cache_pin(struct fetch_cached *cached)
{
    cached->pins++;
}

void fetch_cache_unpin(struct fetch_cache *cache, struct fetch_cached *cached)
{
    if (--cached->pins || !cached->dropped) return;
    cache->dropped -= cached->bytes;
    release(cache, cached);
}

void fetch_cache_clear(struct fetch_cache *cache)
{
    while (cache->count)
        fetch_cache_drop(cache, cache->heap[cache->count - 1]);
}

static bool make_room(struct fetch_cache *cache, size_t bytes, uint64_t next_use,
                      fetch_cache_give_up *give_up, void *user)
{
    if (bytes > cache->budget) return false;
    while (cache->budget - cache->bytes < bytes) {
        struct fetch_cached *latest = cache->heap[0];
        if (latest->next_use <= next_use) return false;
        if (latest->pins && give_up) give_up(user, latest);
        if (latest->pins && cache->dropped + latest->bytes > cache->budget / FETCH_PINNED_PART)
            return false;
        fetch_cache_drop(cache, latest);
    }
    return cache->count < cache->capacity || !set_capacity(cache, 2 * cache->capacity);
}

static shs_status take_memory(struct fetch_cache *cache, size_t bytes, void **memory)
{
    if (cache->spare && cache->spare_bytes == bytes) {
        *memory = cache->spare;
        cache->spare = NULL;
        return SHS_OK;
    }
    core_free(&cache->spare);
    return core_resize(bytes, 1, "a chunk", memory);
}

struct fetch_cached *fetch_cache_add(struct fetch_cache *cache, uint64_t field, uint64_t chunk,
                                     size_t bytes, uint64_t next_use, fetch_cache_give_up *give_up,
                                     void *user)
{
    struct fetch_cached *cached;
    if (!make_room(cache, bytes, next_use, give_up, user)) return NULL;
    if (take_struct(cache, &cached)) return NULL;
    if (take_memory(cache, bytes, &cached->memory)) {
        give_struct_back(cache, cached);
        return NULL;
    }
    cached->field = field;
    cached->chunk = chunk;
    cached->bytes = bytes;
    cached->next_use = next_use;
    enter(cache, cached);
    put(cache, cache->count++, cached);
    rise(cache, cached->place);
    cache->bytes += bytes;
    return cached;
}

void fetch_cache_revise(struct fetch_cache *cache,
                        uint64_t (*next_use)(void *user, const struct fetch_cached *cached),
                        void *user)
{
    for (size_t i = 0; i < cache->count; i++)
        cache->heap[i]->next_use = next_use(user, cache->heap[i]);
    for (size_t i = cache->count / 2; i-- > 0;)
        sink(cache, i);
}

uint64_t fetch_cache_bytes(const struct fetch_cache *cache)
{
    return cache->bytes + cache->dropped;
}
