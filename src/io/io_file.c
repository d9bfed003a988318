#include "io_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core_memory.h"
#include "core_text.h"

static shs_status fail_with(const char *what, const char *path, int error, const char *advice)
{
    return core_fail(SHS_ERROR_FILE, "%s %s: %s%s%s", what, path, strerror(error),
                     *advice ? "; " : "", advice);
}

shs_status io_sync(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail_with("cannot open", path, errno, "");
    int result = fsync(file), error = errno;
    close(file);
    if (result < 0) return fail_with("cannot write to stable storage:", path, error, "");
    return SHS_OK;
}

static shs_status print(char **text, const char *format, const char *a, const char *b)
{
    struct core_text whole = {0};
    core_text_add(&whole, format, a, b);
    return core_text_take(&whole, text);
}

shs_status io_temporary_name(const char *path, char **temporary)
{
    return print(temporary, "%s%s", path, ".tmp");
}

shs_status io_join(const char *folder, const char *name, char **path)
{
    return print(path, "%s/%s", folder, name);
}

shs_status io_folder_of(const char *path, char **folder)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return core_copy(".", folder);
    shs_status status = core_copy(path, folder);
    if (!status) (*folder)[slash == path ? 1 : slash - path] = '\0';
    return status;
}

shs_status io_real_path(const char *path, char **real)
{
    char *found = realpath(path, NULL);
    *real = NULL;
    if (!found) return fail_with("cannot look at", path, errno, "");
    shs_status status = core_copy(found, real);
    free(found);
    return status;
}

shs_status io_commit(const char *temporary, const char *path)
{
    char *folder;
    shs_status status = io_folder_of(path, &folder);
    if (status) return status;
    status = io_sync(temporary);
    if (!status && rename(temporary, path) < 0)
        status = fail_with("cannot rename to", path, errno, "");
    if (!status) status = io_sync(folder);
    core_free(&folder);
    return status;
}

shs_status io_make_folder(const char *path)
{
    struct stat found;
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        return fail_with("cannot make the folder", path, errno,
                         "its parent must exist and be writable");
    if (stat(path, &found) < 0) return fail_with("cannot look at", path, errno, "");
    if (!S_ISDIR(found.st_mode)) return fail_with("cannot use as a folder:", path, ENOTDIR, "");
    return SHS_OK;
}

shs_status io_make_writable_folder(const char *path)
{
    shs_status status = io_make_folder(path);
    if (status || !faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS)) return status;
    return fail_with("cannot write in the folder", path, errno,
                     "make it writable, or give another folder");
}

shs_status io_remove(const char *path)
{
    if (unlink(path) < 0 && errno != ENOENT) return fail_with("cannot remove", path, errno, "");
    return SHS_OK;
}

shs_status io_discard(const char *path, shs_status status)
{
    unlink(path); /* a failure to clean up would hide the first one */
    return status;
}

shs_status io_exists(const char *path, bool *there)
{
    struct stat found;
    *there = stat(path, &found) == 0;
    if (*there || errno == ENOENT || errno == ENOTDIR) return SHS_OK;
    return fail_with("cannot look at", path, errno, "");
}

shs_status io_is_folder(const char *path, bool *folder)
{
    struct stat found;
    *folder = false;
    if (stat(path, &found) < 0) return fail_with("cannot open", path, errno, "");
    *folder = S_ISDIR(found.st_mode);
    return SHS_OK;
}

const char *io_mode_text(uint32_t mode)
{
    if (S_ISDIR(mode)) return "it is a folder";
    if (S_ISLNK(mode)) return "it is a symbolic link";
    if (S_ISFIFO(mode)) return "it is a named pipe";
    if (S_ISSOCK(mode)) return "it is a socket";
    return "it is a device";
}

/* True for the pipe of a shell's <(COMMAND), which has no name in any folder, and for the empty
 * text /dev/null. */
