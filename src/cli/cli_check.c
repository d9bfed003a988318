/* shardstep check: reads all of each file in separate processes, and names the rows that are bad or
 * could not be checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cli_check.h"
#include "cli_check_list.h"
#include "cli_json.h"
#include "cli_paths.h"
#include "core_memory.h"
#include "core_text.h"
#include "io_child.h"
#include "io_file.h"
#include "load_texts.h"
#include "mpi_job.h"

enum {
    SECONDS = 60,        /* between two signs of life of a process, at most */
    MEBIBYTES = 4096,    /* memory of a process, at most */
    LEAST_MEBIBYTES = 64 /* memory that a process needs before it opens a file */
};

/* The work of the command. */
struct work {
    const struct cli_arguments *arguments;
    shs_run *run;
    struct io_paths paths;
    bool single; /* the only argument is the name of a file */
    struct scan_hosts hosts;
    struct scan_check_limits limits;
    struct cli_counts counts; /* counts over the files so far */
    struct cli_check_list list;
};

/* ---- a file */

/* Collective. Compares the size of this rank's copy with rank 0's copy. Another size becomes a
 * finding. Sets *alike on every rank to true if all sizes are equal. */
static shs_status compare_sizes(const struct work *work, struct cli_verdict *verdict, bool *alike)
{
    struct io_identity identity = {0};
    shs_status mine;
    uint64_t differ = 0, size = 0;
    *alike = true;
    if (work->run->ranks == 1) return SHS_OK;
    if (!io_identify_path(verdict->path, &identity)) size = identity.bytes;
    shs_status status = scan_hosts_compare(work->run, &work->hosts, size, "size in bytes", &mine);
    if (mine) {
        scan_check_add(&verdict->own, false, SCAN_CHECK_FILE, 0, 0, shs_message());
        differ = 1;
    }
    if (!status) status = mpi_greatest(work->run, &differ, 1);
    *alike = differ == 0;
    return status;
}

/* Collective. Checks this rank's share of a file. A file that cannot be opened becomes a finding.
 * It is an error if it is the only file and its bytes do not contradict themselves. */
static shs_status check_share(const struct work *work, struct cli_verdict *verdict)
{
    struct scan_check_result *own = &verdict->own;
    const struct scan_copy *copy = &verdict->copy;
    shs_status status =
        scan_check_apart(&work->limits, verdict->path, copy->rank, copy->ranks, own);
    bool bad = status == SHS_ERROR_FORMAT;
    io_paths_wrap(&work->paths, verdict->number, status);
    if (status && work->hosts.several) core_wrap(status, "host %s", work->hosts.name);
    if (status == SHS_ERROR_MEMORY)
        core_fail(status, "%s; --probe-mebibytes allows more", shs_message());
    if (status && (bad || !work->single)) {
        scan_check_free(own);
        *own = (struct scan_check_result){0};
        scan_check_add(own, !bad, SCAN_CHECK_FILE, 0, 0, shs_message());
        status = SHS_OK;
    }
    return mpi_agree(work->run, status, "check");
}

/* Collective. Checks a file, and gathers the findings on rank 0. */
static shs_status check_file(struct work *work, struct cli_verdict *verdict)
{
    bool alike;
    shs_status status = compare_sizes(work, verdict, &alike);
    if (!status) status = scan_hosts_copy(work->run, &work->hosts, verdict->path, &verdict->copy);
    if (!status && alike) status = check_share(work, verdict);
    if (!status && work->limits.list) status = cli_check_list_add(&work->list, work->run, verdict);
    return status ? status : cli_check_gather(verdict, work->run);
}

static void add_counts(struct cli_counts *all, const struct cli_counts *more)
{
    all->files += more->files;
    all->bad_files += more->bad_files;
    all->unknown_files += more->unknown_files;
    all->bad_wholes += more->bad_wholes;
    all->unknown_wholes += more->unknown_wholes;
    all->fields += more->fields;
    all->bad_fields += more->bad_fields;
    all->unknown_fields += more->unknown_fields;
    all->plain_fields += more->plain_fields;
    all->rows += more->rows;
    all->bad_rows += more->bad_rows;
    all->unknown_rows += more->unknown_rows;
    all->others += more->others;
    all->bad += more->bad;
    all->unknown += more->unknown;
}

