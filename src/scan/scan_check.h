/* Reading all of a file to find what is bad in it: what `shardstep check` does in a process of its
 * own, which a damaged file may end at any place. It tells as it goes what it is about to do, so
 * that another process can tell what it died of and have the rest checked.
 *
 * Rows are bad where bytes contradict themselves: a checksum, a structure, a size. Rows that
 * could not be read, because of an error of the system or a filter that is not there, are not bad:
 * they are told as not checked. */
#ifndef SCAN_CHECK_H
#define SCAN_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

enum scan_check_kind {
    SCAN_CHECK_OPENING = 'o', /* a dataset is about to be opened; text: its name */
    SCAN_CHECK_SKIPPED = 's', /* it is no field; text: what it is instead */
    SCAN_CHECK_PLAIN = 'p',   /* it is a field of `count` rows; text: type and shape */
    SCAN_CHECK_SUMMED = 'c',  /* likewise, and has checksums */
    SCAN_CHECK_READING = 'r', /* rows [first, first + count) are about to be read; text: "1" if they
                                are the fewest that can be told apart, else "" */
    SCAN_CHECK_DONE = 'd',    /* all of it was read, and the next dataset is looked for */
    SCAN_CHECK_BAD = 'b', /* these rows are bad, or all of the dataset if count is 0; text: why */
    SCAN_CHECK_UNKNOWN = 'u', /* likewise, but they could not be checked */
    SCAN_CHECK_DIGEST = 'h'   /* hashes that copies of the file are compared by: `first` is a hash
                                of the checksums, `count` a hash of some rows; 0: not known */
};

struct scan_check_event {
    enum scan_check_kind kind;
    uint64_t dataset; /* its number, from 0 on, in the order of h5_walk() */
    uint64_t first;
    uint64_t count;
    const char *text; /* one line */
};

/* What to check. */
struct scan_check_task {
    const char *path;
    int rank; /* only this rank's share of each field's rows */
    int ranks;
    uint64_t dataset; /* from this one on, */
    uint64_t row;     /* and from this row of it on; 0: from the share's first */
    uint64_t careful; /* rows to read at once, up to row `careful_end`; 0: as usual */
    uint64_t careful_end;
    bool plugins; /* HDF5 may load plug-ins */
    bool compare; /* tell the digests by which copies are compared */
    void (*tell)(const struct scan_check_event *event, void *user);
    void *user;
};

/* Local. Tells of every dataset, what was read, what is bad and what could not be checked. An error
 * if the file cannot be opened: SHS_ERROR_FORMAT if it is an HDF5 file whose bytes contradict
 * themselves, another one if it could not be checked. */
shs_status scan_check(const struct scan_check_task *task);

/* An event as a line of text, without its end, that fits into one of io_child.h: a longer text,
 * such as a dataset's name may be, is cut. To be released by core_free(). And back, with the same
 * text: false for a line that is none. The text is borrowed from the line, which is changed. */
shs_status scan_check_print(const struct scan_check_event *event, char **line);
bool scan_check_parse(char *line, struct scan_check_event *event);

#endif