static bool is_text_source(int file, const struct stat *found)
{
    struct statfs system;
    if (S_ISCHR(found->st_mode)) return found->st_rdev == makedev(1, 3);
    return S_ISFIFO(found->st_mode) && fstatfs(file, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

static shs_status check_kind(int file, const char *path, bool text)
{
    struct stat found;
    if (fstat(file, &found) < 0) return fail_with("cannot look at", path, errno, "");
    if (S_ISREG(found.st_mode) || (text && is_text_source(file, &found))) return SHS_OK;
    return core_fail(SHS_ERROR_FILE, "cannot open %s: %s; give a plain file", path,
                     io_mode_text(found.st_mode));
}

/* Opens a plain file or, if `text`, also what is_text_source() allows. Without O_NONBLOCK the open
 * of a named pipe would wait for a writer that may never come. */
static shs_status open_plain(const char *path, int how, bool text, int *file)
{
    *file = open(path, how | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*file < 0 && errno == EISDIR)
        return core_fail(SHS_ERROR_FILE, "cannot open %s: it is a folder; give a plain file", path);
    if (*file < 0)
        return fail_with("cannot open", path, errno,
                         errno == EACCES
                             ? "its owner may allow it, for the file and the folders on "
                               "its way: chmod"
                             : "");
    shs_status status = check_kind(*file, path, text);
    if (!status && fcntl(*file, F_SETFL, how) < 0)
        status = fail_with("cannot open", path, errno, "");
    if (!status) return SHS_OK;
    close(*file);
    *file = -1;
    return status;
}

static shs_status check_opens(const char *path, int how)
{
    int file;
    shs_status status = open_plain(path, how, false, &file);
    if (!status) close(file);
    return status;
}

shs_status io_check_readable(const char *path)
{
    return check_opens(path, O_RDONLY);
}

shs_status io_check_writable(const char *path)
{
    return check_opens(path, O_RDWR);
}

shs_status io_open(const char *path, int *file)
{
    return open_plain(path, O_RDONLY, false, file);
}

shs_status io_open_text(const char *path, int *file)
{
    return open_plain(path, O_RDONLY, true, file);
}

void io_close(int file)
{
    close(file);
}

shs_status io_read_at(int file, uint64_t at, void *to, size_t bytes, size_t *got)
{
    for (*got = 0; *got < bytes;) {
        ssize_t now = pread(file, (char *)to + *got, bytes - *got, (off_t)(at + *got));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0)
            return core_fail(SHS_ERROR_FILE,
                             "the system could not read byte %llu: %s; " IO_READ_ADVICE,
                             (ull)(at + *got), strerror(errno));
        if (now == 0) break;
        *got += (size_t)now;
    }
    return SHS_OK;
}

int io_open_to_write(const char *path, bool create, int *file)
{
    *file = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0), 0666);
    return *file < 0 ? errno : 0;
}

int io_write_at(int file, uint64_t at, const void *bytes, size_t count)
{
    for (size_t done = 0; done < count;) {
        ssize_t now = pwrite(file, (const char *)bytes + done, count - done, (off_t)(at + done));
        if (now < 0 && errno != EINTR) return errno;
        if (now > 0) done += (size_t)now;
    }
    return 0;
}

int io_set_size(int file, uint64_t bytes)
{
    while (ftruncate(file, (off_t)bytes) < 0)
        if (errno != EINTR) return errno;
    return 0;
}

shs_status io_forget(const char *path)
{
    int file;
    shs_status status = io_sync(path);
    if (!status) status = io_open(path, &file);
    if (status) return status;
    int error = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
    return error ? fail_with("cannot forget", path, error, "") : SHS_OK;
}

static struct io_identity identity_of(const struct stat *found)
{
    return (struct io_identity){.device = found->st_dev,
                                .inode = found->st_ino,
                                .bytes = (uint64_t)found->st_size,
                                .seconds = found->st_mtim.tv_sec,
                                .nanoseconds = found->st_mtim.tv_nsec};
}

shs_status io_identify(int file, const char *path, struct io_identity *identity)
{
    struct stat found;
    if (fstat(file, &found) < 0) return fail_with("cannot look at", path, errno, "");
    *identity = identity_of(&found);
    return SHS_OK;
}

