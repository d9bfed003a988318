#include "scan_stats.h"

#include <string.h>

#include "core_elements.h"
#include "core_memory.h"
#include "scan_rows.h"

enum {
    BLOCK_BYTES =
        128 << 10, /* bytes that are gone through channel by channel while they are in the cache */
    TABLES = 4,    /* tables of a byte's counts; it is faster to count equal neighbours in different
                      tables */
    COUNT_BYTES = 64 << 20 /* memory for counts of values */
};

typedef void tally_part(struct scan_tally *tally, const void *from, size_t stride, size_t count);

/* What a rank reads with. */
struct reading {
    shs_run *run;
    struct scan_stats *stats;
    struct scan_rows rows;
    tally_part *part; /* function of the present pass */
    uint64_t bins;
    uint64_t *counts; /* [channels][tables][values] for small integers, else NULL */
    uint64_t values, tables;
    uint64_t channels; /* channels, at least one */
    uint64_t inner;    /* elements of a channel that lie together */
    uint64_t row_runs; /* runs of such elements in a row for each channel */
    size_t element_bytes;
};

/* ---- elements by channel */

/* Counts how often each value occurs. Elements are taken as unsigned numbers. */
static void count_values(struct reading *reading, uint64_t channel, const void *from, size_t stride,
                         size_t count)
{
    uint64_t *counts = reading->counts + channel * reading->tables * reading->values;
    const uint8_t *bytes = from;
    const uint16_t *words = from;
    if (reading->element_bytes == 1)
        for (size_t i = 0; i < count; i++)
            counts[i % TABLES << 8 | bytes[i * stride]]++;
    else
        for (size_t i = 0; i < count; i++)
            counts[words[i * stride]]++;
}

static void take_part(struct reading *reading, tally_part *part, uint64_t channel, const char *from,
                      size_t stride, size_t count)
{
    const struct scan_stats *stats = reading->stats;
    if (reading->counts) {
        count_values(reading, channel, from, stride, count);
        return;
    }
    if (!stats->channels) {
        part(stats->all, from, stride, count);
        return;
    }
    part(stats->channel[channel], from, stride, count);
    /* the first pass over all elements is the sum of the channels' passes */
    if (part == scan_tally_second) part(stats->all, from, stride, count);
}

/* Hands runs of elements to a pass, for one channel after the other. */
static void take_runs(struct reading *reading, tally_part *part, const char *from, uint64_t runs)
{
    size_t run_bytes = reading->inner * reading->element_bytes;
    for (uint64_t channel = 0; channel < reading->channels; channel++) {
        const char *at = from + channel * run_bytes;
        if (reading->channels == 1)
            take_part(reading, part, 0, at, 1, runs * reading->inner);
        else if (reading->inner == 1)
            take_part(reading, part, channel, at, reading->channels, runs);
        else
            for (uint64_t run = 0; run < runs; run++, at += reading->channels * run_bytes)
                take_part(reading, part, channel, at, 1, reading->inner);
    }
}

static void take_piece(void *user, const char *piece, uint64_t rows)
{
    struct reading *reading = user;
    size_t bytes = reading->channels * reading->inner * reading->element_bytes;
    uint64_t runs = rows * reading->row_runs, at_once = BLOCK_BYTES / (bytes ? bytes : 1);
    if (!at_once) at_once = 1;
    for (uint64_t run = 0, now; run < runs; run += now) {
        now = runs - run < at_once ? runs - run : at_once;
        take_runs(reading, reading->part, piece + run * bytes, now);
    }
}

static shs_status read_share(struct reading *reading, tally_part *part)
{
    reading->part = part;
    return scan_rows_read(&reading->rows, take_piece, reading);
}

/* ---- numbers of all ranks */

/* Collective. Adds up a tally's sums, and finds its extremes, over all ranks. */
static shs_status reduce(shs_run *run, const struct scan_tally *tally, uint64_t *sums,
                         uint64_t *extremes)
{
    scan_tally_give(tally, sums, extremes);
    shs_status status = mpi_sum(run, sums, SCAN_TALLY_SUMS);
    return status ? status : mpi_greatest(run, extremes, SCAN_TALLY_EXTREMES);
}

