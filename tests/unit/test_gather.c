/* Gatherers in flight: several are prepared at a time, and filled in threads of their own. Rows of
 * resident arrays, which are used where they are. */
#include <fcntl.h>
#include <hdf5.h>
#include <pthread.h>
#include <unistd.h>

#include "data_open_file.h"
#include "fetch_gather.h"
#include "hdf5_array.h"
#include "io_crc32c.h"
#include "judge.h"
#include "message.h"
#include "two_files.h"

/* ---- Two more arrays in each file: "odd", which only HDF5 can read, and the images' checksums. */

/* Adds them to a file of rows [first, first + rows). The checksum of row `wrong` is wrong. */
static bool add_arrays(const char *path, uint64_t first, uint64_t rows, uint64_t wrong)
{
    uint32_t odd[ROWS], sums[ROWS], image[COLUMNS];
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    for (uint64_t i = 0; i < rows; i++) {
        for (uint64_t column = 0; column < COLUMNS; column++)
            image[column] = element(first + i, column);
        odd[i] = (uint32_t)(7 * (first + i));
        sums[i] = io_crc32c(image, sizeof image) ^ (first + i == wrong);
    }
    bool written = write_array(file, "odd", rows, true, odd) &&
                   write_array(file, "images.crc32c", rows, false, sums);
    return H5Fclose(file) >= 0 && written;
}

static bool write_files(uint64_t wrong)
{
    return write_file(first_path, 0, FIRST_ROWS) &&
           write_file(second_path, FIRST_ROWS, ROWS - FIRST_ROWS) &&
           add_arrays(first_path, 0, FIRST_ROWS, wrong) &&
           add_arrays(second_path, FIRST_ROWS, ROWS - FIRST_ROWS, wrong);
}

/* How a dataset is opened. */
enum {
    HELD = 1,        /* arrays that fit are resident */
    SUMS_IN_FILE = 2 /* checksums are read when they are wanted */
};

/* Opens images, numbers and odd numbers, or some of them. */
static bool open_data(struct data *data, const char *fields, int how)
{
    const shs_run_options run = {.seed = 5};
    *data = (struct data){0};
    bool good = !shs_open_ranks(0, 1, NULL, NULL, &run, &data->run) &&
                !shs_dataset_open(data->run, both_paths, fields, NULL, &data->dataset);
    if (!NEED(good)) return false;
    struct data_files *files = &data->dataset->files;
    if (how & HELD)
        CHECK(data->dataset->resident.array != NULL);
    else
        data_resident_close(&data->dataset->resident);
    if (!(how & SUMS_IN_FILE)) return true;
    while (files->n_open)
        data_open_file_close(files, files->oldest);
    files->checksum_bytes = DATA_CHECKSUM_BYTES; /* as if there was no memory for more */
    return true;
}

/* ---- A gatherer in flight. */

enum {
    FLIGHTS = 6,
    SAMPLES = 40
};

struct flight {
    struct fetch_gather *gather;
    struct fetch_means means;
    uint64_t index[SAMPLES];
    uint32_t images[SAMPLES][COLUMNS], numbers[SAMPLES], odd[SAMPLES];
    shs_status status;
    char message[CORE_MESSAGE_BYTES];
    struct fetch_counts counts;
    pthread_t thread;
};

static struct flight flights[FLIGHTS];

static shs_status prepare(struct flight *flight, uint64_t seed)
{
    void *const to[] = {flight->images, flight->numbers, flight->odd};
    uint64_t index[SAMPLES]; /* is not used when it is prepared */
    memset(flight->images, 0xEE, sizeof flight->images);
    memset(flight->numbers, 0xEE, sizeof flight->numbers);
    memset(flight->odd, 0xEE, sizeof flight->odd);
    flight->counts = (struct fetch_counts){0};
    for (size_t i = 0; i < SAMPLES; i++)
        index[i] = flight->index[i] = judge_random(&seed) % ROWS;
    return fetch_gather_prepare(flight->gather, &flight->means, index, SAMPLES, to,
                                &flight->counts);
}

