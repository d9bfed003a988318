/* The result of `bench PATH`, as text and as JSON. A number is the median of the rounds, except the
 * accelerator utilisation, which is the mean.
 *
 * The accelerator utilisation is that of MLPerf Storage: the time that a simulated accelerator
 * computes, divided by the time of the benchmark, without the first step (MLPerf Storage v2.0,
 * Submission_guidelines.md, "Performance Metrics", in github.com/mlcommons/storage). As in DLIO,
 * which MLPerf Storage measures with, the time of computing is the measured time, the first step of
 * each pass counts neither in the one nor in the other time, and the result is the mean over ranks
 * and passes (compute_metrics_train() of dlio_benchmark/utils/statscounter.py in
 * github.com/argonne-lcf/dlio_benchmark). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_advice.h"
#include "cli_bench_file.h"
#include "cli_json.h"
#include "cli_loader_memory.h"
#include "cli_text.h"

static const struct {
    const char *name, *key;
} ceilings[BENCH_CEILINGS] = {
    [BENCH_READ] = {"positional read", "read"},
    [BENCH_DECODE] = {"chunk decoding", "decode"},
    [BENCH_AUGMENT] = {"augmentation", "augment"},
    [BENCH_COPY] = {"memcpy", "memcpy"},
    [BENCH_SET] = {"memset", "memset"},
};

static const char *const lacks[] = {
    [BENCH_NO_ROWS] = "a rank loads no row",
    [BENCH_THROUGH_HDF5] = "a field is read through HDF5",
    [BENCH_FROM_SOURCES] = "a field is virtual",
    [BENCH_UNKNOWN_PLACES] = ("the offsets of a ragged field are not in memory, or a field takes a "
                              "part of its rows, or is a sparse matrix"),
    [BENCH_NOT_COMPRESSED] = "no field is stored with filters",
    [BENCH_NOT_AUGMENTED] = "no field is augmented",
};

/* ---- Numbers of the result. */

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *numbers, int count)
{
    qsort(numbers, (size_t)count, sizeof *numbers, compare);
    return (numbers[(count - 1) / 2] + numbers[count / 2]) / 2;
}

static double samples_per_s(const struct bench_total *total)
{
    return ratio(total->samples, total->seconds);
}

static double bytes_per_s(const struct bench_total *total)
{
    return ratio(total->bytes, total->seconds);
}

static double read_bytes_per_s(const struct bench_total *total)
{
    return ratio(total->read_bytes, total->seconds);
}

static double cpu_per_1000(const struct bench_total *total)
{
    return ratio(total->cpu, total->samples / 1000);
}

static double decoded_per_1000(const struct bench_total *total)
{
    return ratio(total->decoded, total->samples / 1000);
}

static double cold_share(const struct bench_total *total)
{
    return ratio(total->cold_reads, total->reads);
}

static double waited_share(const struct bench_total *total)
{
    return total->waited_share;
}

/* Seconds a step; the first step of a pass is left out. */
static double waited_a_step(const struct bench_total *total)
{
    return ratio(total->waited, (double)total->steps - 1);
}

static double waited_mean_a_step(const struct bench_total *total)
{
    return ratio(total->waited_mean, (double)total->steps - 1);
}

static double median_of(const struct bench_total *passes, int count,
                        double (*number)(const struct bench_total *))
{
    double numbers[BENCH_ROUNDS];
    for (int i = 0; i < count; i++)
        numbers[i] = number(&passes[i]);
    return median(numbers, count);
}

static double utilisation(const struct bench_result *result)
{
    double sum = 0;
    for (int i = 0; i < result->rounds; i++)
        sum += result->computing[i].utilisation;
    return sum / result->rounds;
}

static double ceiling(const struct bench_result *result, int which)
{
    double rates[BENCH_ROUNDS];
    for (int i = 0; i < result->rounds; i++)
        rates[i] = result->rate[i][which];
    return median(rates, result->rounds);
}

