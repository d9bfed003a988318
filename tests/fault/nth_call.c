/* A library to preload: makes one call of a kind fail, once, in a program under test.
 *
 *     NTH_CALL=KIND      pread, read, write, fsync, rename, open, malloc, or a kind of nth_mpi.c
 *     NTH_NUMBER=N       the call of that kind that fails, from 1 on; 0: none does
 *     NTH_SIGNAL=S       a signal that the process gets before the call, which does not fail then
 *     NTH_RANK=R         only on this rank of an mpirun job; unset: in any process
 *     NTH_FOLDER=DIR     only calls on files below this folder, which has no symbolic link in it
 *     NTH_REPORT=FILE    gets a line when the call fails: KIND N CALLER
 *
 * Calls count from the first line of main() on. Of malloc and of MPI only the calls from the
 * program itself and from libshardstep count. CALLER is the file name of the program or library
 * that made the call. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nth_call.h"

static const char *kind = "", *folder = "", *report = "";
static unsigned long number;
static int signal_number;
static atomic_ulong calls;
static atomic_bool counting;

/* The code of the program and of libshardstep. */
enum {
    MOST_RANGES = 8
};
static struct {
    uintptr_t first, end;
} own[MOST_RANGES];
static int n_own;

static int note_own_code(struct dl_phdr_info *module, size_t bytes, void *user)
{
    (void)bytes;
    (void)user;
    if (*module->dlpi_name && !strstr(module->dlpi_name, "libshardstep")) return 0;
    for (int i = 0; i < module->dlpi_phnum && n_own < MOST_RANGES; i++) {
        const ElfW(Phdr) *part = &module->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        own[n_own].first = module->dlpi_addr + part->p_vaddr;
        own[n_own].end = own[n_own].first + part->p_memsz;
        n_own++;
    }
    return 0;
}

static bool is_own(const void *caller)
{
    for (int i = 0; i < n_own; i++)
        if ((uintptr_t)caller >= own[i].first && (uintptr_t)caller < own[i].end) return true;
    return false;
}

/* Without the standard streams, which take memory. */
static void tell(const void *caller)
{
    Dl_info module = {0};
    char line[256];
    const char *name = dladdr(caller, &module) && module.dli_fname ? module.dli_fname : "?";
    const char *slash = strrchr(name, '/');
    int length = snprintf(line, sizeof line, "%s %lu %s\n", kind, number, slash ? slash + 1 : name);
    int file = (int)syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0) return;
    if (length > 0) syscall(SYS_write, file, line, (size_t)length);
    close(file);
}

/* Counts a call; true for the one that must fail. */
static bool fails(const void *caller)
{
    if (atomic_fetch_add(&calls, 1) + 1 != number) return false;
    tell(caller);
    if (signal_number) kill(getpid(), signal_number);
    return !signal_number;
}

static bool is_counted(const char *call)
{
    return atomic_load_explicit(&counting, memory_order_relaxed) && !strcmp(kind, call);
}

