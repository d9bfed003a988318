/* Decoded chunks that the lanes of a loader share: the cache and its lock. Any function may be
 * called in any thread.
 *
 * A fetch first *plans*, with the store locked: it finds which of its chunks are kept, and which it
 * will decode and keep. Fetches with tickets plan in the order of their tickets, so what is decoded
 * and kept does not depend on which lane is faster. Then it works without the lock.
 *
 * A chunk that is kept goes from *planned* over *being decoded* to *ready*. Every lane that wants a
 * planned chunk claims it when it comes to it, whichever lane has planned it; so lanes that want
 * the same chunks share them out. A lane that cannot decode a chunk makes it planned again. The
 * next lane that wants the chunk then tries, and has the error for its own rows. A chunk that
 * another lane is decoding is waited for last, when the lane has ended all of its own claims. So
 * every lane that is waited for goes on, and two lanes never wait for each other. */
#ifndef FETCH_STORE_H
#define FETCH_STORE_H

#include "fetch_cache.h"

struct fetch_store;

/* Makes a store that keeps up to cache_bytes of decoded chunks. While lanes use chunks that make
 * room for others, it takes up to an eighth more. On error *store is NULL. */
shs_status fetch_store_new(uint64_t cache_bytes, struct fetch_store **store);

/* Takes memory for `chunks` chunks, but not for their bytes, as fetch_cache_reserve() does. */
shs_status fetch_store_reserve(struct fetch_store *store, size_t chunks);

/* Frees a store that no lane uses, and leaves NULL. Accepts a pointer to NULL. */
void fetch_store_free(struct fetch_store **store);

/* Returns the bytes of the decoded chunks that are in memory now. */
uint64_t fetch_store_bytes(struct fetch_store *store);

/* Draws a ticket, a number above 0. The fetch with this ticket plans after the fetches with all
 * earlier tickets have planned. So each ticket must be used: by one fetch, or by
 * fetch_store_pass(). The thread that uses a ticket must not wait for a later ticket before that. A
 * fetch with ticket 0 is in no order and plans at once. */
uint64_t fetch_store_ticket(struct fetch_store *store);

/* Uses a ticket up, for a fetch that will not be made. Ticket 0 is accepted. */
void fetch_store_pass(struct fetch_store *store, uint64_t ticket);

/* ---- For fetches. */

/* Locks the store for planning, when the turn of a ticket has come. fetch_store_unlock() uses the
 * ticket up. */
void fetch_store_lock(struct fetch_store *store, uint64_t ticket);
void fetch_store_unlock(struct fetch_store *store, uint64_t ticket);

/* Returns the cache, which may be used while the store is locked. */
struct fetch_cache *fetch_store_cache(struct fetch_store *store);

/* Returns a time earlier than any that it returned before. It stands for the next use of a chunk
 * whose next use is not known, so that the chunk used least recently goes first. The store must be
 * locked. */
uint64_t fetch_store_time(struct fetch_store *store);

/* Returns true if kept chunks were used in another order before, so that their next uses must be
 * computed anew. The store must be locked. */
bool fetch_store_turns_to(struct fetch_store *store, uint64_t order);

/* Claims a pinned chunk if it is planned: it is being decoded then, by this lane. Returns the state
 * that the chunk had. */
enum fetch_state fetch_store_claim(struct fetch_store *store, struct fetch_cached *cached);

/* Ends a claim, and tells the lanes. The chunk is ready, or planned again. */
void fetch_store_end_claim(struct fetch_store *store, struct fetch_cached *cached, bool ready);

/* Waits for a pinned chunk that another lane decodes. Returns true if it is ready. Returns false if
 * it was planned again, and claims it. The lane must have no other claim. */
bool fetch_store_await(struct fetch_store *store, struct fetch_cached *cached);

/* Drops all chunks. */
void fetch_store_clear(struct fetch_store *store);

#endif
