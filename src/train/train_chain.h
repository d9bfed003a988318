/* The lines of a log of hashes, and the chain through them. shardstep/record.h describes the log.
 */
#ifndef TRAIN_CHAIN_H
#define TRAIN_CHAIN_H

#include <stdint.h>

#include "core_hash.h"

/* The hashes of a step, in the order of the columns. */
enum train_chain_part {
    TRAIN_CHAIN_ROWS,
    TRAIN_CHAIN_DRAWS,
    TRAIN_CHAIN_BATCH,
    TRAIN_CHAIN_MEAN,
    TRAIN_CHAIN_WEIGHTS,
    TRAIN_CHAIN_PARTS
};

/* The first line of a log, and the last line of its header. */
#define TRAIN_CHAIN_FIRST   "shardstep record 1\n"
#define TRAIN_CHAIN_COLUMNS "columns\tstep\trows\tdraws\tbatch\tmean\tweights\tchain\n"

enum {
    TRAIN_CHAIN_LINE_BYTES = 512 /* more than any line behind the header has */
};

/* What a line behind the header is. */
enum train_chain_kind {
    TRAIN_CHAIN_STEP, /* a step's hashes */
    TRAIN_CHAIN_NOTE, /* what happened to the run or to the log */
    TRAIN_CHAIN_ALIEN /* neither: the line is cut off, or was changed */
};

/* A line behind the header. A part that was not hashed is "-". */
struct train_chain_line {
    uint64_t step;
    char part[TRAIN_CHAIN_PARTS][CORE_DIGEST_TEXT];
    char chain[CORE_DIGEST_TEXT]; /* the last word of the line, also of a note */
    size_t own;                   /* bytes before the chain and the tab before it */
};

/* The name of a part, as in the line of the columns. */
const char *train_chain_name(enum train_chain_part part);

/* Reads a line, of `length` bytes without its end. Hashes that a line has are of 32 digits. */
enum train_chain_kind train_chain_read(const char *text, size_t length,
                                       struct train_chain_line *line);

/* Sets `chain` to what the chain begins with behind a header. */
void train_chain_begin(struct core_hash *hash, const char *header, size_t length,
                       char chain[CORE_DIGEST_TEXT]);

/* Goes on with the chain: `own` are the line's bytes before its own chain. */
void train_chain_go_on(struct core_hash *hash, const char *own, size_t length,
                       char chain[CORE_DIGEST_TEXT]);

#endif
