/* Which bytes of samples are read, and what their names and fingerprints do. */
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "h5_write.h"
#include "load.h"
#include "message.h"
#include "sample_scene.h"
#include "shardstep/loader.h"
#include "temporary_folder.h"
#include "unit.h"

/* ---- bytes */

/* Bytes that this process has read so far, by any call. */
static uint64_t bytes_read(void)
{
    unsigned long long bytes = 0;
    FILE *file = fopen("/proc/self/io", "r");
    if (CHECK(file)) CHECK_EQ(fscanf(file, "rchar: %llu", &bytes), 1);
    if (file) fclose(file);
    return bytes;
}

/* A series of 4000 rows of 1 KiB and 1000 samples of up to 9 rows. */
static void write_long(void)
{
    enum {
        ROWS = 4000
    };
    const shs_tensor series = {.type = SHS_U8, .axes = 2, .shape = {ROWS, 1024}};
    const shs_tensor offsets = {.type = SHS_U32, .axes = 1, .shape = {1001}};
    unsigned char *bytes = calloc(ROWS, 1024);
    uint32_t numbers[1001];
    struct h5_writer *writer;
    char path[PATH_BYTES];
    for (uint32_t i = 0; i < COUNT(numbers); i++)
        numbers[i] = 3 * i + i % 3;
    for (uint32_t i = 0; i < ROWS; i++)
        memset(bytes + 1024 * i, (int)(i * 7), 1024);
    if (CHECK_STATUS(h5_create(folder_path(folder, "long.h5", path), &writer), SHS_OK) &&
        CHECK_STATUS(h5_create_array(writer, "s", &series, &(struct h5_storage){0}), SHS_OK) &&
        CHECK_STATUS(h5_write_rows(writer, ROWS, bytes), SHS_OK) &&
        CHECK_STATUS(h5_create_array(writer, "o", &offsets, &(struct h5_storage){0}), SHS_OK) &&
        CHECK_STATUS(h5_write_rows(writer, 1001, numbers), SHS_OK))
        CHECK_STATUS(h5_finish(&writer), SHS_OK);
    free(bytes);
}

/* Steps of one sample each read no more than its rows. */
static void check_bytes(const char *fields, bool keep_offsets, uint64_t expected)
{
    struct reading reading;
    shs_batch batch;
    const shs_loader_options options = {.batch = 1};
    if (NEED_STATUS(open_data(&reading, folder, fields, NULL), SHS_OK)) {
        data_resident_close(&reading.data->resident); /* of which more is read than samples */
        if (!keep_offsets)
            data_offsets_free(&reading.data->offsets[reading.data->what.part[0].offsets]);
        CHECK_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK);
        CHECK_STATUS(shs_next(reading.loader, &batch),
                     SHS_OK); /* what is looked at once an epoch */
        uint64_t began = bytes_read(), counted = shs_statistics(reading.loader).bytes, noise;
        noise = bytes_read() - began; /* of looking */
        began = bytes_read();
        for (int i = 0; i < 100; i++)
            CHECK_STATUS(shs_next(reading.loader, &batch), SHS_OK);
        uint64_t read = bytes_read() - began - noise;
        CHECK_EQ(shs_statistics(reading.loader).bytes - counted, read);
        CHECK_IS(read, <=, expected);
        CHECK_IS(read, >=, expected / 3);
        if (read > expected) printf("  %s: %llu bytes\n", fields, (unsigned long long)read);
    }
    close_data(&reading);
}

/* Two loaders of one dataset count their own bytes, from zero on. */
static void loaders_count_apart_in_folder(void)
{
    struct reading reading;
    shs_loader *other = NULL;
    shs_batch batch;
    const shs_loader_options one = {.batch = 4}, two = {.batch = 8, .stream = 1};
    write_long();
    if (NEED_STATUS(open_data(&reading, folder, "s", NULL), SHS_OK)) {
        data_resident_close(&reading.data->resident);
        CHECK_STATUS(shs_loader_open(reading.data, &one, &reading.loader), SHS_OK);
        CHECK_STATUS(shs_loader_open(reading.data, &two, &other), SHS_OK);
        CHECK_EQ(shs_statistics(other).bytes, 0);
        if (CHECK_STATUS(shs_next(reading.loader, &batch), SHS_OK))
            CHECK_STATUS(shs_next(other, &batch), SHS_OK);
        CHECK_EQ(shs_statistics(reading.loader).bytes, 4 * 1024);
        CHECK_EQ(shs_statistics(other).bytes, 8 * 1024);
        shs_loader_close(&other);
    }
    close_data(&reading);
}
IN_FOLDER(loaders_count_apart)

