/* What a sample is: the text of fields, windows and ragged rows by arithmetic against counting, and
 * samples of many files against all that H5Dread gives of them. */
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utime.h>

#include "core_memory.h"
#include "data_sample.h"
#include "h5_write.h"
#include "judge.h"
#include "load.h"
#include "message.h"
#include "shardstep/checkpoint.h"
#include "shardstep/context.h"
#include "shardstep/loader.h"
#include "temporary_folder.h"
#include "unit.h"

static char folder[PATH_BYTES];

/* Runs a test in a folder of its own. */
#define IN_FOLDER(test)                                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        if (!NEED(folder_make(folder))) return;                                                    \
        test##_in_folder();                                                                        \
        CHECK_EQ(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);                            \
        folder_remove(folder);                                                                     \
    }

/* ---- the text */

static void describe(const struct data_sample *sample, char *text, size_t bytes)
{
    struct core_text all = {0};
    for (size_t p = 0; p < sample->n_parts; p++) {
        core_text_add(&all, "%s", p ? "; " : "");
        if (data_part_is_own_row(sample, &sample->part[p]))
            core_text_add(&all, "%s", sample->part[p].name);
        else
            data_part_describe(sample, &sample->part[p], &all);
    }
    snprintf(text, bytes, "%s", all.bytes ? all.bytes : "");
    core_text_free(&all);
}

static void texts_say_what_fields_are(void)
{
    static const struct {
        const char *text, *meaning;
        size_t sources;
    } cases[] = {
        {"images", "images", 1},
        {" train/images ,labels\t", "train/images; labels", 2},
        {"x=a=b", "x = a=b", 1},
        {"two words, x = two words", "two words; x = two words", 1},
        {"x=images", "x = images", 1},
        {"images=images", "images", 1},
        {"a=x,b=x,x", "a = x; b = x; x", 1},
        {"x(window=3)", "x = x(window=3, stride=1, lead=0)", 1},
        {" x ( lead = 18446744073709551615 , window=1 ) ",
         "x = x(window=1, stride=1, lead=18446744073709551615)", 1},
        {"x=w(window=24, stride=6), y=w(window=1, stride=6, lead=29), z",
         "x = w(window=24, stride=6, lead=0); y = w(window=1, stride=6, lead=29); z", 2},
        {"t(offsets=o)", "t = t(offsets=o, most=0); t.length", 2},
        {"x=t(most=5, offsets=a/b), o", "x = t(offsets=a/b, most=5); x.length; o", 3},
        {"x=t(offsets=o), y=u(offsets=o)",
         "x = t(offsets=o, most=0); x.length; y = u(offsets=o, most=0); y.length", 3},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct data_sample sample;
        char text[512];
        if (!NEED_STATUS(data_sample_parse(cases[i].text, false, &sample), SHS_OK)) {
            printf("  %s: %s\n", cases[i].text, shs_message());
            continue;
        }
        describe(&sample, text, sizeof text);
        CHECK_TEXT(text, cases[i].meaning);
        CHECK_EQ(sample.n_arrays, cases[i].sources);
        if (strcmp(text, cases[i].meaning) != 0) printf("  %s is %s\n", cases[i].text, text);
        data_sample_free(&sample);
    }
}

static void refuse_text(const char *text, bool one_a_file, const char *words)
{
    struct data_sample sample;
    CHECK_STATUS(data_sample_parse(text, one_a_file, &sample), SHS_ERROR_ARGUMENT);
    CHECK_EQ(sample.n_parts, 0);
    CHECK_EQ(sample.n_arrays, 0);
    if (!message_has(words)) CHECK(!text);
}

static void texts_that_say_nothing_are_refused(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "a field's name is empty"},
        {"a,,b", "a field's name is empty"},
        {"a, ", "a field's name is empty"},
        {"=a", "no name before the '='"},
        {"x=", "no name of a dataset"},
        {"x=(window=2)", "no name of a dataset"},
        {"x y=a", "has no spaces"},
        {"x:y=a", "has no spaces and none of"},
        {"a(window=2", "must end with the ')'"},
        {"a(window=2)b", "must end with the ')'"},
        {"a(window=2)(lead=1)", "must end with the ')'"},
        {"a((window=2))", "must end with the ')'"},
        {"a)", "no '(' before the ')'"},
        {"a()", "key=value"},
        {"a(window=2,)", "key=value"},
        {"a(window)", "key=value"},
        {"a(windw=2)", "there is no 'windw'; there are window, stride and lead"},
        {"a(window=)", "window is ''"},
        {"a(window=-1)", "window is '-1'"},
        {"a(window=2.5)", "window is '2.5'"},
        {"a(window=18446744073709551616)", "below 2^64"},
        {"a(window=0)", "window is 0"},
        {"a(window=2, stride=0)", "stride is 0"},
        {"a(window=2, window=2)", "window is given twice"},
        {"a(stride=2)", "give window=ROWS"},
        {"a(lead=2)", "give window=ROWS"},
        {"a(most=2)", "give offsets=NAME"},
        {"a(offsets=)", "offsets is empty"},
        {"a(offsets=o, most=0)", "most is 0"},
        {"a(offsets=o, window=3)", "either a window or offsets"},
        {"a(offsets=o, lead=3)", "give window=ROWS"},
        {"a,a", "field a is given twice; give one of them another name: NAME=a"},
        {"b=a,b", "field b is given twice"},
        {"a(offsets=o), a.length", "field a.length is given twice"},
        {"a(window=2), b(window=2, stride=3)", "field a has stride 1 but field b has 3"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse_text(cases[i].text, false, cases[i].words);
    refuse_text("a(window=2)", true, "with one sample a file");
    refuse_text("a,b(offsets=o)", true, "field 'b(offsets=o)'");
}

