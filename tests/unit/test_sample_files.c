/* One sample a file, many files, and files that change. */
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utime.h>

#include "h5_write.h"
#include "message.h"
#include "sample_scene.h"
#include "shardstep/checkpoint.h"
#include "shardstep/context.h"
#include "shardstep/loader.h"
#include "temporary_folder.h"
#include "unit.h"

/* ---- one sample a file */

static void find_whole(const struct expectation *this, size_t field, uint64_t i,
                       unsigned char *bytes)
{
    memcpy(bytes, this->files->whole[i][field].bytes, this->bytes[field]);
}

/* Datasets of 5 x 2 x 3 and of one number; the number is written by hand. */
static void write_single(const char *path, uint16_t number)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    hid_t data = H5Dcreate2(file, "n", H5T_STD_U16BE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, &number) >= 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Fclose(file);
}

static void one_sample_a_file_in_folder(void)
{
    static const uint64_t rows[] = {5, 5, 5, 5, 5, 5, 5};
    static const struct h5_storage storages[] = {{.chunk_rows = 0},
                                                 {.chunk_rows = 2, .deflate = 6}};
    for (size_t s = 0; s < COUNT(storages); s++) {
        struct files *files = write_series(rows, COUNT(rows), storages[s]);
        struct expectation expected = {.files = files,
                                       .find = find_whole,
                                       .samples = COUNT(rows),
                                       .fields = 3,
                                       .bytes = {60, 20, 2}};
        files->names = 3;
        for (size_t i = 0; i < files->count; i++) {
            struct whole *whole = &files->whole[i][2];
            write_single(files->path[i], (uint16_t)(1000 + i));
            *whole = (struct whole){.name = "n", .type = SHS_U16, .rows = 1, .row_bytes = 2};
            read_whole(files->path[i], whole);
        }
        check_reading(folder, "w, t, label=n", &one_a_file, &expected);
        struct reading reading;
        if (NEED_STATUS(open_data(&reading, folder, "n, w", &one_a_file), SHS_OK)) {
            const shs_tensor *n = shs_dataset_field(reading.data, 0);
            const shs_tensor *w = shs_dataset_field(reading.data, 1);
            CHECK_EQ(n->axes, 0);
            CHECK_EQ(n->type, SHS_U16);
            CHECK_EQ(w->axes, 3);
            CHECK_EQ(w->shape[0], 5);
            CHECK_EQ(w->shape[2], 3);
        }
        close_data(&reading);
        refuse_data(folder, "n", NULL, SHS_ERROR_UNSUPPORTED, "is a single number", "0.h5");
        free_files(files);
    }
}
IN_FOLDER(one_sample_a_file)

/* The status of a whole epoch in file order. */
static shs_status read_epoch(struct reading *reading)
{
    shs_batch batch;
    shs_status status;
    const shs_loader_options options = {.batch = 1, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE};
    status = shs_loader_open(reading->data, &options, &reading->loader);
    while (!status && !(status = shs_next(reading->loader, &batch)))
        status = shs_agree(reading->run);
    shs_loader_close(&reading->loader);
    return status;
}

