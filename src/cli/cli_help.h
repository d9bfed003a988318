/* The parts of a command's help, made from its table and the table of options. The help prints them
 * in lines, and the man page in the form of roff. Each function appends a text in the form of
 * cli_print_wrapped(), or nothing if the command has no such part. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli_options.h"
#include "core_text.h"

/* The heading of a group of options. */
const char *cli_title(enum cli_group group);

/* One line: the program, the command and its plain arguments. */
void cli_help_usage(const struct cli_command *command, struct core_text *text);

/* The summary as a sentence. */
void cli_help_summary(const struct cli_command *command, struct core_text *text);

/* The plain arguments, an item each. */
void cli_help_arguments(const struct cli_command *command, struct core_text *text);

/* Further paragraphs. */
void cli_help_details(const struct cli_command *command, struct core_text *text);

/* An option as an item. */
void cli_help_option(const struct cli_option *option, struct core_text *text);

/* The options of a group that the command takes, an item each. */
void cli_help_group(const struct cli_command *command, enum cli_group group,
                    struct core_text *text);

/* What --fields takes. */
void cli_help_fields(const struct cli_command *command, struct core_text *text);

/* What --augment takes, with the names of all operators. */
void cli_help_operators(const struct cli_command *command, struct core_text *text);

/* What --augment takes, with a description of every operator. */
void cli_help_all_operators(struct core_text *text);

/* Local. Prints the help of the options of a command that `count` words name, with or without their
 * dashes, on rank 0. */
shs_status cli_help_options(const struct cli_command *command, int count, char **words);

/* Commands to type, a line each. */
void cli_help_examples(const struct cli_command *command, struct core_text *text);

/* The exit codes, an item each. */
void cli_help_exits(const struct cli_command *command, struct core_text *text);

/* Returns the length of the paragraph, the item or the line with which a text begins. */
size_t cli_block_length(const char *text);

/* Hidden commands, for the build: `shardstep man-page DATE [COMMAND]` and `shardstep
 * bash-completion`. They start no MPI. */
#define CLI_MAN        "man-page"
#define CLI_COMPLETION "bash-completion"

/* Prints a man page to stdout, of a command or, for NULL, of the program. `date` is that of the
 * page, such as 2026-12-31. SHS_ERROR_MEMORY if there is too little memory. */
shs_status cli_man(const struct cli_command *command, const char *date);

/* Prints the completion of the program's words for bash to stdout. SHS_ERROR_MEMORY if there is too
 * little memory. */
shs_status cli_completion(void);

#endif
