/* The command line of train_fashion. */
#ifndef FASHION_OPTIONS_H
#define FASHION_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct fashion_options {
    const char *data;
    const char *checkpoints; /* a folder; NULL: none */
    const char *log;         /* a file; NULL: none */
    const char *record;      /* the log of hashes; NULL: none */
    const char *worst;       /* the list of the worst rows; NULL: none */
    uint64_t vranks;
    uint64_t batch; /* of a virtual rank */
    uint64_t epochs;
    uint64_t steps; /* UINT64_MAX: all that the epochs have */
    uint64_t seed;
    uint64_t checkpoint_every; /* in steps; 0: only at the end of an epoch */
    uint64_t end_margin;       /* in seconds; 0: the end of the job is not looked at */
    uint64_t wait_limit;       /* in seconds; 0: no limit */
    bool hash;
    bool help;
} fashion_options;

/* Local. Reads the command line, whose texts stay argv's. False if it is wrong; then, and for
 * --help, says so if this rank is the one that `speaks`. */
bool fashion_options_read(int argc, char **argv, bool speaks, fashion_options *options);

#endif
