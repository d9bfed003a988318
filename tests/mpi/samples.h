/* HDF5 files whose content is a function of the row, for the tests that read them. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <fcntl.h>
#include <hdf5.h>
#include <sys/stat.h>

#include "gathered.h"
#include "h5_write.h"
#include "ranks.h"
#include "shardstep/loader.h"
#include "shardstep/mpi.h"

enum {
    IMAGE_HEIGHT = 4,
    IMAGE_WIDTH = 5,
    IMAGE_BYTES = IMAGE_HEIGHT * IMAGE_WIDTH
};

static const char samples_fields[] = "images,labels";

static inline uint8_t image_byte(uint64_t row, uint64_t element)
{
    return (uint8_t)scramble(row * IMAGE_BYTES + element);
}

static inline int32_t label_of(uint64_t row)
{
    return (int32_t)(row * 3) - 50;
}

/* Local. images: u8 of rows x 4 x 5; labels: i32 of rows. They are those of row `first` on. */
static inline void samples_write_from(const char *path, uint64_t first, uint64_t rows,
                                      struct h5_storage storage)
{
    const shs_tensor images = {
        .type = SHS_U8, .axes = 3, .shape = {rows, IMAGE_HEIGHT, IMAGE_WIDTH}};
    const shs_tensor labels = {.type = SHS_I32, .axes = 1, .shape = {rows}};
    struct h5_writer *writer;
    uint8_t *bytes = room(rows, IMAGE_BYTES);
    int32_t *numbers = room(rows, sizeof *numbers);
    for (uint64_t i = 0; i < rows * IMAGE_BYTES; i++)
        bytes[i] = image_byte(first + i / IMAGE_BYTES, i % IMAGE_BYTES);
    for (uint64_t row = 0; row < rows; row++)
        numbers[row] = label_of(first + row);
    need(!h5_create(path, &writer), path);
    need(!h5_create_array(writer, "images", &images, &storage), path);
    need(!rows || !h5_write_rows(writer, rows, bytes), path);
    need(!h5_create_array(writer, "labels", &labels, &storage), path);
    need(!rows || !h5_write_rows(writer, rows, numbers), path);
    need(!h5_finish(&writer), path);
    free(bytes);
    free(numbers);
}

static inline void samples_write(const char *path, uint64_t rows, struct h5_storage storage)
{
    samples_write_from(path, 0, rows, storage);
}

/* Collective. The same file for all ranks. */
static inline void samples_shared(const char *folder, const char *name, uint64_t rows,
                                  struct h5_storage storage, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%.450s/%.50s", folder, name);
    if (my_rank() == 0) samples_write(path, rows, storage);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Local. A rank's own copy of a file. */
static inline void samples_own(const char *folder, uint64_t rows, struct h5_storage storage,
                               char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%.450s/rank-%d.h5", folder, my_rank());
    samples_write(path, rows, storage);
}

/* Local. Where the chunk that begins at a row of images lies in the file, and how long it is. */
static inline uint64_t chunk_place(const char *path, uint64_t row, uint64_t *bytes)
{
    const hsize_t start[] = {row, 0, 0};
    unsigned mask;
    haddr_t address = 0;
    hsize_t size = 0;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, false, true); /* as the library, which may have it open */
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    hid_t dataset = H5Dopen2(file, "images", H5P_DEFAULT);
    need(H5Dget_chunk_info_by_coord(dataset, start, &mask, &address, &size) >= 0 && size > 0, path);
    H5Dclose(dataset);
    H5Fclose(file);
    H5Pclose(access);
    *bytes = size;
    return address;
}

/* Local. Flips bits of one byte; twice restores it. As a disk's error would, it leaves the time of
 * the last change alone. */
static inline void flip_byte(const char *path, uint64_t at, unsigned char bits)
{
    unsigned char byte = 0;
    struct stat before;
    int file = open(path, O_RDWR);
    need(file >= 0 && fstat(file, &before) == 0 && pread(file, &byte, 1, (off_t)at) == 1, path);
    byte ^= bits;
    need(pwrite(file, &byte, 1, (off_t)at) == 1, path);
    need(futimens(file, (const struct timespec[]){before.st_atim, before.st_mtim}) == 0, path);
    close(file);
}

/* Local. Damages a deflated chunk; again repairs it. The first byte tells how it is compressed. */
static inline void damage_chunk(const char *path, uint64_t row)
{
    uint64_t bytes, at = chunk_place(path, row, &bytes);
    flip_byte(path, at, 0xff);
    flip_byte(path, at + bytes / 2, 0x55);
}

/* A run with a loader of the samples. */
struct job {
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
};

struct job_options {
    MPI_Comm comm;
    uint64_t seed;
    uint64_t vranks;
    const char *path;
    shs_loader_options loader;
};

/* The steps that loaders load ahead, of the environment: tests are run once more with some. */
static inline uint32_t steps_ahead(void)
{
    const char *text = getenv("SHARDSTEP_TEST_AHEAD");
    return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static inline struct job job_open(const struct job_options *options)
{
    struct job job;
    const shs_run_options run = {.seed = options->seed, .vranks = options->vranks};
    need(!open_either(options->comm, gathered_is_wanted(), &run, &job.run), "opening a run");
    need(!shs_dataset_open(job.run, options->path, samples_fields, NULL, &job.data),
         "shs_dataset_open");
    shs_loader_options loader = options->loader;
    loader.ahead = steps_ahead();
    loader.threads = loader.ahead ? 2 : loader.threads;
    need(!shs_loader_open(job.data, &loader, &job.loader), "shs_loader_open");
    return job;
}

static inline void job_close(struct job *job)
{
    shs_loader_close(&job->loader);
    shs_dataset_close(&job->data);
    shs_close(&job->run);
}

/* Goes on a hash (FNV-1a) with some bytes. */
static inline uint64_t hash_on(uint64_t hash, const void *bytes, uint64_t count)
{
    const unsigned char *byte = bytes;
    for (uint64_t i = 0; i < count; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Of all that a batch holds: its place, its rows and their content. */
static inline uint64_t hash_of_batch(const shs_batch *batch)
{
    const uint64_t head[] = {batch->vrank, batch->epoch, batch->epoch_step,
                             batch->step,  batch->rows,  batch->count};
    uint64_t hash = hash_on(UINT64_C(0xcbf29ce484222325), head, sizeof head);
    hash = hash_on(hash, batch->index, batch->rows * sizeof *batch->index);
    for (size_t f = 0; f < batch->fields; f++) {
        size_t bytes = 0;
        need(!shs_tensor_bytes(&batch->field[f], &bytes), "shs_tensor_bytes");
        hash = hash_on(hash, batch->field[f].data, bytes);
    }
    return hash;
}

#endif
