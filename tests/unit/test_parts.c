/* Windows over two axes and parts of rows: which bytes are read, what is compared, what is refused.
 * Values of random geometries are compared with h5py by tests/cli/parts.sh. */
#include "array_scene.h"

/* A dimension scale of an axis. Without a name the axis has none; without values the dataset is
 * there already. */
struct scale {
    const char *name;
    hid_t type;
    const void *values;
};

static hobj_ref_t write_scale(hid_t file, const struct scale *scale, hsize_t length)
{
    hobj_ref_t reference = 0;
    if (scale->values) {
        hid_t space = H5Screate_simple(1, &length, NULL);
        hid_t data = H5Dcreate2(file, scale->name, scale->type, space, H5P_DEFAULT, H5P_DEFAULT,
                                H5P_DEFAULT);
        CHECK(H5Dwrite(data, scale->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, scale->values) >= 0);
        H5Dclose(data);
        H5Sclose(space);
    }
    CHECK(H5Rcreate(&reference, file, scale->name, H5R_OBJECT, H5I_INVALID_HID) >= 0);
    return reference;
}

/* Gives an array's axes their scales, as netCDF-4 does. */
static void give_scales(const char *path, const struct array *array, const struct scale *scales)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, array->name, H5P_DEFAULT);
    hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ);
    hsize_t axes = (hsize_t)array->axes;
    hid_t space = H5Screate_simple(1, &axes, NULL);
    hid_t list = H5Acreate2(data, "DIMENSION_LIST", type, space, H5P_DEFAULT, H5P_DEFAULT);
    hobj_ref_t reference[5];
    hvl_t lists[5] = {{0}};
    for (int axis = 0; axis < array->axes; axis++) {
        if (!scales[axis].name) continue;
        reference[axis] = write_scale(file, &scales[axis], array->shape[axis]);
        lists[axis] = (hvl_t){1, &reference[axis]};
    }
    CHECK(H5Awrite(list, type, lists) >= 0);
    H5Aclose(list);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(data);
    CHECK(H5Fclose(file) >= 0);
}

/* True for a number of the file. */
static bool is_element(const struct shs_batch *batch, uint64_t slot, float came, uint64_t due)
{
    if (came >= (float)due && came <= (float)due) return true;
    return WRONG("slot %llu, row %llu: expected element %llu; came %.9g", (ull)slot,
                 (ull)batch->index[slot], (ull)due, (double)came);
}

/* Reads an epoch in any order. is_right() tells what is wrong in a slot. Returns the first error of
 * a batch. */
static shs_status read_epoch(const char *path, const char *fields,
                             const shs_dataset_options *options, shs_loader_statistics *done,
                             bool (*is_right)(const shs_batch *batch, uint64_t slot))
{
    struct reading reading;
    shs_batch batch;
    shs_status status = open_data(&reading, path, fields, options);
    const shs_loader_options how = {.batch = 2, .epochs = 1};
    if (!status) status = shs_loader_open(reading.data, &how, &reading.loader);
    while (!status && (status = shs_next(reading.loader, &batch)) == SHS_OK) {
        for (uint64_t slot = 0; slot < batch.rows && is_right; slot++)
            if (!is_right(&batch, slot)) break;
        status = shs_agree(reading.run);
    }
    if (reading.loader) *done = shs_statistics(reading.loader);
    close_data(&reading);
    return status == SHS_END ? SHS_OK : status;
}

/* ---- bytes */

/* The layout of ERA5 as weather models are trained on: time, channel, latitude, longitude. */
enum {
    TIMES = 3,
    CHANNELS = 73,
    LATITUDES = 90,
    LONGITUDES = 180
};

static const hsize_t picked[] = {70, 3, 4, 5, 22};

