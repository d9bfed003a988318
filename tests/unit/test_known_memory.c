/* The memory of a loader is known when it is opened: what shs_loader_memory() announces is what the
 * functions of shs_memory_use() are asked for, and nothing grows from epoch to epoch. */
#include <hdf5.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h5_write.h"
#include "load.h"
#include "shardstep/context.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    ROWS = 1200,
    COLUMNS = 160,
    CHUNK_ROWS = 20,
    CHUNK_BYTES = CHUNK_ROWS * COLUMNS,
    BATCH = 64,
    MOST_EPOCHS = 50,
    HEAD = 64
};

/* ---- Memory that is counted in bytes. */

static struct {
    _Atomic int64_t now, most, calls;
} counted;

static void count(int64_t bytes)
{
    int64_t now = atomic_fetch_add(&counted.now, bytes) + bytes, most = counted.most;
    while (now > most && !atomic_compare_exchange_weak(&counted.most, &most, now))
        ;
}

static void release(void *memory, void *user)
{
    size_t bytes;
    (void)user;
    if (!memory) return;
    memcpy(&bytes, (char *)memory - HEAD, sizeof bytes);
    count(-(int64_t)bytes);
    free((char *)memory - HEAD);
}

static void *reallocate(void *memory, size_t bytes, void *user)
{
    size_t before = 0;
    (void)user;
    counted.calls++;
    if (memory) memcpy(&before, (char *)memory - HEAD, sizeof before);
    char *block = realloc(memory ? (char *)memory - HEAD : NULL, HEAD + bytes);
    if (!block) return NULL;
    memcpy(block, &bytes, sizeof bytes);
    count((int64_t)bytes - (int64_t)before);
    return block + HEAD;
}

/* ---- A file with arrays of each kind. */

static char folder[PATH_BYTES], path[PATH_BYTES];

static bool add_array(struct h5_writer *writer, const char *name, const shs_tensor *shape,
                      struct h5_storage storage, const void *rows)
{
    return !h5_create_array(writer, name, shape, &storage) &&
           !h5_write_rows(writer, shape->shape[0], rows);
}

/* An array that lies in its header is read by HDF5 only. */
static bool add_compact(void)
{
    static uint8_t elements[ROWS];
    hsize_t rows = ROWS;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), list = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(1, &rows, NULL);
    H5Pset_layout(list, H5D_COMPACT);
    hid_t data = H5Dcreate2(file, "odd", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    bool written = H5Dwrite(data, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) >= 0;
    return H5Dclose(data) >= 0 && H5Pclose(list) >= 0 && H5Sclose(space) >= 0 &&
           H5Fclose(file) >= 0 && written;
}

static bool make_file(void)
{
    static unsigned char rows[ROWS][COLUMNS];
    static uint64_t offsets[ROWS + 1];
    const shs_tensor wide = {.type = SHS_U8, .axes = 2, .shape = {ROWS, COLUMNS}};
    const shs_tensor flat = {.type = SHS_U64, .axes = 1, .shape = {ROWS + 1}};
    const struct h5_storage gzip = {
        .chunk_rows = CHUNK_ROWS, .deflate = 1, .byteshuffle = true, .fletcher32 = true};
    const shs_tensor weight = {.type = SHS_F64, .axes = 1, .shape = {ROWS}};
    static double weights[ROWS];
    struct h5_writer *writer;
    for (size_t i = 0; i < ROWS; i++)
        weights[i] = 1;
    for (size_t i = 0; i < sizeof rows; i++)
        rows[i / COLUMNS][i % COLUMNS] = (unsigned char)(i * i >> 7);
    for (uint64_t i = 0; i < ROWS; i++)
        offsets[i + 1] = offsets[i] + (i % 3 && offsets[i] < ROWS - 3 ? i % 3 : 0);
    if (!folder_make(folder) || h5_create(folder_path(folder, "a.h5", path), &writer)) return false;
    return add_array(writer, "contiguous", &wide, (struct h5_storage){0}, rows) &&
           add_array(writer, "gzip", &wide, gzip, rows) &&
           add_array(writer, "plain", &wide, (struct h5_storage){.chunk_rows = CHUNK_ROWS}, rows) &&
           add_array(writer, "values", &wide, (struct h5_storage){.chunk_rows = 7}, rows) &&
           add_array(writer, "offsets", &flat, (struct h5_storage){0}, offsets) &&
           add_array(writer, "weight", &weight, (struct h5_storage){0}, weights) &&
           !h5_finish(&writer) && add_compact();
}

/* ---- Loaders. */

struct setting {
    const char *fields;
    uint64_t cache_bytes;
    shs_shuffle shuffle;
    shs_sampling sampling;
    const char *augment;
    shs_shard shard;
    bool mixed; /* true if chunks have several sizes, so that the cache is seldom quite full */
};

