/* shardstep stats: the mean, the deviation, the extremes and a histogram of a field. */
#include <stdio.h>
#include <string.h>

#include "augment_axes.h"
#include "cli.h"
#include "cli_packing.h"
#include "cli_paths.h"
#include "cli_stats.h"
#include "cli_text.h"
#include "core_elements.h"
#include "core_text.h"
#include "h5_about.h"
#include "h5_file.h"
#include "mpi_job.h"
#include "scan_stats.h"

enum {
    BAR = 40,   /* characters of the longest bar */
    NUMBER = 40 /* bytes that hold any number as text */
};

/* ---- as text */

static uint64_t left_out(const struct scan_tally *tally)
{
    return tally->nans + tally->infinities + tally->filled;
}

static void print_line(const struct cli_stats_report *report, const char *name,
                       const struct scan_tally *tally)
{
    shs_type type = report->stats->field.type;
    char least[NUMBER] = "-", greatest[NUMBER] = "-";
    if (tally->finite) {
        core_key_text(type, tally->least, 6, least, sizeof least);
        core_key_text(type, tally->greatest, 6, greatest, sizeof greatest);
        printf("%8s %14.7g %14.7g %14s %14s", name, tally->mean, tally->deviation, least, greatest);
    } else {
        printf("%8s %14s %14s %14s %14s", name, "-", "-", least, greatest);
    }
    if (report->scale != 1 && tally->finite)
        printf(" %14.7g %14.7g", tally->mean / report->scale, tally->deviation / report->scale);
    else if (report->scale != 1 && left_out(report->stats->all))
        printf(" %14s %14s", "-", "-");
    if (left_out(report->stats->all)) printf(" %14llu", (ull)left_out(tally));
    printf("\n");
}

static void print_bar(const struct scan_tally *tally, uint64_t bin, uint64_t most)
{
    uint64_t count = tally->histogram[bin];
    char from[NUMBER], to[NUMBER], bar[BAR + 1];
    size_t length = (size_t)((double)count / (double)most * BAR + 0.5);
    if (!length && count) length = 1;
    memset(bar, '#', length);
    bar[length] = '\0';
    bool whole = !core_is_float(tally->type), last = bin + 1 == tally->bins;
    uint64_t end = tally->edges[bin + 1] - (whole && !last);
    core_key_text(tally->type, tally->edges[bin], 6, from, sizeof from);
    core_key_text(tally->type, end, 6, to, sizeof to);
    printf("%14s %14s %14llu %6.2f%% %s\n", from, to, (ull)count,
           100 * (double)count / (double)tally->finite, bar);
}

static void print_histogram(const struct scan_tally *tally)
{
    uint64_t most = 1;
    if (!tally->finite) return;
    for (uint64_t bin = 0; bin < tally->bins; bin++)
        if (tally->histogram[bin] > most) most = tally->histogram[bin];
    printf("\n%14s %14s %14s %7s\n", "from", core_is_float(tally->type) ? "below" : "to",
           "elements", "share");
    for (uint64_t bin = 0; bin < tally->bins; bin++)
        print_bar(tally, bin, most);
}

/* Prints which rows counted, and which values mean "missing", if there is something to tell. */
static void print_choice(const struct cli_stats_report *report)
{
    const struct scan_stats *stats = report->stats;
    const struct cli_arguments *arguments = report->arguments;
    struct core_text text = {0};
    if (*stats->listed)
        printf("%llu of %llu rows: ", (ull)stats->field.shape[0], (ull)stats->all_rows);
    if (*stats->listed && arguments->part) {
        printf("the part %s by --split-seed %llu\n", arguments->part,
               (ull)arguments->loader.subset.split_seed);
    } else if (*stats->listed) {
        cli_print_text(stdout, arguments->rows);
        printf(" lists them\n");
    }
    if (!stats->fill.count) return;
    scan_fill_print(&stats->fill, &text);
    if (!text.status) printf("missing values, which are left out: %s\n", text.bytes);
    core_text_free(&text);
}

static void print_head(const struct cli_stats_report *report)
{
    const shs_tensor *field = &report->stats->field;
    const struct scan_tally *all = report->stats->all;
    cli_print_text(stdout, report->field);
    printf(": %s", shs_type_name(field->type));
    for (uint32_t axis = 0; axis < field->axes; axis++)
        printf("%s%llu", axis ? "x" : " ", (ull)field->shape[axis]);
    printf(", %llu elements", (ull)(all->finite + left_out(all)));
    if (report->files > 1) printf(" of %zu files", report->files);
    if (all->nans || all->infinities || all->filled) printf(", %llu of them NaN", (ull)all->nans);
    if (all->filled)
        printf(", %llu infinite and %llu missing, which are left out", (ull)all->infinities,
               (ull)all->filled);
    else if (all->nans || all->infinities)
        printf(" and %llu infinite, which are left out", (ull)all->infinities);
    printf("\n");
    print_choice(report);
}

