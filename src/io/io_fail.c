#include "io_fail.h"

#include <errno.h>
#include <string.h>

#include "core_memory.h"
#include "io_beginning.h"

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

/* Tells of a path that goes on behind the name of an HDF5 file. Returns false for another path. */
static bool tell_beginning(const char *what, const char *path, int error)
{
    struct io_beginning beginning = {0};
    if (error != ENOENT && error != ENOTDIR) return false;
    if (io_beginning_find(path, &beginning)) return false;
    bool tell = beginning.file && beginning.is_hdf5;
    if (tell)
        core_fail(SHS_ERROR_FILE,
                  "%s %s: %s; %s is an HDF5 file, whose datasets are named apart, not in the path",
                  what, path, strerror(error), beginning.file);
    core_free(&beginning.file);
    return tell;
}

shs_status io_fail(const char *what, const char *path, int error, const char *advice)
{
    if (!advice && tell_beginning(what, path, error)) return SHS_ERROR_FILE;
    return core_fail(SHS_ERROR_FILE, "%s %s: %s; %s", what, path, strerror(error),
                     advice ? advice : usual_advice(error));
}
