/* Windows whose rows are all valid: which of them are samples, and their numbers. Values of random
 * geometries are compared with h5py by tests/cli/parts.sh. */
#include <string.h>

#include "core_memory.h"
#include "hdf5_array.h"
#include "sample_scene.h"

enum {
    FILES = 3,
    MOST_ROWS = 200,
    MOST_SAMPLES = FILES * MOST_ROWS
};

/* Files of rows, of which some are not valid; none of file 1 has three valid rows in succession. */
struct scene {
    uint64_t rows[FILES];
    bool valid[FILES][MOST_ROWS];
    uint64_t file[MOST_SAMPLES], first[MOST_SAMPLES]; /* of each sample that is expected */
    uint64_t samples;
};

static void write_scene(struct scene *scene, uint64_t seed)
{
    for (size_t f = 0; f < FILES; f++) {
        uint32_t row[MOST_ROWS], valid[MOST_ROWS];
        char path[PATH_BYTES], name[16];
        scene->rows[f] = 40 + judge_random(&seed) % 160;
        for (uint64_t r = 0; r < scene->rows[f]; r++) {
            scene->valid[f][r] = f == 1 ? r % 3 != 0 : judge_random(&seed) % 8 != 0;
            row[r] = (uint32_t)(1000 * f + r);
            valid[r] = scene->valid[f][r] ? 1 + (uint32_t)r : 0;
        }
        snprintf(name, sizeof name, "%zu.h5", f);
        hid_t file =
            H5Fcreate(folder_path(folder, name, path), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        CHECK(write_array(file, "x", scene->rows[f], false, row));
        CHECK(write_array(file, "ok", scene->rows[f], f == 2, valid));
        CHECK(H5Fclose(file) >= 0);
    }
}

/* Windows of 3 rows, every second of which begins one. */
static void expect_samples(struct scene *scene)
{
    scene->samples = 0;
    for (size_t f = 0; f < FILES; f++)
        for (uint64_t r = 0; r + 3 <= scene->rows[f]; r += 2) {
            const bool *valid = &scene->valid[f][r];
            if (!valid[0] || !valid[1] || !valid[2]) continue;
            scene->file[scene->samples] = f;
            scene->first[scene->samples++] = r;
        }
}

static bool uses(const struct scene *scene, uint64_t sample, size_t file, uint64_t begin,
                 uint64_t end)
{
    uint64_t first = scene->first[sample];
    return scene->file[sample] == file && first < end && first + 3 > begin;
}

/* All samples that use some rows are found, and none that lies apart. */
static void check_users(const struct scene *scene, const shs_dataset *data, size_t file)
{
    for (uint64_t begin = 0; begin < scene->rows[file]; begin += 5) {
        uint64_t end = begin + 5 < scene->rows[file] ? begin + 5 : scene->rows[file];
        struct data_range found = data_dataset_samples(
            data, 0, data_files_key(&data->files, file, 0), begin, end - begin);
        for (uint64_t i = 0; i < scene->samples; i++)
            if (uses(scene, i, file, begin, end) !=
                (i >= found.first && i < found.first + found.count))
                CHECK_EQ(i, UINT64_MAX);
    }
}

static void only_valid_windows_are_samples_in_folder(void)
{
    static const char fields[] = "x(window=3, stride=2, valid=ok)";
    const shs_loader_options options = {.batch = 1000, .shuffle = SHS_SHUFFLE_NONE};
    static struct scene scene;
    struct reading reading;
    shs_batch batch;
    char *text = NULL;
    for (uint64_t seed = 1; seed < 8; seed++) {
        write_scene(&scene, seed);
        expect_samples(&scene);
        if (!NEED_STATUS(open_data(&reading, folder, fields, NULL), SHS_OK)) return;
        CHECK_EQ(shs_dataset_samples(reading.data), scene.samples);
        if (CHECK_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK) &&
            CHECK_STATUS(shs_next(reading.loader, &batch), SHS_OK))
            for (uint64_t i = 0; i < batch.rows; i++) {
                const uint32_t *rows = (const uint32_t *)batch.field[0].data + 3 * i;
                shs_rows place;
                CHECK_EQ(rows[0], 1000 * scene.file[i] + scene.first[i]);
                CHECK_EQ(rows[2], rows[0] + 2);
                CHECK_STATUS(shs_locate_rows(reading.data, i, 0, &place), SHS_OK);
                CHECK_EQ(place.first, scene.first[i]);
            }
        for (size_t f = 0; f < FILES; f++)
            check_users(&scene, reading.data, f);
        if (CHECK_STATUS(load_fingerprint(reading.loader, &text), SHS_OK)) {
            CHECK_HAS(text, "x(window=3, stride=2, lead=0, valid=ok)\nvalid windows = ");
            core_free(&text);
        }
        close_data(&reading);
    }
}
IN_FOLDER(only_valid_windows_are_samples)