static void print_file(const struct work *work, const struct cli_verdict *verdict)
{
    if (!work->arguments->json) {
        cli_check_print(verdict, !work->single);
        return;
    }
    if (!work->single) cli_json_begin(NULL, '{');
    cli_check_json(verdict);
    if (!work->single) cli_json_end('}');
}

/* ---- the command */

static shs_status read_limits(const struct cli_arguments *arguments,
                              struct scan_check_limits *limits)
{
    limits->program = "/proc/self/exe"; /* this program, whatever its path */
    limits->milliseconds = 1000 * (uint64_t)SECONDS;
    limits->mebibytes = MEBIBYTES;
    limits->plugins = arguments->plugins;
    if (arguments->probe_seconds) limits->milliseconds = 1000 * arguments->probe_seconds;
    if (arguments->probe_mebibytes) limits->mebibytes = arguments->probe_mebibytes;
    if (limits->mebibytes >= LEAST_MEBIBYTES) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "--probe-mebibytes is %llu; it must be at least %d",
                     (ull)limits->mebibytes, LEAST_MEBIBYTES);
}

/* Collective. Finds the files, which must be the same on every rank, and the hosts. */
static shs_status begin(struct work *work)
{
    const struct cli_arguments *arguments = work->arguments;
    shs_status status = read_limits(arguments, &work->limits);
    if (!status && arguments->list_fields && !arguments->list_bad)
        status =
            core_fail(SHS_ERROR_ARGUMENT, "--list-fields says whose rows --list-bad lists; give "
                                          "--list-bad FILE, too");
    if (!status && arguments->one_sample_a_file && !arguments->list_bad)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "--one-sample-a-file says what --list-bad counts; give --list-bad "
                           "FILE, too");
    if (!status && arguments->list_bad && work->run->rank == 0)
        status = load_texts_check(arguments->list_bad);
    work->limits.list = arguments->list_bad != NULL;
    work->list.fields = arguments->list_fields;
    work->list.one_a_file = arguments->one_sample_a_file;
    if (!status) status = cli_paths_find(arguments->plain, arguments->n_plain, &work->paths);
    status = mpi_agree(work->run, status, "check of %zu files", status ? 0 : work->paths.count);
    if (status) return status;
    work->single = work->paths.count == 1 && arguments->n_plain == 1 &&
                   !strcmp(work->paths.path[0], arguments->plain[0]);
    work->limits.compare = work->run->ranks > 1;
    return scan_hosts_find(work->run, &work->hosts);
}

/* Collective. Checks all files. Rank 0 prints the verdicts. */
static shs_status check_files(struct work *work)
{
    bool json = work->arguments->json && work->run->rank == 0;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < work->paths.count && !status; i++) {
        struct cli_verdict verdict = {
            .path = work->paths.path[i], .number = i, .hosts = &work->hosts};
        status = check_file(work, &verdict);
        if (!status) add_counts(&work->counts, &verdict.counts);
        if (!status && json && i == 0) {
            cli_json_begin(NULL, '{');
            if (!work->single) cli_json_begin("files", '[');
        }
        if (!status && work->run->rank == 0) print_file(work, &verdict);
        core_free(&verdict.finding);
        scan_check_free(&verdict.own);
    }
    if (status || work->run->rank != 0) return status;
    if (!json) {
        cli_check_print_counts(&work->counts);
        return SHS_OK;
    }
    if (!work->single) cli_json_end(']');
    if (!work->single) cli_check_json_counts(&work->counts);
    cli_json_finish();
    return SHS_OK;
}