/* Collective. Ends the first pass of each channel, and of all elements as the sum of the channels.
 */
static shs_status turn(struct reading *reading)
{
    struct scan_stats *stats = reading->stats;
    uint64_t sums[SCAN_TALLY_SUMS], extremes[SCAN_TALLY_EXTREMES];
    uint64_t all_sums[SCAN_TALLY_SUMS] = {0}, all_extremes[SCAN_TALLY_EXTREMES] = {0};
    for (uint64_t channel = 0; channel < reading->channels; channel++) {
        struct scan_tally *tally = stats->channels ? stats->channel[channel] : stats->all;
        shs_status status = reduce(reading->run, tally, sums, extremes);
        if (status) return status;
        for (int i = 0; i < SCAN_TALLY_SUMS; i++)
            all_sums[i] += sums[i];
        for (int i = 0; i < SCAN_TALLY_EXTREMES; i++)
            if (extremes[i] > all_extremes[i]) all_extremes[i] = extremes[i];
        if (stats->channels) scan_tally_turn(tally, sums, extremes, reading->bins);
    }
    scan_tally_turn(stats->all, all_sums, all_extremes, reading->bins);
    return SHS_OK;
}

/* Collective. Ends the second pass of a tally. */
static shs_status end_tally(shs_run *run, struct scan_tally *tally)
{
    uint64_t sums[SCAN_TALLY_SUMS], extremes[SCAN_TALLY_EXTREMES];
    shs_status status = reduce(run, tally, sums, extremes);
    if (!status) status = mpi_sum(run, tally->histogram, tally->bins);
    if (!status) scan_tally_end(tally, sums);
    return status;
}

static shs_status end(struct reading *reading)
{
    struct scan_stats *stats = reading->stats;
    shs_status status = end_tally(reading->run, stats->all);
    for (uint64_t channel = 0; channel < stats->channels && !status; channel++)
        status = end_tally(reading->run, stats->channel[channel]);
    return status;
}

/* ---- small integers: the counts of their values tell everything */

/* Runs both passes over integers that have been counted, in the same way on every rank. */
static void replay(const struct reading *reading, struct scan_tally *tally, const uint64_t *counts)
{
    uint64_t sums[SCAN_TALLY_SUMS], extremes[SCAN_TALLY_EXTREMES];
    uint64_t values = reading->values, bias = core_key_bias(tally->type);
    /* the key of a signed value is its two's complement, of few bits, with the sign bit flipped */
    uint64_t flip = bias ? values / 2 : 0, first = bias - flip;
    for (uint64_t i = 0; i < values; i++)
        scan_tally_first_key(tally, first + i, counts[i ^ flip]);
    scan_tally_give(tally, sums, extremes);
    scan_tally_turn(tally, sums, extremes, reading->bins);
    for (uint64_t i = 0; i < values; i++)
        if (counts[i ^ flip] && !scan_fill_has(tally->fill, first + i))
            scan_tally_second_key(tally, first + i, counts[i ^ flip]);
    scan_tally_give(tally, sums, extremes);
    scan_tally_end(tally, sums);
}

/* Collective. Makes the statistics of all ranks' counts. */
static shs_status end_counts(struct reading *reading)
{
    struct scan_stats *stats = reading->stats;
    uint64_t values = reading->values, each = reading->tables * values, *all;
    shs_status status = core_new(values, sizeof *all, "counts of values", &all);
    status = mpi_agree(reading->run, status, "counting values");
    if (!status) status = mpi_sum(reading->run, reading->counts, reading->channels * each);
    for (uint64_t channel = 0; channel < reading->channels && !status; channel++) {
        uint64_t *counts = reading->counts + channel * each;
        for (uint64_t i = values; i < each; i++)
            counts[i % values] += counts[i];
        for (uint64_t i = 0; i < values; i++)
            all[i] += counts[i];
        if (stats->channels) replay(reading, stats->channel[channel], counts);
    }
    if (!status) replay(reading, stats->all, all);
    core_free(&all);
    return status;
}

