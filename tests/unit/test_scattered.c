/* Many runs of rows read in one call: which reads they share, which of them wait for a disk, and
 * which run an error is about. */
#include "io_fail.h"
#include "raw_reader.h"

enum {
    ROWS = 3000,
    COLUMNS = 7,
    ROW_BYTES = COLUMNS * 4,
    MOST = 400
};

static uint32_t memory[MOST][3 * COLUMNS];
static struct io_run runs[MOST];

/* Makes a list of runs, whose memory is memory[0], memory[1], …. A run has up to 3 rows. */
static void list_runs(size_t count, uint64_t (*first)(size_t i), uint64_t rows)
{
    memset(memory, 0xa5, sizeof memory);
    for (size_t i = 0; i < count; i++)
        runs[i] = (struct io_run){first(i), rows, memory[i], NULL};
}

static bool all_right(size_t count, uint64_t (*first)(size_t i), uint64_t rows)
{
    for (size_t i = 0; i < count; i++)
        if (!raw_is_right(memory[i], first(i), rows, COLUMNS)) return false;
    return true;
}

static uint64_t in_a_row(size_t i)
{
    return 100 + i;
}

static uint64_t far_apart(size_t i)
{
    return i * 5;
}

static uint64_t anywhere(size_t i)
{
    return i * 7919 % (ROWS - 3);
}

static void neighbours_share_a_read_on_disk(void)
{
    struct io_lane lane = {0};
    if (!NEED(raw_write(path, ROWS, COLUMNS))) return;
    struct io_reader *reader = raw_open(ROWS, COLUMNS, false);
    list_runs(130, in_a_row, 1);
    CHECK_STATUS(io_reader_scattered(reader, &lane, runs, 130, NULL), SHS_OK);
    CHECK_EQ(disk.reads, 3); /* of at most IO_PIECES = 64 runs */
    all_right(130, in_a_row, 1);
    CHECK_EQ(lane.bytes_read, 130 * ROW_BYTES);

    disk.reads = 0;
    list_runs(200, far_apart, 2);
    CHECK_STATUS(io_reader_scattered(reader, &lane, runs, 200, NULL), SHS_OK);
    CHECK_EQ(disk.reads, 200);
    all_right(200, far_apart, 2);

    list_runs(MOST, anywhere, 3);
    CHECK_STATUS(io_reader_scattered(reader, &lane, runs, MOST, NULL), SHS_OK);
    all_right(MOST, anywhere, 3);
    CHECK_STATUS(io_reader_scattered(reader, &lane, runs, 0, NULL), SHS_OK);
    io_reader_close(&reader);
    io_lane_free(&lane);
}
ON_DISK(neighbours_share_a_read)

static void numbers_get_the_order_of_the_machine_on_disk(void)
{
    struct io_lane lane = {0};
    if (!NEED(raw_write(path, ROWS, COLUMNS))) return;
    struct io_reader *reader = raw_open(ROWS, COLUMNS, true);
    list_runs(20, anywhere, 2);
    CHECK_STATUS(io_reader_scattered(reader, &lane, runs, 20, NULL), SHS_OK);
    for (size_t i = 0; i < 20; i++)
        for (size_t j = 0; j < 2 * COLUMNS; j++)
            memory[i][j] = __builtin_bswap32(memory[i][j]);
    all_right(20, anywhere, 2);
    io_reader_close(&reader);
    io_lane_free(&lane);
}
ON_DISK(numbers_get_the_order_of_the_machine)

static void runs_on_the_disk_come_back_on_disk(void)
{
    struct io_lane lane = {0};
    size_t cold = 99;
    if (!NEED(raw_write(path, ROWS, COLUMNS))) return;
    struct io_reader *reader = raw_open(ROWS, COLUMNS, false);
    disk.cold_from = RAW_BEGIN + 500 * ROW_BYTES; /* rows [500, 700) */
    disk.cold_to = RAW_BEGIN + 700 * ROW_BYTES;
    list_runs(200, far_apart, 2); /* rows 0, 1, 5, 6, …, 995, 996 */
    CHECK_STATUS(io_reader_scattered(reader, &lane, runs, 200, &cold), SHS_OK);
    CHECK_EQ(cold, 40);
    for (size_t i = 0; i < cold && i < 40; i++) {
        CHECK_EQ(runs[i].first, 500 + 5 * i);
        CHECK_EQ(runs[i].count, 2);
        CHECK(runs[i].to == memory[100 + i]);
    }
    CHECK_STATUS(io_reader_scattered(reader, &lane, runs, cold, NULL), SHS_OK);
    all_right(200, far_apart, 2);
    list_runs(10, far_apart, 1);
    CHECK_STATUS(io_reader_scattered(reader, &lane, runs, 10, &cold), SHS_OK);
    CHECK_EQ(cold, 0);
    io_reader_close(&reader);
    io_lane_free(&lane);
}
ON_DISK(runs_on_the_disk_come_back)

static void an_error_names_its_run_on_disk(void)
{
    struct io_lane lane = {0};
    if (!NEED(raw_write(path, ROWS, COLUMNS))) return;
    struct io_reader *reader = raw_open(ROWS, COLUMNS, false);
    disk.bad_from = RAW_BEGIN + 61 * ROW_BYTES;
    disk.bad_to = disk.bad_from + 1;
    list_runs(100, far_apart, 2);
    CHECK_STATUS(io_reader_scattered(reader, &lane, runs, 100, NULL), SHS_ERROR_FILE);
    CHECK_EQ(runs[0].first, 60);
    CHECK_HAS(shs_message(), "could not read byte 1780: Input/output error");
    CHECK_HAS(shs_message(), IO_READ_ADVICE);
    io_reader_close(&reader);
    io_lane_free(&lane);
}
ON_DISK(an_error_names_its_run)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(neighbours_share_a_read),
        TEST(numbers_get_the_order_of_the_machine),
        TEST(runs_on_the_disk_come_back),
        TEST(an_error_names_its_run),
    };
    return harness_main("scattered", tests, COUNT(tests), argc, argv);
}
