/* shardstep bench PATH: opens loaders, plans the time, and measures in rounds. */
#include "cli_bench_file.h"

#include "cli_batch.h"
#include "cli_seconds.h"
#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"
#include "load.h"
#include "load_texts.h"
#include "mpi_job.h"

/* Parts of a round's time. A ceiling takes one part. */
enum {
    ALONE_PARTS = 3,
    COMPUTING_PARTS = 6,
    /* Parts of all time for the preparation and for the first pass: one of so many each. */
    PREPARING = 8,
    FIRST_PASS = 4,
    TRACE_EVENTS = 1 << 15 /* events that each thread keeps */
};

/* ---- The command line. */

static shs_status read_number(const char *option, const char *text, double most, double *number)
{
    if (core_parse_double(text, number) && *number > 0 && *number <= most) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "%s takes a number above 0 and up to %g, not '%.80s'",
                     option, most, text);
}

static shs_status read_arguments(struct bench_file *bench)
{
    const struct cli_arguments *arguments = bench->arguments;
    shs_status status = SHS_OK;
    bench->seconds = arguments->quick ? 0.2 : 10;
    if (arguments->seconds)
        status = read_number("--seconds", arguments->seconds, 1e6, &bench->seconds);
    if (!status && arguments->compute)
        status = read_number("--compute", arguments->compute, 1e7, &bench->compute.seconds);
    if (!status && arguments->busy && !arguments->compute)
        status = core_fail(SHS_ERROR_ARGUMENT, "--busy is the way in which --compute MS passes the "
                                               "time; give --compute, too");
    if (!status && cli_given(arguments, "--steps") && !arguments->steps)
        status = core_fail(SHS_ERROR_ARGUMENT, "--steps is 0: nothing would be measured");
    if (!status && arguments->trace && arguments->last_threads)
        status = core_fail(SHS_ERROR_ARGUMENT, "--trace writes one file for one number of threads; "
                                               "give --threads one number");
    if (!status && arguments->json_lines && bench->run->rank == 0)
        status = load_texts_check(arguments->json_lines);
    bench->compute.seconds /= 1000;
    bench->compute.busy = arguments->busy;
    return status;
}

/* ---- Opening. */

/* A loader and its dataset. */
struct opened {
    shs_dataset *dataset;
    shs_loader *loader;
};

static void close_loader(struct opened *opened)
{
    shs_loader_close(&opened->loader);
    shs_dataset_close(&opened->dataset);
}

/* Collective. Opens the loader with a number of threads, at the cursor of --epoch and --step. */
static shs_status open_loader(const struct bench_file *bench, uint32_t threads,
                              struct opened *opened)
{
    struct cli_arguments arguments = *bench->arguments;
    arguments.loader.threads = threads;
    if (arguments.trace) arguments.loader.trace_events = TRACE_EVENTS;
    shs_status status = cli_open_loader(&arguments, bench->run, &opened->dataset, &opened->loader);
    if (status || (!arguments.epoch && !arguments.step)) return status;
    shs_cursor start = {arguments.epoch, arguments.step, 0};
    if (!core_multiply(arguments.epoch, shs_epoch_steps(opened->loader), &start.step))
        start.step = 0;
    start.step += arguments.step;
    return shs_seek(opened->loader, start);
}

static shs_status describe(struct bench_file *bench, const struct opened *opened)
{
    const struct load_order *order = &opened->loader->plan.order;
    bench->samples = opened->dataset->samples;
    bench->epoch_samples = order->order.shape.samples;
    bench->epoch_steps = shs_epoch_steps(opened->loader);
    bench->batch = order->order.shape.batch;
    bench->shuffle = order->shuffle;
    bench->ahead = opened->loader->options.ahead;
    for (size_t f = 0; f < bench->memory.n_fields; f++)
        bench->sample_bytes += bench->memory.output_bytes[f];
    for (size_t f = 0; f < opened->dataset->n_fields; f++)
        bench->images |= opened->dataset->what.part[f].kind == DATA_IMAGE;
    load_pushdown_describe(opened->dataset, &opened->loader->plan.pushdown, &bench->pushdown);
    shs_status status = bench->pushdown.status;
    if (!status) status = load_advise(opened->dataset, order, &bench->advice);
    if (status || !bench->advice.array) return status;
    status = core_copy(bench->advice.array, &bench->advised);
    bench->advice.array = bench->advised;
    return status;
}

