/* Files replaced durably, folders, and IDX files: whole, damaged and cut off. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#include "core_memory.h"
#include "counted_memory.h"
#include "io_crc32c.h"
#include "io_file.h"
#include "io_idx.h"
#include "temporary_folder.h"
#include "unit.h"

/* The folder of the test that runs. */
static bool is_there(const char *path)
{
    bool there;
    CHECK(io_exists(path, &there) == SHS_OK);
    return there;
}

/* RFC 3720, B.4, and the check value of the catalogue of CRCs. */
static void crc32c_of_published_bytes(void)
{
    unsigned char bytes[32] = {0};
    CHECK(io_crc32c("123456789", 9) == 0xe3069283);
    CHECK(io_crc32c(bytes, sizeof bytes) == 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    CHECK(io_crc32c(bytes, sizeof bytes) == 0x62a8ab43);
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    CHECK(io_crc32c(bytes, sizeof bytes) == 0x46dd794e);
    CHECK(io_crc32c(bytes, 0) == 0);
}

/* A name that cannot be looked at is not taken for one that is not there. */
static void a_look_that_fails_is_an_error(void)
{
    char path[5000];
    bool there;
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    CHECK(io_exists(path, &there) == SHS_ERROR_FILE);
}

static void a_locked_folder_is_refused(void)
{
    char folder[] = "/tmp/shardstep-lock-XXXXXX";
    int first, second;
    if (!NEED(mkdtemp(folder) != NULL)) return;
    CHECK(io_lock(folder, &first) == SHS_OK);
    CHECK(io_lock(folder, &second) == SHS_ERROR_FILE);
    io_unlock(first);
    CHECK(io_lock(folder, &second) == SHS_OK);
    io_unlock(second);
    rmdir(folder);
}

static char folder[PATH_BYTES];

static char *in_folder(const char *name, char path[PATH_BYTES])
{
    return folder_path(folder, name, path);
}

static bool holds(const char *path, const char *text)
{
    size_t count;
    unsigned char *bytes = file_read(path, &count);
    bool same = bytes && count == strlen(text) && memcmp(bytes, text, count) == 0;
    free(bytes);
    return same;
}

static bool message_has(const char *words)
{
    return strstr(shs_message(), words) != NULL;
}

/* Runs a test in a folder of its own. */
#define IN_FOLDER(test)                                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        if (!NEED(folder_make(folder))) return;                                                    \
        test##_in_folder();                                                                        \
        folder_remove(folder);                                                                     \
    }

/* ---- files */

/* Each file or folder that was synced, and what the path under test was at that time. */
static struct {
    const char *path;
    size_t count;
    ino_t synced[8], at_path[8];
} watch;

static ino_t number_of(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? about.st_ino : 0;
}

/* Stands in for the C library's. */
int fsync(int file)
{
    struct stat about;
    if (watch.path && watch.count < 8 && fstat(file, &about) == 0) {
        watch.synced[watch.count] = about.st_ino;
        watch.at_path[watch.count++] = number_of(watch.path);
    }
    return (int)syscall(SYS_fsync, file);
}

/* The content is safe before the name points to it, and the name when io_commit() returns. */
static void a_commit_outlives_a_crash_in_folder(void)
{
    char path[PATH_BYTES], temporary[PATH_BYTES];
    in_folder("data", path);
    in_folder("data.tmp", temporary);
    CHECK(file_write(path, "old", 3));
    CHECK(file_write(temporary, "new", 3));
    ino_t old = number_of(path), fresh = number_of(temporary);
    watch.path = path;
    watch.count = 0;
    CHECK(io_commit(temporary, path) == SHS_OK);
    watch.path = NULL;
    CHECK(watch.count == 2);
    CHECK(watch.synced[0] == fresh && watch.at_path[0] == old);
    CHECK(watch.synced[1] == number_of(folder) && watch.at_path[1] == fresh);
}
IN_FOLDER(a_commit_outlives_a_crash)

