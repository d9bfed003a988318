/* Stop requests: by a call, or by a signal if the program asked for that. */
#include <errno.h>
#include <string.h>

#include "mpi_run.h"
#include "shardstep/context.h"

/* A handler can only reach global state; runs of one process share the signal. */
static volatile sig_atomic_t signals_came;

static void note_signal(int number)
{
    (void)number;
    if (signals_came < SIG_ATOMIC_MAX) signals_came++;
}

shs_status mpi_stop_install(shs_run *run, int stop_signal)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    if (!stop_signal) return SHS_OK;
    run->signals_before = (uint64_t)signals_came;
    sigemptyset(&action.sa_mask);
    if (sigaction(stop_signal, &action, &run->former_action) < 0)
        return core_fail(SHS_ERROR_ARGUMENT, "signal %d cannot be handled: %s; choose another",
                         stop_signal, strerror(errno));
    run->stop_signal = stop_signal;
    return SHS_OK;
}

void mpi_stop_remove(shs_run *run)
{
    if (!run->stop_signal) return;
    sigaction(run->stop_signal, &run->former_action, NULL);
    run->stop_signal = 0;
}

void shs_request_stop(shs_run *run)
{
    run->stop_asked = true;
}

bool mpi_stop_asked(const shs_run *run)
{
    return run->stop_asked || (run->stop_signal && (uint64_t)signals_came > run->signals_before);
}
