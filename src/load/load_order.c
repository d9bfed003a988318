#include "load_order.h"

#include "core_memory.h"
#include "load_options.h"
#include "random_stream.h"

enum {
    DEFAULT_WINDOW = 16 /* blocks */
};

/* ---- Opening. */

static bool is_weighted(const shs_loader_options *options)
{
    return options->sampling.weights || options->sampling.weight_field || options->sampling.balance;
}

static bool is_repeated(const shs_loader_options *options)
{
    return options->sampling.mix || options->sampling.repeats > 1 || options->sampling.epoch_rows;
}

/* Sampling by weight has no file order and no neighbours; a fixed shard has no sources. */
static shs_status check_sampling(const shs_loader_options *options)
{
    int ways = (options->sampling.mix != NULL) + (options->sampling.weights != NULL) +
               (options->sampling.weight_field != NULL) + (options->sampling.balance != NULL);
    if (ways > 1)
        return core_fail(SHS_ERROR_ARGUMENT, "sampling has more than one of mix, weights, "
                                             "weight_field and balance; give one of them");
    if (options->sampling.repeats && options->sampling.epoch_rows)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "sampling.repeats %llu and sampling.epoch_rows %llu; give one of them",
                         (ull)options->sampling.repeats, (ull)options->sampling.epoch_rows);
    if (options->shard == SHS_SHARD_FIXED && (is_weighted(options) || is_repeated(options)))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "shard fixed gives each of its rows once an epoch; "
                         "use shard global with what sampling has (mix, repeats, epoch_rows, "
                         "weights, weight_field or balance)");
    if (options->shuffle != SHS_SHUFFLE_FULL && is_weighted(options))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "shuffle %s: rows drawn by weight come in no order of the file; use "
                         "shuffle full",
                         order_shuffle_name(options->shuffle));
    return SHS_OK;
}

static shs_status check_weights(const struct load_order_how *how, const shs_loader_options *options)
{
    uint64_t samples = how->bounds[how->sources];
    if (!options->sampling.weights || options->sampling.n_weights == samples) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "%llu weights for %llu samples; give one for each",
                     (ull)options->sampling.n_weights, (ull)samples);
}

static shs_status check_blocks(const shs_loader_options *options)
{
    if (options->shuffle == SHS_SHUFFLE_BLOCKS ||
        (!options->blocks.rows && !options->blocks.window))
        return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "blocks.rows %llu and blocks.window %llu are for shuffle blocks; leave them 0 "
                     "with shuffle %s",
                     (ull)options->blocks.rows, (ull)options->blocks.window,
                     order_shuffle_name(options->shuffle));
}

/* Finds a sample's series. */
static void find_series(const void *user, uint64_t sample, struct order_neighbours *found)
{
    const shs_dataset *dataset = user;
    struct data_window window = data_files_window(&dataset->files, sample);
    *found = (struct order_neighbours){window.number, window.first, window.end};
}

/* Says which samples share rows. Refuses a part of such samples that is not cut into blocks: each
 * sample is drawn by itself, so two samples that share rows might be in different parts. */
static shs_status find_neighbours(const struct load_order_how *how, const shs_subset *asked,
                                  struct order_series *series)
{
    uint64_t stride, span;
    *series = (struct order_series){0};
    if (!how->dataset) return SHS_OK;
    *series = (struct order_series){.find = find_series, .user = how->dataset};
    span = data_sample_overlap(&how->dataset->what, &stride);
    if (!span) return SHS_OK;
    series->gap = (span - 1) / stride;
    if (asked->block) return SHS_OK;
    uint64_t advised = 10 * (series->gap + 1);
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "a part of overlapping windows would share rows with the other parts: a "
        "sample spans %llu rows and the next one begins %llu later; cut the part into blocks "
        "of neighbouring samples, such as subset.block %llu (--part-block %llu), between which "
        "%llu samples are left out, or give stride=%llu or more",
        (ull)span, (ull)stride, (ull)advised, (ull)advised, (ull)series->gap, (ull)span);
}

/* Restricts the order to the rows that are wanted. */
static shs_status take_subset(const struct load_order_how *how, const shs_loader_options *options,
                              struct load_order *order)
{
    const shs_subset *asked = &options->subset;
    struct order_series series = {0};
    uint64_t samples = how->bounds[how->sources];
    shs_status status = SHS_OK;
    order->part_from = asked->from;
    order->part_to = order_subset_part_end(asked);
    order->split_seed = asked->split_seed;
    order->part_block = asked->block;
    if (order_subset_is_part(asked) && !asked->rows) status = find_neighbours(how, asked, &series);
    if (!status) status = order_subset_choose(&order->subset, asked, samples, &series);
    order->rows = order->subset.rows ? order->subset.count : samples;
    return status;
}

