/* shardstep bench --save: what a checkpoint costs the step, beside memcpy() of its tensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_bench.h"
#include "cli_json.h"
#include "cli_seconds.h"
#include "core_memory.h"
#include "core_text.h"
#include "h5_write.h"
#include "io_durable.h"
#include "io_folder.h"
#include "mpi_bare.h"
#include "mpi_job.h"
#include "shardstep/checkpoint.h"

enum {
    TENSORS = 16,
    MEBIBYTES = 256,
    QUICK_MEBIBYTES = 4,
    ROUNDS = 9, /* an odd number, so that one is the median */
    QUICK_ROUNDS = 3,
    MEBIBYTE_FLOATS = 1 << 18
};

/* What is measured. */
enum way {
    COPY,    /* memcpy() of all tensors on rank 0, to memory that was written before */
    LATER,   /* shs_save_with() in the background, until it returns */
    OUTCOME, /* the same, until shs_save_wait() returns */
    NOW,     /* shs_save() */
    WAYS
};

static const struct {
    const char *name, *key;
} ways[WAYS] = {{"memcpy", "memcpy"},
                {"save in the background, the step waits", "step_waits"},
                {"save in the background, until it is stored", "stored"},
                {"save that the step waits for", "save"}};

struct bench {
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    char *folder, *data, *checkpoints;
    size_t mebibytes, floats; /* of all tensors together */
    float *state, *copy;
    shs_tensor tensor[TENSORS];
    char name[TENSORS][8];
    size_t rounds;
    double seconds[WAYS][ROUNDS + 1];
};

/* ---- What a checkpoint needs: tensors, and a loader, of a file that is made for it. */

static shs_status take_tensors(struct bench *bench)
{
    size_t each = bench->floats / TENSORS;
    shs_status status = core_new(bench->floats, sizeof *bench->state, "tensors", &bench->state);
    if (!status) status = core_new(bench->floats, sizeof *bench->copy, "tensors", &bench->copy);
    for (size_t i = 0; i < bench->floats && !status; i++)
        bench->state[i] = bench->copy[i] = (float)(i % 8191);
    for (size_t t = 0; t < TENSORS && !status; t++) {
        snprintf(bench->name[t], sizeof bench->name[t], "w%zu", t);
        bench->tensor[t] = (shs_tensor){.name = bench->name[t],
                                        .type = SHS_F32,
                                        .axes = 1,
                                        .shape = {each},
                                        .data = bench->state + t * each};
    }
    return status;
}

/* Collective. The folder has the process number of rank 0 in its name. */
static shs_status name_files(struct bench *bench, const char *folder)
{
    struct core_text text = {0};
    uint64_t process = (uint64_t)getpid();
    shs_status status = mpi_broadcast(bench->run, &process, sizeof process);
    core_text_add(&text, "%s/shardstep-bench-%llu", folder, (ull)process);
    shs_status named = core_text_take(&text, &bench->folder);
    if (!named) named = io_join(bench->folder, "data.h5", &bench->data);
    if (!named) named = io_join(bench->folder, "checkpoints", &bench->checkpoints);
    return status ? status : named;
}

static shs_status make_data(const struct bench *bench)
{
    enum {
        ROWS = 1024
    };
    static const float rows[ROWS];
    const shs_tensor shape = {.type = SHS_F32, .axes = 1, .shape = {ROWS}};
    const struct h5_storage contiguous = {0};
    struct h5_writer *writer;
    shs_status status = io_make_folder(bench->folder);
    /* the former checkpoint stays until the next one is there */
    if (!status) status = io_check_room(bench->folder, UINT64_C(4) * bench->mebibytes << 20);
    if (!status) status = h5_create(bench->data, &writer);
    if (status) return status;
    status = h5_create_array(writer, "x", &shape, &contiguous);
    if (!status) status = h5_write_rows(writer, ROWS, rows);
    if (!status) return h5_finish(&writer);
    h5_abandon(&writer);
    return status;
}

/* Collective. */
static shs_status begin(struct bench *bench, const char *folder)
{
    shs_run *run = bench->run;
    shs_status status = name_files(bench, folder);
    if (!status) status = take_tensors(bench);
    if (!status && run->rank == 0) status = make_data(bench);
    status = mpi_agree(run, status, "bench --save");
    if (!status) status = shs_dataset_open(run, bench->data, "x", NULL, &bench->dataset);
    if (!status) status = shs_loader_open(bench->dataset, NULL, &bench->loader);
    return status;
}

/* Rank 0 removes the files. */
static shs_status remove_files(const struct bench *bench)
{
    if (bench->run->rank || !bench->checkpoints) return SHS_OK;
    shs_status status = io_remove_folder(bench->checkpoints);
    return status ? status : io_remove_folder(bench->folder);
}

