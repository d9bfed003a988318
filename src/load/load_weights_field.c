#include "load_weights_field.h"

#include <stdio.h>

#include "core_elements.h"
#include "core_memory.h"
#include "io_file.h"
#include "order_plan.h"
#include "random_alias.h"

enum {
    TILE = 1024, /* most numbers that are converted together */
    TEXT_BYTES = 32
};

/* ---- Numbers. */

static shs_type type_of(const struct load_weights_field *field)
{
    return field->data->sample[0].type;
}

static const void *raw_at(const struct load_weights_field *field, uint64_t at)
{
    return field->raw + at * field->data->sample_bytes[0];
}

/* Finds which of the samples [first, first + count) may be drawn. */
static void find_members(const struct load_weights_field *field, uint64_t first, uint64_t count,
                         bool *is_member)
{
    const struct order_subset *subset = field->subset;
    bool all = !subset || !subset->rows;
    uint64_t next = all ? 0 : order_subset_below(subset, first);
    for (uint64_t i = 0; i < count; i++) {
        is_member[i] = all || (next < subset->count && subset->rows[next] == first + i);
        next += is_member[i];
    }
}

/* Fails with a cause, after the file of a row and the row's number in that file. */
static shs_status wrong(const struct load_weights_field *field, uint64_t row, const char *cause)
{
    const struct data_files *files = &field->data->files;
    size_t file = data_files_of(files, row);
    return core_fail(SHS_ERROR_FORMAT, "%s: field %s: sample %llu, number %llu of this file, %s",
                     files->paths.path[file], field->name, (ull)row,
                     (ull)(row - files->file[file].first), cause);
}

static shs_status wrong_weight(const struct load_weights_field *field, uint64_t row, double weight)
{
    char cause[128];
    snprintf(cause, sizeof cause, "has weight %.17g; weights are finite and not below 0", weight);
    return wrong(field, row, cause);
}

static shs_status unknown_class(const struct load_weights_field *field, uint64_t row, uint64_t key)
{
    char text[TEXT_BYTES], cause[128];
    core_key_text(type_of(field), key, 0, text, sizeof text);
    snprintf(cause, sizeof cause,
             "has class %s, which it had not when classes were counted; start again", text);
    return wrong(field, row, cause);
}

static void load_weights(const struct load_weights_field *field, const void *raw, uint64_t count,
                         double *weights)
{
    uint64_t keys[TILE], bias = core_key_bias(type_of(field));
    if (core_is_float(type_of(field))) {
        core_load_doubles(type_of(field), raw, 1, count, weights);
        return;
    }
    core_load_keys(type_of(field), raw, 1, count, keys);
    for (uint64_t i = 0; i < count; i++)
        weights[i] = bias ? (double)(int64_t)(keys[i] - bias) : (double)keys[i];
}

static shs_status weigh_numbers(const struct load_weights_field *field, uint64_t first,
                                uint64_t count, const void *raw, double *weights)
{
    bool is_member[TILE];
    find_members(field, first, count, is_member);
    load_weights(field, raw, count, weights);
    for (uint64_t i = 0; i < count; i++) {
        if (!is_member[i])
            weights[i] = 0;
        else if (!random_is_weight(weights[i]))
            return wrong_weight(field, first + i, weights[i]);
    }
    return SHS_OK;
}

static shs_status weigh_classes(const struct load_weights_field *field, uint64_t first,
                                uint64_t count, const void *raw, double *weights)
{
    bool is_member[TILE];
    uint64_t keys[TILE];
    find_members(field, first, count, is_member);
    core_load_keys(type_of(field), raw, 1, count, keys);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = keys[i] - field->least;
        weights[i] = 0;
        if (!is_member[i]) continue;
        if (number < field->classes) weights[i] = field->class_weight[number];
        if (weights[i] == 0) return unknown_class(field, first + i, keys[i]);
    }
    return SHS_OK;
}

shs_status load_weights_field_weigh(struct load_weights_field *field, uint64_t first,
                                    uint64_t count, uint64_t at)
{
    shs_status status = SHS_OK;
    for (uint64_t done = 0, now; done < count && !status; done += now) {
        const void *raw = raw_at(field, at + done);
        double *weights = field->weights + done;
        now = count - done < TILE ? count - done : TILE;
        status = field->balanced ? weigh_classes(field, first + done, now, raw, weights)
                                 : weigh_numbers(field, first + done, now, raw, weights);
    }
    return status;
}

/* ---- Reading. */

shs_status load_weights_field_read(struct load_weights_field *field, unsigned threads,
                                   const struct data_range *runs, size_t count)
{
    if (field->round != field->of->files.round) data_files_suspect(&field->data->files);
    field->round = field->of->files.round;
    const struct fetch_means means = {.fetcher = field->fetcher, .threads = threads};
    struct fetch_counts counts = {0}; /* weights do not count as rows of a loader */
    return fetch_gather_runs(field->gather, &means, runs, count, field->raw, &counts);
}

