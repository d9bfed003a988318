/* Fields written by all ranks together: the same file as one rank writes, and one error for all. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "h5_file.h"
#include "import_write.h"
#include "io_crc32c.h"
#include "ranks.h"
#include "shardstep/mpi.h"

enum {
    WIDE =
        1 << 18, /* elements of a row, a quarter of what a rank takes at once with 4 bytes each */
    NARROW = 6,
    NO_ROW = -1
};

/* What the outputs of a test are read from. */
struct content {
    uint64_t width;
    int64_t bad_row; /* that cannot be read */
    uint64_t last;   /* row that was asked for before */
    bool backwards;
};

static int32_t element_of(uint64_t row, uint64_t element)
{
    return (int32_t)(scramble(row << 32 | element) >> (element % 40));
}

static shs_status read_content(void *user, uint64_t first, uint64_t count, void *rows)
{
    struct content *content = user;
    int32_t *to = rows;
    content->backwards = content->backwards || first < content->last;
    content->last = first;
    for (uint64_t row = first; row < first + count; row++) {
        if ((int64_t)row == content->bad_row)
            return core_fail(SHS_ERROR_FORMAT, "row %llu is bad", (ull)row);
        for (uint64_t i = 0; i < content->width; i++)
            *to++ = element_of(row, i);
    }
    return SHS_OK;
}

enum {
    OUTPUTS = 3
};

/* Wide rows, several rounds of them; narrow ones; fewer than there are ranks. */
static const uint64_t widths[OUTPUTS] = {WIDE, NARROW, NARROW}, rows_of[OUTPUTS] = {21, 1000, 2};
static const char *const names[OUTPUTS] = {"wide", "group/narrow", "group/few"};
static const char *const classes[] = {"cat", "dog"};

static const struct {
    uint64_t chunk_rows;
    unsigned deflate;
    bool byteshuffle;
} ways[] = {{2, 0, false}, {2, 1, true}, {100, 0, true}, {3, 0, false}};

static void prepare(struct import_output outputs[OUTPUTS], struct content contents[OUTPUTS],
                    size_t way)
{
    for (size_t i = 0; i < OUTPUTS; i++) {
        contents[i] = (struct content){.width = widths[i], .bad_row = NO_ROW};
        outputs[i] = (struct import_output){
            .name = names[i],
            .shape = {.type = SHS_I32, .axes = 2, .shape = {rows_of[i], widths[i]}},
            .chunk = {ways[way].chunk_rows},
            .deflate = ways[way].deflate,
            .byteshuffle = ways[way].byteshuffle,
            .classes = i == 2 ? classes : NULL,
            .n_classes = i == 2 ? 2 : 0,
            .read = read_content,
            .user = &contents[i]};
    }
}

static shs_run *open_run(MPI_Comm comm)
{
    shs_run *run;
    need(!shs_open(comm, &(shs_run_options){0}, &run), "shs_open");
    return run;
}

static void path_in(const char *folder, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%.450s/%.50s", folder, name);
}

static bool same_bytes(const char *one, const char *other)
{
    int a, b;
    FILE *left = fopen(one, "rb"), *right = fopen(other, "rb");
    need(left && right, one);
    uint64_t bytes = 0;
    do {
        a = getc(left);
        b = getc(right);
        bytes++;
    } while (a == b && a != EOF);
    fclose(left);
    fclose(right);
    return CHECK_IS(bytes, >, 1000) &&
           (a == b || WRONG("expected byte %llu of %s = %d, as in %s; came %d", (ull)bytes - 1, one,
                            b, other, a));
}

static shs_status write_alone(const char *path, size_t way)
{
    struct import_output outputs[OUTPUTS];
    struct content contents[OUTPUTS];
    shs_run *run = open_run(MPI_COMM_NULL);
    prepare(outputs, contents, way);
    shs_status status = import_write(run, path, outputs, OUTPUTS, NULL);
    for (size_t i = 0; i < OUTPUTS; i++)
        CHECK(!contents[i].backwards);
    shs_close(&run);
    return status;
}

