/* main() of shardstep: starts MPI if a launcher is there, and runs the command. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "augment_table.h"
#include "cli_help.h"
#include "cli_json.h"
#include "core_nearest.h"
#include "core_text.h"
#include "h5_file.h"
#include "io_probe.h"
#include "mpi_job.h"
#include "scan_check_apart.h"

#define ADDRESS(name) &cli_##name
const struct cli_command *const cli_commands[] = {CLI_COMMANDS(ADDRESS), NULL};

enum {
    N_COMMANDS = sizeof cli_commands / sizeof *cli_commands - 1
};

/* ---- help on the program */

static void print_help(void)
{
    printf("usage: shardstep COMMAND [ARGUMENT...] [OPTION...]\n\nCommands:\n");
    for (int i = 0; i < N_COMMANDS; i++) {
        struct core_text text = {0};
        core_text_add(&text, "  %s\t%s", cli_commands[i]->name, cli_commands[i]->summary);
        if (!text.status) cli_print_wrapped(stdout, text.bytes);
        core_text_free(&text);
    }
    printf("\n");
    cli_print_wrapped(stdout,
                      "'shardstep help COMMAND' or 'shardstep COMMAND --help' tells more. "
                      "'shardstep help COMMAND OPTION' tells of one option, and 'shardstep help "
                      "augment OPERATOR' of one operator of --augment. "
                      "'shardstep --version' prints the version.\n\n"
                      "Exit codes: 0 done, 1 different or check failed, 2 error, 75 stopped on "
                      "request.");
}

static void print_usage(void)
{
    fprintf(stderr, "usage: shardstep COMMAND [ARGUMENT...] [OPTION...]\ncommands:");
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(stderr, "%s %s", i ? "," : "", cli_commands[i]->name);
    fprintf(stderr, "\n'shardstep --help' says what each does\n");
}

static void print_version(void)
{
    printf("shardstep %s\n", shs_version());
}

/* ---- commands */

static shs_status refuse_command(const char *word)
{
    const char *names[N_COMMANDS];
    char guess[CORE_GUESS_BYTES];
    const struct augment_kind *kind;
    if (word[0] == '-')
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the first word is a command, not '%.80s', as in 'shardstep info FILE'; "
                         "'shardstep --help' lists the commands",
                         word);
    if (!strcmp(word, "version"))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "there is no command 'version'; 'shardstep --version' prints it");
    if (!augment_named(&augment_operators, word, &kind))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "there is no command '%.80s'; it is an operator of --augment, which "
                         "'shardstep augment %.80s' describes",
                         word, word);
    for (int i = 0; i < N_COMMANDS; i++)
        names[i] = cli_commands[i]->name;
    core_guess(core_nearest(word, names, N_COMMANDS), guess);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "there is no command '%.80s'%s%s 'shardstep --help' lists the commands", word,
                     guess, *guess ? "" : ";");
}

/* Finds a command by its name. Returns NULL, and sets the message, if there is no such command. */
static const struct cli_command *find_command(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (!strcmp(cli_commands[i]->name, name)) return cli_commands[i];
    refuse_command(name);
    return NULL;
}

/* Prints the message on rank 0. The other ranks have the same words, and the same error. */
static int refuse(const char *command)
{
    if (mpi_job_rank() == 0)
        fprintf(stderr, "shardstep%s%s: %s\n", command ? " " : "", command ? command : "",
                shs_message());
    return CLI_ERROR;
}

static int run_command(const struct cli_command *command, int count, char **words)
{
    struct cli_arguments arguments;
    if (cli_parse(command, count, words, &arguments)) return refuse(command->name);
    if (!arguments.help) return command->run(&arguments);
    if (mpi_job_rank() == 0) cli_help(command);
    return CLI_DONE;
}

/* Prints the help of a command, of some of its options or operators or, without a word, of the
 * program. */
static int run_help(int count, char **words)
{
    const struct cli_command *command = NULL;
    if (count && !strcmp(words[0], "help")) count = 0;
    if (count && !(command = find_command(words[0]))) return refuse(NULL);
    if (count > 1 && command == &cli_augment) return run_command(command, count - 1, words + 1);
    if (count > 1 && cli_help_options(command, count - 1, words + 1)) return refuse("help");
    if (count > 1) return CLI_DONE;
    if (mpi_job_rank() != 0) return CLI_DONE;
    if (command)
        cli_help(command);
    else
        print_help();
    return CLI_DONE;
}

/* Prints a man page or the completion for bash. */
static int run_pages(int count, char **words)
{
    const struct cli_command *command = NULL;
    shs_status status = SHS_OK;
    if (!strcmp(words[1], CLI_COMPLETION))
        status = cli_completion();
    else if (count < 3 || count > 4)
        status = core_fail(SHS_ERROR_ARGUMENT, "usage: shardstep " CLI_MAN " DATE [COMMAND]");
    else if (count == 4 && !(command = find_command(words[3])))
        return refuse(NULL);
    else
        status = cli_man(command, words[2]);
    return status ? refuse(NULL) : CLI_DONE;
}

static bool is_any(const char *word, const char *long_name, const char *short_name)
{
    return !strcmp(word, long_name) || !strcmp(word, short_name);
}

static int run_program(int count, char **words)
{
    bool first = mpi_job_rank() == 0;
    if (count < 2) {
        if (first) print_usage();
        return CLI_ERROR;
    }
    if (is_any(words[1], "--version", "-V")) {
        if (first) print_version();
        return CLI_DONE;
    }
    if (is_any(words[1], "--help", "-h") || !strcmp(words[1], "help"))
        return run_help(count - 2, words + 2);
    const struct cli_command *command = find_command(words[1]);
    return command ? run_command(command, count - 2, words + 2) : refuse(NULL);
}

/* Returns the exit code: CLI_ERROR if standard output has less than was to be printed. */
static int end_output(int code)
{
    shs_status status = cli_json_status();
    bool failed = fflush(stdout) || ferror(stdout);
    if (code == CLI_ERROR || (!failed && !status)) return code;
    if (failed)
        fprintf(stderr, "shardstep: cannot write to standard output: %s\n", strerror(errno));
    else
        fprintf(stderr, "shardstep: the JSON object is not whole: %s\n", shs_status_text(status));
    return CLI_ERROR;
}

int main(int count, char **words)
{
    static char lines[8192];
    int code;
    /* whole lines, where those of other ranks do not break them */
    (void)setvbuf(stderr, lines, _IOLBF, sizeof lines);
    h5_forget_at_exit();
    signal(SIGXFSZ, SIG_IGN); /* a file beyond the limit of sizes is an error of write() then */
    if (count > 1 && !strcmp(words[1], IO_PROBE))
        return cli_probe_main(false, count - 2, words + 2);
    if (count > 1 && !strcmp(words[1], IO_PROBE_WITH_PLUGINS))
        return cli_probe_main(true, count - 2, words + 2);
    if (count > 1 && !strcmp(words[1], SCAN_CHECK_COMMAND))
        return cli_check_main(count - 2, words + 2);
    if (count > 1 && is_any(words[1], CLI_MAN, CLI_COMPLETION))
        return end_output(run_pages(count, words));
    if (mpi_job_start()) {
        if (shs_message_is_mine()) fprintf(stderr, "shardstep: %s\n", shs_message());
        code = CLI_ERROR;
    } else {
        code = run_program(count, words);
    }
    code = end_output(code);
    h5_end_quietly();
    mpi_job_finish();
    return code;
}