static void only_the_bytes_of_samples_are_read_in_folder(void)
{
    write_long();
    check_bytes("s", true, 100 * 1024);
    check_bytes("s(window=24)", true, 100 * 24 * 1024);
    check_bytes("x=s(window=24, stride=5), y=s(window=2, stride=5, lead=30)", true,
                100 * 26 * 1024);
    check_bytes("s(offsets=o)", true, 100 * 5 * 1024);
    check_bytes("s(offsets=o)", false, 100 * (5 * 1024 + 8));
    check_bytes("s(offsets=o, most=1)", true, 100 * 1024);
}
IN_FOLDER(only_the_bytes_of_samples_are_read)

/* ---- names, augmentation and fingerprints */

static void aliases_are_augmented_in_folder(void)
{
    static const uint64_t rows[] = {13};
    struct reading reading;
    shs_batch batch;
    struct files *files = write_series(rows, 1, (struct h5_storage){0});
    const shs_loader_options options = {
        .batch = 3,
        .shuffle = SHS_SHUFFLE_NONE,
        .augment = "y: normalize(mean=1, std=0.5, scale=none); x.length: cast(type=f64)"};
    char all[PATH_BYTES];
    CHECK_EQ(rename(files->path[0], folder_path(folder, "z.h5", all)), 0);
    free_files(files);
    write_long();
    CHECK_EQ(remove(all), 0);
    if (NEED_STATUS(open_data(&reading, folder, "x=s(offsets=o), y=o(window=1000)", NULL),
                    SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "has 2 samples but field x has 1000 samples");
    close_data(&reading);
    if (NEED_STATUS(open_data(&reading, folder, "x=s(offsets=o, most=2), y=o(window=2)", NULL),
                    SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK) &&
        NEED_STATUS(shs_next(reading.loader, &batch), SHS_OK)) {
        const double *lengths = batch.field[1].data;
        const float *y = batch.field[2].data;
        CHECK_TEXT(batch.field[1].name, "x.length");
        CHECK_EQ(batch.field[1].type, SHS_F64);
        CHECK_EQ(lengths[0], 2);
        CHECK_EQ(lengths[2], 1);
        CHECK_EQ(batch.field[2].axes, 2);
        CHECK_EQ(batch.field[2].shape[1], 2);
        CHECK_EQ(y[0], -2);
        CHECK_EQ(y[1], 6);
        CHECK_EQ(y[2], 6);
        CHECK_EQ(y[3], 14);
    }
    close_data(&reading);
}
IN_FOLDER(aliases_are_augmented)

static char *fingerprint_of(const char *path, const char *fields, bool whole)
{
    struct reading reading;
    char *text = NULL;
    const shs_dataset_options options = {.one_sample_a_file = whole};
    if (NEED_STATUS(open_data(&reading, path, fields, &options), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, NULL, &reading.loader), SHS_OK))
        CHECK_STATUS(load_fingerprint(reading.loader, &text), SHS_OK);
    close_data(&reading);
    return text;
}

/* Whether a run over some fields may go on with others. */
static bool may_go_on(const char *path, const char *fields, const char *other_path,
                      const char *others)
{
    char *own = fingerprint_of(path, fields, false);
    char *other = fingerprint_of(other_path, others, false);
    bool other_batch;
    bool may = own && other && !load_fingerprint_check(own, other, false, &other_batch);
    core_free(&own);
    core_free(&other);
    return may;
}

static void what_a_checkpoint_is_of_in_folder(void)
{
    char file[PATH_BYTES];
    write_long();
    folder_path(folder, "long.h5", file);
    char *text = fingerprint_of(file, "s", false);
    if (text) CHECK_HAS(text, "\naugmentation = \n");
    core_free(&text);
    CHECK(may_go_on(folder, "s", file, " s "));
    CHECK(may_go_on(folder, "s", file, "s=s"));
    CHECK(may_go_on(folder, "s(window=2)", file, "s ( lead = 0, stride=1, window = 2)"));
    CHECK(may_go_on(folder, "s(offsets=o)", file, "s(offsets=o, most=4)"));
    CHECK(!may_go_on(folder, "s", file, "x=s"));
    CHECK(!may_go_on(folder, "x=s", file, "x=o"));
    CHECK(!may_go_on(folder, "s", file, "s(window=1)"));
    CHECK(!may_go_on(folder, "s(window=2)", file, "s(window=2, lead=1)"));
    CHECK(!may_go_on(folder, "s(window=2, lead=1), t=s(window=2)", file,
                     "s(window=2, lead=0), t=s(window=2, lead=1)"));
    CHECK(!may_go_on(folder, "s(window=2, stride=2000)", file, "s(window=2, stride=2001)"));
    CHECK_HAS(shs_message(), "stride=2000");
    CHECK(!may_go_on(folder, "s(offsets=o)", file, "s(offsets=o, most=5)"));
}
IN_FOLDER(what_a_checkpoint_is_of)

