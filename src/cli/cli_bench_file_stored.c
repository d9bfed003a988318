/* The ceilings of reading and decoding for `bench PATH`: the system's reads of the bytes that rows
 * are stored in, and the decoders alone over chunks in memory. */
#include "cli_bench_file.h"
#include "cli_seconds.h"
#include "core_memory.h"
#include "data_dataset.h"
#include "io_content.h"
#include "io_file.h"
#include "io_reader.h"

enum {
    MOST_RUNS = 1 << 20,     /* reads of contiguous arrays that are planned */
    CHUNKS_BYTES = 64 << 20, /* stored chunks of one array that are held in memory */
    MERGED_BYTES = 1 << 20   /* neighbouring rows are one read of up to so many bytes */
};

/* ---- Files. */

/* Finds or opens a file of the dataset. *slot is BENCH_FILES if there are too many files. */
static shs_status open_file(shs_dataset *dataset, size_t file, size_t opened[BENCH_FILES],
                            struct bench_stored *stored, size_t *slot)
{
    for (*slot = 0; *slot < stored->files; ++*slot)
        if (opened[*slot] == file) return SHS_OK;
    if (*slot == BENCH_FILES) return SHS_OK;
    shs_status status = io_open(dataset->files.paths.path[file], &stored->file[*slot]);
    if (!status) opened[stored->files++] = file;
    return status;
}

/* ---- Reads of contiguous arrays. */

/* Finds the first run of rows [first, first + count) of a file that sample i of the file has in
 * field f. Returns the number of runs, or 0 if they are not known in memory. */
static uint64_t find_rows(const shs_dataset *dataset, size_t f, size_t file, uint64_t i,
                          struct data_range *rows)
{
    const struct data_part *part = &dataset->what.part[f];
    const shs_tensor *shape = &dataset->files.shape[part->array];
    if (part->kind == DATA_CSR || data_part_reaches(part)) return 0;
    if (data_part_is_run(part)) {
        const uint64_t *all = dataset->offsets[part->offsets].all;
        if (!all) return 0;
        const uint64_t *pair = all + dataset->files.file[file].first + file + i;
        uint64_t length = pair[1] - pair[0];
        *rows = (struct data_range){pair[0], length < part->most ? length : part->most};
    } else if (part->kind == DATA_WHOLE) {
        *rows = (struct data_range){0, shape->axes ? shape->shape[0] : 1};
    } else {
        struct data_series series = data_files_series(&dataset->files, file, part->array);
        uint64_t runs = data_part_runs(part);
        rows->first = data_part_first(part, series, i);
        rows->count = data_part_rows(part) / runs;
        return runs;
    }
    return 1;
}

/* Appends a read, or lengthens the group's last read if the bytes follow it. */
static void add_run(struct bench_stored *stored, size_t group_begin, const struct bench_run *run,
                    size_t *count)
{
    struct bench_run *last = *count > group_begin ? &stored->run[*count - 1] : NULL;
    if (last && last->file == run->file && last->address + last->bytes == run->address &&
        last->bytes + run->bytes <= MERGED_BYTES)
        last->bytes += run->bytes;
    else
        stored->run[(*count)++] = *run;
    size_t bytes = stored->run[*count - 1].bytes;
    if (bytes > stored->most_bytes) stored->most_bytes = bytes;
}

/* Says why no reader of its own knows where the rows of a field are. */
static enum bench_lack why_not(const struct data_field *field)
{
    return field->sources ? BENCH_FROM_SOURCES : BENCH_THROUGH_HDF5;
}

/* A sample in its file. */
struct location {
    size_t file, slot;
    uint64_t number;
};

static shs_status add_sample(shs_dataset *dataset, const struct location *at, size_t group_begin,
                             struct bench_stored *stored, size_t *count)
{
    struct data_field *arrays;
    shs_status status = data_files_get(&dataset->files, at->file, &arrays);
    for (size_t f = 0; f < dataset->n_fields && !status; f++) {
        const struct data_part *part = &dataset->what.part[f];
        const struct data_field *field = &arrays[part->array];
        struct data_range rows;
        if (data_part_is_beside(part)) continue;
        if (!field->direct) {
            stored->no_read = why_not(field);
            continue;
        }
        const struct io_layout *layout = io_reader_layout(field->direct);
        if (layout->chunked) continue;
        if (field->part) {
            stored->no_read = BENCH_UNKNOWN_PLACES;
            continue;
        }
        uint64_t runs = find_rows(dataset, f, at->file, at->number, &rows);
        if (!runs) stored->no_read = BENCH_UNKNOWN_PLACES;
        for (; runs && rows.count; runs--, rows.first += part->every)
            add_run(stored, group_begin,
                    &(struct bench_run){io_layout_address_of(layout, rows.first, NULL),
                                        rows.count * layout->row_bytes, at->slot},
                    count);
    }
    return status;
}

