/* Resident arrays: which arrays are held, where their rows lie, and that threads which race for
 * units write each once, and never read a row that is not there. */
#include <hdf5.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core_pool.h"
#include "counted_memory.h"
#include "data_dataset.h"
#include "data_open_file.h"
#include "h5_write.h"
#include "judge.h"
#include "shardstep/context.h"
#include "temporary_folder.h"
#include "unit.h"

/* ---- A dataset of two files, with arrays whose bytes tell what they are. */

enum {
    FIRST_ROWS = 1100,
    SECOND_ROWS = 700,
    MOST_ROW = 1000, /* bytes of the longest row */
    ARRAYS = 4,
    NARROW = 0, /* chunks of few bytes */
    NUMBERS = 1,
    PACKED = 2,
    IMAGES = 3
};

static const struct {
    const char *name;
    size_t row_bytes;
    struct h5_storage storage;
} arrays[ARRAYS] = {[NARROW] = {"narrow", 2, {.chunk_rows = 3}},
                    [NUMBERS] = {"numbers", 4, {0}},
                    [PACKED] = {"packed", 256, {.chunk_rows = 16, .deflate = 1}},
                    [IMAGES] = {"images", MOST_ROW, {0}}};
static const char all_fields[] = "narrow,numbers,packed,images";

static char folder[PATH_BYTES], paths[2 * PATH_BYTES];

/* The bytes of a row of a file's array. */
static void row_of(size_t file, size_t array, uint64_t row, unsigned char *bytes)
{
    uint64_t state = (row * ARRAYS + array) * 64 + file, word = 0;
    for (size_t i = 0; i < arrays[array].row_bytes; i++) {
        if (i % 64 == 0) word = judge_random(&state);
        bytes[i] = (unsigned char)(word >> i % 8 * 8);
    }
}

static bool is_row_of(size_t file, size_t array, uint64_t row, const void *bytes)
{
    unsigned char expected[MOST_ROW];
    row_of(file, array, row, expected);
    return memcmp(bytes, expected, arrays[array].row_bytes) == 0;
}

static bool write_array(struct h5_writer *writer, size_t file, size_t array, uint64_t rows)
{
    size_t bytes = arrays[array].row_bytes;
    const shs_tensor shape = {.type = SHS_U8, .axes = 2, .shape = {rows, bytes}};
    unsigned char *all = malloc(rows * bytes);
    for (uint64_t row = 0; all && row < rows; row++)
        row_of(file, array, row, all + row * bytes);
    bool written = all &&
                   !h5_create_array(writer, arrays[array].name, &shape, &arrays[array].storage) &&
                   !h5_write_rows(writer, rows, all);
    free(all);
    return written;
}

static bool write_file(size_t file, uint64_t rows, char path[PATH_BYTES])
{
    struct h5_writer *writer;
    char name[16];
    snprintf(name, sizeof name, "%zu.h5", file);
    bool written = !h5_create(folder_path(folder, name, path), &writer);
    for (size_t array = 0; array < ARRAYS && written; array++)
        written = write_array(writer, file, array, rows);
    return written && !h5_finish(&writer);
}

static bool begin(void)
{
    char first[PATH_BYTES], second[PATH_BYTES];
    bool made = folder_make(folder) && write_file(0, FIRST_ROWS, first) &&
                write_file(1, SECOND_ROWS, second);
    snprintf(paths, sizeof paths, "%s,%s", first, second);
    return NEED(made);
}

static void end(void)
{
    folder_remove(folder);
}

struct data {
    shs_run *run;
    shs_dataset *dataset;
};

static bool data_open(struct data *data, const char *path, const char *fields, size_t cache_bytes)
{
    const shs_dataset_options how = {.cache_bytes = cache_bytes};
    *data = (struct data){0};
    if (!NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, NULL, &data->run), SHS_OK)) return false;
    return NEED_STATUS(shs_dataset_open(data->run, path, fields, &how, &data->dataset), SHS_OK);
}

static void data_close(struct data *data)
{
    shs_dataset_close(&data->dataset);
    shs_close(&data->run);
}

/* A file's array, which must be resident. */
static const struct data_resident_array *find(const struct data *data, size_t file, size_t array)
{
    return &data->dataset->resident.array[data_files_key(&data->dataset->files, file, array)];
}

/* ---- Which arrays are held. */

