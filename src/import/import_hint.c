#include "import_hint.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_superblock.h"

static bool is_absent(const char *path)
{
    struct stat found;
    return stat(path, &found) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Finds the longest beginning of a path that ends before a ':' or a '/' and is a plain file. The
 * file's name is *beginning, which the caller releases, and *rest what stands behind it. Without
 * such a file *beginning is NULL. */
static shs_status find_beginning(const char *path, char **beginning, const char **rest)
{
    struct stat found;
    shs_status status = core_copy(path, beginning);
    for (size_t at = status ? 0 : strlen(path); at-- > 1;) {
        if (path[at] != ':' && path[at] != '/') continue;
        (*beginning)[at] = '\0';
        *rest = path + at;
        if (!stat(*beginning, &found) && S_ISREG(found.st_mode)) return SHS_OK;
    }
    core_free(beginning);
    return status;
}

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

/* Tells of a file of which the path is the beginning. */
static void tell_file(struct core_text *hint, const char *file, const char *rest,
                      const struct import_request *request, const struct import_format *format)
{
    const char *dataset = rest + 1;
    if (!is_hdf5(file))
        core_text_add(
            hint,
            "%s is a file: what is taken of it is said before its name, as in csv:u8:2-5:FILE",
            file);
    else if (format != &import_h5)
        core_text_add(hint, "%s is an HDF5 file: its dataset %s is given as h5:%s:%s", file,
                      dataset, file, dataset);
    else if (*rest == '/')
        core_text_add(hint, "%s is an HDF5 file: its dataset %s/%s is given as h5:%s:%s/%s", file,
                      dataset, request->dataset, file, dataset, request->dataset);
    else
        core_text_add(hint,
                      "%s is an HDF5 file, but DATASET begins behind the last colon: in a DATASET "
                      "a ? stands for a colon",
                      file);
}

/* Tells that the word before the first colon is none that the format knows. */
static void tell_word(struct core_text *hint, const char *path, const struct import_format *format)
{
    int length = (int)strcspn(path, ":");
    if (!format)
        core_text_add(hint,
                      "'%.*s' is none of the formats that may stand before a colon: idx, npy, npz, "
                      "csv, raw, h5, images and png",
                      length, path);
    else if (format == &import_csv)
        core_text_add(hint,
                      "'%.*s' is neither a type nor a list of columns, which may stand before "
                      "FILE, as in csv:u8:2-5:FILE",
                      length, path);
    else if (format == &import_h5)
        core_text_add(hint,
                      "'%.*s' is none of the words that may stand before FILE in h5:FILE:DATASET: "
                      "a type, reversed, axes=2,0,1, natural, classes",
                      length, path);
}

/* Tells of a DATASET that begins with a file's name, such as a.h5/x in h5:10:a.h5/x. */
static void tell_dataset(struct core_text *hint, const struct import_request *request)
{
    char *file;
    const char *rest;
    if (find_beginning(request->dataset, &file, &rest)) return;
    if (file || !is_absent(request->dataset))
        core_text_add(hint, "'%s' was taken for FILE and '%s' for DATASET of h5:FILE:DATASET",
                      request->path, request->dataset);
    core_free(&file);
}

static void tell(struct core_text *hint, const struct import_request *request,
                 const struct import_format *format)
{
    const char *path = request->path, *rest;
    char *file;
    if (find_beginning(path, &file, &rest)) return;
    if (file && (format != &import_csv || is_hdf5(file)))
        tell_file(hint, file, rest, request, format);
    else if (strchr(path, ':'))
        tell_word(hint, path, format);
    else if (format == &import_h5)
        tell_dataset(hint, request);
    core_free(&file);
}

shs_status import_hint(shs_status status, const struct import_request *request,
                       const struct import_format *format)
{
    struct core_text hint = {0};
    char *message;
    if (status != SHS_ERROR_FILE || !is_absent(request->path)) return status;
    if (core_copy(shs_message(), &message)) return status;
    tell(&hint, request, format == &import_h5_classes ? &import_h5 : format);
    if (hint.length)
        core_fail(status, "%s; %s", message, hint.bytes);
    else
        core_fail(status, "%s", message); /* what was tried has set other messages */
    core_text_free(&hint);
    core_free(&message);
    return status;
}
