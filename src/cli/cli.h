/* The command line: one program, a table of commands, one file a command. */
#ifndef CLI_H
#define CLI_H

#include <stdint.h>
#include <stdio.h>

#include "io_paths.h"
#include "mpi_run.h"
#include "shardstep/loader.h"

enum {
    CLI_DONE = 0,
    CLI_DIFFERENT = 1,
    CLI_ERROR = 2,
    CLI_STOPPED = 75
};

enum {
    CLI_MAX_PLAIN = 64
};

/* The value of every option, with its default where it was not given. */
struct cli_arguments {
    const char *plain[CLI_MAX_PLAIN]; /* arguments that are no options */
    size_t n_plain;
    uint64_t given;            /* bit i: option i of the table */
    shs_loader_options loader; /* what cli_order() and cli_open_loader() complete */
    uint64_t seed, vranks, epoch, step, rank, steps, samples;
    uint64_t purpose, slot, count, interleave;
    uint64_t chunk, deflate, bins, probe_seconds, probe_mebibytes;
    int format;
    const char *fields, *channel_axis, *output, *against, *part, *type, *split, *mix, *rows, *since,
        *heading;
    bool per_rank, verify, verify_step, quality, byteshuffle, random, order, read, json, probe,
        help, quick, one_sample_a_file, overwrite, any_rows, plugins;
};

/* Options that several commands take. The table of options says which set an option is in. */
enum {
    CLI_BY_NAME = 0,          /* none: a command lists the option */
    CLI_WITH_ORDER = 1 << 0,  /* what cli_order() reads */
    CLI_WITH_LOADER = 1 << 1, /* what cli_open_loader() reads beside it */
    CLI_WITH_PROBE = 1 << 2   /* the limits of cli_probe() */
};

struct cli_command {
    const char *name;
    const char *usage;     /* its plain arguments */
    const char *summary;   /* what it does, in one sentence without its subject */
    const char *arguments; /* what the plain arguments are, or NULL; see cli_print_wrapped() */
    const char *details;   /* further paragraphs of the help, or NULL */
    const char *differs;   /* when the exit code is 1, or NULL */
    const char *fails;     /* when it is 2, or NULL: on an error */
    const char *examples;  /* what may stand behind `shardstep`, one a line */
    unsigned takes;        /* the sets of options that it takes: CLI_WITH_... */
    const char *options;   /* the other options that it takes, separated by spaces */
    size_t least_plain, most_plain;
    int (*run)(const struct cli_arguments *arguments); /* Collective; the exit code */
};

/* Every command, in the order of the help. NAME is the table cli_NAME of src/cli/cli_NAME.c. */
#define CLI_COMMANDS(EACH)                                                                         \
    EACH(import), EACH(info), EACH(plan), EACH(digest), EACH(random), EACH(replay), EACH(bench),   \
        EACH(stats), EACH(check)

#define CLI_COMMAND(name) cli_##name
extern const struct cli_command CLI_COMMANDS(CLI_COMMAND);

extern const struct cli_command *const cli_commands[]; /* all of them, then NULL */

/* Reads the words after the command's name; a message and SHS_ERROR_ARGUMENT for what it does not
 * take. */
shs_status cli_parse(const struct cli_command *command, int count, char **words,
                     struct cli_arguments *arguments);

/* True if the option was given. */
bool cli_given(const struct cli_arguments *arguments, const char *option);

/* Prints a command's usage and options to stdout. */
void cli_help(const struct cli_command *command);

/* Prints all operators of --augment to stdout, with their parameters. */
void cli_help_augment(void);

/* What may stand for several files, for a help. */
#define CLI_FOLDER "a folder, for its files " IO_FOLDER_PATTERNS("and")
#define CLI_SEVERAL_FILES                                                                          \
    CLI_FOLDER "; @LIST, for the files that the text file LIST names, one a line; a pattern in "   \
               "quotes, such as 'year-*.h5'; or several of these with commas between them."

/* Prints a text in lines of 80 characters: paragraphs, separated by an empty line, in each of which
 * a line break is a space, unless spaces follow: then an item begins, which is indented by them. A
 * tab separates an item's name from what is said of it. */
void cli_print_wrapped(FILE *to, const char *text);

/* Local. The exit code of a status; prints an error's message on the rank whose it is. */
int cli_exit_code(shs_status status);

/* Collective. Closes a command's run. `code` or, if the command had no error and closing has one,
 * that of an error, which it then prints. */
int cli_close(shs_run **run, int code);

/* Local. An option's value as one of an enumeration: names separated by spaces, in its order. */
shs_status cli_word(const char *option, const char *value, const char *names, int *number);

enum {
    CLI_MAX_SOURCES = 256 /* in --mix */
};

/* The loader's options of order, and what they point to. */
struct cli_order {
    shs_loader_options options;
    uint64_t mix[CLI_MAX_SOURCES];
    uint64_t *rows;
};

/* Local. Everything that says which rows a virtual rank takes. */
shs_status cli_order(const struct cli_arguments *arguments, struct cli_order *order);

void cli_order_free(struct cli_order *order);

/* Local. The whole numbers of a value A,B,…, and how many they are; 0 if it is no such value, or
 * has more than `most`. */
size_t cli_numbers(const char *text, uint64_t *numbers, size_t most);

/* Local. Tries a path's files out in a process of its own, before they are opened here: their
 * fields, or all datasets as `info` does if NULL. */
shs_status cli_probe(const struct cli_arguments *arguments, const char *path, const char *fields);

/* Local. How a command opens a dataset. */
shs_dataset_options cli_dataset_options(const struct cli_arguments *arguments);

/* The hidden commands that cli_probe() starts, of which one allows plug-ins of HDF5. */
int cli_probe_main(bool plugins, int count, char **words);

/* The hidden command whose processes `check` starts. */
int cli_check_main(int count, char **words);

/* What limits such a process: its memory, its time (0: none), plug-ins unless they are allowed, and
 * the life of the one who started it. */
shs_status cli_probe_limits(uint64_t milliseconds, uint64_t mebibytes, bool plugins);

/* Local. All that `info` does without fields. *failed counts what could not be looked at, with the
 * first reason as the latest message; the status tells of a file that could not be opened. */
shs_status cli_info_print(const struct cli_arguments *arguments, uint64_t *failed);

/* Local. What samples are made of: each field, its type and shape, how it is read, and how many
 * samples there are. As text or, with --json, an object. */
shs_status cli_print_samples(const struct cli_arguments *arguments);

#endif