static void as_many_fields_as_allowed(void)
{
    struct data_sample sample;
    char text[2048] = "r(offsets=o)";
    for (int i = 2; i < SHS_MAX_FIELDS; i++)
        sprintf(text + strlen(text), ",f%d", i);
    CHECK_STATUS(data_sample_parse(text, false, &sample), SHS_OK);
    CHECK_EQ(sample.n_parts, SHS_MAX_FIELDS);
    data_sample_free(&sample);
    strcat(text, ",s(offsets=p)");
    refuse_text(text, false, "more than 64 fields");
}

/* ---- windows by counting */

enum {
    MOST_ROWS = 40
};

/* Windows are found by trying, not by a formula. */
static uint64_t count_windows(uint64_t window, uint64_t stride, uint64_t lead, uint64_t rows)
{
    uint64_t count = 0;
    while (count * stride + lead + window <= rows)
        count++;
    return count;
}

static void check_windows(const struct data_part *part, uint64_t rows)
{
    uint64_t samples = count_windows(part->window, part->stride, part->lead, rows);
    for (uint64_t first = 0; first < rows; first++)
        for (uint64_t count = 1; count <= rows - first; count += 3) {
            uint64_t low = samples, high = 0;
            for (uint64_t i = 0; i < samples; i++) {
                uint64_t begin = i * part->stride + part->lead;
                if (begin >= first + count || begin + part->window <= first) continue;
                if (low == samples) low = i;
                high = i + 1;
            }
            struct data_range found = data_part_samples(part, first, count, samples);
            CHECK(low == samples ? found.count == 0
                                 : found.first == low && found.count == high - low);
        }
    for (uint64_t i = 0; i < samples; i++)
        CHECK_EQ(data_part_first(part, i), i * part->stride + part->lead);
}

static void windows_are_those_that_fit(void)
{
    struct data_sample sample;
    if (!NEED_STATUS(data_sample_parse("x(window=2), y=x(window=1)", false, &sample), SHS_OK))
        return;
    struct data_part *x = &sample.part[0], *y = &sample.part[1];
    for (uint64_t rows = 0; rows < MOST_ROWS; rows += 1 + rows / 6)
        for (x->window = 1; x->window < 9; x->window += 2)
            for (x->stride = 1; x->stride < 6; x->stride++)
                for (x->lead = 0; x->lead < 12; x->lead += 3) {
                    uint64_t samples, least, other;
                    y->stride = x->stride;
                    y->lead = 20 - x->lead;
                    least = count_windows(x->window, x->stride, x->lead, rows);
                    other = count_windows(1, y->stride, y->lead, rows);
                    CHECK_STATUS(data_sample_count(&sample, &rows, &samples), SHS_OK);
                    CHECK_EQ(samples, least < other ? least : other);
                    check_windows(x, rows);
                }
    data_sample_free(&sample);
}

static void numbers_beyond_64_bits_are_no_window(void)
{
    static const char *const texts[] = {
        "x(window=18446744073709551615)", "x(window=9223372036854775808, lead=9223372036854775808)",
        "x(window=1, lead=18446744073709551615)",
        "x(window=18446744073709551615, lead=18446744073709551615, stride=18446744073709551615)"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct data_sample sample;
        const uint64_t rows[] = {UINT64_MAX - 1};
        uint64_t samples = 1;
        if (!NEED_STATUS(data_sample_parse(texts[i], false, &sample), SHS_OK)) continue;
        if (CHECK_STATUS(data_sample_count(&sample, rows, &samples), SHS_OK)) CHECK_EQ(samples, 0);
        data_sample_free(&sample);
    }
    struct data_sample sample;
    const uint64_t rows[] = {UINT64_MAX};
    uint64_t samples;
    if (!NEED_STATUS(
            data_sample_parse("x(window=1, stride=9223372036854775808, lead=1)", false, &sample),
            SHS_OK))
        return;
    if (CHECK_STATUS(data_sample_count(&sample, rows, &samples), SHS_OK)) CHECK_EQ(samples, 2);
    CHECK_EQ(data_part_first(&sample.part[0], 1), (UINT64_C(1) << 63) + 1);
    struct data_range found = data_part_samples(&sample.part[0], UINT64_MAX - 5, 3, samples);
    CHECK_EQ(found.count, 0);
    data_sample_free(&sample);
}

static void fields_have_equally_many_samples(void)
{
    struct data_sample sample;
    uint64_t samples, rows[4] = {10, 9, 10};
    if (!NEED_STATUS(data_sample_parse("x(window=2), label, o=x", false, &sample), SHS_OK)) return;
    CHECK_STATUS(data_sample_count(&sample, rows, &samples), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "field x has 9 samples but field o has 10 rows");
    data_sample_free(&sample);
    if (!NEED_STATUS(data_sample_parse("x(window=2), label", false, &sample), SHS_OK)) return;
    if (CHECK_STATUS(data_sample_count(&sample, rows, &samples), SHS_OK)) CHECK_EQ(samples, 9);
    data_sample_free(&sample);
    if (!NEED_STATUS(data_sample_parse("v(offsets=o), label", false, &sample), SHS_OK)) return;
    rows[1] = 4, rows[2] = 3; /* sources are v, o, label */
    CHECK(sample.part[2].array == 2 || sample.part[2].array == 1);
    rows[sample.part[0].offsets] = 4;
    rows[sample.part[2].array] = 3;
    if (CHECK_STATUS(data_sample_count(&sample, rows, &samples), SHS_OK)) CHECK_EQ(samples, 3);
    rows[sample.part[0].offsets] = 0;
    CHECK_STATUS(data_sample_count(&sample, rows, &samples), SHS_ERROR_FORMAT);
    data_sample_free(&sample);
}

