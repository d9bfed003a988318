/* The work of a fetch: its jobs are done, in any thread. */
#ifndef FETCH_WORK_H
#define FETCH_WORK_H

#include "fetch_plan.h"

/* Tests set this function. It is called before a job is done, and may wait. */
extern void (*fetch_work_delay)(void);

/* Does the jobs of a fetch that was planned, on up to `threads` threads. More threads wait for what
 * must come from the disk. On error the status and the message are those of the first use that
 * failed, as if no other lane were there. Then the chunks that this lane has not decoded are left
 * to the lanes that want them. */
shs_status fetch_work(struct fetcher *fetcher, unsigned threads);

/* Returns how many threads wait for the disk, for chunks of up to `most` bytes: at least `threads`.
 */
unsigned fetch_work_width(const struct fetcher *fetcher, size_t most, unsigned threads);

#endif
