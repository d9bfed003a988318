#include "load_texts.h"

#include <string.h>

#include "core_memory.h"
#include "io_content.h"
#include "io_fail.h"
#include "io_file.h"
#include "io_folder.h"
#include "io_output.h"

/* ---- The file, on rank 0. */

struct file {
    const char *path;
    struct io_output output;
    int file; /* -1: not open */
    uint64_t at;
};

/* Does nothing on the other ranks. */
static shs_status append(void *user, const void *bytes, size_t count)
{
    struct file *file = user;
    if (file->file < 0) return SHS_OK;
    int error = io_write_at(file->file, file->at, bytes, count);
    file->at += count;
    if (!error) return SHS_OK;
    return io_fail("cannot write", file->path, error, NULL);
}

shs_status load_texts_check(const char *path)
{
    bool is_there;
    shs_status status = io_exists(path, &is_there);
    if (status || !is_there) return status;
    return core_fail(SHS_ERROR_FILE, "%s is there already; remove it, or choose another name",
                     path);
}

static shs_status begin_file(const char *path, const char *before, struct file *file)
{
    file->path = path;
    shs_status status = load_texts_check(path);
    if (!status) status = io_output_begin(path, false, &file->output);
    if (status) return status;
    int error = io_open_to_write(file->output.temporary, false, &file->file);
    if (!error) return append(file, before, strlen(before));
    file->file = -1;
    return io_fail("cannot write", path, error, NULL);
}

/* Makes the file whole, unless there was an error. */
static shs_status end_file(struct file *file, const char *after, shs_status status)
{
    if (!status) status = append(file, after, strlen(after));
    if (file->file >= 0) io_close(file->file);
    if (!status && file->file >= 0) status = io_output_commit(&file->output);
    io_output_end(&file->output);
    return status;
}

/* ---- All ranks. */

/* Collective. Brings the texts of all ranks to the file. */
static shs_status gather(shs_run *run, const char *operation, const struct core_text *text,
                         struct file *file)
{
    uint64_t most = text->length;
    void *room = NULL;
    shs_status status = mpi_greatest(run, &most, 1);
    if (!status && run->rank == 0) status = core_new(most + 1, 1, "the texts of all ranks", &room);
    status = mpi_agree(run, status, "%s: gathering", operation);
    if (!status)
        status =
            mpi_in_order(run, text->bytes ? text->bytes : "", text->length, room, append, file);
    core_free(&room);
    return status;
}

shs_status load_texts_write(shs_run *run, const char *operation, shs_status status,
                            const char *path, const char *before, const struct core_text *text,
                            const char *after)
{
    struct file file = {.file = -1};
    if (!status) status = text->status;
    if (!status && run->rank == 0) status = begin_file(path, before, &file);
    status = mpi_agree(run, core_wrap(status, "%s", operation), "%s: the file", operation);
    if (!status) {
        status = gather(run, operation, text, &file);
        status = core_wrap(end_file(&file, after, status), "%s", operation);
        return mpi_agree(run, status, "%s: the end", operation);
    }
    end_file(&file, after, status);
    return status;
}
