#include "mpi_wait.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "core_clock.h"
#include "mpi_words.h"
#include "shardstep/context.h"

/* A rank that waits first tries again at once, then lets other processes run between its tries, and
 * then sleeps for a part of the time that it has waited. */
enum {
    TRIES_AT_ONCE = 100,
    YIELD_NS = 1000000,
    SLEEPS_PER_WAIT = 16,
    LONGEST_SLEEP_NS = 2000000,
    SECOND_NS = 1000000000,
    DEFAULT_WARN_SECONDS = 60
};

struct wait {
    shs_run *run;
    const char *what;
    uint64_t last;   /* the clock when time was last added */
    uint64_t waited; /* nanoseconds */
    double warn_at;  /* seconds of waiting after which the next report is due */
    bool shown;      /* the watch shows that this rank waits */
};

/* Adds the time since the last try. A job that was held for a while, by a debugger or by a
 * scheduler, has not waited for that while: a try never takes a second. */
static void pass_time(struct wait *wait)
{
    uint64_t now = core_clock(), passed = now - wait->last;
    wait->waited += passed < SECOND_NS ? passed : SECOND_NS;
    wait->last = now;
}

static void report(struct wait *wait, double seconds)
{
    char where[MPI_WATCH_TEXT_BYTES], missing[MPI_WATCH_TEXT_BYTES];
    mpi_watch_where(wait->run, where);
    mpi_watch_missing(wait->run, missing);
    mpi_report(wait->run, SHS_REPORT_WAITING, "%s (%s): has waited %.3g s for %s", where,
               wait->what, seconds, missing);
}

static shs_status give_up(struct wait *wait)
{
    shs_run *run = wait->run;
    char where[MPI_WATCH_TEXT_BYTES], missing[MPI_WATCH_TEXT_BYTES], cause[CORE_MESSAGE_BYTES];
    if (!mpi_watch_end_run(run, run->rank)) return mpi_watch_check(run);
    mpi_words_end_run(run);
    mpi_watch_where(run, where);
    mpi_watch_missing(run, missing);
    snprintf(cause, sizeof cause, "%.80s (%.80s): waited %.3g s, its limit_seconds, for %s", where,
             wait->what, run->watch.limit_seconds, missing);
    return mpi_watch_late(run, true, cause);
}

/* The seconds that this rank waits beyond its limit, so that ranks that do not see each other do
 * not all give up at once: one alone shall print its message. Of a node with a table all wait as
 * long as its lowest rank. */
static double delay(const shs_run *run)
{
    int64_t first = run->watch.table ? mpi_watch_place(run, 0).rank : run->rank;
    if (run->watch.table && !run->watch.words) return 0;
    return 0.25 * (double)(first < 8 ? first : 8);
}

/* Does what is due after this time of waiting. */
static shs_status watch(struct wait *wait)
{
    double seconds = (double)wait->waited / SECOND_NS, limit = wait->run->watch.limit_seconds;
    mpi_words_hear(wait->run);
    shs_status status = mpi_watch_check(wait->run);
    if (status) return status;
    mpi_words_wait(wait->run, seconds >= wait->warn_at / 2 || (limit > 0 && seconds >= limit / 2));
    if (limit > 0 && seconds >= limit + delay(wait->run)) return give_up(wait);
    if (seconds >= wait->warn_at) {
        report(wait, seconds);
        wait->warn_at *= 2;
    }
    return SHS_OK;
}

static void sleep_a_while(const struct wait *wait)
{
    uint64_t ns = wait->waited / SLEEPS_PER_WAIT;
    if (ns > LONGEST_SLEEP_NS) ns = LONGEST_SLEEP_NS;
    nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
}

static shs_status wait_on(struct wait *wait, mpi_done *done, void *user)
{
    shs_status status = SHS_OK;
    while (!done(user, &status)) {
        pass_time(wait);
        if (wait->waited < YIELD_NS) {
            sched_yield();
            continue;
        }
        if (!wait->shown) mpi_watch_wait(wait->run, true);
        wait->shown = true;
        status = watch(wait);
        if (status) return status;
        sleep_a_while(wait);
    }
    return status;
}

shs_status mpi_wait(shs_run *run, const char *what, mpi_done *done, void *user)
{
    shs_status status = SHS_OK;
    for (int tries = 0; tries < TRIES_AT_ONCE; tries++)
        if (done(user, &status)) return status;
    double warn = run->watch.warn_seconds;
    struct wait wait = {.run = run,
                        .what = what,
                        .last = core_clock(),
                        .warn_at = warn > 0 ? warn : DEFAULT_WARN_SECONDS};
    status = wait_on(&wait, done, user);
    if (wait.shown) mpi_watch_wait(run, false);
    if (!run->watch.late) mpi_words_go_on(run);
    return status;
}
