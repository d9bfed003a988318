/* Formats that import takes: IDX files and gzip files of several members. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#include "counted_memory.h"
#include "import_origin.h"
#include "import_scene.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

/* Stands in for the C library's: fails from a position on, unless that is 0. */
static off_t bad_position;

ssize_t pread(int file, void *to, size_t bytes, off_t at)
{
    if (bad_position && at + (off_t)bytes > bad_position) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, file, to, bytes, at);
}

static shs_status open_idx(const char *path, struct import_origin **idx, shs_tensor *shape)
{
    return open_as("idx:", path, idx, shape);
}

/* ---- IDX files */

static double value_at(shs_type type, const unsigned char *elements, size_t i)
{
    const unsigned char *at = elements + i * shs_type_size(type);
    int16_t i16;
    int32_t i32;
    float f32;
    double f64;
    switch (type) {
    case SHS_U8:
        return *at;
    case SHS_I8:
        return *at < 128 ? *at : *at - 256;
    case SHS_I16:
        return memcpy(&i16, at, sizeof i16), i16;
    case SHS_I32:
        return memcpy(&i32, at, sizeof i32), i32;
    case SHS_F32:
        return memcpy(&f32, at, sizeof f32), (double)f32;
    default:
        return memcpy(&f64, at, sizeof f64), f64;
    }
}

/* The number that the next file to be opened gets. */
static int next_file(void)
{
    int file = open("/dev/null", O_RDONLY);
    close(file);
    return file;
}

/* Reads the first rows, then the others. */
static void check_idx(const char *path, size_t which, size_t first_rows)
{
    struct import_origin *idx;
    shs_tensor shape;
    unsigned char elements[48];
    size_t row = 2 * shs_type_size(idx_types[which].type);
    int next = next_file();
    if (!NEED_STATUS(open_idx(path, &idx, &shape), SHS_OK)) return;
    CHECK_EQ(shape.type, idx_types[which].type);
    CHECK_EQ(shape.axes, 2);
    CHECK_EQ(shape.shape[0], 3);
    CHECK_EQ(shape.shape[1], 2);
    if (CHECK(shape.name == NULL)) CHECK(shape.data == NULL);
    CHECK_STATUS(import_origin_read(idx, 0, first_rows, elements), SHS_OK);
    CHECK_STATUS(import_origin_read(idx, first_rows, 3 - first_rows, elements + first_rows * row),
                 SHS_OK);
    CHECK_STATUS(import_origin_finish(idx), SHS_OK);
    for (size_t i = 0; i < 6; i++)
        CHECK_EQ(value_at(shape.type, elements, i), idx_types[which].values[i]);
    import_origin_close(&idx);
    CHECK(idx == NULL);
    CHECK_EQ(next_file(), next);
    import_origin_close(&idx);
}

static void idx_files_of_all_types_are_read_in_folder(void)
{
    char path[PATH_BYTES];
    in_folder("file", path);
    for (size_t which = 0; which < COUNT(idx_types); which++) {
        unsigned char file[64];
        size_t count = idx_file(which, file), packed_count = 0;
        CHECK(file_write(path, file, count));
        check_idx(path, which, 1);
        check_idx(path, which, 3);
        unsigned char *packed = gzipped(file, count, &packed_count);
        if (!NEED(packed)) return;
        CHECK_EQ(packed[0], 0x1f);
        CHECK_EQ(packed[1], 0x8b);
        CHECK(file_write(path, packed, packed_count));
        check_idx(path, which, 2);
        free(packed);
    }
}
IN_FOLDER(idx_files_of_all_types_are_read)

/* Opens, reads 6 elements and finishes: the first error, or SHS_OK. */
static shs_status read_whole(const char *path)
{
    struct import_origin *idx;
    shs_tensor shape;
    unsigned char elements[64];
    shs_status status = open_idx(path, &idx, &shape);
    CHECK_EQ(idx == NULL, status != SHS_OK);
    if (!status) status = import_origin_read(idx, 0, shape.shape[0], elements);
    if (!status) status = import_origin_finish(idx);
    import_origin_close(&idx);
    return status;
}

static void check_all_cuts(const unsigned char *file, size_t count)
{
    char path[PATH_BYTES];
    in_folder("file", path);
    for (size_t length = 0; length < count; length++) {
        CHECK(file_write(path, file, length));
        shs_status status = read_whole(path);
        if (status != SHS_ERROR_FORMAT)
            printf("  cut after %d of %d bytes: %s\n", (int)length, (int)count,
                   shs_status_name(status));
        CHECK_STATUS(status, SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), path);
    }
    CHECK(file_write(path, file, count));
    CHECK_STATUS(read_whole(path), SHS_OK);
}

