/* Sources of import: IDX, NPY, CSV, PNG and raw files, whole, damaged and cut off. */
#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#include "counted_memory.h"
#include "import_origin.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

/* The folder of the test that runs. */
static char folder[PATH_BYTES];

static char *in_folder(const char *name, char path[PATH_BYTES])
{
    return folder_path(folder, name, path);
}

/* Runs a test in a folder of its own. */
#define IN_FOLDER(test)                                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        if (!NEED(folder_make(folder))) return;                                                    \
        test##_in_folder();                                                                        \
        folder_remove(folder);                                                                     \
    }

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

/* Opens a source by its whole text. */
static shs_status open_text(const char *text, struct import_origin **source, shs_tensor *shape)
{
    struct import_origin_options options = {0};
    shs_status status = import_origin_open(text, &options, source);
    *shape = status ? (shs_tensor){0} : *import_origin_shape(*source);
    return status;
}

/* Opens PREFIX and a path. */
static shs_status open_as(const char *prefix, const char *path, struct import_origin **source,
                          shs_tensor *shape)
{
    char text[2 * PATH_BYTES];
    snprintf(text, sizeof text, "%s%s", prefix, path);
    return open_text(text, source, shape);
}

static shs_status open_idx(const char *path, struct import_origin **idx, shs_tensor *shape)
{
    return open_as("idx:", path, idx, shape);
}

/* ---- IDX files */

/* Three rows of two elements; numbers with different bytes. */
static const struct {
    unsigned char code;
    shs_type type;
    unsigned char bytes[48]; /* big-endian, as in the file */
    double values[6];
} idx_types[] = {
    {0x08, SHS_U8, {0, 1, 2, 127, 128, 255}, {0, 1, 2, 127, 128, 255}},
    {0x09, SHS_I8, {0, 1, 2, 127, 128, 255}, {0, 1, 2, 127, -128, -1}},
    {0x0B,
     SHS_I16,
     {0, 0, 0, 1, 1, 0, 0x12, 0x34, 0x80, 0, 0xff, 0xfe},
     {0, 1, 256, 4660, -32768, -2}},
    {0x0C,
     SHS_I32,
     {0,    0,    0,    0,    0,    0, 0, 1, 0,    0,    1,    0,
      0x12, 0x34, 0x56, 0x78, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe},
     {0, 1, 256, 305419896, -2147483648.0, -2}},
    {0x0D,
     SHS_F32,
     {0,    0,    0, 0, 0x3f, 0x80, 0, 0, 0x3f, 0xc0, 0,    0,
      0xc0, 0x20, 0, 0, 0x42, 0xf6, 0, 0, 0x7f, 0x7f, 0xff, 0xff},
     {0, 1, 1.5, -2.5, 123, 0x1.fffffep127}},
    {0x0E,
     SHS_F64,
     {0,    0,    0,    0, 0, 0, 0, 0, 0x3f, 0xf0, 0,    0,    0,    0,    0,    0,
      0x3f, 0xf8, 0,    0, 0, 0, 0, 0, 0xc0, 4,    0,    0,    0,    0,    0,    0,
      0x40, 0x5e, 0xc0, 0, 0, 0, 0, 0, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a},
     {0, 1, 1.5, -2.5, 123, 0.1}},
};

/* The file of shape {3, 2}; returns its length. */
static size_t idx_file(size_t which, unsigned char file[64])
{
    const unsigned char head[12] = {0, 0, idx_types[which].code, 2, 0, 0, 0, 3, 0, 0, 0, 2};
    size_t bytes = 6 * shs_type_size(idx_types[which].type);
    memcpy(file, head, sizeof head);
    memcpy(file + sizeof head, idx_types[which].bytes, bytes);
    return sizeof head + bytes;
}

