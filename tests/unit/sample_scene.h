/* Files of samples in a folder, and readers that compare every batch with what is expected. */
#ifndef SAMPLE_SCENE_H
#define SAMPLE_SCENE_H

#include <hdf5.h>
#include <stdlib.h>

#include "h5_write.h"
#include "judge.h"
#include "load.h"
#include "message.h"
#include "shardstep/context.h"
#include "shardstep/loader.h"
#include "temporary_folder.h"
#include "unit.h"

static char folder[PATH_BYTES];

/* Runs a test in a folder of its own. */
#define IN_FOLDER(test)                                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        if (!NEED(folder_make(folder))) return;                                                    \
        test##_in_folder();                                                                        \
        CHECK_EQ(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);                            \
        folder_remove(folder);                                                                     \
    }

/* Windows are found by trying, not by a formula. */
static inline uint64_t count_windows(uint64_t window, uint64_t stride, uint64_t lead, uint64_t rows)
{
    uint64_t count = 0;
    while (count * stride + lead + window <= rows)
        count++;
    return count;
}

enum {
    MOST_FILES = 8,
    MOST_NAMES = 4
};

/* A dataset of a file, all of it. */
struct whole {
    char name[16];
    shs_type type;
    uint32_t axes; /* of a row */
    uint64_t shape[SHS_MAX_AXES];
    uint64_t rows;
    size_t row_bytes;
    unsigned char *bytes;
};

struct files {
    size_t count, names;
    char path[MOST_FILES][PATH_BYTES];
    struct whole whole[MOST_FILES][MOST_NAMES];
};

/* Reads a dataset by H5Dread, as the reference. */
static inline void read_whole(const char *path, struct whole *whole)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, whole->name, H5P_DEFAULT), stored = H5Dget_type(data);
    hid_t native = H5Tget_native_type(stored, H5T_DIR_ASCEND), space = H5Dget_space(data);
    hssize_t elements = H5Sget_simple_extent_npoints(space);
    whole->bytes = malloc((size_t)elements * H5Tget_size(native) + 1);
    CHECK(H5Dread(data, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, whole->bytes) >= 0);
    CHECK_EQ((size_t)elements * H5Tget_size(native), whole->rows * whole->row_bytes);
    H5Sclose(space);
    H5Tclose(native);
    H5Tclose(stored);
    H5Dclose(data);
    H5Fclose(file);
}

static inline void write_dataset(struct h5_writer *writer, const struct whole *whole,
                                 const void *bytes, struct h5_storage storage)
{
    shs_tensor tensor = {.type = whole->type, .axes = whole->axes + 1};
    tensor.shape[0] = whole->rows;
    for (uint32_t axis = 0; axis < whole->axes; axis++)
        tensor.shape[axis + 1] = whole->shape[axis];
    CHECK_STATUS(h5_create_array(writer, whole->name, &tensor, &storage), SHS_OK);
    if (whole->rows) CHECK_STATUS(h5_write_rows(writer, whole->rows, bytes), SHS_OK);
}

static inline void measure(struct whole *whole)
{
    whole->row_bytes = shs_type_size(whole->type);
    for (uint32_t axis = 0; axis < whole->axes; axis++)
        whole->row_bytes *= whole->shape[axis];
}

/* Writes a file with datasets of random bytes, or of the bytes given. */
static inline void write_file(struct files *files, size_t i, struct h5_storage storage,
                              uint64_t seed)
{
    struct h5_writer *writer;
    if (!NEED_STATUS(h5_create(files->path[i], &writer), SHS_OK)) return;
    for (size_t n = 0; n < files->names; n++) {
        struct whole *whole = &files->whole[i][n];
        unsigned char *given = whole->bytes;
        measure(whole);
        size_t bytes = whole->rows * whole->row_bytes;
        if (!given) {
            whole->bytes = malloc(bytes + 1);
            for (size_t b = 0; b < bytes; b++)
                whole->bytes[b] = (unsigned char)judge_random(&seed);
        }
        write_dataset(writer, whole, whole->bytes, storage);
    }
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
    for (size_t n = 0; n < files->names; n++) {
        free(files->whole[i][n].bytes);
        read_whole(files->path[i], &files->whole[i][n]);
    }
}

/* With the files themselves. */
static inline void free_files(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        remove(files->path[i]);
    for (size_t i = 0; i < files->count; i++)
        for (size_t n = 0; n < files->names; n++)
            free(files->whole[i][n].bytes);
    free(files);
}

/* Files 0.h5, 1.h5, … in the folder with dataset "w" of so many rows of 2 x 3 numbers, and "t", of
 * as many rows of one. */
