#include "io_access.h"

#include <errno.h>
#include <string.h>

#include "core_assert.h"
#include "core_memory.h"
#include "io_fail.h"
#include "io_file.h"
#include "io_witness.h"

/* Notes an opening for the thread's witness. */
static shs_status note_opening(const struct io_access *access)
{
    struct io_identity identity;
    shs_status status = io_identify(access->file, access->path, &identity);
    if (!status) io_witness_open(access->path, &identity, false);
    return status;
}

/* Notes the first `count` bytes of pieces for the thread's witness. */
static void note_read(const struct io_access *access, uint64_t at, const struct iovec *pieces,
                      size_t count)
{
    struct io_identity identity;
    if (!io_witness_is_on()) return;
    if (io_identify(access->file, access->path, &identity)) {
        io_witness_miss();
        return;
    }
    for (size_t now; count; count -= now, at += now, pieces++) {
        now = count < pieces->iov_len ? count : pieces->iov_len;
        io_witness_read(&identity, at, pieces->iov_base, now);
    }
}

shs_status io_access_open(const char *path, struct io_access *access)
{
    *access = (struct io_access){.file = -1};
    shs_status status = core_copy(path, &access->path);
    if (!status) status = io_open(path, &access->file);
    if (!status && io_witness_is_on()) status = note_opening(access);
    if (status) io_access_close(access);
    return status;
}

shs_status io_access_prepare(const char *path, const struct io_identity *identity,
                             struct io_access *access)
{
    *access = (struct io_access){.file = -1, .expected = *identity};
    return core_copy(path, &access->path);
}

shs_status io_access_begin(struct io_access *access)
{
    struct io_identity now;
    bool touched = false;
    int file;
    if (access->file >= 0) return SHS_OK;
    shs_status status = io_open(access->path, &file);
    if (status) return status;
    status = io_identify(file, access->path, &now);
    if (!status) status = io_compare(access->path, &access->expected, &now, &touched);
    if (!status && touched)
        status = core_fail(SHS_ERROR_FILE,
                           "%s is being changed while it is opened: the time of its last change is "
                           "another than a moment ago; wait until it is whole, and start again",
                           access->path);
    if (status)
        io_close(file);
    else
        access->file = file;
    return status;
}

shs_status io_access_map(struct io_access *access, uint64_t at, uint64_t bytes)
{
    core_assert(!access->map);
    return io_map_open(access->file, access->path, at, bytes, &access->map);
}

void io_access_close(struct io_access *access)
{
    io_map_close(&access->map);
    if (access->file >= 0) io_close(access->file);
    core_free(&access->path);
    *access = (struct io_access){.file = -1};
}

static shs_status read_error(const struct io_access *access, uint64_t at, int error)
{
    return core_fail(SHS_ERROR_FILE, "%s: the system could not read byte %llu: %s; " IO_READ_ADVICE,
                     access->path, (ull)at, strerror(error));
}

/* Reports that the file ends before a byte. The file was longer when it was opened. */
static shs_status ends_before(const struct io_access *access, uint64_t at)
{
    struct io_identity now;
    shs_status status = io_identify(access->file, access->path, &now);
    if (status) return status;
    return core_fail(SHS_ERROR_FILE,
                     "%s has %llu bytes, but byte %llu is to be read: it was cut short since it "
                     "was opened; put it back and start again",
                     access->path, (ull)now.bytes, (ull)at);
}

/* Drops the first `bytes` bytes of the pieces. */
static void advance(struct iovec **pieces, int *count, size_t bytes)
{
    while (*count && bytes >= (*pieces)->iov_len) {
        bytes -= (*pieces)->iov_len;
        (*pieces)++;
        (*count)--;
    }
    if (!*count) return;
    (*pieces)->iov_base = (char *)(*pieces)->iov_base + bytes;
    (*pieces)->iov_len -= bytes;
}

/* Fills the pieces with the file's bytes from the offset `at` on, by the system's reads. */
static shs_status read_by_position(const struct io_access *access, uint64_t at,
                                   struct iovec *pieces, int count, bool *cold,
                                   uint64_t *bytes_read)
{
    uint64_t first = at;
    while (count) {
        ssize_t now = preadv2(access->file, pieces, count, (off_t)at, cold ? RWF_NOWAIT : 0);
        if (now < 0 && errno == EINTR) continue;
        if (cold && (now < 0 || (size_t)now < pieces->iov_len)) {
            *cold = true; /* a read that may wait will show any other error */
            return SHS_OK;
        }
        if (now < 0) return read_error(access, at, errno);
        if (now == 0) return ends_before(access, at);
        note_read(access, at, pieces, (size_t)now);
        at += (size_t)now;
        advance(&pieces, &count, (size_t)now);
    }
    *bytes_read += at - first;
    if (access->map && at > first) io_map_note(access->map, first, at - first);
    return SHS_OK;
}

/* Tells why a copy out of the map failed, or lies beyond the end of the file. A read of the same
 * bytes finds the system's reason. Bytes that come all the same are not used. */
static shs_status explain(const struct io_access *access, const struct io_copy *copy)
{
    struct iovec piece = {copy->to, copy->bytes};
    uint64_t unused = 0;
    shs_status status = read_by_position(access, copy->at, &piece, 1, NULL, &unused);
    if (status) return status;
    return core_fail(SHS_ERROR_FILE,
                     "%s: bytes %llu to %llu cannot be copied out of the map of the file, although "
                     "the system reads them: the file or its disk is changing; " IO_READ_ADVICE
                     ", or open the dataset without the option map",
                     access->path, (ull)copy->at, (ull)(copy->at + copy->bytes - 1));
}

/* The file's size is compared after the copies, because bytes behind a new end may be zeros in the
 * map. */
shs_status io_access_copy(const struct io_access *access, const struct io_copy *copies,
                          size_t count, size_t *failed, uint64_t *bytes_read)
{
    struct io_identity now;
    size_t done = io_map_copy(access->map, copies, count), whole = 0;
    *failed = 0;
    io_witness_miss();
    shs_status status = io_identify(access->file, access->path, &now);
    if (status) return status;
    for (; whole < done && copies[whole].at + copies[whole].bytes <= now.bytes; whole++)
        *bytes_read += copies[whole].bytes;
    if (whole == count) return SHS_OK;
    *failed = whole;
    return explain(access, &copies[whole]);
}

static shs_status copy_pieces(const struct io_access *access, uint64_t at,
                              const struct iovec *pieces, int count, uint64_t *bytes_read)
{
    struct io_copy copies[IO_PIECES];
    size_t failed;
    for (int i = 0; i < count; i++) {
        copies[i] = (struct io_copy){at, pieces[i].iov_len, pieces[i].iov_base};
        at += pieces[i].iov_len;
    }
    return io_access_copy(access, copies, (size_t)count, &failed, bytes_read);
}

bool io_access_has(const struct io_access *access, uint64_t at, size_t bytes)
{
    return access->map && bytes && io_map_has(access->map, at, bytes);
}

shs_status io_access_read(const struct io_access *access, uint64_t at, const struct iovec *pieces,
                          int count, bool *cold, uint64_t *bytes_read)
{
    struct iovec left[IO_PIECES];
    size_t bytes = 0;
    core_assert(count >= 0 && count <= IO_PIECES);
    for (int i = 0; i < count; i++)
        bytes += pieces[i].iov_len;
    if (io_access_has(access, at, bytes)) return copy_pieces(access, at, pieces, count, bytes_read);
    memcpy(left, pieces, (size_t)count * sizeof *pieces);
    return read_by_position(access, at, left, count, cold, bytes_read);
}