/* The same bytes as gzip writes them. */
static unsigned char *gzipped(const void *bytes, size_t count, size_t *packed)
{
    char path[PATH_BYTES];
    gzFile file = gzopen(in_folder("packed", path), "wb");
    if (!file) return NULL;
    bool good = gzwrite(file, bytes, (unsigned)count) == (int)count;
    return gzclose(file) == Z_OK && good ? file_read(path, packed) : NULL;
}

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
        size_t count = idx_file(which, file), packed_count;
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
    size_t count = idx_file(2, file), packed_count;
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
    size_t count = idx_file(2, file), packed_count;
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
    size_t count;
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
    size_t count = idx_file(2, file), packed_count;
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
    size_t count, second;
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
        size_t count;
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

/* ---- texts */

static void formats_are_told_by_content_and_name_in_folder(void)
{
    static const struct {
        const char *name, *content;
        size_t bytes;
        shs_status status;
        const char *message;
    } cases[] = {
        {"a.bin", "\0\0\10\1\0\0\0\1x", 9, SHS_OK, ""},
        {"a.csv", "1\n2\n", 4, SHS_OK, ""},
        {"a.txt", "1\n2\n", 4, SHS_OK, ""},
        {"a.bin", "1\n2\n", 4, SHS_ERROR_FORMAT, "no format that can be told"},
        {"a.npy", "1\n2\n", 4, SHS_ERROR_FORMAT, "ends 8 bytes too early, in its head"},
        {"a-ubyte", "1\n2\n", 4, SHS_ERROR_FORMAT, "no IDX file"},
        {"a.csv.gz", "1\n2\n", 4, SHS_ERROR_FORMAT, "no gzip file"},
        {"a.csv", "", 0, SHS_ERROR_FORMAT, "no rows of numbers"},
        {"a.png", "\x89PNG\r\n\x1a\n", 8, SHS_ERROR_FORMAT, "single PNG image"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[PATH_BYTES];
        struct import_origin *source;
        shs_tensor shape;
        CHECK(file_write(in_folder(cases[i].name, path), cases[i].content, cases[i].bytes));
        CHECK_STATUS(open_text(path, &source, &shape), cases[i].status);
        CHECK(!cases[i].status || message_has(cases[i].message));
        import_origin_close(&source);
    }
}
IN_FOLDER(formats_are_told_by_content_and_name)

static void texts_are_taken_apart_in_folder(void)
{
    static const struct {
        const char *prefix;
        shs_status status;
    } cases[] = {
        {"raw:u8:4:", SHS_OK},
        {"raw:u16be:2:", SHS_OK},
        {"raw:f32:1x1x1x1x1x1x1x1:", SHS_OK},
        {"raw:f32:1x1x1x1x1x1x1x1x1:", SHS_ERROR_ARGUMENT},
        {"raw:", SHS_ERROR_ARGUMENT},
        {"raw:u8:", SHS_ERROR_ARGUMENT},
        {"raw:u9:4:", SHS_ERROR_ARGUMENT},
        {"raw:u8le:4:", SHS_ERROR_ARGUMENT},
        {"raw:be:4:", SHS_ERROR_ARGUMENT},
        {"raw:u8:4x:", SHS_ERROR_ARGUMENT},
        {"raw:u8:x4:", SHS_ERROR_ARGUMENT},
        {"raw:u8::", SHS_ERROR_ARGUMENT},
        {"raw:u8:-4:", SHS_ERROR_ARGUMENT},
        {"raw:u8:0:", SHS_ERROR_FORMAT},
        {"raw:u8:4x0:", SHS_ERROR_FORMAT},
        {"raw:u8:99999999999999999999:", SHS_ERROR_ARGUMENT},
        {"raw:u8:4294967296x4294967296:", SHS_ERROR_ARGUMENT},
        {"raw:f64:4611686018427387904:", SHS_ERROR_ARGUMENT},
        {"raw:u8:9223372036854775808:", SHS_ERROR_ARGUMENT},
        {"raw:u8:3:", SHS_ERROR_FORMAT},
        {"raw:u8:5:", SHS_ERROR_FORMAT},
        {"csv:", SHS_OK},
        {"csv:u8:", SHS_OK},
        {"csv:1:", SHS_OK},
        {"csv:u8:1:", SHS_OK},
        {"csv:1:u8:", SHS_ERROR_FILE}, /* a file of that name */
        {"csv:2:", SHS_ERROR_ARGUMENT},
        {"csv:0:", SHS_ERROR_ARGUMENT},
        {"csv:1,1:", SHS_ERROR_ARGUMENT},
        {"csv:1,:", SHS_ERROR_ARGUMENT},
        {"csv:1--2:", SHS_ERROR_ARGUMENT},
        {"csv:2-1:", SHS_ERROR_ARGUMENT},
        {"csv:1-99999999999999999999:", SHS_ERROR_ARGUMENT},
        {"csv:f16:", SHS_ERROR_UNSUPPORTED},
        {"csv:u8be:", SHS_ERROR_FILE},
        {"png:", SHS_ERROR_FILE},
        {"idx:", SHS_ERROR_FORMAT},
    };
    char path[PATH_BYTES];
    CHECK(file_write(in_folder("file.csv", path), "1\n2\n", 4));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_origin *source;
        shs_tensor shape;
        shs_status status = open_as(cases[i].prefix, path, &source, &shape);
        if (status != cases[i].status)
            printf("  %s: %s: %s\n", cases[i].prefix, shs_status_name(status), shs_message());
        CHECK_STATUS(status, cases[i].status);
        CHECK_EQ(source == NULL, status != SHS_OK);
        import_origin_close(&source);
    }
}
IN_FOLDER(texts_are_taken_apart)

