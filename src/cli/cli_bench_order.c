/* shardstep bench --order: time and memory for the order of rows. */
#include <stdio.h>

#include "cli_bench.h"
#include "cli_seconds.h"
#include "core_memory.h"
#include "order_kernels.h"
#include "order_ledger.h"
#include "order_mix.h"
#include "order_weights.h"
#include "random_stream.h"

enum {
    ROUNDS = 5,    /* rounds, of which the fastest counts */
    BATCH = 1024,  /* positions of a call */
    PASS = 1 << 20 /* positions of a round, at most */
};

/* A function that is measured. It sets `rows` to the rows of BATCH positions, from `first` on. */
typedef shs_status subject(void *of, uint64_t first, uint64_t *rows);

static shs_status in_bulk(void *of, uint64_t first, uint64_t *rows)
{
    order_permutation_rows(of, first, BATCH, rows);
    return SHS_OK;
}

static shs_status one_at_a_time(void *of, uint64_t first, uint64_t *rows)
{
    for (uint64_t i = 0; i < BATCH; i++)
        rows[i] = order_permutation_row(of, first + i);
    return SHS_OK;
}

static shs_status by_order(void *of, uint64_t first, uint64_t *rows)
{
    struct order_epoch *epoch = of;
    return order_rows(epoch, 0, order_slice(&epoch->of->shape, first / BATCH, 0), rows);
}

/* Numbers that belong to all sources in turn, like the numbers that an epoch's permutation gives.
 */
static shs_status by_mix(void *of, uint64_t first, uint64_t *rows)
{
    struct order_mix_epoch *epoch = of;
    const struct order_mix_source *last = &epoch->part[epoch->parts - 1].source;
    for (uint64_t i = 0; i < BATCH; i++)
        rows[i] = (first + i) * 7919 % (last->begin + last->takes);
    return order_mix_rows(epoch, rows, BATCH);
}

static shs_status by_weight(void *of, uint64_t first, uint64_t *rows)
{
    const struct order_source source = {.seed = 42};
    for (uint64_t i = 0; i < BATCH; i++)
        rows[i] = first + i;
    order_weights_rows(of, &source, rows, BATCH);
    return SHS_OK;
}

static shs_status into_ledger(void *of, uint64_t first, uint64_t *rows)
{
    rows[first % BATCH] = first;
    order_ledger_add(of, rows, BATCH);
    return SHS_OK;
}

/* Sets *best to the fewest seconds a row, in an epoch of `samples` rows. */
static shs_status measure(subject *take, void *of, uint64_t samples, double *best)
{
    static uint64_t rows[BATCH];
    uint64_t count = samples < PASS ? samples : PASS;
    shs_status status = SHS_OK;
    *best = 0;
    count -= count % BATCH;
    for (int round = 0; round < ROUNDS && !status; round++) {
        double begin = cli_seconds();
        for (uint64_t first = 0; first < count && !status; first += BATCH)
            status = take(of, first, rows);
        double seconds = (cli_seconds() - begin) / (double)count;
        if (*best == 0 || seconds < *best) *best = seconds;
    }
    return status;
}

static void print(uint64_t samples, const char *what, double seconds, double bytes)
{
    printf("%10llu  %-28s %8.2f %14.0f\n", (ull)samples, what, seconds * 1e9, bytes);
}

/* Measures what other loaders do: a table of all rows is shuffled at each epoch's beginning. */
static shs_status bench_table(uint64_t samples)
{
    uint64_t *table;
    shs_random random;
    double best = 0;
    shs_status status = core_new(samples, sizeof *table, "a table of rows", &table);
    if (status) return status;
    random_of_order(42, 0, 0, 0, 0, &random);
    for (int round = 0; round < ROUNDS; round++) {
        double begin = cli_seconds();
        for (uint64_t i = 0; i < samples; i++)
            table[i] = i;
        for (uint64_t i = samples - 1; i > 0; i--) {
            uint64_t other = shs_random_below(&random, (uint32_t)i + 1), swap = table[i];
            table[i] = table[other];
            table[other] = swap;
        }
        double seconds = (cli_seconds() - begin) / (double)samples;
        if (best == 0 || seconds < best) best = seconds;
    }
    print(samples, "Fisher-Yates over a table", best, (double)(samples * sizeof *table));
    core_free(&table);
    return SHS_OK;
}

