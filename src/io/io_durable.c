#include "io_durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_fail.h"
#include "io_folder.h"

shs_status io_sync(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return io_fail("cannot open", path, errno, NULL);
    int result = fsync(file), error = errno;
    close(file);
    if (result < 0) return io_fail("cannot write to stable storage:", path, error, NULL);
    return SHS_OK;
}

shs_status io_temporary_name(const char *path, char **temporary)
{
    struct core_text text = {0};
    core_text_add(&text, "%s.tmp", path);
    return core_text_take(&text, temporary);
}

shs_status io_move(const char *temporary, const char *path)
{
    char *folder;
    shs_status status = io_folder_of(path, &folder);
    if (status) return status;
    if (rename(temporary, path) < 0) status = io_fail("cannot rename to", path, errno, NULL);
    if (!status) status = io_sync(folder);
    core_free(&folder);
    return status;
}

shs_status io_commit(const char *temporary, const char *path)
{
    shs_status status = io_sync(temporary);
    return status ? status : io_move(temporary, path);
}

shs_status io_remove(const char *path)
{
    if (unlink(path) < 0 && errno != ENOENT) return io_fail("cannot remove", path, errno, NULL);
    return SHS_OK;
}

shs_status io_discard(const char *path, shs_status status)
{
    unlink(path); /* its failure is not reported, so that the first error stays */
    return status;
}

/* Writes all bytes. Returns false with errno set on an error. */
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

static shs_status write_temporary(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) return io_fail("cannot create", path, errno, NULL);
    bool written = write_whole(file, text, strlen(text));
    int error = errno;
    if (close(file) < 0 && written) {
        written = false;
        error = errno;
    }
    return written ? SHS_OK : io_fail("cannot write", path, error, NULL);
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

shs_status io_try_to_write(const char *path)
{
    char *temporary = NULL;
    shs_status status = io_temporary_name(path, &temporary);
    if (status) return status;
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        status = io_fail("cannot create", temporary, errno,
                         "make its folder, or make it writable, or give another path");
    if (file >= 0) close(file);
    if (!status) status = io_remove(temporary);
    core_free(&temporary);
    return status;
}

shs_status io_check_room(const char *folder, uint64_t bytes)
{
    struct statvfs system;
    if (statvfs(folder, &system) < 0) return io_fail("cannot look at", folder, errno, NULL);
    uint64_t room = (uint64_t)system.f_bavail * system.f_frsize;
    if (room >= bytes) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "%s: No space left on device: at least %llu bytes are needed and %llu free; "
                     "make room or choose another folder",
                     folder, (ull)bytes, (ull)room);
}

/* Takes disk space for `bytes` bytes. Returns 0 or an errno value. */
static int allocate(int file, off_t bytes)
{
    if (bytes == 0) return 0;
    while (fallocate(file, 0, 0, bytes) < 0)
        if (errno != EINTR) return errno;
    return 0;
}

shs_status io_reserve(const char *path)
{
    struct stat found;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return io_fail("cannot open", path, errno, NULL);
    int error = fstat(file, &found) < 0 ? errno : 0;
    if (!error) error = allocate(file, found.st_size);
    close(file);
    if (!error || error == EOPNOTSUPP || error == ENOSYS) return SHS_OK;
    return core_fail(SHS_ERROR_FILE, "%s: cannot take the space of its %lld bytes: %s; make room",
                     path, (long long)found.st_size, strerror(error));
}