static bool weather_is_right(const shs_batch *batch, uint64_t slot)
{
    const float *now =
        (const float *)batch->field[0].data + slot * COUNT(picked) * (LATITUDES / 2) * LONGITUDES;
    for (size_t c = 0; c < COUNT(picked); c++)
        for (hsize_t y = 0; y < LATITUDES / 2; y++)
            for (hsize_t x = 0; x < LONGITUDES; x++) {
                hsize_t at = (batch->index[slot] * CHANNELS + picked[c]) * LATITUDES + y;
                if (!is_element(batch, slot, *now++, at * LONGITUDES + x)) return false;
            }
    return true;
}

static void only_wanted_bytes_are_read_in_folder(void)
{
    static const struct {
        const char *what;
        hsize_t chunk[4];
        bool deflate;
    } cases[] = {{"contiguous", {0}, false},
                 {"a channel a chunk", {1, 1, LATITUDES, LONGITUDES}, false},
                 {"all in one chunk", {1, CHANNELS, LATITUDES, LONGITUDES}, false},
                 {"a channel a compressed chunk", {1, 1, LATITUDES, LONGITUDES}, true}};
    static const char fields[] = "x=w(select=1[70 3:6 22], crop=2[:45])";
    const uint64_t wanted =
        (uint64_t)TIMES * COUNT(picked) * (LATITUDES / 2) * LONGITUDES * sizeof(float);
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        char path[PATH_BYTES];
        shs_loader_statistics done = {0};
        struct array array = {
            .name = "w", .axes = 4, .shape = {TIMES, CHANNELS, LATITUDES, LONGITUDES}};
        const shs_dataset_options options = {.cache_bytes = i % 2};
        memcpy(array.chunk, cases[i / 2].chunk, sizeof cases->chunk);
        array.deflate = cases[i / 2].deflate;
        make_file(path, "w.h5", &array);
        harness_where("%s, cache_bytes %zu", cases[i / 2].what, i % 2);
        CHECK_STATUS(read_epoch(path, fields, &options, &done, weather_is_right), SHS_OK);
        CHECK_EQ(done.rows, TIMES);
        if (array.deflate) {
            CHECK_EQ(done.chunks_decoded, TIMES * COUNT(picked));
        } else {
            CHECK_IS(done.bytes, >=, wanted);
            CHECK_IS(20 * done.bytes, <=, 21 * wanted);
        }
        harness_where(NULL);
    }
}
IN_FOLDER(only_wanted_bytes_are_read)

static void gaps_are_small_in_folder(void)
{
    static const struct {
        const char *fields;
        uint64_t wanted, reads, most_bytes;
    } cases[] = {
        /* rows of 40,000 bytes; a gap of a twentieth is read */
        {"x=w(select=1[0:9400 10000:10001])", 37604, 2, 37604},
        {"x=w(select=1[0:9800 9900:10000])", 39600, 1, 40000},
        {"x=w(select=1[0 9999])", 8, 2, 8},
        {"x=w(select=1[9999 0])", 8, 2, 8},
        /* what lies in a page is one read */
        {"x=w(select=1[0:1000:10])", 400, 1, 4000},
        {"x=w(select=1[0 100 50])", 12, 1, 404},
        {"x=w(select=1[5:7 7 8:10])", 20, 1, 20},
    };
    char path[PATH_BYTES];
    const struct array array = {.name = "w", .axes = 2, .shape = {4, 10001}};
    make_file(path, "w.h5", &array);
    for (size_t i = 0; i < COUNT(cases); i++) {
        shs_loader_statistics done = {0};
        harness_where("%s", cases[i].fields);
        CHECK_STATUS(read_epoch(path, cases[i].fields, &(shs_dataset_options){.cache_bytes = 1},
                                &done, NULL),
                     SHS_OK);
        CHECK_EQ(done.reads, 4 * cases[i].reads);
        CHECK_IS(done.bytes, >=, 4 * cases[i].wanted);
        CHECK_IS(done.bytes, <=, 4 * cases[i].most_bytes);
        harness_where(NULL);
    }
}
IN_FOLDER(gaps_are_small)

