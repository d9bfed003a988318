/* shardstep bench --random: the speed of random numbers, by all kernels that this CPU runs. */
#include <stdio.h>
#include <string.h>

#include "cli_bench.h"
#include "cli_seconds.h"
#include "core_status.h"
#include "random_kernels.h"
#include "shardstep/random.h"

/* Each pass measures all rows of the table, and each row in several rounds. The fastest round of
 * all passes counts. A row is thus measured at many moments, some of which find the processor
 * slowed. */
enum {
    BYTES = 1 << 16, /* bytes of a call, which fit in the nearest caches */
    ROUNDS = 40,
    PASSES = 25,
    MOST_ROWS = 32
};

/* Buffers, and the stream that fills them. */
struct bench {
    union {
        uint32_t words[BYTES / 4];
        uint64_t longs[BYTES / 8];
        float floats[BYTES / 4];
        double doubles[BYTES / 8];
    } to;
    unsigned char from[BYTES];
    shs_random stream;
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

/* A line of the table. */
struct row {
    const char *kernels; /* NULL if the kernels do not matter */
    const char *name;
    fill *work;
    size_t numbers; /* numbers of a call; 0 if they are not counted */
    double seconds; /* the fewest seconds of a call */
};

static shs_status measure(struct bench *bench, struct row *row)
{
    random_kernels_choose(row->kernels ? row->kernels : "");
    for (int round = 0; round < ROUNDS; round++) {
        double begin = cli_seconds();
        shs_status status = row->work(bench);
        double took = cli_seconds() - begin;
        if (status) return status;
        if (took < row->seconds) row->seconds = took;
        __asm__ volatile("" : : "r"(bench->to.words) : "memory");
    }
    return SHS_OK;
}

static const struct row fills[] = {
    {NULL, "u32", fill_u32, BYTES / 4, 0},
    {NULL, "u64", fill_u64, BYTES / 8, 0},
    {NULL, "float", fill_float, BYTES / 4, 0},
    {NULL, "double", fill_double, BYTES / 8, 0},
    {NULL, "below(60000)", fill_below, BYTES / 4, 0},
    {NULL, "normal float", fill_normal_float, BYTES / 4, 0},
    {NULL, "normal double", fill_normal_double, BYTES / 8, 0},
};

static size_t add_row(struct row *rows, size_t count, const char *kernels, struct row row)
{
    row.kernels = kernels;
    row.seconds = 1e9;
    rows[count] = row;
    return count + 1;
}

/* Makes the rows of the table: all fills by each kernel that this CPU runs, then memset() and
 * memcpy(). The first row is Random123's scalar code. Returns the number of rows. */
static size_t make_rows(struct row *rows)
{
    static const char *const kernels[] = {"plain", "avx2", "avx512"};
    size_t count = 0;
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        if (!random_kernels_choose(kernels[k])) continue;
        for (size_t f = 0; f < sizeof fills / sizeof *fills; f++)
            count = add_row(rows, count, kernels[k], fills[f]);
    }
    count = add_row(rows, count, NULL, (struct row){NULL, "memset", set_bytes, 0, 0});
    return add_row(rows, count, NULL, (struct row){NULL, "memcpy", copy_bytes, 0, 0});
}

static void print_row(const struct row *row, const struct row *random123)
{
    printf("%-8s %-14s %8.2f %10.2f", row->kernels ? row->kernels : "libc", row->name,
           BYTES / row->seconds * 1e-9, random123->seconds / row->seconds);
    if (row->numbers) printf(" %10.3f", row->seconds / (double)row->numbers * 1e9);
    printf("\n");
}

shs_status cli_bench_random(void)
{
    static struct bench room, *bench = &room;
    struct row rows[MOST_ROWS];
    size_t count = make_rows(rows);
    shs_place place = {.seed = 1};
    shs_status status = shs_random_at(&place, &bench->stream);
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < count && !status; i++)
            status = measure(bench, &rows[i]);
    random_kernels_choose("");
    if (status) return status;
    printf("one core, %d KiB at a time, the best of %d rounds; plain u32 is Random123's scalar "
           "code\n",
           BYTES >> 10, ROUNDS * PASSES);
    printf("%-8s %-14s %8s %10s %10s\n", "code", "numbers", "GB/s", "times it", "ns each");
    for (size_t i = 0; i < count; i++)
        print_row(&rows[i], &rows[0]);
    return SHS_OK;
}
