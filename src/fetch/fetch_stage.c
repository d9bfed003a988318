#include "fetch_stage.h"

#include <string.h>

#include "core_memory.h"
#include "data_sources.h"

/* Returns true if whole rows are read of a piece that takes a part of them: because they are
 * compared, or because the sources of its array have rows of another shape. */
static bool takes_of_whole(const struct fetch_piece *piece)
{
    return fetch_compares_whole(piece) ||
           (piece->part && !data_sources_are_alike(piece->field->sources));
}

/* Returns true if a piece is read as it is stored first, and then cut or unpacked. */
static bool is_staged(const struct fetch_piece *piece)
{
    if (!piece->count || !data_field_is_direct(piece->field)) return false;
    return takes_of_whole(piece) || piece->field->unpack || piece->take == FETCH_SERIES;
}

/* Returns the piece of stored rows that stands for a piece: of whole rows, or of whole series, if
 * these are read. */
static struct fetch_piece staged_of(const struct fetch_piece *piece)
{
    struct fetch_piece staged = *piece;
    uint64_t rows = piece->field->series_rows;
    bool whole = takes_of_whole(piece) || piece->take == FETCH_SERIES;
    staged.take = whole ? FETCH_WHOLE : FETCH_STORED;
    if (piece->take != FETCH_SERIES) return staged;
    staged.first -= piece->first % rows;
    staged.count = (piece->first + piece->count - 1) / rows * rows + rows - staged.first;
    return staged;
}

/* Returns the bytes of what a piece takes, as it is stored. */
static size_t stored_bytes(const struct fetch_piece *piece)
{
    const struct io_part *part = fetch_part_of(piece);
    return piece->count * (part ? part->bytes : piece->field->whole_bytes);
}

/* Returns the bytes of memory that a piece takes which is cut before it is unpacked. */
static size_t bytes_to_cut(const struct fetch_piece *piece)
{
    return takes_of_whole(piece) && piece->field->unpack ? stored_bytes(piece) : 0;
}

shs_status fetch_stage_reserve(struct fetch_whole *whole, size_t pieces, size_t bytes)
{
    shs_status status = SHS_OK;
    if (pieces > whole->capacity) {
        status = core_resize(pieces, sizeof *whole->piece, "a batch's pieces", &whole->piece);
        if (!status) whole->capacity = pieces;
    }
    if (status || bytes <= whole->bytes) return status;
    core_free(&whole->rows); /* the old content is not needed */
    whole->bytes = 0;
    status = core_new(bytes, 1, "whole rows", &whole->rows);
    if (!status) whole->bytes = bytes;
    return status;
}

size_t fetch_stage_bytes(const struct fetch_piece *pieces, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_staged(&pieces[i])) continue;
        const struct fetch_piece staged = staged_of(&pieces[i]);
        bytes += fetch_piece_bytes(&staged) + bytes_to_cut(&pieces[i]);
    }
    return bytes;
}

shs_status fetch_stage_make(struct fetch_whole *whole, const struct fetch_piece *pieces,
                            size_t count, size_t bytes)
{
    shs_status status = fetch_stage_reserve(whole, count, bytes);
    if (status) return status;
    char *to = whole->rows;
    for (size_t i = 0; i < count; i++) {
        whole->piece[i] = pieces[i];
        if (!is_staged(&pieces[i])) continue;
        whole->piece[i] = staged_of(&pieces[i]);
        whole->piece[i].to = to;
        to += fetch_piece_bytes(&whole->piece[i]) + bytes_to_cut(&pieces[i]);
    }
    return SHS_OK;
}

