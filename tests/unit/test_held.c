/* Files stay open while a fetch reads them. */
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <sys/stat.h>

#include "data_open_file.h"
#include "fetch.h"
#include "message.h"
#include "two_files.h"

typedef unsigned long long ull;

/* Rows of the file's images, read as a fetch does. */
static bool held_rows_are_right(const struct data_held *held, uint64_t first, uint64_t rows)
{
    static uint32_t images[ROWS][COLUMNS];
    struct fetcher *fetcher;
    struct fetch_counts counts = {0};
    const struct fetch_piece piece = {&held->arrays[0], 0, rows, images, FETCH_TAKEN, NULL};
    if (!NEED(fetcher_new(0, &fetcher) == SHS_OK)) return false;
    const struct fetch_means means = {.fetcher = fetcher};
    bool right = fetch_pieces(&means, &piece, 1, &counts) == SHS_OK;
    if (!right) printf("  %s\n", shs_message());
    for (uint64_t row = 0; row < rows && right; row++) {
        right = images[row][COLUMNS - 1] == element(first + row, COLUMNS - 1);
        if (!right)
            printf("  row %llu of the file: expected %llu; came %llu\n", (ull)row,
                   (ull)element(first + row, COLUMNS - 1), (ull)images[row][COLUMNS - 1]);
    }
    fetcher_free(&fetcher);
    return right;
}

static void hold(struct data_files *files, size_t file, struct data_held *held)
{
    uint64_t bytes = 0;
    CHECK(data_files_hold(files, file, held, &bytes) == SHS_OK);
}

/* All files are closed, and one may be open at a time. */
static void allow_one(struct data_files *files)
{
    while (files->n_open)
        data_open_file_close(files, files->oldest);
    files->most_open = 1;
}

/* One file may be open at a time, and a fetch reads it: another one is opened beside it, and the
 * first that is closed is one that nobody reads. */
static void a_file_that_is_read_stays_open(void)
{
    struct data data;
    struct data_held first, again, second;
    if (!data_open(&data)) return;
    struct data_files *files = &data.dataset->files;
    allow_one(files);
    hold(files, 0, &first);
    hold(files, 0, &again);
    CHECK(again.open == first.open && files->n_open == 1);
    hold(files, 1, &second);
    CHECK(files->file[0].open == first.open && files->file[1].open == second.open);
    CHECK(files->n_open == 2);
    CHECK(held_rows_are_right(&first, 0, FIRST_ROWS));
    CHECK(held_rows_are_right(&second, FIRST_ROWS, ROWS - FIRST_ROWS));
    data_files_give_back(files, &first);
    CHECK(first.open == NULL);
    CHECK(held_rows_are_right(&again, 0, FIRST_ROWS));
    data_files_give_back(files, &second);
    hold(files, 0, &first); /* closes nothing, for it is open */
    CHECK(first.open == again.open && files->n_open == 2);
    data_files_give_back(files, &first);
    data_files_give_back(files, &again);
    hold(files, 1, &second); /* open still */
    CHECK(files->n_open == 2);
    data_files_give_back(files, &second);
    data_close(&data);
}

/* Once nobody reads them, no more files are open than may be. */
static void files_that_were_read_make_room(void)
{
    struct data data;
    struct data_held held[2];
    if (!data_open(&data)) return;
    struct data_files *files = &data.dataset->files;
    allow_one(files);
    hold(files, 0, &held[0]);
    hold(files, 1, &held[1]);
    CHECK(files->n_open == 2);
    data_files_give_back(files, &held[0]);
    data_files_give_back(files, &held[1]);
    data_open_file_close(files, files->file[0].open);
    hold(files, 0, &held[0]);
    CHECK(files->n_open == 1 && files->file[1].open == NULL);
    data_files_give_back(files, &held[0]);
    data_close(&data);
}

/* A file that is looked at again is closed and opened; who reads it goes on with what it holds. */
static void a_file_that_is_looked_at_again_can_be_read(void)
{
    struct data data;
    struct data_held before, after;
    const struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = 1}};
    if (!data_open(&data)) return;
    struct data_files *files = &data.dataset->files;
    hold(files, 0, &before);
    CHECK(utimensat(AT_FDCWD, first_path, times, 0) == 0);
    data_files_suspect(files);
    hold(files, 0, &after);
    CHECK(after.open != before.open && files->file[0].open == after.open);
    CHECK(held_rows_are_right(&before, 0, FIRST_ROWS));
    CHECK(held_rows_are_right(&after, 0, FIRST_ROWS));
    data_files_give_back(files, &before);
    CHECK(held_rows_are_right(&after, 0, FIRST_ROWS));
    data_files_give_back(files, &after);
    data_close(&data);
}

static const uint32_t elements[] = {7, 14, 21, 28, 35, 42, 49, 56};

/* Writes a file whose dataset only HDF5 can read: its elements lie in its header, which has no
 * checksum in a file of the earliest format. */
static bool write_compact(void)
{
    const hsize_t rows = COUNT(elements);
    hid_t file = H5Fcreate(first_path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &rows, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(list, H5D_COMPACT);
    hid_t data = H5Dcreate2(file, "compact", H5T_STD_U32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    bool written = H5Dwrite(data, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) >= 0;
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    return NEED((H5Fclose(file) >= 0) & written);
}

/* Changes the first element in the file. */
static bool change_compact(void)
{
    static char bytes[1 << 16];
    FILE *file = fopen(first_path, "r+b");
    if (!NEED(file != NULL)) return false;
    size_t count = fread(bytes, 1, sizeof bytes, file), at = 0;
    while (at + sizeof elements < count && memcmp(bytes + at, elements, sizeof elements) != 0)
        at++;
    bool changed =
        at + sizeof elements < count && fseek(file, (long)at, SEEK_SET) == 0 && fputc(8, file) == 8;
    return NEED((fclose(file) == 0) & changed);
}

static bool open_compact(struct data *data)
{
    *data = (struct data){0};
    return NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, NULL, &data->run), SHS_OK) &&
           NEED_STATUS(shs_dataset_open(data->run, first_path, "compact", NULL, &data->dataset),
                       SHS_OK);
}

/* HDF5 shares what it has read of a file with all who have the file open. A file that is looked at
 * again is read anew, although a fetch holds what it was. */
static void a_changed_file_is_told_while_it_is_held(void)
{
    for (int is_held = 0; is_held < 2; is_held++) {
        struct data data;
        struct data_held before, after = {0};
        uint64_t bytes = 0;
        harness_where("held %d", is_held);
        if (!write_compact() || !open_compact(&data)) return;
        struct data_files *files = &data.dataset->files;
        hold(files, 0, &before);
        CHECK(before.arrays[0].direct == NULL);
        if (!is_held) data_files_give_back(files, &before);
        CHECK(change_compact());
        CHECK_STATUS(data_files_hold(files, 0, &after, &bytes), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(),
                  "has changed since it was opened: it has the same size, but other");
        if (after.open) data_files_give_back(files, &after);
        if (is_held) data_files_give_back(files, &before);
        data_close(&data);
        CHECK(write_file(first_path, 0, FIRST_ROWS));
    }
    harness_where(NULL);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(a_file_that_is_read_stays_open),
        TEST(files_that_were_read_make_room),
        TEST(a_file_that_is_looked_at_again_can_be_read),
        TEST(a_changed_file_is_told_while_it_is_held),
    };
    int code = make_files() ? harness_run("held", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
