/* The last table of shardstep bench --read: contiguous rows that are in memory already, read by
 * position, copied out of a map, and loaded. */
#include <stdio.h>
#include <string.h>

#include "cli_bench.h"
#include "cli_seconds.h"
#include "core_memory.h"
#include "core_pool.h"
#include "data_field.h"
#include "h5_write.h"
#include "io_content.h"
#include "io_durable.h"
#include "io_file.h"
#include "mpi_job.h"

enum {
    BATCH = 128,
    THREADS = 2, /* most threads */
    FEWER = 64,  /* a quick run takes this many times fewer rows */
    N_WAYS = 5   /* ways to read rows */
};

/* Rows of one size, in a file of their own. */
struct rows {
    const char *name;
    uint64_t count; /* whole batches */
    shs_tensor row;
    size_t bytes; /* of a row */
};

struct bench {
    const char *path;
    shs_run *run;
    int rounds;
    const struct rows *rows;
    uint64_t *order; /* the rows of an epoch, as a loader delivers them */
    int file;
    struct io_map *map;
    struct data_field field;
    struct core_pool *pool;
    struct io_lane lanes[THREADS];
    char *memory[THREADS]; /* a batch for each thread */
};

static shs_status make_file(const struct bench *bench)
{
    const struct rows *rows = bench->rows;
    shs_tensor shape = {.type = rows->row.type, .axes = rows->row.axes + 1};
    struct h5_writer *writer;
    memcpy(shape.shape + 1, rows->row.shape, rows->row.axes * sizeof *shape.shape);
    shape.shape[0] = rows->count;
    shs_status status = h5_create(bench->path, &writer);
    if (status) return status;
    status = h5_create_array(writer, "x", &shape, &(struct h5_storage){0});
    for (uint64_t row = 0; row < rows->count && !status; row += BATCH) {
        memset(bench->memory[0], (int)(row / BATCH % 255), BATCH * rows->bytes);
        status = h5_write_rows(writer, BATCH, bench->memory[0]);
    }
    if (status)
        h5_abandon(&writer);
    else
        status = h5_finish(&writer);
    return status ? status : io_sync(bench->path);
}

/* ---- Without a loader: a job of the pool is a batch. */

static uint64_t place_of(const struct bench *bench, uint64_t position)
{
    return io_reader_layout(bench->field.direct)->address +
           bench->order[position] * bench->rows->bytes;
}

static shs_status read_by_position(void *user, size_t batch, unsigned lane)
{
    const struct bench *bench = user;
    shs_status status = SHS_OK;
    for (size_t i = 0, got; i < BATCH && !status; i++)
        status = io_read_at(bench->file, place_of(bench, batch * BATCH + i),
                            bench->memory[lane] + i * bench->rows->bytes, bench->rows->bytes, &got);
    return status;
}

static shs_status copy_plainly(void *user, size_t batch, unsigned lane)
{
    const struct bench *bench = user;
    for (size_t i = 0; i < BATCH; i++)
        memcpy(bench->memory[lane] + i * bench->rows->bytes,
               io_map_memory(bench->map, place_of(bench, batch * BATCH + i)), bench->rows->bytes);
    return SHS_OK;
}

static shs_status copy_guarded(void *user, size_t batch, unsigned lane)
{
    struct bench *bench = user;
    struct io_run runs[BATCH];
    for (size_t i = 0; i < BATCH; i++)
        runs[i] = (struct io_run){.first = bench->order[batch * BATCH + i],
                                  .count = 1,
                                  .to = bench->memory[lane] + i * bench->rows->bytes};
    return io_reader_scattered(bench->field.direct, &bench->lanes[lane], runs, BATCH, NULL);
}

static shs_status measure_alone(struct bench *bench, core_work work, unsigned threads,
                                double *seconds)
{
    double begin = cli_seconds();
    shs_status status = core_pool_do(bench->pool, threads, bench->rows->count / BATCH, work, bench);
    *seconds = cli_seconds() - begin;
    return status;
}

/* ---- With a loader. */

/* Reads an epoch, and notes the order of its rows. */
static shs_status read_epoch(const struct bench *bench, shs_loader *loader, double *seconds)
{
    shs_batch batch = {0};
    uint64_t done = 0;
    shs_status status = SHS_OK;
    double begin = cli_seconds();
    while (!batch.ends_epoch && !status) {
        status = shs_next(loader, &batch);
        memcpy(bench->order + done, batch.index, batch.rows * sizeof *batch.index);
        done += batch.rows;
    }
    *seconds = cli_seconds() - begin;
    return status ? status : mpi_settle(bench->run, SHS_OK, "bench");
}

/* The first epoch brings the rows into memory, or shows that they are there. */
static shs_status measure_loader(const struct bench *bench, bool map, uint32_t threads,
                                 double *seconds)
{
    const shs_dataset_options how = {.map = map};
    const shs_loader_options options = {.batch = BATCH, .threads = threads - 1};
    shs_dataset *dataset = NULL;
    shs_loader *loader = NULL;
    shs_status status = shs_dataset_open(bench->run, bench->path, "x", &how, &dataset);
    if (!status) status = shs_loader_open(dataset, &options, &loader);
    for (int epoch = 0; epoch < 2 && !status; epoch++)
        status = read_epoch(bench, loader, seconds);
    shs_loader_close(&loader);
    shs_dataset_close(&dataset);
    return status;
}

