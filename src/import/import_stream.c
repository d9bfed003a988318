#include "import_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core_memory.h"
#include "core_text.h"
#include "import_gunzip.h"
#include "import_temporary.h"
#include "import_zip.h"
#include "io_file.h"

enum {
    PIECE_BYTES = 1 << 20,
    PLAUSIBLE_RATIO = 16 /* unpacked bytes for each packed byte that a gzip file may claim without
                            being unpacked */
};

struct import_stream {
    char *path;
    int file;
    uint64_t begin;               /* offset in the file of a member of a zip file, else 0 */
    uint64_t bytes;               /* bytes of the file, or of the member, as stored */
    struct import_gunzip *gunzip; /* NULL for bytes that are not packed */
    bool is_member;               /* true for a member that is not packed */
    uint32_t crc32;               /* of this member */
};

static shs_status read_plain(struct import_stream *stream, uint64_t at, void *to, size_t bytes,
                             size_t *got)
{
    while (*got < bytes && at + *got < stream->bytes) {
        size_t left = bytes - *got;
        if (left > stream->bytes - at - *got) left = (size_t)(stream->bytes - at - *got);
        ssize_t now =
            pread(stream->file, (char *)to + *got, left, (off_t)(stream->begin + at + *got));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0)
            return core_fail(SHS_ERROR_FILE, "cannot read %s: %s", stream->path, strerror(errno));
        if (now == 0) break;
        *got += (size_t)now;
    }
    return SHS_OK;
}

shs_status import_stream_read(struct import_stream *stream, uint64_t at, void *to, size_t bytes,
                              size_t *got)
{
    *got = 0;
    return stream->gunzip ? import_gunzip_read(stream->gunzip, at, to, bytes, got)
                          : read_plain(stream, at, to, bytes, got);
}

/* Returns the offset at which a file was found to end too early. */
static uint64_t end_of(const struct import_stream *stream)
{
    return stream->gunzip ? import_gunzip_tell(stream->gunzip) : stream->bytes;
}

static shs_status too_short(const struct import_stream *stream, uint64_t end, const char *what)
{
    return core_fail(SHS_ERROR_FORMAT,
                     "%s ends %llu bytes too early, in its %s; it is not complete", stream->path,
                     (ull)(end - end_of(stream)), what);
}

static shs_status too_long(const struct import_stream *stream, uint64_t end)
{
    return core_fail(SHS_ERROR_FORMAT,
                     "%s goes on after the %llu bytes that its type and shape ask for",
                     stream->path, (ull)end);
}

shs_status import_stream_read_all(struct import_stream *stream, uint64_t at, void *to, size_t bytes,
                                  const char *what)
{
    size_t got;
    shs_status status = import_stream_read(stream, at, to, bytes, &got);
    return !status && got < bytes ? too_short(stream, at + bytes, what) : status;
}

shs_status import_stream_check_size(struct import_stream *stream, uint64_t end, const char *what)
{
    if (stream->gunzip)
        return end / PLAUSIBLE_RATIO > stream->bytes ? import_stream_check_end(stream, end)
                                                     : SHS_OK;
    if (stream->bytes == end) return SHS_OK;
    return stream->bytes < end ? too_short(stream, end, what) : too_long(stream, end);
}

/* Compares the bytes of a member that is not packed with its checksum. */
static shs_status check_member(struct import_stream *stream)
{
    unsigned char *piece;
    size_t got = PIECE_BYTES;
    uint32_t crc = 0;
    shs_status status = core_new(PIECE_BYTES, 1, "a piece of a file", &piece);
    for (uint64_t at = 0; !status && got == PIECE_BYTES; at += got) {
        got = 0;
        status = read_plain(stream, at, piece, PIECE_BYTES, &got);
        if (!status) crc = (uint32_t)crc32_z(crc, piece, got);
    }
    core_free(&piece);
    if (status || crc == stream->crc32) return status;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s is damaged: its CRC-32 is %08x, where the directory says %08x; get the "
                     "file anew",
                     stream->path, crc, stream->crc32);
}

shs_status import_stream_check_end(struct import_stream *stream, uint64_t end)
{
    char more;
    size_t got;
    shs_status status = import_stream_read(stream, end, &more, 1, &got);
    if (!status && got) return too_long(stream, end);
    if (!status && end_of(stream) < end) return too_short(stream, end, "elements");
    return !status && stream->is_member ? check_member(stream) : status;
}

