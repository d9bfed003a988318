/* The numbers of all bad rows as a file for --exclude: `check --list-bad`. */
#ifndef CLI_CHECK_LIST_H
#define CLI_CHECK_LIST_H

#include "cli_check.h"

/* The rows [first, end) of a dataset of one file or several. */
struct cli_rows {
    uint64_t first, end;
};

/* The bad rows of this rank's shares. The files are one dataset, in the order in which they were
 * added. A zeroed struct may be freed. */
struct cli_check_list {
    const char *fields; /* names of datasets, separated by commas; NULL: all datasets of numbers */
    bool one_a_file;    /* each file is a sample, and a field is a whole dataset */
    uint64_t samples;   /* samples of the files so far */
    struct cli_rows *rows;
    uint64_t count, capacity;
};

/* Collective. Adds the bad rows of a file, before cli_check_gather(). SHS_ERROR_FORMAT if the rows
 * have no numbers: a field could not be opened, or fields have different numbers of rows. A file
 * that is a sample has a number in any case, unless it lacks a field that is named. */
shs_status cli_check_list_add(struct cli_check_list *list, shs_run *run,
                              const struct cli_verdict *verdict);

/* Collective. Writes the rows of all ranks to a new file of rank 0, ascending, each once. */
shs_status cli_check_list_write(struct cli_check_list *list, shs_run *run, const char *path);

void cli_check_list_free(struct cli_check_list *list);

#endif