/* ---- files and what is in them */

enum {
    MOST_FILES = 8,
    MOST_NAMES = 4
};

/* A dataset of a file, all of it. */
struct whole {
    char name[16];
    shs_type type;
    uint32_t axes; /* of a row */
    uint64_t shape[SHS_MAX_AXES];
    uint64_t rows;
    size_t row_bytes;
    unsigned char *bytes;
};

struct files {
    size_t count, names;
    char path[MOST_FILES][PATH_BYTES];
    struct whole whole[MOST_FILES][MOST_NAMES];
};

/* Reads a dataset by H5Dread, as the reference. */
static void read_whole(const char *path, struct whole *whole)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, whole->name, H5P_DEFAULT), stored = H5Dget_type(data);
    hid_t native = H5Tget_native_type(stored, H5T_DIR_ASCEND), space = H5Dget_space(data);
    hssize_t elements = H5Sget_simple_extent_npoints(space);
    whole->bytes = malloc((size_t)elements * H5Tget_size(native) + 1);
    CHECK(H5Dread(data, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, whole->bytes) >= 0);
    CHECK_EQ((size_t)elements * H5Tget_size(native), whole->rows * whole->row_bytes);
    H5Sclose(space);
    H5Tclose(native);
    H5Tclose(stored);
    H5Dclose(data);
    H5Fclose(file);
}

static void write_dataset(struct h5_writer *writer, const struct whole *whole, const void *bytes,
                          struct h5_storage storage)
{
    shs_tensor tensor = {.type = whole->type, .axes = whole->axes + 1};
    tensor.shape[0] = whole->rows;
    for (uint32_t axis = 0; axis < whole->axes; axis++)
        tensor.shape[axis + 1] = whole->shape[axis];
    CHECK_STATUS(h5_create_array(writer, whole->name, &tensor, &storage), SHS_OK);
    if (whole->rows) CHECK_STATUS(h5_write_rows(writer, whole->rows, bytes), SHS_OK);
}

static void measure(struct whole *whole)
{
    whole->row_bytes = shs_type_size(whole->type);
    for (uint32_t axis = 0; axis < whole->axes; axis++)
        whole->row_bytes *= whole->shape[axis];
}

/* Writes a file with datasets of random bytes, or of the bytes given. */
static void write_file(struct files *files, size_t i, struct h5_storage storage, uint64_t seed)
{
    struct h5_writer *writer;
    if (!NEED_STATUS(h5_create(files->path[i], &writer), SHS_OK)) return;
    for (size_t n = 0; n < files->names; n++) {
        struct whole *whole = &files->whole[i][n];
        unsigned char *given = whole->bytes;
        measure(whole);
        size_t bytes = whole->rows * whole->row_bytes;
        if (!given) {
            whole->bytes = malloc(bytes + 1);
            for (size_t b = 0; b < bytes; b++)
                whole->bytes[b] = (unsigned char)judge_random(&seed);
        }
        write_dataset(writer, whole, whole->bytes, storage);
    }
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
    for (size_t n = 0; n < files->names; n++) {
        free(files->whole[i][n].bytes);
        read_whole(files->path[i], &files->whole[i][n]);
    }
}

/* With the files themselves. */
static void free_files(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        remove(files->path[i]);
    for (size_t i = 0; i < files->count; i++)
        for (size_t n = 0; n < files->names; n++)
            free(files->whole[i][n].bytes);
    free(files);
}

/* Files 0.h5, 1.h5, … in the folder with dataset "w" of so many rows of 2 x 3 numbers, and "t", of
 * as many rows of one. */
static struct files *write_series(const uint64_t *rows, size_t count, struct h5_storage storage)
{
    struct files *files = calloc(1, sizeof *files);
    char name[24];
    files->count = count;
    files->names = 2;
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%d.h5", (int)i);
        folder_path(folder, name, files->path[i]);
        files->whole[i][0] = (struct whole){
            .name = "w", .type = SHS_I16, .axes = 2, .shape = {2, 3}, .rows = rows[i]};
        files->whole[i][1] = (struct whole){.name = "t", .type = SHS_U32, .rows = rows[i]};
        write_file(files, i, storage, 100 + i);
    }
    return files;
}

/* ---- reading */

struct reading {
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
};

static shs_status open_data(struct reading *reading, const char *path, const char *fields,
                            const shs_dataset_options *options)
{
    *reading = (struct reading){0};
    if (shs_open_ranks(0, 1, NULL, NULL, &(shs_run_options){.seed = 5}, &reading->run)) abort();
    return shs_dataset_open(reading->run, path, fields, options, &reading->data);
}

static void close_data(struct reading *reading)
{
    shs_loader_close(&reading->loader);
    shs_dataset_close(&reading->data);
    shs_close(&reading->run);
}

static void refuse_data(const char *path, const char *fields, const shs_dataset_options *options,
                        shs_status expected, const char *words, const char *more)
{
    struct reading reading;
    shs_status status = open_data(&reading, path, fields, options);
    CHECK_EQ(status, expected);
    CHECK(reading.data == NULL);
    if (status != expected) printf("  %s of %s: %s\n", fields, path, shs_message());
    CHECK_HAS(shs_message(), words);
    CHECK_HAS(shs_message(), more);
    close_data(&reading);
}

