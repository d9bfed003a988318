/* shardstep bench --reduce --overlap: the mean of the gradients beside a computation. */
#include <stdlib.h>

#include "cli_bench_reduce.h"
#include "cli_seconds.h"
#include "core_memory.h"
#include "mpi_bare.h"
#include "order_tree.h"

enum {
    VALUES = 8,             /* the numbers that are added are 0 … VALUES - 1 */
    LOOPS_TO_TRY = 20000000 /* of the computation, to learn how long they take */
};

/* What a round measures. */
enum {
    MEAN,
    COMPUTE,
    TOGETHER,
    KINDS
};

/* A step: a computation whose results are the tensors, from the last to the first. */
struct overlap {
    shs_run *run;
    shs_gradient *gradient;
    size_t count;   /* floats of a tensor */
    uint64_t loops; /* of the computation, for each tensor */
    uint64_t step;
    double *seconds; /* of each kind in each round */
};

/* ---- The step. */

/* Computes without touching memory. The compiler cannot leave it out. */
static void compute(uint64_t loops)
{
    uint64_t number = loops;
    for (uint64_t i = 0; i < loops; i++) {
        number = number * UINT64_C(6364136223846793005) + 1442695040888963407;
        __asm__ volatile("" : "+r"(number));
    }
}

static float value_of(uint64_t vrank, size_t element)
{
    return (float)((element + vrank) % VALUES);
}

/* Every virtual rank of a rank gives what its first virtual rank gives. */
static void fill(const struct overlap *overlap)
{
    for (size_t t = 0; t < OVERLAP_TENSORS; t++) {
        float *floats = shs_gradient_tensor(overlap->gradient, t)->data;
        for (size_t i = 0; i < overlap->count; i++)
            floats[i] = value_of((uint64_t)overlap->run->rank, i);
    }
}

/* Collective. All virtual ranks but the last are added before the step's time begins. */
static shs_status add_first(struct overlap *overlap, shs_batch *batch)
{
    const shs_run *run = overlap->run;
    shs_status status = SHS_OK;
    *batch = (shs_batch){.step = overlap->step++, .rows = 1, .count = 1};
    batch->vrank = run->first_vrank;
    for (uint64_t i = 1; i < run->hosted && !status; i++, batch->vrank++)
        status = shs_gradient_add(overlap->gradient, batch);
    return status;
}

/* Collective. The tensors are ready one after the other while the rank computes, or all at the
 * end. */
static shs_status work(struct overlap *overlap, const shs_batch *batch, int kind)
{
    shs_status status = SHS_OK;
    for (size_t t = OVERLAP_TENSORS; t-- > 0 && kind != MEAN;) {
        compute(overlap->loops);
        if (kind == TOGETHER && !status) status = shs_gradient_ready(overlap->gradient, batch, t);
    }
    if (kind == COMPUTE) return SHS_OK;
    if (!status) status = shs_gradient_add(overlap->gradient, batch);
    /* A rank that failed has not added all, and shs_gradient_mean() says so on every rank. */
    shs_status all = shs_gradient_mean(overlap->gradient);
    return status ? status : all;
}

/* Compares an element of each kind of each tensor. */
static shs_status check(const struct overlap *overlap)
{
    const shs_run *run = overlap->run;
    uint64_t ranks = (uint64_t)run->ranks;
    for (size_t i = 0; i < VALUES && i < overlap->count; i++) {
        double sum = 0;
        for (uint64_t vrank = 0; vrank < run->vranks; vrank++)
            sum += (double)value_of(order_host(run->vranks, ranks, vrank), i);
        float expected = (float)(sum / (double)run->vranks);
        for (size_t t = 0; t < OVERLAP_TENSORS; t++) {
            const float *floats = shs_gradient_tensor(overlap->gradient, t)->data;
            size_t at = (overlap->count - 1 - i) / VALUES * VALUES + i;
            if (floats[at] == expected) continue;
            return core_fail(SHS_ERROR_MPI,
                             "bench --overlap: the mean is %g for element %zu of tensor %zu, not "
                             "%g",
                             (double)floats[at], at, t, (double)expected);
        }
    }
    return SHS_OK;
}

