/* Two files with rows that are bad in every way, and which row must come in whose place. */
#ifndef FAILURES_SCENE_H
#define FAILURES_SCENE_H

#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <sys/stat.h>

#include "h5_write.h"
#include "io_crc32c.h"
#include "load.h"
#include "message.h"
#include "shardstep/context.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    FIRST_ROWS = 37, /* of the first file */
    ROWS = 80,       /* of both */
    COLUMNS = 3,
    CHUNK_ROWS = 4,
    VRANKS = 3
};

static char folder[PATH_BYTES], paths[2][PATH_BYTES], both[2 * PATH_BYTES];

/* What is wrong with a row. */
enum wrong {
    GOOD,
    CHUNK,   /* its chunk of x cannot be decoded, nor can the rest of the chunk */
    CHECKED, /* its row of y has another checksum */
    HAS_NAN  /* an element of x is a NaN */
};

static inline float element(uint64_t row, uint64_t column)
{
    return (float)(row * 10 + column);
}

static inline uint64_t first_of_file(size_t file)
{
    return file ? FIRST_ROWS : 0;
}

static inline size_t file_of(uint64_t row)
{
    return row >= FIRST_ROWS;
}

/* Flips a byte, and leaves the time of the last change alone, as a disk's error would. */
static inline void flip(const char *path, uint64_t at)
{
    struct stat before;
    unsigned char byte = 0;
    int file = open(path, O_RDWR);
    CHECK(file >= 0 && fstat(file, &before) == 0 && pread(file, &byte, 1, (off_t)at) == 1);
    byte ^= 0xff;
    CHECK(pwrite(file, &byte, 1, (off_t)at) == 1);
    CHECK(futimens(file, (const struct timespec[]){before.st_atim, before.st_mtim}) == 0);
    close(file);
}

/* Where the chunk of x lies that begins at an element. */
static inline uint64_t chunk_address_at(const char *path, const hsize_t *start)
{
    unsigned mask;
    haddr_t address = 0;
    hsize_t size = 0;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "x", H5P_DEFAULT);
    CHECK(H5Dget_chunk_info_by_coord(data, start, &mask, &address, &size) >= 0);
    H5Dclose(data);
    H5Fclose(file);
    return address;
}

/* Where the chunk of x lies that has a row of the file. */
static inline uint64_t chunk_address(const char *path, uint64_t row)
{
    return chunk_address_at(path, (const hsize_t[]){row / CHUNK_ROWS * CHUNK_ROWS, 0});
}

static inline void write_rows(struct h5_writer *writer, const char *name, shs_tensor tensor,
                              struct h5_storage storage, const void *rows)
{
    CHECK_STATUS(h5_create_array(writer, name, &tensor, &storage), SHS_OK);
    CHECK_STATUS(h5_write_rows(writer, tensor.shape[0], rows), SHS_OK);
}

static inline void write_file(size_t f, const enum wrong *wrong)
{
    static float x[ROWS][COLUMNS];
    static uint32_t y[ROWS], sums[ROWS];
    const struct h5_storage packed = {.chunk_rows = CHUNK_ROWS, .deflate = 6}, plain = {0};
    uint64_t first = first_of_file(f), rows = f ? ROWS - FIRST_ROWS : FIRST_ROWS;
    struct h5_writer *writer;
    for (uint64_t i = 0; i < rows; i++) {
        for (uint64_t column = 0; column < COLUMNS; column++)
            x[i][column] = element(first + i, column);
        if (wrong[first + i] == HAS_NAN) x[i][(first + i) % COLUMNS] = NAN;
        y[i] = (uint32_t)(first + i);
        sums[i] = io_crc32c_elements(&y[i], 1, sizeof *y) + (wrong[first + i] == CHECKED);
    }
    CHECK_STATUS(h5_create(paths[f], &writer), SHS_OK);
    write_rows(writer, "x", (shs_tensor){.type = SHS_F32, .axes = 2, .shape = {rows, COLUMNS}},
               packed, x);
    write_rows(writer, "y", (shs_tensor){.type = SHS_U32, .axes = 1, .shape = {rows}}, plain, y);
    write_rows(writer, "y.crc32c", (shs_tensor){.type = SHS_U32, .axes = 1, .shape = {rows}}, plain,
               sums);
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
    for (uint64_t i = 0; i < rows; i++)
        if (wrong[first + i] == CHUNK && i % CHUNK_ROWS == 0)
            flip(paths[f], chunk_address(paths[f], i));
}