/* ---- NPY heads */

/* A file of that head and 24 bytes of elements; its length. */
static size_t npy_file(const char *head, unsigned char *file)
{
    size_t length = strlen(head);
    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (unsigned char)length;
    file[9] = 0;
    memcpy(file + 10, head, length);
    for (size_t i = 0; i < 24; i++)
        file[10 + length + i] = (unsigned char)(i + 1);
    return 10 + length + 24;
}

static void heads_of_npy_files_are_understood_in_folder(void)
{
    static const struct {
        const char *head;
        shs_status status;
        const char *message;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }   \n", SHS_OK, ""},
        {"{\"shape\":(3,2),\"fortran_order\":True,\"descr\":\"<f4\"}", SHS_OK, ""},
        {"{'descr': '>u2', 'fortran_order': False, 'shape': (3L, 4L)}", SHS_OK, ""},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (24,)}", SHS_OK, ""},
        {"{'descr': '=i8', 'fortran_order': True, 'shape': (3,)}", SHS_OK, ""},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (7,)}", SHS_ERROR_FORMAT,
         "ends 4 bytes too early"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (5,1)}", SHS_ERROR_FORMAT, "goes on"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", SHS_ERROR_FORMAT,
         "single number"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}", SHS_ERROR_FORMAT,
         "no elements"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "pickled"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "complex"},
        {"{'descr': '<U2', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "texts"},
        {"{'descr': '<M8[s]', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "times"},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "elements"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT,
         "structured"},
        {"{'descr': '', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "elements"},
        {"{'descr': '<f4', 'fortran_order': False}", SHS_ERROR_FORMAT, "not understood"},
        {"{'descr': '<f4', 'shape': (3,)}", SHS_ERROR_FORMAT, "not understood"},
        {"{'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "not understood"},
        {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (3,)}", SHS_ERROR_FORMAT,
         "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,-2)}", SHS_ERROR_FORMAT,
         "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3", SHS_ERROR_FORMAT,
         "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,6)}", SHS_ERROR_FORMAT,
         "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
         SHS_ERROR_FORMAT, "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
         SHS_ERROR_ARGUMENT, "file.npy"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1152921504606846976)}",
         SHS_ERROR_ARGUMENT, "file.npy"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 100000000000000)}", SHS_ERROR_FORMAT,
         "too early"},
        {"{'descr': '<f4', 'other': 1}", SHS_ERROR_FORMAT, "not understood"},
        {"", SHS_ERROR_FORMAT, "not understood"},
    };
    char path[PATH_BYTES];
    unsigned char file[256];
    in_folder("file.npy", path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_origin *source;
        shs_tensor shape;
        CHECK(file_write(path, file, npy_file(cases[i].head, file)));
        shs_status status = open_text(path, &source, &shape);
        if (status != cases[i].status)
            printf("  %s: %s: %s\n", cases[i].head, shs_status_name(status), shs_message());
        CHECK_STATUS(status, cases[i].status);
        CHECK(!status || message_has(cases[i].message));
        import_origin_close(&source);
    }
}
IN_FOLDER(heads_of_npy_files_are_understood)

