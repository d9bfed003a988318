/* shardstep bench: what this machine does, beside its ceilings, in one run. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "core_status.h"
#include "mpi_job.h"
#include "random_kernels.h"
#include "shardstep/random.h"

/* Bytes that are filled at a time, within the nearest caches; the best of so many rounds counts. */
enum {
    BYTES = 1 << 16,
    ROUNDS = 400
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A buffer of every type, and the stream that it is filled from. */
struct bench {
    union {
        uint32_t words[BYTES / 4];
        uint64_t longs[BYTES / 8];
        float floats[BYTES / 4];
        double doubles[BYTES / 8];
    } to;
    unsigned char from[BYTES];
    shs_random stream;
    double random123; /* GB/s of Random123's scalar code */
};

typedef shs_status fill(struct bench *bench);

static shs_status fill_u32(struct bench *b)
{
    return shs_random_fill_u32(&b->stream, b->to.words, BYTES / 4);
}

static shs_status fill_u64(struct bench *b)
{
    return shs_random_fill_u64(&b->stream, b->to.longs, BYTES / 8);
}

static shs_status fill_float(struct bench *b)
{
    return shs_random_fill_float(&b->stream, b->to.floats, BYTES / 4);
}

static shs_status fill_double(struct bench *b)
{
    return shs_random_fill_double(&b->stream, b->to.doubles, BYTES / 8);
}

static shs_status fill_below(struct bench *b)
{
    return shs_random_fill_below(&b->stream, 60000, b->to.words, BYTES / 4);
}

static shs_status fill_normal_float(struct bench *b)
{
    return shs_random_fill_normal_float(&b->stream, 0, 1, b->to.floats, BYTES / 4);
}

static shs_status fill_normal_double(struct bench *b)
{
    return shs_random_fill_normal_double(&b->stream, 0, 1, b->to.doubles, BYTES / 8);
}

static shs_status set_bytes(struct bench *b)
{
    memset(b->to.words, b->from[0]++, BYTES);
    return SHS_OK;
}

static shs_status copy_bytes(struct bench *b)
{
    memcpy(b->to.words, b->from, BYTES);
    return SHS_OK;
}

/* The fewest seconds of one call. */
static shs_status best_time(struct bench *bench, fill *work, double *seconds)
{
    *seconds = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = seconds_now();
        shs_status status = work(bench);
        double took = seconds_now() - begin;
        if (status) return status;
        if (took < *seconds) *seconds = took;
        __asm__ volatile("" : : "r"(bench->to.words) : "memory");
    }
    return SHS_OK;
}

static const struct {
    const char *name;
    fill *work;
    size_t numbers;
} fills[] = {
    {"u32", fill_u32, BYTES / 4},
    {"u64", fill_u64, BYTES / 8},
    {"float", fill_float, BYTES / 4},
    {"double", fill_double, BYTES / 8},
    {"below(60000)", fill_below, BYTES / 4},
    {"normal float", fill_normal_float, BYTES / 4},
    {"normal double", fill_normal_double, BYTES / 8},
};

static shs_status print_row(struct bench *bench, const char *kernels, const char *name, fill *work,
                            size_t numbers)
{
    double seconds;
    shs_status status = best_time(bench, work, &seconds);
    if (status) return status;
    double speed = BYTES / seconds * 1e-9;
    if (bench->random123 == 0 && work == fill_u32) bench->random123 = speed;
    printf("%-8s %-14s %8.2f", kernels, name, speed);
    if (bench->random123 > 0) printf(" %10.2f", speed / bench->random123);
    if (numbers) printf(" %10.3f", seconds / (double)numbers * 1e9);
    printf("\n");
    return SHS_OK;
}

static shs_status print_kernels(struct bench *bench, const char *kernels)
{
    shs_status status = SHS_OK;
    if (!random_kernels_choose(kernels)) return SHS_OK; /* not of this CPU */
    for (size_t i = 0; i < sizeof fills / sizeof *fills && !status; i++)
        status = print_row(bench, kernels, fills[i].name, fills[i].work, fills[i].numbers);
    return status;
}

static shs_status bench_random(struct bench *bench)
{
    shs_place place = {.seed = 1};
    shs_status status = shs_random_at(&place, &bench->stream);
    printf("one core, %d KiB at a time, the best of %d rounds; Random123 is its scalar code\n",
           BYTES >> 10, ROUNDS);
    printf("%-8s %-14s %8s %10s %10s\n", "code", "numbers", "GB/s", "Random123", "ns each");
    if (!status) status = print_kernels(bench, "plain");
    if (!status) status = print_kernels(bench, "avx2");
    if (!status) status = print_kernels(bench, "avx512");
    if (!status) status = print_row(bench, "libc", "memset", set_bytes, 0);
    if (!status) status = print_row(bench, "libc", "memcpy", copy_bytes, 0);
    random_kernels_choose("");
    return status;
}

static int run(const struct cli_arguments *arguments)
{
    static struct bench bench;
    if (mpi_job_rank() != 0) return CLI_DONE;
    if (arguments->random) return cli_exit_code(bench_random(&bench));
    return cli_exit_code(core_fail(SHS_ERROR_ARGUMENT, "say what to measure: --random"));
}

const struct cli_command cli_bench = {
    .name = "bench",
    .usage = "--random",
    .summary = "measures random numbers beside Random123, memset and memcpy",
    .options = "--random",
    .run = run,
};