static void a_sample_that_is_unlike_the_first_in_folder(void)
{
    static const uint64_t rows[] = {5, 5, 4};
    struct reading reading;
    char path[PATH_BYTES];
    struct files *files = write_series(rows, 3, (struct h5_storage){0});
    if (NEED_STATUS(open_data(&reading, folder, "w", &one_a_file), SHS_OK)) {
        CHECK_STATUS(read_epoch(&reading), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "2.h5: dataset w is of i16 4x2x3, but in ");
        CHECK_HAS(shs_message(), "i16 5x2x3");
    }
    close_data(&reading);
    CHECK_EQ(remove(folder_path(folder, "1.h5", path)), 0);
    CHECK(file_write(folder_path(folder, "1.h5", path), "rubbish", 7));
    if (NEED_STATUS(open_data(&reading, folder, "w", &one_a_file), SHS_OK)) {
        CHECK_STATUS(read_epoch(&reading), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "1.h5 as HDF5");
    }
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(a_sample_that_is_unlike_the_first)

static void many_axes_are_refused_in_folder(void)
{
    struct files files = {.count = 1, .names = 2};
    folder_path(folder, "0.h5", files.path[0]);
    files.whole[0][0] = (struct whole){
        .name = "deep", .type = SHS_U8, .axes = 7, .shape = {1, 1, 1, 1, 1, 1, 1}, .rows = 3};
    files.whole[0][1] = (struct whole){.name = "o", .type = SHS_U8, .rows = 2};
    files.whole[0][1].bytes = calloc(2, 1);
    write_file(&files, 0, (struct h5_storage){0}, 1);
    free(files.whole[0][0].bytes);
    free(files.whole[0][1].bytes);
    refuse_data(folder, "deep(window=2)", NULL, SHS_ERROR_UNSUPPORTED, "would have 9 axes",
                "field deep");
    refuse_data(folder, "x=deep(offsets=o)", NULL, SHS_ERROR_UNSUPPORTED, "would have 9 axes",
                "field x");
    refuse_data(folder, "deep", &one_a_file, SHS_ERROR_UNSUPPORTED, "would have 9 axes", "deep");
    struct reading reading;
    CHECK_STATUS(open_data(&reading, folder, "deep", NULL), SHS_OK);
    close_data(&reading);
}
IN_FOLDER(many_axes_are_refused)

/* ---- many files */

enum {
#ifdef __SANITIZE_ADDRESS__
    CROWD = 400, /* each file takes 20 times as long there */
#else
    CROWD = 3000,
#endif
    CROWD_ROWS = 6
};

static void crowd_path(size_t i, char path[PATH_BYTES])
{
    char name[32];
    snprintf(name, sizeof name, "%05d.h5", (int)i);
    folder_path(folder, name, path);
}

/* Files of x: 6 x 5 numbers, and y: one of them, deflated or not in turn. */
static void write_crowd(size_t count)
{
    const shs_tensor x = {.type = SHS_U16, .axes = 2, .shape = {CROWD_ROWS, 5}};
    const shs_tensor y = {.type = SHS_I64, .axes = 1, .shape = {CROWD_ROWS}};
    for (size_t i = 0; i < count; i++) {
        const struct h5_storage storage = {.chunk_rows = i % 2 ? 4 : 0, .deflate = i % 2 ? 1 : 0};
        struct h5_writer *writer;
        char path[PATH_BYTES];
        uint16_t numbers[CROWD_ROWS * 5];
        int64_t labels[CROWD_ROWS];
        for (size_t e = 0; e < COUNT(numbers); e++)
            numbers[e] = (uint16_t)(i * 31 + e);
        for (size_t r = 0; r < CROWD_ROWS; r++)
            labels[r] = (int64_t)(i * 1000 + r);
        crowd_path(i, path);
        bool written = !h5_create(path, &writer) && !h5_create_array(writer, "x", &x, &storage) &&
                       !h5_write_rows(writer, CROWD_ROWS, numbers) &&
                       !h5_create_array(writer, "y", &y, &storage) &&
                       !h5_write_rows(writer, CROWD_ROWS, labels) && !h5_finish(&writer);
        if (!NEED(written)) return;
    }
}

static bool crowd_is_right(const shs_batch *batch, bool whole)
{
    const uint16_t *x = batch->field[0].data;
    const int64_t *y = batch->field[1].data;
    size_t rows = whole ? CROWD_ROWS : 1;
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        uint64_t file = whole ? batch->index[slot] : batch->index[slot] / CROWD_ROWS;
        uint64_t first = whole ? 0 : batch->index[slot] % CROWD_ROWS;
        harness_where("slot %llu, file %llu from row %llu on", (ull)slot, (ull)file, (ull)first);
        for (size_t e = 0; e < rows * 5; e++)
            if (!CHECK_EQ(x[slot * rows * 5 + e], (uint16_t)(file * 31 + first * 5 + e)))
                return false;
        for (size_t r = 0; r < rows; r++)
            if (!CHECK_EQ(y[slot * rows + r], (int64_t)(file * 1000 + first + r))) return false;
    }
    return true;
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    char path[32];
    for (int i = 0; i < 1024; i++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", i);
        count += access(path, F_OK) == 0;
    }
    return count;
}