/* Element (r, i, j) of a Fortran file lies at r + 3 i + 6 j; here it has that value. Rows are asked
 * for in every way. */
static void fortran_order_is_turned_round_in_folder(void)
{
    char path[PATH_BYTES];
    unsigned char file[256];
    struct import_origin *source;
    shs_tensor shape;
    size_t count = npy_file("{'descr': '|u1', 'fortran_order': True, 'shape': (3, 2, 4)}", file);
    for (size_t i = 0; i < 24; i++)
        file[count - 24 + i] = (unsigned char)i;
    CHECK(file_write(in_folder("file.npy", path), file, count));
    if (!NEED_STATUS(open_text(path, &source, &shape), SHS_OK)) return;
    for (uint64_t first = 0; first < 3; first++)
        for (uint64_t rows = 1; first + rows <= 3; rows++) {
            unsigned char got[24];
            CHECK_STATUS(import_origin_read(source, first, rows, got), SHS_OK);
            for (uint64_t at = 0; at < 8 * rows; at++)
                CHECK_EQ(got[at], first + at / 8 + 3 * (at / 4 % 2) + 6 * (at % 4));
        }
    import_origin_close(&source);
}
IN_FOLDER(fortran_order_is_turned_round)

/* ---- CSV */

static void lines_and_columns_are_named_in_folder(void)
{
    static const struct {
        const char *prefix, *content, *message; /* "": it is read */
    } cases[] = {
        {"csv:", "1,2\n3,x\n", "line 2, column 2: 'x' is no number"},
        {"csv:", "a,b\n1,2\n3\n", "line 3 has 1 columns, where the first has 2"},
        {"csv:", "1,2\n3,4,5\n", "line 2 has 3 columns, where the first has 2"},
        {"csv:", "1,2\n\n3,4\n", "line 2 is empty, and rows follow it"},
        {"csv:", "1,2\n3,\n", "line 2, column 2 is empty; fill in a number"},
        {"csv:", "1,\"2\n3,4\n", "line 1, column 2: a quote that is opened here is never closed"},
        {"csv:", "1,\"2\"3\n", "line 1, column 2: something follows the closing quote"},
        {"csv:", "a,b\n", "no rows of numbers"},
        {"csv:", "\n\n", "no rows of numbers"},
        {"csv:", "a\n1\n9223372036854775808\n", "not all of its whole numbers are of type i64"},
        {"csv:", "1\n-9223372036854775809\n", "csv:f64:FILE, which rounds them"},
        {"csv:", "1.5\n9223372036854775808\n", ""},
        {"csv:2:", "9223372036854775808,1\n0,2\n", ""},
        {"csv:u8:", "1\n256\n", "line 2, column 1: '256' is no number of type u8"},
        {"csv:u8:", "1\n-1\n", "line 2, column 1: '-1' is no number of type u8"},
        {"csv:i8:", "1\n-129\n", "'-129' is no number of type i8"},
        {"csv:i8:", "127\n-128\n", ""},
        {"csv:u64:", "18446744073709551615\n0\n", ""},
        {"csv:u64:", "18446744073709551616\n0\n", "no number of type u64"},
        {"csv:i64:", "-9223372036854775808\n9223372036854775807\n", ""},
        {"csv:i64:", "1\n-9223372036854775809\n", "no number of type i64"},
        {"csv:i32:", "1\n1.0\n", "'1.0' is no number of type i32"},
        {"csv:i32:", "1\n0x10\n", "'0x10' is no number"},
        {"csv:f32:", "1\n1e39\n", "'1e39' is no number of type f32"},
        {"csv:f64:", "1\n1e309\n", "'1e309' is no number of type f64"},
        {"csv:f64:", "1\n0x1p3\n", "'0x1p3' is no number of type f64"},
        {"csv:f64:", "1\n1 2\n", "'1 2' is no number"},
        {"csv:", "1\n2e-400\n", ""},
        {"csv:", "a;b\n1;2,5\n", "line 2, column 2: '2,5' is no number"},
        {"csv:3:", "1,2\n", "has 2 columns, and no column 3"},
        /* all columns of line 1 are asked, whichever are taken */
        {"csv:2:", "label,0,1\n7,2,3\n",
         "line 1 may be a heading or a row: column 2 is '0', a number"},
        {"csv:1:", "label,0,1\n7,2,3\n",
         "column 1 is 'label', none; say --heading yes or --heading no"},
        {"csv:", "1,,3\n4,5,6\n", "column 2 is '', none"},
        {"csv:u8:1:", "1,x3\n4,5\n", "column 2 is 'x3', none"},
        {"csv:2:", "a,b\n7,2\n", ""},
    };
    char path[PATH_BYTES];
    in_folder("file.csv", path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_origin *source;
        shs_tensor shape;
        double rows[4];
        CHECK(file_write(path, cases[i].content, strlen(cases[i].content)));
        shs_status status = open_as(cases[i].prefix, path, &source, &shape);
        if (!status) status = import_origin_read(source, 0, shape.shape[0], rows);
        bool right = *cases[i].message ? status && message_has(cases[i].message) : !status;
        if (!right) printf("  %s: %s\n", cases[i].message, shs_message());
        CHECK(right);
        import_origin_close(&source);
    }
}
IN_FOLDER(lines_and_columns_are_named)

