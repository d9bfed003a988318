/* Rank 0 examines the files of a dataset for all ranks: who opens files, and what a rank does whose
 * files are other files, or become other files before they are read. */
#include <dlfcn.h>
#include <stdarg.h>

#include "io_durable.h"
#include "samples.h"

enum {
    FILES = 5,
    ROWS = 12
};

static int opened; /* files whose names end in .h5 that this process has opened */

/* Stands before the system's function, in this program and in the library. */
int open(const char *path, int how, ...)
{
    int (*next)(const char *, int, ...);
    size_t length = strlen(path);
    va_list rest;
    va_start(rest, how);
    mode_t mode = how & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    opened += length > 3 && !strcmp(path + length - 3, ".h5");
    *(void **)&next = dlsym(RTLD_NEXT, "open");
    return next(path, how, mode);
}

struct scene {
    shs_run *run;
    char folder[PATH_BYTES];
};

static struct scene scene_begin(void)
{
    struct scene scene = {0};
    need(!shs_open(MPI_COMM_WORLD, NULL, &scene.run), "shs_open");
    folder_make(scene.folder);
    return scene;
}

static void scene_end(struct scene *scene)
{
    shs_close(&scene->run);
    folder_remove(scene->folder);
}

static void file_path(const struct scene *scene, int i, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%.450s/%d.h5", scene->folder, i);
}