static void a_file_is_replaced_whole_in_folder(void)
{
    char path[PATH_BYTES], *temporary;
    in_folder("data", path);
    if (!NEED(io_temporary_name(path, &temporary) == SHS_OK)) return;
    CHECK(strncmp(temporary, path, strlen(path)) == 0);
    CHECK(strcmp(temporary + strlen(path), ".tmp") == 0);
    CHECK(file_write(path, "old", 3));
    CHECK(file_write(temporary, "the new one", 11));
    CHECK(io_commit(temporary, path) == SHS_OK);
    CHECK(holds(path, "the new one"));
    CHECK(!is_there(temporary));
    core_free(&temporary);
}
IN_FOLDER(a_file_is_replaced_whole)

static void without_a_finished_file_the_old_one_stays_in_folder(void)
{
    char path[PATH_BYTES], temporary[PATH_BYTES], nowhere[PATH_BYTES];
    in_folder("data", path);
    in_folder("data.tmp", temporary);
    in_folder("no/such/folder", nowhere);
    CHECK(file_write(path, "old", 3));
    CHECK(io_commit(temporary, path) == SHS_ERROR_FILE);
    CHECK(message_has(temporary));
    CHECK(message_has("No such file"));
    CHECK(holds(path, "old"));
    CHECK(file_write(temporary, "new", 3));
    CHECK(io_commit(temporary, nowhere) == SHS_ERROR_FILE);
    CHECK(message_has(nowhere));
    CHECK(holds(temporary, "new"));
}
IN_FOLDER(without_a_finished_file_the_old_one_stays)

static void a_file_may_be_named_without_a_folder_in_folder(void)
{
    char before[PATH_BYTES];
    if (!NEED(getcwd(before, sizeof before) && chdir(folder) == 0)) return;
    CHECK(file_write("x.tmp", "here", 4));
    CHECK(io_commit("x.tmp", "x") == SHS_OK);
    CHECK(holds("x", "here"));
    CHECK(chdir(before) == 0);
}
IN_FOLDER(a_file_may_be_named_without_a_folder)

static void names_are_put_together(void)
{
    static const char *const folders[][2] = {{"a/b/c", "a/b"}, {"a", "."},   {"/a", "/"},
                                             {"/a/b", "/a"},   {"./a", "."}, {"../a/b", "../a"}};
    char *text;
    for (size_t i = 0; i < COUNT(folders); i++) {
        if (!NEED(io_folder_of(folders[i][0], &text) == SHS_OK)) return;
        CHECK(strcmp(text, folders[i][1]) == 0);
        core_free(&text);
    }
    CHECK(io_join("a/b", "c", &text) == SHS_OK);
    CHECK(strcmp(text, "a/b/c") == 0);
    core_free(&text);
}

static void folders_are_made_once_in_folder(void)
{
    char path[PATH_BYTES], file[PATH_BYTES], deep[PATH_BYTES];
    in_folder("new", path);
    in_folder("file", file);
    in_folder("no/parent", deep);
    CHECK(!is_there(path));
    CHECK(io_make_folder(path) == SHS_OK);
    CHECK(is_there(path));
    CHECK(io_make_folder(path) == SHS_OK);
    CHECK(file_write(file, "", 0));
    CHECK(io_make_folder(file) == SHS_ERROR_FILE);
    CHECK(message_has(file));
    CHECK(io_make_folder(deep) == SHS_ERROR_FILE);
    CHECK(message_has(deep));
}
IN_FOLDER(folders_are_made_once)

static void removing_nothing_is_no_error_in_folder(void)
{
    char path[PATH_BYTES], parent[PATH_BYTES];
    in_folder("file", path);
    in_folder("parent", parent);
    CHECK(io_remove(path) == SHS_OK);
    CHECK(file_write(path, "x", 1));
    CHECK(io_remove(path) == SHS_OK);
    CHECK(!is_there(path));
    CHECK(io_make_folder(parent) == SHS_OK);
    CHECK(io_remove(parent) == SHS_ERROR_FILE);
    CHECK(message_has(parent));
    CHECK(is_there(parent));
}
IN_FOLDER(removing_nothing_is_no_error)

static void syncing_names_what_is_missing_in_folder(void)
{
    char path[PATH_BYTES];
    in_folder("file", path);
    CHECK(io_sync(path) == SHS_ERROR_FILE);
    CHECK(message_has(path));
    CHECK(file_write(path, "x", 1));
    CHECK(io_sync(path) == SHS_OK);
    CHECK(io_sync(folder) == SHS_OK);
}
IN_FOLDER(syncing_names_what_is_missing)

