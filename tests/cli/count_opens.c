/* To be preloaded: appends the name of each file that is opened, if it ends in .h5, to the file
 * that SHARDSTEP_TEST_OPENS names. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int open(const char *path, int how, ...)
{
    int (*next)(const char *, int, ...);
    const char *list = getenv("SHARDSTEP_TEST_OPENS");
    size_t length = strlen(path);
    char line[4096];
    va_list rest;
    va_start(rest, how);
    mode_t mode = how & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    *(void **)&next = dlsym(RTLD_NEXT, "open");
    if (list && length > 3 && !strcmp(path + length - 3, ".h5")) {
        int file = next(list, O_WRONLY | O_APPEND | O_CREAT, 0600);
        int bytes = snprintf(line, sizeof line, "%s\n", path);
        if (file < 0 || write(file, line, (size_t)bytes) != bytes) abort();
        close(file);
    }
    return next(path, how, mode);
}
