#include "import_gunzip.h"

#include <string.h>
#include <zlib.h>

#include "core_memory.h"
#include "io_content.h"

enum {
    PACKED_BYTES = 1 << 17,
    PASSED_BYTES = 1 << 16,
    MOST_BYTES = 1 << 30, /* most bytes that zlib is asked for in one call */
    /* The largest window, 15, and 16 for the heads and checksums of gzip. */
    GZIP_WINDOW = 15 + 16,
    BARE_WINDOW = -15 /* the same without heads and checksums */
};

struct import_gunzip {
    int file;
    const char *path;
    z_stream zlib;
    bool started;          /* true if zlib has taken memory */
    unsigned char *packed; /* bytes of the file, of which zlib has taken some */
    uint64_t packed_end;   /* offset in the file of the byte after them */
    unsigned char *passed; /* room for unpacked bytes that are passed over */
    uint64_t at;           /* position of the next unpacked byte */
    uint64_t member;       /* offset in the file of the member that is being unpacked */
    bool between;          /* true if the next byte of the file begins a member */
    bool ended;
    /* of deflated bytes in another file: */
    bool bare;
    struct import_deflated deflated;
    bool finished;  /* true if zlib has found their end */
    uint32_t crc32; /* of the bytes unpacked so far */
};

static void restart(struct import_gunzip *gunzip)
{
    gunzip->zlib.avail_in = 0;
    gunzip->packed_end = gunzip->deflated.begin;
    gunzip->at = 0;
    gunzip->between = true;
    gunzip->ended = gunzip->finished = false;
    gunzip->crc32 = 0;
}

static shs_status open_gunzip(int file, const char *path, const struct import_deflated *deflated,
                              struct import_gunzip **gunzip)
{
    shs_status status = core_new(1, sizeof **gunzip, "a gzip file", gunzip);
    if (status) return status;
    (*gunzip)->file = file;
    (*gunzip)->path = path;
    (*gunzip)->bare = deflated != NULL;
    if (deflated) (*gunzip)->deflated = *deflated;
    status = core_new(PACKED_BYTES, 1, "a buffer", &(*gunzip)->packed);
    if (!status) status = core_new(PASSED_BYTES, 1, "a buffer", &(*gunzip)->passed);
    if (!status) {
        int window = deflated ? BARE_WINDOW : GZIP_WINDOW;
        (*gunzip)->started = inflateInit2(&(*gunzip)->zlib, window) == Z_OK;
        if (!(*gunzip)->started)
            status = core_fail(SHS_ERROR_MEMORY, "no memory to unpack %s", path);
    }
    if (status)
        import_gunzip_close(gunzip);
    else
        restart(*gunzip);
    return status;
}

shs_status import_gunzip_open(int file, const char *path, struct import_gunzip **gunzip)
{
    return open_gunzip(file, path, NULL, gunzip);
}

shs_status import_gunzip_open_deflated(int file, const char *path,
                                       const struct import_deflated *deflated,
                                       struct import_gunzip **gunzip)
{
    return open_gunzip(file, path, deflated, gunzip);
}

void import_gunzip_close(struct import_gunzip **gunzip)
{
    if (!*gunzip) return;
    if ((*gunzip)->started) inflateEnd(&(*gunzip)->zlib);
    core_free(&(*gunzip)->packed);
    core_free(&(*gunzip)->passed);
    core_free(gunzip);
}

uint64_t import_gunzip_tell(const struct import_gunzip *gunzip)
{
    return gunzip->at;
}

/* Reads more of the file behind the bytes that zlib has not taken yet. */
static shs_status refill(struct import_gunzip *gunzip)
{
    z_stream *zlib = &gunzip->zlib;
    size_t got, room = PACKED_BYTES - zlib->avail_in;
    uint64_t left = gunzip->deflated.begin + gunzip->deflated.packed - gunzip->packed_end;
    if (zlib->avail_in) memmove(gunzip->packed, zlib->next_in, zlib->avail_in);
    if (gunzip->bare && room > left) room = (size_t)left;
    shs_status status =
        io_read_at(gunzip->file, gunzip->packed_end, gunzip->packed + zlib->avail_in, room, &got);
    zlib->next_in = gunzip->packed;
    zlib->avail_in += (uInt)got;
    gunzip->packed_end += got;
    return core_wrap(status, "reading %s", gunzip->path);
}

static bool begins_member(const z_stream *zlib)
{
    return zlib->avail_in > 1 && zlib->next_in[0] == 0x1f && zlib->next_in[1] == 0x8b;
}

