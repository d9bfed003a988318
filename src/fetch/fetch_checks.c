#include "fetch_checks.h"

#include "core_memory.h"

static shs_status resize(size_t count, size_t bytes, size_t *capacity, void *memory_pointer)
{
    shs_status status = core_resize(count, bytes, "checksums", memory_pointer);
    if (!status) *capacity = count;
    return status;
}

static shs_status grow(size_t count, size_t bytes, size_t *capacity, void *memory_pointer)
{
    if (count <= *capacity) return SHS_OK;
    return resize(2 * count, bytes, capacity, memory_pointer);
}

shs_status fetch_checks_reserve(struct fetch_checks *checks, size_t count, size_t sums)
{
    shs_status status = resize(count, sizeof *checks->at, &checks->at_capacity, &checks->at);
    if (status) return status;
    return resize(sums, sizeof *checks->sums, &checks->sums_capacity, &checks->sums);
}

/* Returns the checksums of a piece. A part of a row has none. */
static struct data_range sums_of(const struct fetch_piece *piece)
{
    const struct data_field *field = piece->field;
    if (!piece->count || !data_field_has_checksums(field) ||
        (fetch_part_of(piece) && !field->sums_whole))
        return (struct data_range){0, 0};
    return data_field_sums(field, piece->first, piece->count);
}

/* Finds how many checksums are kept in files, and whether there are any checksums at all. */
static size_t count_sums(struct fetch_checks *checks, const struct fetch_piece *pieces,
                         size_t count)
{
    size_t sums = 0;
    checks->any = false;
    for (size_t i = 0; i < count; i++) {
        struct data_range wanted = sums_of(&pieces[i]);
        if (!wanted.count) continue;
        checks->any = true;
        if (pieces[i].field->checked_by) sums += wanted.count;
    }
    return sums;
}

shs_status fetch_checks_read(struct fetch_checks *checks, const struct fetch_piece *pieces,
                             size_t count)
{
    size_t sums = count_sums(checks, pieces, count), at = 0;
    if (!sums) return SHS_OK;
    shs_status status = grow(count, sizeof *checks->at, &checks->at_capacity, &checks->at);
    if (!status) status = grow(sums, sizeof *checks->sums, &checks->sums_capacity, &checks->sums);
    for (size_t i = 0; i < count && !status; i++) {
        struct data_range wanted = sums_of(&pieces[i]);
        if (!wanted.count || !pieces[i].field->checked_by) continue;
        checks->at[i] = at;
        status =
            data_field_checksums(pieces[i].field, wanted.first, wanted.count, checks->sums + at);
        at += wanted.count;
    }
    return status;
}

shs_status fetch_checks_compare(const struct fetch_checks *checks, const struct fetch_piece *pieces,
                                size_t i)
{
    const struct fetch_piece *piece = &pieces[i];
    struct data_range wanted = sums_of(piece);
    bool unpacked = piece->field->unpack && piece->take == FETCH_TAKEN;
    if (!wanted.count || fetch_part_of(piece) || unpacked) return SHS_OK;
    const uint32_t *sums = piece->field->checked_by ? checks->sums + checks->at[i]
                                                    : piece->field->checksums + wanted.first;
    return data_field_check(piece->field, piece->first, piece->count, piece->to, sums);
}

void fetch_checks_free(struct fetch_checks *checks)
{
    core_free(&checks->at);
    core_free(&checks->sums);
    *checks = (struct fetch_checks){0};
}
