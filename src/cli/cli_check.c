/* shardstep check: reads all of a file, in processes of their own, and names what is bad. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cli_json.h"
#include "core_memory.h"
#include "core_text.h"
#include "io_child.h"
#include "io_crc32c.h"
#include "mpi_job.h"
#include "run_check_apart.h"

typedef unsigned long long ull;

enum {
    SECONDS = 60, /* from one sign of life of a process to the next */
    MEBIBYTES = 4096,
    LEAST_MEBIBYTES = 64 /* without any file */
};

/* What all ranks have found, on rank 0. */
struct verdict {
    const struct cli_arguments *arguments;
    struct run_check_result own; /* of this rank; bad rows are those of all */
    struct run_check_bad *bad;   /* of all ranks, in order */
    uint64_t told, found;
    uint64_t fields, summed, rows, bad_rows;
};

/* ---- one rank's result, and all */

static int compare_bad(const void *left, const void *right)
{
    const struct run_check_bad *a = left, *b = right;
    if (a->dataset != b->dataset) return a->dataset < b->dataset ? -1 : 1;
    if ((a->count == 0) != (b->count == 0)) return a->count == 0 ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return strcmp(a->text, b->text);
}

/* Puts what the ranks told in order. What concerns all of a dataset each of them has found. */
static void merge(struct verdict *verdict, uint64_t capacity)
{
    uint64_t kept = 0;
    struct run_check_bad *bad = verdict->bad;
    for (uint64_t i = 0; i < capacity; i++) /* those that are used have a text */
        if (*bad[i].text) bad[kept++] = bad[i];
    qsort(bad, kept, sizeof *bad, compare_bad);
    for (uint64_t i = 0; i < kept; i++) {
        bool again = verdict->told && !compare_bad(&bad[i], &bad[verdict->told - 1]);
        if (again)
            verdict->found--;
        else
            bad[verdict->told++] = bad[i];
    }
}

/* Collective. Bad rows of each dataset over all ranks, which all have found the same datasets
 * unless some died of one. */
static shs_status sum_bad_rows(struct verdict *verdict, shs_run *run)
{
    uint64_t count = verdict->own.datasets, *sums;
    shs_status status = mpi_greatest(run, &count, 1);
    if (status) return status;
    status = mpi_agree(run, core_new(count, sizeof *sums, "sums", &sums), "check");
    for (uint64_t i = 0; i < verdict->own.datasets && !status; i++)
        sums[i] = verdict->own.dataset[i].bad_rows;
    if (!status) status = mpi_sum(run, sums, count);
    for (uint64_t i = 0; i < verdict->own.datasets && !status; i++)
        verdict->own.dataset[i].bad_rows = sums[i];
    core_free(&sums);
    return status;
}

/* Collective. */
static shs_status gather(struct verdict *verdict, shs_run *run)
{
    uint64_t capacity = (run->rank ? 1 : (uint64_t)run->ranks) * RUN_CHECK_TOLD;
    shs_status status = core_new(capacity, sizeof *verdict->bad, "what is bad", &verdict->bad);
    status = mpi_agree(run, status, "check");
    if (!status)
        status = mpi_gather_vranks(run, verdict->own.bad, sizeof verdict->own.bad, verdict->bad);
    verdict->found = verdict->own.found;
    if (!status) status = mpi_sum(run, &verdict->found, 1);
    if (!status) status = sum_bad_rows(verdict, run);
    if (!status && run->rank == 0) merge(verdict, capacity);
    return status;
}

/* Whether a dataset holds the checksums of another one of the file. */
static bool is_checksums(const struct verdict *verdict, const struct run_check_dataset *dataset)
{
    const struct run_check_result *own = &verdict->own;
    if (!dataset->name || !core_ends_in(dataset->name, IO_CRC32C_SUFFIX)) return false;
    size_t length = strlen(dataset->name) - strlen(IO_CRC32C_SUFFIX);
    for (uint64_t i = 0; i < own->datasets; i++) {
        const char *name = own->dataset[i].name;
        if (name && strlen(name) == length && !strncmp(name, dataset->name, length)) return true;
    }
    return false;
}

