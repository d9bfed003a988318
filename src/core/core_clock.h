/* The clock that times are taken with. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Any thread. Nanoseconds of CLOCK_MONOTONIC, which never goes back. A call takes about 25 ns, so
 * callers measure batches and chunks, but not rows. */
static inline uint64_t core_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Any thread. CPU nanoseconds that all threads of this process have used. */
static inline uint64_t core_cpu_clock(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

#endif
