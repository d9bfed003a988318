#include "io_superblock.h"

#include <string.h>

#include "io_content.h"

enum {
    SIGNATURE_BYTES = 8,
    SUPERBLOCK_BYTES = 64
};

/* Finds the superblock's signature. It stands at the file's beginning or behind a user block, whose
 * size is 512 bytes or a larger power of two. */
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

/* Reads a number of `size` bytes at the offset `at`. Returns 0 if the number lies behind the `got`
 * bytes. */
static uint64_t number_at(const unsigned char *bytes, size_t got, size_t at, size_t size)
{
    uint64_t value = 0;
    if (size > 8 || at + size > got) return 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[at + i];
    return value;
}

static struct io_superblock parse(const unsigned char *bytes, size_t got, uint64_t at)
{
    struct io_superblock found = {.found = true, .version = (unsigned)number_at(bytes, got, 8, 1)};
    bool old = found.version < 2;
    size_t size = (size_t)number_at(bytes, got, old ? 13 : 9, 1);
    /* The base address stands here. Behind it stand another address and the file's end. */
    size_t base = old ? 24 + 4 * found.version : 12;
    if (found.version > IO_NEWEST_SUPERBLOCK) return found;
    if (found.version == IO_NEWEST_SUPERBLOCK) found.flags = (unsigned)number_at(bytes, got, 11, 1);
    uint64_t end = number_at(bytes, got, base + 2 * size, size);
    /* in a superblock that was moved, the end is not the end of this file */
    if (end <= INT64_MAX && number_at(bytes, got, base, size) == at) found.end = end;
    return found;
}

shs_status io_superblock_read(int file, uint64_t file_bytes, struct io_superblock *superblock)
{
    unsigned char bytes[SUPERBLOCK_BYTES];
    size_t got = 0;
    uint64_t at = 0;
    *superblock = (struct io_superblock){0};
    shs_status status = find_superblock(file, file_bytes, bytes, &got, &at);
    if (!status && at != UINT64_MAX) *superblock = parse(bytes, got, at);
    return status;
}
