/* Of samples that are cropped only what the crop keeps is read: the same bytes, few chunks, and no
 * damage beside the crop. Random cases are compared by tests/cli/pushdown.sh. */
#include "array_scene.h"

enum {
    ROWS = 6,
    SIDE = 24, /* of a row, a cube */
    CROP = 8,
    CHUNK = 8
};

static const char crop[] = "x: random_crop(size=8, axes=zyx, layout=zyx)";

/* An epoch of batches of a field "x", as they were handed out. */
struct epoch {
    shs_status status;
    shs_loader_statistics done;
    shs_loader_memory_use memory;
    uint64_t rows;
    size_t bytes; /* of all rows */
    unsigned char *field;
};

static void free_epoch(struct epoch *epoch)
{
    free(epoch->field);
    *epoch = (struct epoch){0};
}

/* Reads an epoch. Files of more bytes than the cache has are not resident. */
static struct epoch read_crops(const char *path, const char *fields, bool unchecked,
                               shs_loader_options how)
{
    struct reading reading;
    struct epoch epoch = {0};
    shs_batch batch;
    const shs_dataset_options options = {.cache_bytes = 1, .unchecked = unchecked};
    how.epochs = 1;
    if (!how.batch) how.batch = 4;
    epoch.status = open_data(&reading, path, fields, &options);
    if (!epoch.status) epoch.status = shs_loader_open(reading.data, &how, &reading.loader);
    while (!epoch.status && (epoch.status = shs_next(reading.loader, &batch)) == SHS_OK) {
        size_t bytes = 0;
        CHECK_STATUS(shs_tensor_bytes(&batch.field[0], &bytes), SHS_OK);
        epoch.field = realloc(epoch.field, epoch.bytes + bytes + 1);
        memcpy(epoch.field + epoch.bytes, batch.field[0].data, bytes);
        epoch.bytes += bytes;
        epoch.rows += batch.rows;
        epoch.status = shs_agree(reading.run);
    }
    if (epoch.status == SHS_END) epoch.status = SHS_OK;
    if (reading.loader) epoch.done = shs_statistics(reading.loader);
    if (reading.loader) epoch.memory = shs_loader_memory(reading.loader);
    close_data(&reading);
    return epoch;
}

static struct array volume(hsize_t chunk)
{
    return (struct array){.name = "w",
                          .axes = 4,
                          .shape = {ROWS, SIDE, SIDE, SIDE},
                          .chunk = {chunk != 0, chunk, chunk, chunk}};
}

static void only_what_a_crop_keeps_is_read_in_folder(void)
{
    static const struct {
        const char *what;
        hsize_t chunk;
        bool deflate, fletcher32;
    } cases[] = {{"contiguous", 0, false, false},
                 {"chunks", CHUNK, false, false},
                 {"compressed chunks", CHUNK, true, false},
                 {"compressed chunks with checksums", CHUNK, true, true}};
    static const shs_loader_options loaders[] = {
        {.augment = crop}, {.augment = crop, .threads = 3}, {.augment = crop, .ahead = 2}};
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t l = 0; l < COUNT(loaders); l++) {
            char path[PATH_BYTES];
            struct array array = volume(cases[i].chunk);
            shs_loader_options whole = loaders[l];
            array.deflate = cases[i].deflate;
            array.fletcher32 = cases[i].fletcher32;
            whole.pushdown = SHS_PUSHDOWN_OFF;
            make_file(path, "w.h5", &array);
            harness_where("%s, loader %zu", cases[i].what, l);
            struct epoch due = read_crops(path, "x=w", false, whole);
            struct epoch came = read_crops(path, "x=w", false, loaders[l]);
            CHECK_STATUS(due.status, SHS_OK);
            CHECK_STATUS(came.status, SHS_OK);
            CHECK_EQ(came.rows, ROWS);
            if (CHECK_EQ(came.bytes, due.bytes)) CHECK_BYTES(came.field, due.field, came.bytes);
            CHECK_IS(came.done.bytes * 2, <, due.done.bytes);
            CHECK_IS(came.memory.staging * 20, <, due.memory.staging);
            if (array.deflate || array.fletcher32) {
                CHECK_IS(came.done.chunks_decoded, <=, 8 * ROWS);
                CHECK_EQ(due.done.chunks_decoded, 27 * ROWS);
            }
            free_epoch(&due);
            free_epoch(&came);
            harness_where(NULL);
        }
}
IN_FOLDER(only_what_a_crop_keeps_is_read)

