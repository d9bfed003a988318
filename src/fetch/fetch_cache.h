/* Decoded chunks kept within a budget of bytes. For want of room the
 * chunk whose next use is furthest away is dropped, which is the best possible choice: L. A.
 * Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5
 * (1966). The order of a run is a function, so its loader knows when each chunk is used next. In
 * the calling thread only. */
#ifndef FETCH_CACHE_H
#define FETCH_CACHE_H

#include <stdint.h>

#include "core_status.h"

/* A chunk, named by the field's key and its number. */
struct fetch_cached {
    uint64_t field;
    uint64_t chunk;
    uint64_t first, rows; /* the rows that it has elements of; set by the owner */
    void *memory;
    size_t bytes;
    uint64_t next_use;            /* a time; UINT64_MAX: none is known */
    struct fetch_cached **holder; /* set to NULL if it is dropped; may be NULL */
    size_t place;                 /* in the heap */
    struct fetch_cached *chain;   /* in the table */
};

struct fetch_cache;

/* On error *cache is NULL. */
shs_status fetch_cache_new(uint64_t budget, struct fetch_cache **cache);

/* Accepts a pointer to NULL; leaves NULL. */
void fetch_cache_free(struct fetch_cache **cache);

/* The chunk, or NULL if it is not kept. */
struct fetch_cached *fetch_cache_find(const struct fetch_cache *cache, uint64_t field,
                                      uint64_t chunk);

/* Memory for a chunk that will next be used at `next_use`, for which chunks used later are dropped.
 * NULL if it is not worth that, or memory is short: it is then not to be kept. */
struct fetch_cached *fetch_cache_add(struct fetch_cache *cache, uint64_t field, uint64_t chunk,
                                     size_t bytes, uint64_t next_use);

void fetch_cache_use_next(struct fetch_cache *cache, struct fetch_cached *cached,
                          uint64_t next_use);
void fetch_cache_drop(struct fetch_cache *cache, struct fetch_cached *cached);

void fetch_cache_clear(struct fetch_cache *cache);

/* Asks anew when each chunk is next used: the order has changed. */
void fetch_cache_revise(struct fetch_cache *cache,
                        uint64_t (*next_use)(void *user, const struct fetch_cached *cached),
                        void *user);

uint64_t fetch_cache_bytes(const struct fetch_cache *cache);

#endif
