/* The verdict of `check` on a file: the findings of all ranks, gathered and printed. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "io_host.h"
#include "scan_check_apart.h"
#include "scan_hosts.h"

/* A finding, with the rank and the host that have it. */
struct cli_finding {
    struct scan_check_finding is;
    int rank;
    char host[IO_HOST_BYTES];
};

/* Counts of files, fields and rows. An unknown file, field or row is not, or not wholly, checked.
 */
struct cli_counts {
    uint64_t files, bad_files, unknown_files;
    uint64_t bad_wholes;     /* bad files without a field that could be reached */
    uint64_t unknown_wholes; /* unknown files without a field that could be reached */
    uint64_t fields, bad_fields, unknown_fields;
    uint64_t plain_fields; /* fields without checksums */
    uint64_t rows, bad_rows, unknown_rows;
    uint64_t others;       /* datasets that are not fields */
    uint64_t bad, unknown; /* 0 exactly if there is no finding of this kind */
};

/* The verdict on a file. Its findings and its counts are complete on rank 0. */
struct cli_verdict {
    const char *path;
    size_t number; /* of the file among those that are checked */
    struct scan_hosts *hosts;
    struct scan_copy copy;
    struct scan_check_result own; /* this rank's result; after gathering with sums over all ranks */
    struct cli_finding *finding;  /* findings of all ranks, in order */
    uint64_t told;                /* findings in `finding` */
    uint64_t found;               /* findings in all */
    struct cli_counts counts;
};

/* Collective. Gathers the findings of all ranks on rank 0. Every rank gets rank 0's counts. */
shs_status cli_check_gather(struct cli_verdict *verdict, shs_run *run);

/* Local. True if a dataset holds the checksums of another dataset of the file. */
bool cli_check_is_checksums(const struct scan_check_result *result,
                            const struct scan_check_dataset *dataset);

/* Local. Prints the verdict on a file. With `many` each line has the file's name. */
void cli_check_print(const struct cli_verdict *verdict, bool many);

/* Local. Prints the last lines, about all files. */
void cli_check_print_counts(const struct cli_counts *counts);

/* Local. Adds the verdict on a file to the JSON object that is open. */
void cli_check_json(const struct cli_verdict *verdict);

/* Local. Adds the counts of all files to the JSON object that is open. */
void cli_check_json_counts(const struct cli_counts *counts);

#endif