/* Collective. The time of the slowest rank. */
static shs_status measure(struct overlap *overlap, int kind, double *seconds)
{
    shs_batch batch = {0};
    shs_status status = SHS_OK;
    if (kind != COMPUTE) {
        fill(overlap);
        status = add_first(overlap, &batch);
    }
    status = mpi_agree(overlap->run, status, "bench --overlap");
    if (!status) status = mpi_bare_meet(overlap->run);
    double begin = cli_seconds();
    if (!status) status = work(overlap, &batch, kind);
    uint64_t nanoseconds = (uint64_t)((cli_seconds() - begin) * 1e9) + 1;
    if (!status && kind != COMPUTE) status = check(overlap);
    status = mpi_agree(overlap->run, status, "bench --overlap");
    if (!status) status = mpi_greatest(overlap->run, &nanoseconds, 1);
    *seconds = (double)nanoseconds * 1e-9;
    return status;
}

/* ---- Rounds. */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *seconds, uint64_t count)
{
    qsort(seconds, count, sizeof *seconds, compare_doubles);
    return seconds[count / 2];
}

/* Collective. Chooses a computation that takes as long as the mean alone. The first mean touches
 * the memory and opens connections, and is not counted. */
static shs_status choose_loops(struct overlap *overlap, uint64_t rounds)
{
    double unused, *seconds = overlap->seconds;
    shs_status status = measure(overlap, MEAN, &unused);
    for (uint64_t round = 0; round < rounds && !status; round++)
        status = measure(overlap, MEAN, &seconds[round]);
    if (status) return status;
    double wanted = median(seconds, rounds);
    overlap->loops = LOOPS_TO_TRY / OVERLAP_TENSORS;
    for (uint64_t round = 0; round < rounds && !status; round++)
        status = measure(overlap, COMPUTE, &seconds[round]);
    if (status) return status;
    double taken = median(seconds, rounds);
    overlap->loops = (uint64_t)((double)overlap->loops * wanted / taken) + 1;
    return SHS_OK;
}

static shs_status measure_rounds(struct overlap *overlap, struct overlap_result *result)
{
    uint64_t rounds = result->rounds;
    shs_status status = choose_loops(overlap, rounds);
    for (uint64_t round = 0; round < rounds; round++)
        for (int kind = 0; kind < KINDS && !status; kind++)
            status = measure(overlap, kind, &overlap->seconds[(uint64_t)kind * rounds + round]);
    if (status) return status;
    result->mean = median(overlap->seconds, rounds);
    result->compute = median(overlap->seconds + COMPUTE * rounds, rounds);
    result->together = median(overlap->seconds + TOGETHER * rounds, rounds);
    return SHS_OK;
}

static shs_status open_gradient(struct overlap *overlap)
{
    const shs_gradient_options options = {.provide = true};
    shs_tensor tensors[OVERLAP_TENSORS];
    for (size_t t = 0; t < OVERLAP_TENSORS; t++)
        tensors[t] =
            (shs_tensor){.name = "x", .type = SHS_F32, .axes = 1, .shape = {overlap->count}};
    return shs_gradient_open(overlap->run, tensors, OVERLAP_TENSORS, &options, &overlap->gradient);
}

shs_status cli_overlap_measure(shs_run *run, struct overlap_result *result)
{
    struct overlap overlap = {.run = run, .count = (result->mebibytes << 18) / OVERLAP_TENSORS};
    shs_status status =
        core_new(result->rounds * KINDS, sizeof *overlap.seconds, "times", &overlap.seconds);
    status = mpi_agree(run, status, "bench --overlap, taking memory");
    if (!status) status = open_gradient(&overlap);
    if (!status) status = measure_rounds(&overlap, result);
    shs_gradient_close(&overlap.gradient);
    core_free(&overlap.seconds);
    return status;
}

double cli_overlap_hidden(const struct overlap_result *result)
{
    double shorter = result->mean < result->compute ? result->mean : result->compute;
    return (result->mean + result->compute - result->together) / shorter;
}
