/* shardstep replay: makes a batch of a run again, in a single process. */
#include <stdio.h>
#include <string.h>

#include "augment_record.h"
#include "cli_batch.h"
#include "cli_cursor.h"
#include "cli_layout.h"
#include "cli_output.h"
#include "cli_replay.h"
#include "cli_replay_file.h"
#include "cli_text.h"
#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"
#include "load_digest.h"
#include "mpi_job.h"

/* Finds the step that the options name. --step counts the steps of the run, like the lines of
 * `digest`. With --epoch it counts the steps of this epoch. */
static shs_status find_cursor(const struct cli_replay *replay, shs_cursor *cursor)
{
    const struct cli_arguments *arguments = replay->arguments;
    const struct order_shape *shape = &replay->loader->plan.order.order.shape;
    uint64_t steps = order_steps(shape), before;
    struct order_origin origin;
    shs_status status = cli_origin(arguments, &origin);
    if (status) return status;
    if (cli_given(arguments, "--epoch")) {
        if (!core_multiply(arguments->epoch - origin.epoch, steps, &before)) before = UINT64_MAX;
        *cursor =
            (shs_cursor){arguments->epoch, arguments->step, origin.step + before + arguments->step};
    } else {
        status = cli_cursor(shape, origin, arguments->step, cursor);
    }
    if (status) return status;
    return order_check_cursor(shape, 0, origin, *cursor);
}

static shs_status check_choice(const struct cli_replay *replay)
{
    const struct cli_arguments *arguments = replay->arguments;
    if (!cli_given(arguments, "--step") || !cli_given(arguments, "--rank") ||
        !cli_given(arguments, "--vranks"))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "give --vranks, --rank and --step: whose batch, of which run");
    if (arguments->rank < replay->run->vranks) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "--rank is %llu; there are virtual ranks 0 to %llu",
                     (ull)arguments->rank, (ull)(replay->run->vranks - 1));
}

static shs_status load(struct cli_replay *replay)
{
    const struct cli_arguments *arguments = replay->arguments;
    struct core_hash *hash;
    shs_cursor cursor;
    shs_status status = cli_open_loader(arguments, replay->run, &replay->dataset, &replay->loader);
    if (status || arguments->worst) return status;
    status = check_choice(replay);
    if (!status) status = find_cursor(replay, &cursor);
    if (!status) status = load_replay(replay->loader, cursor, arguments->rank, &replay->batch);
    if (!status) status = core_hash_new(&hash);
    if (status) return status;
    struct core_digest digest = load_digest_batch(hash, &replay->batch);
    core_digest_text(&digest, replay->digest);
    core_hash_free(&hash);
    return SHS_OK;
}

/* Prints what the rows of a sample were imported from, if its file says it, once for each dataset.
 */
static shs_status print_origins(struct cli_replay *replay, uint64_t sample)
{
    shs_location at;
    const char *before = "";
    shs_status status = shs_locate(replay->dataset, sample, &at);
    for (size_t f = 0; f < replay->dataset->n_fields && !status; f++) {
        shs_rows rows;
        char *from = NULL;
        status = shs_locate_rows(replay->dataset, sample, f, &rows);
        if (!status && strcmp(before, rows.dataset) != 0)
            status = cli_origins_of_rows(&replay->origins, replay->dataset, &at, f, &rows, &from);
        if (from) {
            printf("    %s from ", shs_dataset_field(replay->dataset, f)->name);
            cli_print_text(stdout, from);
            printf("\n");
        }
        core_free(&from);
        if (!status) before = rows.dataset;
    }
    return status;
}

/* Prints the spacings that were drawn for a row, as in "  every(dt=3)". */
static void print_spacings(const struct cli_replay *replay, uint64_t slot)
{
    const struct load_plan *plan = &replay->loader->plan;
    uint64_t spacing[SHS_MAX_FIELDS];
    load_plan_spacings(plan, &replay->batch, slot, spacing);
    for (size_t i = 0; i < plan->what->n_spacings; i++) {
        printf("%s", i ? ", " : "  every(");
        cli_print_text(stdout, data_spacing_name(plan->what, i));
        printf("=%llu%s", (ull)spacing[i], i + 1 == plan->what->n_spacings ? ")" : "");
    }
}

shs_status cli_replay_print_row(struct cli_replay *replay, uint64_t slot)
{
    const shs_batch *batch = &replay->batch;
    struct core_text text = {0};
    char *draws;
    shs_random stream;
    load_plan_stream(&replay->loader->plan, batch, slot, &stream);
    augment_record_slot(replay->loader->augment, &stream, slot, batch->count, &text);
    shs_status status = core_text_take(&text, &draws);
    if (status) return status;
    printf("slot %llu  row %llu", (ull)slot, (ull)batch->index[slot]);
    if (batch->replaced && batch->replaced[slot] != batch->index[slot])
        printf(" in place of %llu", (ull)batch->replaced[slot]);
    print_spacings(replay, slot);
    printf("%s%s%s\n", *draws ? "  " : "", draws, slot < batch->count ? "" : "  weight 0");
    core_free(&draws);
    return print_origins(replay, batch->index[slot]);
}

