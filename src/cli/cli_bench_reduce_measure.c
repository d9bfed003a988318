/* shardstep bench --reduce: the rounds for one size. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cli_bench_reduce.h"
#include "cli_seconds.h"
#include "core_memory.h"
#include "mpi_bare.h"
#include "order_tree.h"

const struct reduce_way reduce_ways[REDUCE_WAYS] = {
    {"reproducible mean", "reproducible", REDUCE_MEAN, .reduction = SHS_REDUCTION_REPRODUCIBLE},
    {"reproducible mean, tensors borrowed", "reproducible_borrowed", REDUCE_MEAN,
     .reduction = SHS_REDUCTION_REPRODUCIBLE, .own = true, .borrow = true},
    {"reproducible mean, tensors copied", "reproducible_copied", REDUCE_MEAN,
     .reduction = SHS_REDUCTION_REPRODUCIBLE, .own = true},
    {"fast mean", "fast", REDUCE_MEAN, .reduction = SHS_REDUCTION_FAST},
    {"MPI_Allreduce", "allreduce", REDUCE_ALLREDUCE, .huge = false},
    {"MPI_Allreduce, 4 MiB at a time", "allreduce_pieces", REDUCE_ALLREDUCE, .pieces = true},
    {"MPI_Allreduce, huge pages", "allreduce_huge", REDUCE_ALLREDUCE, .huge = true},
    {"MPI_Allreduce, huge pages, 4 MiB at a time", "allreduce_huge_pieces", REDUCE_ALLREDUCE,
     .huge = true, .pieces = true},
    {"memcpy, huge pages", "memcpy", REDUCE_MEMCPY, .huge = true},
};

enum {
    HUGE_PAGE = 1 << 21,
    VALUES = 8, /* the numbers that are added are 0 … VALUES - 1, so that every sum is exact */
    PROBES = 64 /* elements that are compared after each round */
};

/* Floats in huge pages, if the system has them. */
struct huge {
    void *map;
    size_t bytes; /* of the map */
    float *floats;
};

/* The memory of a size, and what is measured with it. */
struct reduce {
    shs_run *run;
    size_t count; /* floats */
    float *plain; /* in the pages that the C library takes */
    struct huge huge, copy;
    shs_gradient *mean[REDUCE_WAYS]; /* of each way that is a mean */
    uint64_t step;
    float sums[VALUES];  /* of MPI_Allreduce, by what rank 0 gives */
    float means[VALUES]; /* of the means, by what rank 0 gives */
    double *seconds;     /* of each way in each round */
};

/* ---- Memory. */

static shs_status huge_new(size_t count, struct huge *huge)
{
    size_t bytes = count * sizeof *huge->floats + HUGE_PAGE;
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return core_fail(SHS_ERROR_MEMORY, "no memory for %zu floats in huge pages", count);
    uintptr_t begin = ((uintptr_t)map + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    *huge = (struct huge){map, bytes, (float *)begin};
    /* Without huge pages the floats lie in small pages. */
    (void)madvise(huge->floats, bytes - HUGE_PAGE, MADV_HUGEPAGE);
    return SHS_OK;
}

static void huge_free(struct huge *huge)
{
    if (huge->map) munmap(huge->map, huge->bytes);
    huge->map = NULL;
}

/* What a rank gives for an element. */
static float value_of(uint64_t rank, size_t element)
{
    return (float)((element + rank) % VALUES);
}

/* A rank gives the same for each virtual rank that it hosts. */
static void expect(struct reduce *reduce)
{
    uint64_t vranks = reduce->run->vranks, ranks = (uint64_t)reduce->run->ranks;
    for (size_t element = 0; element < VALUES; element++) {
        double sum = 0, weighted = 0;
        for (uint64_t rank = 0; rank < ranks; rank++) {
            double value = (double)value_of(rank, element);
            uint64_t first = order_first_vrank(vranks, ranks, rank);
            sum += value;
            weighted += value * (double)(order_first_vrank(vranks, ranks, rank + 1) - first);
        }
        reduce->sums[element] = (float)sum;
        reduce->means[element] = (float)(weighted / (double)vranks);
    }
}

static shs_status take_memory(struct reduce *reduce, const struct reduce_result *result)
{
    shs_status status = core_new(reduce->count, sizeof *reduce->plain, "floats", &reduce->plain);
    if (!status) status = huge_new(reduce->count, &reduce->huge);
    if (!status) status = huge_new(reduce->count, &reduce->copy);
    if (!status)
        status = core_new((result->rounds + 1) * REDUCE_WAYS, sizeof *reduce->seconds, "times",
                          &reduce->seconds);
    return status;
}

static void release(struct reduce *reduce)
{
    for (size_t w = 0; w < REDUCE_WAYS; w++)
        shs_gradient_close(&reduce->mean[w]);
    core_free(&reduce->plain);
    core_free(&reduce->seconds);
    huge_free(&reduce->huge);
    huge_free(&reduce->copy);
}

/* Collective. */
static shs_status begin(struct reduce *reduce, const struct reduce_result *result)
{
    shs_status status =
        mpi_agree(reduce->run, take_memory(reduce, result), "bench --reduce, taking memory");
    for (size_t w = 0; w < REDUCE_WAYS && !status; w++) {
        const struct reduce_way *way = &reduce_ways[w];
        const shs_gradient_options options = {
            .reduction = way->reduction, .provide = !way->own, .borrow = way->borrow};
        const shs_tensor tensor = {.name = "x",
                                   .type = SHS_F32,
                                   .axes = 1,
                                   .shape = {reduce->count},
                                   .data = way->own ? reduce->plain : NULL};
        if (way->kind == REDUCE_MEAN)
            status = shs_gradient_open(reduce->run, &tensor, 1, &options, &reduce->mean[w]);
    }
    expect(reduce);
    return status;
}

/* ---- A round. */

/* Collective. What a step of a training does with its gradients. */
static shs_status add_and_mean(struct reduce *reduce, shs_gradient *mean)
{
    shs_batch batch = {.step = reduce->step++, .rows = 1, .count = 1};
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < reduce->run->hosted && !status; i++) {
        batch.vrank = reduce->run->first_vrank + i;
        status = shs_gradient_add(mean, &batch);
    }
    /* A rank that failed has not added all, and shs_gradient_mean() says so on every rank. */
    shs_status all = shs_gradient_mean(mean);
    return status ? status : all;
}