/* Letters seen, as bits; names of more than one letter at bit 31, the two dots left out. */
static void note_name(const char *name, void *user)
{
    unsigned *seen = user;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return;
    unsigned bit = name[0] >= 'a' && name[0] <= 'z' && !name[1] ? 1u << (name[0] - 'a') : 1u << 31;
    *seen ^= bit;
}

static void a_folders_names_are_listed_in_folder(void)
{
    char path[PATH_BYTES];
    unsigned seen = 0;
    CHECK(file_write(in_folder("a", path), "", 0));
    CHECK(file_write(in_folder("c", path), "", 0));
    CHECK(io_make_folder(in_folder("z", path)) == SHS_OK);
    CHECK(io_list(folder, note_name, &seen) == SHS_OK);
    CHECK(seen == (1u << 0 | 1u << 2 | 1u << 25));
    CHECK(io_list(in_folder("nowhere", path), note_name, &seen) == SHS_ERROR_FILE);
    CHECK(message_has("nowhere"));
}
IN_FOLDER(a_folders_names_are_listed)

static void absurd_sizes_are_refused_in_folder(void)
{
    char path[PATH_BYTES];
    CHECK(io_check_room(folder, 0) == SHS_OK);
    CHECK(io_check_room(folder, 1) == SHS_OK);
    CHECK(io_check_room(folder, UINT64_C(1) << 62) == SHS_ERROR_FILE);
    CHECK(message_has(folder));
    CHECK(message_has("4611686018427387904 bytes"));
    CHECK(message_has("No space left"));
    CHECK(io_check_room(folder, UINT64_MAX) == SHS_ERROR_FILE);
    struct statvfs system;
    if (!NEED(statvfs(folder, &system) == 0)) return;
    CHECK(io_check_room(folder, system.f_bavail * system.f_frsize / 2) == SHS_OK);
    CHECK(io_check_room(folder, (system.f_blocks + 1) * system.f_frsize) == SHS_ERROR_FILE);
    CHECK(io_check_room(in_folder("nowhere", path), 1) == SHS_ERROR_FILE);
    CHECK(message_has("nowhere"));
}
IN_FOLDER(absurd_sizes_are_refused)

static void every_allocation_may_fail_in_folder(void)
{
    char path[PATH_BYTES], temporary[PATH_BYTES], *text;
    in_folder("data", path);
    in_folder("data.tmp", temporary);
    struct counted_memory counted;
    counted_begin(&counted, 1);
    CHECK(io_temporary_name(path, &text) == SHS_ERROR_MEMORY);
    counted.calls = 0;
    CHECK(io_join(folder, "x", &text) == SHS_ERROR_MEMORY);
    counted.calls = 0;
    CHECK(io_folder_of(path, &text) == SHS_ERROR_MEMORY);
    counted.calls = 0;
    CHECK(file_write(temporary, "x", 1));
    CHECK(io_commit(temporary, path) == SHS_ERROR_MEMORY);
    CHECK(counted_end(&counted) == 0);
}
IN_FOLDER(every_allocation_may_fail)

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
    struct io_idx *idx;
    shs_tensor shape;
    unsigned char elements[48];
    size_t row = 2 * shs_type_size(idx_types[which].type);
    int next = next_file();
    if (!NEED(io_idx_open(path, &idx, &shape) == SHS_OK)) return;
    CHECK(shape.type == idx_types[which].type && shape.axes == 2);
    CHECK(shape.shape[0] == 3 && shape.shape[1] == 2);
    CHECK(shape.name == NULL && shape.data == NULL);
    CHECK(io_idx_read(idx, elements, first_rows * row) == SHS_OK);
    CHECK(io_idx_read(idx, elements + first_rows * row, (3 - first_rows) * row) == SHS_OK);
    CHECK(io_idx_finish(idx) == SHS_OK);
    for (size_t i = 0; i < 6; i++)
        CHECK(value_at(shape.type, elements, i) == idx_types[which].values[i]);
    io_idx_close(&idx);
    CHECK(idx == NULL);
    CHECK(next_file() == next);
    io_idx_close(&idx);
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
        CHECK(packed[0] == 0x1f && packed[1] == 0x8b);
        CHECK(file_write(path, packed, packed_count));
        check_idx(path, which, 2);
        free(packed);
    }
}
IN_FOLDER(idx_files_of_all_types_are_read)