static inline struct files *write_series(const uint64_t *rows, size_t count,
                                         struct h5_storage storage)
{
    struct files *files = calloc(1, sizeof *files);
    char name[24];
    files->count = count;
    files->names = 2;
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%d.h5", (int)i);
        folder_path(folder, name, files->path[i]);
        files->whole[i][0] = (struct whole){
            .name = "w", .type = SHS_I16, .axes = 2, .shape = {2, 3}, .rows = rows[i]};
        files->whole[i][1] = (struct whole){.name = "t", .type = SHS_U32, .rows = rows[i]};
        write_file(files, i, storage, 100 + i);
    }
    return files;
}

struct reading {
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
};

static inline shs_status open_data(struct reading *reading, const char *path, const char *fields,
                                   const shs_dataset_options *options)
{
    *reading = (struct reading){0};
    if (shs_open_ranks(0, 1, NULL, NULL, &(shs_run_options){.seed = 5}, &reading->run)) abort();
    return shs_dataset_open(reading->run, path, fields, options, &reading->data);
}

static inline void close_data(struct reading *reading)
{
    shs_loader_close(&reading->loader);
    shs_dataset_close(&reading->data);
    shs_close(&reading->run);
}

static inline void refuse_data(const char *path, const char *fields,
                               const shs_dataset_options *options, shs_status expected,
                               const char *words, const char *more)
{
    struct reading reading;
    shs_status status = open_data(&reading, path, fields, options);
    CHECK_EQ(status, expected);
    CHECK(reading.data == NULL);
    if (status != expected) printf("  %s of %s: %s\n", fields, path, shs_message());
    CHECK_HAS(shs_message(), words);
    CHECK_HAS(shs_message(), more);
    close_data(&reading);
}

/* Finds what a sample must be: bytes of field f of sample i, slowly. */
struct expectation {
    const struct files *files;
    void (*find)(const struct expectation *this, size_t field, uint64_t i, unsigned char *bytes);
    uint64_t window[2], stride, lead[2];
    uint64_t most;
    uint64_t samples;
    size_t fields;
    size_t bytes[4]; /* of a sample */
};

static inline bool batch_is_right(const struct expectation *expected, const shs_batch *batch)
{
    bool right = CHECK_EQ(batch->fields, expected->fields);
    for (size_t f = 0; f < batch->fields && right; f++) {
        unsigned char *bytes = malloc(expected->bytes[f] + 1);
        for (uint64_t slot = 0; slot < batch->rows && right; slot++) {
            expected->find(expected, f, batch->index[slot], bytes);
            harness_where("epoch %llu, step %llu, slot %llu, field %zu, sample %llu",
                          (ull)batch->epoch, (ull)batch->step, (ull)slot, f,
                          (ull)batch->index[slot]);
            right = CHECK_BYTES((char *)batch->field[f].data + slot * expected->bytes[f], bytes,
                                expected->bytes[f]);
        }
        free(bytes);
    }
    return right;
}

/* Reads `epochs` epochs; each has every sample once. */
static inline bool epochs_are_right(struct reading *reading, const struct expectation *expected,
                                    const shs_loader_options *options)
{
    shs_batch batch;
    uint64_t rows = 0;
    bool right = true;
    if (!NEED_STATUS(shs_loader_open(reading->data, options, &reading->loader), SHS_OK))
        return false;
    while (right && shs_next(reading->loader, &batch) == SHS_OK) {
        right = batch_is_right(expected, &batch) && CHECK_STATUS(shs_agree(reading->run), SHS_OK);
        rows += batch.rows;
    }
    harness_where(NULL);
    right = right && CHECK_EQ(rows, options->epochs * expected->samples);
    shs_loader_close(&reading->loader);
    return right;
}

static inline void check_reading(const char *path, const char *fields,
                                 const shs_dataset_options *options,
                                 const struct expectation *expected)
{
    static const shs_loader_options loaders[] = {
        {.batch = 7, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE},
        {.batch = 5, .epochs = 2},
        {.batch = 64, .epochs = 2, .threads = 3, .stream = 1},
        {.batch = 4, .epochs = 2, .shuffle = SHS_SHUFFLE_BLOCKS, .threads = 1},
    };
    struct reading reading;
    if (NEED_STATUS(open_data(&reading, path, fields, options), SHS_OK)) {
        CHECK_EQ(shs_dataset_samples(reading.data), expected->samples);
        for (size_t i = 0; i < COUNT(loaders) && expected->samples; i++)
            CHECK(epochs_are_right(&reading, expected, &loaders[i]));
    } else {
        printf("  %s of %s: %s\n", fields, path, shs_message());
    }
    close_data(&reading);
}

static const shs_dataset_options one_a_file = {.one_sample_a_file = true};

#endif