/* Finds what a sample must be: bytes of field f of sample i, slowly. */
struct expectation {
    const struct files *files;
    void (*find)(const struct expectation *this, size_t field, uint64_t i, unsigned char *bytes);
    uint64_t window[2], stride, lead[2];
    uint64_t most;
    uint64_t samples;
    size_t fields;
    size_t bytes[4]; /* of a sample */
};

static bool batch_is_right(const struct expectation *expected, const shs_batch *batch)
{
    bool right = CHECK_EQ(batch->fields, expected->fields);
    for (size_t f = 0; f < batch->fields && right; f++) {
        unsigned char *bytes = malloc(expected->bytes[f] + 1);
        for (uint64_t slot = 0; slot < batch->rows && right; slot++) {
            expected->find(expected, f, batch->index[slot], bytes);
            harness_where("epoch %llu, step %llu, slot %llu, field %zu, sample %llu",
                          (ull)batch->epoch, (ull)batch->step, (ull)slot, f,
                          (ull)batch->index[slot]);
            right = CHECK_BYTES((char *)batch->field[f].data + slot * expected->bytes[f], bytes,
                                expected->bytes[f]);
        }
        free(bytes);
    }
    return right;
}

/* Reads `epochs` epochs; each has every sample once. */
static bool epochs_are_right(struct reading *reading, const struct expectation *expected,
                             const shs_loader_options *options)
{
    shs_batch batch;
    uint64_t rows = 0;
    bool right = true;
    if (!NEED_STATUS(shs_loader_open(reading->data, options, &reading->loader), SHS_OK))
        return false;
    while (right && shs_next(reading->loader, &batch) == SHS_OK) {
        right = batch_is_right(expected, &batch) && CHECK_STATUS(shs_agree(reading->run), SHS_OK);
        rows += batch.rows;
    }
    harness_where(NULL);
    right = right && CHECK_EQ(rows, options->epochs * expected->samples);
    shs_loader_close(&reading->loader);
    return right;
}

static void check_reading(const char *path, const char *fields, const shs_dataset_options *options,
                          const struct expectation *expected)
{
    static const shs_loader_options loaders[] = {
        {.batch = 7, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE},
        {.batch = 5, .epochs = 2},
        {.batch = 64, .epochs = 2, .threads = 3, .stream = 1},
        {.batch = 4, .epochs = 2, .shuffle = SHS_SHUFFLE_BLOCKS, .threads = 1},
    };
    struct reading reading;
    if (NEED_STATUS(open_data(&reading, path, fields, options), SHS_OK)) {
        CHECK_EQ(shs_dataset_samples(reading.data), expected->samples);
        for (size_t i = 0; i < COUNT(loaders) && expected->samples; i++)
            CHECK(epochs_are_right(&reading, expected, &loaders[i]));
    } else {
        printf("  %s of %s: %s\n", fields, path, shs_message());
    }
    close_data(&reading);
}

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
            return WRONG("sample %llu of %llu rows: element %llu of row %llu is %g, expected %g",
                         (ull)batch->index[slot], (ull)rows, (ull)i, (ull)row,
                         (double)x[2 * row + i], (double)wanted);
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

/* ---- one sample a file */

static const shs_dataset_options one_a_file = {.one_sample_a_file = true};

static void find_whole(const struct expectation *this, size_t field, uint64_t i,
                       unsigned char *bytes)
{
    memcpy(bytes, this->files->whole[i][field].bytes, this->bytes[field]);
}

/* Datasets of 5 x 2 x 3 and of one number; the number is written by hand. */
static void write_single(const char *path, uint16_t number)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    hid_t data = H5Dcreate2(file, "n", H5T_STD_U16BE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, &number) >= 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Fclose(file);
}

static void one_sample_a_file_in_folder(void)
{
    static const uint64_t rows[] = {5, 5, 5, 5, 5, 5, 5};
    static const struct h5_storage storages[] = {{.chunk_rows = 0},
                                                 {.chunk_rows = 2, .deflate = 6}};
    for (size_t s = 0; s < COUNT(storages); s++) {
        struct files *files = write_series(rows, COUNT(rows), storages[s]);
        struct expectation expected = {.files = files,
                                       .find = find_whole,
                                       .samples = COUNT(rows),
                                       .fields = 3,
                                       .bytes = {60, 20, 2}};
        files->names = 3;
        for (size_t i = 0; i < files->count; i++) {
            struct whole *whole = &files->whole[i][2];
            write_single(files->path[i], (uint16_t)(1000 + i));
            *whole = (struct whole){.name = "n", .type = SHS_U16, .rows = 1, .row_bytes = 2};
            read_whole(files->path[i], whole);
        }
        check_reading(folder, "w, t, label=n", &one_a_file, &expected);
        struct reading reading;
        if (NEED_STATUS(open_data(&reading, folder, "n, w", &one_a_file), SHS_OK)) {
            const shs_tensor *n = shs_dataset_field(reading.data, 0);
            const shs_tensor *w = shs_dataset_field(reading.data, 1);
            CHECK_EQ(n->axes, 0);
            CHECK_EQ(n->type, SHS_U16);
            CHECK_EQ(w->axes, 3);
            CHECK_EQ(w->shape[0], 5);
            CHECK_EQ(w->shape[2], 3);
        }
        close_data(&reading);
        refuse_data(folder, "n", NULL, SHS_ERROR_UNSUPPORTED, "is a single number", "0.h5");
        free_files(files);
    }
}
IN_FOLDER(one_sample_a_file)