/* ---- Both. */

static const struct {
    const char *name;
    core_work work; /* without a loader; NULL: a loader */
    bool map;       /* true for a loader over maps */
} ways[N_WAYS] = {{"positional reads, a row each", read_by_position, false},
                  {"memcpy from a map", copy_plainly, false},
                  {"guarded copies from a map", copy_guarded, false},
                  {"loader", NULL, false},
                  {"loader, map", NULL, true}};

static shs_status open_field(struct bench *bench)
{
    struct h5_file *file;
    shs_status status = h5_open(bench->path, &file);
    if (status) return status;
    status = data_field_open(file, bench->path, "x", &(struct data_field_how){.map = true},
                             &bench->field);
    h5_close(&file);
    if (!status && !bench->field.direct)
        status = core_fail(SHS_ERROR_UNSUPPORTED, "%s is read through HDF5: it is %s", bench->path,
                           bench->field.reason);
    if (!status) status = io_open(bench->path, &bench->file);
    if (status) return status;
    return io_map_open(bench->file, bench->path, io_reader_layout(bench->field.direct)->address,
                       bench->rows->count * bench->rows->bytes, &bench->map);
}

/* Sets best[w][t] to the fewest seconds of an epoch in way w on t + 1 threads. Round 0 touches all
 * pages and does not count. */
static shs_status measure(struct bench *bench, double best[N_WAYS][THREADS])
{
    double seconds;
    shs_status status = measure_loader(bench, false, 1, &seconds); /* the order of the rows */
    memset(best, 0, N_WAYS * sizeof *best);
    for (int round = 0; round <= bench->rounds && !status; round++)
        for (unsigned i = 0; i < N_WAYS * THREADS && !status; i++) {
            unsigned way = i / THREADS, threads = i % THREADS + 1;
            double *fewest = &best[way][threads - 1];
            status = ways[way].work ? measure_alone(bench, ways[way].work, threads, &seconds)
                                    : measure_loader(bench, ways[way].map, threads, &seconds);
            if (round && (*fewest == 0 || seconds < *fewest)) *fewest = seconds;
        }
    return status;
}

static shs_status measure_rows(struct bench *bench, double best[N_WAYS][THREADS])
{
    const struct rows *rows = bench->rows;
    bench->file = -1;
    shs_status status = core_new(rows->count, sizeof *bench->order, "row numbers", &bench->order);
    if (!status) status = core_pool_new(&bench->pool);
    for (unsigned i = 0; i < THREADS && !status; i++)
        status = core_new(BATCH, rows->bytes, "a batch", &bench->memory[i]);
    if (!status) status = make_file(bench);
    if (!status) status = open_field(bench);
    if (!status) status = measure(bench, best);
    io_map_close(&bench->map);
    if (bench->file >= 0) io_close(bench->file);
    data_field_close(&bench->field);
    for (unsigned i = 0; i < THREADS; i++) {
        io_lane_free(&bench->lanes[i]);
        core_free(&bench->memory[i]);
    }
    core_pool_free(&bench->pool);
    core_free(&bench->order);
    return status;
}

static void print_table(const struct rows kinds[2], double best[2][N_WAYS][THREADS], int rounds)
{
    printf("\nMillion rows/s and GB/s of contiguous rows, in memory already, shuffle full, batches "
           "of %d, the\nbest of %d rounds.\n",
           BATCH, rounds);
    printf("%-30s   %-32s   %s\n", "", kinds[0].name, kinds[1].name);
    printf("%-30s   %-15s  %-15s   %-15s  %s\n", "", "1 thread", "2 threads", "1 thread",
           "2 threads");
    for (size_t way = 0; way < N_WAYS; way++) {
        printf("%-30s", ways[way].name);
        for (int i = 0; i < 2 * THREADS; i++) {
            const struct rows *rows = &kinds[i / THREADS];
            double speed = (double)rows->count / best[i / THREADS][way][i % THREADS];
            printf("%s%8.3f %7.2f", i % THREADS ? " " : "  ", speed * 1e-6,
                   speed * (double)rows->bytes * 1e-9);
        }
        printf("\n");
    }
}

shs_status cli_bench_map(shs_run *run, const char *path, bool quick)
{
    const shs_tensor small = {.type = SHS_U8, .axes = 2, .shape = {28, 28}};
    const shs_tensor large = {.type = SHS_F32, .axes = 3, .shape = {3, 64, 64}};
    struct rows kinds[] = {{"784 bytes", UINT64_C(2048) * BATCH, small, 784},
                           {"3x64x64 floats", UINT64_C(32) * BATCH, large, 49152}};
    double best[2][N_WAYS][THREADS];
    shs_status status = SHS_OK;
    io_guard_begin();
    for (int k = 0; k < 2 && !status; k++) {
        if (quick) kinds[k].count = (kinds[k].count / BATCH / FEWER + 1) * BATCH;
        struct bench bench = {.path = path, .run = run, .rounds = quick ? 1 : 5, .rows = &kinds[k]};
        status = measure_rows(&bench, best[k]);
    }
    io_guard_end();
    if (!status) print_table(kinds, best, quick ? 1 : 5);
    return status;
}