static void count_fields(struct verdict *verdict)
{
    for (uint64_t i = 0; i < verdict->own.datasets; i++) {
        const struct run_check_dataset *dataset = &verdict->own.dataset[i];
        if (!dataset->field || is_checksums(verdict, dataset)) continue;
        verdict->fields++;
        verdict->summed += dataset->summed;
        verdict->rows += dataset->rows;
        verdict->bad_rows += dataset->bad_rows;
    }
}

/* ---- as text */

static const char *name_of(const struct verdict *verdict, uint64_t dataset)
{
    const struct run_check_result *own = &verdict->own;
    return dataset < own->datasets && own->dataset[dataset].name ? own->dataset[dataset].name
                                                                 : verdict->arguments->plain[0];
}

static void print_dataset(const struct run_check_dataset *dataset)
{
    printf("%s: ", dataset->name);
    if (!dataset->about)
        printf("not read\n");
    else if (!dataset->field)
        printf("no field, not read: %s\n", dataset->about);
    else if (dataset->bad_rows)
        printf("%s, %llu of %llu rows bad\n", dataset->about, (ull)dataset->bad_rows,
               (ull)dataset->rows);
    else
        printf("%s, %llu rows %s\n", dataset->about, (ull)dataset->rows,
               dataset->summed ? "as they were written" : "can be read; they have no checksums");
}

static void print_bad(const struct verdict *verdict, const struct run_check_bad *bad)
{
    printf("  %s", name_of(verdict, bad->dataset));
    if (bad->count == 1)
        printf(", row %llu", (ull)bad->first);
    else if (bad->count)
        printf(", rows %llu to %llu", (ull)bad->first, (ull)(bad->first + bad->count - 1));
    printf(": %s\n", bad->text);
}

static void print_text(const struct verdict *verdict)
{
    for (uint64_t i = 0; i < verdict->own.datasets; i++) {
        const struct run_check_dataset *dataset = &verdict->own.dataset[i];
        if (dataset->name && (!is_checksums(verdict, dataset) || dataset->bad_rows))
            print_dataset(dataset);
    }
    for (uint64_t i = 0; i < verdict->told; i++)
        print_bad(verdict, &verdict->bad[i]);
    if (verdict->found > verdict->told)
        printf("  and %llu more\n", (ull)(verdict->found - verdict->told));
    if (verdict->found)
        printf("BAD: %llu rows of %llu in %llu fields\n", (ull)verdict->bad_rows,
               (ull)verdict->rows, (ull)verdict->fields);
    else
        printf("good: %llu rows of %llu fields\n", (ull)verdict->rows, (ull)verdict->fields);
    if (verdict->summed < verdict->fields)
        printf("%llu of %llu fields have no checksums: only whether they can be read was checked; "
               "import writes them\n",
               (ull)(verdict->fields - verdict->summed), (ull)verdict->fields);
}

/* ---- as JSON */

static void json_datasets(const struct verdict *verdict)
{
    cli_json_begin("datasets", '[');
    for (uint64_t i = 0; i < verdict->own.datasets; i++) {
        const struct run_check_dataset *dataset = &verdict->own.dataset[i];
        cli_json_begin(NULL, '{');
        cli_json_text("name", dataset->name ? dataset->name : "");
        cli_json_text("about", dataset->about ? dataset->about : "");
        cli_json_bool("field", dataset->field);
        cli_json_bool("checksums", dataset->summed);
        cli_json_u64("rows", dataset->rows);
        cli_json_u64("bad_rows", dataset->bad_rows);
        cli_json_end('}');
    }
    cli_json_end(']');
}

static void print_json(const struct verdict *verdict)
{
    cli_json_begin(NULL, '{');
    cli_json_text("file", verdict->arguments->plain[0]);
    cli_json_bool("good", verdict->found == 0);
    json_datasets(verdict);
    cli_json_begin("bad", '[');
    for (uint64_t i = 0; i < verdict->told; i++) {
        const struct run_check_bad *bad = &verdict->bad[i];
        cli_json_begin(NULL, '{');
        cli_json_text("dataset", name_of(verdict, bad->dataset));
        cli_json_u64("first", bad->first);
        cli_json_u64("count", bad->count);
        cli_json_text("why", bad->text);
        cli_json_end('}');
    }
    cli_json_end(']');
    cli_json_u64("more", verdict->found - verdict->told);
    cli_json_finish();
}

