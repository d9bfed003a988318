#include "fetch_sources.h"

#include "core_memory.h"
#include "data_sources.h"
#include "fetch_places.h"

enum {
    MOST_ASKED = 256 /* runs of rows for which foresight is asked one by one */
};

/* Returns true if neighbouring rows of an array may lie apart: in several sources or extents. */
static bool lies_apart(const struct data_field *field)
{
    return field->sources || (field->direct && io_reader_layout(field->direct)->extents);
}

/* Takes the rows of one extent off the beginning of a piece. */
static struct fetch_piece take_extent(struct fetch_piece *piece)
{
    struct fetch_piece taken = *piece;
    uint64_t together;
    io_layout_address_of(io_reader_layout(piece->field->direct), piece->first, &together);
    if (taken.count > together) taken.count = together;
    piece->first += taken.count;
    piece->count -= taken.count;
    piece->to = (char *)piece->to + fetch_piece_bytes(&taken);
    return taken;
}

/* Takes the piece of one source or extent off the beginning of a piece. A piece of another array is
 * taken whole. */
static struct fetch_piece take(struct fetch_piece *piece)
{
    struct fetch_piece taken = *piece;
    if (!lies_apart(piece->field)) {
        piece->count = 0;
        return taken;
    }
    if (!piece->field->sources) return take_extent(piece);
    const struct data_source_rows rows =
        data_sources_find(piece->field->sources, piece->first, piece->count);
    taken.field = rows.source;
    taken.first = rows.first;
    taken.count = rows.count;
    piece->first += rows.rows;
    piece->count -= rows.rows;
    piece->to = (char *)piece->to + fetch_piece_bytes(&taken);
    return taken;
}

static shs_status grow(struct fetch_resolved *resolved, size_t count)
{
    return fetch_grow(count, sizeof *resolved->piece, &resolved->capacity, &resolved->piece);
}

static shs_status resolve(struct fetch_resolved *resolved, struct fetch_piece piece)
{
    shs_status status = SHS_OK;
    while (piece.count && !status) {
        status = grow(resolved, resolved->count + 1);
        if (!status) resolved->piece[resolved->count++] = take(&piece);
    }
    return status;
}

shs_status fetch_sources(struct fetcher *fetcher, const struct fetch_piece **pieces, size_t *count)
{
    struct fetch_resolved *resolved = &fetcher->resolved;
    bool any = false;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < *count && !any; i++)
        any = lies_apart((*pieces)[i].field);
    if (!any) return SHS_OK;
    resolved->count = 0;
    for (size_t i = 0; i < *count && !status; i++)
        status = resolve(resolved, (*pieces)[i]);
    *pieces = resolved->piece;
    *count = resolved->count;
    return status;
}

shs_status fetch_sources_reserve(struct fetcher *fetcher, uint64_t pieces)
{
    return pieces ? grow(&fetcher->resolved, (size_t)pieces) : SHS_OK;
}

struct io_rows fetch_sources_rows_of(const struct data_field *field, uint64_t chunk)
{
    struct io_rows rows = io_layout_rows_of(io_reader_layout(field->direct), chunk);
    return field->of ? data_sources_rows_of(field, rows) : rows;
}

/* Where sources take turns, the rows between those of a chunk belong to other chunks. */
uint64_t fetch_sources_next_use(const struct data_field *field, uint64_t chunk,
                                const struct fetch_foresight *foresight)
{
    struct io_rows rows = io_layout_rows_of(io_reader_layout(field->direct), chunk);
    struct io_rows list[MOST_ASKED];
    uint64_t next = UINT64_MAX;
    size_t count = field->of ? data_sources_list(field, rows, MOST_ASKED, list) : 0;
    if (!count) {
        rows = fetch_sources_rows_of(field, chunk);
        return foresight->next_use(foresight->user, field->key, rows.first, rows.count);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t use =
            foresight->next_use(foresight->user, field->key, list[i].first, list[i].count);
        if (use < next) next = use;
    }
    return next;
}
