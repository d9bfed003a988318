#include "io_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "io_fail.h"

const char *io_mode_text(uint32_t mode)
{
    if (S_ISDIR(mode)) return "it is a folder";
    if (S_ISLNK(mode)) return "it is a symbolic link";
    if (S_ISFIFO(mode)) return "it is a named pipe";
    if (S_ISSOCK(mode)) return "it is a socket";
    return "it is a device";
}

/* Returns true for a shell's <(COMMAND), which is a pipe without a name, and for /dev/null, which
 * is an empty text. */
static bool is_text_stream(int file, const struct stat *found)
{
    struct statfs system;
    if (S_ISCHR(found->st_mode)) return found->st_rdev == makedev(1, 3);
    return S_ISFIFO(found->st_mode) && fstatfs(file, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

static shs_status check_kind(int file, const char *path, bool text)
{
    struct stat found;
    if (fstat(file, &found) < 0) return io_fail("cannot look at", path, errno, NULL);
    if (S_ISREG(found.st_mode) || (text && is_text_stream(file, &found))) return SHS_OK;
    return core_fail(SHS_ERROR_FILE, "cannot open %s: %s; give a plain file", path,
                     io_mode_text(found.st_mode));
}

/* Opens a plain file or, if `text` is true, also what is_text_stream() allows. Without O_NONBLOCK
 * the open of a named pipe would wait for a writer that may never come. */
static shs_status open_plain(const char *path, int how, bool text, int *file)
{
    *file = open(path, how | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*file < 0 && errno == EISDIR)
        return core_fail(SHS_ERROR_FILE, "cannot open %s: it is a folder; give a plain file", path);
    if (*file < 0) return io_fail("cannot open", path, errno, NULL);
    shs_status status = check_kind(*file, path, text);
    if (!status && fcntl(*file, F_SETFL, how) < 0)
        status = io_fail("cannot open", path, errno, NULL);
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
    if (fstat(file, &found) < 0) return io_fail("cannot look at", path, errno, NULL);
    *identity = identity_of(&found);
    return SHS_OK;
}

shs_status io_identify_path(const char *path, struct io_identity *identity)
{
    struct stat found;
    if (stat(path, &found) < 0) return io_fail("cannot look at", path, errno, NULL);
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

shs_status io_size(const char *path, uint64_t *bytes)
{
    struct stat found;
    *bytes = 0;
    if (stat(path, &found) < 0) return io_fail("cannot look at", path, errno, NULL);
    *bytes = (uint64_t)found.st_size;
    return SHS_OK;
}
