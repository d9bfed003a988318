/* The command line: the program `shardstep` has a table of commands, and each command has a file.
 */
#ifndef CLI_H
#define CLI_H

#include <stdint.h>
#include <stdio.h>

#include "core_text.h"
#include "io_paths.h"
#include "mpi_run.h"
#include "shardstep/loader.h"

/* Exit codes. */
enum {
    CLI_DONE = 0,
    CLI_DIFFERENT = 1, /* a comparison or a check came out badly */
    CLI_ERROR = 2,
    CLI_STOPPED = 75 /* the run was asked to stop */
};

enum {
    CLI_MAX_PLAIN = 64,   /* plain arguments of a command, at most */
    CLI_MAX_OPTIONS = 128 /* options in the table, at most */
};

/* The arguments of a command. An option that was not given has its default. */
struct cli_arguments {
    const char *plain[CLI_MAX_PLAIN]; /* plain arguments, which are not options */
    size_t n_plain;
    bool given[CLI_MAX_OPTIONS]; /* true if the option of the table was given */
    shs_loader_options loader;   /* options of the loader; cli_order() completes them */
    uint64_t seed, vranks, group, epoch, step, rank, steps, samples, sample;
    uint64_t purpose, slot, count, interleave;
    uint64_t lines, tiles, size, channel;
    uint64_t chunk, deflate, bins, probe_seconds, probe_mebibytes, cache_bytes;
    uint32_t last_threads; /* the end of --threads FROM..TO; 0: no range was given */
    uint64_t order_seed, sample_seed;
    const char *share; /* the value of --sample if it is no number: a part, as in 1%, or all */
    int format, colours, row_order;
    const char *fields, *channel_axis, *output, *against, *part, *type, *split, *mix, *rows, *since,
        *heading, *exclude, *seconds, *compute, *trace, *layout, *json_lines, *list_bad,
        *list_fields, *fill, *chunk_shape, *write, *shape, *index, *worst;
    bool per_rank, verify, verify_step, quality, byteshuffle, random, order, read, reduce, overlap,
        save, json, probe, help, quick, one_sample_a_file, map, cf, overwrite, any_rows, encoded,
        plugins, cold, busy, kerchunk;
};

/* Sets of options that several commands take. Each option of the table is in one of these sets. */
enum {
    CLI_BY_NAME = 0,          /* no set: a command names the option in `options` */
    CLI_WITH_ORDER = 1 << 0,  /* the options that cli_order() reads */
    CLI_WITH_LOADER = 1 << 1, /* the other options that cli_open_loader() reads */
    CLI_WITH_PROBE = 1 << 2   /* the limits of cli_probe() */
};

/* A command. The texts `arguments` and `details` have the form of cli_print_wrapped(). */
struct cli_command {
    const char *name;
    const char *usage;     /* the plain arguments, as in "PATH FIELD" */
    const char *summary;   /* a sentence without its subject, as in "prints the datasets" */
    const char *arguments; /* the help of the plain arguments; NULL without help */
    const char *details;   /* further paragraphs of the help; NULL without paragraphs */
    void (*more)(struct core_text *text); /* appends more paragraphs; NULL: nothing */
    const char *differs;  /* the cause of exit code 1; NULL if the command never has it */
    const char *fails;    /* the cause of exit code 2; NULL if only an error causes it */
    const char *examples; /* lines of words that may follow `shardstep` */
    unsigned takes;       /* the command's sets of options: CLI_WITH_... */
    const char *options;  /* the command's other options, separated by spaces */
    bool sweeps;          /* true if --threads may be a range, FROM..TO */
    bool samples_parts;   /* true if --sample may be a part, as in 1%, or all */
    const char *bare;     /* an option whose value may be left out, and is NULL then; NULL: none */
    size_t least_plain;   /* the least number of plain arguments */
    size_t most_plain;    /* the greatest number of plain arguments */
    int (*run)(const struct cli_arguments *arguments); /* Collective. Returns the exit code. */
};

/* Every command, in the order of the help. NAME is the table cli_NAME of src/cli/cli_NAME.c. */
#define CLI_COMMANDS(EACH)                                                                         \
    EACH(import), EACH(info), EACH(plan), EACH(digest), EACH(random), EACH(replay), EACH(preview), \
        EACH(audit), EACH(bench), EACH(stats), EACH(check), EACH(index), EACH(augment)

#define CLI_COMMAND(name) cli_##name
extern const struct cli_command CLI_COMMANDS(CLI_COMMAND);