static shs_status tell(subject *take, void *of, uint64_t samples, const char *what, double bytes)
{
    double seconds;
    shs_status status = measure(take, of, samples, &seconds);
    if (!status) print(samples, what, seconds, bytes);
    return status;
}

static shs_status bench_permutation(uint64_t samples)
{
    static const char *const kernels[] = {"plain", "avx2", "avx512"};
    struct order_permutation permutation = {0};
    char what[64];
    shs_status status = order_permutation_set(&permutation, 42, 0, 0, samples);
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels && !status; i++) {
        if (!order_kernels_choose(kernels[i])) continue;
        snprintf(what, sizeof what, "in bulk, %s", kernels[i]);
        status = tell(in_bulk, &permutation, samples, what, sizeof permutation);
    }
    order_kernels_choose("");
    if (!status)
        status = tell(one_at_a_time, &permutation, samples, "one at a time", sizeof permutation);
    order_permutation_free(&permutation);
    return status;
}

static shs_status bench_blocks(uint64_t samples)
{
    struct order order = {.shape = {.samples = samples,
                                    .vranks = 1,
                                    .batch = BATCH,
                                    .shuffle = SHS_SHUFFLE_BLOCKS,
                                    .block_rows = 64,
                                    .window_blocks = 16},
                          .seed = 42};
    struct order_epoch epoch = {0};
    shs_status status = order_begin(&order, 0, &epoch);
    if (!status)
        status = tell(by_order, &epoch, samples, "blocks of 64, windows of 16", sizeof epoch);
    order_epoch_free(&epoch);
    return status;
}

/* Measures a mixture of three sources. The first gives more rows than its share, so it is repeated.
 */
static shs_status bench_mix(uint64_t samples)
{
    const uint64_t bounds[] = {0, samples / 4, samples / 2, samples}, ratio[] = {5, 2, 3};
    struct order_mix mix = {.permuted = true, .seed = 42};
    struct order_mix_epoch epoch = {0};
    shs_status status = order_mix_open(&mix, bounds, ratio, 3, samples);
    if (!status) status = order_mix_begin(&mix, 1, &epoch);
    if (!status)
        status = tell(by_mix, &epoch, samples, "numbers of 3 sources to rows",
                      (double)(sizeof epoch + 3 * sizeof *epoch.part));
    order_mix_epoch_free(&epoch);
    order_mix_free(&mix);
    return status;
}

static shs_status bench_weights(uint64_t samples)
{
    double *values;
    struct order_weights weights = {0};
    shs_status status = core_new(samples, sizeof *values, "weights", &values);
    for (uint64_t i = 0; i < samples && !status; i++)
        values[i] = (double)(1 + i % 100);
    if (!status) status = order_weights_of_rows(&weights, values, samples);
    core_free(&values);
    if (!status)
        status = tell(by_weight, &weights, samples, "drawn by weight",
                      (double)samples * sizeof *weights.table.cells);
    order_weights_free(&weights);
    return status;
}

static shs_status bench_samples(uint64_t samples)
{
    struct order_ledger ledger = {0};
    shs_status status = bench_permutation(samples);
    if (!status) status = bench_table(samples);
    if (!status) status = bench_blocks(samples);
    if (!status) status = bench_mix(samples);
    if (!status) status = bench_weights(samples);
    if (!status) status = tell(into_ledger, &ledger, samples, "the ledger", sizeof ledger);
    return status;
}

shs_status cli_bench_order(bool quick)
{
    printf("one core, %d positions at a time, the best of %d rounds\n", BATCH, ROUNDS);
    printf("%10s  %-28s %8s %14s\n", "N", "", "ns a row", "bytes kept");
    shs_status status = bench_samples(quick ? 20000 : 1000000);
    return status ? status : bench_samples(quick ? 40000 : (1 << 24) + 1);
}
