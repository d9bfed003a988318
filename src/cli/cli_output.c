#include "cli_output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "io_file.h"
#include "io_folder.h"

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

shs_status cli_output_check(const char *path, bool overwrite, const struct io_paths *inputs,
                            const char *what)
{
    struct io_identity there, file;
    bool is_there = false;
    shs_status status = io_output_check(path, overwrite);
    if (!status) status = io_exists(path, &is_there);
    if (status || !is_there) return status;
    status = io_identify_path(path, &there);
    for (size_t i = 0; i < inputs->count && !status; i++) {
        status = io_identify_path(inputs->path[i], &file);
        if (!status && file.device == there.device && file.inode == there.inode)
            status = core_fail(SHS_ERROR_ARGUMENT,
                               "%s is a file of the dataset; choose another name for the %s", path,
                               what);
    }
    return status;
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
