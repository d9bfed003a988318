/* Windows whose rows lie apart by a number that is drawn for each sample: every=A..B. Whole batches
 * are compared with a loader of their own by tests/cli/reference.sh. */
#include <string.h>

#include "core_memory.h"
#include "hdf5_array.h"
#include "sample_scene.h"

enum {
    ROWS = 60
};

static const char fields[] = "a=x(window=3, every=near:2..5), b=x(window=2, every=1..3, lead=1), "
                             "c=x(window=2, every=near:2..5)";

/* A file with the rows 0, 1, … */
static void make_file(char path[PATH_BYTES], const char *name)
{
    uint32_t row[ROWS];
    for (uint32_t i = 0; i < ROWS; i++)
        row[i] = i;
    folder_path(folder, name, path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(write_array(file, "x", ROWS, false, row));
    CHECK(H5Fclose(file) >= 0);
}

/* Draws as the place of a slot says, the augmentation by rank and step or by sample. */
static void draw(const shs_batch *batch, uint64_t slot, bool by_sample, uint64_t every[2])
{
    shs_random stream;
    if (by_sample)
        CHECK_STATUS(
            shs_random_at_sample(batch->seed, 0, batch->index[slot], batch->epoch, &stream),
            SHS_OK);
    else
        CHECK_STATUS(shs_random_at(&(shs_place){.seed = batch->seed,
                                                .purpose = SHS_ROLE_AUGMENT,
                                                .rank = batch->vrank,
                                                .step = batch->step,
                                                .slot = slot},
                                   &stream),
                     SHS_OK);
    every[0] = 2 + shs_random_below(&stream, 4);
    every[1] = 1 + shs_random_below(&stream, 3);
}

static void check_batch(const shs_batch *batch, bool by_sample, uint64_t seen[6])
{
    const uint32_t *a = batch->field[0].data, *b = batch->field[1].data, *c = batch->field[2].data;
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        uint64_t every[2], first = batch->index[slot];
        draw(batch, slot, by_sample, every);
        seen[every[0]]++;
        for (uint64_t k = 0; k < 3; k++)
            CHECK_EQ(a[3 * slot + k], first + k * every[0]);
        for (uint64_t k = 0; k < 2; k++) {
            CHECK_EQ(b[2 * slot + k], first + 1 + k * every[1]);
            CHECK_EQ(c[2 * slot + k], first + k * every[0]);
        }
    }
}

static void check_record(const shs_loader *loader, const shs_batch *batch, bool by_sample)
{
    shs_draws *draws;
    if (!CHECK_STATUS(shs_batch_draws(loader, batch, &draws), SHS_OK)) return;
    if (CHECK_EQ(draws->n_every, 2)) {
        CHECK(!strcmp(draws->every[0].name, "near") && !strcmp(draws->every[1].name, "b"));
        for (uint64_t slot = 0; slot < batch->rows && !batch->parts; slot++) {
            uint64_t every[2];
            draw(batch, slot, by_sample, every);
            CHECK_EQ(draws->every[0].every[slot], every[0]);
            CHECK_EQ(draws->every[1].every[slot], every[1]);
        }
    }
    shs_draws_close(&draws);
}

static void spacings_are_drawn_at_their_places_in_folder(void)
{
    static const shs_loader_options loaders[] = {
        {.batch = 7, .epochs = 8, .shuffle = SHS_SHUFFLE_NONE},
        {.batch = 7, .epochs = 2, .ahead = 2, .threads = 2},
        {.batch = 5, .epochs = 2, .step_batches = true},
        {.batch = 5, .epochs = 8, .augment_by = SHS_BY_SAMPLE, .augment = "a: cast(type=u32)"}};
    char path[PATH_BYTES];
    make_file(path, "a.h5");
    for (size_t i = 0; i < COUNT(loaders); i++) {
        struct reading reading;
        shs_batch batch;
        uint64_t seen[6] = {0}, rows = 0;
        bool by_sample = loaders[i].augment_by == SHS_BY_SAMPLE;
        if (!NEED_STATUS(open_data(&reading, path, fields, NULL), SHS_OK)) return;
        CHECK_EQ(shs_dataset_samples(reading.data), ROWS - 10);
        if (NEED_STATUS(shs_loader_open(reading.data, &loaders[i], &reading.loader), SHS_OK))
            while (shs_next(reading.loader, &batch) == SHS_OK) {
                check_batch(batch.parts ? batch.part : &batch, by_sample, seen);
                check_record(reading.loader, &batch, by_sample);
                rows += batch.rows;
                CHECK_STATUS(shs_agree(reading.run), SHS_OK);
            }
        CHECK_EQ(rows, loaders[i].epochs * (ROWS - 10));
        for (uint64_t every = 2; every < 6; every++)
            CHECK_IS(seen[every], >, rows / 8);
        close_data(&reading);
    }
}
IN_FOLDER(spacings_are_drawn_at_their_places)