/* ---- Classes. */

/* Called with the classes of the samples in a tile that may be drawn, as keys (core_elements.h). */
typedef void take_keys(void *user, const uint64_t *keys, uint64_t count);

static void walk_piece(const struct load_weights_field *field, struct data_range piece,
                       take_keys *take, void *user)
{
    bool is_member[TILE];
    uint64_t keys[TILE];
    for (uint64_t at = 0, now; at < piece.count; at += now) {
        uint64_t kept = 0;
        now = piece.count - at < TILE ? piece.count - at : TILE;
        find_members(field, piece.first + at, now, is_member);
        core_load_keys(type_of(field), raw_at(field, at), 1, now, keys);
        for (uint64_t i = 0; i < now; i++)
            if (is_member[i]) keys[kept++] = keys[i];
        take(user, keys, kept);
    }
}

/* Local. Calls `take` with all keys of this rank's share. */
static shs_status walk(struct load_weights_field *field, take_keys *take, void *user)
{
    const struct mpi_part part = mpi_part_of(field->data->run);
    uint64_t samples = field->data->samples;
    uint64_t end = order_share(samples, part.number + 1, part.of);
    struct data_range piece = {order_share(samples, part.number, part.of), 0};
    shs_status status = SHS_OK;
    for (; piece.first < end && !status; piece.first += piece.count) {
        piece.count = end - piece.first < field->at_once ? end - piece.first : field->at_once;
        status = load_weights_field_read(field, 1, &piece, 1);
        if (!status) walk_piece(field, piece, take, user);
    }
    return status;
}

/* Numbers of which the ranks find the largest over all ranks. */
enum {
    ANY, /* 1 if this rank has keys */
    MOST,
    LEAST_TURNED, /* the complement of the smallest key */
    N_EXTREMES
};

struct extremes {
    uint64_t numbers[N_EXTREMES];
};

static void take_extremes(void *user, const uint64_t *keys, uint64_t count)
{
    uint64_t *numbers = ((struct extremes *)user)->numbers;
    for (uint64_t i = 0; i < count; i++) {
        if (keys[i] > numbers[MOST]) numbers[MOST] = keys[i];
        if (~keys[i] > numbers[LEAST_TURNED]) numbers[LEAST_TURNED] = ~keys[i];
    }
    if (count) numbers[ANY] = 1;
}

struct counting {
    const struct load_weights_field *field;
    uint64_t *counts;
};

static void take_counts(void *user, const uint64_t *keys, uint64_t count)
{
    struct counting *counting = user;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = keys[i] - counting->field->least;
        if (number < counting->field->classes) counting->counts[number]++;
    }
}

static shs_status check_span(const struct load_weights_field *field,
                             const struct extremes *extremes)
{
    char first[TEXT_BYTES], last[TEXT_BYTES];
    uint64_t least = ~extremes->numbers[LEAST_TURNED], most = extremes->numbers[MOST];
    if (!extremes->numbers[ANY])
        return core_fail(SHS_ERROR_ARGUMENT, "field %s: no sample may be drawn", field->name);
    if (most - least < LOAD_WEIGHTS_CLASSES) return SHS_OK;
    core_key_text(type_of(field), least, 0, first, sizeof first);
    core_key_text(type_of(field), most, 0, last, sizeof last);
    return core_fail(
        SHS_ERROR_FORMAT,
        "field %s: classes from %s to %s span more than 2^20 values; number them anew, "
        "from 0 on",
        field->name, first, last);
}

/* Collective. Finds the first class, and how many values the classes span. */
static shs_status find_classes(struct load_weights_field *field)
{
    shs_run *run = field->data->run;
    struct extremes extremes = {0};
    shs_status status = walk(field, take_extremes, &extremes);
    status = mpi_agree(run, status, "reading classes of %.80s", field->name);
    if (!status) status = mpi_greatest(run, extremes.numbers, N_EXTREMES);
    if (!status) status = mpi_agree(run, check_span(field, &extremes), "comparing classes");
    if (status) return status;
    field->least = ~extremes.numbers[LEAST_TURNED];
    field->classes = extremes.numbers[MOST] - field->least + 1;
    return SHS_OK;
}

/* Collective. */
static shs_status count_classes(struct load_weights_field *field)
{
    shs_run *run = field->data->run;
    struct counting counting = {field, NULL};
    shs_status status = find_classes(field);
    if (status) return status;
    size_t classes = (size_t)field->classes;
    status = core_new(classes, sizeof *counting.counts, "classes", &counting.counts);
    if (!status)
        status = core_new(classes, sizeof *field->class_weight, "classes", &field->class_weight);
    if (!status) status = walk(field, take_counts, &counting);
    status = mpi_agree(run, status, "counting classes of %.80s", field->name);
    if (!status) status = mpi_sum(run, counting.counts, classes);
    for (size_t i = 0; i < classes && !status; i++)
        field->class_weight[i] = counting.counts[i] ? 1 / (double)counting.counts[i] : 0;
    core_free(&counting.counts);
    return status;
}