/* Which of the arrays are held: bit a for array a. */
static unsigned held(const struct data *data)
{
    unsigned bits = 0;
    for (size_t array = 0; array < data->dataset->what.n_arrays; array++) {
        const struct data_files *files = &data->dataset->files;
        const struct data_resident *resident = &data->dataset->resident;
        bool holds = resident->holds[array];
        if (holds) bits |= 1U << array;
        for (size_t file = 0; file < files->paths.count; file++) {
            uint64_t key = data_files_key(files, file, array);
            CHECK_EQ(data_resident_find(resident, key) != NULL, holds);
        }
    }
    CHECK_IS(data_resident_bytes(&data->dataset->resident), <=, data->dataset->cache_bytes);
    CHECK_EQ(data_resident_bytes(&data->dataset->resident) > 0, bits != 0);
    return bits;
}

static void check_held(const char *path, const char *fields, size_t cache_bytes, unsigned expected)
{
    struct data data;
    harness_where("%s, cache of %zu bytes", fields, cache_bytes);
    if (data_open(&data, path, fields, cache_bytes)) CHECK_EQ(held(&data), expected);
    data_close(&data);
    harness_where(NULL);
}

static void test_the_smallest_arrays_that_fit_are_held(void)
{
    if (!begin()) return;
    check_held(paths, all_fields, 0, 1U << NARROW | 1U << NUMBERS | 1U << PACKED | 1U << IMAGES);
    check_held(paths, all_fields, 1000000, 1U << NARROW | 1U << NUMBERS | 1U << PACKED);
    check_held(paths, all_fields, 20000, 1U << NARROW | 1U << NUMBERS);
    check_held(paths, all_fields, 5000, 1U << NARROW);
    check_held(paths, all_fields, 100, 0);
    check_held(paths, all_fields, 1, 0);
    check_held(paths, "images(window=3),packed(window=3)", 1000000, 1U << 1);
    check_held(paths, "images,numbers", SIZE_MAX, 1U << 1 | 1U << 0);
    end();
}

/* The memory is never more than cache_bytes, wherever the border lies. */
static void test_the_memory_is_within_the_cache(void)
{
    unsigned before = 0;
    if (!begin()) return;
    for (size_t bytes = 3000; bytes < 16000; bytes += 61) {
        struct data data;
        harness_where("cache of %zu bytes", bytes);
        unsigned now = data_open(&data, paths, all_fields, bytes) ? held(&data) : 0;
        CHECK_EQ(now & before, before);
        before = now;
        data_close(&data);
    }
    harness_where(NULL);
    CHECK_EQ(before, 1U << NARROW | 1U << NUMBERS);
    end();
}