/* The status of a whole epoch in file order. */
static shs_status read_epoch(struct reading *reading)
{
    shs_batch batch;
    shs_status status;
    const shs_loader_options options = {.batch = 1, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE};
    status = shs_loader_open(reading->data, &options, &reading->loader);
    while (!status && !(status = shs_next(reading->loader, &batch)))
        status = shs_agree(reading->run);
    shs_loader_close(&reading->loader);
    return status;
}

static void a_sample_that_is_unlike_the_first_in_folder(void)
{
    static const uint64_t rows[] = {5, 5, 4};
    struct reading reading;
    char path[PATH_BYTES];
    struct files *files = write_series(rows, 3, (struct h5_storage){0});
    if (NEED_STATUS(open_data(&reading, folder, "w", &one_a_file), SHS_OK)) {
        CHECK_STATUS(read_epoch(&reading), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "2.h5: dataset w is of i16 4x2x3, but in ");
        CHECK_HAS(shs_message(), "i16 5x2x3");
    }
    close_data(&reading);
    CHECK_EQ(remove(folder_path(folder, "1.h5", path)), 0);
    CHECK(file_write(folder_path(folder, "1.h5", path), "rubbish", 7));
    if (NEED_STATUS(open_data(&reading, folder, "w", &one_a_file), SHS_OK)) {
        CHECK_STATUS(read_epoch(&reading), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "1.h5 as HDF5");
    }
    close_data(&reading);
    free_files(files);
}
IN_FOLDER(a_sample_that_is_unlike_the_first)

static void many_axes_are_refused_in_folder(void)
{
    struct files files = {.count = 1, .names = 2};
    folder_path(folder, "0.h5", files.path[0]);
    files.whole[0][0] = (struct whole){
        .name = "deep", .type = SHS_U8, .axes = 7, .shape = {1, 1, 1, 1, 1, 1, 1}, .rows = 3};
    files.whole[0][1] = (struct whole){.name = "o", .type = SHS_U8, .rows = 2};
    files.whole[0][1].bytes = calloc(2, 1);
    write_file(&files, 0, (struct h5_storage){0}, 1);
    free(files.whole[0][0].bytes);
    free(files.whole[0][1].bytes);
    refuse_data(folder, "deep(window=2)", NULL, SHS_ERROR_UNSUPPORTED, "would have 9 axes",
                "field deep");
    refuse_data(folder, "x=deep(offsets=o)", NULL, SHS_ERROR_UNSUPPORTED, "would have 9 axes",
                "field x");
    refuse_data(folder, "deep", &one_a_file, SHS_ERROR_UNSUPPORTED, "would have 9 axes", "deep");
    struct reading reading;
    CHECK_STATUS(open_data(&reading, folder, "deep", NULL), SHS_OK);
    close_data(&reading);
}
IN_FOLDER(many_axes_are_refused)

/* ---- many files */

enum {
#ifdef __SANITIZE_ADDRESS__
    CROWD = 400, /* each file takes 20 times as long there */
#else
    CROWD = 3000,
#endif
    CROWD_ROWS = 6
};

static void crowd_path(size_t i, char path[PATH_BYTES])
{
    char name[32];
    snprintf(name, sizeof name, "%05d.h5", (int)i);
    folder_path(folder, name, path);
}

/* Files of x: 6 x 5 numbers, and y: one of them, deflated or not in turn. */
static void write_crowd(size_t count)
{
    const shs_tensor x = {.type = SHS_U16, .axes = 2, .shape = {CROWD_ROWS, 5}};
    const shs_tensor y = {.type = SHS_I64, .axes = 1, .shape = {CROWD_ROWS}};
    for (size_t i = 0; i < count; i++) {
        const struct h5_storage storage = {.chunk_rows = i % 2 ? 4 : 0, .deflate = i % 2 ? 1 : 0};
        struct h5_writer *writer;
        char path[PATH_BYTES];
        uint16_t numbers[CROWD_ROWS * 5];
        int64_t labels[CROWD_ROWS];
        for (size_t e = 0; e < COUNT(numbers); e++)
            numbers[e] = (uint16_t)(i * 31 + e);
        for (size_t r = 0; r < CROWD_ROWS; r++)
            labels[r] = (int64_t)(i * 1000 + r);
        crowd_path(i, path);
        bool written = !h5_create(path, &writer) && !h5_create_array(writer, "x", &x, &storage) &&
                       !h5_write_rows(writer, CROWD_ROWS, numbers) &&
                       !h5_create_array(writer, "y", &y, &storage) &&
                       !h5_write_rows(writer, CROWD_ROWS, labels) && !h5_finish(&writer);
        if (!NEED(written)) return;
    }
}

static bool crowd_is_right(const shs_batch *batch, bool whole)
{
    const uint16_t *x = batch->field[0].data;
    const int64_t *y = batch->field[1].data;
    size_t rows = whole ? CROWD_ROWS : 1;
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        uint64_t file = whole ? batch->index[slot] : batch->index[slot] / CROWD_ROWS;
        uint64_t first = whole ? 0 : batch->index[slot] % CROWD_ROWS;
        harness_where("slot %llu, file %llu from row %llu on", (ull)slot, (ull)file, (ull)first);
        for (size_t e = 0; e < rows * 5; e++)
            if (!CHECK_EQ(x[slot * rows * 5 + e], (uint16_t)(file * 31 + first * 5 + e)))
                return false;
        for (size_t r = 0; r < rows; r++)
            if (!CHECK_EQ(y[slot * rows + r], (int64_t)(file * 1000 + first + r))) return false;
    }
    return true;
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    char path[32];
    for (int i = 0; i < 1024; i++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", i);
        count += access(path, F_OK) == 0;
    }
    return count;
}

