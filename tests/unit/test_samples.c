/* Samples of several files: rows, windows and ragged rows, against other arithmetic. */
#include <stdlib.h>
#include <string.h>

#include "data_sample.h"
#include "h5_write.h"
#include "judge.h"
#include "message.h"
#include "sample_scene.h"
#include "shardstep/context.h"
#include "shardstep/loader.h"
#include "temporary_folder.h"
#include "unit.h"

/* ---- rows and windows of several files */

/* Which file has sample i, if file f has count(f) of them, and which one it is there. */
static size_t file_of(const struct expectation *this, uint64_t *i)
{
    for (size_t f = 0;; f++) {
        uint64_t rows = this->files->whole[f][0].rows, count = UINT64_MAX;
        for (int w = 0; w < 2; w++) {
            uint64_t now = count_windows(this->window[w], this->stride, this->lead[w], rows);
            if (now < count) count = now;
        }
        if (*i < count) return f;
        *i -= count;
    }
}

static void find_window(const struct expectation *this, size_t field, uint64_t i,
                        unsigned char *bytes)
{
    size_t file = file_of(this, &i);
    const struct whole *whole = &this->files->whole[file][field];
    memcpy(bytes, whole->bytes + (i * this->stride + this->lead[field]) * whole->row_bytes,
           this->window[field] * whole->row_bytes);
}

static uint64_t all_windows(const struct expectation *this)
{
    uint64_t all = 0;
    for (size_t f = 0; f < this->files->count; f++) {
        uint64_t rows = this->files->whole[f][0].rows;
        uint64_t a = count_windows(this->window[0], this->stride, this->lead[0], rows);
        uint64_t b = count_windows(this->window[1], this->stride, this->lead[1], rows);
        all += a < b ? a : b;
    }
    return all;
}

static void rows_of_several_files_in_folder(void)
{
    static const uint64_t rows[] = {13, 1, 7, 0, 29, 2, 11};
    static const struct h5_storage storages[] = {{.chunk_rows = 0},
                                                 {.chunk_rows = 4, .deflate = 6}};
    for (size_t s = 0; s < COUNT(storages); s++)
        for (size_t count = 1; count <= COUNT(rows); count += 3) {
            struct files *files = write_series(rows, count, storages[s]);
            struct expectation expected = {.files = files,
                                           .find = find_window,
                                           .window = {1, 1},
                                           .stride = 1,
                                           .fields = 2,
                                           .bytes = {12, 4}};
            expected.samples = all_windows(&expected);
            char one[PATH_BYTES];
            check_reading(count == 1 ? folder_path(folder, "0.h5", one) : folder, "w, label=t",
                          NULL, &expected);
            free_files(files);
        }
}
IN_FOLDER(rows_of_several_files)

static void windows_of_several_files_in_folder(void)
{
    static const uint64_t rows[] = {13, 1, 7, 0, 29, 2, 11};
    static const struct h5_storage storages[] = {{.chunk_rows = 0},
                                                 {.chunk_rows = 4, .deflate = 6}};
    for (size_t s = 0; s < COUNT(storages); s++) {
        struct files *files = write_series(rows, COUNT(rows), storages[s]);
        for (uint64_t window = 1; window <= 13; window += 4)
            for (uint64_t stride = 1; stride <= 7; stride += 3)
                for (uint64_t lead = 0; lead <= 16; lead += 8) {
                    char fields[128];
                    struct expectation expected = {.files = files,
                                                   .find = find_window,
                                                   .window = {window, 2},
                                                   .stride = stride,
                                                   .lead = {0, lead},
                                                   .fields = 2,
                                                   .bytes = {12 * window, 8}};
                    expected.samples = all_windows(&expected);
                    snprintf(fields, sizeof fields,
                             "w(window=%d, stride=%d), y=t(window=2, stride=%d, lead=%d)",
                             (int)window, (int)stride, (int)stride, (int)lead);
                    check_reading(folder, fields, NULL, &expected);
                }
        free_files(files);
    }
}
IN_FOLDER(windows_of_several_files)

