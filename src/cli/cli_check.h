/* What the ranks have found in a file, put together; and how it is printed. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "io_host.h"
#include "scan_check_apart.h"
#include "scan_hosts.h"

/* A finding, and the rank that has it. */
struct cli_finding {
    struct scan_check_finding is;
    int rank;
    char host[IO_HOST_BYTES];
};

struct cli_counts {
    uint64_t files, bad_files, unknown_files; /* unknown: not or not wholly checked */
    uint64_t bad_wholes, unknown_wholes;      /* of these: no field of them could be reached */
    uint64_t fields, bad_fields, unknown_fields, plain_fields; /* plain: no checksums */
    uint64_t rows, bad_rows, unknown_rows;
    uint64_t others;       /* datasets that are no fields */
    uint64_t bad, unknown; /* findings of either kind: none means that there are none at all */
};

/* One file: what is known of it, on rank 0. */
struct cli_verdict {
    const char *path;
    struct scan_hosts *hosts;
    struct scan_copy copy;
    struct scan_check_result own; /* of this rank; on rank 0, once gathered, numbers of all */
    struct cli_finding *finding;  /* of all ranks, in order */
    uint64_t told, found;
    struct cli_counts counts;
};

/* Collective. Puts together on rank 0 what all ranks have found; each gets rank 0's counts. */
shs_status cli_check_gather(struct cli_verdict *verdict, shs_run *run);

/* Local. Whether a dataset holds the checksums of another one of the file. */
bool cli_check_is_checksums(const struct scan_check_result *result,
                            const struct scan_check_dataset *dataset);

/* Local. Prints a file's verdict; `many`: with its name in each line. */
void cli_check_print(const struct cli_verdict *verdict, bool many);

/* Local. Prints the last lines, about all files. */
void cli_check_print_counts(const struct cli_counts *counts);

/* Local. The same as JSON: a file's facts as members of the object that is open. */
void cli_check_json(const struct cli_verdict *verdict);
void cli_check_json_counts(const struct cli_counts *counts);

#endif