static shs_status look_at(struct import_stream *stream)
{
    unsigned char magic[2];
    size_t got = 0;
    struct stat about;
    if (fstat(stream->file, &about) < 0)
        return core_fail(SHS_ERROR_FILE, "cannot look at %s: %s", stream->path, strerror(errno));
    stream->bytes = (uint64_t)about.st_size;
    shs_status status = read_plain(stream, 0, magic, sizeof magic, &got);
    if (status) return status;
    if (got == sizeof magic && magic[0] == 0x1f && magic[1] == 0x8b)
        return import_gunzip_open(stream->file, stream->path, &stream->gunzip);
    if (core_ends_in(stream->path, ".gz"))
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no gzip file, though its name ends in .gz: it does not begin with "
                         "1f 8b; give it another name",
                         stream->path);
    return SHS_OK;
}

shs_status import_stream_open(const char *path, struct import_stream **stream)
{
    shs_status status = core_new(1, sizeof **stream, "a file", stream);
    if (status) return status;
    (*stream)->file = -1;
    status = core_copy(path, &(*stream)->path);
    if (!status) status = io_open(path, &(*stream)->file);
    if (!status) status = look_at(*stream);
    if (status) import_stream_close(stream);
    return status;
}

static shs_status take_member(struct import_stream *stream, const struct import_zip_member *member)
{
    struct core_text text = {0};
    const struct import_deflated deflated = {member->begin, member->packed, member->bytes,
                                             member->crc32};
    core_text_add(&text, "%s: member %s", stream->path, member->name);
    core_free(&stream->path);
    shs_status status = core_text_take(&text, &stream->path);
    if (status) return status;
    stream->bytes = member->packed;
    if (member->deflated)
        return import_gunzip_open_deflated(stream->file, stream->path, &deflated, &stream->gunzip);
    stream->begin = member->begin;
    stream->is_member = true;
    stream->crc32 = member->crc32;
    return SHS_OK;
}

static shs_status find_member(struct import_stream *stream, const char *name)
{
    struct import_zip_member member;
    struct stat about;
    if (fstat(stream->file, &about) < 0)
        return core_fail(SHS_ERROR_FILE, "cannot look at %s: %s", stream->path, strerror(errno));
    shs_status status =
        import_zip_find(stream->file, (uint64_t)about.st_size, stream->path, name, &member);
    if (!status) status = take_member(stream, &member);
    core_free(&member.name);
    return status;
}

shs_status import_stream_open_member(const char *path, const char *name,
                                     struct import_stream **stream)
{
    shs_status status = core_new(1, sizeof **stream, "a file", stream);
    if (status) return status;
    (*stream)->file = -1;
    status = core_copy(path, &(*stream)->path);
    if (!status) status = io_open(path, &(*stream)->file);
    if (!status) status = find_member(*stream, name);
    if (status) import_stream_close(stream);
    return status;
}

void import_stream_close(struct import_stream **stream)
{
    if (!*stream) return;
    import_gunzip_close(&(*stream)->gunzip);
    if ((*stream)->file >= 0) close((*stream)->file);
    core_free(&(*stream)->path);
    core_free(stream);
}

uint64_t import_stream_bytes(const struct import_stream *stream)
{
    return stream->bytes;
}

const char *import_stream_path(const struct import_stream *stream)
{
    return stream->path;
}

bool import_stream_is_packed(const struct import_stream *stream)
{
    return stream->gunzip != NULL;
}

static shs_status unpack_into(struct import_stream *stream, int file, uint64_t *bytes)
{
    char *piece;
    size_t got = PIECE_BYTES;
    shs_status status = core_new(PIECE_BYTES, 1, "a piece of a file", &piece);
    for (*bytes = 0; !status && got == PIECE_BYTES; *bytes += got) {
        status = import_stream_read(stream, *bytes, piece, PIECE_BYTES, &got);
        if (!status) status = import_temporary_write(file, piece, got);
    }
    core_free(&piece);
    return status;
}

shs_status import_stream_unpack(struct import_stream *stream)
{
    int file = -1;
    uint64_t bytes;
    if (!stream->gunzip) return SHS_OK;
    shs_status status = import_temporary_open(&file);
    if (status) return status;
    status = unpack_into(stream, file, &bytes);
    if (status) {
        close(file);
        return core_wrap(status, "unpacking %s", stream->path);
    }
    import_gunzip_close(&stream->gunzip);
    close(stream->file);
    stream->file = file;
    stream->bytes = bytes;
    return SHS_OK;
}