static void shapes_of_windows_in_folder(void)
{
    static const uint64_t rows[] = {13};
    struct reading reading;
    struct files *files = write_series(rows, 1, (struct h5_storage){0});
    if (NEED_STATUS(
            open_data(&reading, folder, "x=w(window=5), y=t(window=3, lead=2), t(window=1)", NULL),
            SHS_OK)) {
        const shs_tensor *x = shs_dataset_field(reading.data, 0);
        const shs_tensor *y = shs_dataset_field(reading.data, 1);
        CHECK_EQ(x->axes, 3);
        CHECK_EQ(x->shape[0], 5);
        CHECK_EQ(x->shape[1], 2);
        CHECK_EQ(x->shape[2], 3);
        CHECK_EQ(x->type, SHS_I16);
        CHECK_TEXT(x->name, "x");
        CHECK(!x->data);
        CHECK_EQ(y->axes, 1);
        CHECK_EQ(y->shape[0], 3);
        CHECK_EQ(y->type, SHS_U32);
        CHECK_EQ(shs_dataset_fields(reading.data), 3);
        CHECK_EQ(shs_dataset_samples(reading.data), 9);
    }
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(shapes_of_windows)

static void windows_that_no_file_has_in_folder(void)
{
    static const uint64_t rows[] = {13, 29};
    struct files *files = write_series(rows, 2, (struct h5_storage){0});
    refuse_data(folder, "w(window=30)", NULL, SHS_ERROR_ARGUMENT, "no file has the rows",
                "window 30 and lead 0");
    refuse_data(folder, "w(window=1), y=w(window=1, lead=9223372036854775808)", NULL,
                SHS_ERROR_ARGUMENT, "field y", "lead 9223372036854775808");
    refuse_data(folder, "w(window=18446744073709551615)", NULL, SHS_ERROR_ARGUMENT, "field w",
                "larger than a process can address");
    refuse_data(folder, "w(window=9), t", NULL, SHS_ERROR_FORMAT, "0.h5",
                "field w has 5 samples but field t has 13 rows");
    free_files(files);
}
IN_FOLDER(windows_that_no_file_has)

/* ---- ragged rows */

/* Offsets of samples of 0 to 9 rows; values of 2 numbers a row, and some that no sample has. */
static void add_ragged(struct files *files, size_t i, uint64_t samples, shs_type type,
                       struct h5_storage storage)
{
    uint64_t seed = 7 + i, at = 11 * (i % 3); /* rows before the first sample are none's */
    size_t size = shs_type_size(type);
    struct whole *values = &files->whole[i][0], *offsets = &files->whole[i][1];
    *offsets = (struct whole){.name = "o", .type = type, .rows = samples + 1};
    offsets->bytes = malloc((samples + 1) * size);
    for (uint64_t s = 0; s <= samples; s++) {
        memcpy(offsets->bytes + s * size, &at, size); /* little-endian here */
        at += judge_random(&seed) % 10;
    }
    *values =
        (struct whole){.name = "v", .type = SHS_U16, .axes = 1, .shape = {2}, .rows = at + i % 2};
    write_file(files, i, storage, 200 + i);
}

static struct files *write_ragged(const uint64_t *samples, size_t count, shs_type type,
                                  struct h5_storage storage)
{
    struct files *files = calloc(1, sizeof *files);
    char name[24];
    files->count = count;
    files->names = 2;
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%d.h5", (int)i);
        folder_path(folder, name, files->path[i]);
        add_ragged(files, i, samples[i], type, storage);
    }
    return files;
}

static uint64_t offset_at(const struct whole *offsets, uint64_t i)
{
    uint64_t offset = 0;
    memcpy(&offset, offsets->bytes + i * offsets->row_bytes, offsets->row_bytes);
    return offset;
}

static void find_ragged(const struct expectation *this, size_t field, uint64_t i,
                        unsigned char *bytes)
{
    size_t f = 0;
    for (; i >= this->files->whole[f][1].rows - 1; f++)
        i -= this->files->whole[f][1].rows - 1;
    const struct whole *values = &this->files->whole[f][0], *offsets = &this->files->whole[f][1];
    uint64_t begin = offset_at(offsets, i), rows = offset_at(offsets, i + 1) - begin;
    if (rows > this->most) rows = this->most;
    memset(bytes, 0, this->bytes[field]);
    if (field == 0)
        memcpy(bytes, values->bytes + begin * values->row_bytes, rows * values->row_bytes);
    else
        memcpy(bytes, &rows, sizeof rows);
}

