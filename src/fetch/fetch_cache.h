/* Decoded chunks, kept within a budget of bytes. When there is no room, the chunk whose next use is
 * furthest away is dropped. This is the best possible choice: L. A. Belady, "A study of replacement
 * algorithms for a virtual-storage computer", IBM Systems Journal 5 (1966). The order of a run is a
 * function, so its loader knows when each chunk is used next. Who uses a chunk's memory pins the
 * chunk: if it is dropped meanwhile, its memory stays until the last pin goes. To be used by one
 * thread at a time; see fetch_store.h. */
#ifndef FETCH_CACHE_H
#define FETCH_CACHE_H

#include <stdint.h>

#include "core_status.h"

enum {
    FETCH_PINNED_PART = 8 /* the part of the budget that dropped chunks may take in addition */
};

enum fetch_state {
    FETCH_PLANNED, /* whoever needs the chunk may begin to decode it */
    FETCH_BEING_DECODED,
    FETCH_READY
};

/* A chunk, named by the field's key and the chunk's number. */
struct fetch_cached {
    uint64_t field;
    uint64_t chunk;
    uint64_t first, rows; /* rows of which the chunk has elements; set by the owner */
    void *memory;
    size_t bytes;
    uint64_t next_use; /* a time; UINT64_MAX: no next use is known */
    /* *holder becomes NULL if the chunk is dropped without a pin. May be NULL. */
    struct fetch_cached **holder;
    enum fetch_state state;     /* set by the owner; a new chunk is planned */
    unsigned pins;              /* how many use the memory */
    bool dropped;               /* true if only pins keep the chunk */
    size_t place;               /* index in the heap */
    struct fetch_cached *chain; /* next chunk in the list of the table */
};

struct fetch_cache;

/* Makes a cache of `budget` bytes. On error *cache is NULL. */
shs_status fetch_cache_new(uint64_t budget, struct fetch_cache **cache);

/* Takes memory for `chunks` chunks that are kept or pinned, but not for their bytes. Then a cache
 * of no more chunks takes memory for their bytes only. Must be called before chunks are added. */
shs_status fetch_cache_reserve(struct fetch_cache *cache, size_t chunks);

/* Frees a cache and leaves NULL. Accepts a pointer to NULL. */
void fetch_cache_free(struct fetch_cache **cache);

/* Returns the chunk, or NULL if it is not kept. */
struct fetch_cached *fetch_cache_find(const struct fetch_cache *cache, uint64_t field,
                                      uint64_t chunk);

/* Asked to give up the pins of a chunk that is about to be dropped to make room. */
typedef void fetch_cache_give_up(void *user, struct fetch_cached *cached);

/* Returns memory for a chunk that will next be used at `next_use`. Chunks with a later next use are
 * dropped for it. If such a chunk is pinned, `give_up` is called, unless it is NULL. Returns NULL
 * if the chunk is not to be kept: chunks with an earlier next use fill the cache, memory is short,
 * or pinned chunks would then take an eighth of the budget beside the chunks that are kept. */
struct fetch_cached *fetch_cache_add(struct fetch_cache *cache, uint64_t field, uint64_t chunk,
                                     size_t bytes, uint64_t next_use, fetch_cache_give_up *give_up,
                                     void *user);

/* The first function pins a chunk. The second takes a pin away; the last pin of a dropped chunk
 * frees it. */
void fetch_cache_pin(struct fetch_cached *cached);
void fetch_cache_unpin(struct fetch_cache *cache, struct fetch_cached *cached);

void fetch_cache_use_next(struct fetch_cache *cache, struct fetch_cached *cached,
                          uint64_t next_use);
void fetch_cache_drop(struct fetch_cache *cache, struct fetch_cached *cached);

void fetch_cache_clear(struct fetch_cache *cache);

/* Asks `next_use` for the next use of each kept chunk, because the order has changed. */
void fetch_cache_revise(struct fetch_cache *cache,
                        uint64_t (*next_use)(void *user, const struct fetch_cached *cached),
                        void *user);

/* Returns the bytes of the chunks that are kept, and of those that were dropped and are pinned. */
uint64_t fetch_cache_bytes(const struct fetch_cache *cache);

#endif
