/* Files replaced durably, folders, and checksums. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "core_memory.h"
#include "counted_memory.h"
#include "io_crc32c.h"
#include "io_durable.h"
#include "io_folder.h"
#include "io_lock.h"
#include "io_output.h"
#include "temporary_folder.h"
#include "unit.h"

/* The folder of the test that runs. */
static bool is_there(const char *path)
{
    bool there;
    CHECK_STATUS(io_exists(path, &there), SHS_OK);
    return there;
}

/* RFC 3720, B.4, and the check value of the catalogue of CRCs. */
static void crc32c_of_published_bytes(void)
{
    unsigned char bytes[32] = {0};
    CHECK_EQ(io_crc32c("123456789", 9), 0xe3069283);
    CHECK_EQ(io_crc32c(bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    CHECK_EQ(io_crc32c(bytes, sizeof bytes), 0x62a8ab43);
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    CHECK_EQ(io_crc32c(bytes, sizeof bytes), 0x46dd794e);
    CHECK_EQ(io_crc32c(bytes, 0), 0);
}

/* A name that cannot be looked at is not taken for one that is not there. */
static void a_look_that_fails_is_an_error(void)
{
    char path[5000];
    bool there;
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    CHECK_STATUS(io_exists(path, &there), SHS_ERROR_FILE);
}

static void a_locked_folder_is_refused(void)
{
    char folder[] = "/tmp/shardstep-lock-XXXXXX", path[64], owner[IO_OWNER_BYTES];
    int first, second;
    if (!NEED(mkdtemp(folder) != NULL)) return;
    CHECK_STATUS(io_lock(folder, "somebody", true, &first), SHS_OK);
    if (CHECK_STATUS(io_lock(folder, "nobody", true, &second), SHS_ERROR_FILE))
        CHECK_EQ(second, -1);
    CHECK_HAS(shs_message(), "somebody uses it");
    CHECK_HAS(shs_message(), "remove /tmp/");
    io_unlock(first);
    CHECK_STATUS(io_lock(folder, "somebody else", true, &second), SHS_OK);
    CHECK_STATUS(io_lock(folder, "nobody", false, &first), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "somebody else uses it");
    io_unlock(second);
    io_name_owner(owner);
    if (CHECK_STATUS(io_lock(folder, owner, true, &first), SHS_OK)) CHECK_IS(first, >=, 0);
    if (CHECK_STATUS(io_lock(folder, owner, true, &second), SHS_OK))
        CHECK_EQ(second, -1); /* this process */
    io_unlock(second);
    io_unlock(first);
    snprintf(path, sizeof path, "%s/.lock", folder);
    if (CHECK_EQ(unlink(path), 0)) CHECK_EQ(rmdir(folder), 0);
    if (CHECK_STATUS(io_lock(folder, "somebody", false, &first), SHS_OK)) CHECK_EQ(first, -1);
    CHECK_STATUS(io_lock(folder, "somebody", true, &first), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "No such file or directory");
}

static void owners_have_names_of_their_own(void)
{
    char one[IO_OWNER_BYTES], other[IO_OWNER_BYTES], process[32];
    io_name_owner(one);
    io_name_owner(other);
    snprintf(process, sizeof process, "process %ld on ", (long)getpid());
    if (CHECK(!strncmp(one, process, strlen(process)))) CHECK(strchr(one, '\n') == NULL);
    CHECK(strcmp(one, other) != 0);
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
    ino_t failing; /* cannot be synced; 0: none */
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
    if (watch.failing && fstat(file, &about) == 0 && about.st_ino == watch.failing) {
        errno = EIO;
        return -1;
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
    CHECK_STATUS(io_commit(temporary, path), SHS_OK);
    watch.path = NULL;
    CHECK_EQ(watch.count, 2);
    CHECK_EQ(watch.synced[0], fresh);
    CHECK_EQ(watch.at_path[0], old);
    if (CHECK_EQ(watch.synced[1], number_of(folder))) CHECK_EQ(watch.at_path[1], fresh);
}
IN_FOLDER(a_commit_outlives_a_crash)

static void a_file_is_replaced_whole_in_folder(void)
{
    char path[PATH_BYTES], *temporary;
    in_folder("data", path);
    if (!NEED_STATUS(io_temporary_name(path, &temporary), SHS_OK)) return;
    CHECK_EQ(strncmp(temporary, path, strlen(path)), 0);
    CHECK_TEXT(temporary + strlen(path), ".tmp");
    CHECK(file_write(path, "old", 3));
    CHECK(file_write(temporary, "the new one", 11));
    CHECK_STATUS(io_commit(temporary, path), SHS_OK);
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
    CHECK_STATUS(io_commit(temporary, path), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), temporary);
    CHECK_HAS(shs_message(), "No such file");
    CHECK(holds(path, "old"));
    CHECK(file_write(temporary, "new", 3));
    CHECK_STATUS(io_commit(temporary, nowhere), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), nowhere);
    CHECK(holds(temporary, "new"));
}
IN_FOLDER(without_a_finished_file_the_old_one_stays)

static void a_file_may_be_named_without_a_folder_in_folder(void)
{
    char before[PATH_BYTES];
    if (!NEED(getcwd(before, sizeof before)) || !NEED_EQ(chdir(folder), 0)) return;
    CHECK(file_write("x.tmp", "here", 4));
    CHECK_STATUS(io_commit("x.tmp", "x"), SHS_OK);
    CHECK(holds("x", "here"));
    CHECK_EQ(chdir(before), 0);
}
IN_FOLDER(a_file_may_be_named_without_a_folder)

/* ---- new files */

/* Names in the test's folder that end in .tmp. */
static void count_temporary(const char *name, void *user)
{
    size_t length = strlen(name);
    *(int *)user += length > 4 && !strcmp(name + length - 4, ".tmp");
}

static int temporary_files(void)
{
    int count = 0;
    CHECK_STATUS(io_list(folder, count_temporary, &count), SHS_OK);
    return count;
}

/* Begins a file and writes all of it. */
static bool make(const char *path, bool overwrite, const char *text, struct io_output *output)
{
    return io_output_begin(path, overwrite, output) == SHS_OK &&
           file_write(output->temporary, text, strlen(text));
}

static void of_two_that_make_a_file_one_does_in_folder(void)
{
    struct io_output one, other, late;
    char path[PATH_BYTES];
    in_folder("data", path);
    if (!NEED(make(path, false, "one", &one)) || !NEED(make(path, false, "other", &other))) return;
    CHECK(strcmp(one.temporary, other.temporary) != 0);
    CHECK_EQ(temporary_files(), 2);
    CHECK_STATUS(io_output_commit(&other), SHS_OK);
    CHECK_STATUS(io_output_commit(&one), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(),
              "is there already; remove it, choose another name or give --overwrite");
    io_output_end(&one);
    io_output_end(&other);
    CHECK(holds(path, "other"));
    CHECK_STATUS(io_output_begin(path, false, &late), SHS_ERROR_FILE);
    io_output_end(&late);
    if (!NEED(make(path, true, "late", &late))) return;
    CHECK_STATUS(io_output_commit(&late), SHS_OK);
    io_output_end(&late);
    CHECK(holds(path, "late"));
    CHECK_EQ(temporary_files(), 0);
}
IN_FOLDER(of_two_that_make_a_file_one_does)

static void only_plain_files_are_overwritten_in_folder(void)
{
    static const struct {
        const char *name, *message;
    } kinds[] = {{"link", "it is a symbolic link"},
                 {"dangling", "it is a symbolic link"},
                 {"pipe", "it is a named pipe"},
                 {"folder", "it is a folder"}};
    char path[PATH_BYTES], target[PATH_BYTES];
    CHECK(file_write(in_folder("target", target), "old", 3));
    CHECK_EQ(symlink(target, in_folder("link", path)), 0);
    CHECK_EQ(symlink("nowhere", in_folder("dangling", path)), 0);
    CHECK_EQ(mkfifo(in_folder("pipe", path), 0600), 0);
    CHECK_EQ(mkdir(in_folder("folder", path), 0700), 0);
    for (size_t i = 0; i < COUNT(kinds); i++)
        for (int overwrite = 0; overwrite < 2; overwrite++) {
            CHECK_STATUS(io_output_check(in_folder(kinds[i].name, path), overwrite),
                         SHS_ERROR_FILE);
            CHECK_HAS(shs_message(), kinds[i].message);
        }
    CHECK_STATUS(io_output_check("/dev/null", true), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "it is a device");
    CHECK(holds(target, "old"));
}
IN_FOLDER(only_plain_files_are_overwritten)

static void after_a_failed_commit_nothing_is_left_in_folder(void)
{
    struct io_output output;
    char path[PATH_BYTES];
    in_folder("data", path);
    watch.failing = number_of(folder);
    if (NEED(make(path, false, "new", &output))) {
        CHECK_STATUS(io_output_commit(&output), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "Input/output error");
        CHECK(!is_there(path));
    }
    io_output_end(&output);
    CHECK(file_write(path, "old", 3));
    if (NEED(make(path, true, "new", &output))) {
        CHECK_STATUS(io_output_commit(&output), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(),
                  "data is there and whole, but a crash of the system may undo that");
        CHECK(holds(path, "new"));
    }
    io_output_end(&output);
    watch.failing = 0;
    CHECK_EQ(temporary_files(), 0);
}
IN_FOLDER(after_a_failed_commit_nothing_is_left)

/* A process that is killed leaves its file, which the next one removes; it leaves a living one's.
 */
static void what_killed_processes_left_is_removed_in_folder(void)
{
    struct io_output output, living;
    char path[PATH_BYTES], other[PATH_BYTES];
    in_folder("data", path);
    pid_t child = fork();
    if (child == 0) _exit(make(path, false, "half", &output) ? 0 : 1);
    int code = 1;
    if (CHECK_IS(child, >, 0) && CHECK_EQ(waitpid(child, &code, 0), child)) CHECK_EQ(code, 0);
    CHECK_EQ(temporary_files(), 1);
    CHECK(file_write(in_folder("data.elsewhere-1-00000000.tmp", other), "x", 1));
    if (!NEED(make(path, false, "living", &living))) return;
    CHECK_EQ(temporary_files(), 2); /* this one, and that of another host */
    if (NEED(make(path, false, "new", &output))) CHECK_EQ(temporary_files(), 3);
    io_output_end(&output);
    CHECK_STATUS(io_output_commit(&living), SHS_OK);
    io_output_end(&living);
    CHECK(holds(path, "living"));
}
IN_FOLDER(what_killed_processes_left_is_removed)

static void names_are_put_together(void)
{
    static const char *const folders[][2] = {{"a/b/c", "a/b"}, {"a", "."},   {"/a", "/"},
                                             {"/a/b", "/a"},   {"./a", "."}, {"../a/b", "../a"}};
    char *text;
    for (size_t i = 0; i < COUNT(folders); i++) {
        if (!NEED_STATUS(io_folder_of(folders[i][0], &text), SHS_OK)) return;
        CHECK_TEXT(text, folders[i][1]);
        core_free(&text);
    }
    CHECK_STATUS(io_join("a/b", "c", &text), SHS_OK);
    CHECK_TEXT(text, "a/b/c");
    core_free(&text);
}

static void folders_are_made_once_in_folder(void)
{
    char path[PATH_BYTES], file[PATH_BYTES], deep[PATH_BYTES];
    in_folder("new", path);
    in_folder("file", file);
    in_folder("no/parent", deep);
    CHECK(!is_there(path));
    CHECK_STATUS(io_make_folder(path), SHS_OK);
    CHECK(is_there(path));
    CHECK_STATUS(io_make_folder(path), SHS_OK);
    CHECK(file_write(file, "", 0));
    CHECK_STATUS(io_make_folder(file), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), file);
    CHECK_STATUS(io_make_folder(deep), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), deep);
}
IN_FOLDER(folders_are_made_once)

