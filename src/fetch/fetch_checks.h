/* Pieces of fields, and the checksums that their rows are compared with. */
#ifndef FETCH_CHECKS_H
#define FETCH_CHECKS_H

#include "data_field.h"

/* What a piece takes of its rows. */
enum fetch_take {
    FETCH_TAKEN,  /* what the field takes */
    FETCH_WHOLE,  /* all of a row as it is stored, though the field may take a part */
    FETCH_STORED, /* what the field takes, as it is stored, though the field may be packed */
    /* What the field takes; but the rows' series are read as a whole, because only whole series can
     * be compared with checksums. */
    FETCH_SERIES
};

/* Rows [first, first + count) of a field, which are written to `to` one after the other. */
struct fetch_piece {
    struct data_field *field;
    uint64_t first;
    uint64_t count;
    void *to;
    enum fetch_take take;
    const struct io_part *part; /* what is taken in place of what the field takes, or NULL */
};

/* Returns the part of its rows that a piece takes; NULL: all of a row. */
static inline const struct io_part *fetch_part_of(const struct fetch_piece *piece)
{
    if (piece->take == FETCH_WHOLE) return NULL;
    return piece->part ? piece->part : piece->field->part;
}

/* Returns the bytes of what a piece takes. */
static inline size_t fetch_piece_bytes(const struct fetch_piece *piece)
{
    const struct io_part *part = fetch_part_of(piece);
    const struct data_field *field = piece->field;
    size_t bytes = piece->count * (part ? part->bytes : field->whole_bytes);
    bool unpacked = field->unpack && piece->take != FETCH_WHOLE && piece->take != FETCH_STORED;
    return unpacked ? bytes / shs_type_size(field->whole.type) * sizeof(float) : bytes;
}

/* Returns true if rows of a piece are read whole, compared with their checksums and then cut. */
static inline bool fetch_compares_whole(const struct fetch_piece *piece)
{
    return piece->field->sums_whole && fetch_part_of(piece);
}

/* The checksums of some pieces, as far as they are kept in files. Other checksums are in the memory
 * of their field. A zeroed struct is empty. */
struct fetch_checks {
    bool any;   /* true if rows of any piece have checksums, in a file or in memory */
    size_t *at; /* the checksums of piece i begin at sums[at[i]]; not set if none were read */
    size_t at_capacity;
    uint32_t *sums;
    size_t sums_capacity;
};

/* Reads the checksums of pieces that are kept in files. Must be called in the caller's thread. The
 * checksums of other pieces are forgotten. */
shs_status fetch_checks_read(struct fetch_checks *checks, const struct fetch_piece *pieces,
                             size_t count);

/* Compares the rows of pieces[i], which are in memory, with their checksums. The first row that
 * differs is SHS_ERROR_FORMAT. May be called in any thread. */
shs_status fetch_checks_compare(const struct fetch_checks *checks, const struct fetch_piece *pieces,
                                size_t i);

/* Takes memory for `sums` checksums of `count` pieces, so that no more is taken later. */
shs_status fetch_checks_reserve(struct fetch_checks *checks, size_t count, size_t sums);

void fetch_checks_free(struct fetch_checks *checks);

#endif
