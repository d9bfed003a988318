#include "io_witness.h"

#include <string.h>

#include "core_memory.h"
#include "io_content.h"

enum {
    MOST_READS = 1 << 14, /* of a file; more are not noted */
    PIECE = 1 << 16       /* bytes that are compared at a time */
};

static _Thread_local struct io_witness *current;

void io_witness_begin(struct io_witness *witness)
{
    current = witness;
}

void io_witness_end(void)
{
    current = NULL;
}

bool io_witness_is_on(void)
{
    return current != NULL;
}

void io_witness_free(struct io_witness *witness)
{
    for (size_t i = 0; i < witness->files; i++) {
        core_hash_free(&witness->file[i].hash);
        core_free(&witness->file[i].read);
        core_free(&witness->file[i].path);
    }
    core_free(&witness->file);
    *witness = (struct io_witness){0};
}

void io_witness_miss(void)
{
    if (current) current->partial = true;
}

static struct io_witness_file *find(const struct io_identity *identity)
{
    for (size_t i = 0; i < current->files; i++)
        if (!memcmp(&current->file[i].identity, identity, sizeof *identity))
            return &current->file[i];
    return NULL;
}

static shs_status add(const char *path, const struct io_identity *identity)
{
    if (current->files == current->capacity) {
        size_t capacity = 2 * current->capacity + 1;
        shs_status status = core_resize(capacity, sizeof *current->file, "files", &current->file);
        if (status) return status;
        current->capacity = capacity;
    }
    struct io_witness_file *file = &current->file[current->files];
    *file = (struct io_witness_file){.identity = *identity};
    shs_status status = core_copy(path, &file->path);
    if (!status) status = core_hash_new(&file->hash);
    if (!status)
        current->files++;
    else
        core_free(&file->path);
    return status;
}

void io_witness_open(const char *path, const struct io_identity *identity, bool is_known)
{
    if (!current || current->status || find(identity)) return;
    current->partial |= is_known;
    current->status = add(path, identity);
}

static shs_status add_extent(struct io_witness_file *file, uint64_t at, size_t count)
{
    struct io_extent *last = file->reads ? &file->read[file->reads - 1] : NULL;
    if (last && last->at + last->bytes == at) {
        last->bytes += count;
        return SHS_OK;
    }
    if (file->reads == file->capacity) {
        size_t capacity = 2 * file->capacity + 16;
        shs_status status = core_resize(capacity, sizeof *file->read, "reads", &file->read);
        if (status) return status;
        file->capacity = capacity;
    }
    file->read[file->reads++] = (struct io_extent){at, count};
    return SHS_OK;
}

void io_witness_read(const struct io_identity *identity, uint64_t at, const void *bytes,
                     size_t count)
{
    if (!current || current->status || !count) return;
    struct io_witness_file *file = find(identity);
    if (!file || file->reads >= MOST_READS) {
        current->partial = true;
        return;
    }
    current->status = add_extent(file, at, count);
    if (!current->status) core_hash_add(file->hash, bytes, count);
}

static shs_status hash_extent(int file, struct io_extent extent, void *piece,
                              struct core_hash *hash, bool *whole)
{
    shs_status status = SHS_OK;
    while (extent.bytes && *whole && !status) {
        size_t now = extent.bytes < PIECE ? (size_t)extent.bytes : PIECE, got = 0;
        status = io_read_at(file, extent.at, piece, now, &got);
        core_hash_add(hash, piece, got);
        *whole = got == now;
        extent.at += now;
        extent.bytes -= now;
    }
    return status;
}

shs_status io_witness_compare(const char *path, const struct io_extent *read, size_t reads,
                              const struct core_digest *digest, bool *same)
{
    struct core_hash *hash = NULL;
    char *piece = NULL;
    int file;
    *same = false;
    shs_status status = io_open(path, &file);
    if (status) return status;
    bool whole = !io_is_being_written(file);
    status = core_hash_new(&hash);
    if (!status) status = core_new(PIECE, 1, "bytes of a file", &piece);
    for (size_t i = 0; i < reads && whole && !status; i++)
        status = core_wrap(hash_extent(file, read[i], piece, hash, &whole), "%s", path);
    if (!status && whole) {
        const struct core_digest found = core_hash_digest(hash);
        *same = !memcmp(found.bytes, digest->bytes, sizeof found.bytes);
    }
    core_hash_free(&hash);
    core_free(&piece);
    io_close(file);
    return status;
}