static void removing_nothing_is_no_error_in_folder(void)
{
    char path[PATH_BYTES], parent[PATH_BYTES];
    in_folder("file", path);
    in_folder("parent", parent);
    CHECK_STATUS(io_remove(path), SHS_OK);
    CHECK(file_write(path, "x", 1));
    CHECK_STATUS(io_remove(path), SHS_OK);
    CHECK(!is_there(path));
    CHECK_STATUS(io_make_folder(parent), SHS_OK);
    CHECK_STATUS(io_remove(parent), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), parent);
    CHECK(is_there(parent));
}
IN_FOLDER(removing_nothing_is_no_error)

static void syncing_names_what_is_missing_in_folder(void)
{
    char path[PATH_BYTES];
    in_folder("file", path);
    CHECK_STATUS(io_sync(path), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), path);
    CHECK(file_write(path, "x", 1));
    CHECK_STATUS(io_sync(path), SHS_OK);
    CHECK_STATUS(io_sync(folder), SHS_OK);
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
    CHECK_STATUS(io_make_folder(in_folder("z", path)), SHS_OK);
    CHECK_STATUS(io_list(folder, note_name, &seen), SHS_OK);
    CHECK_EQ(seen, 1u << 0 | 1u << 2 | 1u << 25);
    CHECK_STATUS(io_list(in_folder("nowhere", path), note_name, &seen), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "nowhere");
}
IN_FOLDER(a_folders_names_are_listed)