/* The memory that a way works on. */
static float *floats_of(const struct reduce *reduce, const struct reduce_way *way)
{
    if (way->kind == REDUCE_MEAN)
        return shs_gradient_tensor(reduce->mean[way - reduce_ways], 0)->data;
    return way->huge ? reduce->huge.floats : reduce->plain;
}

static shs_status work(struct reduce *reduce, const struct reduce_way *way)
{
    float *floats = floats_of(reduce, way);
    if (way->kind == REDUCE_MEAN) return add_and_mean(reduce, reduce->mean[way - reduce_ways]);
    if (way->kind == REDUCE_ALLREDUCE)
        return mpi_bare_sum(reduce->run, floats, reduce->count,
                            way->pieces ? REDUCE_PIECE : reduce->count);
    memcpy(reduce->copy.floats, floats, reduce->count * sizeof *floats);
    return SHS_OK;
}

static const float *results_of(const struct reduce *reduce, const struct reduce_way *way)
{
    if (way->kind == REDUCE_MEMCPY) return reduce->copy.floats;
    return floats_of(reduce, way);
}

/* Compares every `stride`-th element. */
static shs_status check(const struct reduce *reduce, const struct reduce_way *way, size_t stride)
{
    const float *results = results_of(reduce, way);
    for (size_t i = 0; i < reduce->count; i += stride) {
        float expected = value_of((uint64_t)reduce->run->rank, i);
        if (way->kind == REDUCE_MEAN) expected = reduce->means[i % VALUES];
        if (way->kind == REDUCE_ALLREDUCE) expected = reduce->sums[i % VALUES];
        if (results[i] == expected) continue;
        return core_fail(SHS_ERROR_MPI, "bench --reduce: %s gave %g for element %zu, not %g",
                         way->name, (double)results[i], i, (double)expected);
    }
    return SHS_OK;
}

static void fill(const struct reduce *reduce, float *floats)
{
    for (size_t i = 0; i < reduce->count; i++)
        floats[i] = value_of((uint64_t)reduce->run->rank, i);
}

static bool is_measured(const struct reduce *reduce, const struct reduce_way *way)
{
    return way->kind != REDUCE_ALLREDUCE || !mpi_bare_missing(reduce->run);
}

/* Collective. Measures a way once: the time of the slowest rank. */
static shs_status measure(struct reduce *reduce, const struct reduce_way *way, size_t stride,
                          double *seconds)
{
    fill(reduce, floats_of(reduce, way));
    shs_status status = mpi_bare_meet(reduce->run);
    double begin = cli_seconds();
    if (!status) status = work(reduce, way);
    uint64_t nanoseconds = (uint64_t)((cli_seconds() - begin) * 1e9) + 1;
    if (!status) status = check(reduce, way, stride);
    status = mpi_agree(reduce->run, status, "bench --reduce, %s", way->name);
    if (!status) status = mpi_greatest(reduce->run, &nanoseconds, 1);
    *seconds = (double)nanoseconds * 1e-9;
    return status;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The times of a way in all rounds but the first lie together. */
static void take_medians(struct reduce *reduce, struct reduce_result *result)
{
    for (size_t w = 0; w < REDUCE_WAYS; w++) {
        double *seconds = reduce->seconds + w * (result->rounds + 1) + 1;
        qsort(seconds, result->rounds, sizeof *seconds, compare_doubles);
        result->seconds[w] = seconds[result->rounds / 2];
    }
}

/* Collective. The first round is not counted: it touches the memory. All elements are compared
 * there. */
static shs_status measure_rounds(struct reduce *reduce, struct reduce_result *result)
{
    shs_status status = SHS_OK;
    for (uint64_t round = 0; round <= result->rounds && !status; round++)
        for (size_t w = 0; w < REDUCE_WAYS && !status; w++) {
            const struct reduce_way *way = &reduce_ways[w];
            double *seconds = reduce->seconds + w * (result->rounds + 1) + round;
            if (is_measured(reduce, way))
                status = measure(reduce, way, round ? reduce->count / PROBES + 1 : 1, seconds);
        }
    if (!status) take_medians(reduce, result);
    return status;
}

shs_status cli_reduce_measure(shs_run *run, struct reduce_result *result)
{
    struct reduce reduce = {.run = run, .count = result->mebibytes << 18};
    shs_status status = begin(&reduce, result);
    if (!status) status = measure_rounds(&reduce, result);
    release(&reduce);
    return status;
}
