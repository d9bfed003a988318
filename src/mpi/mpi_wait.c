#include "mpi_wait.h"

#include <sched.h>
#include <time.h>

enum {
    TRIES_AT_ONCE = 200,      /* then other processes may run between the tries */
    TRIES_BEFORE_SLEEP = 400, /* then the process sleeps between the tries */
    LONGEST_SLEEP_NS = 1000000
};

shs_status mpi_wait(shs_run *run, const char *what, mpi_done *done, void *user)
{
    shs_status status = SHS_OK;
    long sleep_ns = 1000;
    (void)run;
    (void)what;
    for (uint64_t tries = 0; !done(user, &status); tries++) {
        if (tries < TRIES_AT_ONCE) continue;
        if (tries < TRIES_BEFORE_SLEEP) {
            sched_yield();
            continue;
        }
        nanosleep(&(struct timespec){.tv_nsec = sleep_ns}, NULL);
        if (sleep_ns < LONGEST_SLEEP_NS) sleep_ns += sleep_ns / 4 + 1;
    }
    return status;
}