/* Two fields that take different channels of the same chunks. */
static bool pair_is_right(const shs_batch *batch, uint64_t slot)
{
    const float *two = (const float *)batch->field[0].data + slot * 2 * 6;
    const float *one = (const float *)batch->field[1].data + slot * 6;
    for (uint64_t x = 0; x < 6; x++) {
        uint64_t row = batch->index[slot] * 8 * 6 + x;
        if (!is_element(batch, slot, two[x], row + 5 * 6) ||
            !is_element(batch, slot, two[6 + x], row) ||
            !is_element(batch, slot, one[x], row + 7 * 6))
            return false;
    }
    return true;
}

static void fields_share_compressed_chunks_in_folder(void)
{
    char path[PATH_BYTES];
    shs_loader_statistics done = {0};
    struct array array = {
        .name = "w", .axes = 3, .shape = {8, 8, 6}, .chunk = {2, 8, 6}, .deflate = true};
    make_file(path, "w.h5", &array);
    /* nothing is kept: each batch of two rows decodes the chunks that it needs once */
    CHECK_STATUS(read_epoch(path, "x=w(select=1[5 0]), y=w(select=1[7])",
                            &(shs_dataset_options){.cache_bytes = 1}, &done, pair_is_right),
                 SHS_OK);
    CHECK_IS(done.chunks_decoded, <=, 8);
    /* kept chunks serve both */
    CHECK_STATUS(read_epoch(path, "x=w(select=1[5 0]), y=w(select=1[7])",
                            &(shs_dataset_options){.cache_bytes = 1600}, &done, pair_is_right),
                 SHS_OK);
    CHECK_EQ(done.chunks_decoded, 4);
}
IN_FOLDER(fields_share_compressed_chunks)

/* ---- trajectories */

static void trajectories_give_their_windows_in_folder(void)
{
    char path[PATH_BYTES], other[PATH_BYTES], both[2 * PATH_BYTES];
    struct reading reading;
    shs_rows rows;
    make_file(path, "a.h5", &(struct array){.name = "u", .axes = 4, .shape = {4, 50, 16, 16}});
    make_file(other, "b.h5", &(struct array){.name = "u", .axes = 4, .shape = {2, 7, 16, 16}});
    if (CHECK_STATUS(open_data(&reading, path, "x=u(axes=2, window=2)", NULL), SHS_OK)) {
        const shs_tensor *sample = shs_dataset_field(reading.data, 0);
        CHECK_EQ(shs_dataset_samples(reading.data), 196);
        CHECK(sample->axes == 3 && sample->shape[0] == 2 && sample->shape[2] == 16);
        CHECK_STATUS(shs_locate_rows(reading.data, 50, 0, &rows), SHS_OK);
        CHECK_EQ(rows.first, 51);
        CHECK_EQ(rows.count, 2);
        CHECK_EQ(rows.every, 1);
    }
    close_data(&reading);
    snprintf(both, sizeof both, "%s,%s", path, other);
    if (CHECK_STATUS(open_data(&reading, both, "x=u(axes=2, window=3, every=2)", NULL), SHS_OK)) {
        CHECK_EQ(shs_dataset_samples(reading.data), 4 * 46 + 2 * 3);
        CHECK_STATUS(shs_locate_rows(reading.data, 4 * 46 + 5, 0, &rows), SHS_OK);
        CHECK_EQ(rows.first, 7 + 2);
        CHECK_EQ(rows.count, 3);
        CHECK_EQ(rows.every, 2);
        const shs_loader_options part = {.batch = 2, .subset = {.to = 0.5}};
        CHECK_STATUS(shs_loader_open(reading.data, &part, &reading.loader), SHS_ERROR_ARGUMENT);
        CHECK_HAS(shs_message(), "a part of overlapping windows");
        CHECK_HAS(shs_message(), "a sample spans 5 rows and the next one begins 1 later");
    }
    close_data(&reading);
    refuse_data(other, "x=u(axes=2, window=8)", NULL, SHS_ERROR_ARGUMENT,
                "no trajectory has the rows of one window: window 8 and lead 0", "choose less");
    refuse_data(other, "x=u(axes=2, window=4, every=3)", NULL, SHS_ERROR_ARGUMENT,
                "window 4 and lead 0, every 3", "choose less");
    refuse_data(path, "x=u(axes=2, window=2), y=u(axes=2)", NULL, SHS_ERROR_FORMAT,
                "field x has 196 samples but field y has 200 rows", "");
}
IN_FOLDER(trajectories_give_their_windows)

