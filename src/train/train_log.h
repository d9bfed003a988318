/* The file of a log of hashes, as rank 0 goes on with it. shardstep/record.h describes the file.
 *
 * Lines are appended one by one. A log of a run that was killed may end inside a line. */
#ifndef TRAIN_LOG_H
#define TRAIN_LOG_H

#include "train_chain.h"

/* A zeroed struct with `file` -1 may be closed. */
struct train_log {
    char *path;
    int file;                    /* -1: not open */
    uint64_t begin;              /* bytes of the header */
    uint64_t end;                /* bytes of the file */
    char head[CORE_DIGEST_TEXT]; /* the chain behind the header */
    bool known;      /* the members below are known; not so before the first train_log_go_to() */
    bool has_steps;  /* a line of a step stands before the end */
    uint64_t latest; /* the step of the last such line */
    char chain[CORE_DIGEST_TEXT];
    struct core_hash *hash;
};

/* Local. Opens a log with this header, or makes it if it is not there or empty. A log that is there
 * keeps its own header. SHS_ERROR_MISMATCH if the lines of its fingerprint or its options are
 * others, but for --since; SHS_ERROR_FORMAT if the file is no log. After an error the caller closes
 * the log, too. */
shs_status train_log_open(const char *path, const char *header, struct train_log *log);

/* Local. To be called before the first line is appended, when the run has gone on from its
 * checkpoint: only now is it known when its batch began (--since). A log with lines must have the
 * same options as this header; a log without lines gets this header. */
shs_status train_log_begin(struct train_log *log, const char *header);

/* Local. Goes to the place for the line of a step. Lines of this step and later steps are cut off,
 * and so is a last line that is not whole. A note says what was cut, and which steps before this
 * one have no line. */
shs_status train_log_go_to(struct train_log *log, uint64_t step);

/* Local. Appends the line of the step that train_log_go_to() went to. Sets line->chain. */
shs_status train_log_add(struct train_log *log, struct train_chain_line *line);

/* Local. Brings all lines to stable storage. */
shs_status train_log_sync(const struct train_log *log);

void train_log_close(struct train_log *log);

#endif
