/* shs_locate() and shs_locate_rows(): the rows that they name are those that the loader reads. */
#include "sample_scene.h"

/* The file that a path names, which is not the path's own pointer. */
static size_t file_of_path(const struct files *files, const char *path)
{
    size_t f = 0;
    while (f < files->count && strcmp(files->path[f], path))
        f++;
    return f;
}

static const struct whole *whole_of(const struct files *files, size_t file, const char *name)
{
    for (size_t n = 0; n < files->names; n++)
        if (!strcmp(files->whole[file][n].name, name)) return &files->whole[file][n];
    return NULL;
}

/* Compares the rows of a file that are named with those that were delivered. A delivered sample may
 * be cut or filled up. */
static bool rows_are(const struct files *files, size_t file, const shs_rows *rows,
                     const shs_tensor *delivered)
{
    const struct whole *whole = whole_of(files, file, rows->dataset);
    size_t bytes;
    if (!CHECK(whole != NULL)) return false;
    bool inside = CHECK_IS(rows->first, <=, whole->rows) &&
                  CHECK_IS(rows->count, <=, whole->rows - rows->first);
    if (!inside || !CHECK_STATUS(shs_tensor_bytes(delivered, &bytes), SHS_OK)) return false;
    size_t own = rows->count * whole->row_bytes;
    return CHECK_BYTES(delivered->data, whole->bytes + rows->first * whole->row_bytes,
                       own < bytes ? own : bytes);
}

/* One sample: `due` is where counting the files says that it lies. */
static bool sample_is_right(struct reading *reading, const struct files *files,
                            const shs_batch *batch, const shs_location *due)
{
    shs_location at;
    shs_rows rows;
    bool right = CHECK_STATUS(shs_locate(reading->data, batch->index[0], &at), SHS_OK) &&
                 CHECK_TEXT(at.path, due->path) && CHECK_EQ(at.row, due->row) &&
                 CHECK_EQ(at.file, due->file) && CHECK_EQ(at.source, due->source);
    size_t file = file_of_path(files, due->path);
    for (size_t f = 0; f < batch->fields && right; f++) {
        const bool is_length = strstr(batch->field[f].name, ".length") != NULL;
        harness_where("sample %llu, field %zu", (ull)batch->index[0], f);
        right = CHECK_STATUS(shs_locate_rows(reading->data, batch->index[0], f, &rows), SHS_OK);
        if (right && is_length)
            right = CHECK_EQ(rows.count, *(const uint64_t *)batch->field[f].data);
        else if (right)
            right = rows_are(files, file, &rows, &batch->field[f]);
    }
    harness_where(NULL);
    return right;
}

/* All samples, one after the other. File f of the dataset is files->path[order[f]], has samples[f]
 * samples and is in source source[f]. */
struct due {
    size_t count;
    size_t order[MOST_FILES];
    uint64_t samples[MOST_FILES];
    uint64_t source[MOST_FILES];
};

static void check_all(struct reading *reading, const struct files *files, const struct due *due)
{
    const shs_loader_options one_by_one = {.batch = 1, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE};
    shs_batch batch;
    bool right = NEED_STATUS(shs_loader_open(reading->data, &one_by_one, &reading->loader), SHS_OK);
    for (size_t f = 0; f < due->count && right; f++)
        for (uint64_t row = 0; row < due->samples[f] && right; row++) {
            const shs_location at = {files->path[due->order[f]], row, f, due->source[f]};
            right = CHECK_STATUS(shs_next(reading->loader, &batch), SHS_OK) &&
                    sample_is_right(reading, files, &batch, &at);
        }
    if (right) CHECK_STATUS(shs_next(reading->loader, &batch), SHS_END);
}