/* Adds a compact array of u8, which only HDF5 reads, and offsets of `rows` samples of a row. */
static bool add_odd_arrays(const char *path, uint64_t rows)
{
    uint64_t numbers[FIRST_ROWS + 1] = {0};
    const hsize_t shape[] = {rows + 1};
    for (uint64_t i = 0; i <= rows; i++)
        numbers[i] = i;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, shape, NULL);
    H5Pset_layout(list, H5D_COMPACT);
    hid_t compact =
        H5Dcreate2(file, "compact", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    hid_t offsets =
        H5Dcreate2(file, "offsets", H5T_STD_U64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool good = H5Dwrite(compact, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0 &&
                H5Dwrite(offsets, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0;
    H5Dclose(compact);
    H5Dclose(offsets);
    H5Sclose(space);
    H5Pclose(list);
    return H5Fclose(file) >= 0 && good;
}

static void test_what_is_not_read_directly_is_not_held(void)
{
    char path[PATH_BYTES];
    if (!begin()) return;
    folder_path(folder, "0.h5", path);
    if (CHECK(add_odd_arrays(path, FIRST_ROWS))) {
        check_held(path, "compact", 0, 0);
        check_held(path, "x=packed(offsets=offsets)", 0, 1U << 0); /* the offsets are elsewhere */
        check_held(path, "x=packed(offsets=offsets),numbers", 0, 1U << 0 | 1U << 2);
    }
    end();
}

static void test_files_that_cannot_all_be_open_are_not_held(void)
{
    char path[PATH_BYTES];
    shs_run *run = NULL;
    shs_dataset *dataset = NULL;
    const shs_dataset_options whole = {.one_sample_a_file = true};
    bool written = NEED(folder_make(folder));
    for (size_t file = 0; file < 65 && written; file++)
        written = NEED(write_file(file, 2, path));
    if (!written) return;
    check_held(folder, "numbers,packed", 0, 0);
    check_held(folder_path(folder, "1?.h5", path), "numbers,packed", 0, 1U << 0 | 1U << 1);
    CHECK_STATUS(shs_open_ranks(0, 1, NULL, NULL, NULL, &run), SHS_OK);
    CHECK_STATUS(shs_dataset_open(run, path, "numbers", &whole, &dataset), SHS_OK);
    CHECK(dataset->resident.array == NULL);
    shs_dataset_close(&dataset);
    shs_close(&run);
    end();
}

/* ---- Where rows lie. */

/* The units of an array hold each row once, in order. */
static void check_units(const struct data_resident_array *array, uint64_t rows, uint64_t unit_rows)
{
    uint64_t next = 0;
    CHECK_EQ(array->rows, rows);
    CHECK_EQ(array->unit_rows, unit_rows);
    CHECK_EQ((uintptr_t)array->memory % 64, 0);
    for (uint64_t unit = 0; unit < array->units; unit++) {
        struct data_range range = data_resident_rows(array, unit);
        CHECK_EQ(range.first, next);
        CHECK_IS(range.count, >, 0);
        next += range.count;
        CHECK_EQ(data_resident_unit(array, range.first), unit);
        CHECK_EQ(data_resident_unit(array, next - 1), unit);
        CHECK(!data_resident_is_there(array, unit));
    }
    CHECK_EQ(next, rows);
    CHECK(!data_resident_is_complete(array));
}

static void test_units_are_bands_of_chunks_or_a_quarter_mebibyte(void)
{
    static const uint64_t unit_rows[] = {
        [NARROW] = 2049, [NUMBERS] = 65536, [PACKED] = 16, [IMAGES] = 262};
    struct data data;
    if (!begin()) return;
    if (!data_open(&data, paths, all_fields, 0)) return;
    const struct mpi_window *window = &data.dataset->resident.window;
    char *last = window->memory;
    CHECK(!window->shared);
    for (size_t file = 0; file < 2; file++)
        for (size_t a = 0; a < ARRAYS; a++) {
            const struct data_resident_array *array = find(&data, file, a);
            harness_where("file %zu, array %s", file, arrays[a].name);
            check_units(array, file ? SECOND_ROWS : FIRST_ROWS, unit_rows[a]);
            CHECK_IS((uintptr_t)(array->states + array->units), <=,
                     (uintptr_t)find(&data, 0, 0)->memory);
            CHECK(array->memory >= last); /* behind the rows of the array before */
            last = data_resident_row(array, array->rows);
        }
    CHECK(last <= window->memory + window->bytes);
    harness_where(NULL);
    data_close(&data);
    end();
}

/* ---- The protocol. */

static void test_the_states_of_a_unit(void)
{
    struct data data;
    if (!begin()) return;
    if (!data_open(&data, paths, "packed", 0)) return;
    const struct data_resident_array *array = find(&data, 0, 0);
    CHECK_EQ(data_resident_claim(array, 3), DATA_UNIT_ABSENT);
    CHECK_EQ(data_resident_claim(array, 3), DATA_UNIT_BEING_WRITTEN);
    CHECK(!data_resident_is_there(array, 3));
    data_resident_give_up(array, 3);
    CHECK_EQ(data_resident_claim(array, 3), DATA_UNIT_ABSENT);
    data_resident_publish(array, 3);
    CHECK_EQ(data_resident_claim(array, 3), DATA_UNIT_THERE);
    CHECK(data_resident_is_there(array, 3));
    CHECK(!data_resident_is_there(array, 2));
    for (uint64_t unit = 0; unit < array->units; unit++) {
        CHECK(!data_resident_is_complete(array));
        if (data_resident_claim(array, unit) == DATA_UNIT_ABSENT)
            data_resident_publish(array, unit);
    }
    CHECK(data_resident_is_complete(array));
    CHECK(!data_resident_is_complete(find(&data, 1, 0)));
    data_close(&data);
    end();
}

enum {
    LANES = 6,
    JOBS = 60,
    DRAWS = 400, /* rows that a job reads */
    FILES = 2
};

/* What threads that race for units share. */
struct race {
    const struct data *data;
    struct io_lane lane[LANES];
    atomic_uint filled[FILES][ARRAYS][FIRST_ROWS]; /* how often each unit was published */
    atomic_uint wrong;                             /* rows that were not the file's */
};

/* Reads and checks a unit that the caller has claimed. Some fillers fail halfway. */
static void fill_unit(struct race *race, size_t file, size_t a, uint64_t unit, unsigned lane,
                      bool fails)
{
    const struct data_resident_array *array = find(race->data, file, a);
    const struct data_field *field = &race->data->dataset->files.file[file].open->arrays[a];
    struct data_range rows = data_resident_rows(array, unit);
    char *to = data_resident_row(array, rows.first);
    shs_status status =
        io_reader_read(field->direct, &race->lane[lane], rows.first, rows.count, to);
    if (status || fails) {
        memset(to, 0, rows.count * array->row_bytes);
        data_resident_give_up(array, unit);
        return;
    }
    data_resident_publish(array, unit);
    atomic_fetch_add(&race->filled[file][a][unit], 1);
}

/* Reads one row as a fetch would. */
static void read_row(struct race *race, uint64_t draw, unsigned lane)
{
    size_t file = draw % FILES, a = draw / FILES % ARRAYS;
    const struct data_resident_array *array = find(race->data, file, a);
    uint64_t row = draw / FILES / ARRAYS % array->rows, unit = data_resident_unit(array, row);
    bool fails = (draw >> 60) == 0;
    if (!data_resident_is_complete(array)) {
        enum data_unit state = data_resident_claim(array, unit);
        if (state == DATA_UNIT_ABSENT) fill_unit(race, file, a, unit, lane, fails);
        if (state == DATA_UNIT_BEING_WRITTEN) return; /* a fetch would read for itself */
        if (state == DATA_UNIT_ABSENT && fails) return;
    }
    if (!is_row_of(file, a, row, data_resident_row(array, row))) atomic_fetch_add(&race->wrong, 1);
}

static shs_status read_rows(void *user, size_t job, unsigned lane)
{
    uint64_t state = job;
    for (size_t i = 0; i < DRAWS; i++)
        read_row(user, judge_random(&state), lane);
    return SHS_OK;
}

/* Fills what no thread has wanted, and sees that each unit was filled once. */
static void check_filled(struct race *race)
{
    for (size_t file = 0; file < FILES; file++)
        for (size_t a = 0; a < ARRAYS; a++) {
            const struct data_resident_array *array = find(race->data, file, a);
            for (uint64_t unit = 0; unit < array->units; unit++) {
                enum data_unit state = data_resident_claim(array, unit);
                CHECK_IS(state, !=, DATA_UNIT_BEING_WRITTEN);
                if (state == DATA_UNIT_ABSENT) fill_unit(race, file, a, unit, 0, false);
                CHECK_EQ(race->filled[file][a][unit], 1);
            }
            CHECK(data_resident_is_complete(array));
            size_t wrong = 0;
            for (uint64_t row = 0; row < array->rows; row++)
                wrong += !is_row_of(file, a, row, data_resident_row(array, row));
            CHECK_EQ(wrong, 0);
        }
}

static void test_threads_race_for_units(void)
{
    static struct race race;
    struct data data;
    struct core_pool *pool = NULL;
    if (!begin()) return;
    race.data = &data;
    if (data_open(&data, paths, all_fields, 0) && NEED_STATUS(core_pool_new(&pool), SHS_OK)) {
        CHECK_STATUS(core_pool_do(pool, LANES, JOBS, read_rows, &race), SHS_OK);
        CHECK_EQ(race.wrong, 0);
        check_filled(&race);
    }
    core_pool_free(&pool);
    for (size_t lane = 0; lane < LANES; lane++)
        io_lane_free(&race.lane[lane]);
    data_close(&data);
    end();
}

/* ---- Memory that runs out. */

/* The call of the memory functions number `fail_at` fails. Returns true if there was none. */
static bool open_with_failure(long fail_at, bool *without)
{
    struct counted_memory memory;
    struct data data;
    if (!NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, NULL, &data.run), SHS_OK)) return true;
    counted_begin(&memory, fail_at);
    shs_status status = shs_dataset_open(data.run, paths, all_fields, NULL, &data.dataset);
    if (status) CHECK_EQ(status, SHS_ERROR_MEMORY);
    if (!status && memory.failed) *without = true;
    if (!status) CHECK_EQ(data.dataset->resident.array == NULL, memory.failed != 0);
    shs_dataset_close(&data.dataset);
    CHECK_EQ(counted_end(&memory), 0);
    shs_close(&data.run);
    return !memory.failed;
}

static void test_without_memory_nothing_is_held(void)
{
    bool without = false, done = false;
    if (!begin()) return;
    for (long fail_at = 1; !done && fail_at < 10000; fail_at++)
        done = open_with_failure(fail_at, &without);
    CHECK(done);
    CHECK(without); /* the rows' memory alone was not there, and the dataset opened */
    end();
}

static const struct harness_test tests[] = {
    {"the smallest arrays that fit are held", test_the_smallest_arrays_that_fit_are_held},
    {"the memory is within the cache", test_the_memory_is_within_the_cache},
    {"what is not read directly is not held", test_what_is_not_read_directly_is_not_held},
    {"files that cannot all be open are not held", test_files_that_cannot_all_be_open_are_not_held},
    {"units are bands of chunks or a quarter mebibyte",
     test_units_are_bands_of_chunks_or_a_quarter_mebibyte},
    {"the states of a unit", test_the_states_of_a_unit},
    {"threads race for units", test_threads_race_for_units},
    {"without memory nothing is held", test_without_memory_nothing_is_held},
};

int main(int argc, char **argv)
{
    return harness_main("resident", tests, COUNT(tests), argc, argv);
}