static void absurd_sizes_are_refused_in_folder(void)
{
    char path[PATH_BYTES];
    CHECK_STATUS(io_check_room(folder, 0), SHS_OK);
    CHECK_STATUS(io_check_room(folder, 1), SHS_OK);
    CHECK_STATUS(io_check_room(folder, UINT64_C(1) << 62), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), folder);
    CHECK_HAS(shs_message(), "4611686018427387904 bytes");
    CHECK_HAS(shs_message(), "No space left");
    CHECK_STATUS(io_check_room(folder, UINT64_MAX), SHS_ERROR_FILE);
    struct statvfs system;
    if (!NEED_EQ(statvfs(folder, &system), 0)) return;
    CHECK_STATUS(io_check_room(folder, system.f_bavail * system.f_frsize / 2), SHS_OK);
    CHECK_STATUS(io_check_room(folder, (system.f_blocks + 1) * system.f_frsize), SHS_ERROR_FILE);
    CHECK_STATUS(io_check_room(in_folder("nowhere", path), 1), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "nowhere");
}
IN_FOLDER(absurd_sizes_are_refused)

static void every_allocation_may_fail_in_folder(void)
{
    char path[PATH_BYTES], temporary[PATH_BYTES], *text;
    in_folder("data", path);
    in_folder("data.tmp", temporary);
    struct counted_memory counted;
    counted_begin(&counted, 1);
    CHECK_STATUS(io_temporary_name(path, &text), SHS_ERROR_MEMORY);
    counted.calls = 0;
    CHECK_STATUS(io_join(folder, "x", &text), SHS_ERROR_MEMORY);
    counted.calls = 0;
    CHECK_STATUS(io_folder_of(path, &text), SHS_ERROR_MEMORY);
    counted.calls = 0;
    CHECK(file_write(temporary, "x", 1));
    CHECK_STATUS(io_commit(temporary, path), SHS_ERROR_MEMORY);
    CHECK_EQ(counted_end(&counted), 0);
}
IN_FOLDER(every_allocation_may_fail)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(crc32c_of_published_bytes),
        TEST(a_look_that_fails_is_an_error),
        TEST(a_locked_folder_is_refused),
        TEST(owners_have_names_of_their_own),
        TEST(a_file_is_replaced_whole),
        TEST(a_commit_outlives_a_crash),
        TEST(without_a_finished_file_the_old_one_stays),
        TEST(a_file_may_be_named_without_a_folder),
        TEST(of_two_that_make_a_file_one_does),
        TEST(only_plain_files_are_overwritten),
        TEST(after_a_failed_commit_nothing_is_left),
        TEST(what_killed_processes_left_is_removed),
        TEST(names_are_put_together),
        TEST(folders_are_made_once),
        TEST(removing_nothing_is_no_error),
        TEST(syncing_names_what_is_missing),
        TEST(a_folders_names_are_listed),
        TEST(absurd_sizes_are_refused),
        TEST(every_allocation_may_fail),
    };
    return harness_main("io", tests, COUNT(tests), argc, argv);
}