/* Counts the places of an epoch. */
static shs_status count_places(const shs_loader_options *options, uint64_t rows, uint64_t *places)
{
    *places = options->sampling.epoch_rows && rows ? options->sampling.epoch_rows : rows;
    if (core_multiply(*places, options->sampling.repeats ? options->sampling.repeats : 1, places))
        return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "%llu repeats of %llu rows are more than 2^56",
                     (ull)options->sampling.repeats, (ull)rows);
}

/* Opens the mix of all sources, whose rows are positions in the subset. */
static shs_status open_sources(const struct load_order_how *how, const shs_loader_options *options,
                               struct load_order *order)
{
    uint64_t *bounds;
    if (options->sampling.n_mix != how->sources)
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "sampling.mix has %zu numbers, the dataset %zu sources; give one for each path "
            "between commas",
            options->sampling.n_mix, how->sources);
    shs_status status = core_new(how->sources + 1, sizeof *bounds, "sources", &bounds);
    if (status) return status;
    for (size_t i = 0; i <= how->sources; i++)
        bounds[i] = order_subset_below(&order->subset, how->bounds[i]);
    status = order_mix_open(&order->mix, bounds, options->sampling.mix, how->sources,
                            order->order.shape.samples);
    core_free(&bounds);
    return status;
}

/* Opens the mix. If a single source is walked in passes, the passes give the order of rows, and the
 * places need no order. If a single source gives each row once, there is no mix. */
static shs_status open_mix(const struct load_order_how *how, const shs_loader_options *options,
                           struct load_order *order)
{
    const uint64_t all[] = {0, order->rows}, one = 1;
    struct order_shape *shape = &order->order.shape;
    order->mix.seed = how->seed;
    order->mix.stream = options->stream;
    order->mix.permuted = options->shuffle == SHS_SHUFFLE_FULL;
    shs_status status = options->sampling.mix
                            ? open_sources(how, options, order)
                            : order_mix_open(&order->mix, all, &one, 1, shape->samples);
    if (status || order->mix.sources > 1) return status;
    if (shape->samples == order->rows) {
        order_mix_free(&order->mix);
        order->mix.permuted = false;
    } else if (order->mix.permuted) {
        shape->shuffle = SHS_SHUFFLE_NONE;
    }
    return SHS_OK;
}

static void find_due(struct load_order *order)
{
    const struct order_shape *shape = &order->order.shape;
    order->due = order_ledger_of_epoch(shape);
    order->counts_only = true;
    if (shape->tail == SHS_TAIL_DROP || order->weighting) return;
    struct order_ledger due = order_subset_ledger(&order->subset, 0, order->rows);
    order->counts_only = order->mix.sources && !order_mix_ledger(&order->mix, &order->subset, &due);
    if (!order->counts_only) order->due = due;
}

static struct order_shape shape_of(const struct load_order_how *how,
                                   const shs_loader_options *options)
{
    struct order_shape shape = {.samples = how->bounds[how->sources],
                                .vranks = how->vranks,
                                .batch = options->batch ? options->batch : LOAD_BATCH,
                                .shuffle = options->shuffle,
                                .shard = options->shard,
                                .tail = options->tail};
    if (options->shuffle != SHS_SHUFFLE_BLOCKS) return shape;
    shape.block_rows = options->blocks.rows ? options->blocks.rows : how->chunk_rows;
    shape.window_blocks = options->blocks.window ? options->blocks.window : DEFAULT_WINDOW;
    return shape;
}

shs_status load_order_open(const struct load_order_how *how, const shs_loader_options *options,
                           struct load_order *order)
{
    struct order_shape *shape = &order->order.shape;
    *order = (struct load_order){
        .order = {.shape = shape_of(how, options), .seed = how->seed, .stream = options->stream},
        .shuffle = options->shuffle};
    if (options->sampling.weights) order->weighting = "array";
    if (options->sampling.weight_field) order->weighting = "field";
    if (options->sampling.balance) order->weighting = "balance";
    shs_status status = load_options_check(options);
    if (!status) status = check_blocks(options);
    if (!status) status = check_sampling(options);
    if (!status) status = check_weights(how, options);
    if (!status) status = take_subset(how, options, order);
    if (!status) status = count_places(options, order->rows, &shape->samples);
    if (order->weighting) shape->shuffle = SHS_SHUFFLE_NONE;
    bool passes = options->sampling.mix || shape->samples != order->rows;
    if (!status && passes && !order->weighting) status = open_mix(how, options, order);
    if (!status) status = order_check(shape);
    if (!status) find_due(order);
    return status;
}

shs_status load_order_weigh(shs_dataset *dataset, const shs_loader_options *options,
                            struct load_order *order)
{
    const struct load_weights_how how = {.values = options->sampling.weights,
                                         .field = options->sampling.weight_field,
                                         .balance = options->sampling.balance,
                                         .subset = &order->subset};
    return order->weighting ? load_weights_open(dataset, &how, &order->weights) : SHS_OK;
}