static void rows_of_sources_in_folder(void)
{
    static const uint64_t rows[] = {3, 5, 2, 4};
    const struct due due = {4, {2, 0, 1, 3}, {2, 3, 5, 4}, {0, 1, 1, 2}};
    struct files *files = write_series(rows, COUNT(rows), (struct h5_storage){.chunk_rows = 2});
    char paths[5 * PATH_BYTES];
    struct reading reading;
    snprintf(paths, sizeof paths, "%s,%s/[01].h5,%s", files->path[2], folder, files->path[3]);
    if (NEED_STATUS(open_data(&reading, paths, "w, label=t", NULL), SHS_OK))
        check_all(&reading, files, &due);
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(rows_of_sources)

static void windows_in_folder(void)
{
    static const uint64_t rows[] = {13, 1, 7, 29};
    struct due due = {.count = COUNT(rows), .order = {0, 1, 2, 3}};
    struct files *files = write_series(rows, COUNT(rows), (struct h5_storage){0});
    struct reading reading;
    for (size_t f = 0; f < COUNT(rows); f++)
        due.samples[f] = count_windows(1, 3, 4, rows[f]);
    if (NEED_STATUS(open_data(&reading, folder,
                              "x=w(window=2, stride=3), y=t(window=1, stride=3, lead=4)", NULL),
                    SHS_OK))
        check_all(&reading, files, &due);
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(windows)

/* Two files of runs of "v": the offsets "o" name samples of 0 to 5 rows. */
static struct files *write_runs(void)
{
    static uint16_t offsets[2][5] = {{0, 2, 2, 7, 8}, {0, 0, 3, 4, 4}};
    struct files *files = calloc(1, sizeof *files);
    char name[24];
    files->count = files->names = 2;
    for (size_t i = 0; i < files->count; i++) {
        snprintf(name, sizeof name, "%zu.h5", i);
        folder_path(folder, name, files->path[i]);
        files->whole[i][0] = (struct whole){.name = "v", .type = SHS_U32, .rows = offsets[i][4]};
        files->whole[i][1] = (struct whole){.name = "o", .type = SHS_U16, .rows = 5};
        files->whole[i][1].bytes = malloc(sizeof offsets[i]);
        memcpy(files->whole[i][1].bytes, offsets[i], sizeof offsets[i]);
        write_file(files, i, (struct h5_storage){0}, i);
    }
    return files;
}

static void runs_in_folder(void)
{
    const struct due due = {2, {0, 1}, {4, 4}, {0, 0}};
    struct files *files = write_runs();
    for (int kept = 0; kept < 2; kept++) {
        struct reading reading;
        if (NEED_STATUS(open_data(&reading, folder, "x=v(offsets=o)", NULL), SHS_OK)) {
            if (!kept)
                data_offsets_free(&reading.data->offsets[reading.data->what.part[0].offsets]);
            check_all(&reading, files, &due);
        }
        close_data(&reading);
    }
    free_files(files);
}
IN_FOLDER(runs)

/* `most` cuts the sample, not what is said of it. */
static void a_run_that_is_cut_in_folder(void)
{
    struct files *files = write_runs();
    struct reading reading;
    shs_rows rows;
    if (NEED_STATUS(open_data(&reading, folder, "x=v(offsets=o, most=2)", NULL), SHS_OK)) {
        CHECK_STATUS(shs_locate_rows(reading.data, 2, 0, &rows), SHS_OK);
        CHECK_TEXT(rows.dataset, "v");
        CHECK_EQ(rows.first, 2);
        CHECK_EQ(rows.count, 5);
    }
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(a_run_that_is_cut)

static void one_sample_a_file_in_folder(void)
{
    static const uint64_t rows[] = {5, 5, 5};
    const struct due due = {3, {0, 1, 2}, {1, 1, 1}, {0, 0, 0}};
    struct files *files = write_series(rows, COUNT(rows), (struct h5_storage){0});
    struct reading reading;
    if (NEED_STATUS(open_data(&reading, folder, "w, t", &one_a_file), SHS_OK))
        check_all(&reading, files, &due);
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(one_sample_a_file)

static void what_is_not_there_in_folder(void)
{
    static const uint64_t rows[] = {3, 5};
    struct files *files = write_series(rows, COUNT(rows), (struct h5_storage){0});
    struct reading reading;
    shs_location at = {.row = 7};
    shs_rows some = {.count = 7};
    if (NEED_STATUS(open_data(&reading, folder, "w, t", NULL), SHS_OK)) {
        CHECK_STATUS(shs_locate(reading.data, 7, &at), SHS_OK);
        CHECK_STATUS(shs_locate(reading.data, 8, &at), SHS_ERROR_ARGUMENT);
        CHECK_HAS(shs_message(),
                  "shs_locate: sample 8 of a dataset of 8; samples are counted from 0");
        CHECK(!at.path && !at.row && !at.file && !at.source);
        CHECK_STATUS(shs_locate_rows(reading.data, 8, 0, &some), SHS_ERROR_ARGUMENT);
        CHECK_HAS(shs_message(), "shs_locate_rows: sample 8 of a dataset of 8");
        CHECK_STATUS(shs_locate_rows(reading.data, 0, 2, &some), SHS_ERROR_ARGUMENT);
        CHECK_HAS(shs_message(), "shs_locate_rows: field 2 of a dataset of 2");
        CHECK(!some.dataset && !some.first && !some.count);
    }
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(what_is_not_there)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rows_of_sources),   TEST(windows),           TEST(runs),
        TEST(a_run_that_is_cut), TEST(one_sample_a_file), TEST(what_is_not_there),
    };
    return harness_main("locate", tests, COUNT(tests), argc, argv);
}
