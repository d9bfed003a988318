/* Rows copied out of a map: the same rows and the same errors as without it, whatever happens to
 * the file, and a SIGBUS that is not the library's goes where it would go without it. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core_memory.h"
#include "core_sanitized.h"
#include "counted_memory.h"
#include "io_fail.h"
#include "io_guard.h"
#include "raw_reader.h"

enum {
    ROWS = 3000,
    COLUMNS = 200,
    ROW_BYTES = COLUMNS * 4,
    FILE_BYTES = RAW_BEGIN + ROWS * ROW_BYTES,
    PAGE = 65536, /* whole pages on every machine */
    MOST = 300
};

static uint32_t memory[MOST][COLUMNS];
static struct io_run runs[MOST];

/* ---- Readers. */

struct reading {
    struct io_reader *reader;
    struct io_lane lane;
};

static bool open_reading(struct reading *reading, bool mapped)
{
    *reading = (struct reading){.reader = raw_open(ROWS, COLUMNS, false)};
    if (reading->reader && mapped) {
        io_guard_begin();
        CHECK_STATUS(io_reader_map(reading->reader), SHS_OK);
    }
    return reading->reader != NULL;
}

static void close_reading(struct reading *reading, bool mapped)
{
    io_reader_close(&reading->reader);
    io_lane_free(&reading->lane);
    if (mapped) io_guard_end();
}

static shs_status read_all(struct reading *reading)
{
    static uint32_t rows[ROWS * COLUMNS];
    shs_status status = io_reader_read(reading->reader, &reading->lane, 0, ROWS, rows);
    if (!status) raw_is_right(rows, 0, ROWS, COLUMNS);
    return status;
}

static uint64_t row_of(size_t i)
{
    return (ROWS - 1 + i * 7919) % ROWS;
}

static shs_status read_runs(struct reading *reading, size_t count, size_t *cold)
{
    memset(memory, 0xa5, sizeof memory);
    for (size_t i = 0; i < count; i++)
        runs[i] = (struct io_run){row_of(i), 1, memory[i], NULL};
    return io_reader_scattered(reading->reader, &reading->lane, runs, count, cold);
}

static void check_runs(size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!raw_is_right(memory[i], row_of(i), 1, COLUMNS)) break;
}

/* A reader with a map, whose bytes have all been read once. */
static bool open_read(struct reading *reading)
{
    if (!NEED(raw_write(path, ROWS, COLUMNS)) || !NEED(open_reading(reading, true))) return false;
    return CHECK_STATUS(read_all(reading), SHS_OK);
}

/* ---- The same rows. */

static void what_was_read_once_comes_from_the_map_on_disk(void)
{
    struct reading reading;
    size_t cold = 99;
    if (!NEED(raw_write(path, ROWS, COLUMNS)) || !NEED(open_reading(&reading, true))) return;
    disk.cold_to = FILE_BYTES;
    CHECK_STATUS(read_runs(&reading, MOST, &cold), SHS_OK);
    CHECK_EQ(cold, MOST);
    CHECK_STATUS(read_runs(&reading, MOST, NULL), SHS_OK);
    check_runs(MOST);
    CHECK_IS(disk.reads, >, MOST);

    disk.reads = 0;
    reading.lane.bytes_read = 0;
    CHECK_STATUS(read_runs(&reading, MOST, &cold), SHS_OK);
    check_runs(MOST);
    CHECK_EQ(cold, 0);
    CHECK_EQ(disk.reads, 0);
    CHECK_EQ(reading.lane.bytes_read, MOST * ROW_BYTES);

    CHECK_STATUS(read_all(&reading), SHS_OK);
    disk.reads = 0;
    CHECK_STATUS(read_all(&reading), SHS_OK);
    CHECK_EQ(disk.reads, 0);
    close_reading(&reading, true);
}
ON_DISK(what_was_read_once_comes_from_the_map)