static void a_file_that_is_cut_off_is_refused_in_folder(void)
{
    unsigned char file[64];
    size_t count = idx_file(2, file);
    check_all_cuts(file, count);
}
IN_FOLDER(a_file_that_is_cut_off_is_refused)

static void a_gzip_file_that_is_cut_off_is_refused_in_folder(void)
{
    unsigned char file[64];
    size_t count = idx_file(2, file), packed_count = 0;
    unsigned char *packed = gzipped(file, count, &packed_count);
    if (!NEED(packed)) return;
    check_all_cuts(packed, packed_count);
    free(packed);
}
IN_FOLDER(a_gzip_file_that_is_cut_off_is_refused)

static void the_message_says_what_is_missing_in_folder(void)
{
    unsigned char file[64];
    char path[PATH_BYTES];
    size_t count = idx_file(3, file);
    in_folder("file", path);
    CHECK(file_write(path, file, count - 5));
    CHECK_STATUS(read_whole(path), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "5 bytes");
    CHECK_HAS(shs_message(), "elements");
    CHECK(file_write(path, file, 10));
    CHECK_STATUS(read_whole(path), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "2 bytes");
    CHECK_HAS(shs_message(), "head");
}
IN_FOLDER(the_message_says_what_is_missing)

/* The checksum is in the last eight bytes, with the length. */
static void a_damaged_gzip_file_is_refused_in_folder(void)
{
    unsigned char file[64];
    char path[PATH_BYTES];
    size_t count = idx_file(2, file), packed_count = 0;
    unsigned char *packed = gzipped(file, count, &packed_count);
    if (!NEED(packed)) return;
    in_folder("file", path);
    for (size_t i = packed_count - 8; i < packed_count; i++) {
        packed[i] ^= 0x10;
        CHECK(file_write(path, packed, packed_count));
        CHECK_STATUS(read_whole(path), SHS_ERROR_FORMAT);
        packed[i] ^= 0x10;
    }
    free(packed);
}
IN_FOLDER(a_damaged_gzip_file_is_refused)

/* Gives a gzip file a name inside, long enough that its last 8 bytes, checksum and length, are all
 * that zlib reads at last: it takes 128 KiB of input at once. */
static unsigned char *with_long_name(unsigned char *packed, size_t *count)
{
    enum {
        INPUT = 1 << 17,
        HEAD = 10
    };
    unsigned char *named = *count < INPUT ? calloc(1, INPUT + 8) : NULL;
    if (named) {
        size_t rest = *count - HEAD;
        memcpy(named, packed, HEAD);
        named[3] = 8; /* there is a name, which ends with a zero byte */
        memset(named + HEAD, 'n', INPUT + 8 - rest - HEAD - 1);
        memcpy(named + INPUT + 8 - rest, packed + HEAD, rest);
        *count = INPUT + 8;
    }
    free(packed);
    return named;
}

/* The elements fill zlib's 256 KiB of output to the last byte, so that they are all delivered
 * before the checksum is read: only finishing can tell. */
static void a_damaged_end_is_found_at_last_in_folder(void)
{
    enum {
        BYTES = 1 << 18,
        HEAD = 8
    };
    static unsigned char file[BYTES] = {
        0, 0, 8, 1, 0, (BYTES - HEAD) >> 16, (BYTES - HEAD) >> 8 & 255, (BYTES - HEAD) & 255};
    static unsigned char elements[BYTES - HEAD];
    char path[PATH_BYTES];
    size_t count = 0;
    unsigned char *packed = gzipped(file, BYTES, &count);
    if (packed) packed = with_long_name(packed, &count);
    if (!NEED(packed)) return;
    for (int damaged = 0; damaged < 2; damaged++) {
        struct import_origin *idx;
        shs_tensor shape;
        packed[count - 7] ^= (unsigned char)damaged;
        CHECK(file_write(in_folder("file", path), packed, count));
        if (!NEED_STATUS(open_idx(path, &idx, &shape), SHS_OK)) break;
        CHECK_STATUS(import_origin_read(idx, 0, BYTES - HEAD, elements), SHS_OK);
        CHECK_STATUS(import_origin_finish(idx), damaged ? SHS_ERROR_FORMAT : SHS_OK);
        import_origin_close(&idx);
    }
    CHECK_HAS(shs_message(), path);
    free(packed);
}
IN_FOLDER(a_damaged_end_is_found_at_last)

static void bytes_that_follow_are_refused_in_folder(void)
{
    unsigned char file[64];
    char path[PATH_BYTES];
    size_t count = idx_file(2, file), packed_count = 0;
    in_folder("file", path);
    file[count] = 0;
    CHECK(file_write(path, file, count + 1));
    CHECK_STATUS(read_whole(path), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "after the 24 bytes");
    unsigned char *packed = gzipped(file, count + 1, &packed_count);
    if (!NEED(packed)) return;
    CHECK(file_write(path, packed, packed_count));
    CHECK_STATUS(read_whole(path), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "after the 24 bytes");
    free(packed);
}
IN_FOLDER(bytes_that_follow_are_refused)

