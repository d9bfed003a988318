/* What `bench --reduce` measures: ways to bring arrays of all ranks together. */
#ifndef CLI_BENCH_REDUCE_H
#define CLI_BENCH_REDUCE_H

#include "cli.h"
#include "shardstep/gradient.h"

enum {
    REDUCE_WAYS = 9,
    REDUCE_MOST_SIZES = 16,
    OVERLAP_TENSORS = 32,  /* tensors of a mean beside a computation */
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
    bool own;                /* the tensors lie in memory of the program */
    bool borrow;             /* and are borrowed */
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

/* What was measured of a mean beside a computation of the same length. */
struct overlap_result {
    uint64_t mebibytes;
    uint64_t rounds;
    double compute, mean, together; /* seconds, medians */
};

/* Collective. Measures the reproducible mean of result->mebibytes alone, a computation that takes
 * as long, and both together. Every rank gets the same result. */
shs_status cli_overlap_measure(shs_run *run, struct overlap_result *result);

/* The part of the mean that took no time beside the computation: 0 … 1, or less if both together
 * took longer than one after the other. */
double cli_overlap_hidden(const struct overlap_result *result);

/* Collective. Measures all ways for result->mebibytes, in result->rounds interleaved rounds. Every
 * rank gets the same result. */
shs_status cli_reduce_measure(shs_run *run, struct reduce_result *result);

#endif