static void read_crowd(struct reading *reading, bool whole, uint64_t batch_rows)
{
    shs_batch batch;
    uint64_t rows = 0;
    /* in any order every file would be opened for nearly every batch */
    const shs_loader_options options = {.batch = batch_rows,
                                        .epochs = 1,
                                        .threads = 2,
                                        .shuffle = whole ? SHS_SHUFFLE_FULL : SHS_SHUFFLE_NONE};
    if (!NEED_STATUS(shs_loader_open(reading->data, &options, &reading->loader), SHS_OK)) return;
    while (shs_next(reading->loader, &batch) == SHS_OK) {
        CHECK(crowd_is_right(&batch, whole));
        rows += batch.rows;
    }
    CHECK_EQ(rows, shs_dataset_samples(reading->data));
    shs_loader_close(&reading->loader);
}

/* A process may have 64 files open, and a batch wants 128. */
static void files_are_closed_again_in_folder(void)
{
    struct rlimit before, low;
    write_crowd(CROWD);
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = 64;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (int whole = 0; whole < 2; whole++) {
        struct reading reading;
        const shs_dataset_options options = {.one_sample_a_file = whole};
        if (NEED_STATUS(open_data(&reading, folder, "x,y", &options), SHS_OK)) {
            CHECK_EQ(shs_dataset_samples(reading.data), whole ? CROWD : CROWD * CROWD_ROWS);
            read_crowd(&reading, whole, whole ? 128 : 1000);
            CHECK_IS(open_descriptors(), <, 56);
        }
        close_data(&reading);
    }
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}
IN_FOLDER(files_are_closed_again)

static void no_more_than_64_files_are_open_in_folder(void)
{
    struct reading reading;
    size_t before = open_descriptors();
    write_crowd(200);
    if (NEED_STATUS(open_data(&reading, folder, "x,y", NULL), SHS_OK)) {
        read_crowd(&reading, false, 100);
        CHECK_EQ(reading.data->files.n_open, 64);
        CHECK_IS(open_descriptors() - before, <=, 64 * 3);
    }
    close_data(&reading);
    CHECK_EQ(open_descriptors(), before);
}
IN_FOLDER(no_more_than_64_files_are_open)

