/* Checks a file in processes of its own. Rows that kill a process or make it hang are found, noted,
 * and left out by the next process. */
#ifndef SCAN_CHECK_APART_H
#define SCAN_CHECK_APART_H

#include <stdbool.h>

#include "scan_check.h"

enum {
    SCAN_CHECK_TOLD =
        20 /* findings that are kept with their text; later findings are only counted */
};

#define SCAN_CHECK_FILE                                                                            \
    UINT64_MAX /* stands in the place of an array's number for the whole file                      \
                */

/* A finding: rows of an array, or the whole array if `count` is 0, that are bad or could not be
 * checked. */
struct scan_check_finding {
    bool unknown; /* true if they could not be checked */
    uint64_t dataset;
    uint64_t first;
    uint64_t count;
    char text[CORE_MESSAGE_BYTES];
};

/* What is known about an array. */
struct scan_check_dataset {
    char *name;
    /* Type and shape, or what the array is instead of a field. NULL if it was not opened. */
    char *about;
    bool field;
    bool summed;   /* true if it has checksums */
    uint64_t rows; /* rows of all ranks' shares */
    uint64_t bad_rows, unknown_rows;
    bool bad, unknown; /* whether the array as a whole is bad or unknown, apart from its rows */
    uint64_t first_read,
        end_read; /* the rows [first_read, end_read) were read or are known to be bad */
    uint64_t checksums, digest; /* as in SCAN_CHECK_DIGEST */
};

/* Bad rows of an array. */
struct scan_check_rows {
    uint64_t dataset, first, count;
};

struct scan_check_result {
    struct scan_check_dataset *dataset;
    uint64_t datasets;
    bool bad, unknown; /* whether the file as a whole is bad or unknown */
    uint64_t found;    /* number of findings; the first SCAN_CHECK_TOLD stand in `finding` */
    struct scan_check_finding finding[SCAN_CHECK_TOLD];
    struct scan_check_rows *bad_rows; /* all of them, if the limits say so */
    uint64_t listed, capacity;        /* elements of bad_rows, and room for them */
    shs_status list_status;           /* an error because of which they are not all there */
};

/* Limits of the processes, and what they are started with. */
struct scan_check_limits {
    const char *program;   /* path of the program shardstep */
    uint64_t milliseconds; /* longest time between two reports of a process */
    uint64_t mebibytes;    /* limit of memory */
    bool plugins;          /* true if HDF5 may load plug-ins */
    bool compare;          /* true to compare with other ranks' copies of the file */
    bool list;             /* true to keep all bad rows, however many there are */
};

/* Local. Checks this rank's share of a file. If the file cannot be opened, the result is the error
 * of scan_check() or what kept its process from an answer. The caller releases the result with
 * scan_check_free(), also after an error. */
shs_status scan_check_apart(const struct scan_check_limits *limits, const char *path, int rank,
                            int ranks, struct scan_check_result *result);

/* Local. Adds a finding of the caller's own. */
void scan_check_add(struct scan_check_result *result, bool unknown, uint64_t dataset,
                    uint64_t first, uint64_t count, const char *text);

/* Releases what a result holds. */
void scan_check_free(struct scan_check_result *result);

/* Reads the words that such a process is started with, behind the hidden command's name: its limit
 * of memory and its task, except for the task's `tell`. Returns false for other words. */
bool scan_check_read_words(int count, char **words, uint64_t *mebibytes,
                           struct scan_check_task *task);

#define SCAN_CHECK_COMMAND "probe-rows"

#endif
