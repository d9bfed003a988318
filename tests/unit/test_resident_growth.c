/* The resident memory of a process grows by what shs_loader_memory() announces, and then no more.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core_sanitized.h"
#include "h5_write.h"
#include "load.h"
#include "resident_memory.h"
#include "shardstep/context.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    ROW_BYTES = 12 << 10,
    CHUNK_ROWS = 32,
    ROWS = 9600, /* 112 MiB */
    EPOCHS = 50
};

static char folder[PATH_BYTES], path[PATH_BYTES];

/* In a process of its own, whose memory does not count. */
static bool write_file(void)
{
    static unsigned char rows[CHUNK_ROWS][ROW_BYTES];
    const shs_tensor shape = {.type = SHS_U8, .axes = 2, .shape = {ROWS, ROW_BYTES}};
    const struct h5_storage gzip = {.chunk_rows = CHUNK_ROWS, .deflate = 1};
    struct h5_writer *writer;
    if (h5_create(path, &writer) || h5_create_array(writer, "gzip", &shape, &gzip)) return false;
    for (int chunk = 0; chunk < ROWS / CHUNK_ROWS; chunk++) {
        memset(rows, chunk, sizeof rows);
        if (h5_write_rows(writer, CHUNK_ROWS, rows)) return false;
    }
    if (h5_create_array(writer, "flat", &shape, &(struct h5_storage){0})) return false;
    for (int chunk = 0; chunk < ROWS / CHUNK_ROWS; chunk++)
        if (h5_write_rows(writer, CHUNK_ROWS, rows)) return false;
    return !h5_finish(&writer);
}

static bool make_file(void)
{
    int code = 1;
    if (!folder_make(folder)) return false;
    folder_path(folder, "a.h5", path);
    pid_t child = fork();
    if (child == 0) _exit(!write_file());
    return child > 0 && waitpid(child, &code, 0) == child && code == 0;
}

static void take_epoch(shs_run *run, shs_loader *loader)
{
    shs_batch batch = {0};
    while (!batch.ends_epoch) {
        if (!NEED_STATUS(shs_next(loader, &batch), SHS_OK)) return;
        if (batch.ends_step) NEED_STATUS(shs_agree(run), SHS_OK);
    }
}

/* Drops the file from the page cache, as far as the file system does so. */
static void forget_file(void)
{
    int file = open(path, O_RDONLY);
    if (file < 0) return;
    fdatasync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
}

static void check_growth(const char *field, size_t cache_bytes, uint32_t ahead, uint32_t threads)
{
    const shs_run_options seed = {.seed = 5};
    const shs_dataset_options how = {.cache_bytes = cache_bytes};
    const shs_loader_options options = {.batch = 64,
                                        .epochs = EPOCHS,
                                        .shuffle = SHS_SHUFFLE_BLOCKS,
                                        .ahead = ahead,
                                        .threads = threads};
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    harness_where("%s, ahead %u, threads %u", field, ahead, threads);
    if (!NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, &seed, &run), SHS_OK) ||
        !NEED_STATUS(shs_dataset_open(run, path, field, &how, &dataset), SHS_OK))
        return;
    malloc_trim(0); /* lest the loader gets memory that is resident already */
    double before = resident_memory(), second = 0;
    if (!NEED_STATUS(shs_loader_open(dataset, &options, &loader), SHS_OK)) return;
    const shs_loader_memory_use use = shs_loader_memory(loader);
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        if (epoch == 1) forget_file();
        take_epoch(run, loader);
        if (epoch == 2) second = resident_memory();
    }
    double growth = resident_memory() - before, announced = (double)use.total;
    shs_loader_statistics read = shs_statistics(loader);
    double pinned = (double)loader->tools.kept.pinned; /* taken or not, as lanes come together */
    double most = announced + (read.cold_reads ? (double)use.waiting : 0);
    printf("%s, ahead %u, threads %u: announced %.1f MiB, and up to %.1f more for reads that wait; "
           "grew by %.1f MiB, %.3f times what was announced; from epoch 2 to %d by %.2f%%; %llu of "
           "%llu reads waited\n",
           field, ahead, threads, announced / (1 << 20), (double)use.waiting / (1 << 20),
           growth / (1 << 20), growth / announced, EPOCHS,
           100 * (resident_memory() - second) / growth, (ull)read.cold_reads, (ull)read.reads);
    CHECK_IS(announced, >, 64 << 20);
    CHECK_IS(growth, <=, 1.05 * most);
    CHECK_IS(growth, >=, 0.95 * (announced - pinned));
    CHECK_IS(resident_memory() - second, <=, 0.01 * growth + pinned);
    shs_loader_close(&loader);
    shs_dataset_close(&dataset);
    shs_close(&run);
}

static void growth_is_announced(void)
{
    if (!NEED(make_file())) return;
    check_growth("gzip", 96 << 20, 0, 0);
    check_growth("gzip", 96 << 20, 2, 1);
    check_growth("flat", 120 << 20, 4, 2);
    harness_where(NULL);
    folder_remove(folder);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(growth_is_announced)};
    if (CORE_SANITIZED) {
        printf("a sanitizer takes memory of its own\n");
        return 77;
    }
    return harness_main("resident_growth", tests, COUNT(tests), argc, argv);
}