/* Begins the next member, or finds the end of the file. */
static shs_status begin_member(struct import_gunzip *gunzip)
{
    z_stream *zlib = &gunzip->zlib;
    shs_status status = zlib->avail_in > 1 ? SHS_OK : refill(gunzip);
    if (status) return status;
    gunzip->member = gunzip->packed_end - zlib->avail_in;
    gunzip->ended = gunzip->bare ? gunzip->finished : !zlib->avail_in;
    if (gunzip->ended) return SHS_OK;
    if (!gunzip->bare && !begins_member(zlib))
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: its last gzip member ends at byte %llu, and the bytes from there on "
                         "begin no other; if they do not belong to it, cut them off with head -c "
                         "%llu",
                         gunzip->path, (ull)gunzip->member, (ull)gunzip->member);
    gunzip->between = false;
    if (inflateReset(zlib) == Z_OK) return SHS_OK;
    return core_fail(SHS_ERROR_MEMORY, "no memory to unpack %s", gunzip->path);
}

static shs_status check_code(struct import_gunzip *gunzip, int code)
{
    gunzip->between = gunzip->finished = code == Z_STREAM_END;
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) return SHS_OK;
    if (code == Z_MEM_ERROR)
        return core_fail(SHS_ERROR_MEMORY, "no memory to unpack %s", gunzip->path);
    if (gunzip->bare)
        return core_fail(SHS_ERROR_FORMAT, "%s is damaged: %s; get the file anew", gunzip->path,
                         gunzip->zlib.msg ? gunzip->zlib.msg : "it asks for a dictionary");
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: the gzip member at byte %llu is damaged: %s; get the file anew",
                     gunzip->path, (ull)gunzip->member,
                     gunzip->zlib.msg ? gunzip->zlib.msg : "it asks for a dictionary");
}

/* Unpacks the bytes in memory. At least one byte of the file is taken unless the file has ended. */
static shs_status unpack_some(struct import_gunzip *gunzip)
{
    shs_status status = SHS_OK;
    if (gunzip->between) status = begin_member(gunzip);
    if (status || gunzip->ended) return status;
    if (!gunzip->zlib.avail_in) status = refill(gunzip);
    if (status) return status;
    if (!gunzip->zlib.avail_in && gunzip->bare)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is damaged: its packed bytes end too early; get the file anew",
                         gunzip->path);
    if (!gunzip->zlib.avail_in)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s ends too early, within the gzip member that begins at byte %llu; it "
                         "is not complete, get it anew",
                         gunzip->path, (ull)gunzip->member);
    return check_code(gunzip, inflate(&gunzip->zlib, Z_NO_FLUSH));
}

/* Compares the end of deflated bytes with what was said of them. */
static shs_status check_deflated(const struct import_gunzip *gunzip)
{
    const struct import_deflated *deflated = &gunzip->deflated;
    uint64_t taken = gunzip->packed_end - gunzip->zlib.avail_in - deflated->begin;
    if (taken != deflated->packed || gunzip->at != deflated->bytes)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is damaged: it is %llu bytes, %llu packed, where the directory says "
                         "%llu and %llu; get the file anew",
                         gunzip->path, (ull)gunzip->at, (ull)taken, (ull)deflated->bytes,
                         (ull)deflated->packed);
    if (gunzip->crc32 == deflated->crc32) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s is damaged: its CRC-32 is %08x, where the directory says %08x; get the "
                     "file anew",
                     gunzip->path, gunzip->crc32, deflated->crc32);
}

static shs_status unpack(struct import_gunzip *gunzip, void *to, size_t bytes, size_t *got)
{
    shs_status status = SHS_OK;
    if (bytes > MOST_BYTES) bytes = MOST_BYTES;
    gunzip->zlib.next_out = to;
    gunzip->zlib.avail_out = (uInt)bytes;
    while (gunzip->zlib.avail_out && !gunzip->ended && !status)
        status = unpack_some(gunzip);
    *got = bytes - gunzip->zlib.avail_out;
    gunzip->at += *got;
    if (gunzip->bare) gunzip->crc32 = (uint32_t)crc32_z(gunzip->crc32, to, *got);
    if (!status && gunzip->bare && gunzip->ended) status = check_deflated(gunzip);
    if (status) restart(gunzip);
    return status;
}

/* Unpacks up to a position, or to the end if that comes first. */
static shs_status go_to(struct import_gunzip *gunzip, uint64_t at)
{
    shs_status status = SHS_OK;
    if (at < gunzip->at) restart(gunzip);
    while (gunzip->at < at && !gunzip->ended && !status) {
        size_t got;
        uint64_t left = at - gunzip->at;
        status = unpack(gunzip, gunzip->passed, left < PASSED_BYTES ? left : PASSED_BYTES, &got);
    }
    return status;
}

shs_status import_gunzip_read(struct import_gunzip *gunzip, uint64_t at, void *to, size_t bytes,
                              size_t *got)
{
    shs_status status = go_to(gunzip, at);
    *got = 0;
    while (!status && *got < bytes && !gunzip->ended) {
        size_t now;
        status = unpack(gunzip, (char *)to + *got, bytes - *got, &now);
        *got += now;
    }
    return status;
}
