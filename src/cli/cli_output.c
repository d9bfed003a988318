#include "cli_output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct io_output *volatile unfinished;

static const int deadly[] = {SIGHUP, SIGINT, SIGTERM};

enum {
    N_DEADLY = sizeof deadly / sizeof *deadly
};

/* Removes the temporary file. The raised signal comes when this function returns, and ends the
 * process. */
static void on_signal(int number)
{
    if (unfinished) io_output_drop(unfinished);
    signal(number, SIG_DFL);
    raise(number);
}

/* Replaces the handler `from` by `to`. A signal that is ignored stays ignored. */
static void replace_handlers(void (*from)(int), void (*to)(int))
{
    for (int i = 0; i < N_DEADLY; i++) {
        struct sigaction action;
        if (sigaction(deadly[i], NULL, &action) < 0 || action.sa_handler != from) continue;
        action = (struct sigaction){.sa_handler = to};
        sigaction(deadly[i], &action, NULL);
    }
}

shs_status cli_output_begin(const char *path, bool overwrite, struct io_output *output)
{
    shs_status status = io_output_begin(path, overwrite, output);
    if (status) return status;
    unfinished = output;
    replace_handlers(SIG_DFL, on_signal);
    return SHS_OK;
}

void cli_output_end(struct io_output *output)
{
    replace_handlers(on_signal, SIG_DFL);
    unfinished = NULL;
    io_output_end(output);
}

shs_status cli_output_printed(const char *path)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "%s is there and whole, but standard output cannot be written: %s", path,
                     strerror(errno));
}
