/* Threads that share out jobs. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core_pool.h"
#include "core_sanitized.h"
#include "core_status.h"
#include "counted_memory.h"
#include "judge.h"
#include "unit.h"

enum {
    MOST_JOBS = 300,
    NOBODY = 65534
};

/* What the jobs of one call do, and what was seen of them. */
struct work {
    size_t jobs;
    unsigned width;
    bool fails[MOST_JOBS];
    _Atomic unsigned done[MOST_JOBS];  /* times */
    _Atomic bool busy[CORE_POOL_MOST]; /* lanes */
    _Atomic unsigned wrong;            /* lanes that are none, or are not alone */
    _Atomic unsigned lanes;            /* that did some job */
    _Atomic bool lane_used[CORE_POOL_MOST];
};

static shs_status do_job(void *user, size_t job, unsigned lane)
{
    struct work *work = user;
    if (lane >= work->width || job >= work->jobs || atomic_exchange(&work->busy[lane], true)) {
        atomic_fetch_add(&work->wrong, 1);
        return SHS_OK;
    }
    atomic_fetch_add(&work->done[job], 1);
    if (!atomic_exchange(&work->lane_used[lane], true)) atomic_fetch_add(&work->lanes, 1);
    if (job % 7 == 3) sched_yield();
    atomic_store(&work->busy[lane], false);
    if (!work->fails[job]) return SHS_OK;
    /* a status of its own for each job */
    return core_fail(job % 2 ? SHS_ERROR_FORMAT : SHS_ERROR_FILE, "job %zu failed", job);
}

static void work_begin(struct work *work, size_t jobs, unsigned width)
{
    memset(work, 0, sizeof *work);
    work->jobs = jobs;
    work->width = width < 1 ? 1 : width < CORE_POOL_MOST ? width : CORE_POOL_MOST;
}

/* The lowest job that fails, or all of them. */
static size_t lowest(const struct work *work)
{
    size_t job = 0;
    while (job < work->jobs && !work->fails[job])
        job++;
    return job;
}

/* All jobs before the first failure are done, and none is done twice. */
static void check_done(struct work *work, shs_status status)
{
    size_t first = lowest(work), wrong = 0;
    char message[32];
    for (size_t job = 0; job < work->jobs; job++) {
        unsigned times = atomic_load(&work->done[job]);
        wrong += job <= first ? times != 1 : times > 1;
    }
    if (CHECK_EQ(wrong, 0)) CHECK_EQ(atomic_load(&work->wrong), 0);
    if (first == work->jobs) {
        CHECK_STATUS(status, SHS_OK);
        return;
    }
    snprintf(message, sizeof message, "job %zu failed", first);
    CHECK_STATUS(status, first % 2 ? SHS_ERROR_FORMAT : SHS_ERROR_FILE);
    CHECK(!strcmp(shs_message(), message));
}

static void every_job_is_done_once(void)
{
    static struct work work;
    static const size_t jobs[] = {0, 1, 2, 3, 17, MOST_JOBS};
    static const unsigned widths[] = {0, 1, 2, 3, 8, CORE_POOL_MOST, CORE_POOL_MOST + 1, 1000};
    for (size_t w = 0; w < COUNT(widths); w++) {
        struct core_pool *pool;
        if (!NEED_STATUS(core_pool_new(&pool), SHS_OK)) return;
        for (size_t j = 0; j < COUNT(jobs); j++) {
            work_begin(&work, jobs[j], widths[w]);
            check_done(&work, core_pool_do(pool, widths[w], jobs[j], do_job, &work));
            CHECK(jobs[j] == 0 || atomic_load(&work.lanes) >= 1);
        }
        core_pool_free(&pool);
        CHECK(pool == NULL);
        core_pool_free(&pool);
    }
}

static void the_lowest_failure_is_told(void)
{
    static struct work work;
    struct core_pool *pool;
    uint64_t state = 3;
    if (!NEED_STATUS(core_pool_new(&pool), SHS_OK)) return;
    for (int trial = 0; trial < (CORE_SANITIZED ? 300 : 3000); trial++) {
        size_t jobs = 1 + judge_random(&state) % MOST_JOBS, rare = 1 + judge_random(&state) % 200;
        unsigned width = 1 + (unsigned)(judge_random(&state) % 5);
        work_begin(&work, jobs, width);
        for (size_t job = 0; job < jobs; job++)
            work.fails[job] = judge_random(&state) % rare == 0;
        check_done(&work, core_pool_do(pool, width, jobs, do_job, &work));
    }
    core_pool_free(&pool);
}