/* All commands, with NULL behind the last command. */
extern const struct cli_command *const cli_commands[];

/* Reads the words after the command's name. SHS_ERROR_ARGUMENT if the command does not take a word,
 * or if a value is wrong. */
shs_status cli_parse(const struct cli_command *command, int count, char **words,
                     struct cli_arguments *arguments);

/* True if the option was given. */
bool cli_given(const struct cli_arguments *arguments, const char *option);

/* Prints a command's usage and options to stdout. */
void cli_help(const struct cli_command *command);

/* The ways to name several files, as text for a help. */
#define CLI_FOLDER "a folder, for its files " IO_FOLDER_PATTERNS("and")
#define CLI_SEVERAL_FILES                                                                          \
    CLI_FOLDER "; @LIST, for the files that the text file LIST names, one a line; a pattern in "   \
               "quotes, such as 'year-*.h5'; or several of these with commas between them."

/* Prints a text in lines of at most 80 characters. An empty line separates paragraphs. A line that
 * begins with spaces is an item, indented by these spaces; a tab separates its name from its
 * description. Any other line break counts as a space. */
void cli_print_wrapped(FILE *to, const char *text);

/* Local. Returns the exit code of a status. If it is an error, the rank that reports it prints the
 * message to stderr. */
int cli_exit_code(shs_status status);

/* Local. The `report` of a command's run: prints to stderr what happened and is no error. Rows that
 * the user excluded are not told. */
void cli_report(void *user, shs_report_kind kind, const char *text);

/* Collective. Opens a command's run, which reports by cli_report() unless the options say more. A
 * rank that has waited half an hour for others ends the command; the environment variable
 * SHARDSTEP_LIMIT_SECONDS sets another number of seconds, and 0 no limit. */
shs_status cli_open(const shs_run_options *options, shs_run **run);

/* Collective. Closes a command's run. Returns `code`. If closing fails and `code` is not CLI_ERROR
 * already, prints the error and returns CLI_ERROR. */
int cli_close(shs_run **run, int code);

/* Local. Sets *number to the number of the name that equals an option's value, counted from 0.
 * `names` is a list separated by spaces. SHS_ERROR_ARGUMENT if no name does. */
shs_status cli_word(const char *option, const char *value, const char *names, int *number);

enum {
    CLI_MAX_SOURCES = 256 /* sources in --mix, at most */
};

/* The loader's options with the order of rows, and the memory that they point to. */
struct cli_order {
    shs_loader_options options;
    uint64_t mix[CLI_MAX_SOURCES];
    uint64_t *rows;
    uint64_t *exclude;
};

/* Local. Completes the options that say which rows a virtual rank takes. After an error the caller
 * frees `order`, too. */
shs_status cli_order(const struct cli_arguments *arguments, struct cli_order *order);

void cli_order_free(struct cli_order *order);

/* Local. Reads whole numbers separated by commas. Returns their count, or 0 if the text is
 * something else or has more than `most` numbers. */
size_t cli_numbers(const char *text, uint64_t *numbers, size_t most);

/* Local. Lets a separate process open a path's files first, in case they crash HDF5. The process
 * reads the given fields, or describes all datasets if `fields` is NULL. Returns the process's
 * error. */
shs_status cli_probe(const struct cli_arguments *arguments, const char *path, const char *fields);

/* Local. The options with which a command opens a dataset. */
shs_dataset_options cli_dataset_options(const struct cli_arguments *arguments);

/* Runs the hidden commands that cli_probe() starts: one allows plug-ins of HDF5, the other does
 * not. Returns the exit code. */
int cli_probe_main(bool plugins, int count, char **words);

/* Runs the hidden command that `check` starts. Returns the exit code. */
int cli_check_main(int count, char **words);

/* Limits a process that a hidden command runs in: its memory, its CPU time (0 for no limit) and the
 * files that it writes. Turns plug-ins off unless they are allowed. The process ends when its
 * parent ends. SHS_ERROR_STATE if the system refuses. */
shs_status cli_probe_limits(uint64_t milliseconds, uint64_t mebibytes, bool plugins);

/* Local. Prints the number of samples and each field of a sample: its type, its shape, and the way
 * in which it is read. The output is text or, with --json, an object. */
shs_status cli_print_samples(const struct cli_arguments *arguments);

/* Local. Prints where the sample of --sample lies: its file, and for each field the rows that it is
 * made of. The output is text or, with --json, an object. */
shs_status cli_print_location(const struct cli_arguments *arguments, shs_dataset *dataset);

#endif