/* ---- the command */

static shs_status read_limits(const struct cli_arguments *arguments,
                              struct run_check_limits *limits)
{
    limits->program = "/proc/self/exe"; /* this very program, wherever it lies */
    limits->milliseconds = 1000 * (uint64_t)SECONDS;
    limits->mebibytes = MEBIBYTES;
    if (arguments->probe_seconds > UINT32_MAX)
        return core_fail(SHS_ERROR_ARGUMENT, "--probe-seconds is %llu; it must be below 2^32",
                         (ull)arguments->probe_seconds);
    if (arguments->probe_seconds) limits->milliseconds = 1000 * arguments->probe_seconds;
    if (arguments->probe_mebibytes) limits->mebibytes = arguments->probe_mebibytes;
    if (limits->mebibytes >= LEAST_MEBIBYTES && limits->mebibytes <= UINT32_MAX) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--probe-mebibytes is %llu; it must be at least %d and below 2^32",
                     (ull)limits->mebibytes, LEAST_MEBIBYTES);
}

/* Local. The check of this rank's share. */
static shs_status check_share(struct verdict *verdict, const shs_run *run)
{
    struct run_check_limits limits;
    shs_status status = read_limits(verdict->arguments, &limits);
    if (!status)
        status = run_check_apart(&limits, verdict->arguments->plain[0], run->rank, run->ranks,
                                 &verdict->own);
    if (status != SHS_ERROR_MEMORY) return status;
    return core_fail(SHS_ERROR_MEMORY, "%s; --probe-mebibytes allows more", shs_message());
}

/* Collective. *bad is true on every rank if something is. */
static shs_status check_and_print(struct verdict *verdict, shs_run *run, bool *bad)
{
    const struct cli_arguments *arguments = verdict->arguments;
    shs_status status = mpi_agree(run, check_share(verdict, run), "check");
    if (!status) status = gather(verdict, run);
    if (status) return status;
    *bad = verdict->found != 0;
    count_fields(verdict);
    if (run->rank == 0 && arguments->json)
        print_json(verdict);
    else if (run->rank == 0)
        print_text(verdict);
    return SHS_OK;
}

static int run(const struct cli_arguments *arguments)
{
    shs_run *job = NULL;
    bool bad = false;
    struct verdict verdict = {.arguments = arguments};
    struct mpi_job_options options = {0};
    shs_status status = mpi_job_open(&options, &job);
    if (!status) status = check_and_print(&verdict, job, &bad);
    int code = cli_exit_code(status);
    core_free(&verdict.bad);
    run_check_free(&verdict.own);
    code = cli_close(&job, code);
    return code == CLI_DONE && bad ? CLI_DIFFERENT : code;
}

const struct cli_command cli_check = {
    .name = "check",
    .usage = "FILE [options]",
    .summary = "reads all of a file, in parallel under mpirun, and names each row that is bad",
    .options = "--json --probe-seconds --probe-mebibytes",
    .least_plain = 1,
    .most_plain = 1,
    .run = run,
};

/* ---- the hidden command of each process */

static void print_event(const struct run_check_event *event, void *user)
{
    char *line;
    (void)user;
    if (run_check_print(event, &line)) exit(CLI_ERROR); /* no memory: the parent finds out */
    printf("%s\n", line);
    core_free(&line);
    if (event->kind != RUN_CHECK_BAD) fflush(stdout);
}

int cli_check_main(int count, char **words)
{
    char answer[IO_CHILD_ANSWER];
    uint64_t mebibytes;
    struct run_check_task task;
    shs_status status = SHS_OK;
    if (!run_check_read_words(count, words, &mebibytes, &task))
        status = core_fail(SHS_ERROR_ARGUMENT, "it is for shardstep's own use");
    if (!status) status = cli_probe_limits(0, mebibytes);
    task.tell = print_event;
    if (!status) status = run_check(&task);
    io_child_answer(status, answer);
    printf("%s", answer);
    return fflush(stdout) || status ? CLI_ERROR : CLI_DONE;
}