void load_order_settle(const struct load_order *order, shs_loader_options *options)
{
    const struct order_shape *shape = &order->order.shape;
    options->batch = shape->batch;
    options->blocks = (shs_blocks){.rows = shape->block_rows, .window = shape->window_blocks};
    options->subset.rows = order->subset.rows;
    options->subset.n_rows = order->subset.count;
    options->sampling.epoch_rows = shape->samples;
}

void load_order_close(struct load_order *order)
{
    load_weights_close(&order->weights);
    order_mix_free(&order->mix);
    order_subset_free(&order->subset);
}

bool load_order_draws(const struct load_order *order)
{
    return order->shuffle != SHS_SHUFFLE_NONE;
}

/* ---- Rows. */

shs_status load_epoch_begin(const struct load_order *order, uint64_t number,
                            struct load_epoch *epoch)
{
    epoch->of = order;
    shs_status status =
        order->mix.sources ? order_mix_begin(&order->mix, number, &epoch->mix) : SHS_OK;
    return status ? status : order_begin(&order->order, number, &epoch->places);
}

shs_status load_epoch_reserve(const struct load_order *order, uint64_t first_vrank, uint64_t vranks,
                              struct load_epoch *epoch)
{
    shs_status status = order->mix.sources ? order_mix_reserve(&order->mix, &epoch->mix) : SHS_OK;
    return status ? status
                  : order_epoch_reserve(&order->order, first_vrank, vranks, &epoch->places);
}

void load_epoch_free(struct load_epoch *epoch)
{
    order_mix_epoch_free(&epoch->mix);
    order_epoch_free(&epoch->places);
}

shs_status load_epoch_rows(struct load_epoch *epoch, uint64_t vrank, struct order_slice slice,
                           unsigned threads, uint64_t *index)
{
    const struct load_order *order = epoch->of;
    shs_status status = order_rows(&epoch->places, vrank, slice, index);
    if (status) return status;
    if (order->weights) {
        const struct order_source source = {.seed = order->order.seed,
                                            .stream = order->order.stream,
                                            .epoch = epoch->places.number};
        return load_weights_rows(order->weights, &source, threads, index, slice.rows);
    }
    status = order_mix_rows(&epoch->mix, index, slice.rows);
    if (!status) order_subset_rows(&order->subset, index, slice.rows);
    return status;
}

bool load_order_foresees(const struct load_order *order)
{
    return !order->weights;
}

uint64_t load_epoch_next_use(struct load_epoch *epoch, uint64_t first, uint64_t count,
                             uint64_t most, uint64_t now, uint64_t first_vrank, uint64_t vranks)
{
    const struct load_order *order = epoch->of;
    uint64_t begin = order_subset_below(&order->subset, first);
    uint64_t all = order_subset_below(&order->subset, first + count) - begin;
    uint64_t some = all < most ? all : most;
    uint64_t next =
        order->mix.sources
            ? order_mix_next_use(&epoch->mix, &epoch->places, begin, some, now, first_vrank, vranks)
            : order_next_use(&epoch->places, begin, some, now, first_vrank, vranks);
    return next == ORDER_NEVER && all > most ? ORDER_NEVER - 1 : next;
}

/* ---- The fingerprint. */

static void describe_subset(const struct load_order *order, struct core_text *text)
{
    const struct order_subset *subset = &order->subset;
    if (!subset->rows) return;
    struct order_ledger rows = order_subset_ledger(subset, 0, subset->count);
    if (order->part_to > 0)
        core_text_add(text, "part = %.17g to %.17g\nsplit_seed = %llu\n", order->part_from,
                      order->part_to, (ull)order->split_seed);
    if (order->part_to > 0 && order->part_block)
        core_text_add(text, "part_block = %llu\n", (ull)order->part_block);
    if (order->part_to <= 0)
        core_text_add(text, "rows = %llu, of sum %llu and squares %llu\n", (ull)rows.count,
                      (ull)rows.sum, (ull)rows.squares);
}

void load_order_describe(const struct load_order *order, struct core_text *text)
{
    char digest[CORE_DIGEST_TEXT];
    describe_subset(order, text);
    if (order->order.shape.samples != order->rows)
        core_text_add(text, "epoch_rows = %llu\n", (ull)order->order.shape.samples);
    for (size_t i = 0; order->mix.sources > 1 && i < order->mix.sources; i++)
        core_text_add(text, "source of %llu rows = %llu an epoch\n", (ull)order->mix.source[i].rows,
                      (ull)order->mix.source[i].takes);
    if (!order->weights) return;
    load_weights_digest(order->weights, digest);
    core_text_add(text, "weights = %s, %s\n", order->weighting, digest);
}
