/* shardstep bench --order. */
#include <stdio.h>

#include "cli_bench.h"
#include "core_memory.h"
#include "order_kernels.h"
#include "random_stream.h"

enum {
    ROUNDS = 5,    /* of which the best counts */
    BATCH = 1024,  /* positions that are asked for at a time */
    PASS = 1 << 20 /* positions of a round, or as many as there are */
};

typedef unsigned long long ull;

/* What is measured: fills rows, of the positions from `first` on. */
typedef void subject(const struct order_permutation *permutation, uint64_t first, uint64_t *rows);

static void in_bulk(const struct order_permutation *permutation, uint64_t first, uint64_t *rows)
{
    order_permutation_rows(permutation, first, BATCH, rows);
}

static void one_at_a_time(const struct order_permutation *permutation, uint64_t first,
                          uint64_t *rows)
{
    for (uint64_t i = 0; i < BATCH; i++)
        rows[i] = order_permutation_row(permutation, first + i);
}

static double measure(subject *take, const struct order_permutation *permutation)
{
    uint64_t rows[BATCH], sum = 0,
                          count = permutation->samples < PASS ? permutation->samples : PASS;
    double best = 0;
    count -= count % BATCH;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = seconds_now();
        for (uint64_t first = 0; first < count; first += BATCH) {
            take(permutation, first, rows);
            sum += rows[first % BATCH];
        }
        double seconds = (seconds_now() - begin) / (double)count;
        if (best == 0 || seconds < best) best = seconds;
    }
    return sum ? best : 0;
}

static void print(uint64_t samples, const char *what, double seconds, double bytes)
{
    printf("%10llu  %-28s %8.2f %14.0f\n", (ull)samples, what, seconds * 1e9, bytes);
}

/* What peers do: a table of all rows, shuffled at each epoch's beginning. */
static shs_status bench_table(uint64_t samples)
{
    uint64_t *table;
    shs_random random;
    double best = 0;
    shs_status status = core_new(samples, sizeof *table, "a table of rows", &table);
    if (status) return status;
    random_of_order(42, 0, 0, 0, 0, &random);
    for (int round = 0; round < ROUNDS; round++) {
        double begin = seconds_now();
        for (uint64_t i = 0; i < samples; i++)
            table[i] = i;
        for (uint64_t i = samples - 1; i > 0; i--) {
            uint64_t other = shs_random_below(&random, (uint32_t)i + 1), swap = table[i];
            table[i] = table[other];
            table[other] = swap;
        }
        double seconds = (seconds_now() - begin) / (double)samples;
        if (best == 0 || seconds < best) best = seconds;
    }
    print(samples, "Fisher-Yates over a table", best, (double)(samples * sizeof *table));
    core_free(&table);
    return SHS_OK;
}

static shs_status bench_samples(uint64_t samples)
{
    static const char *const kernels[] = {"plain", "avx2", "avx512"};
    struct order_permutation permutation = {0};
    char what[64];
    shs_status status = order_permutation_set(&permutation, 42, 0, 0, samples);
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels && !status; i++)
        if (order_kernels_choose(kernels[i])) {
            snprintf(what, sizeof what, "in bulk, %s", kernels[i]);
            print(samples, what, measure(in_bulk, &permutation), sizeof permutation);
        }
    order_kernels_choose("");
    if (!status)
        print(samples, "one at a time", measure(one_at_a_time, &permutation), sizeof permutation);
    order_permutation_free(&permutation);
    return status ? status : bench_table(samples);
}

shs_status cli_bench_order(void)
{
    printf("one core, %d positions at a time, the best of %d rounds\n", BATCH, ROUNDS);
    printf("%10s  %-28s %8s %14s\n", "N", "", "ns a row", "bytes kept");
    shs_status status = bench_samples(1000000);
    return status ? status : bench_samples((1 << 24) + 1);
}