static void a_heading_is_what_is_said_in_folder(void)
{
    static const struct {
        enum import_heading heading;
        const char *text, *content;
        uint64_t rows; /* 0: refused */
        const char *words;
    } cases[] = {
        {IMPORT_HEADING_NOT_SAID, "csv:1:", "a,b\n1,2\n", 1, ": line 1 is a heading"},
        {IMPORT_HEADING_NOT_SAID, "csv:2:", "0,1\n1,2\n", 2, ": line 1 is a row of numbers"},
        {IMPORT_HEADING_YES, "csv:2:", "0,1\n1,2\n", 1, ": line 1 is a heading"},
        {IMPORT_HEADING_YES, "csv:u8:2:", "label,0\n1,2\n", 1, ": line 1 is a heading"},
        {IMPORT_HEADING_NO, "csv:2:", "cat,0\ndog,2\n", 2, ": line 1 is a row of numbers"},
        {IMPORT_HEADING_NO, "csv:", "1,,3\n4,5,6\n", 0, "line 1, column 2 is empty"},
        {IMPORT_HEADING_NO, "csv:i16:", "1,x,3\n4,5,6\n", 0, "line 1, column 2: 'x' is no number"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[PATH_BYTES], text[2 * PATH_BYTES];
        struct import_origin *csv;
        struct import_origin_options options = {.heading = cases[i].heading};
        int64_t rows[6];
        CHECK(file_write(in_folder("file.csv", path), cases[i].content, strlen(cases[i].content)));
        snprintf(text, sizeof text, "%s%s", cases[i].text, path);
        shs_status status = import_origin_open(text, &options, &csv);
        if (!status) status = import_origin_read(csv, 0, import_origin_shape(csv)->shape[0], rows);
        CHECK_STATUS(status, cases[i].rows ? SHS_OK : SHS_ERROR_FORMAT);
        if (!status) {
            CHECK_EQ(import_origin_shape(csv)->shape[0], cases[i].rows);
            CHECK_HAS(import_origin_note(csv), cases[i].words);
        } else {
            CHECK_HAS(shs_message(), cases[i].words);
        }
        import_origin_close(&csv);
    }
}
IN_FOLDER(a_heading_is_what_is_said)

/* Rows are found from the places that are kept of every 1024th, in any order. */
static void rows_of_a_long_csv_file_are_found_in_folder(void)
{
    enum {
        ROWS = 5000
    };
    static char text[ROWS * 16];
    static const uint64_t firsts[] = {4999, 0, 1023, 1024, 1025, 2047, 2048, 3000, 2999, 4096};
    char path[PATH_BYTES];
    struct import_origin *source;
    shs_tensor shape;
    size_t length = 0;
    for (int row = 0; row < ROWS; row++)
        length += (size_t)snprintf(text + length, 16, "%d,%d\n", row, -row);
    CHECK(file_write(in_folder("file.csv", path), text, length));
    if (!NEED_STATUS(open_text(path, &source, &shape), SHS_OK)) return;
    CHECK_EQ(shape.type, SHS_I64);
    CHECK_EQ(shape.axes, 2);
    CHECK_EQ(shape.shape[0], ROWS);
    for (size_t i = 0; i < COUNT(firsts); i++) {
        int64_t row[2];
        CHECK_STATUS(import_origin_read(source, firsts[i], 1, row), SHS_OK);
        CHECK_EQ(row[0], (int64_t)firsts[i]);
        CHECK_EQ(row[1], -(int64_t)firsts[i]);
    }
    import_origin_close(&source);
}
IN_FOLDER(rows_of_a_long_csv_file_are_found)

static void the_type_is_that_of_all_rows_in_folder(void)
{
    static const struct {
        const char *content;
        shs_type type;
    } cases[] = {
        {"1\n2\n", SHS_I64},     {"x\n2\n", SHS_I64},   {"1.5\n2\n", SHS_F64},
        {"1\n2.5\n", SHS_F64},   {"1.5\n", SHS_F64},    {"x\n1.5\n", SHS_F64},
        {"a,b\n1,2\n", SHS_I64}, {"1\nnan\n", SHS_F64}, {"9223372036854775808.0\n", SHS_F64}};
    char path[PATH_BYTES];
    in_folder("file.csv", path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_origin *source;
        shs_tensor shape;
        CHECK(file_write(path, cases[i].content, strlen(cases[i].content)));
        CHECK_STATUS(open_text(path, &source, &shape), SHS_OK);
        CHECK_EQ(shape.type, cases[i].type);
        import_origin_close(&source);
    }
}
IN_FOLDER(the_type_is_that_of_all_rows)

/* ---- damage */

/* A small PNG of 4x3 greys; its length. */
static size_t png_file(unsigned char file[512])
{
    unsigned char pixels[12] = {0, 50, 100, 150, 200, 250, 1, 2, 3, 4, 5, 6};
    png_image image = {.version = PNG_IMAGE_VERSION, .width = 4, .height = 3};
    png_alloc_size_t bytes = 512;
    image.format = PNG_FORMAT_GRAY;
    return png_image_write_to_memory(&image, file, &bytes, 0, pixels, 0, NULL) ? bytes : 0;
}

struct example {
    const char *prefix;
    const char *name; /* of the file */
    const char *path; /* that is opened */
    unsigned char file[512];
    size_t count;
};

enum {
    EXAMPLES = 6
};

static void make_examples(struct example examples[EXAMPLES])
{
    static const char csv[] = "a,\"b\"\n1,2\n30,\"4.5\"\n-6,7e1\n";
    static const char *const c_head =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n";
    static const char *const f_head =
        "{'descr': '>f4', 'fortran_order': True, 'shape': (3, 2), }\n";
    size_t packed_count = 0;
    for (size_t i = 0; i < EXAMPLES; i++)
        examples[i] = (struct example){.prefix = "", .name = "file", .path = "file"};
    examples[0].prefix = "idx:";
    examples[0].count = idx_file(3, examples[0].file);
    examples[1].prefix = "npy:";
    examples[1].count = npy_file(c_head, examples[1].file);
    examples[2].prefix = "npy:";
    examples[2].count = npy_file(f_head, examples[2].file);
    examples[3].prefix = "csv:";
    examples[3].count = sizeof csv - 1;
    memcpy(examples[3].file, csv, sizeof csv - 1);
    examples[4].prefix = "png:";
    examples[4].name = "images/a.png";
    examples[4].path = "images";
    examples[4].count = png_file(examples[4].file);
    examples[5].prefix = "raw:u16:12:";
    unsigned char *packed = gzipped(examples[1].file, 24, &packed_count);
    if (packed && packed_count < sizeof examples[5].file) {
        memcpy(examples[5].file, packed, packed_count);
        examples[5].count = packed_count;
    }
    free(packed);
}

/* Opens, reads all rows in two ways and finishes. */
static shs_status read_example(const struct example *example)
{
    char path[PATH_BYTES];
    struct import_origin *source;
    shs_tensor shape;
    size_t bytes = 0;
    shs_status status = open_as(example->prefix, in_folder(example->path, path), &source, &shape);
    if (!status) status = shs_tensor_bytes(&shape, &bytes);
    unsigned char *rows = bytes < 1 << 20 ? malloc(bytes + 1) : NULL;
    if (!status && rows) status = import_origin_read(source, 0, shape.shape[0], rows);
    if (!status && rows) status = import_origin_read(source, shape.shape[0] - 1, 1, rows);
    if (!status) status = import_origin_finish(source);
    free(rows);
    import_origin_close(&source);
    return status;
}

static bool write_example(const struct example *example, size_t count)
{
    char path[PATH_BYTES];
    mkdir(in_folder("images", path), 0777);
    return file_write(in_folder(example->name, path), example->file, count);
}

/* Every cut is refused, but where what is left is a whole file: a CSV file that ends after a row.
 */
static void files_that_are_cut_off_are_refused_in_folder(void)
{
    struct example examples[EXAMPLES];
    make_examples(examples);
    for (size_t i = 0; i < EXAMPLES; i++) {
        bool text = !strcmp(examples[i].prefix, "csv:");
        CHECK(write_example(&examples[i], examples[i].count));
        if (CHECK(examples[i].count)) CHECK_STATUS(read_example(&examples[i]), SHS_OK);
        for (size_t count = 0; count < examples[i].count; count++) {
            CHECK(write_example(&examples[i], count));
            shs_status status = read_example(&examples[i]);
            if (!text && status != SHS_ERROR_FORMAT)
                printf("  %s cut after %d bytes: %s\n", examples[i].prefix, (int)count,
                       shs_status_name(status));
            CHECK(text || status == SHS_ERROR_FORMAT);
        }
    }
}
IN_FOLDER(files_that_are_cut_off_are_refused)

/* Each byte takes other values: whatever comes, it is a status. A PNG or gzip file has checksums,
 * so that its content is never taken for another. */
static void damaged_files_give_statuses_in_folder(void)
{
    static const unsigned char other[] = {0x01, 0x80, 0xff, 0x0a, 0x20};
    struct example examples[EXAMPLES];
    make_examples(examples);
    for (size_t i = 0; i < EXAMPLES; i++)
        for (size_t at = 0; at < examples[i].count; at++)
            for (size_t k = 0; k < COUNT(other); k++) {
                examples[i].file[at] ^= other[k];
                CHECK(write_example(&examples[i], examples[i].count));
                shs_status status = read_example(&examples[i]);
                CHECK(status == SHS_OK || (status < 0 && *shs_message()));
                examples[i].file[at] ^= other[k];
            }
}
IN_FOLDER(damaged_files_give_statuses)

/* The n-th allocation fails, for every n: no leak, and a clear status. */
static void any_allocation_may_fail_in_folder(void)
{
    struct example examples[EXAMPLES];
    make_examples(examples);
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct counted_memory counted = {.failed = 1};
        CHECK(write_example(&examples[i], examples[i].count));
        for (long fail_at = 1; counted.failed; fail_at++) {
            counted_begin(&counted, fail_at);
            shs_status status = read_example(&examples[i]);
            CHECK_EQ(counted_end(&counted), 0);
            CHECK_STATUS(status, counted.failed ? SHS_ERROR_MEMORY : SHS_OK);
        }
    }
}
IN_FOLDER(any_allocation_may_fail)

