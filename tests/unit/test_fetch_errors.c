/* Fetching rows from the disk, from damaged files and with little memory: what is told, and what a
 * failure leaves behind. */
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core_memory.h"
#include "counted_memory.h"
#include "fetch_scene.h"

/* ---- The disk. */

static bool is_in_memory(int file, off_t at)
{
    char byte;
    struct iovec piece = {&byte, 1};
    return preadv2(file, &piece, 1, at, RWF_NOWAIT) == 1;
}

/* Puts the file's pages out of memory; false where that cannot be done. */
static bool make_cold(void)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    bool cold = fsync(file) == 0 && posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0 &&
                !is_in_memory(file, 4096);
    close(file);
    return cold;
}

static void what_comes_from_the_disk_is_the_same(void)
{
    struct data data;
    for (unsigned threads = 1; threads <= 3; threads += 2)
        for (uint64_t cache = 0; cache <= 1 << 20; cache += 1 << 20) {
            if (!data_open(&data, cache)) return;
            begin_pieces();
            for (uint64_t i = 0; i < 90; i++) {
                add_piece(&data.plain, i * 11, 1);
                add_piece(&data.chunked, i * 11, 2);
            }
            if (make_cold()) {
                CHECK_IS(fetch(data.fetcher, threads, NULL).cold_reads, >, 0);
                CHECK_EQ(fetch(data.fetcher, threads, NULL).cold_reads, 0);
            } else {
                printf("  (not tried: this file system keeps what it has in memory)\n");
            }
            data_close(&data);
        }
}

/* ---- Errors. */

/* Where a chunk of "chunked" lies. */
static haddr_t address_of(uint64_t chunk, hsize_t *bytes)
{
    hsize_t corner[2] = {chunk * HEIGHT, 0};
    unsigned mask;
    haddr_t address = HADDR_UNDEF;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "chunked", H5P_DEFAULT);
    CHECK(H5Dget_chunk_info_by_coord(data, corner, &mask, &address, bytes) >= 0);
    H5Dclose(data);
    H5Fclose(file);
    return address;
}

static void flip_byte(haddr_t at)
{
    unsigned char byte = 0;
    int file = open(path, O_RDWR | O_CLOEXEC);
    CHECK_EQ(pread(file, &byte, 1, (off_t)at), 1);
    byte ^= 0x10;
    if (CHECK_EQ(pwrite(file, &byte, 1, (off_t)at), 1)) CHECK_EQ(close(file), 0);
}

static void check_message(haddr_t address, hsize_t bytes)
{
    char place[64];
    snprintf(place, sizeof place, "%llu bytes at %llu", (unsigned long long)bytes,
             (unsigned long long)address);
    const char *const parts[] = {"dataset chunked",
                                 "rows 503 to 504",
                                 "chunk 50",
                                 place,
                                 path,
                                 "; the file is damaged, get it anew"};
    for (size_t i = 0; i < COUNT(parts); i++)
        CHECK_HAS(shs_message(), parts[i]);
}

/* Of a chunk that is damaged nothing is kept: once the file is whole, so are its rows. */
static void a_damaged_chunk_is_named_and_not_kept(void)
{
    struct data data;
    hsize_t bytes;
    for (unsigned threads = 1; threads <= 3; threads += 2)
        for (hsize_t where = 0; where < 4; where++) {
            if (!data_open(&data, 1 << 20)) return;
            haddr_t address = address_of(50, &bytes), at = address + where * (bytes - 1) / 3;
            begin_pieces();
            for (uint64_t row = 403; row < 603; row += 100)
                add_piece(&data.chunked, row, 2);
            flip_byte(at);
            for (int i = 0; i < 2; i++) {
                CHECK_STATUS(fetch_with(data.fetcher, threads, NULL, &all), SHS_ERROR_FORMAT);
                check_message(address, bytes);
                CHECK_EQ(fetch_kept_bytes(data.fetcher), 0);
            }
            flip_byte(at);
            CHECK_EQ(fetch(data.fetcher, threads, NULL).chunks_decoded, 2);
            CHECK_EQ(fetch(data.fetcher, threads, NULL).chunk_hits, 2);
            /* what is kept does not need the file */
            flip_byte(at);
            CHECK_EQ(fetch(data.fetcher, threads, NULL).chunk_hits, 2);
            data_close(&data);
        }
}