/* Prints the augmentation with all values, also defaults, which explain the draws. */
static shs_status print_augmentation(const struct cli_replay *replay)
{
    struct core_text text = {0};
    augment_print(replay->loader->augment, &text);
    if (text.length) {
        printf("augmentation ");
        cli_print_text(stdout, text.bytes);
        printf("\n");
    }
    shs_status status = text.status;
    core_text_free(&text);
    return status;
}

/* Prints the layout of each field that the augmentation changes. */
static shs_status print_layouts(const struct cli_replay *replay)
{
    const shs_augment *augment = replay->loader->augment;
    struct core_text text = {0};
    for (size_t f = 0; f < replay->dataset->n_fields; f++) {
        if (!replay->dataset->sample[f].axes || !shs_augment_changes(augment, f)) continue;
        core_text_add(&text, "layout of %s: ", replay->dataset->sample[f].name);
        cli_layout_add(replay->dataset, augment, f, &text);
        core_text_add(&text, "\n");
    }
    if (text.length) printf("%s", text.bytes);
    shs_status status = text.status;
    core_text_free(&text);
    return status;
}

shs_status cli_replay_print_augmentation(const struct cli_replay *replay)
{
    shs_status status = print_augmentation(replay);
    return status ? status : print_layouts(replay);
}

static shs_status print_batch(struct cli_replay *replay)
{
    const shs_batch *batch = &replay->batch;
    printf("step %llu (epoch %llu, epoch step %llu), virtual rank %llu of %llu: %llu rows, %llu of "
           "weight 1\nhash %s\n",
           (ull)batch->step, (ull)batch->epoch, (ull)batch->epoch_step, (ull)batch->vrank,
           (ull)replay->run->vranks, (ull)batch->rows, (ull)batch->count, replay->digest);
    shs_status status = cli_replay_print_augmentation(replay);
    for (uint64_t slot = 0; slot < batch->rows && !status; slot++)
        status = cli_replay_print_row(replay, slot);
    return status;
}

/* ---- -o: the batch as a file. */

static struct cli_replay_file file_of(const struct cli_replay *replay)
{
    return (struct cli_replay_file){
        .loader = replay->loader, .batch = &replay->batch, .hash = replay->digest};
}

shs_status cli_replay_output_check(const struct cli_replay *replay,
                                   const struct cli_replay_file *file)
{
    const struct cli_arguments *arguments = replay->arguments;
    if (!arguments->output) return SHS_OK;
    shs_status status = cli_replay_file_check(file);
    if (status) return status;
    return cli_output_check(arguments->output, arguments->overwrite, &replay->dataset->files.paths,
                            "batch");
}

shs_status cli_replay_output_write(const struct cli_replay *replay,
                                   const struct cli_replay_file *file)
{
    const char *path = replay->arguments->output;
    struct io_output output = {0};
    if (!path) return SHS_OK;
    shs_status status = cli_output_begin(path, replay->arguments->overwrite, &output);
    if (!status) status = cli_replay_file_write(file, output.temporary);
    if (!status) status = io_output_commit(&output);
    cli_output_end(&output);
    return status;
}

/* ---- --against: a line STEP RANK HASH of `digest --per-rank`. */

static bool is_line(const struct cli_replay *replay, const char *line, char hash[CORE_DIGEST_TEXT])
{
    ull step, vrank;
    return sscanf(line, "%llu %llu %32s", &step, &vrank, hash) == 3 && step == replay->batch.step &&
           vrank == replay->batch.vrank;
}

/* Sets `hash` to the hash that the file of --against has for the batch. Lines are cut apart first,
 * because sscanf() measures the whole text that it gets. */
static shs_status find_line(const struct cli_replay *replay, char hash[CORE_DIGEST_TEXT])
{
    const char *path = replay->arguments->against;
    char *text = NULL;
    bool found = false;
    if (!path) return SHS_OK;
    shs_status status = io_read_all(path, &text);
    if (status) return status;
    for (char *line = text, *next; line && !found; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        found = is_line(replay, line, hash);
    }
    core_free(&text);
    if (found) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s has no line of step %llu and virtual rank %llu; make it with digest "
                     "--per-rank",
                     path, (ull)replay->batch.step, (ull)replay->batch.vrank);
}