/* Collective. Files that all ranks share: file i has the rows from i * ROWS on. */
static void write_files(const struct scene *scene, struct h5_storage storage)
{
    char path[PATH_BYTES];
    for (int i = 0; i < FILES && my_rank() == 0; i++) {
        file_path(scene, i, path);
        samples_write_from(path, (uint64_t)i * ROWS, ROWS, storage);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static shs_dataset *open_data(const struct scene *scene, const char *path, const char *fields,
                              const shs_dataset_options *options)
{
    shs_dataset *data;
    opened = 0;
    shs_status status = shs_dataset_open(scene->run, path, fields, options, &data);
    CHECK_STATUS(status, SHS_OK);
    if (status) printf("%s\n", shs_message());
    return data;
}

static void check_rows(const shs_batch *batch)
{
    const uint8_t *bytes = batch->field[0].data;
    const int32_t *labels = batch->field[1].data;
    for (uint64_t i = 0; i < batch->rows; i++) {
        for (uint64_t b = 0; b < IMAGE_BYTES; b++)
            if (bytes[i * IMAGE_BYTES + b] != image_byte(batch->index[i], b))
                CHECK_EQ(bytes[i * IMAGE_BYTES + b], image_byte(batch->index[i], b));
        CHECK_EQ(labels[i], label_of(batch->index[i]));
    }
}

/* Collective. Reads an epoch, and returns what the ranks agreed on. */
static shs_status read_epoch(const struct scene *scene, shs_dataset *data, uint64_t *rows)
{
    shs_loader *loader;
    shs_batch batch;
    shs_status status, agreed = SHS_OK;
    const shs_loader_options options = {.batch = 4, .epochs = 1};
    *rows = 0;
    need(!shs_loader_open(data, &options, &loader), "shs_loader_open");
    while (!agreed && (status = shs_next(loader, &batch)) == SHS_OK) {
        if (batch.count) check_rows(&batch);
        *rows += batch.count;
        if (batch.ends_step) agreed = shs_agree(scene->run);
    }
    shs_loader_close(&loader);
    return agreed;
}

static void check_epoch(const struct scene *scene, shs_dataset *data, uint64_t samples)
{
    uint64_t rows;
    CHECK_EQ(shs_dataset_samples(data), samples);
    CHECK_STATUS(read_epoch(scene, data, &rows), SHS_OK);
    MPI_Allreduce(MPI_IN_PLACE, &rows, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    CHECK_EQ(rows, samples);
}

/* Of all storages, with and without memory for arrays that are held, and mapped. */
static void test_only_rank_0_opens(void)
{
    const struct h5_storage storages[] = {{0}, {.chunk_rows = 5, .deflate = 3, .fletcher32 = true}};
    const shs_dataset_options options[] = {
        {0}, {.cache_bytes = 1}, {.map = true, .cache_bytes = 1}};
    for (size_t s = 0; s < sizeof storages / sizeof *storages; s++) {
        struct scene scene = scene_begin();
        write_files(&scene, storages[s]);
        for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
            shs_dataset *data = open_data(&scene, scene.folder, samples_fields, &options[o]);
            CHECK_EQ(opened > 0, my_rank() == 0);
            check_epoch(&scene, data, (uint64_t)FILES * ROWS);
            shs_dataset_close(&data);
        }
        scene_end(&scene);
    }
}

/* Offsets are wanted while the files are opened. */
static void test_offsets_come_with_the_index(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES];
    const shs_tensor shape = {.type = SHS_U32, .axes = 1, .shape = {4}};
    const uint32_t offsets[] = {0, 2, 2, ROWS}, values[ROWS] = {0};
    const shs_tensor all = {.type = SHS_U32, .axes = 1, .shape = {ROWS}};
    for (int i = 0; i < FILES && my_rank() == 0; i++) {
        struct h5_writer *writer;
        file_path(&scene, i, path);
        need(!h5_create(path, &writer), path);
        need(!h5_create_array(writer, "o", &shape, &(struct h5_storage){0}), path);
        need(!h5_write_rows(writer, 4, offsets), path);
        need(!h5_create_array(writer, "v", &all, &(struct h5_storage){0}), path);
        need(!h5_write_rows(writer, ROWS, values), path);
        need(!h5_finish(&writer), path);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    shs_dataset *data = open_data(&scene, scene.folder, "v(offsets=o)", NULL);
    shs_rows rows;
    CHECK_EQ(opened > 0, my_rank() == 0);
    CHECK_EQ(shs_dataset_samples(data), 3 * FILES);
    CHECK_STATUS(shs_locate_rows(data, 3 * FILES - 1, 0, &rows), SHS_OK);
    CHECK_EQ(rows.first, 2);
    CHECK_EQ(rows.count, ROWS - 2);
    shs_dataset_close(&data);
    scene_end(&scene);
}

/* A copy with the same bytes costs one look. Another file is examined. */
static void test_copies_are_compared(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES];
    samples_own(scene.folder, ROWS, (struct h5_storage){0}, path);
    shs_dataset *data = open_data(&scene, path, samples_fields, NULL);
    if (my_rank()) CHECK_EQ(opened, 1);
    check_epoch(&scene, data, ROWS);
    shs_dataset_close(&data);
    if (my_rank() == last_rank() && my_rank())
        samples_write(path, ROWS, (struct h5_storage){.chunk_rows = 3});
    data = open_data(&scene, path, samples_fields, NULL);
    if (my_rank()) CHECK_EQ(opened > 1, my_rank() == last_rank());
    check_epoch(&scene, data, ROWS);
    shs_dataset_close(&data);
    scene_end(&scene);
}

/* Only the time of the last change is another than at the opening. */
static void test_a_touched_file_is_read_on(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES];
    write_files(&scene, (struct h5_storage){0});
    shs_dataset *data =
        open_data(&scene, scene.folder, samples_fields, &(shs_dataset_options){.cache_bytes = 1});
    file_path(&scene, 1, path);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) need(utimensat(AT_FDCWD, path, NULL, 0) == 0, path);
    MPI_Barrier(MPI_COMM_WORLD);
    check_epoch(&scene, data, (uint64_t)FILES * ROWS);
    shs_dataset_close(&data);
    scene_end(&scene);
}

/* Between the opening and the first read another file of the same size takes a file's place. */
static void test_another_file_is_told(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES], other[PATH_BYTES];
    uint64_t rows;
    write_files(&scene, (struct h5_storage){0});
    shs_dataset *data =
        open_data(&scene, scene.folder, samples_fields, &(shs_dataset_options){.cache_bytes = 1});
    file_path(&scene, 1, path);
    snprintf(other, sizeof other, "%.450s/other", scene.folder);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) {
        samples_write_from(other, 1000, ROWS, (struct h5_storage){0});
        need(rename(other, path) == 0, path);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    shs_status status = read_epoch(&scene, data, &rows);
    if (all_ranks() > 1) {
        CHECK_STATUS(status, SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "another file of the same size has taken its place");
    }
    shs_dataset_close(&data);
    scene_end(&scene);
}

