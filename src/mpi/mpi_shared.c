#include "mpi_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RESERVED_AT_ONCE = 16 << 20
};

/* Returns true if memory of this size is worth asking for. The limit on the size of files holds for
 * files without a name, too, and the system sends SIGXFSZ to who exceeds it. Half of the machine's
 * memory is what /dev/shm has by default: beyond it, reserving pages may wake the system's killer
 * of processes. */
static bool may_reserve(size_t bytes)
{
    struct rlimit limit;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (getrlimit(RLIMIT_FSIZE, &limit)) return false;
    if (limit.rlim_cur != RLIM_INFINITY && bytes > limit.rlim_cur) return false;
    return pages > 0 && page > 0 && bytes / (size_t)page < (size_t)pages / 2;
}

/* Reserves all pages, so that no touch of the memory can fail later. A signal interrupts the call,
 * and what the interrupted call has reserved is lost. A timer's signals could so interrupt a long
 * call again and again; a short call gets done between them. */
static bool reserve(int file, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += RESERVED_AT_ONCE) {
        size_t piece = bytes - at < RESERVED_AT_ONCE ? bytes - at : RESERVED_AT_ONCE;
        int code;
        do
            code = posix_fallocate(file, (off_t)at, (off_t)piece);
        while (code == EINTR);
        if (code) return false;
    }
    /* From here on nobody can make the file shorter, which would be a SIGBUS for all others. */
    return fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
}

static void *map(int file, size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void *mpi_shared_make(size_t bytes, struct mpi_shared *shared)
{
    struct stat about;
    void *memory = NULL;
    *shared = (struct mpi_shared){.process = getpid(), .file = -1};
    if (!may_reserve(bytes)) return NULL;
    int file = memfd_create("shardstep", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return NULL;
    if (reserve(file, bytes) && fstat(file, &about) == 0) memory = map(file, bytes);
    if (!memory) {
        close(file);
        return NULL;
    }
    shared->file = file;
    shared->device = about.st_dev;
    shared->inode = about.st_ino;
    return memory;
}

void mpi_shared_made(struct mpi_shared *shared)
{
    if (shared->file >= 0) close((int)shared->file);
    shared->file = -1;
}

/* Returns true if the open file is the memory. Where processes have numbers of their own, as in
 * containers, the path may lead to a file of another process. */
static bool is_shared(int file, const struct mpi_shared *shared, size_t bytes)
{
    struct stat about;
    return fstat(file, &about) == 0 && about.st_dev == shared->device &&
           about.st_ino == shared->inode && about.st_size == (off_t)bytes;
}

void *mpi_shared_join(const struct mpi_shared *shared, size_t bytes)
{
    char path[64];
    void *memory = NULL;
    if (shared->file < 0) return NULL;
    snprintf(path, sizeof path, "/proc/%lld/fd/%lld", (long long)shared->process,
             (long long)shared->file);
    int file = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return NULL;
    if (is_shared(file, shared, bytes)) memory = map(file, bytes);
    close(file);
    return memory;
}

void mpi_shared_leave(void **memory, size_t bytes)
{
    if (*memory) munmap(*memory, bytes);
    *memory = NULL;
}

char mpi_shared_state(int64_t process)
{
    char path[40], line[256] = "";
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)process);
    FILE *file = fopen(path, "re");
    if (!file) return kill((pid_t)process, 0) ? 'Z' : '?';
    size_t length = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    line[length] = '\0';
    const char *name_end = strrchr(line, ')');
    const char *state = name_end && name_end[1] == ' ' && name_end[2] ? name_end + 2 : "?";
    return *state;
}
