/* shardstep bench --reduce: the mean of the gradients beside MPI_Allreduce and memcpy(). */
#include "cli_bench_reduce.h"

#include "cli_bench.h"
#include "cli_json.h"
#include "mpi_bare.h"
#include "mpi_job.h"

enum {
    MOST_MEBIBYTES = 2048,
    QUICK_ROUNDS = 3,
    OVERLAP_ROUNDS = 7
};

/* All results. */
struct results {
    const shs_run *run;
    struct reduce_result size[REDUCE_MOST_SIZES];
    size_t count;
};

static shs_status read_sizes(const struct cli_arguments *arguments, struct results *results)
{
    const char *text = arguments->n_plain ? arguments->plain[0] : "1,4,16,64";
    uint64_t sizes[REDUCE_MOST_SIZES];
    results->count = cli_numbers(text, sizes, REDUCE_MOST_SIZES);
    bool right = results->count > 0;
    for (size_t i = 0; i < results->count; i++) {
        right = right && sizes[i] >= 1 && sizes[i] <= MOST_MEBIBYTES;
        results->size[i].mebibytes = sizes[i];
        /* an odd number of rounds, so that one is the median */
        results->size[i].rounds =
            arguments->quick ? QUICK_ROUNDS : (5 + 96 / (sizes[i] ? sizes[i] : 1)) | 1;
    }
    if (right) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--reduce takes up to %d sizes of 1 to %d MiB, such as 1,4,16,64, not '%.80s'",
                     REDUCE_MOST_SIZES, MOST_MEBIBYTES, text);
}

/* ---- The table. */

static void print_sizes(const struct results *results, const char *title)
{
    printf("%-42s", title);
    for (size_t i = 0; i < results->count; i++)
        printf(" %5llu MiB", (ull)results->size[i].mebibytes);
    printf("\n");
}

/* Prints a number for each size; 0 stands for what was not measured. */
static void print_number(double number, int digits)
{
    if (number > 0)
        printf(" %9.*f", digits, number);
    else
        printf(" %9s", "-");
}

/* How many times as fast as another way the first way is; 0 if it is not known. */
static double times_as_fast(const struct reduce_result *result, size_t way)
{
    return result->seconds[way] / result->seconds[0];
}

static void print_table(const struct results *results)
{
    const char *missing = mpi_bare_missing(results->run);
    printf("%d rank%s, %llu virtual rank%s, f32, in place; medians of", results->run->ranks,
           results->run->ranks == 1 ? "" : "s", (ull)results->run->vranks,
           results->run->vranks == 1 ? "" : "s");
    for (size_t i = 0; i < results->count; i++)
        printf("%s %llu", i ? "," : "", (ull)results->size[i].rounds);
    printf(" rounds of all ways in turn\n");
    print_sizes(results, "milliseconds, of the slowest rank");
    for (size_t w = 0; w < REDUCE_WAYS; w++) {
        printf("%-42s", reduce_ways[w].name);
        for (size_t i = 0; i < results->count; i++)
            print_number(results->size[i].seconds[w] * 1e3, 3);
        printf("\n");
    }
    print_sizes(results, "reproducible mean, times as fast as");
    for (size_t w = 1; w < REDUCE_WAYS; w++) {
        printf("%-42s", reduce_ways[w].name);
        for (size_t i = 0; i < results->count; i++)
            print_number(times_as_fast(&results->size[i], w), 2);
        printf("\n");
    }
    if (missing) printf("MPI_Allreduce was not measured: %s\n", missing);
}

/* ---- JSON. */

static void print_seconds(const char *key, double number)
{
    if (number > 0)
        cli_json_double(key, number);
    else
        cli_json_number(key, NULL);
}

static shs_status print_json(const struct results *results)
{
    const char *missing = mpi_bare_missing(results->run);
    cli_json_begin(NULL, '{');
    cli_json_u64("ranks", (uint64_t)results->run->ranks);
    cli_json_u64("vranks", results->run->vranks);
    if (missing)
        cli_json_text("not_measured", missing);
    else
        cli_json_number("not_measured", NULL);
    cli_json_begin("sizes", '[');
    for (size_t i = 0; i < results->count; i++) {
        const struct reduce_result *result = &results->size[i];
        cli_json_begin(NULL, '{');
        cli_json_u64("mebibytes", result->mebibytes);
        cli_json_u64("rounds", result->rounds);
        cli_json_begin("ms", '{');
        for (size_t w = 0; w < REDUCE_WAYS; w++)
            print_seconds(reduce_ways[w].key, result->seconds[w] * 1e3);
        cli_json_end('}');
        cli_json_begin("reproducible_times_as_fast_as", '{');
        for (size_t w = 1; w < REDUCE_WAYS; w++)
            print_seconds(reduce_ways[w].key, times_as_fast(result, w));
        cli_json_end('}');
        cli_json_end('}');
    }
    cli_json_end(']');
    cli_json_finish();
    return cli_json_status();
}