static void some_runs_are_mapped_and_some_are_cold_on_disk(void)
{
    struct reading reading;
    size_t cold, expected = 0;
    if (!NEED(raw_write(path, ROWS, COLUMNS)) || !NEED(open_reading(&reading, true))) return;
    disk.cold_from = RAW_BEGIN + 1000 * ROW_BYTES;
    disk.cold_to = RAW_BEGIN + 1500 * ROW_BYTES;
    for (size_t i = 0; i < MOST; i++)
        expected += row_of(i) >= 1000 && row_of(i) < 1500;
    CHECK_STATUS(read_runs(&reading, MOST, &cold), SHS_OK);
    CHECK_EQ(cold, expected);
    for (size_t i = 0; i < cold; i++)
        if (!CHECK(runs[i].first >= 1000 && runs[i].first < 1500)) break;
    CHECK_STATUS(io_reader_scattered(reading.reader, &reading.lane, runs, cold, NULL), SHS_OK);
    check_runs(MOST);
    CHECK_STATUS(read_runs(&reading, MOST, &cold), SHS_OK);
    CHECK_EQ(cold, 0);
    check_runs(MOST);
    close_reading(&reading, true);
}
ON_DISK(some_runs_are_mapped_and_some_are_cold)

/* Chunks of ten rows, which the pipeline leaves as they are. */
static struct io_reader *open_chunks(void)
{
    struct io_layout layout = {.axes = 2,
                               .shape = {ROWS, COLUMNS},
                               .element_bytes = 4,
                               .chunked = true,
                               .chunk = {10, COLUMNS}};
    struct io_reader *reader = NULL;
    CHECK_STATUS(io_layout_measure(&layout), SHS_OK);
    CHECK_STATUS(core_new(layout.n_chunks, sizeof *layout.chunks, "chunks", &layout.chunks),
                 SHS_OK);
    for (uint64_t i = 0; layout.chunks && i < layout.n_chunks; i++)
        layout.chunks[i] =
            (struct io_chunk){.address = RAW_BEGIN + i * 10 * ROW_BYTES, .bytes = 10 * ROW_BYTES};
    if (layout.chunks) layout.chunks[7].address = IO_NOWHERE;
    CHECK_STATUS(io_reader_open(path, &layout, &reader), SHS_OK);
    return reader;
}

static void chunks_come_from_the_map_on_disk(void)
{
    static uint32_t rows[10 * COLUMNS];
    struct io_lane lane = {0};
    if (!NEED(raw_write(path, ROWS, COLUMNS))) return;
    struct io_reader *reader = open_chunks();
    io_guard_begin();
    CHECK_STATUS(io_reader_map(reader), SHS_OK);
    for (int round = 0; round < 2; round++) {
        for (uint64_t chunk = 0; chunk < ROWS / 10; chunk++) {
            CHECK_STATUS(io_reader_chunk(reader, &lane, chunk, rows, NULL), SHS_OK);
            if (chunk == 7 ? rows[0] != 0 : !raw_is_right(rows, chunk * 10, 10, COLUMNS)) break;
        }
        CHECK_EQ(disk.reads, ROWS / 10 - 1);
    }
    CHECK_EQ(truncate(path, PAGE), 0);
    CHECK_STATUS(io_reader_chunk(reader, &lane, 200, rows, NULL), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "chunk 200, ");
    CHECK_HAS(shs_message(), "it was cut short since it was opened");
    io_reader_close(&reader);
    io_lane_free(&lane);
    io_guard_end();
}
ON_DISK(chunks_come_from_the_map)

/* The system names pages that it dropped only by making a thread wait for them. */
static long waits;

int getrusage(__rusage_who_t who, struct rusage *use)
{
    long result = syscall(SYS_getrusage, who, use);
    use->ru_majflt = waits;
    return (int)result;
}

static void a_wait_for_the_disk_voids_the_notes_on_disk(void)
{
    struct reading reading;
    if (!open_read(&reading)) return;
    CHECK_STATUS(read_runs(&reading, MOST, NULL), SHS_OK);
    waits++;
    disk.reads = 0;
    CHECK_STATUS(read_runs(&reading, MOST, NULL), SHS_OK);
    CHECK_STATUS(read_runs(&reading, MOST, NULL), SHS_OK);
    CHECK_IS(disk.reads, >, MOST / 2);
    check_runs(MOST);
    disk.reads = 0;
    CHECK_STATUS(read_runs(&reading, MOST, NULL), SHS_OK);
    CHECK_EQ(disk.reads, 0);
    check_runs(MOST);
    close_reading(&reading, true);
}
ON_DISK(a_wait_for_the_disk_voids_the_notes)

/* ---- Files that change. */

