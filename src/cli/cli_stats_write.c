/* shardstep stats --write: a file of the figures, for normalize(from=FILE). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli_stats.h"
#include "core_elements.h"
#include "core_memory.h"
#include "io_content.h"
#include "io_fail.h"
#include "io_figures.h"
#include "io_file.h"
#include "io_folder.h"

enum {
    NAME = 1024 /* bytes of a name with control characters written as \xNN, at most */
};

static const struct scan_tally *tally_of(const struct scan_stats *stats, size_t i)
{
    return stats->channels ? stats->channel[i] : stats->all;
}

static size_t lists_of(const struct scan_stats *stats)
{
    return stats->channels ? (size_t)stats->channels : 1;
}

/* ---- the lines that only people read */

static void note_name(const char *name, const char *value, struct core_text *text)
{
    char shown[NAME];
    core_escape(value, shown, sizeof shown);
    core_text_add(text, "%s = %s\n", name, shown);
}

static void note_rows(const struct cli_stats_report *report, struct core_text *text)
{
    const struct scan_stats *stats = report->stats;
    const struct cli_arguments *arguments = report->arguments;
    core_text_add(text, "rows = %llu of %llu\n", (ull)stats->field.shape[0], (ull)stats->all_rows);
    if (!*stats->listed) return;
    if (arguments->part)
        core_text_add(text, "part = %s\nsplit_seed = %llu\n", arguments->part,
                      (ull)arguments->loader.subset.split_seed);
    else
        note_name("rows_file", arguments->rows, text);
    core_text_add(text, "rows_hash = %s\n", stats->listed);
}

static void note_counts(const struct scan_stats *stats, const char *name, size_t member,
                        struct core_text *text)
{
    for (size_t i = 0; i < lists_of(stats); i++) {
        uint64_t count;
        memcpy(&count, (const char *)tally_of(stats, i) + member, sizeof count);
        if (!i) core_text_add(text, "%s = ", name);
        core_text_add(text, "%s%llu", i ? "," : "", (ull)count);
    }
    core_text_add(text, "\n");
}

static void note_extremes(const struct scan_stats *stats, const char *name, bool greatest,
                          struct core_text *text)
{
    char number[40];
    core_text_add(text, "%s = ", name);
    for (size_t i = 0; i < lists_of(stats); i++) {
        const struct scan_tally *tally = tally_of(stats, i);
        core_key_text(tally->type, greatest ? tally->greatest : tally->least, 17, number,
                      sizeof number);
        core_text_add(text, "%s%s", i ? "," : "", tally->finite ? number : "none");
    }
    core_text_add(text, "\n");
}

static void add_notes(const struct cli_stats_report *report, const struct io_paths *paths,
                      struct core_text *text)
{
    const struct scan_stats *stats = report->stats;
    for (size_t i = 0; i < paths->count; i++)
        note_name("file", paths->path[i], text);
    note_rows(report, text);
    core_text_add(text, "missing = ");
    scan_fill_print(&stats->fill, text);
    core_text_add(text, "\n");
    note_counts(stats, "count", offsetof(struct scan_tally, finite), text);
    note_counts(stats, "left_out_nan", offsetof(struct scan_tally, nans), text);
    note_counts(stats, "left_out_infinite", offsetof(struct scan_tally, infinities), text);
    note_counts(stats, "left_out_missing", offsetof(struct scan_tally, filled), text);
    note_extremes(stats, "min", false, text);
    note_extremes(stats, "max", true, text);
}

/* ---- the file */

/* Makes the text of the file. */
static shs_status make_text(const struct cli_stats_report *report, const struct io_paths *paths,
                            struct core_text *text)
{
    const struct scan_stats *stats = report->stats;
    struct core_text notes = {0};
    struct io_figures figures = {.channel_axis = stats->channel_axis, .count = lists_of(stats)};
    char field[NAME];
    core_escape(report->field, field, sizeof field);
    figures.sample = (shs_tensor){.type = stats->field.type, .axes = stats->field.axes - 1};
    memcpy(figures.sample.shape, stats->field.shape + 1,
           figures.sample.axes * sizeof *figures.sample.shape);
    shs_status status = core_copy(field, &figures.field);
    if (!status)
        status = core_new(figures.count, sizeof *figures.mean, "statistics", &figures.mean);
    if (!status)
        status =
            core_new(figures.count, sizeof *figures.deviation, "statistics", &figures.deviation);
    for (size_t i = 0; i < figures.count && !status; i++) {
        const struct scan_tally *tally = tally_of(stats, i);
        figures.mean[i] = tally->finite ? tally->mean : __builtin_nan("");
        figures.deviation[i] = tally->finite ? tally->deviation : __builtin_nan("");
    }
    if (!status) add_notes(report, paths, &notes);
    if (!status) status = notes.status;
    if (!status) io_figures_print(&figures, notes.bytes, text);
    core_text_free(&notes);
    io_figures_free(&figures);
    return status ? status : text->status;
}

/* Fills the temporary file. A message has the final name, which means something to the user. */
static shs_status fill_file(const struct io_output *output, const struct core_text *text)
{
    int file, error = io_open_to_write(output->temporary, false, &file);
    if (error) return io_fail("cannot write", output->path, error, NULL);
    error = io_write_at(file, 0, text->bytes, text->length);
    if (close(file) < 0 && !error) error = errno;
    return error ? io_fail("cannot write", output->path, error, NULL) : SHS_OK;
}

shs_status cli_stats_check(const struct cli_arguments *arguments, const struct io_paths *paths)
{
    const char *path = arguments->write;
    struct io_identity there, file;
    bool is_there = false;
    if (!path) return SHS_OK;
    shs_status status = io_output_check(path, arguments->overwrite);
    if (!status) status = io_exists(path, &is_there);
    if (status || !is_there) return status;
    status = io_identify_path(path, &there);
    for (size_t i = 0; i < paths->count && !status; i++) {
        status = io_identify_path(paths->path[i], &file);
        if (!status && file.device == there.device && file.inode == there.inode)
            status =
                core_fail(SHS_ERROR_ARGUMENT,
                          "%s is a file of the data; choose another name for the figures", path);
    }
    return status;
}

shs_status cli_stats_write(const struct cli_stats_report *report, const struct io_paths *paths)
{
    const char *path = report->arguments->write;
    struct core_text text = {0};
    struct io_output output = {0};
    if (!path) return SHS_OK;
    shs_status status = make_text(report, paths, &text);
    if (!status) status = cli_output_begin(path, report->arguments->overwrite, &output);
    if (!status) status = fill_file(&output, &text);
    if (!status) status = io_output_commit(&output);
    cli_output_end(&output);
    core_text_free(&text);
    return status;
}
