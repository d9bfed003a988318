/* Reading many pieces of fields at once: neighbours in one read, each chunk decoded once, on
 * several threads, chunks kept for later. Synchronous: a fetch returns when its pieces are there.
 */
#ifndef FETCH_H
#define FETCH_H

#include "core_pool.h"
#include "data_field.h"
#include "fetch_cache.h"
#include "shardstep/loader.h"

/* Rows [first, first + count) of a field, one after the other to `to`. */
struct fetch_piece {
    struct data_field *field;
    uint64_t first;
    uint64_t count;
    void *to;
};

/* Tells when rows will be wanted. next_use() returns the time at which any of the rows
 * [first, first + count) of the field with this key is next wanted after the fetch that asks, or
 * UINT64_MAX if none of them is wanted again in this epoch. Times are compared with each other
 * only. */
struct fetch_foresight {
    uint64_t (*next_use)(void *user, uint64_t key, uint64_t first, uint64_t count);
    void *user;
};

struct fetcher;

/* Keeps up to cache_bytes of decoded chunks. On error *fetcher is NULL. */
shs_status fetcher_new(uint64_t cache_bytes, struct fetcher **fetcher);

/* Accepts a pointer to NULL; leaves NULL. */
void fetcher_free(struct fetcher **fetcher);

/* Fetches the pieces, whose fields may be closed afterwards: chunks are kept by the fields' keys
 * and are found again by another field with that key and the same rows. Those read directly are
 * read on up to `threads` threads, more of them for what must first come from the disk; those that
 * only HDF5 can read in the calling thread. Without foresight the chunk that was used least
 * recently goes first. */
shs_status fetch_pieces(struct fetcher *fetcher, unsigned threads, const struct fetch_piece *pieces,
                        size_t count, const struct fetch_foresight *foresight);

/* A new epoch, or another place in one: what is kept is judged anew. */
void fetch_revise(struct fetcher *fetcher, const struct fetch_foresight *foresight);

/* What was done so far. */
shs_loader_statistics fetch_statistics(const struct fetcher *fetcher);

#endif
