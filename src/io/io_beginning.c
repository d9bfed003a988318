#include "io_beginning.h"

#include <string.h>
#include <sys/stat.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_file.h"
#include "io_superblock.h"

static bool is_hdf5(const char *path)
{
    struct io_superblock superblock = {0};
    uint64_t bytes;
    int file;
    if (io_size(path, &bytes) || io_open(path, &file)) return false;
    shs_status status = io_superblock_read(file, bytes, &superblock);
    io_close(file);
    return !status && superblock.found;
}

shs_status io_beginning_find(const char *path, struct io_beginning *beginning)
{
    struct stat found;
    *beginning = (struct io_beginning){0};
    shs_status status = core_copy(path, &beginning->file);
    for (size_t at = status ? 0 : strlen(path); at-- > 1;) {
        if (path[at] != ':' && path[at] != '/') continue;
        beginning->file[at] = '\0';
        beginning->rest = path + at;
        if (stat(beginning->file, &found) < 0 || !S_ISREG(found.st_mode)) continue;
        beginning->is_hdf5 = is_hdf5(beginning->file);
        return SHS_OK;
    }
    core_free(&beginning->file);
    return status;
}
