/* shardstep bench --read: the speed of a loader, beside the system's reads and H5Dread(). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli_bench.h"
#include "cli_seconds.h"
#include "core_memory.h"
#include "core_text.h"
#include "data_field.h"
#include "h5_write.h"
#include "io_content.h"
#include "io_durable.h"
#include "io_file.h"
#include "mpi_job.h"

enum {
    SIDE = 64, /* a row is SIDE x SIDE floats, 16 KiB */
    ROW_FLOATS = SIDE * SIDE,
    ROW_BYTES = ROW_FLOATS * 4,
    BATCH = 128,
    MANY_CHUNKS = 1000000,
    FEWER = 32 /* a quick run takes this many times fewer rows */
};

/* A file, and the results of reading it. Times are the fewest seconds a row so far. */
struct trial {
    const char *name;
    uint64_t rows;
    struct h5_storage storage;
    shs_shuffle shuffle;
    double hdf5;    /* H5Dread, a row at a time */
    double ceiling; /* the system's reads or the decoders alone */
    double one;     /* the loader with one thread */
    double two;     /* the loader with two threads */
    double decodes; /* chunks decoded in an epoch */
};

struct bench {
    char *path;
    shs_run *run;
    uint64_t *order; /* the rows of an epoch, as the loader delivers them */
    float *memory;   /* memory for a batch */
    bool quick;
    int rounds;          /* rounds, of which the fastest counts */
    double hdf5_seconds; /* time for H5Dread, in which it reads some of the rows */
    struct io_lane lane;
};

static void keep_best(double *best, double seconds)
{
    if (*best == 0 || seconds < *best) *best = seconds;
}

/* ---- Files. The field holds smooth temperatures with noise in their last bits. Deflate saves a
 * third of its bytes. */

