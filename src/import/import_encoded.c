#include "import_encoded.h"

#include <string.h>

#include "core_memory.h"
#include "io_content.h"
#include "io_file.h"
#include "io_image.h"

void import_encoded_free(struct import_encoded *encoded)
{
    core_free(&encoded->number);
    core_free(&encoded->offset);
    *encoded = (struct import_encoded){0};
}

/* Makes the path of an image. */
static shs_status path_of(const struct import_encoded *encoded, uint64_t row, char **path)
{
    uint64_t first;
    return import_origin_source(encoded->origin, encoded->number[row], path, &first);
}

shs_status import_encoded_find(const struct import_origin *origin, uint64_t **number,
                               uint64_t count, struct import_encoded *encoded)
{
    *encoded = (struct import_encoded){.origin = origin, .count = count, .number = *number};
    *number = NULL;
    shs_status status = core_new(count + 1, sizeof *encoded->offset, "offsets", &encoded->offset);
    for (uint64_t row = 0; row < count && !status; row++) {
        uint64_t bytes = 0;
        char *path;
        status = path_of(encoded, row, &path);
        if (status) return status;
        status = io_size(path, &bytes);
        if (!status && !bytes)
            status = core_fail(SHS_ERROR_FORMAT, "%s is empty; get the image anew", path);
        core_free(&path);
        encoded->offset[row + 1] = encoded->offset[row] + bytes;
    }
    return status;
}

/* ---- rows */

static shs_status read_at(int file, const char *path, uint64_t at, void *to, size_t bytes)
{
    size_t got;
    shs_status status = core_wrap(io_read_at(file, at, to, bytes, &got), "%s", path);
    if (status || got == bytes) return status;
    return core_fail(SHS_ERROR_FILE,
                     "%s has become shorter while it was imported; import it again when nothing "
                     "writes to it",
                     path);
}

/* Reads a part of an image from its file. */
static shs_status read_part(const struct import_encoded *encoded, uint64_t row, uint64_t at,
                            size_t bytes, void *to)
{
    int file;
    char *path;
    struct io_identity now;
    shs_status status = path_of(encoded, row, &path);
    if (status) return status;
    status = io_open(path, &file);
    if (!status) {
        status = io_identify(file, path, &now);
        if (!status && now.bytes != encoded->offset[row + 1] - encoded->offset[row])
            status = core_fail(SHS_ERROR_FILE,
                               "%s was written to while it was imported; import it again when "
                               "nothing writes to it",
                               path);
        if (!status) status = read_at(file, path, at, to, bytes);
        io_close(file);
    }
    core_free(&path);
    return status;
}

/* Returns the image that has a byte. None is empty. */
static uint64_t image_of(const struct import_encoded *encoded, uint64_t byte)
{
    uint64_t low = 0, high = encoded->count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        *(encoded->offset[middle] <= byte ? &low : &high) = middle;
    }
    return low;
}

shs_status import_encoded_read_bytes(void *user, uint64_t first, uint64_t count, void *rows)
{
    const struct import_encoded *encoded = user;
    uint64_t row = count ? image_of(encoded, first) : 0;
    char *to = rows;
    shs_status status = SHS_OK;
    for (; count && !status; row++) {
        uint64_t at = first - encoded->offset[row], left = encoded->offset[row + 1] - first;
        size_t now = (size_t)(left < count ? left : count);
        status = read_part(encoded, row, at, now, to);
        to += now;
        first += now;
        count -= now;
    }
    return status;
}

shs_status import_encoded_read_offsets(void *user, uint64_t first, uint64_t count, void *rows)
{
    const struct import_encoded *encoded = user;
    memcpy(rows, encoded->offset + first, (size_t)count * sizeof *encoded->offset);
    return SHS_OK;
}

/* ---- heads */

struct file {
    const char *path;
    int file;
};

static shs_status read_file(void *user, uint64_t at, void *to, size_t bytes)
{
    const struct file *file = user;
    return read_at(file->file, file->path, at, to, bytes);
}

static shs_status look(const char *path, int number, uint32_t size[3])
{
    struct file file = {path, number};
    struct io_identity now;
    struct io_image *image;
    shs_tensor shape;
    shs_status status = io_identify(number, path, &now);
    if (status) return status;
    const struct io_image_input input = {path, now.bytes, read_file, &file};
    status = io_image_open(&input, (struct io_image_how){.look = true}, &image, &shape);
    io_image_close(&image);
    if (status) return status;
    size[0] = (uint32_t)shape.shape[0];
    size[1] = (uint32_t)shape.shape[1];
    size[2] = shape.axes > 2 ? (uint32_t)shape.shape[2] : 1;
    return SHS_OK;
}

shs_status import_encoded_look(const char *path, uint32_t size[3])
{
    int file;
    shs_status status = io_open(path, &file);
    if (status) return status;
    status = look(path, file, size);
    io_close(file);
    return status;
}