static void heads_that_are_no_idx_are_refused_in_folder(void)
{
    static const unsigned char heads[][4] = {{1, 0, 8, 1},          {0, 1, 8, 1},    {0, 0, 7, 1},
                                             {0, 0, 0x0A, 1},       {0, 0, 0x0F, 1}, {0, 0, 0, 1},
                                             {0, 0, 8, 0},          {0, 0, 8, 9},    {0, 0, 8, 255},
                                             {0x89, 'H', 'D', 'F'}, {'P', 'K', 3, 4}};
    char path[PATH_BYTES];
    in_folder("file", path);
    for (size_t i = 0; i < COUNT(heads); i++) {
        unsigned char file[64] = {0};
        memcpy(file, heads[i], 4);
        CHECK(file_write(path, file, sizeof file));
        CHECK_STATUS(read_whole(path), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "no IDX file");
        CHECK_HAS(shs_message(), path);
    }
}
IN_FOLDER(heads_that_are_no_idx_are_refused)

static void eight_axes_are_read_in_folder(void)
{
    unsigned char file[4 + 32 + 6] = {0, 0, 8, 8};
    static const unsigned char sizes[8] = {3, 1, 1, 2, 1, 1, 1, 1};
    char path[PATH_BYTES];
    struct import_origin *idx;
    shs_tensor shape;
    for (size_t axis = 0; axis < 8; axis++)
        file[4 + 4 * axis + 3] = sizes[axis];
    CHECK(file_write(in_folder("file", path), file, sizeof file));
    CHECK_STATUS(read_whole(path), SHS_OK);
    if (!NEED_STATUS(open_idx(path, &idx, &shape), SHS_OK)) return;
    CHECK_EQ(shape.axes, 8);
    for (size_t axis = 0; axis < 8; axis++)
        CHECK_EQ(shape.shape[axis], sizes[axis]);
    import_origin_close(&idx);
}
IN_FOLDER(eight_axes_are_read)

/* The sizes are big-endian numbers of 32 bits. */
static void large_sizes_are_read_and_checked_in_folder(void)
{
    unsigned char file[4 + 32] = {0, 0, 8, 1, 0x81, 0x02, 0x03, 0x04};
    char path[PATH_BYTES];
    struct import_origin *idx;
    shs_tensor shape;
    CHECK(file_write(in_folder("file", path), file, 8));
    CHECK_STATUS(open_idx(path, &idx, &shape), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "ends 2164392708 bytes too early"); /* 0x81020304 */
    memset(file + 4, 0xff, 32);
    file[2] = 0x0E;
    file[3] = 8;
    CHECK(file_write(path, file, sizeof file));
    CHECK_IS(open_idx(path, &idx, &shape), <, 0);
    CHECK(idx == NULL);
    CHECK_HAS(shs_message(), path);
}
IN_FOLDER(large_sizes_are_read_and_checked)

static void missing_files_are_named_in_folder(void)
{
    char path[PATH_BYTES];
    struct import_origin *idx;
    shs_tensor shape;
    CHECK_STATUS(open_idx(in_folder("nowhere", path), &idx, &shape), SHS_ERROR_FILE);
    CHECK(idx == NULL);
    CHECK_HAS(shs_message(), path);
    CHECK_HAS(shs_message(), "No such file");
    CHECK_IS(open_idx(folder, &idx, &shape), <, 0);
    CHECK(idx == NULL);
    CHECK_HAS(shs_message(), folder);
}
IN_FOLDER(missing_files_are_named)

/* ---- gzip files of several members */

/* Two members of CSV rows; returns their bytes, and where the second begins. */
static unsigned char *two_members(size_t *count, size_t *second)
{
    size_t rest = 0;
    unsigned char *one = gzipped("1\n2\n", 4, second), *other = gzipped("3\n4\n", 4, &rest);
    unsigned char *both = one && other ? malloc(*second + rest + 8) : NULL;
    if (both) {
        memcpy(both, one, *second);
        memcpy(both + *second, other, rest);
    }
    *count = *second + rest;
    free(one);
    free(other);
    return both;
}

static shs_status rows_of_csv(const unsigned char *bytes, size_t count, uint64_t *rows)
{
    char path[PATH_BYTES];
    struct import_origin *csv;
    shs_tensor shape;
    CHECK(file_write(in_folder("rows.csv.gz", path), bytes, count));
    shs_status status = open_as("csv:", path, &csv, &shape);
    *rows = shape.shape[0];
    import_origin_close(&csv);
    return status;
}