static uint64_t longest_of(const struct files *files)
{
    uint64_t longest = 0;
    for (size_t f = 0; f < files->count; f++)
        for (uint64_t i = 0; i + 1 < files->whole[f][1].rows; i++) {
            const struct whole *offsets = &files->whole[f][1];
            uint64_t rows = offset_at(offsets, i + 1) - offset_at(offsets, i);
            if (rows > longest) longest = rows;
        }
    return longest;
}

/* Which samples have some of the rows, found one by one. */
static void check_samples_of_rows(const shs_dataset *data, const struct files *files, size_t file,
                                  uint64_t before)
{
    const struct whole *offsets = &files->whole[file][1];
    uint64_t key = data_files_key(&data->files, file, data->what.part[0].array);
    for (uint64_t first = 0; first < files->whole[file][0].rows; first++)
        for (uint64_t count = 1; count < 30 && first + count <= files->whole[file][0].rows;
             count += 4) {
            struct data_range found = data_dataset_samples(data, 0, key, first, count);
            uint64_t low = UINT64_MAX, high = 0;
            for (uint64_t i = 0; i + 1 < offsets->rows; i++) {
                uint64_t begin = offset_at(offsets, i), end = offset_at(offsets, i + 1);
                if (begin == end || begin >= first + count || end <= first) continue;
                if (low == UINT64_MAX) low = before + i;
                high = before + i + 1;
            }
            /* empty samples at the ends may be counted in */
            CHECK(low == UINT64_MAX || (found.first <= low && found.first + found.count >= high));
            CHECK(low != UINT64_MAX || found.count <= 4);
            CHECK(low == UINT64_MAX || found.count <= high - low + 4);
        }
}