/* Makes the files. A row whose chunk is damaged makes all rows of its chunk bad, in `wrong` too. */
static inline void write_files(enum wrong *wrong)
{
    for (uint64_t row = 0; row < ROWS; row++) {
        uint64_t first = first_of_file(file_of(row)), begin = row - (row - first) % CHUNK_ROWS;
        if (wrong[row] == CHUNK)
            for (uint64_t i = begin; i < begin + CHUNK_ROWS && file_of(i) == file_of(begin); i++)
                if (i < ROWS) wrong[i] = CHUNK;
    }
    for (size_t f = 0; f < 2; f++)
        write_file(f, wrong);
}

static inline bool scene_begin(void)
{
    if (!NEED(folder_make(folder))) return false;
    folder_path(folder, "a.h5", paths[0]);
    folder_path(folder, "b.h5", paths[1]);
    snprintf(both, sizeof both, "%s,%s", paths[0], paths[1]);
    return true;
}

/* ---- What must come, by the words of loader.h. */

struct policy {
    const enum wrong *wrong;
    shs_loader_options options;
};

static inline bool listed(const uint64_t *rows, uint64_t count, uint64_t row)
{
    for (uint64_t i = 0; i < count; i++)
        if (rows[i] == row) return true;
    return false;
}

static inline bool excluded(const struct policy *policy, uint64_t row)
{
    return listed(policy->options.failures.exclude, policy->options.failures.n_exclude, row);
}

static inline bool comes(const struct policy *policy, uint64_t row)
{
    enum wrong wrong = policy->wrong[row];
    if (excluded(policy, row)) return false;
    if (wrong == HAS_NAN) return policy->options.failures.nan != SHS_NAN_REPLACE;
    return wrong == GOOD || policy->options.failures.damage != SHS_DAMAGE_REPLACE;
}

/* True if a row may take the place of another one: it is in the subset, and in its source. */
static inline bool peers(const struct policy *policy, uint64_t row, uint64_t other)
{
    const shs_subset *subset = &policy->options.subset;
    if (subset->rows && !listed(subset->rows, subset->n_rows, other)) return false;
    return !policy->options.sampling.mix || file_of(row) == file_of(other);
}

/* The row that comes for a planned row; ROWS if none does. */
static inline uint64_t due_for(const struct policy *policy, uint64_t planned)
{
    for (uint64_t i = 0; i < ROWS; i++) {
        uint64_t row = (planned + i) % ROWS;
        if (peers(policy, planned, row) && comes(policy, row)) return row;
    }
    return ROWS;
}

/* ---- A loader. */

/* Reports that came. */
struct told {
    size_t replaced, excluded;
    char last[2048], all[1 << 16];
};

static inline void tell(void *user, shs_report_kind kind, const char *text)
{
    struct told *told = user;
    size_t used = strlen(told->all);
    told->replaced += kind == SHS_REPORT_REPLACED;
    told->excluded += kind == SHS_REPORT_EXCLUDED;
    snprintf(told->last, sizeof told->last, "%s", text);
    snprintf(told->all + used, sizeof told->all - used, "%s\n", text);
}

struct reading {
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    struct told told;
};

static inline shs_status open_reading(struct reading *reading, const shs_loader_options *options)
{
    memset(reading, 0, sizeof *reading);
    const shs_run_options run = {
        .seed = 5, .vranks = VRANKS, .report = tell, .report_user = &reading->told};
    shs_status status = shs_open_ranks(0, 1, NULL, NULL, &run, &reading->run);
    if (!status) status = shs_dataset_open(reading->run, both, "x,y", NULL, &reading->dataset);
    if (!status) status = shs_loader_open(reading->dataset, options, &reading->loader);
    return status;
}

static inline void close_reading(struct reading *reading)
{
    shs_loader_close(&reading->loader);
    shs_dataset_close(&reading->dataset);
    shs_close(&reading->run);
}

/* ---- Its batches. */

static inline shs_loader_options in_file_order(shs_failures failures)
{
    return (shs_loader_options){
        .batch = 5, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE, .failures = failures};
}

/* Hands out steps until one fails. Returns the status with which it does. */
static inline shs_status run_until_it_fails(struct reading *reading)
{
    shs_batch batch;
    shs_status status = SHS_OK;
    while (!status) {
        do
            status = shs_next(reading->loader, &batch);
        while (!status && !batch.ends_step);
        if (!status) status = shs_agree(reading->run);
    }
    return status;
}

#endif
