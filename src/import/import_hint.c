#include "import_hint.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_beginning.h"

static bool is_absent(const char *path)
{
    struct stat found;
    return stat(path, &found) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Tells of a file of which the path is the beginning. That a file is an HDF5 file is said already.
 */
static void tell_file(struct core_text *hint, const struct io_beginning *beginning,
                      const struct import_request *request, const struct import_format *format)
{
    const char *file = beginning->file, *dataset = beginning->rest + 1;
    if (!beginning->is_hdf5)
        core_text_add(hint,
                      "%s is a file: what is taken of it is said before its name, as in "
                      "csv:u8:2-5:FILE",
                      file);
    else if (format != &import_h5)
        core_text_add(hint, "its dataset %s is given as h5:%s:%s", dataset, file, dataset);
    else if (*beginning->rest == '/')
        core_text_add(hint, "its dataset %s/%s is given as h5:%s:%s/%s", dataset, request->dataset,
                      file, dataset, request->dataset);
    else
        core_text_add(hint,
                      "DATASET begins behind the last colon: in a DATASET a ? stands for a colon");
}

/* Tells that the word before the first colon is none that the format takes there. It may be one
 * that comes too late, or twice. */
static void tell_word(struct core_text *hint, const char *path, const struct import_format *format)
{
    int length = (int)strcspn(path, ":");
    if (!format)
        core_text_add(hint,
                      "'%.*s' is none of the formats that may stand before a colon: idx, npy, npz, "
                      "csv, raw, h5, images and png",
                      length, path);
    else if (format == &import_csv)
        core_text_add(
            hint,
            "'%.*s' may not stand there: before FILE come a type or the word classes, and "
            "then a list of columns, as in csv:u8:2-5:FILE and csv:classes:6:FILE",
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
    struct io_beginning beginning;
    if (io_beginning_find(request->dataset, &beginning)) return;
    if (beginning.file || !is_absent(request->dataset))
        core_text_add(hint, "'%s' was taken for FILE and '%s' for DATASET of h5:FILE:DATASET",
                      request->path, request->dataset);
    core_free(&beginning.file);
}

/* Tells that only HDF5 files are given by a pattern. */
static void tell_pattern(struct core_text *hint)
{
    core_text_add(hint,
                  "only files of h5:FILE:DATASET are given by a pattern: name other files one "
                  "by one, as in a=a.npy b=b.npy, or join them to one file first");
}

static void tell(struct core_text *hint, const struct import_request *request,
                 const struct import_format *format)
{
    const char *path = request->path;
    struct io_beginning beginning;
    if (io_beginning_find(path, &beginning)) return;
    if (!beginning.file && format != &import_h5 && strpbrk(path, "*?["))
        tell_pattern(hint);
    else if (beginning.file && (format != &import_csv || beginning.is_hdf5))
        tell_file(hint, &beginning, request, format);
    else if (strchr(path, ':'))
        tell_word(hint, path, format);
    else if (format == &import_h5)
        tell_dataset(hint, request);
    core_free(&beginning.file);
}

shs_status import_hint(shs_status status, const struct import_request *request,
                       const struct import_format *format)
{
    struct core_text hint = {0};
    char *message;
    if (status != SHS_ERROR_FILE || !is_absent(request->path)) return status;
    if (core_copy(shs_message(), &message)) return status;
    if (format == &import_h5_classes) format = &import_h5;
    if (format == &import_csv_classes) format = &import_csv;
    tell(&hint, request, format);
    if (hint.length)
        core_fail(status, "%s; %s", message, hint.bytes);
    else
        core_fail(status, "%s", message); /* what was tried has set other messages */
    core_text_free(&hint);
    core_free(&message);
    return status;
}