/* Reads row 4 alone. */
static struct epoch read_row(const char *path, shs_pushdown pushdown)
{
    static const uint64_t row = 4;
    return read_crops(path, "x=w", false,
                      (shs_loader_options){.augment = crop,
                                           .pushdown = pushdown,
                                           .subset = {.rows = &row, .n_rows = 1}});
}

/* A damaged chunk is an error if the crop has some of it, and changes nothing if not. */
static void check_chunks(struct array array)
{
    char path[PATH_BYTES];
    uint64_t told = 0;
    make_file(path, "w.h5", &array);
    struct epoch due = read_row(path, SHS_PUSHDOWN_AUTO);
    CHECK_STATUS(due.status, SHS_OK);
    for (hsize_t chunk = 0; chunk < 27; chunk++) {
        make_file(path, "w.h5", &array);
        damage(path, &array,
               (hsize_t[]){4, chunk / 9 * CHUNK, chunk / 3 % 3 * CHUNK, chunk % 3 * CHUNK});
        harness_where("chunk %d", (int)chunk);
        struct epoch came = read_row(path, SHS_PUSHDOWN_AUTO);
        if (came.status) {
            CHECK_STATUS(came.status, SHS_ERROR_FORMAT);
            CHECK_HAS(shs_message(), "the file is damaged");
            CHECK_HAS(shs_message(), "sample 4");
            told++;
        } else if (CHECK_EQ(came.bytes, due.bytes)) {
            CHECK_BYTES(came.field, due.field, due.bytes);
        }
        free_epoch(&came);
        struct epoch whole = read_row(path, SHS_PUSHDOWN_OFF);
        CHECK_STATUS(whole.status, SHS_ERROR_FORMAT);
        free_epoch(&whole);
        harness_where(NULL);
    }
    CHECK_IS(told, >, 0);
    CHECK_IS(told, <=, 8);
    if (array.deflate) CHECK_EQ(told, due.done.chunks_decoded);
    free_epoch(&due);
}

static void damage_beside_a_crop_changes_nothing_in_folder(void)
{
    struct array array = volume(CHUNK);
    array.deflate = array.fletcher32 = true;
    check_chunks(array);
    array.fletcher32 = false;
    array.sums = true;
    array.chunk_sums = "1";
    check_chunks(array);
    array.deflate = false; /* then a chunk is read whole to be compared */
    check_chunks(array);
}
IN_FOLDER(damage_beside_a_crop_changes_nothing)

/* Checksums that do not belong to the chunks are refused. */
static void foreign_checksums_of_chunks_are_refused_in_folder(void)
{
    char path[PATH_BYTES];
    struct array array = volume(CHUNK);
    array.chunk_sums = "2";
    make_file(path, "w.h5", &array);
    refuse_data(path, "x=w", NULL, SHS_ERROR_UNSUPPORTED, "has the version '2'",
                "this program knows 1");
    array.chunk_sums = "1";
    make_file(path, "w.h5", &array);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "w.chunk_crc32c", H5P_DEFAULT);
    H5Lmove(file, "w", file, "v", H5P_DEFAULT, H5P_DEFAULT);
    hsize_t few = 3;
    hid_t space = H5Screate_simple(1, &few, NULL);
    hid_t data = H5Dcreate2(file, "v.chunk_crc32c", H5T_STD_U32LE, space, H5P_DEFAULT, H5P_DEFAULT,
                            H5P_DEFAULT);
    H5Dclose(data);
    H5Sclose(space);
    H5Fclose(file);
    refuse_data(path, "x=v", NULL, SHS_ERROR_FORMAT,
                "dataset v.chunk_crc32c must hold the checksums of the chunks of v",
                "two u32 for each");
}
IN_FOLDER(foreign_checksums_of_chunks_are_refused)