/* Adds a virtual array over the rows of all files. */
static void add_virtual(hid_t file, const char *name, hid_t type, int axes)
{
    const hsize_t part[] = {ROWS, IMAGE_HEIGHT, IMAGE_WIDTH};
    hsize_t shape[] = {FILES * ROWS, IMAGE_HEIGHT, IMAGE_WIDTH}, first[] = {0, 0, 0};
    char source[16];
    hid_t space = H5Screate_simple(axes, shape, NULL), rows = H5Screate_simple(axes, part, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    for (int i = 0; i < FILES; i++, first[0] += ROWS) {
        snprintf(source, sizeof source, "%d.h5", i);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, first, NULL, part, NULL);
        need(H5Pset_virtual(list, space, source, name, rows) >= 0, source);
    }
    hid_t made = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    need(made >= 0 && H5Dclose(made) >= 0, name);
    H5Pclose(list);
    H5Sclose(rows);
    H5Sclose(space);
}

static void write_virtual(const struct scene *scene, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%.450s/all.h5", scene->folder);
    if (my_rank() == 0) {
        hid_t access = H5Pcreate(H5P_FILE_ACCESS);
        H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
        hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
        need(file >= 0, path);
        add_virtual(file, "images", H5T_STD_U8LE, 3);
        add_virtual(file, "labels", H5T_STD_I32LE, 1);
        need(H5Fclose(file) >= 0, path);
        H5Pclose(access);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

/* The sources of a virtual array are in the index, and are compared with it before they are read.
 */
static void test_sources_come_with_the_index(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES], source[PATH_BYTES], other[PATH_BYTES];
    uint64_t rows;
    write_files(&scene, (struct h5_storage){.chunk_rows = 5, .deflate = 3});
    write_virtual(&scene, path);
    shs_dataset *data = open_data(&scene, path, samples_fields, NULL);
    CHECK_EQ(opened > 0, my_rank() == 0);
    check_epoch(&scene, data, (uint64_t)FILES * ROWS);
    shs_dataset_close(&data);
    data = open_data(&scene, path, samples_fields, NULL);
    file_path(&scene, 2, source);
    snprintf(other, sizeof other, "%.450s/other", scene.folder);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) {
        FILE *from = fopen(source, "rb"), *to = fopen(other, "wb");
        need(from && to, other);
        for (int byte; (byte = fgetc(from)) != EOF;)
            fputc(byte, to);
        need(!fclose(to) && !fclose(from) && rename(other, source) == 0, source);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    shs_status status = read_epoch(&scene, data, &rows);
    CHECK_STATUS(status, SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "2.h5");
    CHECK_HAS(shs_message(), "another file of the same size has taken its place");
    shs_dataset_close(&data);
    scene_end(&scene);
}

/* Rank 0's error is that of all ranks, and no other rank looks for errors of its own. */
static void test_an_error_of_rank_0_is_told(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES];
    shs_dataset *data;
    write_files(&scene, (struct h5_storage){0});
    file_path(&scene, 3, path);
    if (my_rank() == 0) need(truncate(path, 600) == 0, path);
    MPI_Barrier(MPI_COMM_WORLD);
    opened = 0;
    shs_status status = shs_dataset_open(scene.run, scene.folder, samples_fields, NULL, &data);
    CHECK(status < 0);
    CHECK(agreed_failure(status, status, 0));
    CHECK_HAS(shs_message(), "3.h5");
    CHECK_EQ(opened > 0, my_rank() == 0);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"only rank 0 opens files", test_only_rank_0_opens},
        {"offsets come with the index", test_offsets_come_with_the_index},
        {"copies are compared", test_copies_are_compared},
        {"a touched file is read on", test_a_touched_file_is_read_on},
        {"another file is told", test_another_file_is_told},
        {"sources come with the index", test_sources_come_with_the_index},
        {"an error of rank 0 is told", test_an_error_of_rank_0_is_told},
    };
    return harness_main_ranks("opener", tests, sizeof tests / sizeof *tests, argc, argv);
}