/* ---- opening */

static shs_status find_axis(struct reading *reading, uint64_t asked)
{
    struct scan_stats *stats = reading->stats;
    const shs_tensor *field = &stats->field;
    uint64_t last = field->axes - 1, axis = asked;
    if (asked == SCAN_STATS_USUAL_AXIS)
        axis = field->shape[last] >= 2 && field->shape[last] <= 4 ? last : SCAN_STATS_NO_AXIS;
    if (axis > last)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the channel axis is %llu, but beside that of the samples there are %llu "
                         "axes",
                         (ull)axis, (ull)last);
    reading->channels = axis == SCAN_STATS_NO_AXIS ? 1 : field->shape[axis];
    if (reading->channels > SCAN_STATS_MOST_CHANNELS)
        return core_fail(SHS_ERROR_ARGUMENT, "axis %llu has %llu channels; the most is %d",
                         (ull)axis, (ull)reading->channels, SCAN_STATS_MOST_CHANNELS);
    stats->channel_axis = axis;
    stats->channels = axis == SCAN_STATS_NO_AXIS ? 0 : reading->channels;
    reading->inner = reading->row_runs = 1;
    for (uint64_t i = 1; i <= last; i++)
        if (i > axis)
            reading->inner *= field->shape[i];
        else if (i < axis)
            reading->row_runs *= field->shape[i];
    return SHS_OK;
}