/* The layout of samples by the axis of their channels: of tables, signals and images. NULL for
 * other samples. */
static const char *channel_layout(const struct scan_stats *stats)
{
    enum {
        MOST_AXES = 3
    };
    static const char *const layouts[MOST_AXES][MOST_AXES] = {
        {"c"}, {"cw", "wc"}, {"chw", NULL, "hwc"}};
    uint32_t axes = stats->field.axes - 1;
    if (!stats->channel_axis || axes > MOST_AXES) return NULL;
    return layouts[axes - 1][stats->channel_axis - 1];
}

/* Prints a list with the mean, or the deviation, of each channel, scaled as normalize() needs it.
 */
static void print_numbers(const struct cli_stats_report *report, const char *name, bool deviation)
{
    const struct scan_stats *stats = report->stats;
    printf("%s=[", name);
    for (uint64_t c = 0; c < stats->channels; c++) {
        const struct scan_tally *tally = stats->channel[c];
        printf("%s%.9g", c ? "," : "",
               (deviation ? tally->deviation : tally->mean) / report->scale);
    }
    printf("]");
}

/* Prints a line with lists of means and deviations by channel, if operators know the layout and can
 * divide by all deviations. */
static void print_channels(const struct cli_stats_report *report)
{
    const struct scan_stats *stats = report->stats;
    const char *layout = channel_layout(stats);
    shs_tensor sample = {.type = stats->field.type, .axes = stats->field.axes - 1};
    if (!layout || stats->channels < 2 || stats->channels > AUGMENT_MOST_NUMBERS) return;
    for (uint64_t c = 0; c < stats->channels; c++)
        if (!(stats->channel[c]->deviation > 0)) return;
    memcpy(sample.shape, stats->field.shape + 1, sample.axes * sizeof *sample.shape);
    const char *usual = augment_usual_layout(&sample);
    cli_print_text(stdout, report->field);
    printf(": normalize(");
    print_numbers(report, "mean", false);
    print_numbers(report, ", std", true);
    if (!usual || strcmp(usual, layout)) printf(", layout=%s", layout);
    printf(")\n");
}

static void print_text(const struct cli_stats_report *report)
{
    const struct scan_stats *stats = report->stats;
    const struct scan_tally *all = stats->all;
    print_head(report);
    printf("\n%8s %14s %14s %14s %14s", "channel", "mean", "deviation", "min", "max");
    if (report->scale != 1) printf(" %14s %14s", "scaled mean", "deviation");
    if (left_out(all)) printf(" %14s", "left out");
    printf("\n");
    for (uint64_t channel = 0; channel < stats->channels; channel++) {
        char name[NUMBER];
        snprintf(name, sizeof name, "%llu", (ull)channel);
        print_line(report, name, stats->channel[channel]);
    }
    print_line(report, "all", all);
    print_histogram(all);
    if (!(all->deviation > 0)) return;
    printf("\n");
    cli_print_text(stdout, report->field);
    printf(": normalize(mean=%.9g, std=%.9g)\n", all->mean / report->scale,
           all->deviation / report->scale);
    print_channels(report);
}

/* ---- the command */

static shs_status read_options(const struct cli_arguments *arguments,
                               struct scan_stats_options *options)
{
    const char *axis = arguments->channel_axis;
    options->bins = arguments->bins;
    options->channel_axis = SCAN_STATS_USUAL_AXIS;
    if (!axis) return SHS_OK;
    if (!strcmp(axis, "none")) {
        options->channel_axis = SCAN_STATS_NO_AXIS;
        return SHS_OK;
    }
    if (core_parse_u64(axis, &options->channel_axis) && options->channel_axis >= 1 &&
        options->channel_axis < SHS_MAX_AXES)
        return SHS_OK;
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "--channel-axis is '%s'; it must be none or 1 to %d, where 1 is the first axis "
        "of a sample",
        axis, SHS_MAX_AXES - 1);
}

/* Local. Finds the files of all arguments. With --probe another process tries them out first. */
static shs_status find_files(const struct cli_arguments *arguments, const char *field,
                             struct io_paths *paths)
{
    size_t count = arguments->n_plain - 1;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < count && !status; i++)
        if (arguments->probe) status = cli_probe(arguments, arguments->plain[i], field);
    return status ? status : cli_paths_find(arguments->plain, count, paths);
}

static bool is_fill(const char *name)
{
    for (size_t i = 0; i < H5_FILLS; i++)
        if (!strcmp(name, h5_fills[i])) return true;
    return false;
}

/* Local. Notes the attributes of the first file, such as a scale, that change the meaning of
 * numbers, and whether they are applied. A failure is no error here, because the numbers have been
 * read. */