/* Collective. Finds the rows that the loader will load, and what the ceilings need of them. */
static shs_status prepare(struct bench_file *bench, uint32_t threads)
{
    struct opened opened = {0};
    shs_status status = open_loader(bench, threads, &opened);
    if (!status)
        status = bench_memory_fill(opened.dataset, opened.loader, bench->seconds / PREPARING,
                                   &bench->memory);
    if (!status) {
        status = describe(bench, &opened);
        if (!status) status = bench_stored_open(opened.dataset, &bench->memory, &bench->stored);
        status = mpi_agree(bench->run, status, "finding the rows in the files");
    }
    close_loader(&opened);
    uint64_t lack[BENCH_CEILINGS];
    for (int c = 0; c < BENCH_CEILINGS; c++)
        lack[c] = bench_ceiling_lack((enum bench_ceiling)c, &bench->memory, &bench->stored);
    if (!status) status = mpi_greatest(bench->run, lack, BENCH_CEILINGS);
    for (int c = 0; c < BENCH_CEILINGS; c++)
        bench->lack[c] = (enum bench_lack)lack[c];
    return status;
}

/* Returns the lines that a pass adds to, or NULL. */
static struct bench_lines *lines_of(struct bench_file *bench)
{
    return bench->arguments->json_lines ? &bench->lines : NULL;
}

/* ---- The first pass. */

/* Collective. Drops the pages of all files from memory. */
static shs_status forget_files(const struct bench_file *bench, const shs_dataset *dataset)
{
    const struct io_paths *paths = &dataset->files.paths;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < paths->count && !status; i++)
        status = io_forget(paths->path[i]);
    return mpi_agree(bench->run, status, "dropping the files' pages");
}

/* Collective. Loads the first steps, up to an epoch: ever more steps at a time, until `seconds`
 * have passed. So each rank does the same number of steps. */
static shs_status first_pass(struct bench_file *bench, shs_loader *loader, double seconds,
                             struct bench_result *result)
{
    static const struct bench_compute alone = {0};
    const struct bench_compute *compute = bench->arguments->cold ? &bench->compute : &alone;
    struct bench_pass pass = {.lines = lines_of(bench)};
    uint64_t most = shs_epoch_steps(loader) - shs_tell(loader).epoch_step, at_once = 1;
    shs_status status = SHS_OK;
    bench_lines_begin(pass.lines, loader, "first", 0);
    while (!status && pass.steps < most && (!pass.steps || result->first.seconds < seconds)) {
        if (at_once > most - pass.steps) at_once = most - pass.steps;
        status = bench_pass_add(bench->run, loader, at_once, compute, &pass);
        if (!status) status = bench_pass_total(bench->run, &pass, &result->first);
        at_once *= 2;
    }
    bench_lines_end(pass.lines, loader);
    return status;
}

/* ---- Rounds. */

/* Returns the steps of a pass that takes about `seconds`. They are whole epochs if that is
 * possible. `latest` is a pass of the same kind. */
static uint64_t plan_steps(const struct bench_file *bench, double seconds, double compute,
                           const struct bench_total *latest)
{
    if (cli_given(bench->arguments, "--steps")) return bench->arguments->steps;
    double a_step = latest->steps ? latest->seconds / (double)latest->steps : 0;
    if (a_step < compute) a_step = compute;
    double steps = a_step > 0 ? seconds / a_step : 1e6;
    if (steps > 1e9) steps = 1e9;
    uint64_t whole = (uint64_t)steps;
    if (whole >= bench->epoch_steps) whole -= whole % bench->epoch_steps;
    return whole < 2 ? 2 : whole;
}

/* Collective. Does a pass and has its report, and stops the loader until the next pass begins. */
static shs_status do_pass(struct bench_file *bench, shs_loader *loader, uint64_t steps,
                          const struct bench_compute *compute, struct bench_total *total,
                          struct bench_result *result)
{
    struct bench_pass pass = {.lines = lines_of(bench)};
    char *report = result->report;
    shs_status status = shs_loader_report(loader, report, SHS_REPORT_BYTES); /* begins anew */
    bench_lines_begin(pass.lines, loader, compute->seconds > 0 ? "computing" : "alone",
                      result->rounds);
    if (!status) status = bench_pass_add(bench->run, loader, steps, compute, &pass);
    bench_lines_end(pass.lines, loader);
    if (!status) status = shs_loader_report(loader, report, SHS_REPORT_BYTES);
    if (!status) status = bench_pass_total(bench->run, &pass, total);
    if (!status) status = shs_seek(loader, shs_tell(loader));
    return status;
}

