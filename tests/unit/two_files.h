/* A dataset of two files, each with an array that is contiguous and one in compressed chunks. */
#ifndef TWO_FILES_H
#define TWO_FILES_H

#include <stdio.h>

#include "data_dataset.h"
#include "h5_write.h"
#include "shardstep/context.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    FIRST_ROWS = 100, /* of the first file */
    ROWS = 257,       /* of both */
    COLUMNS = 6,
    CHUNK_ROWS = 7,
    VRANKS = 3,
    BATCH = 5
};

static char folder[PATH_BYTES], first_path[PATH_BYTES], second_path[PATH_BYTES];
static char both_paths[2 * PATH_BYTES];

static inline uint32_t element(uint64_t row, uint64_t column)
{
    return (uint32_t)(row * 1000 + column);
}

/* Rows [first, first + rows) of the dataset. */
static inline bool write_file(const char *path, uint64_t first, uint64_t rows)
{
    static uint32_t images[ROWS][COLUMNS], numbers[ROWS];
    const struct h5_storage packed = {.chunk_rows = CHUNK_ROWS, .deflate = 1}, plain = {0};
    const shs_tensor image = {.type = SHS_U32, .axes = 2, .shape = {rows, COLUMNS}};
    const shs_tensor number = {.type = SHS_U32, .axes = 1, .shape = {rows}};
    struct h5_writer *writer;
    for (uint64_t row = 0; row < rows; row++) {
        numbers[row] = (uint32_t)(first + row);
        for (uint64_t column = 0; column < COLUMNS; column++)
            images[row][column] = element(first + row, column);
    }
    return !h5_create(path, &writer) && !h5_create_array(writer, "images", &image, &packed) &&
           !h5_write_rows(writer, rows, images) &&
           !h5_create_array(writer, "numbers", &number, &plain) &&
           !h5_write_rows(writer, rows, numbers) && !h5_finish(&writer);
}

static inline bool make_files(void)
{
    if (!folder_make(folder)) return false;
    folder_path(folder, "first.h5", first_path);
    folder_path(folder, "second.h5", second_path);
    snprintf(both_paths, sizeof both_paths, "%s,%s", first_path, second_path);
    return write_file(first_path, 0, FIRST_ROWS) &&
           write_file(second_path, FIRST_ROWS, ROWS - FIRST_ROWS);
}

struct data {
    shs_run *run;
    shs_dataset *dataset;
};

static inline bool data_open_within(struct data *data, size_t cache_bytes)
{
    const shs_run_options run = {.seed = 5, .vranks = VRANKS};
    const shs_dataset_options how = {.cache_bytes = cache_bytes};
    *data = (struct data){0};
    bool good = !shs_open_ranks(0, 1, NULL, NULL, &run, &data->run) &&
                !shs_dataset_open(data->run, both_paths, "images,numbers", &how, &data->dataset);
    if (!good) printf("  %s\n", shs_message());
    return NEED(good);
}

/* No array is held decoded as a whole: each loader reads and decodes what it needs. */
static inline bool data_open_unheld(struct data *data, size_t cache_bytes)
{
    bool good = data_open_within(data, cache_bytes);
    if (good) data_resident_close(&data->dataset->resident);
    return good;
}

static inline bool data_open(struct data *data)
{
    return data_open_within(data, 0);
}

static inline void data_close(struct data *data)
{
    shs_dataset_close(&data->dataset);
    shs_close(&data->run);
}

#endif
