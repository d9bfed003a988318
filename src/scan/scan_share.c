#include "scan_share.h"

#include "order_plan.h"

enum {
    PIECE_BYTES = 4 << 20,
    BAND_BYTES = 256 << 20 /* a piece holds only a part of chunks larger than this */
};

uint64_t scan_share_band(const struct data_field *field)
{
    uint64_t rows = field->chunk_rows;
    if (!rows || !field->rows) return 1;
    if (rows > field->rows) rows = field->rows;
    return field->row_bytes && rows > BAND_BYTES / field->row_bytes ? 1 : rows;
}

struct scan_share scan_share_of(const struct data_field *field, int rank, int ranks)
{
    uint64_t band = scan_share_band(field), bands = field->rows / band + (field->rows % band != 0);
    uint64_t rows = field->row_bytes ? PIECE_BYTES / field->row_bytes : PIECE_BYTES;
    struct scan_share share = {
        .first = order_share(bands, (uint64_t)rank, (uint64_t)ranks) * band,
        .end = order_share(bands, (uint64_t)rank + 1, (uint64_t)ranks) * band,
        .at_once = rows > band ? rows / band * band : band,
        .band = band,
    };
    if (share.first > field->rows) share.first = field->rows;
    if (share.end > field->rows) share.end = field->rows;
    return share;
}