static shs_status do_round(struct bench_file *bench, shs_loader *loader, double part,
                           struct bench_result *result)
{
    static const struct bench_compute nothing = {0};
    int round = result->rounds++;
    const struct bench_total *before = round ? &result->alone[round - 1] : &result->first;
    uint64_t steps = plan_steps(bench, ALONE_PARTS * part, 0, before);
    shs_status status = do_pass(bench, loader, steps, &nothing, &result->alone[round], result);
    if (!status && bench->compute.seconds > 0) {
        before = round ? &result->computing[round - 1] : &result->alone[round];
        steps = plan_steps(bench, COMPUTING_PARTS * part, bench->compute.seconds, before);
        status = do_pass(bench, loader, steps, &bench->compute, &result->computing[round], result);
    }
    for (int c = 0; c < BENCH_CEILINGS && !status; c++)
        if (!bench->lack[c])
            status = bench_ceiling_measure(bench->run, (enum bench_ceiling)c, part, &bench->memory,
                                           &bench->stored, &result->rate[round][c]);
    return status;
}

/* Collective. True on every rank if a further round fits into the time on each. */
static shs_status has_time(const struct bench_file *bench, double begin, double seconds, int rounds,
                           bool *enough)
{
    double used = cli_seconds() - begin;
    uint64_t late = rounds && used + used / rounds > 1.5 * seconds;
    shs_status status = mpi_greatest(bench->run, &late, 1);
    *enough = !late;
    return status;
}

static shs_status do_rounds(struct bench_file *bench, shs_loader *loader, double seconds,
                            struct bench_result *result)
{
    int rounds = bench->arguments->quick ? 1 : BENCH_ROUNDS, parts = ALONE_PARTS;
    double begin = cli_seconds();
    bool enough = true;
    shs_status status = SHS_OK;
    if (bench->compute.seconds > 0) parts += COMPUTING_PARTS;
    for (int c = 0; c < BENCH_CEILINGS; c++)
        parts += !bench->lack[c];
    while (!status && enough && result->rounds < rounds) {
        status = do_round(bench, loader, seconds / rounds / parts, result);
        if (!status) status = has_time(bench, begin, seconds, result->rounds, &enough);
    }
    return status;
}

/* Collective. Measures one number of threads for about `seconds`. */
static shs_status measure(struct bench_file *bench, double seconds, struct bench_result *result)
{
    struct opened opened = {0};
    shs_status status = open_loader(bench, result->threads, &opened);
    if (!status) result->memory = shs_loader_memory(opened.loader);
    if (!status && bench->arguments->cold) status = forget_files(bench, opened.dataset);
    if (!status) status = first_pass(bench, opened.loader, seconds / FIRST_PASS, result);
    /* a seek stops what is loaded ahead; rounds go on where the first pass ended */
    if (!status) status = shs_seek(opened.loader, shs_tell(opened.loader));
    if (!status)
        status = do_rounds(bench, opened.loader, seconds * (FIRST_PASS - 1) / FIRST_PASS, result);
    if (!status && bench->arguments->trace)
        status = shs_trace_write(opened.loader, bench->arguments->trace);
    close_loader(&opened);
    return status;
}

static shs_status measure_all(struct bench_file *bench)
{
    uint32_t first = bench->arguments->loader.threads, last = bench->arguments->last_threads;
    bench->results = last > first ? last - first + 1 : 1;
    shs_status status = core_new(bench->results, sizeof *bench->result, "results", &bench->result);
    if (!status) status = read_arguments(bench);
    status = mpi_agree(bench->run, status, "reading the options");
    if (!status) status = prepare(bench, first);
    for (size_t i = 0; i < bench->results && !status; i++) {
        bench->result[i].threads = first + (uint32_t)i;
        status = measure(bench, bench->seconds / (double)bench->results, &bench->result[i]);
    }
    if (!status && bench->arguments->json_lines)
        status = bench_lines_write(bench->run, &bench->lines, bench->arguments->json_lines);
    return status;
}

int cli_bench_file(const struct cli_arguments *arguments)
{
    struct bench_file bench = {.arguments = arguments};
    const shs_run_options options = {.seed = arguments->seed,
                                     .vranks = arguments->vranks,
                                     .group = arguments->group,
                                     .report = cli_report};
    shs_status status = cli_open(&options, &bench.run);
    if (!status) status = measure_all(&bench);
    if (!status && bench.run->rank == 0) status = bench_print(&bench);
    int code = cli_exit_code(status);
    bench_stored_close(&bench.stored);
    bench_memory_free(&bench.memory);
    core_free(&bench.result);
    core_free(&bench.advised);
    core_text_free(&bench.pushdown);
    core_text_free(&bench.lines.json.text);
    return cli_close(&bench.run, code);
}