static void a_file_cut_short_is_an_error_on_every_way(void)
{
    struct data data;
    struct data_field *fields[] = {&data.plain, &data.chunked};
    for (size_t i = 0; i < COUNT(fields); i++)
        for (unsigned threads = 1; threads <= 3; threads += 2) {
            if (!data_open(&data, 1 << 20)) return;
            CHECK_EQ(truncate(path, 100), 0);
            begin_pieces();
            for (uint64_t row = 0; row < 100; row += 9)
                add_piece(fields[i], row, 1);
            CHECK_STATUS(fetch_with(data.fetcher, threads, NULL, &all), SHS_ERROR_FILE);
            CHECK_HAS(shs_message(), "rows 0 to 0");
            CHECK_HAS(shs_message(), "has 100 bytes, but byte ");
            CHECK_HAS(shs_message(), "cut short since it was opened");
            CHECK_EQ(fetch_kept_bytes(data.fetcher), 0);
            data_close(&data);
        }
}

/* ---- Memory that fails, at every place once. */

/* A fetcher, three fetches with it and its end; the fields' memory is not counted. */
static void fetch_without_memory(struct data *data, long fail_at, long *failed)
{
    struct counted_memory counted;
    struct fetcher *fetcher = NULL;
    struct fetch_counts done = {0};
    counted_begin(&counted, fail_at);
    shs_status status = fetcher_new(3 * CHUNK_BYTES, &fetcher);
    CHECK_STATUS(status, fetcher ? SHS_OK : SHS_ERROR_MEMORY);
    for (int i = 0; fetcher && i < 3; i++) {
        begin_pieces();
        for (uint64_t row = 0; row < 300; row++)
            add_piece(row % 2 ? &data->chunked : &data->plain, row * 97 % ROWS, 1);
        long before = counted.failed;
        status = fetch_with(fetcher, 1, NULL, &done);
        CHECK(status == SHS_OK ? pieces_are_right()
                               : status == SHS_ERROR_MEMORY && counted.failed > before);
        CHECK(status == SHS_OK || *shs_message());
    }
    fetcher_free(&fetcher);
    *failed = counted.failed;
    CHECK_EQ(counted_end(&counted), 0);
}

static void without_memory_a_fetch_fails_or_is_right(void)
{
    struct data data;
    long failed = 1;
    if (!data_open(&data, 0)) return;
    for (long fail_at = 1; failed; fail_at++)
        fetch_without_memory(&data, fail_at, &failed);
    data_close(&data);
}

static void without_memory_a_field_is_not_opened(void)
{
    static const char *const names[] = {"plain", "chunked", "compact"};
    struct h5_file *file;
    make_file();
    CHECK_STATUS(h5_open(path, &file), SHS_OK);
    for (size_t i = 0; i < COUNT(names); i++) {
        long failed = 1;
        for (long fail_at = 1; failed; fail_at++) {
            struct counted_memory counted;
            struct data_field field;
            uint32_t row[COLUMNS];
            counted_begin(&counted, fail_at);
            shs_status status =
                data_field_open(file, path, names[i], &(struct data_field_how){0}, &field);
            failed = counted.failed;
            CHECK(status == SHS_OK || (status == SHS_ERROR_MEMORY && failed));
            CHECK(status || failed || (field.direct != NULL) == (i < 2));
            if (!status)
                CHECK(data_field_read(&field, 9, 1, row) == SHS_OK && row[1] == element(9, 1));
            data_field_close(&field);
            CHECK_EQ(counted_end(&counted), 0);
        }
    }
    h5_close(&file);
}

/* What is announced for a thread that waits for the disk is what it takes. */
static void the_need_of_a_lane_is_known(void)
{
    struct data data;
    struct io_lane lane = {0};
    struct io_need need = {0}, all_needs = {0};
    if (!data_open(&data, 0)) return;
    io_need_join(&all_needs, &need);
    CHECK_EQ(io_need_bytes(&all_needs), 0);
    io_reader_need(data.parts.direct, false, &need);
    io_need_join(&all_needs, &need);
    io_reader_need(data.chunked.direct, false, &need);
    io_need_join(&all_needs, &need);
    int64_t before = core_memory_balance();
    CHECK_STATUS(io_lane_reserve(&lane, &all_needs), SHS_OK);
    CHECK_EQ((uint64_t)(core_memory_balance() - before), io_need_bytes(&all_needs));
    CHECK_IS(io_need_bytes(&all_needs), >, 2 * CHUNK_BYTES);
    io_lane_free(&lane);
    data_close(&data);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(what_comes_from_the_disk_is_the_same),
        TEST(a_damaged_chunk_is_named_and_not_kept),
        TEST(a_file_cut_short_is_an_error_on_every_way),
        TEST(without_memory_a_fetch_fails_or_is_right),
        TEST(without_memory_a_field_is_not_opened),
        TEST(the_need_of_a_lane_is_known),
    };
    return fetch_main("fetch_errors", tests, COUNT(tests), argc, argv);
}