/* Prints whether the batch is the same, and returns the exit code. */
static int print_verdict(const struct cli_replay *replay, const char *hash)
{
    const char *path = replay->arguments->against;
    if (!path) return CLI_DONE;
    if (!strcmp(hash, replay->digest)) {
        printf("the same as in %s\n", path);
        return CLI_DONE;
    }
    printf("DIFFERENT from what %s says: %s\n", path, hash);
    return CLI_DIFFERENT;
}

/* Replays the batch that the options name. Returns the exit code. */
static int run_batch(struct cli_replay *replay)
{
    char hash[CORE_DIGEST_TEXT];
    const struct cli_replay_file file = file_of(replay);
    shs_status status = cli_replay_output_check(replay, &file);
    if (!status) status = find_line(replay, hash);
    if (!status) status = cli_replay_output_write(replay, &file);
    if (!status) status = print_batch(replay);
    if (!status && replay->arguments->output)
        status = cli_output_printed(replay->arguments->output);
    return status ? cli_exit_code(status) : print_verdict(replay, hash);
}

static int run_alone(const struct cli_arguments *arguments)
{
    struct cli_replay replay = {.arguments = arguments};
    shs_run_options options = {
        .seed = arguments->seed, .vranks = arguments->vranks, .report = cli_report};
    shs_status status = mpi_job_open_alone(&options, &replay.run);
    if (!status && arguments->worst) status = cli_replay_worst_check(arguments);
    if (!status) status = load(&replay);
    int code = CLI_ERROR;
    if (status)
        code = cli_exit_code(status);
    else if (arguments->worst)
        code = cli_exit_code(cli_replay_worst(&replay));
    else
        code = run_batch(&replay);
    cli_origins_close(&replay.origins);
    shs_loader_close(&replay.loader);
    shs_dataset_close(&replay.dataset);
    return cli_close(&replay.run, code);
}

static int run(const struct cli_arguments *arguments)
{
    return mpi_job_rank() == 0 ? run_alone(arguments) : CLI_DONE;
}

const struct cli_command cli_replay = {
    .name = "replay",
    .usage = "PATH --vranks V --rank R --step T",
    .summary =
        "makes one batch of a run again, alone, and prints its rows, its hash and every draw",
    .details =
        "It needs no MPI and reads no other batch. Give it the options of the run: its --seed, "
        "--fields, --augment and so on. Where import kept the files that rows come from, it names "
        "them.\n\n"
        "With --worst LIST in the place of --rank and --step it makes the rows of a list that "
        "shs_note() has led to, those with the greatest losses; with --epoch E only those of an "
        "epoch. The FILE of -o then has their places: places/epoch, places/epoch_step, "
        "places/step, "
        "places/vrank, places/slot and places/loss.\n\n"
        "The line of a slot tells what its operators have drawn, from left to right: "
        "OPERATOR(no) where p leaves the sample out, OPERATOR(NAME=VALUE, ...) with what was "
        "drawn, and OPERATOR(yes) where nothing more was drawn than that p holds. Operators that "
        "draw nothing are not listed; sometimes and one_of hold those within them, and one_of "
        "holds the name of an operator that draws nothing. Factors, exponents, turns of hues, std "
        "and snr have 7 digits, lambda and share have 6, and the values of operators that "
        "resample have as many as give the double again. color_jitter tells its steps in the "
        "order in which they are made, and channel_drop the numbers of the channels. random_crop "
        "tells where its window begins. A span A..B of cutmix, be it of rows, of columns or of a "
        "signal's segment, ends before B.\n\n"
        "The FILE of -o has the batch: index, the fields and, as attributes, its place. It "
        "also has what each operator drew, a number for each slot: "
        "draws/FIELD/PLACE_OPERATOR/VALUE, where PLACE counts the operators of the text "
        "from 0, with the attribute unit. It is NaN where `applied` beside it is 0. The "
        "attributes text and layout of the group are the operator's. VALUE is the NAME of the "
        "line, with all digits. yes and no are 1 and 0, a span has both its ends, and a number "
        "without a name is `number`. For one_of, `choice` is the number of the operator in it, "
        "from 0; for channel_drop, `dropped` is 1 or 0 for each channel; for color_jitter, `order` "
        "has the steps in their order: 0 brightness, 1 contrast, 2 saturation, 3 hue, also those "
        "without a range.",
    .differs = "the batch is not that of --against",
    .examples = "replay fashion.h5 --vranks 8 --rank 7 --step 57 --against digest.txt\n"
                "replay fashion.h5 --vranks 8 --rank 0 --epoch 2 --step 5 -o batch.h5\n"
                "replay fashion.h5 --vranks 8 --worst worst.txt -o worst.h5",
    .takes = CLI_WITH_ORDER | CLI_WITH_LOADER | CLI_WITH_PROBE,
    .options = "--rank --since --output --overwrite --against --worst",
    .least_plain = 1,
    .most_plain = 1,
    .run = run,
};
