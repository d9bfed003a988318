/* Requests to stop: by shs_request_stop(), by a signal that the program chose, by SIGTERM and
 * SIGINT if the program allows it, and by the time at which the job ends. */
#include "mpi_stop.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core_clock.h"
#include "core_text.h"
#include "mpi_run.h"
#include "shardstep/context.h"

enum {
    SECOND_NS = 1000000000
};

/* ---- Signals. */

/* Signals that the process has received. A signal handler can reach global state only, and all runs
 * of the process share its signals. */
static volatile sig_atomic_t came[NSIG];

static struct {
    unsigned runs;           /* runs that the signal asks to stop */
    bool once;               /* the second signal does what it did before */
    pid_t process;           /* a child of fork() has the handler, too, and no run */
    struct sigaction former; /* the program's own handler */
} handled[NSIG];

static void note_signal(int number)
{
    if ((handled[number].once && came[number]) || handled[number].process != getpid()) {
        sigaction(number, &handled[number].former, NULL);
        raise(number);
        return;
    }
    if (came[number] < SIG_ATOMIC_MAX) came[number]++;
}

static bool is_ours(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == note_signal;
}

/* Makes a signal a request to stop. Returns false if the system cannot handle it. The program may
 * have set a handler of its own since an earlier run that is still open was opened. */
static bool listen_to(struct mpi_stops *stops, int number, bool once)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    if (number < 0 || number >= NSIG) return false;
    for (size_t i = 0; i < stops->count; i++)
        if (stops->signals[i].number == number) return true;
    if (handled[number].process != getpid()) handled[number].runs = 0;
    if (!handled[number].runs) {
        came[number] = 0;
        handled[number].once = once;
        handled[number].process = getpid();
    }
    if (sigaction(number, &action, &before) < 0) return false;
    if (!is_ours(&before)) handled[number].former = before;
    handled[number].once = handled[number].once && once;
    handled[number].runs++;
    stops->signals[stops->count].number = number;
    stops->signals[stops->count++].before = (uint64_t)came[number];
    return true;
}

/* Listens to a signal unless the process ignores it, as a job in the background ignores SIGINT. */
static void listen_unless_ignored(struct mpi_stops *stops, int number, bool once)
{
    struct sigaction now;
    if (sigaction(number, NULL, &now) < 0 || now.sa_handler == SIG_IGN) return;
    listen_to(stops, number, once);
}

static bool signal_came(const struct mpi_stops *stops)
{
    for (size_t i = 0; i < stops->count; i++)
        if ((uint64_t)came[stops->signals[i].number] > stops->signals[i].before) return true;
    return false;
}

/* When the last run that a signal asks to stop ends, the program's own handler comes back, unless
 * the program has set another one meanwhile. */
void mpi_stop_remove(shs_run *run)
{
    for (size_t i = 0; i < run->stops.count; i++) {
        int number = run->stops.signals[i].number;
        struct sigaction now;
        if (--handled[number].runs || sigaction(number, NULL, &now) < 0) continue;
        if (is_ours(&now)) sigaction(number, &handled[number].former, NULL);
    }
    run->stops.count = 0;
}

/* ---- Times. */

/* Finds the time at which the job ends, in seconds since 1970; 0 if the environment does not tell.
 */
static shs_status read_end(double *seconds)
{
    static const char *const names[] = {"SHARDSTEP_END_TIME", "SLURM_JOB_END_TIME"};
    uint64_t time;
    *seconds = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = getenv(names[i]);
        if (!text || !*text) continue;
        if (!core_parse_u64(text, &time))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "the environment variable %s is '%.40s'; it must be the time at which "
                             "the job ends, in whole seconds since 1970",
                             names[i], text);
        *seconds = (double)time;
        return SHS_OK;
    }
    return SHS_OK;
}

static double seconds_since_1970(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / SECOND_NS;
}

static shs_status keep_times(struct mpi_stops *stops, const shs_run_options *options)
{
    double end = 0;
    if (!(options->end_seconds >= 0 && options->end_margin >= 0))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "end_seconds %g, end_margin %g; both must be 0 or more",
                         options->end_seconds, options->end_margin);
    stops->began = core_clock();
    stops->seconds = options->end_seconds;
    if (options->end_margin <= 0) return SHS_OK;
    shs_status status = read_end(&end);
    if (status || end <= 0) return status;
    stops->has_end = true;
    stops->end = end - options->end_margin;
    return SHS_OK;
}

static bool time_has_come(const struct mpi_stops *stops)
{
    if (stops->has_end && seconds_since_1970() >= stops->end) return true;
    if (stops->seconds <= 0) return false;
    return (double)(core_clock() - stops->began) / SECOND_NS >= stops->seconds;
}

/* ---- For the run. */

shs_status mpi_stop_install(shs_run *run, const shs_run_options *options)
{
    struct mpi_stops *stops = &run->stops;
    shs_status status = keep_times(stops, options);
    if (status) return status;
    if (options->stop_signal && !listen_to(stops, options->stop_signal, false))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "stop_signal %d is no signal that can be handled; choose another",
                         options->stop_signal);
    if (!options->stop_on_term) return SHS_OK;
    listen_unless_ignored(stops, SIGTERM, false);
    listen_unless_ignored(stops, SIGINT, true);
    return SHS_OK;
}

void shs_request_stop(shs_run *run)
{
    if (run) run->stops.asked = true;
}

bool mpi_stop_asked(const shs_run *run)
{
    return run->stops.asked || signal_came(&run->stops) || time_has_come(&run->stops);
}
