/* The parts of the command stats. */
#ifndef CLI_STATS_H
#define CLI_STATS_H

#include "cli.h"
#include "cli_output.h"
#include "scan_stats.h"

/* What the command tells. */
struct cli_stats_report {
    const struct cli_arguments *arguments;
    const char *path; /* the first argument */
    const char *field;
    size_t files;
    const struct scan_stats *stats;
    double scale; /* the number by which normalize() divides with scale=auto */
};

/* Local. Prints all of it as an object. */
void cli_stats_print_json(const struct cli_stats_report *report);

/* Local. Refuses a file of --write that cannot be made, or that is a file of the data, before
 * anything is read. */
shs_status cli_stats_check(const struct cli_arguments *arguments, const struct io_paths *paths);

/* Local. Writes the file of --write, whole or not at all. Does nothing without --write. */
shs_status cli_stats_write(const struct cli_stats_report *report, const struct io_paths *paths);

#endif
