#include "io_pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core_memory.h"
#include "io_content.h"
#include "io_durable.h"
#include "io_fail.h"
#include "io_file.h"

enum {
    BLOCK = 1 << 19 /* bytes that are hashed while they are in the cache, and then written */
};

/* The file that is written. */
struct target {
    const char *path;
    int file;
    struct core_hash *hash;
    char *block; /* memory for bytes that stay as they are */
};

static shs_status write_block(struct target *target, uint64_t at, const char *from, size_t bytes)
{
    core_hash_add(target->hash, from, bytes);
    int error = io_write_at(target->file, at, from, bytes);
    return error ? io_fail("cannot write", target->path, error, NULL) : SHS_OK;
}

static shs_status read_block(struct target *target, uint64_t at, size_t bytes)
{
    size_t got = 0;
    shs_status status = io_read_at(target->file, at, target->block, bytes, &got);
    if (status) return core_wrap(status, "%s", target->path);
    if (got < bytes)
        return core_fail(SHS_ERROR_FILE,
                         "%s has become shorter while it was written; no other program may write "
                         "in its folder",
                         target->path);
    core_hash_add(target->hash, target->block, bytes);
    return SHS_OK;
}

static shs_status write_piece(struct target *target, const struct io_piece *piece)
{
    shs_status status = SHS_OK;
    for (uint64_t done = 0; done < piece->bytes && !status;) {
        uint64_t left = piece->bytes - done;
        size_t now = left < BLOCK ? (size_t)left : BLOCK;
        if (piece->from)
            status = write_block(target, piece->at + done, (const char *)piece->from + done, now);
        else
            status = read_block(target, piece->at + done, now);
        done += now;
    }
    return status;
}

static shs_status write_all(struct target *target, const struct io_piece *pieces, size_t count)
{
    shs_status status = SHS_OK;
    /* reading ahead would read what is about to be written */
    posix_fadvise(target->file, 0, 0, POSIX_FADV_RANDOM);
    for (size_t i = 0; i < count && !status; i++)
        status = write_piece(target, &pieces[i]);
    if (!status && fsync(target->file) < 0)
        status = io_fail("cannot write to stable storage:", target->path, errno, NULL);
    return status;
}

shs_status io_write_pieces(const char *path, const struct io_piece *pieces, size_t count,
                           char checksum[CORE_DIGEST_TEXT])
{
    struct target target = {.path = path, .file = -1};
    shs_status status = io_reserve(path);
    if (!status) status = core_new(BLOCK, 1, "a block of a file", &target.block);
    if (!status) status = core_hash_new(&target.hash);
    int error = status ? 0 : io_open_to_write(path, false, &target.file);
    if (error) status = io_fail("cannot open", path, error, NULL);
    if (!status) status = write_all(&target, pieces, count);
    if (target.file >= 0) io_close(target.file);
    if (target.hash) core_hash_finish(&target.hash, checksum);
    core_free(&target.block);
    return status;
}
