#include "import_temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core_memory.h"
#include "io_folder.h"

shs_status import_temporary_open(int *file)
{
    const char *folder = getenv("TMPDIR");
    char *path;
    *file = -1;
    if (!folder || !*folder) folder = "/tmp";
    shs_status status = io_join(folder, "shardstep-XXXXXX", &path);
    if (status) return status;
    *file = mkostemp(path, O_CLOEXEC);
    if (*file < 0)
        status = core_fail(SHS_ERROR_FILE, "cannot make a temporary file in %s: %s; set TMPDIR",
                           folder, strerror(errno));
    else
        unlink(path);
    core_free(&path);
    return status;
}

shs_status import_temporary_write(int file, const void *bytes, size_t count)
{
    const char *from = bytes;
    while (count) {
        ssize_t now = write(file, from, count);
        if (now < 0 && errno != EINTR)
            return core_fail(
                SHS_ERROR_FILE,
                "cannot write to a temporary file: %s; set TMPDIR to a folder with room",
                strerror(errno));
        if (now > 0) {
            from += now;
            count -= (size_t)now;
        }
    }
    return SHS_OK;
}

shs_status import_temporary_read(int file, uint64_t at, void *to, size_t count)
{
    for (size_t got = 0; got < count;) {
        ssize_t now = pread(file, (char *)to + got, count - got, (off_t)(at + got));
        if (now < 0 && errno == EINTR) continue;
        if (now <= 0)
            return core_fail(SHS_ERROR_FILE, "cannot read a temporary file: %s",
                             now < 0 ? strerror(errno) : "it has become shorter");
        got += (size_t)now;
    }
    return SHS_OK;
}
