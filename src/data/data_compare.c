#include "data_compare.h"

#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "data_sources.h"

enum {
    PROBES = 16,
    ENDS = 2
};

#define PROBED_BYTES ((uint64_t)64 << 20)
#define ENDS_BYTES   ((uint64_t)1 << 20)
#define SMALL_BYTES  ((uint64_t)64 << 10)

/* ---- Which rows. */

struct probes {
    uint64_t row[PROBES]; /* ascending */
    size_t count;
    uint64_t bytes; /* bytes that are read or decoded for these rows */
};

/* Returns the bytes that are decoded for one row: the bytes of all chunks that hold some of it. */
static uint64_t band_bytes(const struct data_field *field)
{
    uint64_t bytes = field->whole_bytes;
    if (!field->chunk_rows) return field->stored_bytes;
    return core_multiply(field->chunk_rows, bytes, &bytes) ? bytes : UINT64_MAX;
}

static bool is_one_band(const struct data_field *field, uint64_t row, uint64_t other)
{
    return field->chunk_rows && row / field->chunk_rows == other / field->chunk_rows;
}

/* Spreads up to `count` probes over the field. The first and the last row are among them. */
static void spread(const struct data_field *field, uint64_t count, struct probes *probes)
{
    uint64_t last = field->rows - 1, gaps = count - 1, bytes = 0;
    *probes = (struct probes){0};
    for (uint64_t i = 0; i < count; i++) {
        uint64_t row = last / gaps * i + last % gaps * i / gaps;
        uint64_t before = i ? probes->row[probes->count - 1] : 0;
        if (i && row == before) continue;
        probes->row[probes->count++] = row;
        if (i && is_one_band(field, row, before)) continue;
        if (__builtin_add_overflow(bytes, band_bytes(field), &bytes)) bytes = UINT64_MAX;
    }
    probes->bytes = bytes;
}

/* Chooses the probes. There are fewer if rows or chunks are huge, and none if there are no bytes.
 */
static struct probes choose(const struct data_field *field)
{
    struct probes probes = {0};
    if (!field->rows || !field->stored_bytes) return probes;
    for (uint64_t count = PROBES; count >= ENDS; count--) {
        spread(field, count, &probes);
        if (probes.bytes <= PROBED_BYTES && probes.count <= PROBED_BYTES / field->stored_bytes)
            break;
    }
    return probes;
}

/* Returns the end of the probes from `begin` on that lie in the same chunks. */
static size_t end_of_band(const struct data_field *field, const struct probes *probes, size_t begin)
{
    size_t end = begin + 1;
    while (end < probes->count && is_one_band(field, probes->row[begin], probes->row[end]))
        end++;
    return end;
}

/* ---- Reading them. */

enum way {
    DIRECT,
    THROUGH,
    BOTH
};

struct look {
    struct data_field *field;
    enum way way;
    char *ours, *theirs; /* rows of a band, read directly and by HDF5 */
    struct core_hash *hash;
    unsigned alike;   /* number of bands that are equal */
    unsigned damaged; /* number of bands that are damaged, by what was read directly */
    bool differ;
};

static bool is_of_system(shs_status status)
{
    return status == SHS_ERROR_FILE || status == SHS_ERROR_MEMORY;
}

static shs_status read_direct(struct data_field *field, const uint64_t *rows, size_t count,
                              char *to)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; field->sources && i < count && !status; i++)
        status = data_sources_read(field, rows[i], 1, false, to + i * field->stored_bytes);
    if (field->sources) return core_wrap(status, "dataset %s", field->sample.name);
    return core_wrap(io_reader_listed(field->direct, &field->lane, field->part, rows, count, to),
                     "dataset %s: rows %llu to %llu", field->sample.name, (ull)rows[0],
                     (ull)rows[count - 1]);
}

static void add_rows(struct look *look, const void *rows, size_t bytes)
{
    size_t size = shs_type_size(look->field->whole.type);
    core_hash_add_elements(look->hash, rows, bytes / size, size);
}

/* Compares one band. HDF5 does not read a damaged band: where a chunk decodes to too few bytes,
 * HDF5 reads beyond them. HDF5 does not read either what the system could not read. */
static shs_status look_at_band(struct look *look, const uint64_t *rows, size_t count)
{
    struct data_field *field = look->field;
    size_t bytes = count * field->stored_bytes;
    shs_status status = look->way == THROUGH
                            ? h5_read_listed(field->through, rows, count, look->ours)
                            : read_direct(field, rows, count, look->ours);
    if (is_of_system(status)) return status;
    if (status) {
        look->damaged++;
        return SHS_OK;
    }
    add_rows(look, look->ours, bytes);
    if (look->way != BOTH) return SHS_OK;
    status = h5_read_listed(field->through, rows, count, look->theirs);
    if (is_of_system(status)) return status;
    if (status || memcmp(look->ours, look->theirs, bytes) != 0)
        look->differ = true;
    else
        look->alike++;
    return SHS_OK;
}

static shs_status hdf5_reads_any(struct look *look, const struct probes *probes, bool *any)
{
    shs_status status = SHS_OK;
    *any = false;
    for (size_t i = 0, end; i < probes->count && !*any; i = end) {
        end = end_of_band(look->field, probes, i);
        status = h5_read_rows(look->field->through, probes->row[i], 1, look->theirs);
        if (is_of_system(status)) return status;
        *any = status == SHS_OK;
    }
    return SHS_OK;
}

/* Returns true if a chunk of the array, or of a source, is too short. */
static bool is_cut(const struct data_field *field)
{
    if (field->direct) return io_reader_is_cut(field->direct);
    for (size_t i = 0; i < data_sources_count(field->sources); i++)
        if (is_cut(data_sources_field(field->sources, i))) return true;
    return false;
}