/* ---- Opening. */

static shs_status check_field(const struct load_weights_field *field)
{
    const shs_dataset *data = field->data;
    struct core_text text = {0};
    if (data->what.n_spacings)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field %s draws the spacing of its rows, so a sample has no weight of its "
                         "own; give it a fixed every=E",
                         field->name);
    if (data->n_fields != 1 || data_part_is_run(&data->what.part[0]))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%zu fields, the first of them %s; give one field, with one "
                         "number a sample",
                         data->n_fields, field->name);
    if (field->balanced && core_is_float(data->sample[0].type))
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "field %s has the type %s; classes are whole numbers: give a field of integers",
            field->name, shs_type_name(data->sample[0].type));
    if (data->sample_bytes[0] == shs_type_size(data->sample[0].type)) return SHS_OK;
    core_text_add_shape(&text, &data->sample[0]);
    core_fail(SHS_ERROR_ARGUMENT, "field %s has %s a sample; give one of one number a sample",
              field->name, text.status ? "more than a number" : text.bytes);
    core_text_free(&text);
    return SHS_ERROR_ARGUMENT;
}

/* Refuses a file that has changed between the opening of the dataset and the opening of its
 * weights.
 */
static shs_status compare_file(const char *path, const struct data_file *of,
                               const struct data_file *now)
{
    bool touched = false;
    shs_status status = SHS_OK;
    if (of->known && now->known) status = io_compare(path, &of->identity, &now->identity, &touched);
    if (status || !touched) return status;
    return core_fail(
        SHS_ERROR_FILE,
        "%s has changed since it was opened: it has the same size, but was written to, "
        "or touched, before its weights were read; start again",
        path);
}

/* Checks that there are the same files as when the dataset was opened, with as many samples each.
 */
static shs_status check_files(const struct load_weights_field *field)
{
    const struct data_files *of = &field->of->files, *files = &field->data->files;
    if (files->paths.count != of->paths.count)
        return core_fail(SHS_ERROR_FILE,
                         "field %s: there are %zu files now, where the dataset was opened with "
                         "%zu; put them back as they were and start again",
                         field->name, files->paths.count, of->paths.count);
    for (size_t i = 0; i < of->paths.count; i++) {
        uint64_t samples = files->file[i + 1].first - files->file[i].first;
        uint64_t wanted = of->file[i + 1].first - of->file[i].first;
        shs_status status = compare_file(files->paths.path[i], &of->file[i], &files->file[i]);
        if (status) return status;
        if (samples != wanted)
            return core_fail(SHS_ERROR_FORMAT,
                             "%s: field %s has %llu numbers for %llu samples; give a field of one "
                             "number a sample",
                             files->paths.path[i], field->name, (ull)samples, (ull)wanted);
    }
    return SHS_OK;
}

static shs_status make_buffers(struct load_weights_field *field)
{
    shs_dataset *data = field->data;
    if (field->at_once > data->samples) field->at_once = data->samples;
    shs_status status = fetcher_new(data->cache_bytes, &field->fetcher);
    if (!status) status = fetch_gather_new(data, &field->gather);
    if (!status) status = core_new(field->at_once, data->sample_bytes[0], "weights", &field->raw);
    if (!status)
        status = core_new(field->at_once, sizeof *field->weights, "weights", &field->weights);
    return status;
}

/* The cache is a quarter of the dataset's cache, because one number a sample takes little room. */
shs_status load_weights_field_open(const shs_dataset *of, const struct load_weights_field_how *how,
                                   struct load_weights_field *field)
{
    shs_dataset_options options = of->options;
    options.cache_bytes = of->cache_bytes / 4;
    *field = (struct load_weights_field){.of = of,
                                         .subset = how->subset,
                                         .round = of->files.round,
                                         .at_once = how->at_once,
                                         .balanced = how->balanced};
    shs_status status = shs_dataset_open(of->run, of->path, how->text, &options, &field->data);
    if (status) return status;
    field->name = field->data->sample[0].name;
    status = core_wrap(check_field(field), "%s of %s",
                       how->balanced ? "sampling.balance" : "sampling.weight_field", of->path);
    if (!status) status = check_files(field);
    if (!status) status = make_buffers(field);
    status = mpi_agree(of->run, status, "opening %.80s", how->text);
    if (!status && how->balanced) status = count_classes(field);
    if (status) load_weights_field_close(field);
    return status;
}

void load_weights_field_close(struct load_weights_field *field)
{
    core_free(&field->class_weight);
    core_free(&field->weights);
    core_free(&field->raw);
    fetch_gather_free(&field->gather);
    fetcher_free(&field->fetcher);
    shs_dataset_close(&field->data);
    *field = (struct load_weights_field){0};
}