static void test_the_file_is_that_of_one_rank(void)
{
    char folder[PATH_BYTES], ours[PATH_BYTES], alone[PATH_BYTES];
    struct import_output outputs[OUTPUTS];
    struct content contents[OUTPUTS];
    folder_make(folder);
    path_in(folder, "ours.h5", ours);
    path_in(folder, "alone.h5", alone);
    shs_run *run = open_run(MPI_COMM_WORLD);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        prepare(outputs, contents, way);
        CHECK_STATUS(import_write(run, ours, outputs, OUTPUTS, NULL), SHS_OK);
        for (size_t i = 0; i < OUTPUTS; i++)
            CHECK(!contents[i].backwards);
        if (my_rank() == 0) {
            CHECK_STATUS(write_alone(alone, way), SHS_OK);
            CHECK(same_bytes(ours, alone));
        }
    }
    shs_close(&run);
    folder_remove(folder);
}

/* Rows by HDF5, and their checksums. */
static void check_field(struct h5_file *file, size_t which)
{
    char name[64];
    struct h5_array *field, *sums;
    shs_tensor shape, sums_shape;
    snprintf(name, sizeof name, "%s.crc32c", names[which]);
    need(!h5_array_open(file, names[which], 0, false, &field, &shape), names[which]);
    need(!h5_array_open(file, name, 0, false, &sums, &sums_shape), name);
    CHECK_EQ(shape.type, SHS_I32);
    CHECK_EQ(shape.axes, 2);
    CHECK_EQ(shape.shape[0], rows_of[which]);
    CHECK_EQ(sums_shape.type, SHS_U32);
    CHECK_EQ(sums_shape.axes, 1);
    CHECK_EQ(sums_shape.shape[0], rows_of[which]);
    int32_t *row = room(widths[which], sizeof *row);
    uint64_t wrong = 0;
    for (uint64_t r = 0; r < rows_of[which]; r++) {
        uint32_t sum = 0;
        wrong += h5_read_rows(field, r, 1, row) != SHS_OK;
        wrong += h5_read_rows(sums, r, 1, &sum) != SHS_OK;
        for (uint64_t i = 0; i < widths[which]; i++)
            wrong += row[i] != element_of(r, i);
        wrong += sum != io_crc32c_elements(row, widths[which], sizeof *row);
    }
    CHECK_EQ(wrong, 0);
    free(row);
    h5_array_close(&field);
    h5_array_close(&sums);
}

static void test_what_was_read_is_written(void)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    struct import_output outputs[OUTPUTS];
    struct content contents[OUTPUTS];
    struct h5_file *file;
    folder_make(folder);
    path_in(folder, "file.h5", path);
    shs_run *run = open_run(MPI_COMM_WORLD);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        prepare(outputs, contents, way);
        CHECK_STATUS(import_write(run, path, outputs, OUTPUTS, NULL), SHS_OK);
        if (my_rank() == last_rank()) {
            need(!h5_open(path, &file), path);
            for (size_t i = 0; i < OUTPUTS; i++)
                check_field(file, i);
            h5_close(&file);
        }
        MPI_Barrier(MPI_COMM_WORLD);
    }
    shs_close(&run);
    folder_remove(folder);
}

/* Two of the ways: chunks in place, and encoded ones. A rank has four wide rows in hand at once. */
static void test_a_bad_row_of_one_rank_fails_all(void)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    struct import_output outputs[OUTPUTS];
    struct content contents[OUTPUTS];
    folder_make(folder);
    path_in(folder, "file.h5", path);
    shs_run *run = open_run(MPI_COMM_WORLD);
    for (size_t way = 0; way < 2; way++)
        for (int64_t bad = 0; bad < 21; bad += 5) {
            int owner = (int)(bad / 4 % all_ranks());
            prepare(outputs, contents, way);
            contents[0].bad_row = bad;
            shs_status status = import_write(run, path, outputs, OUTPUTS, NULL);
            CHECK(agreed_failure(status, SHS_ERROR_FORMAT, owner));
            CHECK_HAS(shs_message(), "is bad");
        }
    CHECK_STATUS(mpi_agree(run, SHS_OK, "still there"), SHS_OK);
    shs_close(&run);
    folder_remove(folder);
}