/* Errors name the file. */
static void files_that_do_not_fit_in_folder(void)
{
    static const struct {
        uint64_t rows, columns;
        shs_type type;
        const char *name, *words;
        shs_status status;
    } cases[] = {
        {6, 5, SHS_I16, "x", "dataset x is of i16 5, but in", SHS_ERROR_FORMAT},
        {6, 4, SHS_U16, "x", "dataset x is of u16 4, but in", SHS_ERROR_FORMAT},
        {6, 5, SHS_U16, "z", "holds no dataset 'x'; it holds z", SHS_ERROR_FILE},
    };
    char path[PATH_BYTES], first[PATH_BYTES];
    write_crowd(12);
    crowd_path(0, first);
    crowd_path(7, path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const shs_tensor shape = {
            .type = cases[i].type, .axes = 2, .shape = {cases[i].rows, cases[i].columns}};
        struct h5_writer *writer;
        uint16_t zeros[64] = {0};
        if (CHECK_STATUS(h5_create(path, &writer), SHS_OK) &&
            CHECK_STATUS(h5_create_array(writer, cases[i].name, &shape, &(struct h5_storage){0}),
                         SHS_OK) &&
            CHECK_STATUS(h5_write_rows(writer, cases[i].rows, zeros), SHS_OK))
            CHECK_STATUS(h5_finish(&writer), SHS_OK);
        refuse_data(folder, "x", NULL, cases[i].status, "00007.h5", cases[i].words);
        if (cases[i].status == SHS_ERROR_FORMAT) CHECK_HAS(shs_message(), first);
    }
    CHECK(file_write(path, "rubbish", 7));
    refuse_data(folder, "x", NULL, SHS_ERROR_FORMAT, "00007.h5 as HDF5", "no HDF5 file");
    CHECK_EQ(remove(path), 0);
    char list[PATH_BYTES], at[PATH_BYTES + 1];
    CHECK(file_write(folder_path(folder, "list.txt", list), "00001.h5\n00007.h5\n", 18));
    snprintf(at, sizeof at, "@%s", list);
    refuse_data(at, "x", NULL, SHS_ERROR_FILE, "00007.h5", "No such file");
    refuse_data("/nowhere/*.h5", "x", NULL, SHS_ERROR_FILE, "no file matches", "/nowhere/*.h5");
    refuse_data("/nowhere", "x", NULL, SHS_ERROR_FILE, "cannot", "/nowhere: No such file");
}
IN_FOLDER(files_that_do_not_fit)

/* ---- files that change */

static void age(size_t i)
{
    char path[PATH_BYTES];
    crowd_path(i, path);
    CHECK_EQ(utime(path, &(struct utimbuf){1000, 1000}), 0);
}

/* Reads epochs in file order, one row a step; the status at the end and how many rows came. */
static shs_status read_on(struct reading *reading, uint64_t rows)
{
    shs_batch batch;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < rows && !status; i++) {
        status = shs_next(reading->loader, &batch);
        if (!status) status = shs_agree(reading->run);
    }
    return status;
}

/* Puts a copy with the same size and time in the file's place. */
static void replace(size_t i)
{
    char path[PATH_BYTES], copy[PATH_BYTES];
    size_t size;
    struct stat about;
    crowd_path(i, path);
    unsigned char *bytes = file_read(path, &size);
    if (CHECK_EQ(stat(path, &about), 0))
        CHECK(file_write(folder_path(folder, "copy", copy), bytes, size));
    const struct timespec times[] = {about.st_atim, about.st_mtim};
    if (CHECK_EQ(utimensat(AT_FDCWD, copy, times, 0), 0)) CHECK_EQ(rename(copy, path), 0);
    free(bytes);
}

/* Writes another number over the first one of the last row of x, in a file that is not deflated;
 * the second time it puts it back. */
static void alter(size_t i)
{
    char path[PATH_BYTES];
    size_t size, at = 0;
    uint16_t row[4];
    for (size_t e = 0; e < 4; e++)
        row[e] = (uint16_t)(i * 31 + 5 * (CROWD_ROWS - 1) + 1 + e);
    crowd_path(i, path);
    unsigned char *bytes = file_read(path, &size);
    while (at + sizeof row <= size && memcmp(bytes + at, row, sizeof row) != 0)
        at++;
    CHECK_IS(at + sizeof row, <=, size);
    bytes[at - sizeof *row] ^= 1;
    int file = open(path, O_WRONLY);
    if (CHECK_IS(file, >=, 0) && CHECK_EQ(pwrite(file, bytes, size, 0), (ssize_t)size))
        CHECK_EQ(close(file), 0);
    CHECK_EQ(utime(path, &(struct utimbuf){2000, 2000}), 0);
    free(bytes);
}

/* A replaced file shows at the next epoch's first use of it, or after a seek; not at another
 * file's. One that was only touched is read on. */