/* Returns true if rows r, r + every and r + 2 * every are valid. */
static bool are_valid(const struct scene *scene, uint64_t r, uint64_t every)
{
    return scene->valid[0][r] && scene->valid[0][r + every] && scene->valid[0][r + 2 * every];
}

/* Rows that no spacing of 3 or 4 takes need not be valid: r + 1, r + 2, r + 5 and r + 7. */
static void drawn_spacings_need_their_own_rows_in_folder(void)
{
    static struct scene scene;
    struct reading reading;
    char path[PATH_BYTES];
    uint64_t expected = 0;
    write_scene(&scene, 3);
    for (uint64_t r = 0; r + 8 < scene.rows[0]; r++)
        expected += are_valid(&scene, r, 3) && are_valid(&scene, r, 4);
    CHECK_STATUS(open_data(&reading, folder_path(folder, "0.h5", path),
                           "x(window=3, every=3..4, valid=ok)", NULL),
                 SHS_OK);
    CHECK_EQ(shs_dataset_samples(reading.data), expected);
    close_data(&reading);
}
IN_FOLDER(drawn_spacings_need_their_own_rows)

/* Parts by blocks of windows that are samples share no row either. */
static void parts_of_valid_windows_are_apart_in_folder(void)
{
    static struct scene scene;
    unsigned char part_of[FILES][MOST_ROWS] = {{0}};
    struct reading reading;
    write_scene(&scene, 9);
    expect_samples(&scene);
    if (!NEED_STATUS(open_data(&reading, folder, "x(window=3, stride=2, valid=ok)", NULL), SHS_OK))
        return;
    for (unsigned part = 0; part < 2; part++) {
        const shs_loader_options options = {
            .subset = {.from = part ? 0.6 : 0, .to = part ? 1 : 0.6, .block = 10}};
        if (!CHECK_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK)) break;
        const struct order_subset *subset = &reading.loader->plan.order.subset;
        CHECK_IS(subset->count, >, 10);
        for (uint64_t i = 0; i < 3 * subset->count; i++) {
            uint64_t sample = subset->rows[i / 3];
            unsigned char *seen = &part_of[scene.file[sample]][scene.first[sample] + i % 3];
            *seen = (unsigned char)(*seen | 1U << part);
            CHECK(*seen != 3);
        }
        shs_loader_close(&reading.loader);
    }
    close_data(&reading);
}
IN_FOLDER(parts_of_valid_windows_are_apart)

static void what_is_not_valid_is_refused_in_folder(void)
{
    static const uint32_t rows[20] = {0}, short_of_one[19] = {0};
    static const uint64_t offsets[3] = {0, 5, 20};
    char path[PATH_BYTES];
    hid_t file =
        H5Fcreate(folder_path(folder, "a.h5", path), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(write_array(file, "x", 20, false, rows));
    CHECK(write_array(file, "short", 19, false, short_of_one));
    CHECK(write_array(file, "o", 6, false, (const uint32_t *)(const void *)offsets));
    CHECK(H5Fclose(file) >= 0);
    refuse_data(path, "x(window=3, valid=x)", NULL, SHS_ERROR_ARGUMENT,
                "none of the 18 windows has only rows that are valid", "leave out valid");
    refuse_data(path, "x(window=3, valid=short)", NULL, SHS_ERROR_FORMAT,
                "dataset short says of 19 rows whether they are valid, but dataset x has 20", "");
    refuse_data(path, "x(window=3, valid=)", NULL, SHS_ERROR_ARGUMENT, "valid is empty", "");
    refuse_data(path, "x(valid=short)", NULL, SHS_ERROR_ARGUMENT, "valid belong to a window", "");
    refuse_data(path, "x(window=3, valid=x), r=x(offsets=o)", NULL, SHS_ERROR_ARGUMENT,
                "field x leaves windows out by valid, but field r has offsets", "");
}
IN_FOLDER(what_is_not_valid_is_refused)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(only_valid_windows_are_samples), TEST(drawn_spacings_need_their_own_rows),
        TEST(parts_of_valid_windows_are_apart), TEST(what_is_not_valid_is_refused)};
    return harness_main("valid", tests, COUNT(tests), argc, argv);
}