static bool pair_of_rows_is_right(const shs_batch *batch, uint64_t slot, uint64_t rows)
{
    const float *now = (const float *)batch->field[0].data + slot * 2 * 3;
    uint64_t trajectory = batch->index[slot] / (rows - 1), row = batch->index[slot] % (rows - 1);
    for (uint64_t i = 0; i < 6; i++) {
        float due = (float)((trajectory * rows + row) * 3 + i);
        if (now[i] < due || now[i] > due) return false;
    }
    return true;
}

static bool nine_rows_are_right(const shs_batch *batch, uint64_t slot)
{
    return pair_of_rows_is_right(batch, slot, 9);
}

static bool ten_rows_are_right(const shs_batch *batch, uint64_t slot)
{
    return pair_of_rows_is_right(batch, slot, 10);
}

/* Chunks with parts of several trajectories, at the end of these or of the array, whose first and
 * last row lie as far apart as if all rows of the chunk were neighbours. */
static void chunks_of_several_trajectories_are_put_in_order_in_folder(void)
{
    static const struct {
        hsize_t trajectories, rows, chunk[2];
        bool (*is_right)(const shs_batch *batch, uint64_t slot);
    } cases[] = {{4, 9, {2, 6}, nine_rows_are_right}, {5, 10, {3, 5}, ten_rows_are_right}};
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        char path[PATH_BYTES];
        shs_loader_statistics done = {0};
        const shs_dataset_options options = {.cache_bytes = i % 2};
        struct array array = {.name = "u", .axes = 3, .deflate = true};
        memcpy(array.shape, (hsize_t[]){cases[i / 2].trajectories, cases[i / 2].rows, 3},
               3 * sizeof *array.shape);
        memcpy(array.chunk, (hsize_t[]){cases[i / 2].chunk[0], cases[i / 2].chunk[1], 3},
               3 * sizeof *array.chunk);
        make_file(path, "u.h5", &array);
        harness_where("%d rows, cache_bytes %zu", (int)cases[i / 2].rows, options.cache_bytes);
        CHECK_STATUS(
            read_epoch(path, "x=u(axes=2, window=2)", &options, &done, cases[i / 2].is_right),
            SHS_OK);
        CHECK_EQ(done.rows, cases[i / 2].trajectories * (cases[i / 2].rows - 1));
        harness_where(NULL);
    }
}
IN_FOLDER(chunks_of_several_trajectories_are_put_in_order)

/* ---- checksums */

/* The slice [2] of rows of 4 x 5000 elements. */
static bool slice_is_right(const shs_batch *batch, uint64_t slot)
{
    const float *slice = (const float *)batch->field[0].data + slot * 5000;
    for (uint64_t x = 0; x < 5000; x++)
        if (!is_element(batch, slot, slice[x], (batch->index[slot] * 4 + 2) * 5000 + x))
            return false;
    return true;
}

/* Expects an error that names damage, or none. */
static void check_damage(const char *path, const char *fields, const shs_dataset_options *options,
                         bool found, uint64_t bytes)
{
    shs_loader_statistics done = {0};
    harness_where("%s, cache_bytes %zu, unchecked %d", fields, options->cache_bytes,
                  options->unchecked);
    CHECK_STATUS(read_epoch(path, fields, options, &done, NULL), found ? SHS_ERROR_FORMAT : SHS_OK);
    if (found) CHECK_HAS(shs_message(), "damaged");
    if (bytes) CHECK_EQ(done.bytes, bytes);
    harness_where(NULL);
}