static const struct setting settings[] = {
    {.fields = "contiguous", .cache_bytes = 1 << 20, .augment = "contiguous: cast(type=f32)"},
    {.fields = "contiguous",
     .cache_bytes = 1 << 20,
     .augment = "contiguous: cast(type=f32) mixup(alpha=0.4) cast(type=f64)"},
    {.fields = "contiguous", .cache_bytes = 1 << 16, .shuffle = SHS_SHUFFLE_NONE},
    {.fields = "contiguous", .cache_bytes = 1 << 16, .shard = SHS_SHARD_FIXED},
    {.fields = "contiguous", .cache_bytes = 1 << 16, .sampling.weight_field = "weight"},
    {.fields = "gzip", .cache_bytes = 40 * CHUNK_BYTES + 5},
    {.fields = "gzip", .cache_bytes = CHUNK_BYTES - 1},
    {.fields = "gzip,contiguous",
     .cache_bytes = 30 * CHUNK_BYTES,
     .augment = "gzip: cast(type=f32)"},
    {.fields = "gzip", .cache_bytes = 40 * CHUNK_BYTES, .shuffle = SHS_SHUFFLE_BLOCKS},
    {.fields = "gzip",
     .cache_bytes = 40 * CHUNK_BYTES,
     .shuffle = SHS_SHUFFLE_BLOCKS,
     .shard = SHS_SHARD_FIXED},
    {.fields = "gzip", .cache_bytes = 40 * CHUNK_BYTES, .sampling.epoch_rows = ROWS / 2},
    {.fields = "gzip(window=9,stride=5),plain(window=9,stride=5)", .cache_bytes = 50 * CHUNK_BYTES},
    {.fields = "gzip,odd", .cache_bytes = 40 * CHUNK_BYTES},
    {.fields = "odd", .cache_bytes = 40 * CHUNK_BYTES},
    {.fields = "values(offsets=offsets)", .cache_bytes = 10 * CHUNK_BYTES},
    {.fields = "values(offsets=offsets),gzip", .cache_bytes = 40 * CHUNK_BYTES, .mixed = true},
};

static void take_epoch(shs_run *run, shs_loader *loader)
{
    shs_batch batch = {0};
    while (!batch.ends_epoch) {
        if (!NEED_STATUS(shs_next(loader, &batch), SHS_OK)) return;
        if (batch.ends_step) NEED_STATUS(shs_agree(run), SHS_OK);
    }
}

/* Nothing is taken after the loader is opened but the bytes of chunks. How many chunks are pinned
 * beside the cache depends on the lanes' timing, if there are several. */
static void take_epochs(shs_run *run, shs_loader *loader, bool chunked, bool pins, int epochs)
{
    int64_t calls = counted.calls, second = 0, most = 0;
    for (int epoch = 1; epoch <= epochs; epoch++) {
        take_epoch(run, loader);
        if (epoch == 2) most = counted.most;
        if (epoch == 2) second = counted.now;
    }
    if (!chunked) CHECK_EQ(counted.calls, calls);
    if (pins) return;
    CHECK_IS((double)counted.now, <=, 1.01 * (double)second);
    CHECK_IS((double)counted.most, <=, 1.01 * (double)most);
}

static void check_setting(shs_run *run, const struct setting *setting, uint32_t ahead,
                          uint32_t threads)
{
    const shs_dataset_options how = {.cache_bytes = setting->cache_bytes};
    const shs_loader_options options = {.batch = BATCH,
                                        .shuffle = setting->shuffle,
                                        .shard = setting->shard,
                                        .sampling = setting->sampling,
                                        .augment = setting->augment,
                                        .ahead = ahead,
                                        .threads = threads,
                                        .keep = 1};
    shs_dataset *dataset;
    shs_loader *loader;
    harness_where("%s, cache %llu, shuffle %d, ahead %u, threads %u", setting->fields,
                  (ull)setting->cache_bytes, (int)setting->shuffle, ahead, threads);
    if (!NEED_STATUS(shs_dataset_open(run, path, setting->fields, &how, &dataset), SHS_OK)) return;
    int64_t before = counted.now;
    if (!NEED_STATUS(shs_loader_open(dataset, &options, &loader), SHS_OK)) return;
    const shs_loader_memory_use use = shs_loader_memory(loader);
    counted.most = counted.now; /* without texts that were only needed to open the loader */
    bool chunked = loader->tools.kept.chunks > 0;
    if (!chunked) CHECK_EQ((uint64_t)(counted.now - before), use.counted);
    take_epochs(run, loader, chunked, loader->tools.kept.pinned > 0, ahead ? MOST_EPOCHS : 4);
    int64_t most = counted.most - before;
    bool waited = shs_statistics(loader).cold_reads > 0;
    CHECK_IS(most, <=, (int64_t)(use.counted + (waited ? use.waiting : 0)));
    if (!setting->mixed && !ahead && !waited)
        CHECK_EQ((uint64_t)most, use.counted);
    else
        CHECK_IS((double)most, >=, 0.85 * (double)use.counted);
    CHECK_EQ(use.counted,
             use.batches + use.staging + use.order + use.cache + use.reading + use.other);
    CHECK_EQ(use.total, use.counted + use.resident + use.hdf5 + use.threads);
    shs_loader_close(&loader);
    CHECK_EQ(counted.now, before);
    shs_dataset_close(&dataset);
}

static void what_is_announced_is_taken(void)
{
    static const uint32_t depths[] = {0, 4}, threads[] = {0, 2};
    shs_run *run;
    const shs_run_options how = {.seed = 5, .vranks = 3};
    if (!NEED(make_file())) return;
    shs_memory_use(&(shs_memory){reallocate, release, NULL});
    if (!NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, &how, &run), SHS_OK)) return;
    for (size_t i = 0; i < COUNT(settings) * 4; i++)
        check_setting(run, &settings[i / 4], depths[i / 2 % 2], threads[i % 2]);
    harness_where(NULL);
    shs_close(&run);
    CHECK_EQ(counted.now, 0);
    shs_memory_use(NULL);
    folder_remove(folder);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(what_is_announced_is_taken)};
    return harness_main("known_memory", tests, COUNT(tests), argc, argv);
}