static void it_is_used_thousands_of_times(void)
{
    static struct work work;
    struct core_pool *pool;
    uint64_t state = 4;
    if (!NEED_STATUS(core_pool_new(&pool), SHS_OK)) return;
    for (int trial = 0; trial < (CORE_SANITIZED ? 2000 : 20000); trial++) {
        size_t jobs = judge_random(&state) % 6;
        unsigned width = (unsigned)(judge_random(&state) % 6);
        work_begin(&work, jobs, width);
        if (jobs) work.fails[judge_random(&state) % jobs] = trial % 9 == 0;
        check_done(&work, core_pool_do(pool, width, jobs, do_job, &work));
    }
    core_pool_free(&pool);
    for (int trial = 0; trial < 200; trial++) { /* most are gone before their threads woke up */
        CHECK_STATUS(core_pool_new(&pool), SHS_OK);
        work_begin(&work, 4, 4);
        check_done(&work, core_pool_do(pool, 4, 4, do_job, &work));
        core_pool_free(&pool);
    }
}

/* ---- What threads are. */

static _Atomic unsigned together;

/* Waits until `width` jobs are at work, in as many threads. */
static shs_status wait_for_others(void *user, size_t job, unsigned lane)
{
    unsigned width = *(unsigned *)user;
    (void)job, (void)lane;
    atomic_fetch_add(&together, 1);
    while (atomic_load(&together) < width)
        sched_yield();
    return SHS_OK;
}

static void as_many_threads_work_as_are_asked_for(void)
{
    struct core_pool *pool;
    if (!NEED_STATUS(core_pool_new(&pool), SHS_OK)) return;
    for (unsigned width = 1; width <= CORE_POOL_MOST; width += width < 5 ? 1 : 59) {
        atomic_store(&together, 0);
        CHECK_STATUS(core_pool_do(pool, width, width, wait_for_others, &width), SHS_OK);
    }
    core_pool_free(&pool);
}

static shs_status send_signal(void *user, size_t job, unsigned lane)
{
    (void)user, (void)lane;
    if (job % 10 == 0) kill(getpid(), SIGUSR1);
    sched_yield();
    return SHS_OK;
}

/* The program, which keeps it back, has it in the end. */
static void threads_take_no_signals(void)
{
    struct core_pool *pool;
    sigset_t kept_back, before, pending;
    sigemptyset(&kept_back);
    sigaddset(&kept_back, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &kept_back, &before);
    if (!NEED_STATUS(core_pool_new(&pool), SHS_OK)) return;
    CHECK_STATUS(core_pool_do(pool, 4, 100, send_signal, NULL), SHS_OK);
    core_pool_free(&pool);
    if (CHECK_EQ(sigpending(&pending), 0)) CHECK_EQ(sigismember(&pending, SIGUSR1), 1);
    signal(SIGUSR1, SIG_IGN); /* which lets go of it */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR1, SIG_DFL);
}

static void *do_nothing(void *argument)
{
    return argument;
}

/* 0: done in this thread alone; 1: not done; 77: threads cannot be denied. */
static int work_without_threads(void)
{
    static struct work work;
    struct core_pool *pool;
    if (getuid() == 0 && setuid(NOBODY) < 0) return 77;
    if (setrlimit(RLIMIT_NPROC, &(struct rlimit){1, 1}) < 0) return 77;
    pthread_t thread;
    if (pthread_create(&thread, NULL, do_nothing, NULL) == 0) return 77;
    if (core_pool_new(&pool)) return 1;
    work_begin(&work, MOST_JOBS, 4);
    shs_status status = core_pool_do(pool, 4, MOST_JOBS, do_job, &work);
    for (size_t job = 0; job < MOST_JOBS; job++)
        if (atomic_load(&work.done[job]) != 1) return 1;
    core_pool_free(&pool);
    return status || atomic_load(&work.lanes) != 1;
}

static void without_threads_one_does_all(void)
{
    int how = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(work_without_threads());
    if (!NEED(child > 0) || !NEED_EQ(waitpid(child, &how, 0), child)) return;
    if (CHECK(WIFEXITED(how))) CHECK(WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == 77);
    if (WIFEXITED(how) && WEXITSTATUS(how) == 77)
        printf("  (not tried: threads cannot be denied here)\n");
}

static void without_memory_there_is_no_pool(void)
{
    struct counted_memory memory;
    struct core_pool *pool;
    counted_begin(&memory, 1);
    if (CHECK_STATUS(core_pool_new(&pool), SHS_ERROR_MEMORY)) CHECK(pool == NULL);
    CHECK_EQ(counted_end(&memory), 0);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(without_threads_one_does_all), /* first: it forks */
        TEST(every_job_is_done_once),        TEST(the_lowest_failure_is_told),
        TEST(it_is_used_thousands_of_times), TEST(as_many_threads_work_as_are_asked_for),
        TEST(threads_take_no_signals),       TEST(without_memory_there_is_no_pool),
    };
    return harness_main("pool", tests, COUNT(tests), argc, argv);
}