/* Cuts the file, reads, and compares the message with that of a reader without a map. */
static void cut_to(off_t bytes)
{
    struct reading with, without;
    char message[1024];
    if (!open_read(&with) || !NEED(open_reading(&without, false))) return;
    CHECK_EQ(truncate(path, bytes), 0);
    CHECK_STATUS(read_all(&without), SHS_ERROR_FILE);
    snprintf(message, sizeof message, "%s", shs_message());
    CHECK_STATUS(read_all(&with), SHS_ERROR_FILE);
    CHECK_TEXT(shs_message(), message);
    CHECK_HAS(message, "it was cut short since it was opened; put it back and start again");

    CHECK_STATUS(read_runs(&without, MOST, NULL), SHS_ERROR_FILE);
    snprintf(message, sizeof message, "%s", shs_message());
    uint64_t row = runs[0].first;
    CHECK_STATUS(read_runs(&with, MOST, NULL), SHS_ERROR_FILE);
    CHECK_TEXT(shs_message(), message);
    CHECK_EQ(runs[0].first, row);
    close_reading(&with, true);
    close_reading(&without, false);
}

static void a_file_cut_short_is_told_as_without_a_map_on_disk(void)
{
    cut_to(0);
    cut_to(RAW_BEGIN);
    cut_to(PAGE);
    cut_to(PAGE + 1);
    cut_to(8 * PAGE - 3);
    cut_to(FILE_BYTES - 1); /* no page is gone, and the last byte is 0 */
}
ON_DISK(a_file_cut_short_is_told_as_without_a_map)

static void a_bad_sector_is_told_with_its_reason_on_disk(void)
{
    struct reading reading;
    if (!open_read(&reading)) return;
    CHECK_EQ(truncate(path, PAGE), 0); /* the map raises SIGBUS as for a sector gone bad */
    disk.bad_from = PAGE;
    disk.bad_to = FILE_BYTES;
    CHECK_STATUS(read_runs(&reading, MOST, NULL), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "Input/output error; " IO_READ_ADVICE);
    CHECK_STATUS(read_all(&reading), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "could not read byte 100: Input/output error; " IO_READ_ADVICE);
    close_reading(&reading, true);
}
ON_DISK(a_bad_sector_is_told_with_its_reason)

static void lengthen(void)
{
    CHECK_EQ(truncate(path, FILE_BYTES), 0);
}

static void a_map_that_fails_alone_is_an_error_on_disk(void)
{
    struct reading reading;
    if (!open_read(&reading)) return;
    for (int round = 0; round < 2; round++) {
        CHECK_EQ(truncate(path, PAGE), 0);
        disk.before = lengthen;
        CHECK_STATUS(round ? read_all(&reading) : read_runs(&reading, MOST, NULL), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "cannot be copied out of the map of the file, although the system "
                                 "reads them");
        CHECK_HAS(shs_message(), "or open the dataset without the option map");
    }
    close_reading(&reading, true);
}
ON_DISK(a_map_that_fails_alone_is_an_error)

static void a_replaced_file_stays_in_the_map_on_disk(void)
{
    struct reading reading;
    char other[PATH_BYTES];
    if (!open_read(&reading)) return;
    if (NEED(file_write(folder_path(folder, "other", other), "short", 5)))
        CHECK_EQ(rename(other, path), 0);
    CHECK_STATUS(read_all(&reading), SHS_OK);
    CHECK_STATUS(read_runs(&reading, MOST, NULL), SHS_OK);
    check_runs(MOST);
    close_reading(&reading, true);
}
ON_DISK(a_replaced_file_stays_in_the_map)

/* ---- Threads. */

static struct io_reader *shared;
static _Atomic bool cut, over;
static _Atomic unsigned wrong;

/* Reads until an error comes. The threads of a pool block all signals, as here. */
static void *read_until_error(void *user)
{
    uint32_t(*rows)[COLUMNS] = malloc(64 * sizeof *rows);
    struct io_lane lane = {0};
    struct io_run list[64];
    shs_status status = SHS_OK;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    for (size_t first = (size_t)user; !status; first += 64) {
        for (size_t i = 0; i < 64; i++)
            list[i] = (struct io_run){row_of(first + i), 1, rows[i], NULL};
        bool was_cut = atomic_load(&cut);
        status = io_reader_scattered(shared, &lane, list, 64, NULL);
        for (size_t i = 0; i < 64 && !status; i++)
            for (size_t j = 0; j < COLUMNS; j++)
                if (rows[i][j] != raw_element(row_of(first + i), j)) atomic_fetch_add(&wrong, 1);
        if (!status && was_cut) atomic_fetch_add(&wrong, 1);
    }
    if (status != SHS_ERROR_FILE || !strstr(shs_message(), "it was cut short since it was opened"))
        atomic_fetch_add(&wrong, 1);
    io_lane_free(&lane);
    free(rows);
    return NULL;
}

