/* The clock of the program. */
#ifndef CLI_SECONDS_H
#define CLI_SECONDS_H

#include <time.h>

/* Seconds since a fixed moment, with a fraction. They never go back. */
static inline double cli_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