shs_status io_identify_path(const char *path, struct io_identity *identity)
{
    struct stat found;
    if (stat(path, &found) < 0) return fail_with("cannot look at", path, errno, "");
    *identity = identity_of(&found);
    return SHS_OK;
}

shs_status io_compare(const char *path, const struct io_identity *then,
                      const struct io_identity *now, bool *touched)
{
    *touched = then->seconds != now->seconds || then->nanoseconds != now->nanoseconds;
    if (now->bytes < then->bytes)
        return core_fail(SHS_ERROR_FILE,
                         "%s has %llu bytes, %llu fewer than when it was opened: it was cut short "
                         "or replaced; put it back and start again",
                         path, (ull)now->bytes, (ull)(then->bytes - now->bytes));
    if (now->bytes > then->bytes)
        return core_fail(SHS_ERROR_FILE,
                         "%s has changed since it was opened: it has %llu bytes, %llu more than "
                         "then; put back the file that it was, and start again",
                         path, (ull)now->bytes, (ull)(now->bytes - then->bytes));
    if (now->device == then->device && now->inode == then->inode) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "%s has changed since it was opened: another file of the same size has taken "
                     "its place (inode %llu on device %llu, not %llu on %llu); start again with "
                     "the same file, and leave it in its place",
                     path, (ull)now->inode, (ull)now->device, (ull)then->inode, (ull)then->device);
}

bool io_is_being_written(int file)
{
    if (flock(file, LOCK_SH | LOCK_NB) < 0) return errno == EWOULDBLOCK;
    flock(file, LOCK_UN);
    return false;
}

void io_host_name(char name[IO_HOST_BYTES])
{
    memset(name, 0, IO_HOST_BYTES);
    if (gethostname(name, IO_HOST_BYTES - 1) || !*name) snprintf(name, IO_HOST_BYTES, "localhost");
}

size_t io_files_allowed(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
    return limit.rlim_cur > SIZE_MAX ? SIZE_MAX : limit.rlim_cur;
}

shs_status io_size(const char *path, uint64_t *bytes)
{
    struct stat found;
    *bytes = 0;
    if (stat(path, &found) < 0) return fail_with("cannot look at", path, errno, "");
    *bytes = (uint64_t)found.st_size;
    return SHS_OK;
}

/* Reads or writes all bytes; false with errno set. */
static bool read_whole(int file, char *to, size_t bytes, size_t *got)
{
    for (*got = 0; *got < bytes;) {
        ssize_t now = read(file, to + *got, bytes - *got);
        if (now == 0) return true;
        if (now < 0 && errno != EINTR) return false;
        if (now > 0) *got += (size_t)now;
    }
    return true;
}

static bool write_whole(int file, const char *from, size_t bytes)
{
    while (bytes) {
        ssize_t now = write(file, from, bytes);
        if (now < 0 && errno != EINTR) return false;
        if (now > 0) {
            from += now;
            bytes -= (size_t)now;
        }
    }
    return true;
}

static shs_status hash_file(int file, const char *path, struct core_hash *hash)
{
    enum {
        PIECE = 1 << 20
    };
    char *piece;
    size_t got = PIECE;
    shs_status status = core_new(PIECE, 1, "a piece of a file", &piece);
    while (!status && got == PIECE) {
        if (!read_whole(file, piece, PIECE, &got))
            status = fail_with("cannot read", path, errno, IO_READ_ADVICE);
        else
            core_hash_add(hash, piece, got);
    }
    core_free(&piece);
    return status;
}

shs_status io_checksum(const char *path, char text[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    int file;
    shs_status status = io_open(path, &file);
    if (status) return status;
    status = core_hash_new(&hash);
    if (!status) status = hash_file(file, path, hash);
    close(file);
    if (hash) core_hash_finish(&hash, text);
    return status;
}

shs_status io_read_text(const char *path, char *text, size_t bytes)
{
    size_t got = 0;
    int file;
    bool there;
    text[0] = '\0';
    shs_status status = io_exists(path, &there);
    if (status || !there) return status;
    status = io_open(path, &file);
    if (status) return status;
    bool read = read_whole(file, text, bytes - 1, &got);
    int error = errno;
    close(file);
    text[read ? got : 0] = '\0';
    return read ? SHS_OK : fail_with("cannot read", path, error, IO_READ_ADVICE);
}

static shs_status write_temporary(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) return fail_with("cannot create", path, errno, "");
    bool written = write_whole(file, text, strlen(text));
    int error = errno;
    if (close(file) < 0 && written) {
        written = false;
        error = errno;
    }
    return written ? SHS_OK : fail_with("cannot write", path, error, "");
}