static void fill_rows(float *rows, uint64_t first, uint64_t count)
{
    for (uint64_t i = 0; i < count * ROW_FLOATS; i++) {
        uint64_t row = first + i / ROW_FLOATS, x = i % SIDE, y = i % ROW_FLOATS / SIDE;
        uint64_t noise = (first * ROW_FLOATS + i) * UINT64_C(0x9e3779b97f4a7c15);
        noise = (noise ^ noise >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
        uint64_t wave = x * (row % 7 + 1) + y * (row % 5 + 1);
        rows[i] = 273.15f + (float)(wave % 4096) / 64 + (float)(noise >> 56) / 4096;
    }
}

static shs_status write_rows(struct h5_writer *writer, uint64_t rows, float *memory)
{
    shs_status status = SHS_OK;
    for (uint64_t row = 0; row < rows && !status; row += BATCH) {
        fill_rows(memory, row, BATCH);
        status = h5_write_rows(writer, BATCH, memory);
    }
    return status;
}

static shs_status make_file(const struct bench *bench, const struct trial *trial)
{
    struct h5_writer *writer;
    shs_tensor shape = {.type = SHS_F32, .axes = 3, .shape = {trial->rows, SIDE, SIDE}};
    shs_status status = h5_create(bench->path, &writer);
    if (status) return status;
    status = h5_create_array(writer, "x", &shape, &trial->storage);
    if (!status) status = write_rows(writer, trial->rows, bench->memory);
    if (!status) return h5_finish(&writer);
    h5_abandon(&writer);
    return status;
}

/* ---- The loader. */

struct reading {
    shs_dataset *dataset;
    shs_loader *loader;
};

static void close_reading(struct reading *reading)
{
    shs_loader_close(&reading->loader);
    shs_dataset_close(&reading->dataset);
}

static shs_status open_reading(const struct bench *bench, const struct trial *trial,
                               uint32_t threads, struct reading *reading)
{
    /* A chunk of one row is used once an epoch. A cache would spare the next epoch some decoding.
     */
    shs_dataset_options dataset = {.cache_bytes = trial->storage.chunk_rows == 1 ? 1 : 0};
    shs_loader_options loader = {.batch = BATCH, .shuffle = trial->shuffle, .threads = threads - 1};
    *reading = (struct reading){0};
    shs_status status = shs_dataset_open(bench->run, bench->path, "x", &dataset, &reading->dataset);
    if (!status) status = shs_loader_open(reading->dataset, &loader, &reading->loader);
    if (status) close_reading(reading);
    return status;
}

/* Reads an epoch, and notes the order of its rows. Improves *seconds, the fewest seconds a row,
 * unless it is NULL. */
static shs_status read_epoch(const struct bench *bench, struct reading *reading, double *seconds)
{
    shs_batch batch = {0};
    uint64_t done = 0;
    shs_status status = SHS_OK;
    double begin = cli_seconds();
    while (!batch.ends_epoch && !status) {
        status = shs_next(reading->loader, &batch);
        memcpy(bench->order + done, batch.index, batch.rows * sizeof *batch.index);
        done += batch.rows;
    }
    if (!status) status = mpi_settle(bench->run, SHS_OK, "bench");
    if (seconds) keep_best(seconds, (cli_seconds() - begin) / (double)done);
    return status;
}

static shs_status measure_loader(const struct bench *bench, struct trial *trial, uint32_t threads,
                                 double *seconds)
{
    struct reading reading;
    shs_status status = open_reading(bench, trial, threads, &reading);
    if (status) return status;
    status = read_epoch(bench, &reading, NULL); /* fills the page cache */
    uint64_t before = shs_statistics(reading.loader).chunks_decoded;
    if (!status) status = read_epoch(bench, &reading, seconds);
    trial->decodes = (double)(shs_statistics(reading.loader).chunks_decoded - before);
    close_reading(&reading);
    return status;
}

/* ---- Comparisons. */

/* Reads a row at a time into the batch, like a program that reads with HDF5. */
static shs_status measure_hdf5(const struct bench *bench, struct trial *trial)
{
    struct h5_file *file;
    struct h5_array *field = NULL;
    shs_tensor shape;
    uint64_t done = 0;
    shs_status status = h5_open(bench->path, &file);
    if (!status) status = h5_array_open(file, "x", 0, false, &field, &shape);
    double begin = cli_seconds();
    for (; done < trial->rows && !status && cli_seconds() - begin < bench->hdf5_seconds; done++)
        status =
            h5_read_rows(field, bench->order[done], 1, bench->memory + done % BATCH * ROW_FLOATS);
    if (!status) keep_best(&trial->hdf5, (cli_seconds() - begin) / (double)done);
    h5_array_close(&field);
    h5_close(&file);
    return status;
}

/* Reads the same rows in the same order by the system's reads alone. */
static shs_status measure_positional(const struct bench *bench, const struct io_layout *layout,
                                     struct trial *trial)
{
    int file;
    shs_status status = io_open(bench->path, &file);
    if (status) return status;
    double begin = cli_seconds();
    for (uint64_t i = 0; i < trial->rows && !status; i++) {
        size_t got;
        status = io_read_at(file, layout->address + bench->order[i] * ROW_BYTES,
                            bench->memory + i % BATCH * ROW_FLOATS, ROW_BYTES, &got);
    }
    keep_best(&trial->ceiling, (cli_seconds() - begin) / (double)trial->rows);
    io_close(file);
    return status;
}

static shs_status load_stored(const struct bench *bench, const struct io_layout *layout, char **all,
                              size_t *offsets)
{
    int file;
    size_t bytes = 0, got;
    for (uint64_t i = 0; i < layout->n_chunks; i++) {
        offsets[i] = bytes;
        bytes += layout->chunks[i].bytes;
    }
    shs_status status = core_new(bytes, 1, "stored chunks", all);
    if (!status) status = io_open(bench->path, &file);
    if (status) return status;
    for (uint64_t i = 0; i < layout->n_chunks && !status; i++)
        status = io_read_at(file, layout->chunks[i].address, *all + offsets[i],
                            layout->chunks[i].bytes, &got);
    io_close(file);
    return status;
}

/* Decodes every chunk once, from memory into the batch. */
static shs_status measure_decoding(struct bench *bench, const struct io_layout *layout,
                                   struct trial *trial)
{
    char *stored = NULL;
    size_t *offsets = NULL;
    shs_status status = core_new(layout->n_chunks, sizeof *offsets, "offsets", &offsets);
    if (!status) status = load_stored(bench, layout, &stored, offsets);
    if (!status && !bench->lane.decoder) status = io_decoder_new(&bench->lane.decoder);
    double begin = cli_seconds();
    for (uint64_t i = 0; i < layout->n_chunks && !status; i++) {
        uint64_t chunk = bench->order[i * layout->chunk[0]] / layout->chunk[0];
        status = io_decode(bench->lane.decoder, &layout->pipeline, layout->chunks[chunk].mask,
                           stored + offsets[chunk], layout->chunks[chunk].bytes,
                           bench->memory + i * layout->chunk[0] % BATCH * ROW_FLOATS,
                           layout->chunk_bytes);
    }
    keep_best(&trial->ceiling, (cli_seconds() - begin) / (double)trial->rows);
    core_free(&stored);
    core_free(&offsets);
    return status;
}

static shs_status measure_ceiling(struct bench *bench, struct trial *trial)
{
    struct h5_file *file;
    struct data_field field = {0};
    shs_status status = h5_open(bench->path, &file);
    if (!status)
        status = data_field_open(file, bench->path, "x", &(struct data_field_how){0}, &field);
    if (!status && !field.direct)
        status = core_fail(SHS_ERROR_UNSUPPORTED, "%s is read through HDF5: it is %s", bench->path,
                           field.reason);
    if (!status) {
        const struct io_layout *layout = io_reader_layout(field.direct);
        status = layout->chunked ? measure_decoding(bench, layout, trial)
                                 : measure_positional(bench, layout, trial);
    }
    data_field_close(&field);
    h5_close(&file);
    return status;
}

static shs_status run_trial(struct bench *bench, struct trial *trial)
{
    shs_status status = make_file(bench, trial);
    if (!status) status = io_sync(bench->path);
    for (int round = 0; round < bench->rounds && !status; round++) {
        status = measure_loader(bench, trial, 1, &trial->one);
        if (!status) status = measure_ceiling(bench, trial);
        if (!status) status = measure_hdf5(bench, trial);
        if (!status) status = measure_loader(bench, trial, 2, &trial->two);
    }
    if (status) return status;
    printf("%-34s %9.2f %9.2f %9.2f %6.2f %7.1f %9.2f %7.1f\n", trial->name, trial->hdf5 * 1e6,
           trial->ceiling * 1e6, trial->one * 1e6, trial->ceiling / trial->one,
           trial->hdf5 / trial->one, trial->two * 1e6, trial->hdf5 / trial->two);
    return SHS_OK;
}

/* ---- Opening. */

static uint64_t many_chunks(const struct bench *bench)
{
    return bench->quick ? MANY_CHUNKS / 1000 : MANY_CHUNKS;
}

static shs_status make_many_chunks(const struct bench *bench)
{
    struct h5_writer *writer;
    uint64_t chunks = many_chunks(bench);
    shs_tensor shape = {.type = SHS_F32, .axes = 2, .shape = {chunks, 4}};
    struct h5_storage storage = {.chunk_rows = 1, .deflate = 1};
    shs_status status = h5_create(bench->path, &writer);
    if (status) return status;
    status = h5_create_array(writer, "x", &shape, &storage);
    for (uint64_t row = 0; row < chunks && !status; row += 1000)
        status = h5_write_rows(writer, 1000, bench->memory);
    if (!status) return h5_finish(&writer);
    h5_abandon(&writer);
    return status;
}

static shs_status measure_opening(const struct bench *bench)
{
    double best = 0;
    shs_status status = make_many_chunks(bench);
    for (int round = 0; round < bench->rounds && !status; round++) {
        shs_dataset *dataset = NULL;
        double begin = cli_seconds();
        status = shs_dataset_open(bench->run, bench->path, "x", NULL, &dataset);
        keep_best(&best, cli_seconds() - begin);
        shs_dataset_close(&dataset);
    }
    if (!status)
        printf("opening a dataset of %llu chunks: %.2f s\n", (ull)many_chunks(bench), best);
    return status;
}

/* ---- From the disk. */

static shs_status measure_cold(struct bench *bench)
{
    struct trial trial = {.rows = bench->quick ? (1 << 12) / FEWER : 1 << 12};
    struct reading reading;
    double cold = 0, outstanding = 0;
    shs_status status = make_file(bench, &trial);
    if (!status) status = open_reading(bench, &trial, 1, &reading);
    if (status) return status;
    for (int round = 0; round < bench->rounds && !status; round++) {
        status = io_forget(bench->path);
        if (!status) status = read_epoch(bench, &reading, &trial.one);
    }
    outstanding = (double)shs_statistics(reading.loader).cold_reads /
                  (double)shs_statistics(reading.loader).reads;
    close_reading(&reading);
    for (int round = 0; round < bench->rounds && !status; round++) {
        status = io_forget(bench->path);
        if (!status) status = measure_ceiling(bench, &trial);
    }
    cold = trial.ceiling;
    if (!status)
        printf("\nfrom the disk, contiguous, full: %.0f us a row, %.1f times as fast as one read "
               "after "
               "another (%.0f us); %.0f%% of\nthe reads were waited for\n",
               trial.one * 1e6, cold / trial.one, cold * 1e6, outstanding * 100);
    return status;
}

static shs_status run_all(struct bench *bench)
{
    struct trial trials[] = {
        {.name = "contiguous, full", .rows = 16384},
        {.name = "1 row a chunk, deflated, full",
         .rows = 8192,
         .storage = {.chunk_rows = 1, .deflate = 6, .byteshuffle = true}},
        {.name = "64 rows a chunk, deflated, blocks",
         .rows = 16384,
         .storage = {.chunk_rows = 64, .deflate = 6, .byteshuffle = true},
         .shuffle = SHS_SHUFFLE_BLOCKS},
        {.name = "64 rows a chunk, deflated, none",
         .rows = 16384,
         .storage = {.chunk_rows = 64, .deflate = 6, .byteshuffle = true},
         .shuffle = SHS_SHUFFLE_NONE},
    };
    shs_status status = SHS_OK;
    printf(
        "us a row of 16 KiB, in memory already, batches of %d, the best of %d rounds. Ceiling: "
        "positional\nreads of the same rows, or decoding alone, on one thread. H5Dread: a row at "
        "a time.\n",
        BATCH, bench->rounds);
    printf("%-34s %9s %9s %9s %6s %7s %9s %7s\n", "", "", "", "1 thread", "of", "times",
           "2 threads", "times");
    printf("%-34s %9s %9s %9s %6s %7s %9s %7s\n", "stored, shuffle", "H5Dread", "ceiling", "",
           "ceil.", "H5Dread", "", "H5Dread");
    for (size_t i = 0; i < sizeof trials / sizeof *trials && !status; i++) {
        if (bench->quick) trials[i].rows /= FEWER;
        status = run_trial(bench, &trials[i]);
    }
    if (!status) status = cli_bench_map(bench->run, bench->path, bench->quick);
    if (!status) status = measure_cold(bench);
    return status ? status : measure_opening(bench);
}

static shs_status name_file(const char *folder, char **path)
{
    struct core_text text = {0};
    core_text_add(&text, "%s/shardstep-bench-%ld.h5", folder, (long)getpid());
    return core_text_take(&text, path);
}

shs_status cli_bench_read(const char *folder, bool quick)
{
    struct bench bench = {
        .quick = quick, .rounds = quick ? 1 : 3, .hdf5_seconds = quick ? 0.01 : 0.7};
    shs_run_options options = {.vranks = 1};
    shs_status status = io_check_room(folder, UINT64_C(512) << 20);
    if (!status) status = name_file(folder, &bench.path);
    if (!status) status = core_new(1 << 14, sizeof *bench.order, "row numbers", &bench.order);
    if (!status) status = core_new(BATCH, ROW_BYTES, "a batch", &bench.memory);
    if (!status) status = cli_open(&options, &bench.run);
    if (!status) status = run_all(&bench);
    if (bench.path) io_discard(bench.path, status);
    shs_status closed = mpi_job_close(&bench.run);
    io_lane_free(&bench.lane);
    core_free(&bench.memory);
    core_free(&bench.order);
    core_free(&bench.path);
    return status ? status : closed;
}