/* ---- folders of images */

static void folders_are_sorted_into_classes_in_folder(void)
{
    static const char *const names[] = {"b/2.png", "b/10.png", "a/1.png", "c/0.PNG"};
    static const uint8_t expected[] = {0, 1, 1, 2};
    struct import_origin_options options = {.labels = true};
    struct import_origin *source;
    unsigned char file[512];
    size_t bytes = png_file(file);
    char path[PATH_BYTES];
    uint64_t count;
    uint8_t labels[4];
    for (const char *name = "abcd"; *name; name++) {
        char one[2] = {*name, 0};
        mkdir(in_folder(one, path), 0777);
    }
    for (size_t i = 0; i < COUNT(names); i++)
        CHECK(file_write(in_folder(names[i], path), file, bytes));
    if (!NEED_STATUS(import_origin_open(folder, &options, &source), SHS_OK)) return;
    const char *const *classes = import_origin_classes(source, &count);
    CHECK_EQ(count, 4);
    for (uint64_t i = 0; i < count; i++)
        CHECK(classes[i][0] == (char)('a' + i) && !classes[i][1]);
    CHECK_EQ(import_origin_shape(source)->type, SHS_U8);
    CHECK_STATUS(import_origin_read(source, 0, 4, labels), SHS_OK);
    CHECK(!memcmp(labels, expected, sizeof labels));
    import_origin_close(&source);
}
IN_FOLDER(folders_are_sorted_into_classes)