static void parts_of_rows_are_compared_whole_in_folder(void)
{
    char path[PATH_BYTES];
    const shs_dataset_options small = {.cache_bytes = 1}, large = {0};
    const shs_dataset_options unchecked = {.cache_bytes = 1, .unchecked = true};
    struct array array = {.name = "w", .axes = 3, .shape = {6, 4, 5000}, .sums = true};
    make_file(path, "w.h5", &array);
    check_damage(path, "x=w(select=1[2])", &small, false, 6 * 80000);
    check_damage(path, "x=w(select=1[2])", &large, false, 6 * 80000);
    check_damage(path, "x=w(select=1[2])", &unchecked, false, 6 * 20000);
    shs_loader_statistics done = {0};
    CHECK_STATUS(read_epoch(path, "x=w(select=1[2])", &small, &done, slice_is_right), SHS_OK);
    CHECK_STATUS(read_epoch(path, "x=w(select=1[2])", &large, &done, slice_is_right), SHS_OK);
    CHECK_EQ(done.rows, 6);
    damage(path, &array, (hsize_t[]){4, 0, 7});
    check_damage(path, "x=w(select=1[2])", &small, true, 0);
    CHECK_HAS(shs_message(), "row 4 is not what was written");
    check_damage(path, "x=w(select=1[2])", &large, true, 0);
    check_damage(path, "x=w(select=1[2])", &unchecked, false, 6 * 20000);
    memcpy(array.chunk, (hsize_t[]){1, 1, 5000}, 3 * sizeof *array.chunk);
    array.deflate = array.fletcher32 = true;
    make_file(path, "w.h5", &array); /* each chunk has a checksum of its own */
    damage(path, &array, (hsize_t[]){4, 0, 7});
    check_damage(path, "x=w(select=1[2])", &small, false, 0);
    check_damage(path, "x=w(select=1[2])", &large, false, 0);
    check_damage(path, "x=w(select=1[0])", &small, true, 0);
    check_damage(path, "x=w", &large, true, 0);
}
IN_FOLDER(parts_of_rows_are_compared_whole)

static void trajectories_are_compared_whole_in_folder(void)
{
    char path[PATH_BYTES];
    const shs_dataset_options small = {.cache_bytes = 1}, large = {0};
    struct array array = {.name = "u", .axes = 3, .shape = {6, 10, 500}, .sums = true};
    for (int chunked = 0; chunked < 2; chunked++) {
        if (chunked) memcpy(array.chunk, (hsize_t[]){2, 5, 300}, 3 * sizeof *array.chunk);
        make_file(path, "u.h5", &array);
        check_damage(path, "x=u(axes=2, window=2)", &small, false, 0);
        check_damage(path, "x=u(axes=2, window=2)", &large, false, 0);
        check_damage(path, "x=u(axes=2, window=10)", &small, false, 0);
        damage(path, &array, (hsize_t[]){5, 9, 100});
        check_damage(path, "x=u(axes=2, window=2)", &large, true, 0);
        CHECK_HAS(shs_message(), "row 5 is not what was written");
        check_damage(path, "x=u(axes=2, window=10)", &small, true, 0);
        check_damage(path, "x=u(axes=2, window=2)", &small, false, 0); /* info says so */
    }
}
IN_FOLDER(trajectories_are_compared_whole)

/* A chunk that is not in the file any more, as if its entry in the index were lost, has no checksum
 * of its own, but its rows have. */
