/* Reads all of a file to find what is bad in it. `shardstep check` does this in a process of its
 * own, because a damaged file may crash it at any point. The process reports what it is about to
 * do. So another process can say what it died of, and have the rest checked.
 *
 * Rows are bad if their bytes contradict themselves: in a checksum, a structure or a size. Rows
 * that could not be read, because of an error of the system or a missing filter, are not bad. They
 * are reported as not checked. */
#ifndef SCAN_CHECK_H
#define SCAN_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

enum scan_check_kind {
    SCAN_CHECK_OPENING = 'o', /* an array is about to be opened; text: its name */
    SCAN_CHECK_SKIPPED = 's', /* the array cannot be a field; text: what it is instead */
    SCAN_CHECK_PLAIN = 'p',  /* the array has `count` rows and no checksums; text: type and shape */
    SCAN_CHECK_SUMMED = 'c', /* the array has `count` rows and checksums; text: type and shape */
    /* Rows [first, first + count) are about to be read. The text is "1" if no fewer rows can be
     * told apart, else "". */
    SCAN_CHECK_READING = 'r',
    SCAN_CHECK_DONE = 'd', /* all of the array was read, and the next is looked for */
    /* The rows are bad, or the whole array if `count` is 0. The text says why. */
    SCAN_CHECK_BAD = 'b',
    /* The rows, or the whole array if `count` is 0, could not be checked. The text says why. */
    SCAN_CHECK_UNKNOWN = 'u',
    /* Hashes by which copies of the file are compared. `first` is a hash of the checksums, `count`
     * a hash of some rows. 0 is an unknown hash. */
    SCAN_CHECK_DIGEST = 'h'
};

struct scan_check_event {
    enum scan_check_kind kind;
    uint64_t dataset; /* the array's number, from 0 on, in the order of h5_walk() */
    uint64_t first;
    uint64_t count;
    const char *text; /* one line of text */
};

/* What to check. */
struct scan_check_task {
    const char *path;
    int rank; /* only this rank's share of each array's rows is checked */
    int ranks;
    uint64_t dataset; /* the first array to check */
    /* The first row to check in that array. 0 means from the share's first row on. */
    uint64_t row;
    uint64_t careful; /* rows to read at once up to row `careful_end`; 0: as usual */
    uint64_t careful_end;
    bool plugins; /* true if HDF5 may load plug-ins */
    bool compare; /* true to report the hashes by which copies are compared */
    void (*tell)(const struct scan_check_event *event, void *user);
    void *user;
};

/* Local. Checks a file. It reports every array, what was read, what is bad and what could not be
 * checked. If the file cannot be opened, the result is an error: SHS_ERROR_FORMAT if it is an HDF5
 * file whose bytes contradict themselves, another error if it could not be checked. */
shs_status scan_check(const struct scan_check_task *task);

/* The first function prints an event as a line of text without its end. The line fits into a line
 * of io_child.h; a longer text, such as a long name, is cut. The caller releases *line with
 * core_free(). The second function reads such a line back, and returns false for any other line.
 * The event's text is borrowed from the line, which is changed. */
shs_status scan_check_print(const struct scan_check_event *event, char **line);
bool scan_check_parse(char *line, struct scan_check_event *event);

#endif