/* Rows with checksums whose chunks have none are read whole, and compared. */
static void rows_with_checksums_are_compared_whole_in_folder(void)
{
    char path[PATH_BYTES];
    struct array array = volume(CHUNK);
    const shs_loader_options how = {.augment = crop},
                             always = {.augment = crop, .pushdown = SHS_PUSHDOWN_ALWAYS};
    array.deflate = array.sums = true;
    make_file(path, "w.h5", &array);
    struct epoch whole = read_crops(path, "x=w", false, how);
    struct epoch still = read_crops(path, "x=w", false, always);
    struct epoch part = read_crops(path, "x=w", true, how);
    CHECK_EQ(whole.done.chunks_decoded, 27 * ROWS);
    CHECK_EQ(still.done.chunks_decoded, 27 * ROWS);
    CHECK_IS(part.done.chunks_decoded, <=, 8 * ROWS);
    if (CHECK_EQ(whole.bytes, part.bytes)) CHECK_BYTES(part.field, whole.field, whole.bytes);
    free_epoch(&whole);
    free_epoch(&still);
    free_epoch(&part);
}
IN_FOLDER(rows_with_checksums_are_compared_whole)

/* Windows whose rows are cut are read shorter, and compared row by row. */
static void rows_of_windows_are_cut_in_folder(void)
{
    static const char window[] = "x: window_crop(size=2, layout=tw)";
    char path[PATH_BYTES];
    const struct array array = {.name = "w", .axes = 2, .shape = {60, 3000}, .sums = true};
    const shs_loader_options how = {.augment = window},
                             off = {.augment = window, .pushdown = SHS_PUSHDOWN_OFF};
    make_file(path, "w.h5", &array);
    struct epoch due = read_crops(path, "x=w(window=10, stride=10)", false, off);
    struct epoch came = read_crops(path, "x=w(window=10, stride=10)", false, how);
    CHECK_EQ(due.done.bytes, 60 * 3000 * sizeof(float));
    CHECK_EQ(came.done.bytes, 6 * 2 * 3000 * sizeof(float));
    if (CHECK_EQ(due.bytes, came.bytes)) CHECK_BYTES(came.field, due.field, due.bytes);
    free_epoch(&due);
    free_epoch(&came);
    damage(path, &array, (hsize_t[]){34, 7});
    due = read_crops(path, "x=w(window=10, stride=10)", false, off);
    CHECK_STATUS(due.status, SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "row 34 is not what was written");
    free_epoch(&due);
}
IN_FOLDER(rows_of_windows_are_cut)

/* A damaged row is replaced by the crop of another row, at the same place. */
static void damaged_crops_are_replaced_in_folder(void)
{
    char path[PATH_BYTES];
    struct array array = volume(CHUNK);
    shs_loader_options how = {.augment = crop, .failures = {.damage = SHS_DAMAGE_REPLACE}};
    array.deflate = array.fletcher32 = true;
    make_file(path, "w.h5", &array);
    for (hsize_t chunk = 0; chunk < 27; chunk++)
        damage(path, &array,
               (hsize_t[]){4, chunk / 9 * CHUNK, chunk / 3 % 3 * CHUNK, chunk % 3 * CHUNK});
    struct epoch came = read_crops(path, "x=w", false, how);
    how.pushdown = SHS_PUSHDOWN_OFF;
    struct epoch due = read_crops(path, "x=w", false, how);
    CHECK_STATUS(came.status, SHS_OK);
    CHECK_EQ(came.done.rows_replaced, 1);
    CHECK_EQ(due.done.rows_replaced, 1);
    if (CHECK_EQ(due.bytes, came.bytes)) CHECK_BYTES(came.field, due.field, due.bytes);
    free_epoch(&came);
    free_epoch(&due);
}
IN_FOLDER(damaged_crops_are_replaced)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(only_what_a_crop_keeps_is_read),
        TEST(damage_beside_a_crop_changes_nothing),
        TEST(foreign_checksums_of_chunks_are_refused),
        TEST(rows_with_checksums_are_compared_whole),
        TEST(rows_of_windows_are_cut),
        TEST(damaged_crops_are_replaced),
    };
    return harness_main("pushdown", tests, COUNT(tests), argc, argv);
}