static void a_file_that_changes_in_folder(void)
{
    for (int variant = 0; variant < 4; variant++) {
        struct reading reading;
        bool whole = variant & 1;
        size_t count = variant & 2 ? 70 : 7; /* more than can be open, or fewer */
        const shs_dataset_options options = {.one_sample_a_file = whole};
        const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
        uint64_t a_file = whole ? 1 : CROWD_ROWS, epoch = count * a_file;
        write_crowd(count);
        if (NEED_STATUS(open_data(&reading, folder, "x,y", &options), SHS_OK) &&
            NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
            CHECK_STATUS(read_on(&reading, epoch), SHS_OK);
            for (size_t i = 0; i < count; i++)
                age(i);
            CHECK_STATUS(read_on(&reading, epoch + 2 * a_file), SHS_OK);
            age(0);
            replace(2);
            CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
            CHECK_HAS(shs_message(), "00002.h5 has changed since it was opened");
            CHECK_HAS(shs_message(), "another file of the same size has taken its place");
            CHECK_STATUS(shs_seek(reading.loader, (shs_cursor){0, 0, 0}), SHS_OK);
            CHECK_STATUS(read_on(&reading, 2 * a_file), SHS_OK);
            CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
            CHECK_STATUS(shs_seek(reading.loader, (shs_cursor){0, 3 * a_file, 3 * a_file}), SHS_OK);
            CHECK_STATUS(read_on(&reading, a_file), SHS_OK);
        }
        close_data(&reading);
    }
}
IN_FOLDER(a_file_that_changes)

/* Not only the time is another: file 2 can stay open, file 68 was only glanced at. */
static void a_file_that_is_written_to_in_folder(void)
{
    for (size_t altered = 2; altered < 70; altered += 66) {
        struct reading reading;
        const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
        write_crowd(70);
        if (NEED_STATUS(open_data(&reading, folder, "x,y", NULL), SHS_OK) &&
            NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
            CHECK_STATUS(read_on(&reading, 70 * CROWD_ROWS), SHS_OK);
            alter(altered);
            CHECK_STATUS(read_on(&reading, altered * CROWD_ROWS), SHS_OK);
            CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
            CHECK_HAS(shs_message(), "it has the same size, but other content");
            CHECK_HAS(shs_message(),
                      altered == 2 ? "00002.h5 has changed" : "00068.h5 has changed");
        }
        close_data(&reading);
    }
}
IN_FOLDER(a_file_that_is_written_to)

/* Nothing is read of it after the change, but the epoch's end shows it, and so does a save. */
static void a_file_that_changes_in_the_last_epoch_in_folder(void)
{
    static void (*const change[])(size_t) = {replace, alter, age};
    char checkpoints[PATH_BYTES];
    folder_path(folder, "checkpoints", checkpoints);
    for (size_t i = 0; i < COUNT(change); i++) {
        struct reading reading;
        shs_status expected = change[i] == age ? SHS_OK : SHS_ERROR_FILE;
        const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE, .epochs = 1};
        write_crowd(7);
        if (NEED_STATUS(open_data(&reading, folder, "x,y", NULL), SHS_OK) &&
            NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
            CHECK_STATUS(read_on(&reading, 4 * CROWD_ROWS), SHS_OK);
            CHECK_STATUS(shs_save(reading.loader, checkpoints, NULL, 0), SHS_OK);
            change[i](2);
            CHECK_STATUS(shs_save(reading.loader, checkpoints, NULL, 0), expected);
            if (expected) CHECK(message_has("shs_save: ") && message_has("00002.h5 has changed"));
            CHECK_STATUS(read_on(&reading, 3 * CROWD_ROWS - 1), SHS_OK);
            CHECK_STATUS(read_on(&reading, 1), expected);
            if (expected) CHECK_HAS(shs_message(), "00002.h5 has changed since it was opened");
        }
        close_data(&reading);
    }
}
IN_FOLDER(a_file_that_changes_in_the_last_epoch)

