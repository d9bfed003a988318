/* Checking a file in processes of their own: what kills or hangs one of them is found, noted, and
 * left out by the next one. */
#ifndef SCAN_CHECK_APART_H
#define SCAN_CHECK_APART_H

#include <stdbool.h>

#include "scan_check.h"

enum {
    SCAN_CHECK_TOLD = 20 /* findings that are kept with their text; the others are counted */
};

#define SCAN_CHECK_FILE UINT64_MAX /* in the place of a dataset: the file */

/* Something bad, or something that could not be checked: rows of a dataset, or all of it if count
 * is 0. */
struct scan_check_finding {
    bool unknown; /* it could not be checked */
    uint64_t dataset;
    uint64_t first;
    uint64_t count;
    char text[CORE_MESSAGE_BYTES];
};

/* What is known of a dataset. */
struct scan_check_dataset {
    char *name;
    char *about; /* type and shape, or what it is instead of a field; NULL: not opened */
    bool field;
    bool summed;   /* has checksums */
    uint64_t rows; /* of all ranks */
    uint64_t bad_rows, unknown_rows;
    bool bad, unknown;             /* as a whole, whatever is known of its rows */
    uint64_t first_read, end_read; /* rows that were read, or are known to be bad */
    uint64_t checksums, digest;    /* SCAN_CHECK_DIGEST */
};

struct scan_check_result {
    struct scan_check_dataset *dataset;
    uint64_t datasets;
    bool bad, unknown; /* the file as a whole */
    uint64_t found;    /* in order; the first SCAN_CHECK_TOLD of them are in `finding` */
    struct scan_check_finding finding[SCAN_CHECK_TOLD];
};

/* How the processes are started. */
struct scan_check_limits {
    const char *program;   /* path of shardstep */
    uint64_t milliseconds; /* from one sign of life to the next */
    uint64_t mebibytes;    /* of memory */
    bool plugins;          /* HDF5 may load plug-ins */
    bool compare;          /* with other ranks' copies of the file */
};

/* Local. Checks this rank's share of a file. An error if it cannot be opened: what scan_check()
 * returns, or what kept its process from an answer. The result is to be released by
 * scan_check_free(), also on error. */
shs_status scan_check_apart(const struct scan_check_limits *limits, const char *path, int rank,
                            int ranks, struct scan_check_result *result);

/* Local. Adds a finding of the caller's own. */
void scan_check_add(struct scan_check_result *result, bool unknown, uint64_t dataset,
                    uint64_t first, uint64_t count, const char *text);

void scan_check_free(struct scan_check_result *result);

/* The words, after the hidden command's name, that such a process is started with: its limit of
 * memory and its task, without where to tell of it. False if they are others. */
bool scan_check_read_words(int count, char **words, uint64_t *mebibytes,
                           struct scan_check_task *task);

#define SCAN_CHECK_COMMAND "probe-rows"

#endif
