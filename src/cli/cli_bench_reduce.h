/* What `bench --reduce` measures: ways to bring arrays of all ranks together. */
#ifndef CLI_BENCH_REDUCE_H
#define CLI_BENCH_REDUCE_H

#include "cli.h"
#include "shardstep/gradient.h"

enum {
    REDUCE_WAYS = 7,
    REDUCE_MOST_SIZES = 16,
    REDUCE_PIECE = 1 << 20 /* floats of a call of MPI_Allreduce in pieces: 4 MiB */
};

/* A way. */
struct reduce_way {
    const char *name;
    const char *key; /* of --json */
    enum {
        REDUCE_MEAN,
        REDUCE_ALLREDUCE,
        REDUCE_MEMCPY
    } kind;
    shs_reduction reduction; /* of a mean */
    bool huge;               /* the floats lie in huge pages */
    bool pieces;             /* MPI_Allreduce takes REDUCE_PIECE floats at a time */
};

/* All ways. The first is compared with the others. */
extern const struct reduce_way reduce_ways[REDUCE_WAYS];

/* What was measured for a size. */
struct reduce_result {
    uint64_t mebibytes;
    uint64_t rounds;
    double seconds[REDUCE_WAYS]; /* medians; 0 for a way that was not measured */
};

/* Collective. Measures all ways for result->mebibytes, in result->rounds interleaved rounds. Every
 * rank gets the same result. */
shs_status cli_reduce_measure(shs_run *run, struct reduce_result *result);

#endif
