/* A file of images, masks, maps, labels, signals and tracks, for mixup and cutmix. */
#ifndef MIXUP_SCENE_H
#define MIXUP_SCENE_H

#include <stdlib.h>

#include "h5_write.h"
#include "shardstep/context.h"
#include "shardstep/dataset.h"
#include "shardstep/random.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    ROWS = 26,
    HEIGHT = 5,
    WIDTH = 7,
    CHANNELS = 3,
    VRANKS = 3,
    BATCH = 4,
    FIELDS = 6,
    LENGTH = 11,                                /* of a signal */
    MOST_BYTES = HEIGHT * WIDTH * CHANNELS * 8, /* of a sample */
    SEED = 77
};

static char folder[PATH_BYTES], path[PATH_BYTES];

static uint8_t images[ROWS][HEIGHT][WIDTH][CHANNELS], masks[ROWS][HEIGHT][WIDTH];
static float maps[ROWS][HEIGHT][WIDTH];
static uint16_t labels[ROWS];
static float signals[ROWS][LENGTH][2];
static uint8_t tracks[ROWS][3][LENGTH];
static const char all_fields[] = "images,masks,maps,labels,signals,tracks";

static const shs_tensor samples[FIELDS] = {
    {"images", SHS_U8, 3, {HEIGHT, WIDTH, CHANNELS}, images},
    {"masks", SHS_U8, 2, {HEIGHT, WIDTH}, masks},
    {"maps", SHS_F32, 2, {HEIGHT, WIDTH}, maps},
    {"labels", SHS_U16, 0, {0}, labels},
    {"signals", SHS_F32, 2, {LENGTH, 2}, signals},
    {"tracks", SHS_U8, 2, {3, LENGTH}, tracks},
};

static inline size_t bytes_of(const shs_tensor *sample)
{
    size_t bytes = 0;
    if (shs_tensor_bytes(sample, &bytes)) abort();
    return bytes;
}

static inline void fill_rows(void)
{
    shs_random stream;
    if (shs_random_at(&(shs_place){.seed = 1}, &stream)) abort();
    for (size_t i = 0; i < sizeof images; i++)
        ((uint8_t *)images)[i] = (uint8_t)shs_random_u32(&stream);
    for (size_t i = 0; i < sizeof masks; i++)
        ((uint8_t *)masks)[i] = (uint8_t)shs_random_u32(&stream);
    for (size_t i = 0; i < sizeof maps / sizeof(float); i++)
        ((float *)maps)[i] = shs_random_normal_float(&stream, 0, 3);
    for (size_t i = 0; i < ROWS; i++)
        labels[i] = (uint16_t)i;
    for (size_t i = 0; i < sizeof signals / sizeof(float); i++)
        ((float *)signals)[i] = shs_random_normal_float(&stream, 0, 3);
    for (size_t i = 0; i < sizeof tracks; i++)
        ((uint8_t *)tracks)[i] = (uint8_t)shs_random_u32(&stream);
}

static inline bool make_file(void)
{
    static const struct h5_storage plain = {0};
    static uint64_t offsets[ROWS + 1];
    const shs_tensor ends = {.type = SHS_U64, .axes = 1, .shape = {ROWS + 1}};
    struct h5_writer *writer;
    fill_rows();
    for (size_t i = 0; i < ROWS; i++)
        offsets[i + 1] = offsets[i] + (i % 2);
    if (!folder_make(folder) || h5_create(folder_path(folder, "a.h5", path), &writer)) return false;
    for (size_t f = 0; f < FIELDS; f++) {
        shs_tensor array = {.type = samples[f].type, .axes = samples[f].axes + 1, .shape = {ROWS}};
        for (uint32_t axis = 0; axis < samples[f].axes; axis++)
            array.shape[axis + 1] = samples[f].shape[axis];
        if (h5_create_array(writer, samples[f].name, &array, &plain) ||
            h5_write_rows(writer, ROWS, samples[f].data))
            return false;
    }
    return !h5_create_array(writer, "offsets", &ends, &plain) &&
           !h5_write_rows(writer, ROWS + 1, offsets) && !h5_finish(&writer);
}

struct data {
    shs_run *run;
    shs_dataset *dataset;
};

static inline bool data_open(const char *fields, struct data *data)
{
    const shs_run_options run = {.seed = SEED, .vranks = VRANKS};
    *data = (struct data){0};
    return NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, &run, &data->run), SHS_OK) &&
           NEED_STATUS(shs_dataset_open(data->run, path, fields, NULL, &data->dataset), SHS_OK);
}

static inline void data_close(struct data *data)
{
    shs_dataset_close(&data->dataset);
    shs_close(&data->run);
}

/* Runs tests with the file. */
static inline int mixup_main(const char *suite, const struct harness_test *tests, size_t count,
                             int argc, char **argv)
{
    int code = make_file() ? harness_main(suite, tests, count, argc, argv) : 1;
    folder_remove(folder);
    return code;
}

#endif