static bool open_flights(shs_dataset *dataset)
{
    bool good = true;
    memset(flights, 0, sizeof flights);
    for (size_t i = 0; i < FLIGHTS; i++)
        good = good && !fetch_gather_new(dataset, &flights[i].gather) &&
               !fetcher_new(1 << 20, &flights[i].means.fetcher);
    return NEED(good);
}

static void close_flights(void)
{
    for (size_t i = 0; i < FLIGHTS; i++) {
        fetch_gather_free(&flights[i].gather);
        fetcher_free(&flights[i].means.fetcher);
    }
}

static void *fill(void *argument)
{
    struct flight *flight = argument;
    flight->status = fetch_gather_fill(flight->gather, &flight->means, &flight->counts);
    snprintf(flight->message, sizeof flight->message, "%s", shs_message());
    return NULL;
}

static void fill_all(void)
{
    for (size_t i = FLIGHTS; i-- > 0;)
        if (!NEED_EQ(pthread_create(&flights[i].thread, NULL, fill, &flights[i]), 0)) return;
    for (size_t i = 0; i < FLIGHTS; i++)
        pthread_join(flights[i].thread, NULL);
}

/* Reads what only HDF5 can read. Returns the number of calls that it took. */
static size_t read_all(struct flight *flight)
{
    size_t calls = 0;
    bool more = true;
    for (; more; calls++)
        if (!NEED_STATUS(fetch_gather_read_one(flight->gather, &flight->counts, &more), SHS_OK))
            return 0;
    return calls;
}

static void check_rows(const struct flight *flight)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        harness_where("sample %zu, row %llu", i, (ull)flight->index[i]);
        for (size_t column = 0; column < COLUMNS; column++)
            CHECK_EQ(flight->images[i][column], element(flight->index[i], column));
        CHECK_EQ(flight->numbers[i], flight->index[i]);
        CHECK_EQ(flight->odd[i], 7 * flight->index[i]);
    }
    harness_where(NULL);
}

/* ---- Tests. */

static void gatherers_in_flight_do_not_disturb_each_other(void)
{
    struct data data;
    if (!NEED(write_files(UINT64_MAX))) return;
    for (int how = 0; how < 4; how++) {
        if (!open_data(&data, "images,numbers,odd", how)) return;
        if (!open_flights(data.dataset)) return;
        for (uint64_t round = 0; round < 3; round++) {
            for (size_t i = 0; i < FLIGHTS; i++)
                CHECK_STATUS(prepare(&flights[i], 10 * round + i), SHS_OK);
            for (size_t i = 0; i < FLIGHTS; i++)
                CHECK_IS(read_all(&flights[i]), >, SAMPLES / 2); /* few rows are neighbours */
            fill_all();
            for (size_t i = 0; i < FLIGHTS; i++) {
                CHECK_STATUS(flights[i].status, SHS_OK);
                check_rows(&flights[i]);
                CHECK_EQ(flights[i].counts.rows, 3 * SAMPLES);
                CHECK_EQ(data.dataset->files.n_held, 2);
            }
            for (size_t i = 0; i < FLIGHTS; i++)
                fetch_gather_let_go(flights[i].gather);
            CHECK_EQ(data.dataset->files.n_held, 0);
        }
        close_flights();
        data_close(&data);
    }
}

/* Each call reads one piece, so that a caller that must not wait waits for one piece only. */
static void one_call_reads_one_piece_through_hdf5(void)
{
    struct data data;
    struct flight *flight = &flights[0];
    const uint64_t index[] = {9, 30, 31, 32, 200};
    void *const to[] = {flight->odd, flight->numbers};
    bool more = true;
    if (!NEED(write_files(UINT64_MAX)) || !open_data(&data, "odd,numbers", 0)) return;
    if (!open_flights(data.dataset)) return;
    CHECK_STATUS(fetch_gather_prepare(flight->gather, &flight->means, index, COUNT(index), to,
                                      &flight->counts),
                 SHS_OK);
    for (int call = 0; call < 5; call++) {
        CHECK_STATUS(fetch_gather_read_one(flight->gather, &flight->counts, &more), SHS_OK);
        CHECK_EQ(more, (call < 2));
        CHECK_EQ(flight->counts.rows, ((uint64_t[]){1, 4, 5, 5, 5})[call]);
    }
    close_flights(); /* gives the files back */
    CHECK_EQ(data.dataset->files.n_held, 0);
    data_close(&data);
}