/* Returns whether rows are the same both ways. If all rows seem damaged, the layout may have been
 * misunderstood: HDF5 then tries to read a row, unless is_cut() tells why the rows are damaged. */
static shs_status are_same(struct look *look, const struct probes *probes, bool *same)
{
    bool any = false;
    shs_status status = SHS_OK;
    if (look->damaged && !look->alike && !look->differ && !is_cut(look->field))
        status = hdf5_reads_any(look, probes, &any);
    *same = !status && !look->differ && !any;
    return status;
}

/* Adds all rows of a small field to the hash. They are read in pieces, because a virtual field may
 * have many mapped files. */
static shs_status add_all(struct look *look)
{
    enum {
        PIECES = 16
    };
    struct data_field *field = look->field;
    uint64_t at_once = (field->rows + PIECES - 1) / PIECES;
    char *rows;
    shs_status status = core_new((size_t)at_once, field->stored_bytes, "rows", &rows);
    for (uint64_t first = 0; first < field->rows && !status && !look->damaged; first += at_once) {
        uint64_t count = field->rows - first < at_once ? field->rows - first : at_once;
        const struct io_run run = {first, count, rows, field->part};
        if (look->way == THROUGH)
            status = h5_read_rows(field->through, first, count, rows);
        else if (field->sources)
            status = data_sources_read(field, first, count, false, rows);
        else
            status = io_reader_run(field->direct, &field->lane, &run);
        if (!status) add_rows(look, rows, (size_t)count * field->stored_bytes);
        if (status && !is_of_system(status)) {
            look->damaged++;
            status = SHS_OK;
        }
    }
    core_free(&rows);
    return core_wrap(status, "dataset %s", field->sample.name);
}

static bool is_small(const struct data_field *field)
{
    return field->rows && field->stored_bytes && field->rows <= SMALL_BYTES / field->stored_bytes &&
           band_bytes(field) <= SMALL_BYTES;
}

/* Takes the hash as the content. The content of a field with damaged rows is unknown: these rows
 * are an error when they are wanted. */
static void take_content(struct look *look)
{
    struct core_digest digest = core_hash_digest(look->hash);
    memcpy(&look->field->content, digest.bytes, sizeof look->field->content);
    if (look->damaged) look->field->content = 0;
}

static shs_status look_at(struct look *look, const struct probes *probes)
{
    struct data_field *field = look->field;
    shs_status status = core_hash_new(&look->hash);
    if (!status) status = core_new(probes->count, field->stored_bytes, "rows", &look->ours);
    if (!status && look->way == BOTH)
        status = core_new(probes->count, field->stored_bytes, "rows", &look->theirs);
    for (size_t i = 0, end; i < probes->count && !status && !look->differ; i = end) {
        end = end_of_band(field, probes, i);
        status = look_at_band(look, probes->row + i, end - i);
    }
    if (!status && is_small(field) && !look->differ) status = add_all(look);
    return status;
}

static shs_status finish(struct look *look, shs_status status)
{
    if (!status) take_content(look);
    core_hash_free(&look->hash);
    core_free(&look->ours);
    core_free(&look->theirs);
    return status;
}

shs_status data_compare(struct data_field *field, bool ends, bool *same)
{
    struct look look = {.field = field, .way = BOTH};
    struct probes probes = choose(field);
    if (ends && probes.count > ENDS) spread(field, ENDS, &probes);
    shs_status status = look_at(&look, &probes);
    if (!status) status = are_same(&look, &probes, same);
    return finish(&look, status);
}

static shs_status look_by(struct data_field *field, enum way way, const struct probes *probes)
{
    struct look look = {.field = field, .way = way};
    return finish(&look, look_at(&look, probes));
}

shs_status data_compare_direct(struct data_field *field)
{
    struct probes probes = choose(field);
    return look_by(field, DIRECT, &probes);
}

shs_status data_compare_through(struct data_field *field)
{
    struct probes probes = choose(field);
    return look_by(field, THROUGH, &probes);
}

shs_status data_compare_ends(struct data_field *field)
{
    struct probes probes;
    if (!field->rows) return SHS_OK;
    spread(field, ENDS, &probes);
    if (probes.bytes <= ENDS_BYTES) return look_by(field, THROUGH, &probes);
    field->content = DATA_COMPARE_NOTHING;
    return SHS_OK;
}

/* ---- Checksums. */

static shs_status add_checksums(struct data_field *field, struct core_hash *hash)
{
    enum {
        PIECES = 16,
        PIECE = 1 << 16
    };
    uint32_t *sums;
    uint64_t rows = data_field_sums(field, 0, field->rows).count, all = (uint64_t)PIECES * PIECE;
    uint64_t step = rows > all ? rows / PIECES : PIECE;
    shs_status status = core_new(PIECE, sizeof *sums, "checksums", &sums);
    for (uint64_t first = 0; first < rows && !status; first += step) {
        uint64_t count = rows - first < PIECE ? rows - first : PIECE;
        status = data_field_checksums(field, first, count, sums);
        if (!status) core_hash_add_elements(hash, sums, (size_t)count, sizeof *sums);
    }
    core_free(&sums);
    return status;
}

shs_status data_compare_checksums(struct data_field *field)
{
    struct look look = {.field = field};
    if (!data_field_has_checksums(field)) return SHS_OK;
    shs_status status = core_hash_new(&look.hash);
    if (!status) status = add_checksums(field, look.hash);
    return finish(&look, status);
}