/* A checkpoint from when parts went by the run's seed. */
static void older_checkpoints_of_parts(void)
{
    static const char stored[] = "vranks = 1\nseed = 42\npart = 0 to 0.5\nbatch = 32\n",
                      zero[] = "vranks = 1\nseed = 42\npart = 0 to 0.5\nsplit_seed = 0\n"
                               "batch = 32\n",
                      same[] = "vranks = 1\nseed = 42\npart = 0 to 0.5\nsplit_seed = 42\n"
                               "batch = 32\n",
                      part[] = "vranks = 1\nseed = 42\npart = 0 to 0.6\nsplit_seed = 42\n"
                               "batch = 32\n";
    bool other_batch;
    CHECK_STATUS(load_fingerprint_check(stored, zero, false, &other_batch), SHS_ERROR_MISMATCH);
    CHECK_HAS(shs_message(), "pass subset.split_seed = 42 to keep its parts");
    if (CHECK_STATUS(load_fingerprint_check(stored, same, false, &other_batch), SHS_OK))
        CHECK(!other_batch);
    CHECK_STATUS(load_fingerprint_check(stored, part, false, &other_batch), SHS_ERROR_MISMATCH);
    CHECK_HAS(shs_message(), "part = 0 to 0.5");
    CHECK_STATUS(load_fingerprint_check(same, zero, true, &other_batch), SHS_ERROR_MISMATCH);
    CHECK_HAS(shs_message(), "pass subset.split_seed 42");
}

/* A run without augmentation makes the same batches with any version of it. */
static void versions_of_augmentation(void)
{
#define NOTHING "seed = 42\naugmentation = \n"
#define FLIPS   "seed = 42\naugmentation = x: random_flip(axis=w, p=0.5)\n"
    static const char earlier[] = NOTHING "order version = 1\naugmentation version = 1\n",
                      later[] = NOTHING "order version = 1\naugmentation version = 2\n",
                      other_order[] = NOTHING "order version = 2\naugmentation version = 2\n",
                      flips[] = FLIPS "order version = 1\naugmentation version = 1\n",
                      later_flips[] = FLIPS "order version = 1\naugmentation version = 2\n";
    static const char advice[] = "end the run with the version that began it";
    bool other_batch;
    if (CHECK_STATUS(load_fingerprint_check(earlier, later, false, &other_batch), SHS_OK))
        CHECK(!other_batch);
    CHECK_STATUS(load_fingerprint_check(later, other_order, false, &other_batch),
                 SHS_ERROR_MISMATCH);
    CHECK_HAS(shs_message(), advice);
    CHECK_STATUS(load_fingerprint_check(flips, later_flips, false, &other_batch),
                 SHS_ERROR_MISMATCH);
    CHECK_HAS(shs_message(),
              "it has «augmentation version = 1», this run has «augmentation version = 2»");
    CHECK_HAS(shs_message(), advice);
}

/* Windows that share rows cannot be in parts without blocks. Samples i and i + k share some if the
 * rows of one lie within what the other spans. */
static void parts_of_overlapping_windows_in_folder(void)
{
    static const struct {
        const char *fields;
        uint64_t span; /* 0: apart */
        const char *advice;
    } cases[] = {
        {"s(window=4, stride=4)", 0, ""},
        {"s(window=4, stride=3)", 4, "give stride=4 or more"},
        {"x=s(window=4, stride=4), y=s(window=1, stride=4, lead=6)", 7, "give stride=7 or more"},
        {"x=s(window=4, stride=7), y=s(window=1, stride=7, lead=6)", 0, ""},
        {"s(window=4, stride=4, lead=50)", 0, ""},
        {"s(window=9, stride=4)", 9, "subset.block 30 (--part-block 30), between which 2 samples"},
        {"s", 0, ""},
    };
    const shs_loader_options part = {.batch = 1, .subset = {.to = 0.5}};
    char file[PATH_BYTES];
    write_long();
    folder_path(folder, "long.h5", file);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading reading;
        if (!NEED_STATUS(open_data(&reading, file, cases[i].fields, NULL), SHS_OK)) return;
        shs_status status = shs_loader_open(reading.data, &part, &reading.loader);
        CHECK_STATUS(status, cases[i].span ? SHS_ERROR_ARGUMENT : SHS_OK);
        if (cases[i].span) CHECK_HAS(shs_message(), cases[i].advice);
        close_data(&reading);
    }
}
IN_FOLDER(parts_of_overlapping_windows)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(older_checkpoints_of_parts), TEST(parts_of_overlapping_windows),
        TEST(loaders_count_apart),        TEST(only_the_bytes_of_samples_are_read),
        TEST(aliases_are_augmented),      TEST(what_a_checkpoint_is_of),
        TEST(versions_of_augmentation),
    };
    return harness_main("sample_names", tests, COUNT(tests), argc, argv);
}
