/* Logs of hashes that shs_record_step() wrote: their lines, their chain, and the options of their
 * run. */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include "cli.h"
#include "train_chain.h"

/* A log. A zeroed struct may be freed. */
struct cli_log {
    const char *path;              /* borrowed */
    char *text;                    /* all of the file */
    size_t header;                 /* bytes of its header */
    struct train_chain_line *line; /* the lines of steps, in the order of the file */
    uint64_t count;
    uint64_t notes;
    uint64_t missing;     /* steps before the last one that have no line */
    bool torn;            /* the last line is not whole */
    uint64_t broken_line; /* the first line, from 1, that the chain does not lead to; 0: none */
    bool broken_has_step; /* it is the line of the step `broken_step` */
    uint64_t broken_step;
};

/* Local. Reads a log and follows its chain. SHS_ERROR_FORMAT if the file is no log. After an error
 * the caller frees it, too. */
shs_status cli_log_read(const char *path, struct cli_log *log);

void cli_log_free(struct cli_log *log);

/* Local. Completes a command's arguments by the options in a header; those that the user gave win.
 * The values lie in `header`, which is changed. SHS_ERROR_ARGUMENT if the run needs what no header
 * can hold and the user has not given it. `path` is for messages. */
shs_status cli_log_arguments(const char *path, char *header, const struct cli_command *command,
                             const struct cli_arguments *given, struct cli_arguments *all);

/* Sets differs[p] for each part that both lines have and that differs. Returns true if any does. */
bool cli_log_differ(const struct train_chain_line *a, const struct train_chain_line *b,
                    bool differs[TRAIN_CHAIN_PARTS]);

#endif