static void a_file_that_goes_in_folder(void)
{
    struct reading reading;
    char path[PATH_BYTES];
    const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
    write_crowd(70);
    crowd_path(5, path);
    if (NEED_STATUS(open_data(&reading, folder, "x", NULL), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
        CHECK_EQ(truncate(path, 100), 0);
        CHECK_STATUS(read_on(&reading, 5 * CROWD_ROWS), SHS_OK);
        CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "00005.h5 has 100 bytes");
        CHECK_HAS(shs_message(), "cut short");
        CHECK_EQ(remove(path), 0);
        CHECK_STATUS(shs_seek(reading.loader, (shs_cursor){0, 30, 30}), SHS_OK);
        if (CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE))
            CHECK_HAS(shs_message(), "No such file");
    }
    close_data(&reading);
}
IN_FOLDER(a_file_that_goes)

/* A virtual dataset over files 0 … 2, beside a file of its own. */
static void write_virtual(void)
{
    const hsize_t all[2] = {3 * CROWD_ROWS, 5}, part[2] = {CROWD_ROWS, 5};
    char path[PATH_BYTES];
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, all, NULL), source = H5Screate_simple(2, part, NULL);
    for (size_t i = 0; i < 3; i++) {
        const hsize_t start[2] = {i * CROWD_ROWS, 0};
        char name[32];
        snprintf(name, sizeof name, "%05d.h5", (int)i);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, part, NULL);
        CHECK(H5Pset_virtual(list, space, name, "x", source) >= 0);
    }
    H5Sselect_all(space);
    hid_t file =
        H5Fcreate(folder_path(folder, "virtual", path), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t data = H5Dcreate2(file, "x", H5T_NATIVE_UINT16, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK_IS(data, >=, 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Sclose(source);
    H5Pclose(list);
    H5Fclose(file);
}

static void a_virtual_source_that_changes_in_folder(void)
{
    struct reading reading;
    char path[PATH_BYTES], source[PATH_BYTES];
    const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
    const uint64_t epoch = 3 * CROWD_ROWS - 2;
    write_crowd(3);
    write_virtual();
    folder_path(folder, "virtual", path);
    if (NEED_STATUS(open_data(&reading, path, "x(window=3)", NULL), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
        CHECK_STATUS(read_on(&reading, epoch), SHS_OK);
        age(1);
        CHECK_STATUS(read_on(&reading, epoch), SHS_OK);
        alter(2);
        CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "virtual has changed since it was opened");
        CHECK_HAS(shs_message(), "other content");
        alter(2);
        CHECK_STATUS(shs_seek(reading.loader, (shs_cursor){0, 0, 0}), SHS_OK);
        CHECK_STATUS(read_on(&reading, epoch - 1), SHS_OK);
        replace(1);
        CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "virtual: dataset x: ");
        CHECK_HAS(shs_message(), "00001.h5 has changed");
    }
    close_data(&reading);
    if (NEED_STATUS(open_data(&reading, path, "x", NULL), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
        CHECK_STATUS(read_on(&reading, 2 * CROWD_ROWS), SHS_OK);
        crowd_path(2, source);
        CHECK_EQ(remove(source), 0); /* HDF5 has it open */
        CHECK_STATUS(read_on(&reading, CROWD_ROWS - 1), SHS_OK);
        if (CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE))
            CHECK_HAS(shs_message(), "00002.h5");
    }
    close_data(&reading);
    refuse_data(path, "x", NULL, SHS_ERROR_FILE, "its source file 00002.h5 is missing", "virtual");
}
IN_FOLDER(a_virtual_source_that_changes)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(one_sample_a_file),
        TEST(a_sample_that_is_unlike_the_first),
        TEST(many_axes_are_refused),
        TEST(files_are_closed_again),
        TEST(no_more_than_64_files_are_open),
        TEST(files_that_do_not_fit),
        TEST(a_file_that_changes),
        TEST(a_file_that_is_written_to),
        TEST(a_file_that_changes_in_the_last_epoch),
        TEST(a_file_that_goes),
        TEST(a_virtual_source_that_changes),
    };
    return harness_main("sample_files", tests, COUNT(tests), argc, argv);
}