/* In pieces, each as long as all before: of a pipe nobody knows the size. */
static shs_status read_to_end(int file, const char *path, char **text, size_t *bytes)
{
    const size_t most = 1 << 30;
    for (size_t room = 1 << 16; room <= most; room *= 2) {
        size_t got = 0;
        shs_status status = core_resize(room + 1, 1, "a text", text);
        if (status) return status;
        if (!read_whole(file, *text + *bytes, room - *bytes, &got))
            return fail_with("cannot read", path, errno, IO_READ_ADVICE);
        *bytes += got;
        if (*bytes < room) return SHS_OK;
    }
    return core_fail(SHS_ERROR_FILE, "%s has 2^30 bytes or more; give a shorter one", path);
}

/* Editors of Windows mark a text's encoding at its beginning. */
static shs_status check_text(const char *path, char *text, size_t bytes)
{
    static const char utf8[] = "\xef\xbb\xbf";
    if (bytes >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2)))
        return core_fail(SHS_ERROR_FORMAT, "%s is a text in UTF-16; save it as UTF-8", path);
    if (strlen(text) != bytes)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no text: it has a byte of 0; give a text in UTF-8", path);
    if (!strncmp(text, utf8, strlen(utf8)))
        memmove(text, text + strlen(utf8), bytes + 1 - strlen(utf8));
    return SHS_OK;
}

shs_status io_read_all(const char *path, char **text)
{
    size_t bytes = 0;
    int file;
    *text = NULL;
    shs_status status = io_open_text(path, &file);
    if (status) return status;
    status = read_to_end(file, path, text, &bytes);
    io_close(file);
    if (!status) {
        (*text)[bytes] = '\0';
        status = check_text(path, *text, bytes);
    }
    if (status) core_free(text);
    return status;
}

shs_status io_write_text(const char *path, const char *text)
{
    char *temporary;
    shs_status status = io_temporary_name(path, &temporary);
    if (status) return status;
    status = write_temporary(temporary, text);
    if (!status) status = io_commit(temporary, path);
    if (status) io_discard(temporary, status);
    core_free(&temporary);
    return status;
}

shs_status io_check_room(const char *folder, uint64_t bytes)
{
    struct statvfs system;
    if (statvfs(folder, &system) < 0) return fail_with("cannot look at", folder, errno, "");
    uint64_t room = (uint64_t)system.f_bavail * system.f_frsize;
    if (room >= bytes) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "%s: No space left on device: %llu bytes are needed and %llu free; make room "
                     "or choose another folder",
                     folder, (ull)bytes, (ull)room);
}

shs_status io_reserve(const char *path)
{
    struct stat found;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return fail_with("cannot open", path, errno, "");
    int result = fstat(file, &found), error = 0;
    if (result == 0 && found.st_size) do
            result = fallocate(file, 0, 0, found.st_size);
        while (result < 0 && errno == EINTR);
    if (result < 0) error = errno;
    close(file);
    if (!error || error == EOPNOTSUPP || error == ENOSYS) return SHS_OK;
    return core_fail(SHS_ERROR_FILE, "%s: cannot take the space of its %lld bytes: %s; make room",
                     path, (long long)found.st_size, strerror(error));
}

shs_status io_list(const char *folder, void (*visit)(const char *name, void *user), void *user)
{
    DIR *directory = opendir(folder);
    if (!directory) return fail_with("cannot read the folder", folder, errno, "");
    errno = 0;
    for (struct dirent *entry; (entry = readdir(directory)); errno = 0)
        visit(entry->d_name, user);
    int error = errno;
    closedir(directory);
    if (error) return fail_with("cannot read the folder", folder, error, "");
    return SHS_OK;
}
