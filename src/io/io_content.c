#include "io_content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core_memory.h"
#include "io_durable.h"
#include "io_fail.h"
#include "io_file.h"
#include "io_folder.h"

shs_status io_read_at(int file, uint64_t at, void *to, size_t bytes, size_t *got)
{
    for (*got = 0; *got < bytes;) {
        ssize_t now = pread(file, (char *)to + *got, bytes - *got, (off_t)(at + *got));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0)
            return core_fail(SHS_ERROR_FILE,
                             "the system could not read byte %llu: %s; " IO_READ_ADVICE,
                             (ull)(at + *got), strerror(errno));
        if (now == 0) break;
        *got += (size_t)now;
    }
    return SHS_OK;
}

int io_open_to_write(const char *path, bool create, int *file)
{
    *file = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0), 0666);
    return *file < 0 ? errno : 0;
}

int io_write_at(int file, uint64_t at, const void *bytes, size_t count)
{
    for (size_t done = 0; done < count;) {
        ssize_t now = pwrite(file, (const char *)bytes + done, count - done, (off_t)(at + done));
        if (now < 0 && errno != EINTR) return errno;
        if (now > 0) done += (size_t)now;
    }
    return 0;
}

int io_set_size(int file, uint64_t bytes)
{
    while (ftruncate(file, (off_t)bytes) < 0)
        if (errno != EINTR) return errno;
    return 0;
}

shs_status io_forget(const char *path)
{
    int file;
    shs_status status = io_sync(path);
    if (!status) status = io_open(path, &file);
    if (status) return status;
    int error = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
    return error ? io_fail("cannot forget", path, error, NULL) : SHS_OK;
}

/* Reads `bytes` bytes or up to the file's end. Returns false with errno set on an error. */
static bool read_whole(int file, char *to, size_t bytes, size_t *got)
{
    for (*got = 0; *got < bytes;) {
        ssize_t now = read(file, to + *got, bytes - *got);
        if (now == 0) return true;
        if (now < 0 && errno != EINTR) return false;
        if (now > 0) *got += (size_t)now;
    }
    return true;
}

static shs_status hash_file(int file, const char *path, struct core_hash *hash)
{
    enum {
        PIECE = 1 << 20
    };
    char *piece;
    size_t got = PIECE;
    shs_status status = core_new(PIECE, 1, "a piece of a file", &piece);
    while (!status && got == PIECE) {
        if (!read_whole(file, piece, PIECE, &got))
            status = io_fail("cannot read", path, errno, IO_READ_ADVICE);
        else
            core_hash_add(hash, piece, got);
    }
    core_free(&piece);
    return status;
}

shs_status io_checksum(const char *path, char text[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    int file;
    shs_status status = io_open(path, &file);
    if (status) return status;
    status = core_hash_new(&hash);
    if (!status) status = hash_file(file, path, hash);
    close(file);
    if (hash) core_hash_finish(&hash, text);
    return status;
}

shs_status io_read_text(const char *path, char *text, size_t bytes)
{
    size_t got = 0;
    int file;
    bool there;
    text[0] = '\0';
    shs_status status = io_exists(path, &there);
    if (status || !there) return status;
    status = io_open(path, &file);
    if (status) return status;
    bool read = read_whole(file, text, bytes - 1, &got);
    int error = errno;
    close(file);
    text[read ? got : 0] = '\0';
    return read ? SHS_OK : io_fail("cannot read", path, error, IO_READ_ADVICE);
}

/* Reads pieces, each as long as all pieces before it, because the size of a pipe is unknown. */
static shs_status read_to_end(int file, const char *path, char **text, size_t *bytes)
{
    const size_t most = 1 << 30;
    for (size_t room = 1 << 16; room <= most; room *= 2) {
        size_t got = 0;
        shs_status status = core_resize(room + 1, 1, "a text", text);
        if (status) return status;
        if (!read_whole(file, *text + *bytes, room - *bytes, &got))
            return io_fail("cannot read", path, errno, IO_READ_ADVICE);
        *bytes += got;
        if (*bytes < room) return SHS_OK;
    }
    return core_fail(SHS_ERROR_FILE, "%s has 2^30 bytes or more; give a shorter one", path);
}

/* Refuses what is not UTF-8 text. Drops the mark of the encoding that editors of Windows put at the
 * beginning. */
static shs_status check_text(const char *path, char *text, size_t bytes)
{
    static const char utf8[] = "\xef\xbb\xbf";
    if (bytes >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2)))
        return core_fail(SHS_ERROR_FORMAT, "%s is a text in UTF-16; save it as UTF-8", path);
    if (strlen(text) != bytes)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no text: it has a byte of 0; give a text in UTF-8", path);
    if (!strncmp(text, utf8, strlen(utf8)))
        memmove(text, text + strlen(utf8), bytes + 1 - strlen(utf8));
    return SHS_OK;
}

shs_status io_read_all(const char *path, char **text)
{
    size_t bytes = 0;
    int file;
    *text = NULL;
    shs_status status = io_open_text(path, &file);
    if (status) return status;
    status = read_to_end(file, path, text, &bytes);
    io_close(file);
    if (!status) {
        (*text)[bytes] = '\0';
        status = check_text(path, *text, bytes);
    }
    if (status) core_free(text);
    return status;
}