/* Files may have no more bytes than that on this rank. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    need(!getrlimit(RLIMIT_FSIZE, &limit), "getrlimit");
    limit.rlim_cur = bytes;
    need(!setrlimit(RLIMIT_FSIZE, &limit), "setrlimit");
}

/* Rows that rank 0 cannot write, of 21 MiB in all. The other ranks write nothing. */
static void test_a_full_disk_fails_all(void)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    struct import_output outputs[OUTPUTS];
    struct content contents[OUTPUTS];
    signal(SIGXFSZ, SIG_IGN);
    folder_make(folder);
    path_in(folder, "file.h5", path);
    shs_run *run = open_run(MPI_COMM_WORLD);
    for (size_t way = 0; way < 2; way++)
        for (int poor = 0; poor < all_ranks(); poor++) {
            prepare(outputs, contents, way);
            if (my_rank() == poor) limit_files(1 << 20);
            shs_status status = import_write(run, path, outputs, OUTPUTS, NULL);
            if (my_rank() == poor) limit_files(RLIM_INFINITY);
            CHECK(poor ? status == SHS_OK : agreed_failure(status, SHS_ERROR_FILE, 0));
        }
    CHECK_STATUS(mpi_agree(run, SHS_OK, "still there"), SHS_OK);
    shs_close(&run);
    folder_remove(folder);
}

enum {
    MOST_DESCRIPTORS = 1024
};

/* One more than the greatest descriptor in use: the least limit that leaves all as they are. */
static int descriptors(void)
{
    int end = 0;
    for (int file = 0; file < MOST_DESCRIPTORS; file++)
        if (fcntl(file, F_GETFD) >= 0) end = file + 1;
    return end;
}

/* Takes all free descriptors below `end`, which MPI libraries leave there. */
static int fill_gaps(int end, int fillers[MOST_DESCRIPTORS])
{
    int count = 0, next = dup(STDERR_FILENO);
    for (; next >= 0 && next < end; next = dup(STDERR_FILENO))
        fillers[count++] = next;
    if (next >= 0) close(next);
    return count;
}

static void limit_descriptors(rlim_t most)
{
    struct rlimit limit;
    need(!getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = most;
    need(!setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

/* What import_write() does on a rank that, if it is a poor one, has so many descriptors left. */
static shs_status write_with_few(shs_run *run, const char *path, struct import_output *outputs,
                                 bool poor, rlim_t left)
{
    int fillers[MOST_DESCRIPTORS], end = descriptors(), count = 0;
    struct rlimit before;
    need(!getrlimit(RLIMIT_NOFILE, &before), "getrlimit");
    if (poor) {
        count = fill_gaps(end, fillers);
        limit_descriptors((rlim_t)end + left);
    }
    shs_status status = import_write(run, path, outputs + 1, OUTPUTS - 1, NULL);
    limit_descriptors(before.rlim_cur);
    while (count)
        close(fillers[--count]);
    return status;
}

/* However many descriptors a rank has left, of which only rank 0 wants one: all write or none does.
 */
static void test_descriptors_may_run_out_on_any_rank(void)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    struct import_output outputs[OUTPUTS];
    struct content contents[OUTPUTS];
    folder_make(folder);
    path_in(folder, "file.h5", path);
    shs_run *run = open_run(MPI_COMM_WORLD);
    for (size_t way = 0; way < 2; way++)
        for (int poor = 0; poor < all_ranks(); poor += last_rank() ? last_rank() : 1)
            for (rlim_t left = 0; left < 2; left++) {
                prepare(outputs, contents, way);
                shs_status status = write_with_few(run, path, outputs, my_rank() == poor, left);
                CHECK(poor || left ? status == SHS_OK : agreed_failure(status, SHS_ERROR_FILE, 0));
            }
    CHECK_STATUS(mpi_agree(run, SHS_OK, "still there"), SHS_OK);
    shs_close(&run);
    folder_remove(folder);
}

static void test_a_file_that_cannot_be_made_fails_all(void)
{
    struct import_output outputs[OUTPUTS];
    struct content contents[OUTPUTS];
    shs_run *run = open_run(MPI_COMM_WORLD);
    prepare(outputs, contents, 0);
    shs_status status = import_write(run, "/no/such/folder/file.h5", outputs, OUTPUTS, NULL);
    CHECK(agreed_failure(status, SHS_ERROR_FILE, 0));
    outputs[1].chunk[0] = UINT64_MAX; /* all rows */
    outputs[1].name = outputs[0].name;
    status = import_write(run, "/tmp/shardstep-test-twice.h5", outputs, OUTPUTS, NULL);
    CHECK(agreed_failure(status, SHS_ERROR_FILE, 0));
    if (my_rank() == 0) remove("/tmp/shardstep-test-twice.h5");
    shs_close(&run);
}

struct seen {
    uint64_t calls, done, all;
    bool risen;
};

static void see(void *user, const char *name, uint64_t done, uint64_t all)
{
    struct seen *seen = user;
    seen->risen = (!seen->calls || (seen->risen && all == seen->all)) && done > seen->done && *name;
    seen->done = done;
    seen->all = all;
    seen->calls++;
}

static void test_progress_is_told_to_rank_0(void)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    struct import_output outputs[OUTPUTS];
    struct content contents[OUTPUTS];
    folder_make(folder);
    path_in(folder, "file.h5", path);
    shs_run *run = open_run(MPI_COMM_WORLD);
    for (size_t way = 0; way < 2; way++) {
        struct seen seen = {0};
        struct import_progress progress = {see, &seen};
        prepare(outputs, contents, way);
        CHECK_STATUS(import_write(run, path, outputs, OUTPUTS, &progress), SHS_OK);
        CHECK_EQ(seen.calls > 0, my_rank() == 0);
        CHECK(seen.calls == 0 || (seen.risen && seen.done == seen.all));
        CHECK(seen.calls == 0 || seen.all == 4 * (21 * WIDE + 1002 * NARROW));
    }
    shs_close(&run);
    folder_remove(folder);
}

struct scarce {
    shs_run *run;
    const char *path;
    size_t way;
};

static shs_status write_few(void *user)
{
    const struct scarce *scarce = user;
    struct import_output outputs[OUTPUTS];
    struct content contents[OUTPUTS];
    prepare(outputs, contents, scarce->way);
    return import_write(scarce->run, scarce->path, outputs + 2, 1, NULL);
}

static void test_memory_may_run_out_on_any_rank(void)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    folder_make(folder);
    path_in(folder, "file.h5", path);
    shs_run *run = open_run(MPI_COMM_WORLD);
    for (size_t way = 0; way < 2; way++)
        for (int poor = 0; poor < all_ranks(); poor += last_rank() ? last_rank() : 1) {
            struct scarce scarce = {run, path, way};
            CHECK(survives_scarcity(poor, write_few, &scarce));
        }
    shs_close(&run);
    folder_remove(folder);
}

