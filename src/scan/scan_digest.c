#include "scan_digest.h"

#include <string.h>

#include "core_hash.h"
#include "core_memory.h"

enum {
    SAMPLED = 16 /* rows that are hashed */
};

/* Returns the first eight bytes of a hash, but never 0. */
static uint64_t take(const struct core_hash *hash)
{
    struct core_digest digest = core_hash_digest(hash);
    uint64_t first;
    memcpy(&first, digest.bytes, sizeof first);
    return first ? first : 1;
}

static uint64_t hash_bytes(const void *bytes, size_t count)
{
    struct core_hash *hash;
    if (core_hash_new(&hash)) return 0;
    core_hash_add(hash, bytes, count);
    uint64_t first = take(hash);
    core_hash_free(&hash);
    return first;
}

static shs_status add_rows(struct data_field *field, char *row, struct core_hash *hash)
{
    uint64_t last = field->rows - 1, spaces = SAMPLED - 1;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < SAMPLED && !status; i++) {
        uint64_t at = last / spaces * i + last % spaces * i / spaces;
        status = data_field_read(field, at, 1, row);
        if (!status) core_hash_add(hash, row, field->row_bytes);
    }
    return status;
}

static uint64_t hash_rows(struct data_field *field)
{
    struct core_hash *hash = NULL;
    char *row = NULL;
    uint64_t first = 0;
    if (!field->rows) return 0;
    shs_status status = core_new(1, field->row_bytes, "a row", &row);
    if (!status) status = core_hash_new(&hash);
    if (!status) status = add_rows(field, row, hash);
    if (!status) first = take(hash);
    core_hash_free(&hash);
    core_free(&row);
    return first;
}

struct scan_digest scan_digest_of(struct data_field *field, bool safe)
{
    struct scan_digest digest = {0};
    struct data_field *sums = field->checked_by;
    if (field->checksums)
        digest.checksums = hash_bytes(field->checksums, field->rows * sizeof *field->checksums);
    else if (sums && (sums->direct || !safe))
        digest.checksums = hash_rows(sums);
    if (field->direct || !safe) digest.rows = hash_rows(field);
    return digest;
}