/* A row that takes another row's place has its draws. */
static void other_rows_have_the_planned_draws_in_folder(void)
{
    static const uint64_t excluded[] = {3, 4, 40};
    const shs_loader_options options = {.batch = 50,
                                        .epochs = 1,
                                        .shuffle = SHS_SHUFFLE_NONE,
                                        .failures = {.exclude = excluded, .n_exclude = 3}};
    char path[PATH_BYTES];
    struct reading reading;
    shs_batch batch;
    uint64_t seen[6] = {0};
    make_file(path, "a.h5");
    if (!NEED_STATUS(open_data(&reading, path, fields, NULL), SHS_OK)) return;
    if (CHECK_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK) &&
        CHECK_STATUS(shs_next(reading.loader, &batch), SHS_OK)) {
        CHECK_EQ(batch.index[3], 5);
        check_batch(&batch, false, seen);
    }
    close_data(&reading);
}
IN_FOLDER(other_rows_have_the_planned_draws)

/* Reads an epoch of crops along the rows of windows. Returns how many rows of samples came. */
static uint64_t read_crops(const char *path, shs_pushdown pushdown, uint32_t *to)
{
    const shs_dataset_options little = {.cache_bytes = 1}; /* nothing is held decoded */
    const shs_loader_options options = {
        .batch = 7,
        .epochs = 1,
        .pushdown = pushdown,
        .augment = "a: random_crop(size=[2], axes=w, layout=w) random_flip(axis=w)"};
    struct reading reading;
    shs_batch batch;
    uint64_t rows = 0;
    if (!NEED_STATUS(open_data(&reading, path, "a=x(window=8, every=1..3)", &little), SHS_OK))
        return 0;
    if (NEED_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK)) {
        CHECK_EQ(reading.loader->plan.pushdown.boxed[0], pushdown == SHS_PUSHDOWN_ALWAYS);
        while (shs_next(reading.loader, &batch) == SHS_OK) {
            memcpy(to + 2 * rows, batch.field[0].data, batch.rows * 2 * sizeof *to);
            rows += batch.rows;
            CHECK_STATUS(shs_agree(reading.run), SHS_OK);
        }
    }
    close_data(&reading);
    return rows;
}

/* Where only what a crop keeps is read, the rows lie as far apart as was drawn. */
static void crops_have_the_drawn_spacing_in_folder(void)
{
    uint32_t whole[2 * ROWS] = {0}, part[2 * ROWS] = {0};
    char path[PATH_BYTES];
    make_file(path, "a.h5");
    CHECK_EQ(read_crops(path, SHS_PUSHDOWN_OFF, whole), ROWS - 21);
    CHECK_EQ(read_crops(path, SHS_PUSHDOWN_ALWAYS, part), ROWS - 21);
    CHECK_BYTES(part, whole, sizeof whole);
}
IN_FOLDER(crops_have_the_drawn_spacing)

static void such_loaders_draw_in_folder(void)
{
    const shs_loader_options options = {.batch = 4, .shuffle = SHS_SHUFFLE_NONE};
    char path[PATH_BYTES], *fingerprint = NULL;
    struct reading reading;
    shs_loader *other = NULL;
    shs_rows rows;
    make_file(path, "a.h5");
    if (!NEED_STATUS(open_data(&reading, path, fields, NULL), SHS_OK)) return;
    CHECK_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK);
    CHECK_STATUS(shs_loader_open(reading.data, &options, &other), SHS_ERROR_STATE);
    CHECK_HAS(shs_message(), "draws from stream 0");
    if (CHECK_STATUS(load_fingerprint(reading.loader, &fingerprint), SHS_OK))
        CHECK_HAS(fingerprint, "rows of c = x(window=2, stride=1, lead=0, every=near:2..5)\n");
    core_free(&fingerprint);
    CHECK_STATUS(shs_locate_rows(reading.data, 9, 0, &rows), SHS_OK);
    CHECK(rows.first == 9 && rows.count == 3 && rows.every == 2 && rows.most_every == 5);
    close_data(&reading);
    refuse_data(path, "a=x(window=2, every=n:1..3), b=x(window=2, every=n:1..4)", NULL,
                SHS_ERROR_ARGUMENT, "every=n:1..4, but field a has n:1..3", "or other names");
    refuse_data(path, "x(window=2, every=3..3)", NULL, SHS_ERROR_ARGUMENT, "1 <= A < B", "");
    refuse_data(path, "x(window=2, every=0..3)", NULL, SHS_ERROR_ARGUMENT, "1 <= A < B", "");
    refuse_data(path, "x(window=2, every=1..4294967296)", NULL, SHS_ERROR_ARGUMENT, "2^32", "");
    refuse_data(path, "x(window=2, every=:1..3)", NULL, SHS_ERROR_ARGUMENT, "NAME:A..B", "");
    refuse_data(path, "x(window=2, every=n:3)", NULL, SHS_ERROR_ARGUMENT, "NAME:A..B", "");
    refuse_data(path, "x(every=1..3)", NULL, SHS_ERROR_ARGUMENT, "belong to a window", "");
    refuse_data(path, "x(window=30, every=1..3)", NULL, SHS_ERROR_ARGUMENT,
                "window 30 and lead 0, every 3", "choose less");
}
IN_FOLDER(such_loaders_draw)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(spacings_are_drawn_at_their_places), TEST(other_rows_have_the_planned_draws),
        TEST(crops_have_the_drawn_spacing), TEST(such_loaders_draw)};
    return harness_main("spacing", tests, COUNT(tests), argc, argv);
}
