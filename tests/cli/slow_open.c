/* To be preloaded: in a process that tries files out, opening a file named slow.h5 never ends, as
 * where a file server does not answer. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static int tries_out;

__attribute__((constructor)) static void begin(int count, char **words)
{
    tries_out = count > 1 && !strcmp(words[1], "probe");
}

int open(const char *path, int how, ...)
{
    int (*next)(const char *, int, ...);
    const char *slash = strrchr(path, '/');
    va_list rest;
    va_start(rest, how);
    mode_t mode = how & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    while (tries_out && !strcmp(slash ? slash + 1 : path, "slow.h5"))
        pause();
    *(void **)&next = dlsym(RTLD_NEXT, "open");
    return next(path, how, mode);
}