/* Returns the exit code. Sets a message if the code is CLI_ERROR. */
static int judge(const struct cli_counts *counts, bool first)
{
    if (counts->bad) return CLI_DIFFERENT;
    if (counts->fields && !counts->unknown) return CLI_DONE;
    if (first && counts->unknown_wholes && !counts->unknown_rows)
        core_fail(SHS_ERROR_FILE,
                  "%llu of %llu files could not be checked: what was printed tells why",
                  (ull)counts->unknown_wholes, (ull)counts->files);
    else if (first && counts->unknown)
        core_fail(SHS_ERROR_FILE,
                  "%llu rows, of %llu fields in %llu files, could not be checked: what was printed "
                  "tells why",
                  (ull)counts->unknown_rows, (ull)counts->unknown_fields,
                  (ull)counts->unknown_files);
    else if (first)
        core_fail(SHS_ERROR_FILE, "there is nothing to check: no dataset of plain numbers");
    return first ? cli_exit_code(SHS_ERROR_FILE) : CLI_ERROR;
}

static int run(const struct cli_arguments *arguments)
{
    struct work work = {.arguments = arguments};
    shs_run_options options = {0};
    shs_status status = cli_open(&options, &work.run);
    if (!status) status = begin(&work);
    if (!status) status = check_files(&work);
    if (!status && work.limits.list)
        status = cli_check_list_write(&work.list, work.run, arguments->list_bad);
    int code = cli_exit_code(status);
    bool first = work.run && work.run->rank == 0;
    io_paths_free(&work.paths);
    scan_hosts_free(&work.hosts);
    cli_check_list_free(&work.list);
    code = cli_close(&work.run, code);
    return code == CLI_DONE ? judge(&work.counts, first) : code;
}

const struct cli_command cli_check = {
    .name = "check",
    .usage = "PATH...",
    .summary = "reads all of files, in parallel under mpirun, and names each row that is bad",
    .differs = "something is bad: its bytes contradict themselves, or copies on several hosts "
               "differ",
    .fails = "error; or nothing is bad, but something could not be checked, or there is no "
             "dataset of numbers to check",
    .details =
        "--list-bad FILE writes the numbers of all bad rows for the option --exclude of "
        "digest, replay and bench: those of the dataset that the files are in the order in "
        "which they are named. A sample has a row of each field, and is bad if any of them "
        "is; --list-fields A,B names the datasets that the fields are (all). Rows that could not "
        "be checked are not listed. With --one-sample-a-file a sample is a file, and its number is "
        "that of the file from 0.",
    .examples = "check fashion.h5\n"
                "check fashion.h5 --list-bad bad.txt --list-fields x,y\n"
                "check 'year-*.h5' --json",
    .takes = CLI_WITH_PROBE,
    .options = "--one-sample-a-file --json --list-bad --list-fields",
    .least_plain = 1,
    .most_plain = CLI_MAX_PLAIN,
    .run = run,
};

/* ---- the hidden command of each process */

static void print_event(const struct scan_check_event *event, void *user)
{
    char *line;
    (void)user;
    if (scan_check_print(event, &line))
        exit(CLI_ERROR); /* without memory; the parent process notices the end */
    printf("%s\n", line);
    core_free(&line);
    if (event->kind != SCAN_CHECK_BAD && event->kind != SCAN_CHECK_UNKNOWN) fflush(stdout);
}

int cli_check_main(int count, char **words)
{
    char answer[IO_CHILD_ANSWER];
    uint64_t mebibytes;
    struct scan_check_task task;
    shs_status status = SHS_OK;
    if (!scan_check_read_words(count, words, &mebibytes, &task))
        status = core_fail(SHS_ERROR_ARGUMENT, "it is for shardstep's own use");
    if (!status) status = cli_probe_limits(0, mebibytes, task.plugins);
    task.tell = print_event;
    if (!status) status = scan_check(&task);
    io_child_answer(status, answer);
    printf("%s", answer);
    return fflush(stdout) || status ? CLI_ERROR : CLI_DONE;
}