struct taken {
    size_t calls;
    bool right;
    size_t fail_at;
};

/* Rank r sends r MiB + 5 bytes of its number. */
static shs_status take(void *user, const void *bytes, size_t count)
{
    struct taken *taken = user;
    const unsigned char *byte = bytes;
    taken->right = taken->right && count == (taken->calls << 23) + 5;
    for (size_t i = 0; i < count; i += 1001)
        taken->right = taken->right && byte[i] == taken->calls;
    if (++taken->calls == taken->fail_at) return core_fail(SHS_ERROR_FILE, "enough");
    return SHS_OK;
}

static void test_bytes_come_in_the_order_of_ranks(void)
{
    shs_run *run = open_run(MPI_COMM_WORLD);
    size_t count = ((size_t)my_rank() << 23) + 5;
    unsigned char *bytes = room(count, 1), *all = room(((size_t)all_ranks() << 23) + 5, 1);
    memset(bytes, my_rank(), count);
    for (size_t fail_at = 0; fail_at <= (size_t)all_ranks(); fail_at++) {
        struct taken taken = {.right = true, .fail_at = fail_at};
        shs_status status = mpi_in_order(run, bytes, count, all, take, &taken);
        CHECK(taken.right);
        CHECK(my_rank() || taken.calls == (fail_at ? fail_at : (size_t)all_ranks()));
        status = mpi_agree(run, status, "in order");
        CHECK(fail_at ? agreed_failure(status, SHS_ERROR_FILE, 0) : status == SHS_OK);
    }
    free(bytes);
    free(all);
    shs_close(&run);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"bytes come in the order of ranks", test_bytes_come_in_the_order_of_ranks},
        {"the file is that of one rank", test_the_file_is_that_of_one_rank},
        {"what was read is written", test_what_was_read_is_written},
        {"a bad row of one rank fails all", test_a_bad_row_of_one_rank_fails_all},
        {"a full disk fails all", test_a_full_disk_fails_all},
        {"descriptors may run out on any rank", test_descriptors_may_run_out_on_any_rank},
        {"a file that cannot be made fails all", test_a_file_that_cannot_be_made_fails_all},
        {"progress is told to rank 0", test_progress_is_told_to_rank_0},
        {"memory may run out on any rank", test_memory_may_run_out_on_any_rank},
    };
    return harness_main_ranks("write", tests, sizeof tests / sizeof *tests, argc, argv);
}