/* Opens, reads 6 elements and finishes: the first error, or SHS_OK. */
static shs_status read_whole(const char *path)
{
    struct io_idx *idx;
    shs_tensor shape;
    unsigned char elements[64];
    shs_status status = io_idx_open(path, &idx, &shape);
    CHECK((idx == NULL) == (status != SHS_OK));
    if (!status) status = io_idx_read(idx, elements, 6 * shs_type_size(shape.type));
    if (!status) status = io_idx_finish(idx);
    io_idx_close(&idx);
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
        CHECK(status == SHS_ERROR_FORMAT);
        CHECK(message_has(path));
    }
    CHECK(file_write(path, file, count));
    CHECK(read_whole(path) == SHS_OK);
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
    CHECK(read_whole(path) == SHS_ERROR_FORMAT);
    CHECK(message_has("5 bytes"));
    CHECK(message_has("elements"));
    CHECK(file_write(path, file, 10));
    CHECK(read_whole(path) == SHS_ERROR_FORMAT);
    CHECK(message_has("2 bytes"));
    CHECK(message_has("head"));
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
        CHECK(read_whole(path) == SHS_ERROR_FORMAT);
        packed[i] ^= 0x10;
    }
    free(packed);
}
IN_FOLDER(a_damaged_gzip_file_is_refused)

/* Gives a gzip file a name inside, long enough that its last 8 bytes, checksum and length, are all
 * that zlib reads at last: it takes 8 KiB of input at once. */