static _Thread_local sigjmp_buf foreign;

static void jump_back(int number)
{
    (void)number;
    siglongjmp(foreign, 1);
}

/* Touches a map of the program's own, of a file that is empty. */
static bool touch_nothing(void)
{
    FILE *file = tmpfile();
    char *none = file ? mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fileno(file), 0) : MAP_FAILED;
    bool came = false;
    if (none == MAP_FAILED) return false;
    if (sigsetjmp(foreign, 1))
        came = true;
    else
        (void)*(volatile char *)none;
    munmap(none, PAGE);
    fclose(file);
    return came;
}

/* Takes faults of the program's own meanwhile. */
static void *fault_on(void *user)
{
    (void)user;
    while (!atomic_load(&over))
        if (!touch_nothing()) atomic_fetch_add(&wrong, 1);
    return NULL;
}

static void many_threads_are_cut_short_on_disk(void)
{
    struct sigaction action = {.sa_handler = jump_back}, before;
    sigaction(SIGBUS, &action, &before);
    for (int round = 0; round < 8; round++) {
        struct reading reading;
        pthread_t threads[6], other;
        if (!open_read(&reading)) break;
        shared = reading.reader;
        atomic_store(&cut, false);
        atomic_store(&over, false);
        CHECK_EQ(pthread_create(&other, NULL, fault_on, NULL), 0);
        for (size_t i = 0; i < COUNT(threads); i++)
            CHECK_EQ(pthread_create(&threads[i], NULL, read_until_error, (void *)(i * 1000)), 0);
        usleep(2000);
        CHECK_EQ(truncate(path, PAGE + round % 2), 0);
        atomic_store(&cut, true);
        for (size_t i = 0; i < COUNT(threads); i++)
            pthread_join(threads[i], NULL);
        atomic_store(&over, true);
        pthread_join(other, NULL);
        close_reading(&reading, true);
    }
    CHECK_EQ(atomic_load(&wrong), 0);
    sigaction(SIGBUS, &before, NULL);
}
ON_DISK(many_threads_are_cut_short)

/* ---- Handlers. */

static volatile sig_atomic_t came, came_later;
static void *volatile came_at;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    came++;
    came_at = info->si_addr;
    if (info->si_code > 0) siglongjmp(foreign, 1);
}

static bool has_handler(void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction now;
    sigaction(SIGBUS, NULL, &now);
    return (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handler;
}

static struct sigaction action_of(void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    return action;
}

static void the_former_handler_gets_what_is_its_own(void)
{
    struct sigaction action = action_of(note), before;
    sigaction(SIGBUS, &action, &before);
    came = 0;
    io_guard_begin();
    io_guard_begin();
    CHECK(!has_handler(note));
    CHECK(touch_nothing());
    CHECK_EQ(came, 1);
    CHECK(came_at != NULL);
    raise(SIGBUS);
    CHECK_EQ(came, 2);
    io_guard_end();
    CHECK(!has_handler(note));
    CHECK(touch_nothing());
    CHECK_EQ(came, 3);
    io_guard_end();
    CHECK(has_handler(note));
    sigaction(SIGBUS, &before, NULL);
}

static struct sigaction below;

static void call_below(int number, siginfo_t *info, void *context)
{
    came_later++;
    below.sa_sigaction(number, info, context);
}

/* A program installs a handler later, which calls the one that it finds. */
static void a_later_handler_stays_on_disk(void)
{
    struct sigaction action = action_of(note), later = action_of(call_below), before;
    struct reading reading;
    sigaction(SIGBUS, &action, &before);
    came = came_later = 0;
    if (!open_read(&reading)) return;
    sigaction(SIGBUS, &later, &below);
    CHECK(touch_nothing());
    CHECK_EQ(came, 1);
    CHECK_EQ(came_later, 1);
    CHECK_EQ(truncate(path, PAGE), 0);
    CHECK_STATUS(read_all(&reading), SHS_ERROR_FILE);
    CHECK_EQ(came_later, 2);
    CHECK_EQ(came, 1);
    close_reading(&reading, true);
    CHECK(has_handler(call_below));
    CHECK(touch_nothing());
    CHECK_EQ(came, 2);

    if (!open_read(&reading)) return; /* again, below the later handler */
    CHECK(has_handler(call_below));
    CHECK(touch_nothing());
    CHECK_EQ(came, 3);
    CHECK_EQ(truncate(path, PAGE), 0);
    CHECK_STATUS(read_all(&reading), SHS_ERROR_FILE);
    sigaction(SIGBUS, &below, NULL); /* the later handler goes */
    close_reading(&reading, true);
    CHECK(has_handler(note));
    sigaction(SIGBUS, &before, NULL);
}
ON_DISK(a_later_handler_stays)

/* Runs a process that must end as with the former action alone. */
static int end_of(void (*action)(int), bool fault)
{
    int how = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGBUS, action);
        io_guard_begin();
        if (fault)
            touch_nothing();
        else
            raise(SIGBUS);
        _exit(3);
    }
    CHECK_EQ(waitpid(child, &how, 0), child);
    return WIFSIGNALED(how) ? -WTERMSIG(how) : WEXITSTATUS(how);
}