/* zlib's own reader passes over a member whose head is damaged, and all that follows. */
static void no_member_of_a_gzip_file_is_lost_in_folder(void)
{
    size_t count = 0, second = 0;
    uint64_t rows;
    unsigned char *both = two_members(&count, &second);
    if (!NEED(both)) return;
    CHECK_STATUS(rows_of_csv(both, count, &rows), SHS_OK);
    CHECK_EQ(rows, 4);
    for (size_t i = second; i < count; i++) {
        if (i == second + 4) i = count - 8; /* its head's first bytes, and its checksum and size */
        both[i] ^= 0x20;
        shs_status status = rows_of_csv(both, count, &rows);
        both[i] ^= 0x20;
        if (status != SHS_ERROR_FORMAT) printf("  byte %d of the member\n", (int)(i - second));
        CHECK_STATUS(status, SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), i < second + 2 ? "begin no other" : "is damaged: ");
    }
    for (size_t cut = second + 2; cut < count; cut++) {
        CHECK_STATUS(rows_of_csv(both, cut, &rows), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "ends too early, within the gzip member that begins at byte");
    }
    memcpy(both + count, "\0\0\0\0", 4);
    CHECK_STATUS(rows_of_csv(both, count + 4, &rows), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "cut them off with head -c");
    free(both);
}
IN_FOLDER(no_member_of_a_gzip_file_is_lost)

/* It was told as damage. */
static void an_error_of_the_system_keeps_its_cause_in_folder(void)
{
    enum {
        BYTES = 1 << 18
    };
    static unsigned char file[BYTES] = {0, 0, 8, 1, 0, 3, 0xff, 0xf8};
    static unsigned char elements[BYTES];
    char path[PATH_BYTES];
    struct import_origin *idx;
    shs_tensor shape;
    size_t count = BYTES;
    for (uint32_t i = 8, x = 1; i < BYTES; i++)
        file[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24); /* do not compress */
    in_folder("file", path);
    for (int packed = 0; packed < 2; packed++) {
        unsigned char *bytes = packed ? gzipped(file, BYTES, &count) : NULL;
        CHECK(file_write(path, packed ? bytes : file, count));
        free(bytes);
        if (!NEED_STATUS(open_idx(path, &idx, &shape), SHS_OK)) return;
        bad_position = 200000;
        CHECK_STATUS(import_origin_read(idx, 0, shape.shape[0], elements), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), path);
        CHECK_HAS(shs_message(), "Input/output error");
        bad_position = 0;
        CHECK_STATUS(import_origin_read(idx, 0, shape.shape[0], elements), SHS_OK);
        CHECK(!memcmp(elements, file + 8, BYTES - 8));
        CHECK_STATUS(import_origin_finish(idx), SHS_OK);
        import_origin_close(&idx);
    }
}
IN_FOLDER(an_error_of_the_system_keeps_its_cause)

/* A few packed bytes that claim to be thousands of millions of rows. */
static void a_claim_without_bytes_is_refused_at_once_in_folder(void)
{
    static const struct {
        const char *name, *prefix;
        unsigned char head[8];
    } claims[] = {{"claim.idx.gz", "idx:", {0, 0, 8, 1, 0xee, 0x6b, 0x28, 0}},
                  {"claim.raw.gz", "raw:u8:4000000000:", {1, 2, 3, 4, 5, 6, 7, 8}}};
    for (size_t i = 0; i < COUNT(claims); i++) {
        char path[PATH_BYTES];
        struct import_origin *source;
        shs_tensor shape;
        size_t count = 0;
        unsigned char *packed = gzipped(claims[i].head, 8, &count);
        if (!NEED(packed)) return;
        CHECK(file_write(in_folder(claims[i].name, path), packed, count));
        CHECK_STATUS(open_as(claims[i].prefix, path, &source, &shape), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "bytes too early, in its elements");
        CHECK(source == NULL);
        free(packed);
    }
}
IN_FOLDER(a_claim_without_bytes_is_refused_at_once)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(idx_files_of_all_types_are_read),
        TEST(a_file_that_is_cut_off_is_refused),
        TEST(a_gzip_file_that_is_cut_off_is_refused),
        TEST(the_message_says_what_is_missing),
        TEST(a_damaged_gzip_file_is_refused),
        TEST(a_damaged_end_is_found_at_last),
        TEST(bytes_that_follow_are_refused),
        TEST(no_member_of_a_gzip_file_is_lost),
        TEST(an_error_of_the_system_keeps_its_cause),
        TEST(a_claim_without_bytes_is_refused_at_once),
        TEST(heads_that_are_no_idx_are_refused),
        TEST(eight_axes_are_read),
        TEST(large_sizes_are_read_and_checked),
        TEST(missing_files_are_named),
    };
    return harness_main("import", tests, COUNT(tests), argc, argv);
}
