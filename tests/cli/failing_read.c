/* To be preloaded: of a file named sector.h5 the bytes [$BAD_FROM, $BAD_TO) cannot be read, as
 * where a sector of a disk has gone. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static bool fails(int file, off_t at, size_t bytes)
{
    char link[64], path[4096];
    const char *from = getenv("BAD_FROM"), *to = getenv("BAD_TO");
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || !from || !to) return false;
    path[length] = '\0';
    if (!strstr(path, "/sector.h5") || at >= atoll(to) || at + (off_t)bytes <= atoll(from))
        return false;
    errno = EIO;
    return true;
}

ssize_t pread(int file, void *bytes, size_t count, off_t at)
{
    ssize_t (*next)(int, void *, size_t, off_t);
    *(void **)&next = dlsym(RTLD_NEXT, "pread");
    return fails(file, at, count) ? -1 : next(file, bytes, count, at);
}

ssize_t preadv2(int file, const struct iovec *pieces, int count, off_t at, int flags)
{
    ssize_t (*next)(int, const struct iovec *, int, off_t, int);
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += pieces[i].iov_len;
    *(void **)&next = dlsym(RTLD_NEXT, "preadv2");
    return fails(file, at, bytes) ? -1 : next(file, pieces, count, at, flags);
}