/* One file may be open. The first gatherer holds its last file; the others hold none. */
static void more_files_than_may_be_open_are_read_in_groups(void)
{
    struct data data;
    if (!NEED(write_files(UINT64_MAX))) return;
    if (!open_data(&data, "images,numbers,odd", SUMS_IN_FILE) || !open_flights(data.dataset))
        return;
    data.dataset->files.most_open = 1;
    for (size_t i = 0; i < FLIGHTS; i++) {
        CHECK_STATUS(prepare(&flights[i], i), SHS_OK);
        CHECK_EQ(data.dataset->files.n_held, 1);
        CHECK_IS(data.dataset->files.n_open, <=, 2);
    }
    for (size_t i = 0; i < FLIGHTS; i++)
        read_all(&flights[i]);
    fill_all();
    for (size_t i = 0; i < FLIGHTS; i++) {
        CHECK_STATUS(flights[i].status, SHS_OK);
        check_rows(&flights[i]);
        CHECK_EQ(flights[i].counts.rows, 3 * SAMPLES);
        fetch_gather_let_go(flights[i].gather);
    }
    CHECK_EQ(data.dataset->files.n_held, 0);
    close_flights();
    data_close(&data);
}

static void checksums_in_files_are_compared_in_threads(void)
{
    struct data data;
    uint64_t seed = 0, wrong = judge_random(&seed) % ROWS; /* the first row that is prepared */
    if (!NEED(write_files(wrong))) return;
    if (!open_data(&data, "images", SUMS_IN_FILE) || !open_flights(data.dataset)) return;
    for (size_t i = 0; i < FLIGHTS; i++)
        CHECK_STATUS(prepare(&flights[i], 0), SHS_OK);
    fill_all();
    for (size_t i = 0; i < FLIGHTS; i++) {
        CHECK_STATUS(flights[i].status, SHS_ERROR_FORMAT);
        CHECK_HAS(flights[i].message, "its checksum is");
        CHECK_HAS(flights[i].message, wrong < FIRST_ROWS ? first_path : second_path);
        CHECK_EQ(fetch_kept_bytes(flights[i].means.fetcher), 0);
        fetch_gather_let_go(flights[i].gather);
    }
    close_flights();
    data_close(&data);
}

/* ---- Resident arrays. */

static const struct data_resident_array *array_of(const struct data *data, size_t file,
                                                  size_t array)
{
    return &data->dataset->resident.array[data_files_key(&data->dataset->files, file, array)];
}

static shs_status gather(struct flight *flight, uint64_t seed)
{
    shs_status status = prepare(flight, seed);
    if (!status) read_all(flight);
    if (!status) status = fetch_gather_fill(flight->gather, &flight->means, &flight->counts);
    fetch_gather_let_go(flight->gather);
    return status;
}

/* Images stay where they are, numbers are copied; a second time nothing is read. */
static void resident_rows_stay_where_they_are(void)
{
    struct data data;
    struct flight *flight = &flights[0];
    if (!NEED(write_files(UINT64_MAX)) || !open_data(&data, "images,numbers,odd", HELD)) return;
    if (!open_flights(data.dataset)) return;
    fetch_gather_leave(flight->gather, 0);
    for (uint64_t round = 0; round < 2; round++) {
        flight->means.threads = 1 + (unsigned)round;
        CHECK_STATUS(gather(flight, 20), SHS_OK);
        CHECK_EQ(flight->counts.reads != 0, round == 0);
        for (size_t i = 0; i < SAMPLES; i++) {
            bool second = flight->index[i] >= FIRST_ROWS;
            const void *at = data_resident_row(array_of(&data, second, 0),
                                               flight->index[i] - (second ? FIRST_ROWS : 0));
            CHECK(fetch_gather_sample(flight->gather, 0, i) == at);
            CHECK(fetch_gather_sample(flight->gather, 1, i) == &flight->numbers[i]);
            CHECK(fetch_gather_sample(flight->gather, 2, i) == &flight->odd[i]);
            CHECK_EQ(flight->images[i][0], 0xEEEEEEEE);
            memcpy(flight->images[i], at, sizeof flight->images[i]);
        }
        check_rows(flight);
    }
    CHECK_EQ(data.dataset->files.n_held, 0);
    close_flights();
    data_close(&data);
}

