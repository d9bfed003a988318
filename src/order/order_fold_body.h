#include "io_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core_memory.h"
#include "io_content.h"
#include "io_folder.h"
#include "io_host.h"

/* Writes the beginning that all owners' names of this process share: "process 7 on node3 since ".
 */
static int name_process(char name[IO_OWNER_BYTES])
{
    char host[IO_HOST_BYTES];
    io_host_name(host);
    return snprintf(name, IO_OWNER_BYTES, "process %ld on %s since ", (long)getpid(), host);
}

void io_name_owner(char owner[IO_OWNER_BYTES])
{
    char second[32] = "";
    struct timespec now = {0};
    struct tm date = {0};
    int length = name_process(owner);
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &date);
    strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &date);
    snprintf(owner + length, IO_OWNER_BYTES - (size_t)length, "%s.%09ldZ", second, now.tv_nsec);
}

static bool has_no_locks(int error)
{
    return error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP || error == EINVAL ||
           error == EBADF;
}

/* Writes the owner's name for people to read. An error is ignored, because the lock holds without a
 * name. */
static void write_owner(int lock, const char *owner)
{
    int error = io_set_size(lock, 0);
    if (!error) error = io_write_at(lock, 0, owner, strlen(owner));
    if (!error) error = io_write_at(lock, strlen(owner), "\n", 1);
    (void)error;
}

/* Returns an error that names the lock's owner, or SHS_OK if this process itself holds the lock. */
static shs_status is_locked(const char *folder, const char *path)
{
    char owner[IO_OWNER_BYTES], mine[IO_OWNER_BYTES];
    size_t length = (size_t)name_process(mine);
    shs_status status = io_read_text(path, owner, sizeof owner);
    owner[strcspn(owner, "\n")] = '\0';
    if (!status && !strncmp(owner, mine, length)) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "the folder %s is locked: %s uses it; give each run a folder of its own, each "
                     "task of a job array too; if no such process is alive on its machine, remove "
                     "%s",
                     folder, status || !*owner ? "another job" : owner, path);
}

static shs_status lock_file(const char *folder, const char *path, const char *owner, int *lock)
{
    int error = 0;
    while (flock(*lock, LOCK_EX | LOCK_NB) < 0 && (error = errno) == EINTR)
        error = 0;
    if (!error) {
        write_owner(*lock, owner);
        return SHS_OK;
    }
    close(*lock);
    *lock = -1;
    if (error == EWOULDBLOCK) return is_locked(folder, path);
    if (has_no_locks(error)) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "cannot lock %s: %s; look at the disk or the network that the folder is on",
                     path, strerror(error));
}

shs_status io_lock(const char *folder, const char *owner, bool must, int *lock)
{
    char *path;
    *lock = -1;
    shs_status status = io_join(folder, ".lock", &path);
    if (status) return status;
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (*lock >= 0)
        status = lock_file(folder, path, owner, lock);
    else if (must)
        status = core_fail(SHS_ERROR_FILE,
                           "cannot open %s: %s; make the folder one that this user can write in, "
                           "or choose another",
                           path, strerror(errno));
    core_free(&path);
    return status;
}

void io_unlock(int lock)
{
    if (lock >= 0) close(lock);
}