static bool is_below(const char *path)
{
    size_t length = strlen(folder);
    return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static bool file_fails(const char *call, int file, const void *caller)
{
    char link[64], path[4096];
    if (!is_counted(call)) return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return false;
    path[length] = '\0';
    return is_below(path) && fails(caller);
}

static bool path_fails(const char *call, const char *path, const void *caller)
{
    char here[4096];
    if (!is_counted(call)) return false;
    if (*path != '/' && !getcwd(here, sizeof here)) return false;
    return is_below(*path == '/' ? path : here) && fails(caller);
}

/* ---- The calls. */

#define FAIL(error)                                                                                \
    do {                                                                                           \
        errno = error;                                                                             \
        return -1;                                                                                 \
    } while (0)

ssize_t pread(int file, void *to, size_t bytes, off_t at)
{
    if (file_fails("pread", file, CALLER)) FAIL(EIO);
    return NEXT(pread)(file, to, bytes, at);
}

ssize_t pread64(int file, void *to, size_t bytes, off64_t at)
{
    if (file_fails("pread", file, CALLER)) FAIL(EIO);
    return NEXT(pread64)(file, to, bytes, at);
}

ssize_t preadv2(int file, const struct iovec *to, int count, off_t at, int how)
{
    if (file_fails("pread", file, CALLER)) FAIL(EIO);
    return NEXT(preadv2)(file, to, count, at, how);
}

ssize_t read(int file, void *to, size_t bytes)
{
    if (file_fails("read", file, CALLER)) FAIL(EIO);
    return NEXT(read)(file, to, bytes);
}

ssize_t write(int file, const void *from, size_t bytes)
{
    if (file_fails("write", file, CALLER)) FAIL(ENOSPC);
    return NEXT(write)(file, from, bytes);
}

ssize_t pwrite(int file, const void *from, size_t bytes, off_t at)
{
    if (file_fails("write", file, CALLER)) FAIL(ENOSPC);
    return NEXT(pwrite)(file, from, bytes, at);
}

ssize_t pwrite64(int file, const void *from, size_t bytes, off64_t at)
{
    if (file_fails("write", file, CALLER)) FAIL(ENOSPC);
    return NEXT(pwrite64)(file, from, bytes, at);
}

int fsync(int file)
{
    if (file_fails("fsync", file, CALLER)) FAIL(EIO);
    return NEXT(fsync)(file);
}

int fdatasync(int file)
{
    if (file_fails("fsync", file, CALLER)) FAIL(EIO);
    return NEXT(fdatasync)(file);
}

int rename(const char *from, const char *to)
{
    if (path_fails("rename", to, CALLER)) FAIL(EIO);
    return NEXT(rename)(from, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned how)
{
    if (path_fails("rename", to, CALLER)) FAIL(EIO);
    return NEXT(renameat2)(from_folder, from, to_folder, to, how);
}

int link(const char *from, const char *to)
{
    if (path_fails("rename", to, CALLER)) FAIL(EIO);
    return NEXT(link)(from, to);
}

static mode_t mode_of(int how, va_list arguments)
{
    return how & O_CREAT || (how & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int how, ...)
{
    va_list arguments;
    va_start(arguments, how);
    mode_t mode = mode_of(how, arguments);
    va_end(arguments);
    if (path_fails("open", path, CALLER)) FAIL(EIO);
    return NEXT(open)(path, how, mode);
}

int open64(const char *path, int how, ...)
{
    va_list arguments;
    va_start(arguments, how);
    mode_t mode = mode_of(how, arguments);
    va_end(arguments);
    if (path_fails("open", path, CALLER)) FAIL(EIO);
    return NEXT(open64)(path, how, mode);
}

/* The C library's own, by the names under which it keeps them: dlsym() takes memory itself. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *memory, size_t bytes);

bool nth_call_fails(const char *call, const void *caller)
{
    return is_counted(call) && is_own(caller) && fails(caller);
}

static bool memory_fails(const void *caller)
{
    return nth_call_fails("malloc", caller);
}

void *malloc(size_t bytes)
{
    if (!memory_fails(CALLER)) return __libc_malloc(bytes);
    errno = ENOMEM;
    return NULL;
}

void *calloc(size_t count, size_t bytes)
{
    if (!memory_fails(CALLER)) return __libc_calloc(count, bytes);
    errno = ENOMEM;
    return NULL;
}

void *realloc(void *memory, size_t bytes)
{
    if (!memory_fails(CALLER)) return __libc_realloc(memory, bytes);
    errno = ENOMEM;
    return NULL;
}

/* ---- From main() on. */

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static int (*program_main)(int, char **, char **);

static int counted_main(int count, char **words, char **variables)
{
    const char *rank = setting("NTH_RANK"), *mine = getenv("OMPI_COMM_WORLD_RANK");
    if (!mine) mine = getenv("PMI_RANK"); /* MPICH */
    kind = setting("NTH_CALL");
    folder = setting("NTH_FOLDER");
    report = setting("NTH_REPORT");
    number = strtoul(setting("NTH_NUMBER"), NULL, 10);
    signal_number = (int)strtol(setting("NTH_SIGNAL"), NULL, 10);
    dl_iterate_phdr(note_own_code, NULL);
    if (number && (!*rank || !mine || !strcmp(rank, mine))) atomic_store(&counting, true);
    return program_main(count, words, variables);
}

int __libc_start_main(int (*main)(int, char **, char **), int count, char **words,
                      void (*begin)(void), void (*end)(void), void (*finish)(void), void *stack);

int __libc_start_main(int (*main)(int, char **, char **), int count, char **words,
                      void (*begin)(void), void (*end)(void), void (*finish)(void), void *stack)
{
    program_main = main;
    return NEXT(__libc_start_main)(counted_main, count, words, begin, end, finish, stack);
}