/* Copies what a piece takes out of whole rows, and unpacks what is packed. */
static void finish(const struct fetch_piece *staged, const struct fetch_piece *piece)
{
    const struct data_field *field = piece->field;
    const struct io_part *part = fetch_part_of(piece);
    bool cuts = staged->take == FETCH_WHOLE && part;
    size_t before = (size_t)(piece->first - staged->first) * field->whole_bytes;
    const char *rows = (char *)staged->to + before;
    void *taken = field->unpack ? (char *)staged->to + fetch_piece_bytes(staged) : piece->to;
    if (cuts) {
        io_part_cut(part, rows, piece->count, taken);
        rows = taken;
    }
    if (field->unpack)
        data_field_unpack(field, rows, stored_bytes(piece), piece->to);
    else if (!cuts)
        memcpy(piece->to, rows, fetch_piece_bytes(piece));
}

/* Staged pieces, and the pieces that they stand for. */
struct finishing {
    const struct fetch_piece *staged, *pieces;
};

static shs_status finish_one(void *user, size_t i, unsigned lane)
{
    const struct finishing *finishing = user;
    (void)lane;
    if (is_staged(&finishing->pieces[i])) finish(&finishing->staged[i], &finishing->pieces[i]);
    return SHS_OK;
}

shs_status fetch_stage_finish(struct fetcher *fetcher, unsigned threads,
                              const struct fetch_piece *pieces, size_t count, size_t bytes)
{
    struct finishing finishing = {fetcher->whole.piece, pieces};
    return core_pool_do(fetcher->pool, fetch_worth(threads, bytes), count, finish_one, &finishing);
}

/* ---- Rows that only HDF5 can read. */

/* Reads rows one by one, compares them, cuts them, and unpacks those that are packed. */
static shs_status read_and_cut(const struct fetch_piece *piece)
{
    struct data_field *field = piece->field;
    const struct io_part *part = fetch_part_of(piece);
    size_t bytes = fetch_piece_bytes(piece) / piece->count;
    char *row, *to = piece->to;
    uint32_t sum;
    shs_status status = core_new(1, field->whole_bytes + part->bytes, "a row", &row);
    for (uint64_t i = 0; i < piece->count && !status; i++, to += bytes) {
        status = data_field_read_whole(field, piece->first + i, 1, row);
        if (!status) status = data_field_checksums(field, piece->first + i, 1, &sum);
        if (!status) status = data_field_check(field, piece->first + i, 1, row, &sum);
        if (status) continue;
        char *taken = field->unpack ? row + field->whole_bytes : to;
        io_part_cut(part, row, 1, taken);
        if (field->unpack) data_field_unpack(field, taken, part->bytes, to);
    }
    core_free(&row);
    return status;
}

/* Compares whole rows that have been read with their checksums, if they have some. */
static shs_status compare(struct data_field *field, const struct fetch_piece *piece,
                          const void *rows)
{
    const struct data_range range = data_field_sums(field, piece->first, piece->count);
    uint32_t *sums;
    if (!data_field_has_checksums(field) || fetch_part_of(piece) || !range.count) return SHS_OK;
    shs_status status = core_new((size_t)range.count, sizeof *sums, "checksums", &sums);
    if (!status) status = data_field_checksums(field, range.first, range.count, sums);
    if (!status) status = data_field_check(field, piece->first, piece->count, rows, sums);
    core_free(&sums);
    return status;
}

/* Reads packed rows as they are stored, compares and unpacks them. */
static shs_status read_and_unpack(const struct fetch_piece *piece)
{
    struct data_field *field = piece->field;
    size_t bytes = stored_bytes(piece);
    char *rows;
    shs_status status = core_new(bytes, 1, "packed rows", &rows);
    if (!status)
        status =
            data_field_read_part(field, fetch_part_of(piece), piece->first, piece->count, rows);
    if (!status) status = compare(field, piece, rows);
    if (!status) data_field_unpack(field, rows, bytes, piece->to);
    core_free(&rows);
    return status;
}

bool fetch_stage_is_needed(const struct fetch_piece *piece)
{
    return fetch_compares_whole(piece) || piece->field->unpack;
}

shs_status fetch_stage_read(const struct fetch_piece *piece)
{
    return fetch_compares_whole(piece) ? read_and_cut(piece) : read_and_unpack(piece);
}
