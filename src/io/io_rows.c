#include "io_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core_memory.h"
#include "io_bytes.h"
#include "io_file.h"

struct io_rows {
    int file;
    char *path;
    struct io_place place;
};

/* Sets *end to the end of the last row; a place that no file can have is refused. */
static shs_status find_end(const char *path, const struct io_place *place, uint64_t *end)
{
    if (core_multiply(place->rows, place->row_bytes, end) &&
        !__builtin_add_overflow(*end, place->offset, end) && *end <= INT64_MAX)
        return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT, "%s: %llu rows of %zu bytes lie beyond any file", path,
                     (unsigned long long)place->rows, place->row_bytes);
}

static shs_status open_file(struct io_rows *rows, const char *path)
{
    uint64_t end, bytes;
    shs_status status = find_end(path, &rows->place, &end);
    if (!status) status = io_size(path, &bytes);
    if (status) return status;
    if (bytes < end)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s has %llu bytes where its rows end at %llu: it is not complete", path,
                         (unsigned long long)bytes, (unsigned long long)end);
    rows->file = open(path, O_RDONLY | O_CLOEXEC);
    if (rows->file < 0)
        return core_fail(SHS_ERROR_FILE, "cannot open %s: %s", path, strerror(errno));
    return SHS_OK;
}

shs_status io_rows_open(const char *path, const struct io_place *place, struct io_rows **rows)
{
    shs_status status = core_new(1, sizeof **rows, "rows", rows);
    if (status) return status;
    (*rows)->file = -1;
    (*rows)->place = *place;
    status = core_copy(path, &(*rows)->path);
    if (!status) status = open_file(*rows, path);
    if (status) io_rows_close(rows);
    return status;
}

void io_rows_close(struct io_rows **rows)
{
    if (!*rows) return;
    if ((*rows)->file >= 0) close((*rows)->file);
    core_free(&(*rows)->path);
    core_free(rows);
}

static shs_status read_error(const struct io_rows *rows, uint64_t at, const char *cause)
{
    return core_fail(SHS_ERROR_FILE, "%s: byte %llu cannot be read: %s", rows->path,
                     (unsigned long long)at, cause);
}

shs_status io_rows_read(const struct io_rows *rows, uint64_t first, uint64_t count, void *to)
{
    const struct io_place *place = &rows->place;
    size_t bytes = (size_t)(count * place->row_bytes), got = 0;
    uint64_t at = place->offset + first * place->row_bytes;
    while (got < bytes) {
        ssize_t now = pread(rows->file, (char *)to + got, bytes - got, (off_t)(at + got));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return read_error(rows, at + got, strerror(errno));
        if (now == 0) return read_error(rows, at + got, "the file ends there; it was cut short");
        got += (size_t)now;
    }
    if (place->swap) io_swap(to, bytes / place->swap, place->swap);
    return SHS_OK;
}
