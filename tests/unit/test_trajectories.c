/* Datasets of many groups as one array of trajectories, against rows that were made beforehand. */
#include <stdlib.h>
#include <string.h>

#include "data_sample.h"
#include "sample_scene.h"

enum {
    WIDE = 3,
    MOST_GROUPS = 40,
    MOST_ROWS = 400
};

/* How the datasets of a file are written. */
struct form {
    bool chunked, beside, swapped;
};

/* The rows of one file's groups: element e of row r of field f. */
struct trajectories {
    size_t count;
    uint64_t start[MOST_GROUPS + 1];
    float actions[MOST_ROWS][WIDE];
    int16_t rewards[MOST_ROWS];
};

static void write_numbers(hid_t group, const char *name, hid_t type, hid_t memory, int axes,
                          hsize_t rows, const void *numbers, const struct form *form)
{
    hsize_t shape[2] = {rows, WIDE}, chunk[2] = {rows > 1 ? 2 : 1, WIDE};
    hid_t space = H5Screate_simple(axes, shape, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    if (form->chunked && rows) H5Pset_chunk(list, axes, chunk);
    hid_t data = H5Dcreate2(group, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (rows) CHECK(H5Dwrite(data, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
}

static void write_group(hid_t parent, const struct trajectories *all, size_t g,
                        const struct form *form)
{
    char name[24];
    uint64_t first = all->start[g], rows = all->start[g + 1] - first;
    snprintf(name, sizeof name, "demo_%zu", g);
    hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t inner = H5Gcreate2(group, "obs", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    write_numbers(group, "actions", form->swapped ? H5T_IEEE_F32BE : H5T_IEEE_F32LE,
                  H5T_NATIVE_FLOAT, 2, rows, all->actions[first], form);
    write_numbers(inner, "rewards", H5T_STD_I16LE, H5T_NATIVE_SHORT, 1, rows, &all->rewards[first],
                  form);
    H5Gclose(inner);
    H5Gclose(group);
}

/* Writes a file, its groups from the last to the first. */
static void write_trajectories(const char *name, struct trajectories *all, const uint64_t *rows,
                               size_t count, const struct form *form)
{
    static const float number = 1;
    char path[PATH_BYTES];
    uint64_t seed = count;
    all->count = count;
    for (size_t g = 0; g < count; g++)
        all->start[g + 1] = all->start[g] + rows[g];
    for (uint64_t r = 0; r < all->start[count]; r++) {
        for (int e = 0; e < WIDE; e++)
            all->actions[r][e] = (float)(judge_random(&seed) % 1000);
        all->rewards[r] = (int16_t)(judge_random(&seed) % 1000);
    }
    hid_t file =
        H5Fcreate(folder_path(folder, name, path), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t parent = H5Gcreate2(file, "data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (size_t g = count; g-- > 0;)
        write_group(parent, all, g, form);
    if (form->beside)
        write_numbers(parent, "about", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, 1, &number, form);
    H5Gclose(parent);
    CHECK(H5Fclose(file) >= 0);
}

/* ---- Values. */

static const uint64_t lengths[][12] = {{5, 3, 9, 1, 12, 7, 30, 2, 4, 4, 11, 6},
                                       {8, 0, 1, 40, 0, 3, 9, 9, 9, 9, 2, 70}};
static struct trajectories all[2];

/* Finds the first row of sample i, by trying, and its file. */
static const struct trajectories *find_first(const struct expectation *this, uint64_t i,
                                             uint64_t *first)
{
    for (size_t f = 0; f < COUNT(all); f++)
        for (size_t g = 0; g < all[f].count; g++) {
            uint64_t rows = all[f].start[g + 1] - all[f].start[g];
            uint64_t a = count_windows(this->window[0], this->stride, this->lead[0], rows);
            uint64_t b = count_windows(this->window[1], this->stride, this->lead[1], rows);
            uint64_t windows = a < b ? a : b;
            *first = all[f].start[g] + i * this->stride;
            if (i < windows) return &all[f];
            i -= windows;
        }
    return NULL;
}

static void find_rows(const struct expectation *this, size_t field, uint64_t i,
                      unsigned char *bytes)
{
    uint64_t first;
    const struct trajectories *of = find_first(this, i, &first);
    if (!of) return;
    first += this->lead[field];
    if (field)
        memcpy(bytes, &of->rewards[first], this->bytes[1]);
    else
        memcpy(bytes, of->actions[first], this->bytes[0]);
}

static uint64_t all_samples(const struct expectation *this)
{
    uint64_t first, count = 0;
    while (find_first(this, count, &first))
        count++;
    return count;
}

static void check_windows(uint64_t window, uint64_t stride, uint64_t lead,
                          const shs_dataset_options *options)
{
    char fields[160];
    struct expectation expected = {.find = find_rows,
                                   .fields = 2,
                                   .window = {window, 1},
                                   .stride = stride,
                                   .lead = {0, lead},
                                   .bytes = {window * WIDE * sizeof(float), sizeof(int16_t)}};
    expected.samples = all_samples(&expected);
    snprintf(fields, sizeof fields,
             "x=data/*/actions(window=%d, stride=%d), y=./data//*/obs/rewards(window=1, stride=%d, "
             "lead=%d)",
             (int)window, (int)stride, (int)stride, (int)lead);
    check_reading(folder, fields, options, &expected);
}

static void check_rows(const shs_dataset_options *options)
{
    struct expectation expected = {.find = find_rows,
                                   .fields = 2,
                                   .window = {1, 1},
                                   .stride = 1,
                                   .bytes = {WIDE * sizeof(float), sizeof(int16_t)}};
    expected.samples = all_samples(&expected);
    CHECK_EQ(expected.samples, all[0].start[12] + all[1].start[12]);
    check_reading(folder, "data/*/actions, y=data/*/obs/rewards", options, &expected);
}

static void rows_and_windows_are_those_of_the_groups_in_folder(void)
{
    static const struct form forms[] = {{.beside = true}, {.swapped = true}, {.chunked = true}};
    static const shs_dataset_options options[] = {
        {.cache_bytes = 0}, {.cache_bytes = 1}, {.cache_bytes = 1, .map = true}};
    for (size_t f = 0; f < COUNT(forms); f++) {
        write_trajectories("0.h5", &all[0], lengths[0], 12, &forms[f]);
        write_trajectories("1.h5", &all[1], lengths[1], 12, &forms[0]);
        check_rows(&options[f]);
        check_windows(3, 1, 0, &options[f]);
        check_windows(2, 4, 5, &options[(f + 1) % COUNT(options)]);
    }
}
IN_FOLDER(rows_and_windows_are_those_of_the_groups)

/* demo_2 comes before demo_10; datasets that lie in one piece are read directly. */
static void info_of_groups(const struct reading *reading, bool direct)
{
    const struct data_files *files = &reading->data->files;
    struct data_field *arrays;
    if (!NEED_STATUS(data_files_get(&reading->data->files, 0, &arrays), SHS_OK)) return;
    CHECK_EQ(data_field_is_direct(&arrays[0]), direct);
    CHECK_EQ(arrays[0].n_groups, 12);
    CHECK_U64S(arrays[0].groups, all[0].start, 13);
    CHECK_EQ(files->rows[0], all[0].start[12]);
}

static void contiguous_datasets_are_read_directly_in_folder(void)
{
    char path[PATH_BYTES];
    for (int chunked = 0; chunked < 2; chunked++) {
        const struct form form = {.chunked = chunked};
        struct reading reading;
        write_trajectories("0.h5", &all[0], lengths[0], 12, &form);
        if (NEED_STATUS(
                open_data(&reading, folder_path(folder, "0.h5", path), "x=data/*/actions", NULL),
                SHS_OK))
            info_of_groups(&reading, !chunked);
        close_data(&reading);
    }
}
IN_FOLDER(contiguous_datasets_are_read_directly)

/* ---- The samples that have some rows. */

static void samples_of_rows_are_found(void)
{
    static uint64_t row[] = {0, 5, 8, 8, 17, 18, 30};
    for (uint64_t window = 1; window < 5; window++)
        for (uint64_t stride = 1; stride < 4; stride++) {
            struct data_sample sample;
            char text[64];
            uint64_t rows = 30, begin[7];
            snprintf(text, sizeof text, "g/*/x(window=%d, stride=%d)", (int)window, (int)stride);
            if (!NEED_STATUS(data_sample_parse(text, false, &sample), SHS_OK)) return;
            CHECK_STATUS(data_sample_count_groups(&sample, &rows, row, 6, begin), SHS_OK);
            struct data_groups groups = {.count = 6, .row = row, .sample = begin};
            const struct data_series of = {.samples = DATA_ONE_SERIES, .groups = &groups};
            const struct data_part *part = &sample.part[0];
            for (uint64_t first = 0; first < rows; first++)
                for (uint64_t count = 1; first + count <= rows; count++) {
                    struct data_range found = data_part_samples(part, of, first, count, begin[6]);
                    uint64_t low = UINT64_MAX, end = 0;
                    for (uint64_t i = 0; i < begin[6]; i++) {
                        uint64_t at = data_part_first(part, of, i);
                        if (at + window <= first || at >= first + count) continue;
                        if (low == UINT64_MAX) low = i;
                        end = i + 1;
                    }
                    ALL_EQ(found.count, end ? end - low : 0);
                    if (end) ALL_EQ(found.first, low);
                }
            data_sample_free(&sample);
        }
}

/* ---- What is refused. */

static void change(const char *dataset, hid_t type, int axes, hsize_t rows, hsize_t wide)
{
    char path[PATH_BYTES];
    hsize_t shape[2] = {rows, wide};
    hid_t file = H5Fopen(folder_path(folder, "0.h5", path), H5F_ACC_RDWR, H5P_DEFAULT);
    CHECK(H5Ldelete(file, dataset, H5P_DEFAULT) >= 0);
    if (rows) {
        hid_t space = H5Screate_simple(axes, shape, NULL);
        hid_t data = H5Dcreate2(file, dataset, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Dclose(data);
        H5Sclose(space);
    }
    CHECK(H5Fclose(file) >= 0);
}

static void groups_that_differ_are_told_by_name_in_folder(void)
{
    const struct {
        const char *dataset;
        hid_t type;
        int axes;
        hsize_t rows, wide;
        const char *words, *more;
    } cases[] = {
        {"data/demo_3/obs/rewards", H5T_STD_I16LE, 1, 0, 0,
         "group data/demo_3 has no dataset obs/rewards", "leave this field out"},
        {"data/demo_10/obs/rewards", H5T_STD_I16LE, 1, 3, 0,
         "group demo_10 has 11 rows of data/*/actions but 3 of data/*/obs/rewards", ""},
        {"data/demo_2/actions", H5T_IEEE_F64LE, 2, 9, WIDE,
         "group data/demo_2: its dataset actions has another type than that of group demo_0", ""},
        {"data/demo_2/actions", H5T_IEEE_F32LE, 2, 9, 5, "group data/demo_2", "another shape"},
        {"data/demo_2/actions", H5T_IEEE_F32LE, 1, 9, 5, "group data/demo_2",
         "another number of axes"},
    };
    static const struct form form = {.chunked = false};
    char path[PATH_BYTES];
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_trajectories("0.h5", &all[0], lengths[0], 12, &form);
        change(cases[i].dataset, cases[i].type, cases[i].axes, cases[i].rows, cases[i].wide);
        refuse_data(folder_path(folder, "0.h5", path), "x=data/*/actions, y=data/*/obs/rewards",
                    NULL, SHS_ERROR_FORMAT, cases[i].words, cases[i].more);
    }
}
IN_FOLDER(groups_that_differ_are_told_by_name)

/* The key of the chunk of rows 28 and 29, which only demo_6 has, in a B-tree: the bytes of the
 * chunk, its mask, and its first row. */
static void damaged_indices_of_chunks_are_refused_in_folder(void)
{
    static const unsigned char key[16] = {2 * WIDE * sizeof(float), 0, 0, 0, 0, 0, 0, 0, 28};
    static const struct form form = {.chunked = true};
    char path[PATH_BYTES];
    size_t size, found = 0;
    write_trajectories("0.h5", &all[0], lengths[0], 12, &form);
    unsigned char *bytes = file_read(folder_path(folder, "0.h5", path), &size);
    for (size_t at = 0; bytes && at + sizeof key <= size; at++)
        if (!memcmp(bytes + at, key, sizeof key)) {
            bytes[at + 8] = 68;
            found++;
        }
    CHECK_EQ(found, 1);
    CHECK(bytes && file_write(path, bytes, size));
    free(bytes);
    refuse_data(path, "x=data/*/actions", NULL, SHS_ERROR_FORMAT,
                "dataset data/demo_6/actions: its index of chunks does not add up", "damaged");
}
IN_FOLDER(damaged_indices_of_chunks_are_refused)

/* With and without cf: the attributes of each group are not applied to its own numbers. */
static void groups_of_other_meanings_are_refused_in_folder(void)
{
    static const struct form form = {.chunked = false};
    static const shs_dataset_options cf = {.cf = true};
    static const double scale = 0.5;
    char path[PATH_BYTES];
    write_trajectories("0.h5", &all[0], lengths[0], 12, &form);
    hid_t file = H5Fopen(folder_path(folder, "0.h5", path), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "data/demo_10/actions", H5P_DEFAULT);
    hid_t one = H5Screate(H5S_SCALAR);
    hid_t attribute =
        H5Acreate2(data, "scale_factor", H5T_IEEE_F64LE, one, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &scale) >= 0);
    H5Aclose(attribute);
    H5Sclose(one);
    H5Dclose(data);
    CHECK(H5Fclose(file) >= 0);
    for (int i = 0; i < 2; i++)
        refuse_data(path, "x=data/*/actions", i ? &cf : NULL, SHS_ERROR_FORMAT,
                    "dataset data/demo_10/actions has scale_factor 0.5, but no scale_factor in",
                    "dataset data/demo_0/actions");
}
IN_FOLDER(groups_of_other_meanings_are_refused)

static void texts_that_are_no_groups_are_refused_in_folder(void)
{
    static const struct {
        const char *text;
        shs_status status;
        const char *words;
    } cases[] = {
        {"x=data/*", SHS_ERROR_ARGUMENT, "must have one * between slashes"},
        {"x=data/*/*/actions", SHS_ERROR_ARGUMENT, "must have one * between slashes"},
        {"x=dat/*/actions", SHS_ERROR_FILE, "holds no group 'dat'"},
        {"x=data/demo_0/*/x", SHS_ERROR_FILE, "holds no dataset 'data/demo_0/obs/x'"},
        {"x=data/demo_0/obs/*/x", SHS_ERROR_FORMAT, "group data/demo_0/obs holds no groups"},
        {"x=data/*/actions(axes=2)", SHS_ERROR_ARGUMENT, "leave out axes=2"},
        {"x=data/*/actions(window=2, valid=data/*/ok)", SHS_ERROR_ARGUMENT, "leave valid out"},
        {"x=data/*/actions(offsets=o)", SHS_ERROR_ARGUMENT, "leave out offsets"},
        {"x=y(offsets=data/*/o)", SHS_ERROR_ARGUMENT, "offsets cannot be those of groups"},
        {"x=data/*/actions, y=*/z", SHS_ERROR_ARGUMENT, "give fields of the same groups"},
        {"x=data/*/actions(window=2), y=t(window=2)", SHS_ERROR_ARGUMENT, "windows of one kind"},
        {"x=data/*/actions, y=data/*/actions(constant)", SHS_ERROR_ARGUMENT,
         "a constant field is one dataset"},
        {"x=data/*/actions(window=31)", SHS_ERROR_ARGUMENT, "no trajectory has the rows"},
    };
    static const struct form form = {.chunked = false};
    char path[PATH_BYTES];
    write_trajectories("0.h5", &all[0], lengths[0], 12, &form);
    folder_path(folder, "0.h5", path);
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse_data(path, cases[i].text, NULL, cases[i].status, cases[i].words, "");
    refuse_data(path, "x=data/*/actions", &one_a_file, SHS_ERROR_ARGUMENT,
                "leave out one sample a file", "");
}
IN_FOLDER(texts_that_are_no_groups_are_refused)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rows_and_windows_are_those_of_the_groups),
        TEST(contiguous_datasets_are_read_directly),
        TEST(samples_of_rows_are_found),
        TEST(groups_that_differ_are_told_by_name),
        TEST(damaged_indices_of_chunks_are_refused),
        TEST(groups_of_other_meanings_are_refused),
        TEST(texts_that_are_no_groups_are_refused),
    };
    return harness_main("trajectories", tests, COUNT(tests), argc, argv);
}
