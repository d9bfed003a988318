#include "io_idx.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "core_memory.h"
#include "io_bytes.h"

struct io_idx {
    gzFile file;
    char *path;
    shs_type type;
    uint64_t taken; /* bytes of elements */
};

static const struct {
    unsigned char code;
    shs_type type;
} codes[] = {{0x08, SHS_U8},  {0x09, SHS_I8},  {0x0B, SHS_I16},
             {0x0C, SHS_I32}, {0x0D, SHS_F32}, {0x0E, SHS_F64}};

static shs_status read_error(const struct io_idx *idx)
{
    int code;
    const char *text = gzerror(idx->file, &code);
    return core_fail(SHS_ERROR_FORMAT, "%s: %s; the file is damaged or not complete", idx->path,
                     code == Z_ERRNO ? strerror(errno) : text);
}

/* zlib reports a gzip file that ends before its checksum as an end, and an error only when asked.
 */
static bool is_cut_off(const struct io_idx *idx)
{
    int code;
    gzerror(idx->file, &code);
    return code != Z_OK && code != Z_STREAM_END;
}

/* Reads exactly `bytes`, or fails. */
static shs_status read_all(struct io_idx *idx, void *to, size_t bytes, const char *what)
{
    unsigned char *at = to;
    while (bytes) {
        unsigned piece = bytes < (1u << 30) ? (unsigned)bytes : 1u << 30;
        int got = gzread(idx->file, at, piece);
        if (got < 0 || (got == 0 && is_cut_off(idx))) return read_error(idx);
        if (got == 0)
            return core_fail(SHS_ERROR_FORMAT,
                             "%s ends %zu bytes too early, in its %s; it is not complete",
                             idx->path, bytes, what);
        at += got;
        bytes -= (size_t)got;
    }
    return SHS_OK;
}

static shs_status read_shape(struct io_idx *idx, shs_tensor *shape)
{
    unsigned char magic[4], size[4];
    shs_status status = read_all(idx, magic, sizeof magic, "head");
    if (status) return status;
    *shape = (shs_tensor){.axes = magic[3]};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == magic[2]) shape->type = codes[i].type;
    if (magic[0] || magic[1] || !shape->type || !shape->axes || shape->axes > SHS_MAX_AXES)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no IDX file: it begins with %02x %02x %02x %02x, not with 00 00, a "
                         "type (08, 09, 0b … 0e) and 1 to %d axes",
                         idx->path, magic[0], magic[1], magic[2], magic[3], SHS_MAX_AXES);
    for (uint32_t axis = 0; axis < shape->axes; axis++) {
        status = read_all(idx, size, sizeof size, "head");
        if (status) return status;
        shape->shape[axis] =
            (uint64_t)size[0] << 24 | (uint64_t)size[1] << 16 | (uint64_t)size[2] << 8 | size[3];
    }
    return SHS_OK;
}

shs_status io_idx_open(const char *path, struct io_idx **idx, shs_tensor *shape)
{
    size_t bytes;
    shs_status status = core_new(1, sizeof **idx, "an IDX file", idx);
    if (!status) status = core_copy(path, &(*idx)->path);
    if (!status) {
        errno = 0;
        (*idx)->file = gzopen(path, "rb");
        if (!(*idx)->file)
            status = core_fail(SHS_ERROR_FILE, "cannot open %s: %s", path,
                               strerror(errno ? errno : ENOMEM));
    }
    if (!status) status = read_shape(*idx, shape);
    if (!status) status = core_wrap(shs_tensor_bytes(shape, &bytes), "%s", path);
    if (status)
        io_idx_close(idx);
    else
        (*idx)->type = shape->type;
    return status;
}

shs_status io_idx_read(struct io_idx *idx, void *elements, size_t bytes)
{
    shs_status status = read_all(idx, elements, bytes, "elements");
    if (status) return status;
    size_t size = shs_type_size(idx->type); /* big-endian in the file */
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) io_swap(elements, bytes / size, size);
    idx->taken += bytes;
    return SHS_OK;
}

shs_status io_idx_finish(struct io_idx *idx)
{
    unsigned char more;
    int got = gzread(idx->file, &more, 1);
    if (got < 0 || (got == 0 && is_cut_off(idx))) return read_error(idx);
    if (got > 0)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s goes on after the %llu bytes of elements that its head announces",
                         idx->path, (unsigned long long)idx->taken);
    return SHS_OK;
}

void io_idx_close(struct io_idx **idx)
{
    if (!*idx) return;
    if ((*idx)->file) gzclose((*idx)->file);
    core_free(&(*idx)->path);
    core_free(idx);
}
