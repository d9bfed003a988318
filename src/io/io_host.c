#include "io_host.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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
