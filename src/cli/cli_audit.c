/* shardstep audit: checks a log of hashes, and makes some of its steps again. */
#include "cli_audit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli_batch.h"
#include "cli_cursor.h"
#include "core_clock.h"
#include "core_memory.h"
#include "core_text.h"
#include "mpi_job.h"
#include "order_permutation.h"
#include "train_hashes.h"
#include "train_header.h"

/* What all ranks know before they open the run. */
struct plan {
    char *header;    /* of the log */
    uint64_t bytes;  /* of the header, with the final NUL */
    uint64_t *steps; /* to make again, ascending */
    uint64_t count;
    uint64_t *lines; /* on rank 0 the number of the line of each of these steps */
};

/* The loader that makes batches again. */
struct again {
    const struct cli_arguments *arguments; /* with the options of the log */
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    struct core_hash *hash;
    struct train_hashes *own, *all;
    bool whole; /* the elements of batches are hashed */
};

/* ---- The steps to make again, chosen by rank 0. */

static uint64_t random_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) seed = core_clock();
    return seed;
}

static shs_status refuse_share(const char *share)
{
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--sample is '%.80s'; give a number of steps such as 100, a part of them "
                     "such as 1%%, or all",
                     share);
}

/* Finds how many of `candidates` steps are wanted. */
static shs_status count_wanted(const struct cli_arguments *arguments, uint64_t candidates,
                               uint64_t *wanted)
{
    char number[32];
    double percent = 1;
    const char *share = arguments->share;
    bool some = cli_given(arguments, "--step") || cli_given(arguments, "--steps");
    *wanted = candidates;
    if (cli_given(arguments, "--sample") && !share)
        *wanted = arguments->sample < candidates ? arguments->sample : candidates;
    if (!share && (some || cli_given(arguments, "--sample"))) return SHS_OK;
    if (share && !strcmp(share, "all")) return SHS_OK;
    if (share) {
        size_t length = strlen(share) - 1;
        if (length >= sizeof number) return refuse_share(share);
        memcpy(number, share, length);
        number[length] = '\0';
        if (!core_parse_double(number, &percent) || !(percent > 0) || percent > 100)
            return refuse_share(share);
    }
    double part = percent / 100 * (double)candidates;
    *wanted = (uint64_t)part;
    if ((double)*wanted < part) ++*wanted;
    return SHS_OK;
}

static int ascending(const void *left, const void *right)
{
    uint64_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* Draws `count` of the lines [first, first + candidates). */
static shs_status draw(uint64_t seed, uint64_t first, uint64_t candidates, struct plan *plan)
{
    struct order_permutation permutation = {0};
    shs_status status = SHS_OK;
    if (plan->count) status = order_permutation_set(&permutation, seed, 0, 0, candidates);
    for (uint64_t i = 0; i < plan->count && !status; i++)
        plan->lines[i] = first + order_permutation_row(&permutation, i);
    order_permutation_free(&permutation);
    if (!status) qsort(plan->lines, (size_t)plan->count, sizeof *plan->lines, ascending);
    return status;
}

static shs_status refuse_steps(const struct cli_log *log)
{
    if (!log->count)
        return core_fail(SHS_ERROR_MISMATCH,
                         "%s has no line of a step, so there is nothing to make again", log->path);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%s has no line of these steps; give steps from %llu to %llu with --step and "
                     "--steps",
                     log->path, (ull)log->line[0].step, (ull)log->line[log->count - 1].step);
}

static shs_status choose(struct cli_audit *audit, struct plan *plan)
{
    const struct cli_arguments *arguments = audit->arguments;
    const struct cli_log *log = &audit->log;
    uint64_t from = arguments->step, first = 0, candidates = 0;
    uint64_t last = UINT64_MAX;
    if (cli_given(arguments, "--steps") && arguments->steps < UINT64_MAX - from)
        last = from + arguments->steps;
    while (first < log->count && log->line[first].step < from)
        first++;
    while (first + candidates < log->count && log->line[first + candidates].step < last)
        candidates++;
    if (!candidates) return refuse_steps(log);
    shs_status status = count_wanted(arguments, candidates, &plan->count);
    if (status) return status;
    audit->sampled = plan->count < candidates;
    audit->seed = cli_given(arguments, "--sample-seed") ? arguments->sample_seed : random_seed();
    status = core_new(plan->count, sizeof *plan->lines, "steps", &plan->lines);
    if (!status) status = core_new(plan->count, sizeof *plan->steps, "steps", &plan->steps);
    if (!status) status = draw(audit->seed, first, candidates, plan);
    for (uint64_t i = 0; i < plan->count && !status; i++)
        plan->steps[i] = log->line[plan->lines[i]].step;
    return status;
}

/* ---- Another log. */

