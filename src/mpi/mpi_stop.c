/* Requests to stop: by shs_request_stop(), or by the signal that the program chose. */
#include <signal.h>
#include <stdint.h>

#include "mpi_run.h"
#include "shardstep/context.h"

/* Stop signals that the process has received. A signal handler can reach global state only, and all
 * runs of the process share its signals. */
static volatile sig_atomic_t signals_came;

static struct {
    unsigned runs;           /* runs whose stop signal it is */
    struct sigaction former; /* the program's own handler */
} handled[NSIG];

static void note_signal(int number)
{
    (void)number;
    if (signals_came < SIG_ATOMIC_MAX) signals_came++;
}

shs_status mpi_stop_install(shs_run *run, int stop_signal)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    if (!stop_signal) return SHS_OK;
    sigemptyset(&action.sa_mask);
    if (stop_signal < 0 || stop_signal >= NSIG ||
        (!handled[stop_signal].runs &&
         sigaction(stop_signal, &action, &handled[stop_signal].former) < 0))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "stop_signal %d is no signal that can be handled; choose another",
                         stop_signal);
    handled[stop_signal].runs++;
    run->signals_before = (uint64_t)signals_came;
    run->stop_signal = stop_signal;
    return SHS_OK;
}

/* When the last run with this stop signal ends, the program's own handler comes back. */
void mpi_stop_remove(shs_run *run)
{
    if (!run->stop_signal) return;
    if (!--handled[run->stop_signal].runs)
        sigaction(run->stop_signal, &handled[run->stop_signal].former, NULL);
    run->stop_signal = 0;
}

void shs_request_stop(shs_run *run)
{
    if (run) run->stop_asked = true;
}

bool mpi_stop_asked(const shs_run *run)
{
    return run->stop_asked || (run->stop_signal && (uint64_t)signals_came > run->signals_before);
}