static void chunks_that_are_not_there_are_compared_in_folder(void)
{
    char path[PATH_BYTES];
    const shs_dataset_options small = {.cache_bytes = 1};
    hsize_t shape[] = {6, 4}, chunk[] = {2, 2}, first[] = {0, 0}, count[] = {4, 4};
    float numbers[24];
    folder_path(folder, "w.h5", path);
    for (int i = 0; i < 24; i++)
        numbers[i] = (float)i;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    H5Pset_fletcher32(list);
    hid_t data = H5Dcreate2(file, "w", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, first, NULL, count, NULL);
    CHECK(H5Dwrite(data, H5T_NATIVE_FLOAT, space, space, H5P_DEFAULT, numbers) >= 0);
    write_sums(file, &(struct array){.name = "w", .axes = 2, .shape = {6, 4}}, numbers);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    CHECK(H5Fclose(file) >= 0);
    check_damage(path, "x=w(select=1[2])", &small, true, 0);
    CHECK_HAS(shs_message(), "is not what was written");
}
IN_FOLDER(chunks_that_are_not_there_are_compared)

/* ---- what is refused */

static void texts_without_a_part_are_refused_in_folder(void)
{
    static const struct {
        const char *fields, *words, *more;
    } cases[] = {
        {"x=u(select=q[3])", "no axis is named 'q'", "from 0 to 3"},
        {"x=u(select=4[3])", "axis 4 is not there", "it has 4 axes"},
        {"x=u(select=0[3])", "axis 0 counts rows", "subset"},
        {"x=u(axes=2, select=1[3])", "axis 1 counts rows", "subset"},
        {"x=u(select=2[3 3])", "index 3 comes twice", "axis 2"},
        {"x=u(select=2[1:4 0:2])", "index 1 comes twice", "axis 2"},
        {"x=u(select=2[16])", "'16' is outside the axis", "a length of 16"},
        {"x=u(select=2[4:17])", "'4:17' is outside the axis", "a length of 16"},
        {"x=u(select=2[3:3])", "'3:3' takes nothing", ""},
        {"x=u(select=2[t2m])", "'t2m' is no index", "gives the axis no coordinate"},
        {"x=u(select=2[1:-1])", "'1:-1' is no range", ""},
        {"x=u(select=2[1:5:0])", "'1:5:0' is no range", "step at least 1"},
        {"x=u(select=2[])", "nothing between its brackets", ""},
        {"x=u(select=2[3)", "a '[' has no ']'", ""},
        {"x=u(select=2)", "is not AXIS[INDICES]", ""},
        {"x=u(select=)", "it is empty", ""},
        {"x=u(select=2[1] 2[3])", "axis 2 is given twice", "select"},
        {"x=u(select=2[1], crop=2[3:4])", "axis 2 is given twice", "crop"},
        {"x=u(crop=2[3])", "'3' is no range a:b", "select takes indices"},
        {"x=u(crop=2[3:9:2])", "'3:9:2' is no range a:b", ""},
        {"x=u(crop=2[1:2 3:4])", "has several ranges", "crop takes one"},
    };
    char path[PATH_BYTES], other[PATH_BYTES], both[2 * PATH_BYTES];
    make_file(path, "a.h5", &(struct array){.name = "u", .axes = 4, .shape = {4, 5, 16, 16}});
    make_file(other, "b.h5", &(struct array){.name = "u", .axes = 4, .shape = {4, 5, 16, 17}});
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse_data(path, cases[i].fields, NULL, SHS_ERROR_ARGUMENT, cases[i].words, cases[i].more);
    snprintf(both, sizeof both, "%s,%s", path, other);
    refuse_data(both, "x=u(crop=3[0:4])", NULL, SHS_ERROR_FORMAT, "b.h5: dataset u is of f32",
                "it must be alike in all files");
    make_file(path, "a.h5", &(struct array){.name = "u", .axes = 1, .shape = {4}});
    refuse_data(path, "x=u(axes=2)", NULL, SHS_ERROR_FORMAT, "dataset u has one axis", "axes=2");
    refuse_data(path, "x=u(select=0[1])", NULL, SHS_ERROR_ARGUMENT, "a row is a single number",
                "leave out");
}
IN_FOLDER(texts_without_a_part_are_refused)

