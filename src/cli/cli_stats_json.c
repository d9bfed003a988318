/* shardstep stats --json: the statistics as an object. */
#include "cli_json.h"
#include "cli_stats.h"
#include "core_elements.h"

enum {
    NUMBER = 40 /* bytes that hold any number as text */
};

static void json_key(const char *name, const struct scan_tally *tally, uint64_t key)
{
    char text[NUMBER];
    core_key_text(tally->type, key, 17, text, sizeof text);
    cli_json_number(name, tally->finite ? text : NULL);
}

static void json_histogram(const struct scan_tally *tally)
{
    bool whole = !core_is_float(tally->type);
    cli_json_begin("histogram", '[');
    for (uint64_t bin = 0; bin < tally->bins; bin++) {
        bool last = bin + 1 == tally->bins;
        cli_json_begin(NULL, '{');
        json_key("from", tally, tally->edges[bin]);
        json_key("to", tally, tally->edges[bin + 1] - (whole && !last));
        cli_json_u64("count", tally->histogram[bin]);
        cli_json_end('}');
    }
    cli_json_end(']');
}

static void json_double(const char *name, const struct scan_tally *tally, double number)
{
    if (tally->finite)
        cli_json_double(name, number);
    else
        cli_json_number(name, NULL);
}

static void json_tally(const char *name, const struct cli_stats_report *report,
                       const struct scan_tally *tally)
{
    cli_json_begin(name, '{');
    cli_json_u64("finite", tally->finite);
    cli_json_u64("nan", tally->nans);
    cli_json_u64("infinite", tally->infinities);
    cli_json_u64("filled", tally->filled);
    json_key("min", tally, tally->least);
    json_key("max", tally, tally->greatest);
    json_double("mean", tally, tally->mean);
    json_double("std", tally, tally->deviation);
    json_double("scaled_mean", tally, tally->mean / report->scale);
    json_double("scaled_std", tally, tally->deviation / report->scale);
    json_histogram(tally);
    cli_json_end('}');
}

/* The rows that counted, and the values that mean "missing". */
static void json_choice(const struct cli_stats_report *report)
{
    const struct scan_stats *stats = report->stats;
    const struct scan_fill *fill = &stats->fill;
    char text[NUMBER];
    cli_json_u64("all_rows", stats->all_rows);
    cli_json_begin("fill", '[');
    for (size_t i = 0; i < fill->count; i++) {
        core_key_text(fill->type, fill->key[i], 17, text, sizeof text);
        cli_json_number(NULL, text);
    }
    cli_json_end(']');
}

void cli_stats_print_json(const struct cli_stats_report *report)
{
    const struct scan_stats *stats = report->stats;
    cli_json_begin(NULL, '{');
    cli_json_text("file", report->path);
    cli_json_u64("files", report->files);
    cli_json_text("field", report->field);
    cli_json_text("type", shs_type_name(stats->field.type));
    cli_json_begin("shape", '[');
    for (uint32_t axis = 0; axis < stats->field.axes; axis++)
        cli_json_u64(NULL, stats->field.shape[axis]);
    cli_json_end(']');
    json_choice(report);
    cli_json_double("scale", 1 / report->scale);
    json_tally("all", report, stats->all);
    if (stats->channels)
        cli_json_u64("channel_axis", stats->channel_axis);
    else
        cli_json_number("channel_axis", NULL);
    cli_json_begin("channels", '[');
    for (uint64_t channel = 0; channel < stats->channels; channel++)
        json_tally(NULL, report, stats->channel[channel]);
    cli_json_end(']');
    cli_json_finish();
}