static shs_status compare_logs(struct cli_audit *audit)
{
    struct cli_log other = {0};
    uint64_t at = 0;
    if (!audit->arguments->against) return SHS_OK;
    shs_status status = cli_log_read(audit->arguments->against, &other);
    for (uint64_t i = 0; i < audit->log.count && !status; i++) {
        const struct train_chain_line *line = &audit->log.line[i];
        while (at < other.count && other.line[at].step < line->step)
            at++;
        if (at < other.count && other.line[at].step == line->step)
            cli_audit_compare(line, &other.line[at], &audit->against);
    }
    if (!status && !audit->against.steps)
        status = core_fail(SHS_ERROR_MISMATCH,
                           "%s and %s have no step in common, so there is nothing to compare",
                           audit->log.path, audit->arguments->against);
    cli_log_free(&other);
    return status;
}

/* ---- What rank 0 has read goes to all ranks. */

static shs_status read_on_rank_0(struct cli_audit *audit, struct plan *plan)
{
    shs_status status = cli_log_read(audit->arguments->plain[0], &audit->log);
    if (!status) status = compare_logs(audit);
    if (status || !audit->makes) return status;
    plan->bytes = audit->log.header + 1;
    status = core_new(plan->bytes, 1, "a log's header", &plan->header);
    if (status) return status;
    memcpy(plan->header, audit->log.text, audit->log.header);
    return choose(audit, plan);
}

/* Collective. */
static shs_status share_plan(shs_run *run, struct plan *plan)
{
    uint64_t sizes[2] = {plan->bytes, plan->count};
    shs_status status = mpi_broadcast(run, sizes, sizeof sizes);
    if (status) return status;
    plan->bytes = sizes[0];
    plan->count = sizes[1];
    if (run->rank) status = core_new(plan->bytes, 1, "a log's header", &plan->header);
    if (run->rank && !status)
        status = core_new(plan->count, sizeof *plan->steps, "steps", &plan->steps);
    status = mpi_agree(run, status, "audit");
    if (!status) status = mpi_broadcast(run, plan->header, plan->bytes);
    if (!status) status = mpi_broadcast(run, plan->steps, plan->count * sizeof *plan->steps);
    return status;
}

/* Collective. Reads the log, before its run can be opened, in a run of its own. *all becomes the
 * arguments with the options of the log, whose texts lie in *options. */
static shs_status make_plan(struct cli_audit *audit, struct plan *plan, char **options,
                            struct cli_arguments *all)
{
    shs_run *run;
    shs_status status = mpi_job_open(&(shs_run_options){.report = cli_report}, &run);
    if (status) return status;
    if (run->rank == 0) status = read_on_rank_0(audit, plan);
    status = mpi_agree(run, status, "audit");
    if (!status && audit->makes) status = share_plan(run, plan);
    if (!status && audit->makes) {
        status = core_copy(plan->header, options);
        if (!status)
            status = cli_log_arguments(audit->arguments->plain[0], *options, &cli_audit,
                                       audit->arguments, all);
        status = mpi_agree(run, status, "audit");
    }
    shs_status closed = mpi_job_close(&run);
    return status ? status : closed;
}

/* ---- Making steps again. */

static shs_status check_run(const struct again *again, const char *path, const char *header)
{
    char *own = NULL;
    shs_status status = train_header_make(again->loader, &own);
    if (!status)
        status = train_header_compare_fingerprints(
            path, header, own,
            "give the file of its run; options that you give go before "
            "those of the log");
    core_free(&own);
    return status;
}

static shs_status open_again(struct again *again, const struct plan *plan)
{
    const struct cli_arguments *arguments = again->arguments;
    struct cli_arguments of_loader = *arguments;
    struct order_origin origin = {0, 0};
    of_loader.plain[0] = arguments->plain[1];
    shs_status status = cli_open_loader(&of_loader, again->run, &again->dataset, &again->loader);
    if (status) return status;
    status = cli_origin(arguments, &origin);
    again->loader->origin = origin;
    if (!status) status = check_run(again, arguments->plain[0], plan->header);
    if (!status) status = core_hash_new(&again->hash);
    if (!status) status = core_new(again->run->hosted, sizeof *again->own, "hashes", &again->own);
    if (!status)
        status = core_new(again->run->rank ? 1 : again->run->vranks, sizeof *again->all, "hashes",
                          &again->all);
    again->whole = again->run->group == 1;
    return mpi_agree(again->run, status, "audit");
}

/* Local. Hashes this rank's batches of the step. */
static shs_status hash_batches(struct again *again)
{
    shs_batch batch = {0};
    shs_status status = SHS_OK;
    while (!status && !batch.ends_step) {
        status = shs_next(again->loader, &batch);
        if (!status)
            status = train_hashes_of(again->loader, again->hash, &batch, again->whole,
                                     &again->own[batch.vrank - again->run->first_vrank]);
    }
    return status;
}

