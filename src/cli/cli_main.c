/* shardstep: finds the command, and starts MPI if a launcher is there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "h5_file.h"
#include "io_probe.h"
#include "mpi_job.h"
#include "run_check_apart.h"

static const struct cli_command *const commands[] = {&cli_import, &cli_info,   &cli_plan,
                                                     &cli_digest, &cli_random, &cli_replay,
                                                     &cli_bench,  &cli_stats,  &cli_check};

enum {
    N_COMMANDS = sizeof commands / sizeof *commands
};

int cli_exit_code(shs_status status)
{
    if (status == SHS_STOP) return CLI_STOPPED;
    if (status >= 0) return CLI_DONE;
    if (shs_message_is_mine()) fprintf(stderr, "shardstep: %s\n", shs_message());
    return CLI_ERROR;
}

int cli_close(shs_run **run, int code)
{
    shs_status status = mpi_job_close(run);
    return status < 0 && code != CLI_ERROR ? cli_exit_code(status) : code;
}

static void print_usage(FILE *to)
{
    fprintf(to, "usage: shardstep COMMAND ... ('shardstep COMMAND --help' tells more)\n\n");
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(to,
            "\nexit codes: 0 done, 1 different or check failed, 2 error, 75 stopped on request\n");
}

static const struct cli_command *find_command(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (!strcmp(commands[i]->name, name)) return commands[i];
    return NULL;
}

static int run_command(const struct cli_command *command, int count, char **words)
{
    struct cli_arguments arguments;
    bool first = mpi_job_rank() == 0;
    if (cli_parse(command, count, words, &arguments)) {
        if (first) fprintf(stderr, "shardstep %s: %s\n", command->name, shs_message());
        return CLI_ERROR;
    }
    if (!arguments.help) return command->run(&arguments);
    if (first) cli_help(command);
    return CLI_DONE;
}

static int run_program(int count, char **words)
{
    bool first = mpi_job_rank() == 0;
    if (count < 2) {
        if (first) print_usage(stderr);
        return CLI_ERROR;
    }
    if (!strcmp(words[1], "--version")) {
        if (first)
            printf("shardstep %d.%d.%d\n", SHS_VERSION_MAJOR, SHS_VERSION_MINOR, SHS_VERSION_PATCH);
        return CLI_DONE;
    }
    if (!strcmp(words[1], "--help") || !strcmp(words[1], "help")) {
        if (first) print_usage(stdout);
        return CLI_DONE;
    }
    const struct cli_command *command = find_command(words[1]);
    if (command) return run_command(command, count - 2, words + 2);
    if (first)
        fprintf(stderr, "shardstep: there is no command '%s'; 'shardstep --help' lists them\n",
                words[1]);
    return CLI_ERROR;
}

int main(int count, char **words)
{
    int code;
    h5_forget_at_exit();
    if (count > 1 && !strcmp(words[1], IO_PROBE))
        return cli_probe_main(false, count - 2, words + 2);
    if (count > 1 && !strcmp(words[1], IO_PROBE_WITH_PLUGINS))
        return cli_probe_main(true, count - 2, words + 2);
    if (count > 1 && !strcmp(words[1], RUN_CHECK_COMMAND))
        return cli_check_main(count - 2, words + 2);
    if (mpi_job_start()) {
        if (shs_message_is_mine()) fprintf(stderr, "shardstep: %s\n", shs_message());
        code = CLI_ERROR;
    } else {
        code = run_program(count, words);
    }
    if ((fflush(stdout) || ferror(stdout)) && code != CLI_ERROR) {
        fprintf(stderr, "shardstep: cannot write to standard output: %s\n", strerror(errno));
        code = CLI_ERROR;
    }
    mpi_job_finish();
    return code;
}
