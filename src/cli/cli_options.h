/* The table of options, which the parser and the help read. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli.h"

enum cli_kind {
    CLI_NUMBER, /* a uint64_t or a uint32_t */
    CLI_CHOICE, /* an enumeration, or an int */
    CLI_TEXT,   /* a const char * */
    CLI_FLAG    /* a bool */
};

/* The headings of a command's help, in their order. */
enum cli_group {
    CLI_DATA,
    CLI_ROWS,
    CLI_ORDER,
    CLI_AUGMENTATION,
    CLI_RUN,
    CLI_READING,
    CLI_WRITING,
    CLI_QUESTION,
    CLI_OUTPUT,
    CLI_OTHER,
    CLI_GROUPS
};

struct cli_option {
    const char *name;
    enum cli_kind kind;
    size_t offset, bytes;  /* position and size of the member of struct cli_arguments */
    unsigned set;          /* the set of options that it is in: CLI_WITH_... or CLI_BY_NAME */
    uint64_t least, most;  /* the range of a number */
    uint64_t unless_given; /* the default of a number */
    const char *words; /* the words of a choice, in the order of its numbers, with spaces between */
    enum cli_group group;
    const char *value; /* the value's name in the help; NULL for a flag */
    const char *help;  /* whole sentences, with the default in brackets */
};

extern const struct cli_option cli_options[];
extern const size_t cli_n_options;

/* True if the command takes the option. */
bool cli_takes(const struct cli_command *command, const struct cli_option *option);

/* Finds the option that a word such as --seed, --seed=5 or -o names. Refuses one that the command
 * does not take. */
shs_status cli_find_option(const struct cli_command *command, const char *word,
                           const struct cli_option **option);

/* The letter of an option, such as o for --output; 0 if the option has no letter. */
char cli_letter(const struct cli_option *option);

#endif