/* Plans the reads of a group of samples, field after field, as a loader would fill a batch. Samples
 * of more than BENCH_FILES files are left out. */
static shs_status add_group(shs_dataset *dataset, const uint64_t *order, uint64_t samples,
                            size_t opened[BENCH_FILES], struct bench_stored *stored)
{
    size_t begin = stored->first_run[stored->groups], count = begin;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < samples && !status && !stored->no_read; i++) {
        struct location at = {.file = data_files_of(&dataset->files, order[i])};
        at.number = data_files_number(&dataset->files, at.file, order[i]);
        status = open_file(dataset, at.file, opened, stored, &at.slot);
        if (status || at.slot == BENCH_FILES) continue;
        status = add_sample(dataset, &at, begin, stored, &count);
        stored->samples[stored->groups]++;
    }
    stored->first_run[++stored->groups] = count;
    return status;
}

static shs_status plan_runs(shs_dataset *dataset, const struct bench_memory *memory,
                            struct bench_stored *stored)
{
    size_t opened[BENCH_FILES];
    uint64_t groups = memory->count / memory->batch + 1;
    uint64_t most = memory->count * dataset->n_fields, a_batch = memory->batch * dataset->n_fields;
    if (most > MOST_RUNS + a_batch) most = MOST_RUNS + a_batch;
    shs_status status = core_new(most, sizeof *stored->run, "reads", &stored->run);
    if (!status)
        status = core_new(groups + 1, sizeof *stored->first_run, "reads", &stored->first_run);
    if (!status) status = core_new(groups, sizeof *stored->samples, "reads", &stored->samples);
    for (uint64_t at = 0; at < memory->count && !status && !stored->no_read; at += memory->batch) {
        uint64_t samples = memory->count - at;
        if (samples > memory->batch) samples = memory->batch;
        if (stored->first_run[stored->groups] + samples * dataset->n_fields > most) break;
        status = add_group(dataset, memory->order + at, samples, opened, stored);
    }
    return status;
}

/* ---- Chunks. */

static shs_status load_chunks(const struct io_layout *layout, struct bench_chunks *chunks)
{
    size_t bytes = 0, got;
    shs_status status =
        core_new((size_t)layout->n_chunks, sizeof *chunks->chunk, "chunks", &chunks->chunk);
    for (uint64_t i = 0; i < layout->n_chunks && !status && bytes < CHUNKS_BYTES; i++) {
        const struct io_chunk *from = &layout->chunks[i];
        if (from->address == IO_NOWHERE || (layout->raw_edges && io_layout_is_edge(layout, i)))
            continue;
        chunks->chunk[chunks->count++] =
            (struct bench_chunk){from->address, bytes, from->bytes, from->mask};
        bytes += from->bytes;
    }
    if (!status) status = core_new(bytes, 1, "stored chunks", &chunks->bytes);
    for (size_t i = 0; i < chunks->count && !status; i++)
        status = io_read_at(chunks->file, chunks->chunk[i].address,
                            chunks->bytes + chunks->chunk[i].at, chunks->chunk[i].stored, &got);
    return status;
}

/* Loads chunks of an array of the first file. One sample needs all_rows / samples rows of the array
 * an epoch, if each chunk is read once. */
static shs_status add_chunks(const shs_dataset *dataset, size_t array,
                             const struct data_field *field, int file, struct bench_stored *stored)
{
    const struct io_layout *layout = io_reader_layout(field->direct);
    struct bench_chunks *chunks = &stored->chunks[stored->n_chunks++];
    double rows = (double)dataset->files.rows[array], samples = (double)dataset->samples;
    double band_rows = (double)layout->chunk[0];
    if (layout->row_axes == 2) band_rows *= (double)layout->chunk[1];
    if (dataset->options.one_sample_a_file) rows = (double)field->rows * samples;
    *chunks = (struct bench_chunks){
        .array = dataset->what.array[array],
        .pipeline = layout->pipeline,
        .rows_a_chunk = band_rows / (double)io_layout_chunks_of(layout, field->part),
        .rows_a_sample = rows / samples,
        .chunk_bytes = layout->chunk_bytes,
        .file = file};
    if (layout->chunk_bytes > stored->most_bytes) stored->most_bytes = layout->chunk_bytes;
    shs_status status = load_chunks(layout, chunks);
    for (size_t i = 0; i < chunks->count; i++)
        if (chunks->chunk[i].stored > stored->most_bytes)
            stored->most_bytes = chunks->chunk[i].stored;
    return status;
}

/* True if a field reads rows of an array, and not only offsets in memory. */
static bool is_read(const shs_dataset *dataset, size_t array)
{
    for (size_t f = 0; f < dataset->n_fields; f++)
        if (data_part_reads(&dataset->what.part[f], array)) return true;
    return false;
}

