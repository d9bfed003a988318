#include "import_spool.h"

#include <unistd.h>

#include "core_memory.h"
#include "import_temporary.h"

enum {
    PIECE_BYTES = 1 << 20
};

struct import_spool {
    int file;
    size_t row_bytes;
};

static shs_status copy_rows(struct import_origin *origin, int file)
{
    uint64_t rows = origin->shape.shape[0], most = PIECE_BYTES / origin->row_bytes + 1;
    char *piece;
    shs_status status = core_new(most, origin->row_bytes, "a piece of an origin", &piece);
    for (uint64_t first = 0; first < rows && !status; first += most) {
        uint64_t now = rows - first < most ? rows - first : most;
        status = origin->format->read(origin, first, now, piece);
        if (!status) status = import_temporary_write(file, piece, now * origin->row_bytes);
    }
    core_free(&piece);
    return status;
}

shs_status import_spool_open(struct import_origin *origin, struct import_spool **spool)
{
    shs_status status = core_new(1, sizeof **spool, "a copy of rows", spool);
    if (status) return status;
    (*spool)->row_bytes = origin->row_bytes;
    status = import_temporary_open(&(*spool)->file);
    if (!status) status = copy_rows(origin, (*spool)->file);
    if (status) import_spool_close(spool);
    return core_wrap(status, "copying the rows of %s", origin->path);
}

void import_spool_close(struct import_spool **spool)
{
    if (!*spool) return;
    if ((*spool)->file >= 0) close((*spool)->file);
    core_free(spool);
}

shs_status import_spool_read(const struct import_spool *spool, uint64_t first, uint64_t count,
                             void *rows)
{
    return import_temporary_read(spool->file, first * spool->row_bytes, rows,
                                 count * spool->row_bytes);
}
