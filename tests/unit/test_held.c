/* Files stay open while a fetch reads them. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "data_open_file.h"
#include "fetch.h"
#include "two_files.h"

typedef unsigned long long ull;

/* Rows of the file's images, read as a fetch does. */
static bool held_rows_are_right(const struct data_held *held, uint64_t first, uint64_t rows)
{
    static uint32_t images[ROWS][COLUMNS];
    struct fetcher *fetcher;
    struct fetch_counts counts = {0};
    const struct fetch_piece piece = {&held->arrays[0], 0, rows, images};
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

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(a_file_that_is_read_stays_open),
        TEST(files_that_were_read_make_room),
        TEST(a_file_that_is_looked_at_again_can_be_read),
    };
    int code = make_files() ? harness_run("held", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