static shs_status find_chunks(shs_dataset *dataset, const struct bench_memory *memory,
                              struct bench_stored *stored)
{
    struct data_field *arrays;
    size_t file = data_files_of(&dataset->files, memory->order[0]), compressed = 0;
    shs_status status = data_files_get(&dataset->files, file, &arrays);
    for (size_t a = 0; a < dataset->what.n_arrays && !status; a++) {
        if (!is_read(dataset, a)) continue;
        if (!arrays[a].direct) {
            stored->no_read = stored->no_decode = why_not(&arrays[a]);
            continue;
        }
        const struct io_layout *layout = io_reader_layout(arrays[a].direct);
        if (!layout->chunked) continue;
        if (arrays[a].part && !layout->pipeline.count) stored->no_read = BENCH_UNKNOWN_PLACES;
        compressed += layout->pipeline.count > 0;
        status = add_chunks(dataset, a, &arrays[a], stored->file[0], stored);
    }
    if (!compressed && !stored->no_decode) stored->no_decode = BENCH_NOT_COMPRESSED;
    return status;
}

shs_status bench_stored_open(shs_dataset *dataset, const struct bench_memory *memory,
                             struct bench_stored *stored)
{
    if (!memory->count) {
        stored->no_read = stored->no_decode = BENCH_NO_ROWS;
        return SHS_OK;
    }
    shs_status status = plan_runs(dataset, memory, stored);
    if (!status) status = find_chunks(dataset, memory, stored);
    if (!status) status = core_new(stored->most_bytes, 1, "a read", &stored->memory);
    if (!status) status = io_decoder_new(&stored->decoder);
    return status;
}

void bench_stored_close(struct bench_stored *stored)
{
    for (size_t i = 0; i < stored->files; i++)
        io_close(stored->file[i]);
    for (size_t i = 0; i < stored->n_chunks; i++) {
        core_free(&stored->chunks[i].chunk);
        core_free(&stored->chunks[i].bytes);
    }
    core_free(&stored->run);
    core_free(&stored->first_run);
    core_free(&stored->samples);
    core_free(&stored->memory);
    io_decoder_free(&stored->decoder);
    *stored = (struct bench_stored){0};
}

/* ---- Measurements. Each adds seconds a sample to *cost. */

static shs_status read_runs(struct bench_stored *stored, double seconds, double *cost)
{
    uint64_t samples = 0;
    size_t got;
    shs_status status = SHS_OK;
    double begin = cli_seconds(), now;
    if (!stored->first_run[stored->groups]) return SHS_OK;
    do {
        size_t group = stored->next_group++ % stored->groups;
        for (size_t i = stored->first_run[group]; i < stored->first_run[group + 1] && !status; i++)
            status = io_read_at(stored->file[stored->run[i].file], stored->run[i].address,
                                stored->memory, stored->run[i].bytes, &got);
        samples += stored->samples[group];
        now = cli_seconds();
    } while (!status && (now - begin < seconds || !samples));
    *cost += (now - begin) / (double)samples;
    return status;
}

/* Reads or decodes one chunk. */
static shs_status do_chunk(struct bench_stored *stored, struct bench_chunks *chunks, bool decode)
{
    const struct bench_chunk *chunk = &chunks->chunk[chunks->next++ % chunks->count];
    size_t got;
    if (!decode)
        return io_read_at(chunks->file, chunk->address, stored->memory, chunk->stored, &got);
    return io_decode(stored->decoder, &chunks->pipeline, chunk->mask, chunks->bytes + chunk->at,
                     chunk->stored, stored->memory, chunks->chunk_bytes);
}

static shs_status do_chunks(struct bench_stored *stored, struct bench_chunks *chunks, bool decode,
                            double seconds, double *cost)
{
    uint64_t done = 0;
    shs_status status = SHS_OK;
    double begin = cli_seconds(), now;
    if (!chunks->count || (decode && !chunks->pipeline.count)) return SHS_OK;
    do {
        status = do_chunk(stored, chunks, decode);
        done++;
        now = cli_seconds();
    } while (!status && now - begin < seconds);
    *cost += (now - begin) / ((double)done * chunks->rows_a_chunk) * chunks->rows_a_sample;
    return core_wrap(status, "dataset %s", chunks->array);
}

static shs_status measure(struct bench_stored *stored, bool decode, double seconds, double *rate)
{
    double cost = 0, each = seconds / (double)(stored->n_chunks + 1);
    shs_status status = decode ? SHS_OK : read_runs(stored, each, &cost);
    for (size_t i = 0; i < stored->n_chunks && !status; i++)
        status = do_chunks(stored, &stored->chunks[i], decode, each, &cost);
    *rate = cost > 0 ? 1 / cost : 0;
    return status;
}

shs_status bench_stored_read(struct bench_stored *stored, double seconds, double *rate)
{
    return measure(stored, false, seconds, rate);
}

shs_status bench_stored_decode(struct bench_stored *stored, double seconds, double *rate)
{
    return measure(stored, true, seconds, rate);
}