/* Another process fills all units, or has died: the rows are read as if nothing was resident. */
static void units_that_others_write_are_not_waited_for(void)
{
    struct data data;
    struct flight *flight = &flights[0];
    if (!NEED(write_files(UINT64_MAX)) || !open_data(&data, "images,numbers,odd", HELD)) return;
    if (!open_flights(data.dataset)) return;
    for (size_t file = 0; file < 2; file++)
        for (uint64_t unit = 0; unit < array_of(&data, file, 0)->units; unit++)
            CHECK_EQ(data_resident_claim(array_of(&data, file, 0), unit), DATA_UNIT_ABSENT);
    fetch_gather_leave(flight->gather, 0);
    for (uint64_t round = 0; round < 2; round++) {
        CHECK_STATUS(gather(flight, round), SHS_OK);
        CHECK(fetch_gather_sample(flight->gather, 0, 3) == flight->images[3]);
        check_rows(flight);
        CHECK(flight->counts.reads > 0); /* no chunk is kept, for its rows will be resident soon */
        CHECK_EQ(flight->counts.chunk_hits, 0);
    }
    CHECK(!data_resident_is_there(array_of(&data, 0, 0), 0));
    CHECK(data_resident_is_complete(array_of(&data, 0, 1)));
    close_flights();
    data_close(&data);
}

/* Rows are refused if they are wrong themselves, and not if another row of their unit is. */
static void a_wrong_row_is_an_error_of_its_own_batch_only(void)
{
    struct data data;
    uint64_t wrong = 11, failed = 0, seeds = 40;
    if (!NEED(write_files(wrong)) || !open_data(&data, "images,numbers,odd", HELD)) return;
    if (!open_flights(data.dataset)) return;
    CHECK_EQ(array_of(&data, 0, 0)->units, 1); /* with all rows of the first file */
    for (uint64_t seed = 0; seed < seeds; seed++) {
        struct flight *flight = &flights[seed % FLIGHTS];
        bool wanted = false;
        shs_status status = gather(flight, seed);
        for (size_t i = 0; i < SAMPLES; i++)
            wanted = wanted || flight->index[i] == wrong;
        CHECK_STATUS(status, wanted ? SHS_ERROR_FORMAT : SHS_OK);
        if (!wanted) check_rows(flight);
        if (wanted) CHECK_HAS(shs_message(), "dataset images: row 11 is not what was written");
        failed += wanted;
    }
    CHECK_IS(failed, >, 0);
    CHECK_IS(failed, <, seeds);
    CHECK(!data_resident_is_there(array_of(&data, 0, 0), 0));
    CHECK(data_resident_is_complete(array_of(&data, 1, 0)));
    CHECK_EQ(data.dataset->files.n_held, 0);
    close_flights();
    data_close(&data);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(gatherers_in_flight_do_not_disturb_each_other),
        TEST(one_call_reads_one_piece_through_hdf5),
        TEST(more_files_than_may_be_open_are_read_in_groups),
        TEST(checksums_in_files_are_compared_in_threads),
        TEST(resident_rows_stay_where_they_are),
        TEST(units_that_others_write_are_not_waited_for),
        TEST(a_wrong_row_is_an_error_of_its_own_batch_only),
    };
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (!make_files()) return 1;
    int code = harness_main("gather", tests, COUNT(tests), argc, argv);
    folder_remove(folder);
    return code;
}
