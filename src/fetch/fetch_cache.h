/* Decoded chunks, kept within a budget of bytes. When there is no room, the chunk whose next use is
 * furthest away is dropped. This is the best possible choice: L. A. Belady, "A study of replacement
 * algorithms for a virtual-storage computer", IBM Systems Journal 5 (1966). The order of a run is a
 * function, so its loader knows when each chunk is used next. To be used in the calling thread
 * only. */
#ifndef FETCH_CACHE_H
#define FETCH_CACHE_H

#include <stdint.h>

#include "core_status.h"

/* A chunk, named by the field's key and the chunk's number. */
struct fetch_cached {
    uint64_t field;
    uint64_t chunk;
    uint64_t first, rows; /* rows of which the chunk has elements; set by the owner */
    void *memory;
    size_t bytes;
    uint64_t next_use;            /* a time; UINT64_MAX: no next use is known */
    struct fetch_cached **holder; /* *holder becomes NULL if the chunk is dropped; may be NULL */
    size_t place;                 /* index in the heap */
    struct fetch_cached *chain;   /* next chunk in the list of the table */
};

struct fetch_cache;

/* Makes a cache of `budget` bytes. On error *cache is NULL. */
shs_status fetch_cache_new(uint64_t budget, struct fetch_cache **cache);

/* Frees a cache and leaves NULL. Accepts a pointer to NULL. */
void fetch_cache_free(struct fetch_cache **cache);

/* Returns the chunk, or NULL if it is not kept. */
struct fetch_cached *fetch_cache_find(const struct fetch_cache *cache, uint64_t field,
                                      uint64_t chunk);

/* Returns memory for a chunk that will next be used at `next_use`. Chunks with a later next use are
 * dropped for it. Returns NULL if the chunk is not to be kept: chunks with an earlier next use fill
 * the cache, or memory is short. */
struct fetch_cached *fetch_cache_add(struct fetch_cache *cache, uint64_t field, uint64_t chunk,
                                     size_t bytes, uint64_t next_use);

void fetch_cache_use_next(struct fetch_cache *cache, struct fetch_cached *cached,
                          uint64_t next_use);
void fetch_cache_drop(struct fetch_cache *cache, struct fetch_cached *cached);

void fetch_cache_clear(struct fetch_cache *cache);

/* Asks `next_use` for the next use of each kept chunk, because the order has changed. */
void fetch_cache_revise(struct fetch_cache *cache,
                        uint64_t (*next_use)(void *user, const struct fetch_cached *cached),
                        void *user);

uint64_t fetch_cache_bytes(const struct fetch_cache *cache);

#endif
