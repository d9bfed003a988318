#include "io_fail.h"

#include <errno.h>
#include <string.h>

static const struct {
    int error;
    const char *advice;
} known[] = {
    {EACCES, "its owner may allow it, for the file and the folders on its way: chmod"},
    {EPERM, "its owner may allow it, for the file and the folders on its way: chmod"},
    {ENOENT, "check the path"},
    {ENOTDIR, "check the path"},
    {ENAMETOOLONG, "give a shorter path"},
    {ELOOP, "a symbolic link in the path leads back to itself; mend it"},
    {ENOSPC, "make room or choose another folder"},
    {EDQUOT, "make room or choose another folder"},
    {EROFS, "choose a folder that can be written in"},
    {EBUSY, "wait until no other program uses it"},
    {ETXTBSY, "wait until no other program uses it"},
    {EMFILE, "raise the limit of open files: ulimit -n"},
    {ENFILE, "raise the system's limit of open files: fs.file-max"},
};

static const char *usual_advice(int error)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].error == error) return known[i].advice;
    return IO_READ_ADVICE;
}

shs_status io_fail(const char *what, const char *path, int error, const char *advice)
{
    return core_fail(SHS_ERROR_FILE, "%s %s: %s; %s", what, path, strerror(error),
                     advice ? advice : usual_advice(error));
}