/* ---- A mean beside a computation. */

static void print_overlap_line(const char *name, const double *numbers, size_t count, int digits)
{
    printf("%-42s", name);
    for (size_t i = 0; i < count; i++)
        printf(" %9.*f", digits, numbers[i]);
    printf("\n");
}

static void print_overlap_table(const struct results *results,
                                const struct overlap_result *overlaps)
{
    double mean[REDUCE_MOST_SIZES], compute[REDUCE_MOST_SIZES], together[REDUCE_MOST_SIZES],
        hidden[REDUCE_MOST_SIZES];
    for (size_t i = 0; i < results->count; i++) {
        mean[i] = overlaps[i].mean * 1e3;
        compute[i] = overlaps[i].compute * 1e3;
        together[i] = overlaps[i].together * 1e3;
        hidden[i] = cli_overlap_hidden(&overlaps[i]) * 1e2;
    }
    printf("%d rank%s, %llu virtual rank%s, f32, %d tensors; medians of %llu rounds\n",
           results->run->ranks, results->run->ranks == 1 ? "" : "s", (ull)results->run->vranks,
           results->run->vranks == 1 ? "" : "s", OVERLAP_TENSORS, (ull)overlaps[0].rounds);
    print_sizes(results, "milliseconds, of the slowest rank");
    print_overlap_line("reproducible mean alone", mean, results->count, 3);
    print_overlap_line("computation alone", compute, results->count, 3);
    print_overlap_line("both together", together, results->count, 3);
    print_overlap_line("hidden part of the mean, in percent", hidden, results->count, 1);
}

static shs_status print_overlap_json(const struct results *results,
                                     const struct overlap_result *overlaps)
{
    cli_json_begin(NULL, '{');
    cli_json_u64("ranks", (uint64_t)results->run->ranks);
    cli_json_u64("vranks", results->run->vranks);
    cli_json_u64("tensors", OVERLAP_TENSORS);
    cli_json_begin("sizes", '[');
    for (size_t i = 0; i < results->count; i++) {
        cli_json_begin(NULL, '{');
        cli_json_u64("mebibytes", overlaps[i].mebibytes);
        cli_json_u64("rounds", overlaps[i].rounds);
        cli_json_begin("ms", '{');
        cli_json_double("mean", overlaps[i].mean * 1e3);
        cli_json_double("computation", overlaps[i].compute * 1e3);
        cli_json_double("together", overlaps[i].together * 1e3);
        cli_json_end('}');
        cli_json_double("hidden", cli_overlap_hidden(&overlaps[i]));
        cli_json_end('}');
    }
    cli_json_end(']');
    cli_json_finish();
    return cli_json_status();
}

/* Collective. */
static shs_status measure_overlap(shs_run *run, const struct results *results,
                                  const struct cli_arguments *arguments)
{
    struct overlap_result overlaps[REDUCE_MOST_SIZES] = {0};
    shs_status status = SHS_OK;
    for (size_t i = 0; i < results->count && !status; i++) {
        overlaps[i].mebibytes = results->size[i].mebibytes;
        overlaps[i].rounds = arguments->quick ? QUICK_ROUNDS : OVERLAP_ROUNDS;
        status = cli_overlap_measure(run, &overlaps[i]);
    }
    if (status || run->rank) return status;
    if (arguments->json) return print_overlap_json(results, overlaps);
    print_overlap_table(results, overlaps);
    return SHS_OK;
}

/* ---- The command. */

static shs_status print_results(const struct results *results, bool json)
{
    if (results->run->rank) return SHS_OK;
    if (json) return print_json(results);
    print_table(results);
    return SHS_OK;
}

int cli_bench_reduce(const struct cli_arguments *arguments)
{
    const shs_run_options options = {.vranks = arguments->vranks, .report = cli_report};
    struct results results = {0};
    shs_run *run;
    shs_status status = mpi_job_open(&options, &run);
    if (status) return cli_exit_code(status);
    results.run = run;
    status = mpi_agree(run, read_sizes(arguments, &results), "bench --reduce");
    if (!status && arguments->overlap) {
        status = measure_overlap(run, &results, arguments);
        return cli_close(&run, cli_exit_code(status));
    }
    for (size_t i = 0; i < results.count && !status; i++)
        status = cli_reduce_measure(run, &results.size[i]);
    if (!status) status = print_results(&results, arguments->json);
    return cli_close(&run, cli_exit_code(status));
}