static void samples_of_rows_in_folder(void)
{
    static const uint64_t samples[] = {5, 23, 0, 1, 17};
    struct files *files = write_ragged(samples, COUNT(samples), SHS_U16, (struct h5_storage){0});
    struct reading reading;
    uint64_t before = 0;
    if (NEED_STATUS(open_data(&reading, folder, "v(offsets=o)", NULL), SHS_OK))
        for (size_t i = 0; i < COUNT(samples); before += samples[i++])
            check_samples_of_rows(reading.data, files, i, before);
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(samples_of_rows)

static void samples_of_any_length_in_folder(void)
{
    static const uint64_t samples[] = {5, 23, 0, 1, 17};
    static const shs_type types[] = {SHS_U8, SHS_I64, SHS_U64, SHS_I16};
    static const struct h5_storage storages[] = {{.chunk_rows = 0},
                                                 {.chunk_rows = 4, .deflate = 6}};
    for (size_t t = 0; t < COUNT(types); t++) {
        struct files *files = write_ragged(samples, COUNT(samples), types[t], storages[t % 2]);
        uint64_t longest = longest_of(files);
        for (uint64_t most = 0; most <= 12; most += 4) {
            char fields[64] = "v(offsets=o)";
            struct expectation expected = {.files = files,
                                           .find = find_ragged,
                                           .most = most ? most : longest,
                                           .samples = 46,
                                           .fields = 2};
            if (most) snprintf(fields, sizeof fields, "v(offsets=o, most=%d)", (int)most);
            expected.bytes[0] = expected.most * 4;
            expected.bytes[1] = 8;
            check_reading(folder, fields, NULL, &expected);
        }
        free_files(files);
    }
}
IN_FOLDER(samples_of_any_length)

/* Samples of whole rows, turned round and with 1 taken away: x and the zeros behind it. */
static bool ragged_row_is_right(const struct expectation *expected, const shs_batch *batch,
                                uint64_t slot)
{
    uint16_t stored[64];
    uint64_t rows, most = expected->most;
    const float *x = (const float *)batch->field[0].data + slot * 2 * most;
    find_ragged(expected, 0, batch->index[slot], (void *)stored);
    find_ragged(expected, 1, batch->index[slot], (void *)&rows);
    for (uint64_t row = 0; row < most; row++)
        for (uint64_t i = 0; i < 2; i++) {
            float wanted = row < rows ? (float)stored[2 * (rows - 1 - row) + i] - 1 : 0;
            if (x[2 * row + i] == wanted) continue;
            return WRONG(
                "expected element %llu of row %llu = %g; came %g; sample %llu of %llu rows", (ull)i,
                (ull)row, (double)wanted, (double)x[2 * row + i], (ull)batch->index[slot],
                (ull)rows);
        }
    return true;
}

static void padding_stays_zero_in_folder(void)
{
    static const uint64_t samples[] = {5, 23, 0, 1, 17};
    struct files *files = write_ragged(samples, COUNT(samples), SHS_U32, (struct h5_storage){0});
    struct expectation expected = {.files = files, .most = longest_of(files), .fields = 2};
    const shs_loader_options options = {
        .batch = 7,
        .epochs = 1,
        .augment = "v: random_flip(axis=h, p=1) normalize(mean=1, std=1, scale=none)"};
    struct reading reading;
    shs_batch batch;
    uint64_t seen = 0, right = 0;
    expected.bytes[0] = expected.most * 4;
    expected.bytes[1] = 8;
    if (NEED_STATUS(open_data(&reading, folder, "v(offsets=o)", NULL), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK)) {
        for (; shs_next(reading.loader, &batch) == SHS_OK; seen += batch.rows)
            for (uint64_t slot = 0; slot < batch.rows; slot++)
                right += ragged_row_is_right(&expected, &batch, slot);
        CHECK_EQ(seen, 46);
        CHECK_EQ(right, seen);
    }
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(padding_stays_zero)

/* The way that is taken where offsets are too many for memory. */
static void offsets_that_are_not_kept_in_folder(void)
{
    static const uint64_t samples[] = {5, 23, 0, 1, 17};
    struct files *files = write_ragged(samples, COUNT(samples), SHS_U32,
                                       (struct h5_storage){.chunk_rows = 4, .deflate = 6});
    struct expectation expected = {
        .files = files, .find = find_ragged, .most = longest_of(files), .samples = 46, .fields = 2};
    struct reading reading;
    expected.bytes[0] = expected.most * 4;
    expected.bytes[1] = 8;
    if (NEED_STATUS(open_data(&reading, folder, "v(offsets=o)", NULL), SHS_OK)) {
        struct data_offsets *offsets = &reading.data->offsets[reading.data->what.part[0].offsets];
        if (CHECK(offsets->all != NULL)) CHECK_EQ(offsets->count, 46 + COUNT(samples));
        data_offsets_free(offsets);
        for (unsigned threads = 0; threads < 3; threads += 2)
            CHECK(epochs_are_right(
                &reading, &expected,
                &(shs_loader_options){.batch = 6, .epochs = 2, .threads = threads}));
    }
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(offsets_that_are_not_kept)

/* A limit to what is kept, and reading in parts: 65,536 at a time. */
static void many_offsets_in_folder(void)
{
    enum {
        MANY = 150000
    };
    struct files *files = calloc(1, sizeof *files);
    struct h5_file *file;
    struct data_field field;
    struct data_offsets offsets = {0};
    uint32_t *numbers = malloc((MANY + 1) * sizeof *numbers);
    for (uint32_t i = 0; i <= MANY; i++)
        numbers[i] = i * 2 + (i > 70000);
    files->count = files->names = 1;
    folder_path(folder, "o.h5", files->path[0]);
    files->whole[0][0] = (struct whole){.name = "o", .type = SHS_U32, .rows = MANY + 1};
    files->whole[0][0].bytes = (unsigned char *)numbers;
    write_file(files, 0, (struct h5_storage){.chunk_rows = 1000, .deflate = 1}, 1);
    if (NEED_STATUS(h5_open(files->path[0], &file), SHS_OK) &&
        NEED_STATUS(data_field_open(file, files->path[0], "o", &(struct data_field_how){0}, &field),
                    SHS_OK)) {
        CHECK_STATUS(data_offsets_add(&offsets, &field, 2 * MANY + 1, 8 * (MANY + 1)), SHS_OK);
        CHECK_EQ(offsets.longest, 3);
        CHECK_EQ(offsets.count, MANY + 1);
        if (CHECK(offsets.all) && CHECK_EQ(offsets.all[MANY], 2 * MANY + 1))
            CHECK_EQ(offsets.all[70001], 140003);
        CHECK_STATUS(data_offsets_add(&offsets, &field, 2 * MANY + 1, 16 * MANY), SHS_OK);
        if (CHECK(offsets.too_many) && CHECK(!offsets.all)) CHECK_EQ(offsets.longest, 3);
        CHECK_STATUS(data_offsets_add(&offsets, &field, 2 * MANY, 0), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(),
                  "o.h5: dataset o: offset 150000 is 300001, but there are 300000 rows");
        data_offsets_free(&offsets);
        data_field_close(&field);
        h5_close(&file);
    }
    free_files(files);
}
IN_FOLDER(many_offsets)

static void write_offsets(shs_type type, const void *numbers, uint64_t count, uint32_t axes)
{
    struct files files = {.count = 1, .names = 2};
    folder_path(folder, "0.h5", files.path[0]);
    files.whole[0][0] = (struct whole){.name = "v", .type = SHS_U8, .rows = 10};
    files.whole[0][1] =
        (struct whole){.name = "o", .type = type, .rows = count, .axes = axes, .shape = {1}};
    files.whole[0][1].bytes = malloc(64);
    memcpy(files.whole[0][1].bytes, numbers, count * shs_type_size(type));
    write_file(&files, 0, (struct h5_storage){0}, 1);
    free(files.whole[0][0].bytes);
    free(files.whole[0][1].bytes);
}

static void offsets_that_cannot_be_in_folder(void)
{
    static const int32_t decreasing[] = {0, 3, 2, 10}, negative[] = {-1, 3, 4}, beyond[] = {0, 11};
    static const uint64_t huge[] = {0, UINT64_MAX, UINT64_MAX};
    static const double floats[] = {0, 1};
    static const char fields[] = "x=v(offsets=o)";
    write_offsets(SHS_I32, decreasing, 4, 0);
    refuse_data(folder, fields, NULL, SHS_ERROR_FORMAT, "0.h5: dataset o: offset 2 is 2",
                "smaller than the one before, 3");
    write_offsets(SHS_I32, negative, 3, 0);
    refuse_data(folder, fields, NULL, SHS_ERROR_FORMAT, "offset 0 is negative", "dataset o");
    write_offsets(SHS_I32, beyond, 2, 0);
    refuse_data(folder, fields, NULL, SHS_ERROR_FORMAT, "offset 1 is 11", "10 rows only");
    write_offsets(SHS_U64, huge, 3, 0);
    refuse_data(folder, fields, NULL, SHS_ERROR_FORMAT, "offset 1 is 18446744073709551615",
                "10 rows only");
    write_offsets(SHS_F64, floats, 2, 0);
    refuse_data(folder, fields, NULL, SHS_ERROR_FORMAT, "dataset o cannot be offsets", "0.h5");
    write_offsets(SHS_I32, decreasing, 2, 1);
    refuse_data(folder, fields, NULL, SHS_ERROR_FORMAT, "dataset o cannot be offsets", "0.h5");
    write_offsets(SHS_I32, decreasing, 0, 0);
    refuse_data(folder, fields, NULL, SHS_ERROR_FORMAT, "dataset o cannot be offsets", "0.h5");
    refuse_data(folder, "x=v(offsets=q)", NULL, SHS_ERROR_FILE, "holds no dataset 'q'", "0.h5");
    write_offsets(SHS_I32, decreasing, 2, 0);
    refuse_data(folder, "x=v(offsets=o, most=9223372036854775808)", NULL, SHS_ERROR_ARGUMENT,
                "x is larger than a process can address", "field x: a sample of 92233");
}
IN_FOLDER(offsets_that_cannot_be)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rows_of_several_files), TEST(windows_of_several_files),
        TEST(shapes_of_windows),     TEST(windows_that_no_file_has),
        TEST(samples_of_rows),       TEST(samples_of_any_length),
        TEST(padding_stays_zero),    TEST(offsets_that_are_not_kept),
        TEST(many_offsets),          TEST(offsets_that_cannot_be),
    };
    return harness_main("samples", tests, COUNT(tests), argc, argv);
}