static void read_crowd(struct reading *reading, bool whole, uint64_t batch_rows)
{
    shs_batch batch;
    uint64_t rows = 0;
    /* in any order every file would be opened for nearly every batch */
    const shs_loader_options options = {.batch = batch_rows,
                                        .epochs = 1,
                                        .threads = 2,
                                        .shuffle = whole ? SHS_SHUFFLE_FULL : SHS_SHUFFLE_NONE};
    if (!NEED_STATUS(shs_loader_open(reading->data, &options, &reading->loader), SHS_OK)) return;
    while (shs_next(reading->loader, &batch) == SHS_OK) {
        CHECK(crowd_is_right(&batch, whole));
        rows += batch.rows;
    }
    CHECK_EQ(rows, shs_dataset_samples(reading->data));
    shs_loader_close(&reading->loader);
}

/* A process may have 64 files open, and a batch wants 128. */
static void files_are_closed_again_in_folder(void)
{
    struct rlimit before, low;
    write_crowd(CROWD);
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = 64;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (int whole = 0; whole < 2; whole++) {
        struct reading reading;
        const shs_dataset_options options = {.one_sample_a_file = whole};
        if (NEED_STATUS(open_data(&reading, folder, "x,y", &options), SHS_OK)) {
            CHECK_EQ(shs_dataset_samples(reading.data), whole ? CROWD : CROWD * CROWD_ROWS);
            read_crowd(&reading, whole, whole ? 128 : 1000);
            CHECK_IS(open_descriptors(), <, 56);
        }
        close_data(&reading);
    }
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}
IN_FOLDER(files_are_closed_again)

static void no_more_than_64_files_are_open_in_folder(void)
{
    struct reading reading;
    size_t before = open_descriptors();
    write_crowd(200);
    if (NEED_STATUS(open_data(&reading, folder, "x,y", NULL), SHS_OK)) {
        read_crowd(&reading, false, 100);
        CHECK_EQ(reading.data->files.n_open, 64);
        CHECK_IS(open_descriptors() - before, <=, 64 * 3);
    }
    close_data(&reading);
    CHECK_EQ(open_descriptors(), before);
}
IN_FOLDER(no_more_than_64_files_are_open)

/* Errors name the file. */
static void files_that_do_not_fit_in_folder(void)
{
    static const struct {
        uint64_t rows, columns;
        shs_type type;
        const char *name, *words;
        shs_status status;
    } cases[] = {
        {6, 5, SHS_I16, "x", "dataset x is of i16 5, but in", SHS_ERROR_FORMAT},
        {6, 4, SHS_U16, "x", "dataset x is of u16 4, but in", SHS_ERROR_FORMAT},
        {6, 5, SHS_U16, "z", "holds no dataset 'x'; it holds z", SHS_ERROR_FILE},
    };
    char path[PATH_BYTES], first[PATH_BYTES];
    write_crowd(12);
    crowd_path(0, first);
    crowd_path(7, path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const shs_tensor shape = {
            .type = cases[i].type, .axes = 2, .shape = {cases[i].rows, cases[i].columns}};
        struct h5_writer *writer;
        uint16_t zeros[64] = {0};
        if (CHECK_STATUS(h5_create(path, &writer), SHS_OK) &&
            CHECK_STATUS(h5_create_array(writer, cases[i].name, &shape, &(struct h5_storage){0}),
                         SHS_OK) &&
            CHECK_STATUS(h5_write_rows(writer, cases[i].rows, zeros), SHS_OK))
            CHECK_STATUS(h5_finish(&writer), SHS_OK);
        refuse_data(folder, "x", NULL, cases[i].status, "00007.h5", cases[i].words);
        if (cases[i].status == SHS_ERROR_FORMAT) CHECK_HAS(shs_message(), first);
    }
    CHECK(file_write(path, "rubbish", 7));
    refuse_data(folder, "x", NULL, SHS_ERROR_FORMAT, "00007.h5 as HDF5", "no HDF5 file");
    CHECK_EQ(remove(path), 0);
    char list[PATH_BYTES], at[PATH_BYTES + 1];
    CHECK(file_write(folder_path(folder, "list.txt", list), "00001.h5\n00007.h5\n", 18));
    snprintf(at, sizeof at, "@%s", list);
    refuse_data(at, "x", NULL, SHS_ERROR_FILE, "00007.h5", "No such file");
    refuse_data("/nowhere/*.h5", "x", NULL, SHS_ERROR_FILE, "no file matches", "/nowhere/*.h5");
    refuse_data("/nowhere", "x", NULL, SHS_ERROR_FILE, "cannot", "/nowhere: No such file");
}
IN_FOLDER(files_that_do_not_fit)

/* ---- files that change */

static void age(size_t i)
{
    char path[PATH_BYTES];
    crowd_path(i, path);
    CHECK_EQ(utime(path, &(struct utimbuf){1000, 1000}), 0);
}

/* Reads epochs in file order, one row a step; the status at the end and how many rows came. */
static shs_status read_on(struct reading *reading, uint64_t rows)
{
    shs_batch batch;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < rows && !status; i++) {
        status = shs_next(reading->loader, &batch);
        if (!status) status = shs_agree(reading->run);
    }
    return status;
}

