/* Why a file cannot be opened, by its first bytes and its superblock. */
#include <string.h>

#include "h5_explain.h"
#include "h5_guard.h"
#include "io_file.h"
#include "io_kind.h"

typedef unsigned long long ull;

enum {
    SIGNATURE_BYTES = 8,
    SUPERBLOCK_BYTES = 64,
    NEWEST_SUPERBLOCK = 3,
    MOST_LIKELY = 10, /* versions from here on are no newer format but nonsense */
    OPEN_FOR_SWMR = 4 /* one of the status flags, which there are since version 3 */
};

/* What a superblock says of its file. */
struct superblock {
    unsigned version;
    unsigned flags; /* 0 before version 3 */
    uint64_t end;   /* of the file; 0 where it cannot be told */
};

/* The superblock's signature stands at the file's beginning or behind a user block of 512 bytes or
 * a power of two more. */
static shs_status find_superblock(int file, uint64_t file_bytes, unsigned char *bytes, size_t *got,
                                  uint64_t *at)
{
    static const unsigned char signature[] = "\x89HDF\r\n\x1a\n";
    *at = UINT64_MAX;
    for (uint64_t now = 0; now < file_bytes; now = now ? 2 * now : 512) {
        shs_status status = io_read_at(file, now, bytes, SUPERBLOCK_BYTES, got);
        if (status) return status;
        if (*got < SIGNATURE_BYTES || memcmp(bytes, signature, SIGNATURE_BYTES) != 0) continue;
        *at = now;
        return SHS_OK;
    }
    return SHS_OK;
}

/* A number of `size` bytes, 0 if it lies behind those that there are. */
static uint64_t number_at(const unsigned char *bytes, size_t got, size_t at, size_t size)
{
    uint64_t value = 0;
    if (size > 8 || at + size > got) return 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[at + i];
    return value;
}

static struct superblock read_superblock(const unsigned char *bytes, size_t got, uint64_t at)
{
    struct superblock found = {.version = (unsigned)number_at(bytes, got, 8, 1)};
    bool old = found.version < 2;
    size_t size = (size_t)number_at(bytes, got, old ? 13 : 9, 1);
    size_t base = old ? 24 + 4 * found.version : 12; /* then another address, and the file's end */
    if (found.version > NEWEST_SUPERBLOCK) return found;
    if (found.version == NEWEST_SUPERBLOCK) found.flags = (unsigned)number_at(bytes, got, 11, 1);
    uint64_t end = number_at(bytes, got, base + 2 * size, size);
    /* a superblock that was moved says nothing of this file's end */
    if (end <= INT64_MAX && number_at(bytes, got, base, size) == at) found.end = end;
    return found;
}

static shs_status explain_kind(const char *path, int file, uint64_t file_bytes)
{
    unsigned char head[IO_KIND_BYTES];
    size_t got;
    if (!file_bytes)
        return core_fail(SHS_ERROR_FORMAT,
                         "cannot open %s as HDF5: it is no HDF5 file: it is empty; get it anew "
                         "or, if a program is writing it, wait until it is closed",
                         path);
    shs_status status = io_read_at(file, 0, head, sizeof head, &got);
    if (status) return core_wrap(status, "cannot open %s", path);
    struct io_kind kind = io_kind_of(head, got);
    if (!kind.name)
        return core_fail(SHS_ERROR_FORMAT,
                         "cannot open %s as HDF5: it is no HDF5 file: it has no HDF5 signature",
                         path);
    return core_fail(SHS_ERROR_FORMAT,
                     "cannot open %s as HDF5: it is no HDF5 file: it begins like %s; %s", path,
                     kind.name, kind.advice);
}

static shs_status fail_open_for_writing(const char *path, const char *how)
{
    return core_fail(SHS_ERROR_FILE,
                     "cannot open %s: a program has it open for writing%s, or ended without "
                     "closing it; wait until it is closed or, only if no program writes it any "
                     "more, clear the mark: h5clear -s %s",
                     path, how, path);
}

bool h5_is_being_written(const char *path)
{
    int file;
    if (io_open(path, &file)) return false;
    bool written = io_is_being_written(file);
    io_close(file);
    return written;
}

static shs_status explain_superblock(const char *path, const struct superblock *found,
                                     uint64_t file_bytes)
{
    unsigned major, minor, release;
    H5get_libversion(&major, &minor, &release);
    if (found->version > NEWEST_SUPERBLOCK && found->version < MOST_LIKELY)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "cannot open %s: its superblock has version %u, which HDF5 %u.%u.%u does "
                         "not know; convert it with a newer HDF5's h5repack --high=v110 IN OUT",
                         path, found->version, major, minor, release);
    bool marked = found->flags && strstr(h5_reason(), "already open");
    if (marked)
        return fail_open_for_writing(path, found->flags & OPEN_FOR_SWMR ? " in SWMR mode" : "");
    if (file_bytes < found->end)
        return core_fail(SHS_ERROR_FORMAT,
                         "cannot open %s: it is not complete: it has %llu bytes of %llu; get it "
                         "anew or, if a program is writing it, wait until it is closed",
                         path, (ull)file_bytes, (ull)found->end);
    return h5_fail_damaged("cannot open %s: what its superblock leads to does not fit together",
                           path);
}

shs_status h5_explain_file(const char *path)
{
    unsigned char bytes[SUPERBLOCK_BYTES];
    struct io_identity identity;
    uint64_t at = 0;
    size_t got = 0;
    int file;
    if (h5_lacked_memory()) return h5_fail(SHS_ERROR_MEMORY, "cannot open %s", path);
    shs_status status = io_open(path, &file);
    if (status) return status;
    status = io_identify(file, path, &identity);
    if (!status)
        status = core_wrap(find_superblock(file, identity.bytes, bytes, &got, &at),
                           "cannot open %s", path);
    if (!status && at == UINT64_MAX) status = explain_kind(path, file, identity.bytes);
    io_close(file);
    if (status) return status;
    const struct superblock found = read_superblock(bytes, got, at);
    return explain_superblock(path, &found, identity.bytes);
}