static double speed(const struct bench_result *result)
{
    return median_of(result->alone, result->rounds, samples_per_s);
}

static double sum_of_samples(const struct bench_result *result)
{
    double sum = 0;
    for (int i = 0; i < result->rounds; i++)
        sum += result->alone[i].samples;
    return sum;
}

static uint64_t sum_of_steps(const struct bench_result *result)
{
    uint64_t sum = 0;
    for (int i = 0; i < result->rounds; i++)
        sum += result->alone[i].steps;
    return sum;
}

/* ---- Text. */

/* Prints a line with what is not printable in it shown. */
static void print_line(const char *line)
{
    char text[CORE_MESSAGE_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    cli_print_text(stdout, text);
    printf("\n");
}

static void print_head(const struct bench_file *bench)
{
    const shs_run *run = bench->run;
    cli_print_text(stdout, bench->arguments->plain[0]);
    printf(": %llu samples of %llu bytes as delivered; %s, batch %llu, ahead %u\n",
           (ull)bench->samples, (ull)bench->sample_bytes, order_shuffle_name(bench->shuffle),
           (ull)bench->batch, bench->ahead);
    printf("%d rank%s, %llu virtual rank%s, an epoch of %llu samples in %llu steps\n", run->ranks,
           run->ranks == 1 ? "" : "s", (ull)run->vranks, run->vranks == 1 ? "" : "s",
           (ull)bench->epoch_samples, (ull)bench->epoch_steps);
    for (const char *line = bench->pushdown.bytes; line && *line; line += strcspn(line, "\n") + 1)
        print_line(line);
}

static void print_first(const struct bench_file *bench, const struct bench_result *result)
{
    const struct bench_total *first = &result->first;
    bool cold = bench->arguments->cold;
    printf(
        "first pass%s%s: %.0f samples/s in %llu steps, %.1f%% of the reads waited for the disk\n",
        cold ? ", cold" : "", cold && bench->compute.seconds > 0 ? ", with computing" : "",
        samples_per_s(first), (ull)first->steps, 100 * cold_share(first));
    if (cold && first->reads == 0)
        printf("    whether it was cold is not known: reads through HDF5 are not counted\n");
    else if (cold && first->cold_reads == 0)
        printf("    it was not cold: the file system keeps the pages in memory, or cannot tell\n");
    printf("the rounds: %.1f chunks decoded for 1000 samples, %.1f%% of the reads waited for the "
           "disk\n",
           median_of(result->alone, result->rounds, decoded_per_1000),
           100 * median_of(result->alone, result->rounds, cold_share));
}

static void print_computing(const struct bench_file *bench, const struct bench_result *result)
{
    const struct bench_total *first = &result->first;
    if (bench->compute.seconds <= 0) return;
    printf("beside %g ms of computing a step%s, from the second step on:\n",
           bench->compute.seconds * 1000, bench->compute.busy ? ", on the CPU" : "");
    if (bench->arguments->cold)
        printf("    %-22s accelerator utilisation %.4f, waited for data %.2f%% of the time\n",
               "first pass, cold", first->utilisation, 100 * first->waited_share);
    printf("    %-22s accelerator utilisation %.4f, waited for data %.2f%% of the time\n",
           bench->arguments->cold ? "warm" : "", utilisation(result),
           100 * median_of(result->computing, result->rounds, waited_share));
}

static void print_lacks(const struct bench_file *bench)
{
    for (int c = 0; c < BENCH_CEILINGS; c++)
        if (bench->lack[c]) printf("no %s: %s\n", ceilings[c].name, lacks[bench->lack[c]]);
    if (bench->images)
        printf("no image decoding: the loader decodes images, and no ceiling does\n");
}

static void print_rounds(const struct bench_result *result)
{
    if (result->rounds == 1)
        printf("one round");
    else
        printf("medians of %d rounds", result->rounds);
    printf(" of the loader and then each ceiling, which uses one core a rank\n");
}

static void print_one(const struct bench_file *bench, const struct bench_result *result)
{
    double rate = speed(result);
    printf("threads %u, ", result->threads);
    print_rounds(result);
    printf("%-18s %12s %10s %12s %10s\n", "", "samples/s", "MB/s", "CPU s/1000", "loader is");
    printf("%-18s %12.0f %10.1f %12.6f\n", "loader", rate,
           median_of(result->alone, result->rounds, bytes_per_s) / 1e6,
           median_of(result->alone, result->rounds, cpu_per_1000));
    for (int c = 0; c < BENCH_CEILINGS; c++)
        if (!bench->lack[c])
            printf("%-18s %12.0f %23s %10.2f\n", ceilings[c].name, ceiling(result, c), "",
                   ratio(rate, ceiling(result, c)));
    print_lacks(bench);
    print_first(bench, result);
    print_computing(bench, result);
    cli_loader_memory_print(&result->memory);
    printf("the last pass: %s\n", result->report);
}

static void print_sweep(const struct bench_file *bench)
{
    print_rounds(bench->result);
    printf("%-8s %12s %10s %12s", "threads", "samples/s", "MB/s", "CPU s/1000");
    for (int c = 0; c < BENCH_CEILINGS; c++)
        if (!bench->lack[c]) printf("  of %s", ceilings[c].key);
    printf("%s\n", bench->compute.seconds > 0 ? "  utilisation  waited" : "");
    for (size_t i = 0; i < bench->results; i++) {
        const struct bench_result *result = &bench->result[i];
        double rate = speed(result);
        printf("%-8u %12.0f %10.1f %12.6f", result->threads, rate,
               median_of(result->alone, result->rounds, bytes_per_s) / 1e6,
               median_of(result->alone, result->rounds, cpu_per_1000));
        for (int c = 0; c < BENCH_CEILINGS; c++)
            if (!bench->lack[c])
                printf(" %*.2f", (int)snprintf(NULL, 0, " of %s", ceilings[c].key),
                       ratio(rate, ceiling(result, c)));
        if (bench->compute.seconds > 0)
            printf(" %12.4f %6.2f%%", utilisation(result),
                   100 * median_of(result->computing, result->rounds, waited_share));
        printf("\n");
    }
    print_lacks(bench);
}

/* ---- JSON. */

static void json_first(const struct bench_file *bench, const struct bench_result *result)
{
    const struct bench_total *first = &result->first;
    cli_json_begin("first_pass", '{');
    cli_json_bool("cold", bench->arguments->cold);
    cli_json_u64("steps", first->steps);
    cli_json_double("samples", first->samples);
    cli_json_double("samples_per_s", samples_per_s(first));
    cli_json_double("reads", first->reads);
    cli_json_double("cold_reads", first->cold_reads);
    if (bench->arguments->cold && bench->compute.seconds > 0) {
        cli_json_double("accelerator_utilisation", first->utilisation);
        cli_json_double("waited_share", first->waited_share);
    }
    cli_json_end('}');
}

static void json_computing(const struct bench_file *bench, const struct bench_result *result)
{
    if (bench->compute.seconds <= 0) return;
    cli_json_begin("compute", '{');
    cli_json_double("ms", bench->compute.seconds * 1000);
    cli_json_bool("busy", bench->compute.busy);
    cli_json_double("samples_per_s", median_of(result->computing, result->rounds, samples_per_s));
    cli_json_double("accelerator_utilisation", utilisation(result));
    cli_json_end('}');
}

static void json_ceilings(const struct bench_file *bench, const struct bench_result *result)
{
    cli_json_begin("ceilings", '{');
    for (int c = 0; c < BENCH_CEILINGS; c++) {
        if (bench->lack[c])
            cli_json_number(ceilings[c].key, NULL);
        else
            cli_json_double(ceilings[c].key, ceiling(result, c));
    }
    cli_json_end('}');
    cli_json_begin("of_ceilings", '{');
    for (int c = 0; c < BENCH_CEILINGS; c++) {
        if (bench->lack[c])
            cli_json_number(ceilings[c].key, NULL);
        else
            cli_json_double(ceilings[c].key, ratio(speed(result), ceiling(result, c)));
    }
    cli_json_end('}');
}

/* The members of a number of threads. Times of waiting are those beside the computation, if there
 * is one, and are scaled to an epoch. */
static void json_result(const struct bench_file *bench, const struct bench_result *result)
{
    const struct bench_total *waits =
        bench->compute.seconds > 0 ? result->computing : result->alone;
    double steps = (double)bench->epoch_steps;
    cli_json_u64("threads", result->threads);
    cli_json_u64("rounds", (uint64_t)result->rounds);
    cli_json_u64("steps", sum_of_steps(result));
    cli_json_double("samples_measured", sum_of_samples(result));
    cli_json_double("samples_per_s", speed(result));
    cli_json_double("bytes_per_s", median_of(result->alone, result->rounds, bytes_per_s));
    cli_json_double("read_bytes_per_s", median_of(result->alone, result->rounds, read_bytes_per_s));
    cli_json_double("cpu_s_per_1000", median_of(result->alone, result->rounds, cpu_per_1000));
    cli_json_double("chunks_decoded_per_1000",
                    median_of(result->alone, result->rounds, decoded_per_1000));
    cli_json_double("cold_reads_share", median_of(result->alone, result->rounds, cold_share));
    cli_json_double("waited_s", steps * median_of(waits, result->rounds, waited_a_step));
    cli_json_double("waited_mean_s", steps * median_of(waits, result->rounds, waited_mean_a_step));
    cli_json_double("waited_share", median_of(waits, result->rounds, waited_share));
    json_ceilings(bench, result);
    json_first(bench, result);
    json_computing(bench, result);
    cli_loader_memory_json(&result->memory);
    cli_json_text("report", result->report);
}

static const struct bench_result *fastest(const struct bench_file *bench)
{
    const struct bench_result *best = bench->result;
    for (size_t i = 1; i < bench->results; i++)
        if (speed(&bench->result[i]) > speed(best)) best = &bench->result[i];
    return best;
}

static void print_json(const struct bench_file *bench)
{
    cli_json_begin(NULL, '{');
    cli_json_text("file", bench->arguments->plain[0]);
    cli_json_u64("samples", bench->samples);
    cli_json_u64("sample_bytes", bench->sample_bytes);
    cli_json_u64("epoch_samples", bench->epoch_samples);
    cli_json_u64("epoch_steps", bench->epoch_steps);
    cli_json_text("shuffle", order_shuffle_name(bench->shuffle));
    cli_json_u64("batch", bench->batch);
    cli_json_u64("vranks", bench->run->vranks);
    cli_json_u64("ranks", (uint64_t)bench->run->ranks);
    cli_json_u64("ahead", bench->ahead);
    if (bench->pushdown.bytes) cli_json_text("pushdown", bench->pushdown.bytes);
    json_result(bench, fastest(bench));
    cli_advice_json(&bench->advice);
    cli_json_begin("left_out", '{');
    for (int c = 0; c < BENCH_CEILINGS; c++)
        if (bench->lack[c]) cli_json_text(ceilings[c].key, lacks[bench->lack[c]]);
    cli_json_end('}');
    if (bench->results > 1) {
        cli_json_begin("sweep", '[');
        for (size_t i = 0; i < bench->results; i++) {
            cli_json_begin(NULL, '{');
            json_result(bench, &bench->result[i]);
            cli_json_end('}');
        }
        cli_json_end(']');
    }
    cli_json_finish();
}

shs_status bench_print(const struct bench_file *bench)
{
    if (bench->arguments->json) {
        print_json(bench);
        return SHS_OK;
    }
    print_head(bench);
    if (bench->results == 1)
        print_one(bench, bench->result);
    else
        print_sweep(bench);
    return cli_advice_print(stdout, "", &bench->advice);
}