static unsigned char *with_long_name(unsigned char *packed, size_t *count)
{
    enum {
        INPUT = 8192,
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

/* The elements fill zlib's 16 KiB of output to the last byte, so that they are all delivered before
 * the checksum is read: only finishing can tell. */
static void a_damaged_end_is_found_at_last_in_folder(void)
{
    enum {
        BYTES = 16384,
        HEAD = 8
    };
    static unsigned char file[BYTES] = {
        0, 0, 8, 1, 0, 0, (BYTES - HEAD) >> 8, (BYTES - HEAD) & 255};
    static unsigned char elements[BYTES - HEAD];
    char path[PATH_BYTES];
    size_t count;
    unsigned char *packed = gzipped(file, BYTES, &count);
    if (packed) packed = with_long_name(packed, &count);
    if (!NEED(packed)) return;
    for (int damaged = 0; damaged < 2; damaged++) {
        struct io_idx *idx;
        shs_tensor shape;
        packed[count - 7] ^= (unsigned char)damaged;
        CHECK(file_write(in_folder("file", path), packed, count));
        if (!NEED(io_idx_open(path, &idx, &shape) == SHS_OK)) break;
        CHECK(io_idx_read(idx, elements, BYTES - HEAD) == SHS_OK);
        CHECK(io_idx_finish(idx) == (damaged ? SHS_ERROR_FORMAT : SHS_OK));
        io_idx_close(&idx);
    }
    CHECK(message_has(path));
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
    CHECK(read_whole(path) == SHS_ERROR_FORMAT);
    CHECK(message_has("after the 12 bytes"));
    unsigned char *packed = gzipped(file, count + 1, &packed_count);
    if (!NEED(packed)) return;
    CHECK(file_write(path, packed, packed_count));
    CHECK(read_whole(path) == SHS_ERROR_FORMAT);
    CHECK(message_has("after the 12 bytes"));
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
        CHECK(read_whole(path) == SHS_ERROR_FORMAT);
        CHECK(message_has("no IDX file"));
        CHECK(message_has(path));
    }
}
IN_FOLDER(heads_that_are_no_idx_are_refused)

static void eight_axes_are_read_in_folder(void)
{
    unsigned char file[4 + 32 + 6] = {0, 0, 8, 8};
    static const unsigned char sizes[8] = {3, 1, 1, 2, 1, 1, 1, 1};
    char path[PATH_BYTES];
    struct io_idx *idx;
    shs_tensor shape;
    for (size_t axis = 0; axis < 8; axis++)
        file[4 + 4 * axis + 3] = sizes[axis];
    CHECK(file_write(in_folder("file", path), file, sizeof file));
    CHECK(read_whole(path) == SHS_OK);
    if (!NEED(io_idx_open(path, &idx, &shape) == SHS_OK)) return;
    CHECK(shape.axes == 8);
    for (size_t axis = 0; axis < 8; axis++)
        CHECK(shape.shape[axis] == sizes[axis]);
    io_idx_close(&idx);
}
IN_FOLDER(eight_axes_are_read)

/* The sizes are big-endian numbers of 32 bits. */
static void large_sizes_are_read_and_checked_in_folder(void)
{
    unsigned char file[4 + 32] = {0, 0, 8, 1, 0x81, 0x02, 0x03, 0x04};
    char path[PATH_BYTES];
    struct io_idx *idx;
    shs_tensor shape;
    CHECK(file_write(in_folder("file", path), file, 8));
    if (!NEED(io_idx_open(path, &idx, &shape) == SHS_OK)) return;
    CHECK(shape.shape[0] == UINT64_C(0x81020304));
    io_idx_close(&idx);
    memset(file + 4, 0xff, 32);
    file[2] = 0x0E;
    file[3] = 8;
    CHECK(file_write(path, file, sizeof file));
    CHECK(io_idx_open(path, &idx, &shape) < 0);
    CHECK(idx == NULL);
    CHECK(message_has(path));
}
IN_FOLDER(large_sizes_are_read_and_checked)

static void missing_files_are_named_in_folder(void)
{
    char path[PATH_BYTES];
    struct io_idx *idx;
    shs_tensor shape;
    CHECK(io_idx_open(in_folder("nowhere", path), &idx, &shape) == SHS_ERROR_FILE);
    CHECK(idx == NULL);
    CHECK(message_has(path));
    CHECK(message_has("No such file"));
    CHECK(io_idx_open(folder, &idx, &shape) < 0);
    CHECK(idx == NULL);
    CHECK(message_has(folder));
}
IN_FOLDER(missing_files_are_named)

static void opening_an_idx_file_needs_memory_in_folder(void)
{
    unsigned char file[64];
    char path[PATH_BYTES];
    CHECK(file_write(in_folder("file", path), file, idx_file(0, file)));
    for (long fail_at = 1; fail_at < 4; fail_at++) {
        struct counted_memory counted;
        struct io_idx *idx;
        shs_tensor shape;
        counted_begin(&counted, fail_at);
        shs_status status = io_idx_open(path, &idx, &shape);
        CHECK(status == (fail_at < 3 ? SHS_ERROR_MEMORY : SHS_OK));
        CHECK((idx == NULL) == (status != SHS_OK));
        io_idx_close(&idx);
        CHECK(counted_end(&counted) == 0);
    }
}
IN_FOLDER(opening_an_idx_file_needs_memory)

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(crc32c_of_published_bytes),
        TEST(a_look_that_fails_is_an_error),
        TEST(a_locked_folder_is_refused),
        TEST(a_file_is_replaced_whole),
        TEST(a_commit_outlives_a_crash),
        TEST(without_a_finished_file_the_old_one_stays),
        TEST(a_file_may_be_named_without_a_folder),
        TEST(names_are_put_together),
        TEST(folders_are_made_once),
        TEST(removing_nothing_is_no_error),
        TEST(syncing_names_what_is_missing),
        TEST(a_folders_names_are_listed),
        TEST(absurd_sizes_are_refused),
        TEST(every_allocation_may_fail),
        TEST(idx_files_of_all_types_are_read),
        TEST(a_file_that_is_cut_off_is_refused),
        TEST(a_gzip_file_that_is_cut_off_is_refused),
        TEST(the_message_says_what_is_missing),
        TEST(a_damaged_gzip_file_is_refused),
        TEST(a_damaged_end_is_found_at_last),
        TEST(bytes_that_follow_are_refused),
        TEST(heads_that_are_no_idx_are_refused),
        TEST(eight_axes_are_read),
        TEST(large_sizes_are_read_and_checked),
        TEST(missing_files_are_named),
        TEST(opening_an_idx_file_needs_memory),
    };
    return harness_run("io", tests, COUNT(tests));
}