static void end(struct bench *bench)
{
    shs_loader_close(&bench->loader);
    shs_dataset_close(&bench->dataset);
    core_free(&bench->folder);
    core_free(&bench->data);
    core_free(&bench->checkpoints);
    core_free(&bench->state);
    core_free(&bench->copy);
}

/* ---- A round. */

static shs_status copy_tensors(const struct bench *bench)
{
    if (bench->run->rank == 0)
        memcpy(bench->copy, bench->state, bench->floats * sizeof *bench->state);
    return SHS_OK;
}

static shs_status save(const struct bench *bench, bool later)
{
    const shs_save_options options = {.asynchronous = later};
    return shs_save_with(bench->loader, bench->checkpoints, bench->tensor, TENSORS, &options);
}

static shs_status work(const struct bench *bench, enum way way)
{
    switch (way) {
    case COPY:
        return copy_tensors(bench);
    case LATER:
        return save(bench, true);
    case OUTCOME:
        return shs_save_wait(bench->loader);
    default:
        return save(bench, false);
    }
}

/* Collective. Measures a way once: the time of the slowest rank. */
static shs_status measure(struct bench *bench, enum way way, size_t round)
{
    shs_status status = mpi_bare_meet(bench->run);
    double begun = cli_seconds();
    if (!status) status = work(bench, way);
    uint64_t nanoseconds = (uint64_t)((cli_seconds() - begun) * 1e9) + 1;
    status = mpi_agree(bench->run, status, "bench --save");
    if (!status) status = mpi_greatest(bench->run, &nanoseconds, 1);
    bench->seconds[way][round] = (double)nanoseconds * 1e-9;
    return status;
}

/* Collective. The first round is not counted: it takes the memory for the copy. */
static shs_status measure_rounds(struct bench *bench)
{
    shs_status status = SHS_OK;
    for (size_t round = 0; round <= bench->rounds && !status; round++) {
        for (int way = 0; way < WAYS && !status; way++)
            status = measure(bench, (enum way)way, round);
        bench->seconds[OUTCOME][round] += bench->seconds[LATER][round];
    }
    return status;
}

/* ---- Results. */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(struct bench *bench, enum way way)
{
    double *seconds = bench->seconds[way] + 1;
    qsort(seconds, bench->rounds, sizeof *seconds, compare_doubles);
    return seconds[bench->rounds / 2];
}

static void print_table(const struct bench *bench, const double medians[WAYS])
{
    printf("a checkpoint of %zu MiB in %d tensors; %d rank%s; medians of %zu rounds\n",
           bench->mebibytes, TENSORS, bench->run->ranks, bench->run->ranks == 1 ? "" : "s",
           bench->rounds);
    printf("%-42s %10s %10s\n", "", "ms", "of memcpy");
    for (int way = 0; way < WAYS; way++)
        printf("%-42s %10.3f %10.2f\n", ways[way].name, medians[way] * 1e3,
               medians[way] / medians[COPY]);
}

static shs_status print_json(const struct bench *bench, const double medians[WAYS])
{
    cli_json_begin(NULL, '{');
    cli_json_u64("ranks", (uint64_t)bench->run->ranks);
    cli_json_u64("mebibytes", bench->mebibytes);
    cli_json_u64("rounds", bench->rounds);
    cli_json_begin("ms", '{');
    for (int way = 0; way < WAYS; way++)
        cli_json_double(ways[way].key, medians[way] * 1e3);
    cli_json_end('}');
    cli_json_double("step_waits_of_memcpy", medians[LATER] / medians[COPY]);
    cli_json_finish();
    return cli_json_status();
}

static shs_status print_results(struct bench *bench, bool json)
{
    double medians[WAYS];
    if (bench->run->rank) return SHS_OK;
    for (int way = 0; way < WAYS; way++)
        medians[way] = median(bench, (enum way)way);
    if (json) return print_json(bench, medians);
    print_table(bench, medians);
    return SHS_OK;
}

int cli_bench_save(const struct cli_arguments *arguments)
{
    const shs_run_options options = {.report = cli_report};
    struct bench bench = {.mebibytes = arguments->quick ? QUICK_MEBIBYTES : MEBIBYTES,
                          .rounds = arguments->quick ? QUICK_ROUNDS : ROUNDS};
    bench.floats = bench.mebibytes * MEBIBYTE_FLOATS;
    shs_status status = mpi_job_open(&options, &bench.run);
    if (status) return cli_exit_code(status);
    status = begin(&bench, arguments->n_plain ? arguments->plain[0] : "/tmp");
    if (!status) status = measure_rounds(&bench);
    if (!status) status = print_results(&bench, arguments->json);
    int code = cli_exit_code(status); /* prints the error before another one takes its place */
    shs_status removed = remove_files(&bench);
    if (!status && removed) code = cli_exit_code(removed);
    end(&bench);
    return cli_close(&bench.run, code);
}