/* Two files whose axes have the same lengths, but other names. */
static void axes_in_another_order_are_refused_in_folder(void)
{
    static const struct {
        hsize_t y, x;
        const char *fields, *words;
    } cases[] = {{3, 3, "x=u(select=y[0:2])", "have the numbers 2, but 1 in"},
                 {2, 6, "x=u(select=y[0])", "have the numbers 2, but 1 in"},
                 {6, 2, "x=u(select=y[0])", "have the numbers 2, but 1 in"},
                 {3, 3, "x=u(crop=y[:2] x[1:])", "have the numbers 2 1, but 1 2 in"},
                 {3, 3, "x=u(select=y[2 1 0])", "have the numbers 2, but 1 in"}};
    static const float values[6] = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[2][PATH_BYTES], both[2 * PATH_BYTES + 1];
        const struct array array = {.name = "u", .axes = 3, .shape = {4, cases[i].y, cases[i].x}};
        for (int file = 0; file < 2; file++) {
            const struct scale scales[] = {{0},
                                           {file ? "x" : "y", H5T_NATIVE_FLOAT, values},
                                           {file ? "y" : "x", H5T_NATIVE_FLOAT, values}};
            make_file(path[file], file ? "b.h5" : "a.h5", &array);
            give_scales(path[file], &array, scales);
        }
        snprintf(both, sizeof both, "%s,%s", path[0], path[1]);
        refuse_data(both, cases[i].fields, NULL, SHS_ERROR_FORMAT, "b.h5: dataset u: the axes",
                    cases[i].words);
    }
}
IN_FOLDER(axes_in_another_order_are_refused)

static void values_are_found_in_the_precision_of_the_file_in_folder(void)
{
    static const float singles[] = {52.1f, 52.2f, 52.3f};
    static const double doubles[] = {52.1, (double)52.2f, 52.3};
    const struct array array = {.name = "u", .axes = 2, .shape = {4, 3}};
    char path[PATH_BYTES];
    struct reading reading;
    make_file(path, "a.h5", &array);
    give_scales(path, &array, (struct scale[]){{0}, {"lat", H5T_NATIVE_FLOAT, singles}});
    if (CHECK_STATUS(open_data(&reading, path, "x=u(select=lat[52.3 52.1])", NULL), SHS_OK))
        CHECK_EQ(shs_dataset_field(reading.data, 0)->shape[0], 2);
    close_data(&reading);
    refuse_data(path, "x=u(select=lat[52])", NULL, SHS_ERROR_ARGUMENT, "'52' is outside the axis",
                "for the index that has this value write 52.0");
    refuse_data(path, "x=u(select=lat[2:52])", NULL, SHS_ERROR_ARGUMENT,
                "'2:52' is outside the axis", "");
    refuse_data(path, "x=u(select=lat[52.25])", NULL, SHS_ERROR_ARGUMENT, "no coordinate of the",
                "axis lat");
    make_file(path, "b.h5", &array);
    give_scales(path, &array, (struct scale[]){{0}, {"lat", H5T_NATIVE_DOUBLE, doubles}});
    CHECK_STATUS(open_data(&reading, path, "x=u(select=lat[52.3 52.1])", NULL), SHS_OK);
    close_data(&reading);
    refuse_data(path, "x=u(select=lat[52.2])", NULL, SHS_ERROR_ARGUMENT, "no coordinate of the",
                "axis lat");
}
IN_FOLDER(values_are_found_in_the_precision_of_the_file)

static void coordinates_that_cannot_be_read_are_told_in_folder(void)
{
    const struct array array = {.name = "u", .axes = 2, .shape = {4, 9}};
    const struct array lat = {
        .name = "lat", .axes = 1, .shape = {9}, .chunk = {9}, .fletcher32 = true};
    char path[PATH_BYTES];
    make_file(path, "a.h5", &array);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    write_array(file, &lat);
    H5Fclose(file);
    give_scales(path, &array, (struct scale[]){{0}, {.name = "lat"}});
    damage(path, &lat, (hsize_t[]){0});
    refuse_data(path, "x=u(select=lat[2.0])", NULL, SHS_ERROR_FORMAT,
                "dataset /lat, the coordinate of axis 1 of u, cannot be read", "HDF5 says:");
}
IN_FOLDER(coordinates_that_cannot_be_read_are_told)