/* Notes a digest of the row numbers, for the ranks to compare. */
static shs_status describe_list(const struct order_subset *subset, char text[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    if (!subset->rows) return SHS_OK;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    core_hash_add_elements(hash, subset->rows, subset->count, sizeof *subset->rows);
    core_hash_finish(&hash, text);
    return SHS_OK;
}

static shs_status describe(struct reading *reading)
{
    const struct scan_rows *rows = &reading->rows;
    const shs_tensor *sample = &rows->row;
    shs_tensor *field = &reading->stats->field;
    *field = (shs_tensor){.type = sample->type, .axes = sample->axes + 1};
    field->shape[0] = rows->count;
    memcpy(field->shape + 1, sample->shape, sample->axes * sizeof *sample->shape);
    reading->element_bytes = shs_type_size(field->type);
    reading->stats->all_rows = rows->first[rows->paths->count];
    reading->stats->fill = rows->fill;
    return describe_list(&rows->subset, reading->stats->listed);
}

static shs_status make_counts(struct reading *reading)
{
    if (core_is_float(reading->stats->field.type) || reading->element_bytes > 2) return SHS_OK;
    reading->tables = reading->element_bytes == 1 ? TABLES : 1;
    reading->values = UINT64_C(1) << 8 * reading->element_bytes;
    uint64_t bytes = reading->tables * reading->values * sizeof *reading->counts;
    if (reading->channels * bytes > COUNT_BYTES) return SHS_OK;
    return core_new(reading->channels, bytes, "counts of values", &reading->counts);
}

static shs_status make_tallies(struct reading *reading)
{
    struct scan_stats *stats = reading->stats;
    shs_type type = stats->field.type;
    const struct scan_fill *fill = &stats->fill;
    shs_status status = scan_tally_new(type, fill, reading->bins, &stats->all);
    if (!status)
        status = core_new(stats->channels, sizeof *stats->channel, "channels", &stats->channel);
    for (uint64_t channel = 0; channel < stats->channels && !status; channel++)
        status = scan_tally_new(type, fill, reading->bins, &stats->channel[channel]);
    return status ? status : make_counts(reading);
}

static shs_status open_reading(struct reading *reading, const struct io_paths *paths,
                               const char *name, const struct scan_stats_options *options)
{
    if (options->bins < 1 || options->bins > SCAN_STATS_MOST_BINS)
        return core_fail(SHS_ERROR_ARGUMENT, "%llu bins; it must be 1 to %d", (ull)options->bins,
                         SCAN_STATS_MOST_BINS);
    reading->bins = options->bins;
    shs_status status = scan_rows_look(reading->run, paths, name, &options->rows, &reading->rows);
    if (!status) status = describe(reading);
    if (status) return status;
    status =
        core_wrap(find_axis(reading, options->channel_axis), "%s: field %s", paths->path[0], name);
    return status ? status : make_tallies(reading);
}

/* Collective. Refuses a file that changed: all ranks together must have counted as many elements as
 * there are. */
static shs_status compare_count(const struct reading *reading)
{
    const struct scan_tally *all = reading->stats->all;
    uint64_t left_out = all->nans + all->infinities + all->filled;
    uint64_t counted = all->finite + left_out, again = 0;
    uint64_t there = reading->rows.row_bytes / reading->element_bytes;
    there *= reading->stats->field.shape[0];
    for (uint64_t bin = 0; bin < all->bins; bin++)
        again += all->histogram[bin];
    shs_status status = SHS_OK;
    if (counted != there || (all->finite && again != all->finite))
        status = core_fail(SHS_ERROR_FILE,
                           "field %s: %llu elements were counted, and %llu of them again, but "
                           "there are %llu: the files change, or the ranks see other ones; try "
                           "again when nobody writes them",
                           reading->rows.name, (ull)counted, (ull)(again + left_out), (ull)there);
    return mpi_agree(reading->run, status, "comparing counts");
}

/* Collective. Reads this rank's rows in both passes. */
static shs_status read_all(struct reading *reading)
{
    shs_run *run = reading->run;
    shs_status status = mpi_agree(run, read_share(reading, scan_tally_first), "reading rows");
    if (status) return status;
    if (reading->counts) {
        status = end_counts(reading);
        return status ? status : compare_count(reading);
    }
    status = turn(reading);
    if (!status) status = read_share(reading, scan_tally_second);
    status = mpi_agree(run, status, "reading rows again");
    if (!status) status = end(reading);
    return status ? status : compare_count(reading);
}

static void close_reading(struct reading *reading)
{
    scan_rows_close(&reading->rows);
    core_free(&reading->counts);
}

/* Collective. Compares everything that determines how many numbers the ranks exchange, and more.
 * *stats may be NULL after an error. */
static shs_status agree(const struct reading *reading, shs_status mine, const char *field,
                        const struct scan_stats_options *options)
{
    static const struct scan_stats none = {.listed = ""};
    const struct scan_stats *stats = reading->stats ? reading->stats : &none;
    struct core_text fill = {0};
    scan_fill_list(&stats->fill, &fill);
    shs_status status =
        mpi_agree(reading->run, mine ? mine : fill.status,
                  "statistics of %.80s, %s, %llu rows%s%s of %zu files and %llu channels, missing "
                  "values %.40s, in %llu bins",
                  field, shs_type_name(reading->rows.row.type), (ull)stats->field.shape[0],
                  *stats->listed ? " with hash " : "", stats->listed, reading->rows.paths->count,
                  (ull)stats->channels, fill.bytes ? fill.bytes : "none", (ull)options->bins);
    core_text_free(&fill);
    return status;
}

shs_status scan_stats_make(shs_run *run, const struct io_paths *paths, const char *field,
                           const struct scan_stats_options *options, struct scan_stats **stats)
{
    struct reading reading = {.run = run, .rows = {.paths = paths}};
    shs_status status = core_new(1, sizeof **stats, "statistics", stats);
    reading.stats = *stats;
    if (!status) status = open_reading(&reading, paths, field, options);
    status = agree(&reading, status, field, options);
    if (!status) status = scan_rows_share(&reading.rows);
    if (!status) status = read_all(&reading);
    close_reading(&reading);
    if (status) scan_stats_free(stats);
    return status;
}

void scan_stats_free(struct scan_stats **stats)
{
    if (!*stats) return;
    for (uint64_t channel = 0; (*stats)->channel && channel < (*stats)->channels; channel++)
        scan_tally_free(&(*stats)->channel[channel]);
    core_free(&(*stats)->channel);
    scan_tally_free(&(*stats)->all);
    core_free(stats);
}