/* Puts a copy with the same size and time in the file's place. */
static void replace(size_t i)
{
    char path[PATH_BYTES], copy[PATH_BYTES];
    size_t size;
    struct stat about;
    crowd_path(i, path);
    unsigned char *bytes = file_read(path, &size);
    if (CHECK_EQ(stat(path, &about), 0))
        CHECK(file_write(folder_path(folder, "copy", copy), bytes, size));
    const struct timespec times[] = {about.st_atim, about.st_mtim};
    if (CHECK_EQ(utimensat(AT_FDCWD, copy, times, 0), 0)) CHECK_EQ(rename(copy, path), 0);
    free(bytes);
}

/* Writes another number over the first one of the last row of x, in a file that is not deflated;
 * the second time it puts it back. */
static void alter(size_t i)
{
    char path[PATH_BYTES];
    size_t size, at = 0;
    uint16_t row[4];
    for (size_t e = 0; e < 4; e++)
        row[e] = (uint16_t)(i * 31 + 5 * (CROWD_ROWS - 1) + 1 + e);
    crowd_path(i, path);
    unsigned char *bytes = file_read(path, &size);
    while (at + sizeof row <= size && memcmp(bytes + at, row, sizeof row) != 0)
        at++;
    CHECK_IS(at + sizeof row, <=, size);
    bytes[at - sizeof *row] ^= 1;
    int file = open(path, O_WRONLY);
    if (CHECK_IS(file, >=, 0) && CHECK_EQ(pwrite(file, bytes, size, 0), (ssize_t)size))
        CHECK_EQ(close(file), 0);
    CHECK_EQ(utime(path, &(struct utimbuf){2000, 2000}), 0);
    free(bytes);
}

/* A replaced file shows at the next epoch's first use of it, or after a seek; not at another
 * file's. One that was only touched is read on. */
static void a_file_that_changes_in_folder(void)
{
    for (int variant = 0; variant < 4; variant++) {
        struct reading reading;
        bool whole = variant & 1;
        size_t count = variant & 2 ? 70 : 7; /* more than can be open, or fewer */
        const shs_dataset_options options = {.one_sample_a_file = whole};
        const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
        uint64_t a_file = whole ? 1 : CROWD_ROWS, epoch = count * a_file;
        write_crowd(count);
        if (NEED_STATUS(open_data(&reading, folder, "x,y", &options), SHS_OK) &&
            NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
            CHECK_STATUS(read_on(&reading, epoch), SHS_OK);
            for (size_t i = 0; i < count; i++)
                age(i);
            CHECK_STATUS(read_on(&reading, epoch + 2 * a_file), SHS_OK);
            age(0);
            replace(2);
            CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
            CHECK_HAS(shs_message(), "00002.h5 has changed since it was opened");
            CHECK_HAS(shs_message(), "another file of the same size has taken its place");
            CHECK_STATUS(shs_seek(reading.loader, (shs_cursor){0, 0, 0}), SHS_OK);
            CHECK_STATUS(read_on(&reading, 2 * a_file), SHS_OK);
            CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
            CHECK_STATUS(shs_seek(reading.loader, (shs_cursor){0, 3 * a_file, 3 * a_file}), SHS_OK);
            CHECK_STATUS(read_on(&reading, a_file), SHS_OK);
        }
        close_data(&reading);
    }
}
IN_FOLDER(a_file_that_changes)

/* Not only the time is another: file 2 can stay open, file 68 was only glanced at. */
static void a_file_that_is_written_to_in_folder(void)
{
    for (size_t altered = 2; altered < 70; altered += 66) {
        struct reading reading;
        const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
        write_crowd(70);
        if (NEED_STATUS(open_data(&reading, folder, "x,y", NULL), SHS_OK) &&
            NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
            CHECK_STATUS(read_on(&reading, 70 * CROWD_ROWS), SHS_OK);
            alter(altered);
            CHECK_STATUS(read_on(&reading, altered * CROWD_ROWS), SHS_OK);
            CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
            CHECK_HAS(shs_message(), "it has the same size, but other content");
            CHECK_HAS(shs_message(),
                      altered == 2 ? "00002.h5 has changed" : "00068.h5 has changed");
        }
        close_data(&reading);
    }
}
IN_FOLDER(a_file_that_is_written_to)

/* Nothing is read of it after the change, but the epoch's end shows it, and so does a save. */
static void a_file_that_changes_in_the_last_epoch_in_folder(void)
{
    static void (*const change[])(size_t) = {replace, alter, age};
    char checkpoints[PATH_BYTES];
    folder_path(folder, "checkpoints", checkpoints);
    for (size_t i = 0; i < COUNT(change); i++) {
        struct reading reading;
        shs_status expected = change[i] == age ? SHS_OK : SHS_ERROR_FILE;
        const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE, .epochs = 1};
        write_crowd(7);
        if (NEED_STATUS(open_data(&reading, folder, "x,y", NULL), SHS_OK) &&
            NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
            CHECK_STATUS(read_on(&reading, 4 * CROWD_ROWS), SHS_OK);
            CHECK_STATUS(shs_save(reading.loader, checkpoints, NULL, 0), SHS_OK);
            change[i](2);
            CHECK_STATUS(shs_save(reading.loader, checkpoints, NULL, 0), expected);
            if (expected) CHECK(message_has("shs_save: ") && message_has("00002.h5 has changed"));
            CHECK_STATUS(read_on(&reading, 3 * CROWD_ROWS - 1), SHS_OK);
            CHECK_STATUS(read_on(&reading, 1), expected);
            if (expected) CHECK_HAS(shs_message(), "00002.h5 has changed since it was opened");
        }
        close_data(&reading);
    }
}
IN_FOLDER(a_file_that_changes_in_the_last_epoch)