static void compare_step(const struct again *again, struct cli_audit *audit, uint64_t number)
{
    const struct train_chain_line *logged = &audit->log.line[number];
    struct train_chain_line found = {.step = logged->step};
    for (int part = 0; part < TRAIN_CHAIN_PARTS; part++)
        memcpy(found.part[part], "-", sizeof "-");
    for (int part = 0; part < TRAIN_HASHES; part++)
        if (part != TRAIN_CHAIN_BATCH || again->whole)
            train_hashes_join(again->hash, again->all, again->run->vranks,
                              (enum train_chain_part)part, found.part[part]);
    cli_audit_compare(logged, &found, &audit->again);
}

/* Collective. Makes step number `i` of the plan again. */
static shs_status make_step(struct again *again, struct cli_audit *audit, const struct plan *plan,
                            uint64_t i)
{
    shs_run *run = again->run;
    shs_cursor cursor, now = shs_tell(again->loader);
    shs_status status = cli_cursor(&again->loader->plan.order.order.shape, again->loader->origin,
                                   plan->steps[i], &cursor);
    if (status) return mpi_agree(run, status, "audit");
    if (memcmp(&cursor, &now, sizeof cursor) != 0) status = shs_seek(again->loader, cursor);
    if (status) return status;
    status = mpi_settle(run, hash_batches(again), "audit");
    if (!status) status = mpi_gather_vranks(run, again->own, sizeof *again->own, again->all);
    if (!status && run->rank == 0) compare_step(again, audit, plan->lines[i]);
    return status;
}

static shs_status make_steps(struct cli_audit *audit, const struct plan *plan, struct again *again)
{
    const struct cli_arguments *arguments = again->arguments;
    const shs_run_options options = {.seed = arguments->seed,
                                     .vranks = arguments->vranks,
                                     .group = arguments->group,
                                     .report = cli_report};
    shs_status status = mpi_job_open(&options, &again->run);
    if (!status) status = open_again(again, plan);
    for (uint64_t i = 0; i < plan->count && !status; i++)
        status = make_step(again, audit, plan, i);
    return status;
}

/* Collective. Closes the run. Returns the exit code `code`, which is rank 0's on every rank. */
static int end(struct again *again, int code)
{
    uint64_t first = (uint64_t)code;
    if (code != CLI_ERROR && again->run && mpi_broadcast(again->run, &first, sizeof first))
        first = CLI_ERROR;
    core_hash_free(&again->hash);
    core_free(&again->own);
    core_free(&again->all);
    shs_loader_close(&again->loader);
    shs_dataset_close(&again->dataset);
    return cli_close(&again->run, (int)first);
}

static int run(const struct cli_arguments *arguments)
{
    struct cli_audit audit = {.arguments = arguments, .makes = arguments->n_plain > 1};
    struct cli_arguments all = *arguments;
    struct again again = {.arguments = &all};
    struct plan plan = {0};
    char *options = NULL;
    shs_status status = make_plan(&audit, &plan, &options, &all);
    if (!status && audit.makes) status = make_steps(&audit, &plan, &again);
    int code = cli_exit_code(status);
    if (!status && mpi_job_rank() == 0) code = cli_audit_print(&audit);
    code = end(&again, code);
    core_free(&options);
    core_free(&plan.header);
    core_free(&plan.steps);
    core_free(&plan.lines);
    cli_log_free(&audit.log);
    return code;
}

const struct cli_command cli_audit = {
    .name = "audit",
    .usage = "LOG [PATH]",
    .summary = "checks the log of a run, and makes the batches of some of its steps again",
    .arguments =
        "  LOG\tThe log that shs_record_open() began; record.h describes it.\n"
        "  PATH\tThe run's HDF5 file or files, named as in the run: a file; " CLI_SEVERAL_FILES
        " Without PATH only the log is read.",
    .details =
        "Each line of the log has hashes of a step, and a hash that the line before it leads to. "
        "audit follows this chain through all lines. Of some steps it then loads the batches, "
        "with the options in the log, and compares the hashes of row numbers, of draws and of all "
        "that a model sees. It names the first step that differs, and what of it. It can run on "
        "any number of ranks, up to the run's virtual ranks.\n\n"
        "Options that you give go before those of the log. Lists of rows are not in the log: give "
        "--rows and --exclude again. The hashes of the mean and of the weights are compared with "
        "--against only; examples/audit_training.sh computes them again from a checkpoint.",
    .differs = "a line was changed, or a step differs",
    .examples = "audit run.log fashion.h5 --sample 1%\n"
                "audit run.log fashion.h5 --step 1200 --steps 100\n"
                "audit run.log --against other.log",
    .takes = CLI_WITH_ORDER | CLI_WITH_LOADER | CLI_WITH_PROBE,
    .options = "--sample --sample-seed --steps --against --since --group --json",
    .samples_parts = true,
    .least_plain = 1,
    .most_plain = 2,
    .run = run,
};