static void without_a_handler_sigbus_acts_by_default(void)
{
    CHECK_EQ(end_of(SIG_DFL, true), -SIGBUS);
    CHECK_EQ(end_of(SIG_DFL, false), -SIGBUS);
    CHECK_EQ(end_of(SIG_IGN, true), -SIGBUS);
    CHECK_EQ(end_of(SIG_IGN, false), 3);
}

/* A handler for one signal only. */
static void a_handler_for_one_signal_is_called_once(void)
{
    struct sigaction action = action_of(note), before;
    action.sa_flags |= (int)SA_RESETHAND;
    sigaction(SIGBUS, &action, &before);
    came = 0;
    io_guard_begin();
    raise(SIGBUS);
    CHECK_EQ(came, 1);
    io_guard_end();
    CHECK(!has_handler(note));
    sigaction(SIGBUS, &before, NULL);
}

/* ---- Opening. */

static void what_cannot_be_mapped_is_an_error_on_disk(void)
{
    struct io_map *map;
    int ends[2];
    if (!NEED(pipe(ends) == 0)) return;
    CHECK_STATUS(io_map_open(ends[0], "a pipe", 0, 1, &map), SHS_ERROR_FILE);
    CHECK(map == NULL);
    CHECK_HAS(shs_message(), "cannot map a pipe: ");
    CHECK_HAS(shs_message(), "open the dataset without the option map");
    close(ends[0]);
    close(ends[1]);
}
ON_DISK(what_cannot_be_mapped_is_an_error)

static shs_status open_and_close(void)
{
    struct io_layout layout = {.axes = 2, .shape = {ROWS, COLUMNS}, .element_bytes = 4};
    struct io_reader *reader;
    shs_status status = io_layout_measure(&layout);
    if (!status) status = io_reader_open(path, &layout, &reader);
    if (status) return status;
    status = io_reader_map(reader);
    io_reader_close(&reader);
    return status;
}

static void every_allocation_may_fail_on_disk(void)
{
    struct counted_memory counted = {.failed = 1};
    if (!NEED(raw_write(path, ROWS, COLUMNS))) return;
    for (long fail_at = 1; counted.failed; fail_at++) {
        counted_begin(&counted, fail_at);
        shs_status status = open_and_close();
        CHECK_EQ(counted_end(&counted), 0);
        CHECK_STATUS(status, counted.failed ? SHS_ERROR_MEMORY : SHS_OK);
    }
}
ON_DISK(every_allocation_may_fail)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(what_was_read_once_comes_from_the_map),
        TEST(some_runs_are_mapped_and_some_are_cold),
        TEST(chunks_come_from_the_map),
        TEST(a_wait_for_the_disk_voids_the_notes),
        TEST(a_file_cut_short_is_told_as_without_a_map),
        TEST(a_bad_sector_is_told_with_its_reason),
        TEST(a_map_that_fails_alone_is_an_error),
        TEST(a_replaced_file_stays_in_the_map),
        TEST(many_threads_are_cut_short),
        TEST(the_former_handler_gets_what_is_its_own),
        TEST(a_later_handler_stays),
        TEST(without_a_handler_sigbus_acts_by_default),
        TEST(a_handler_for_one_signal_is_called_once),
        TEST(what_cannot_be_mapped_is_an_error),
        TEST(every_allocation_may_fail),
    };
    return harness_main("map", tests, COUNT(tests), argc, argv);
}