static void a_file_that_goes_in_folder(void)
{
    struct reading reading;
    char path[PATH_BYTES];
    const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
    write_crowd(70);
    crowd_path(5, path);
    if (NEED_STATUS(open_data(&reading, folder, "x", NULL), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
        CHECK_EQ(truncate(path, 100), 0);
        CHECK_STATUS(read_on(&reading, 5 * CROWD_ROWS), SHS_OK);
        CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "00005.h5 has 100 bytes");
        CHECK_HAS(shs_message(), "cut short");
        CHECK_EQ(remove(path), 0);
        CHECK_STATUS(shs_seek(reading.loader, (shs_cursor){0, 30, 30}), SHS_OK);
        if (CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE))
            CHECK_HAS(shs_message(), "No such file");
    }
    close_data(&reading);
}
IN_FOLDER(a_file_that_goes)

/* A virtual dataset over files 0 … 2, beside a file of its own. */
static void write_virtual(void)
{
    const hsize_t all[2] = {3 * CROWD_ROWS, 5}, part[2] = {CROWD_ROWS, 5};
    char path[PATH_BYTES];
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, all, NULL), source = H5Screate_simple(2, part, NULL);
    for (size_t i = 0; i < 3; i++) {
        const hsize_t start[2] = {i * CROWD_ROWS, 0};
        char name[32];
        snprintf(name, sizeof name, "%05d.h5", (int)i);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, part, NULL);
        CHECK(H5Pset_virtual(list, space, name, "x", source) >= 0);
    }
    H5Sselect_all(space);
    hid_t file =
        H5Fcreate(folder_path(folder, "virtual", path), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t data = H5Dcreate2(file, "x", H5T_NATIVE_UINT16, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK_IS(data, >=, 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Sclose(source);
    H5Pclose(list);
    H5Fclose(file);
}

static void a_virtual_source_that_changes_in_folder(void)
{
    struct reading reading;
    char path[PATH_BYTES], source[PATH_BYTES];
    const shs_loader_options loader = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
    const uint64_t epoch = 3 * CROWD_ROWS - 2;
    write_crowd(3);
    write_virtual();
    folder_path(folder, "virtual", path);
    if (NEED_STATUS(open_data(&reading, path, "x(window=3)", NULL), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
        CHECK_STATUS(read_on(&reading, epoch), SHS_OK);
        age(1);
        CHECK_STATUS(read_on(&reading, epoch), SHS_OK);
        alter(2);
        CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "virtual has changed since it was opened");
        CHECK_HAS(shs_message(), "other content");
        alter(2);
        CHECK_STATUS(shs_seek(reading.loader, (shs_cursor){0, 0, 0}), SHS_OK);
        CHECK_STATUS(read_on(&reading, epoch - 1), SHS_OK);
        replace(1);
        CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "virtual: dataset x: ");
        CHECK_HAS(shs_message(), "00001.h5 has changed");
    }
    close_data(&reading);
    if (NEED_STATUS(open_data(&reading, path, "x", NULL), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &loader, &reading.loader), SHS_OK)) {
        CHECK_STATUS(read_on(&reading, 2 * CROWD_ROWS), SHS_OK);
        crowd_path(2, source);
        CHECK_EQ(remove(source), 0); /* HDF5 has it open */
        CHECK_STATUS(read_on(&reading, CROWD_ROWS - 1), SHS_OK);
        if (CHECK_STATUS(read_on(&reading, 1), SHS_ERROR_FILE))
            CHECK_HAS(shs_message(), "00002.h5");
    }
    close_data(&reading);
    refuse_data(path, "x", NULL, SHS_ERROR_FILE, "its source file 00002.h5 is missing", "virtual");
}
IN_FOLDER(a_virtual_source_that_changes)

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

/* Windows that share rows cannot be in parts. Samples i and i + k share some if the rows of one lie
 * within what the other spans. */
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
        {"s(window=9, stride=4)", 9, "that leave out 3 samples between"},
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
        TEST(older_checkpoints_of_parts),
        TEST(parts_of_overlapping_windows),
        TEST(texts_say_what_fields_are),
        TEST(texts_that_say_nothing_are_refused),
        TEST(as_many_fields_as_allowed),
        TEST(windows_are_those_that_fit),
        TEST(numbers_beyond_64_bits_are_no_window),
        TEST(fields_have_equally_many_samples),
        TEST(rows_of_several_files),
        TEST(windows_of_several_files),
        TEST(shapes_of_windows),
        TEST(windows_that_no_file_has),
        TEST(samples_of_rows),
        TEST(samples_of_any_length),
        TEST(padding_stays_zero),
        TEST(offsets_that_are_not_kept),
        TEST(many_offsets),
        TEST(offsets_that_cannot_be),
        TEST(one_sample_a_file),
        TEST(a_sample_that_is_unlike_the_first),
        TEST(many_axes_are_refused),
        TEST(files_are_closed_again),
        TEST(no_more_than_64_files_are_open),
        TEST(files_that_do_not_fit),
        TEST(a_file_that_changes),
        TEST(a_file_that_is_written_to),
        TEST(a_file_that_changes_in_the_last_epoch),
        TEST(a_file_that_goes),
        TEST(a_virtual_source_that_changes),
        TEST(loaders_count_apart),
        TEST(only_the_bytes_of_samples_are_read),
        TEST(aliases_are_augmented),
        TEST(what_a_checkpoint_is_of),
    };
    return harness_main("samples", tests, COUNT(tests), argc, argv);
}