/* The names of indices change places, and all checksums stay. */
static void changed_names_are_a_changed_file_in_folder(void)
{
    static const char before[] = "abcd", after[] = "bacd";
    const struct array array = {.name = "u", .axes = 2, .shape = {6, 4}, .sums = true};
    const shs_loader_options how = {.batch = 2, .epochs = 1};
    char path[PATH_BYTES];
    struct reading reading;
    shs_batch batch;
    hid_t type = H5Tcopy(H5T_C_S1);
    CHECK(H5Tset_size(type, 1) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0);
    make_file(path, "a.h5", &array);
    give_scales(path, &array, (struct scale[]){{0}, {"channel", type, before}});
    if (CHECK_STATUS(open_data(&reading, path, "x=u(select=channel[a])", NULL), SHS_OK) &&
        CHECK_STATUS(shs_loader_open(reading.data, &how, &reading.loader), SHS_OK)) {
        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        hid_t scale = H5Dopen2(file, "channel", H5P_DEFAULT);
        CHECK(H5Dwrite(scale, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, after) >= 0);
        H5Dclose(scale);
        CHECK(H5Fclose(file) >= 0);
        shs_status status = shs_next(reading.loader, &batch);
        if (!status) status = shs_agree(reading.run);
        CHECK_STATUS(status, SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "has changed since it was opened");
        CHECK_HAS(shs_message(), "other content");
    }
    H5Tclose(type);
    close_data(&reading);
}
IN_FOLDER(changed_names_are_a_changed_file)

/* ---- replaced rows */

/* The cache cannot hold the file, and an augmentation follows. */
static void damaged_rows_beyond_the_cache_are_replaced_in_folder(void)
{
    static const struct array array = {.name = "w",
                                       .axes = 3,
                                       .shape = {6, 4, 50},
                                       .chunk = {1, 4, 50},
                                       .deflate = true,
                                       .fletcher32 = true};
    char path[PATH_BYTES];
    struct reading reading;
    shs_batch batch;
    const shs_loader_options how = {.batch = 6,
                                    .epochs = 1,
                                    .augment = "x: random_flip(axis=w)",
                                    .failures = {.damage = SHS_DAMAGE_REPLACE}};
    make_file(path, "w.h5", &array);
    damage(path, &array, (hsize_t[]){4, 0, 7});
    if (NEED_STATUS(open_data(&reading, path, "x=w", &(shs_dataset_options){.cache_bytes = 1}),
                    SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &how, &reading.loader), SHS_OK)) {
        CHECK_STATUS(shs_next(reading.loader, &batch), SHS_OK);
        CHECK_EQ(batch.rows, 6);
        CHECK_EQ(shs_statistics(reading.loader).rows_replaced, 1);
    }
    close_data(&reading);
}
IN_FOLDER(damaged_rows_beyond_the_cache_are_replaced)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(only_wanted_bytes_are_read),
        TEST(gaps_are_small),
        TEST(fields_share_compressed_chunks),
        TEST(trajectories_give_their_windows),
        TEST(chunks_of_several_trajectories_are_put_in_order),
        TEST(parts_of_rows_are_compared_whole),
        TEST(trajectories_are_compared_whole),
        TEST(texts_without_a_part_are_refused),
        TEST(axes_in_another_order_are_refused),
        TEST(values_are_found_in_the_precision_of_the_file),
        TEST(coordinates_that_cannot_be_read_are_told),
        TEST(changed_names_are_a_changed_file),
        TEST(chunks_that_are_not_there_are_compared),
        TEST(damaged_rows_beyond_the_cache_are_replaced),
    };
    return harness_main("parts", tests, COUNT(tests), argc, argv);
}