static shs_status open_folder(bool labels)
{
    struct import_origin_options options = {.labels = labels};
    struct import_origin *source;
    shs_status status = import_origin_open(folder, &options, &source);
    import_origin_close(&source);
    return status;
}

/* Makes the head of a PNG claim 50,000 by 50,000 pixels. */
static void make_wide(unsigned char *file)
{
    static const unsigned char sizes[8] = {0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50};
    memcpy(file + 16, sizes, sizeof sizes);
    uint32_t sum = (uint32_t)crc32(0, file + 12, 17); /* of its type and 13 bytes */
    for (int i = 0; i < 4; i++)
        file[29 + i] = (unsigned char)(sum >> (24 - 8 * i));
}

static void odd_folders_are_refused_in_folder(void)
{
    char path[PATH_BYTES];
    unsigned char file[512];
    size_t bytes = png_file(file);
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "no PNG images");
    CHECK(file_write(in_folder("a.png", path), file, bytes));
    CHECK_STATUS(open_folder(false), SHS_OK);
    if (CHECK_STATUS(open_folder(true), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "no sub-folders");
    make_wide(file);
    CHECK(file_write(path, file, bytes));
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "more than its");
    CHECK(file_write(path, "no image", 8));
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "is no PNG image");
    bytes = png_file(file);
    CHECK(file_write(path, file, bytes));
    CHECK(file_write(in_folder(".hidden", path), "x", 1));
    CHECK_STATUS(open_folder(false), SHS_OK);
    CHECK(file_write(in_folder("list.txt", path), "x", 1));
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "list.txt is neither");
    CHECK_EQ(remove(path), 0);
    CHECK_EQ(mkdir(in_folder("class", path), 0777), 0);
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT)) CHECK_HAS(shs_message(), "holds both");
    CHECK_EQ(remove(in_folder("a.png", path)), 0);
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "no PNG images");
    CHECK_EQ(mkdir(in_folder("class/deeper", path), 0777), 0);
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "deeper is no PNG image");
}
IN_FOLDER(odd_folders_are_refused)

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
        TEST(formats_are_told_by_content_and_name),
        TEST(texts_are_taken_apart),
        TEST(heads_of_npy_files_are_understood),
        TEST(fortran_order_is_turned_round),
        TEST(lines_and_columns_are_named),
        TEST(a_heading_is_what_is_said),
        TEST(rows_of_a_long_csv_file_are_found),
        TEST(the_type_is_that_of_all_rows),
        TEST(files_that_are_cut_off_are_refused),
        TEST(damaged_files_give_statuses),
        TEST(any_allocation_may_fail),
        TEST(folders_are_sorted_into_classes),
        TEST(odd_folders_are_refused),
    };
    return harness_main("import", tests, COUNT(tests), argc, argv);
}