static void note_packing(const char *path, const char *field, bool cf)
{
    struct h5_file *file;
    struct h5_about about;
    struct h5_packing *packing = &about.packing;
    struct core_text text = {0};
    if (h5_open(path, &file)) return;
    bool described = !h5_describe(file, field, &about);
    h5_close(&file);
    bool fits = !*about.stored_as, applied = cf && fits;
    for (size_t i = 0; described && i < H5_PACKINGS && !applied; i++)
        if (is_fill(h5_packings[i])) packing->attribute[i] = (struct h5_attribute){0};
    if (described) cli_packing_add(packing, applied, fits, &text);
    if (text.length && !text.status) {
        fprintf(stderr, "shardstep: note: ");
        cli_print_text(stderr, path);
        fprintf(stderr, ": %s\n", text.bytes);
    }
    core_text_free(&text);
}

/* Local. Writes the file of --write, and prints the statistics. */
static shs_status report_stats(const struct cli_arguments *arguments, const struct io_paths *paths,
                               const struct scan_stats *stats)
{
    struct cli_stats_report report = {.arguments = arguments,
                                      .path = arguments->plain[0],
                                      .field = arguments->plain[arguments->n_plain - 1],
                                      .files = paths->count,
                                      .stats = stats,
                                      .scale = augment_whole_scale(stats->field.type)};
    note_packing(paths->path[0], report.field, arguments->cf);
    shs_status status = cli_stats_write(&report, paths);
    if (status) return status;
    if (arguments->json)
        cli_stats_print_json(&report);
    else
        print_text(&report);
    return arguments->write ? cli_output_printed(arguments->write) : SHS_OK;
}

/* Local. Refuses the text of a field, such as x=decode(images, size=32), which is no dataset's
 * name. A file that cannot be opened is told of later. */
static shs_status check_name(const char *path, const char *field)
{
    struct h5_file *file;
    if (!strpbrk(field, "=(") || h5_open(path, &file)) return SHS_OK;
    bool found = h5_has(file, field);
    h5_close(&file);
    if (found) return SHS_OK;
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "%s: stats takes the name of a dataset, as it is stored, and '%s' is the text of "
        "a field; figures of decoded images or of parts come from a program that goes "
        "through the batches of a loader",
        path, field);
}

static shs_status make_and_print(const struct cli_arguments *arguments, shs_run *run)
{
    struct scan_stats_options options;
    struct scan_stats *stats = NULL;
    struct io_paths paths = {0};
    struct cli_order order = {0};
    const char *field = arguments->plain[arguments->n_plain - 1];
    shs_status status = read_options(arguments, &options);
    if (!status) status = cli_order(arguments, &order);
    options.rows = (struct scan_rows_how){
        .subset = order.options.subset, .fill = arguments->fill, .cf = arguments->cf};
    if (!status) status = find_files(arguments, field, &paths);
    if (!status && run->rank == 0) status = check_name(paths.path[0], field);
    if (!status && run->rank == 0) status = cli_stats_check(arguments, &paths);
    status = mpi_agree(run, status, "stats");
    if (!status) status = scan_stats_make(run, &paths, field, &options, &stats);
    cli_order_free(&order);
    if (!status) {
        shs_status mine = run->rank == 0 ? report_stats(arguments, &paths, stats) : SHS_OK;
        status = mpi_agree(run, mine, "printing statistics");
    }
    scan_stats_free(&stats);
    io_paths_free(&paths);
    return status;
}

static int run(const struct cli_arguments *arguments)
{
    shs_run *job = NULL;
    shs_run_options options = {0};
    shs_status status = cli_open(&options, &job);
    if (!status) status = make_and_print(arguments, job);
    int code = cli_exit_code(status);
    return cli_close(&job, code);
}

const struct cli_command cli_stats = {
    .name = "stats",
    .usage = "PATH... FIELD",
    .summary = "prints a field's mean, deviation, extremes and histogram, and normalize() for it",
    .arguments = "  FIELD\tThe name of a dataset of numbers, such as train/images.",
    .details = "Sums are exact and rounded once: the digits are the same on any number of ranks. "
               "All files count as one. The last line goes into --augment; for tables, "
               "signals and images with channels it has a number for each channel, and the line "
               "before it one for all.\n\n"
               "NaN, infinities and missing values are left out; how many these are is printed by "
               "channel. --rows and --part choose rows as they do for a loader, so the part of the "
               "training gives the figures of the training rows alone. --write writes the figures "
               "for normalize(from=FILE).",
    .examples = "stats fashion.h5 train/images\n"
                "stats 'year-*.h5' t2m --channel-axis none\n"
                "stats 'year-*.h5' t2m --part 0,0.8 --write t2m.stats\n"
                "digest y.h5 --fields t2m --augment 't2m: normalize(from=t2m.stats)'",
    .takes = CLI_WITH_PROBE,
    .options =
        "--channel-axis --bins --cf --json --probe --rows --part --split-seed --fill --write "
        "--overwrite",
    .least_plain = 2,
    .most_plain = CLI_MAX_PLAIN,
    .run = run,
};
