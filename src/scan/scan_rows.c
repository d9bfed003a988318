#include "scan_rows.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "data_packing.h"
#include "order_plan.h"
#include "scan_digest.h"
#include "scan_share.h"

enum {
    CACHE_BYTES = 64 << 20, /* memory for decoded chunks in HDF5 */
    COMPARED = 64           /* most files whose rows are compared between ranks */
};

/* ---- one file at a time */

static void close_file(struct scan_rows *rows)
{
    data_field_close(&rows->field);
    h5_close(&rows->file);
}

static shs_status open_file(struct scan_rows *rows, size_t number, bool look)
{
    const char *path = rows->paths->path[number];
    if (rows->file && rows->open == number) return SHS_OK;
    close_file(rows);
    shs_status status = io_paths_wrap(rows->paths, number, h5_open(path, &rows->file));
    if (!status)
        status = data_field_open(rows->file, path, rows->name,
                                 &(struct data_field_how){.cache_bytes = CACHE_BYTES,
                                                          .look = look,
                                                          .packing = look || rows->cf,
                                                          .cf = rows->cf},
                                 &rows->field);
    rows->open = number;
    if (status) close_file(rows);
    return status;
}

/* ---- looking at all files */

static shs_status compare_shape(const struct scan_rows *rows, size_t number)
{
    const shs_tensor *row = &rows->row, *other = &rows->field.sample;
    struct core_text texts = {0};
    if (row->type == other->type && row->axes == other->axes &&
        !memcmp(row->shape, other->shape, row->axes * sizeof *row->shape))
        return SHS_OK;
    core_text_add_shape(&texts, other);
    core_text_add(&texts, ", but in %s ", rows->paths->path[0]);
    core_text_add_shape(&texts, row);
    shs_status status =
        core_fail(SHS_ERROR_FORMAT, "%s: a row of dataset %s is %s; it must be alike in all files",
                  rows->paths->path[number], rows->name, texts.status ? "otherwise" : texts.bytes);
    core_text_free(&texts);
    return status;
}

/* Notes the values that mean "missing" in the first file, and compares those of other files. */
static shs_status find_fill(struct scan_rows *rows, size_t number, const char *given)
{
    struct scan_fill other;
    struct core_text texts = {0};
    if (given && number) return SHS_OK;
    if (!given && rows->field.unpack) return SHS_OK; /* what is missing is NaN */
    if (given) return scan_fill_parse(given, rows->row.type, &rows->fill);
    shs_status status =
        scan_fill_read(rows->file, rows->name, rows->row.type, number ? &other : &rows->fill);
    if (status || !number || scan_fill_equal(&rows->fill, &other)) return status;
    scan_fill_print(&other, &texts);
    core_text_add(&texts, ", but in %s ", rows->paths->path[0]);
    scan_fill_print(&rows->fill, &texts);
    status =
        core_fail(SHS_ERROR_FORMAT,
                  "%s: the missing values of dataset %s are %s; give --fill with all of them "
                  "(or --fill none)",
                  rows->paths->path[number], rows->name, texts.status ? "others" : texts.bytes);
    core_text_free(&texts);
    return status;
}

/* Refuses a file whose numbers mean something else than the same numbers of the first file. Values
 * that mean "missing" are compared by find_fill(). */
static shs_status compare_packing(struct scan_rows *rows, size_t number)
{
    struct h5_packing own = {0};
    if (rows->field.unpack) return SHS_OK;
    if (rows->field.packing) own = *rows->field.packing;
    own.attribute[H5_FILL_VALUE] = own.attribute[H5_MISSING_VALUE] = (struct h5_attribute){0};
    if (!number) rows->packing = own;
    return data_packing_compare(&rows->field, &own, &rows->packing, rows->paths->path[0]);
}

static shs_status look_at(struct scan_rows *rows, size_t number, const struct scan_rows_how *how)
{
    shs_status status = open_file(rows, number, true);
    if (status) return status;
    const struct data_field *field = &rows->field;
    if (number == 0) {
        rows->row = field->sample;
        rows->row.name = NULL;
        rows->row_bytes = field->row_bytes;
    }
    status = compare_shape(rows, number);
    if (!status &&
        __builtin_add_overflow(rows->first[number], field->rows, &rows->first[number + 1]))
        status = core_fail(SHS_ERROR_FORMAT, "%s: more than 2^64 rows", rows->paths->path[number]);
    if (!status) status = find_fill(rows, number, how->fill);
    if (!status) status = compare_packing(rows, number);
    rows->band[number] = scan_share_band(field);
    close_file(rows);
    return status;
}

shs_status scan_rows_look(shs_run *run, const struct io_paths *paths, const char *name,
                          const struct scan_rows_how *how, struct scan_rows *rows)
{
    *rows = (struct scan_rows){.run = run, .paths = paths, .name = name, .cf = how->cf};
    shs_status status = core_new(paths->count + 1, sizeof *rows->first, "files", &rows->first);
    if (!status) status = core_new(paths->count, sizeof *rows->band, "files", &rows->band);
    for (size_t i = 0; i < paths->count && !status; i++)
        status = look_at(rows, i, how);
    if (status) return status;
    uint64_t all = rows->first[paths->count];
    status = order_subset_choose(&rows->subset, &how->subset, all, NULL);
    rows->count = rows->subset.rows ? rows->subset.count : all;
    return status;
}

/* ---- whether the ranks see the same files */

/* Gives all ranks the error of the lowest rank whose number is not rank 0's. */
static shs_status compare_number(struct scan_rows *rows, const char *path, uint64_t number,
                                 const char *what)
{
    shs_status mine, status = scan_hosts_compare(rows->run, &rows->hosts, number, what, &mine);
    return status ? status : mpi_agree(rows->run, core_wrap(mine, "%s", path), "comparing copies");
}

static shs_status digest_of(struct scan_rows *rows, size_t number, struct scan_digest *digest)
{
    shs_status status = open_file(rows, number, false);
    if (!status)
        status = data_field_find_checksums(rows->file, rows->paths->path[number],
                                           DATA_CHECKSUM_BYTES, &rows->field);
    if (!status) *digest = scan_digest_of(&rows->field, false);
    return status;
}

/* Collective. Compares the files of all ranks with rank 0's. */
static shs_status compare_copies(struct scan_rows *rows)
{
    shs_status status = SHS_OK;
    size_t count = rows->paths->count, step = count > COMPARED ? count / COMPARED : 1;
    if (rows->run->ranks == 1) return SHS_OK;
    for (size_t i = 0; i < count && !status; i++)
        status = compare_number(rows, rows->paths->path[i], rows->first[i + 1] - rows->first[i],
                                "number of rows");
    for (size_t i = 0; i < count && !status; i += step) {
        struct scan_digest digest = {0};
        const char *path = rows->paths->path[i];
        status = mpi_agree(rows->run, digest_of(rows, i, &digest), "comparing copies");
        if (!status) status = compare_number(rows, path, digest.checksums, "hash of checksums");
        if (!status) status = compare_number(rows, path, digest.rows, "hash of some rows");
    }
    return status;
}

/* ---- shares */

/* Returns the first row of a rank's share. It is the row where a chunk of its file begins. */
static uint64_t cut(const struct scan_rows *rows, int rank)
{
    size_t low = 0, high = rows->paths->count;
    uint64_t all = rows->first[high];
    uint64_t row = order_share(all, (uint64_t)rank, (uint64_t)rows->run->ranks);
    if (row == all) return all;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(rows->first[middle] <= row ? &low : &high) = middle;
    }
    return row - (row - rows->first[low]) % rows->band[low];
}

shs_status scan_rows_share(struct scan_rows *rows)
{
    shs_status status = scan_hosts_find(rows->run, &rows->hosts);
    if (!status) status = compare_copies(rows);
    /* another rank's copy may have other chunks */
    if (!status) status = mpi_greatest(rows->run, rows->band, rows->paths->count);
    if (status) return status;
    rows->begin = cut(rows, rows->run->rank);
    rows->end = cut(rows, rows->run->rank + 1);
    return SHS_OK;
}

/* ---- reading */

static shs_status make_room(struct scan_rows *rows, uint64_t count)
{
    if (rows->room >= count) return SHS_OK;
    core_free(&rows->piece);
    rows->room = 0;
    shs_status status = core_new(count, rows->row_bytes, "rows", &rows->piece);
    if (!status) rows->room = count;
    return status;
}

/* Narrows the rows [*row, *row + *count) down to those from the first wanted row to the last.
 * Leaves no rows if none is wanted. */
static void narrow(const struct order_subset *subset, uint64_t *row, uint64_t *count)
{
    uint64_t from, to;
    if (!subset->rows) return;
    from = order_subset_below(subset, *row);
    to = order_subset_below(subset, *row + *count);
    *count = from < to ? subset->rows[to - 1] + 1 - subset->rows[from] : 0;
    if (from < to) *row = subset->rows[from];
}

/* Moves the wanted ones of the rows [row, row + count), which `piece` has, to its front. Returns
 * how many these are. */
static uint64_t keep_wanted(const struct scan_rows *rows, uint64_t row, uint64_t count)
{
    const struct order_subset *subset = &rows->subset;
    if (!subset->rows) return count;
    uint64_t from = order_subset_below(subset, row), to = order_subset_below(subset, row + count);
    for (uint64_t i = from; i < to; i++)
        memmove(rows->piece + (i - from) * rows->row_bytes,
                rows->piece + (subset->rows[i] - row) * rows->row_bytes, rows->row_bytes);
    return to - from;
}

/* Reads the wanted ones of rows [first, end) of a file. */
static shs_status read_file(struct scan_rows *rows, size_t number, uint64_t first, uint64_t end,
                            void (*take)(void *user, const char *piece, uint64_t rows), void *user)
{
    uint64_t before = rows->first[number], wanted = before + first, count = end - first;
    narrow(&rows->subset, &wanted, &count);
    if (!count) return SHS_OK;
    shs_status status = open_file(rows, number, false);
    if (status) return status;
    uint64_t at_once = scan_share_of(&rows->field, 0, 1).at_once;
    if (at_once > end - first) at_once = end - first;
    status = make_room(rows, at_once);
    for (uint64_t row = first, now; row < end && !status; row += now) {
        now = end - row < at_once ? end - row : at_once;
        wanted = before + row;
        count = now;
        narrow(&rows->subset, &wanted, &count);
        if (!count) continue;
        status = data_field_read(&rows->field, wanted - before, count, rows->piece);
        if (!status) take(user, rows->piece, keep_wanted(rows, wanted, count));
    }
    return status;
}

shs_status scan_rows_read(struct scan_rows *rows,
                          void (*take)(void *user, const char *piece, uint64_t rows), void *user)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < rows->paths->count && !status; i++) {
        uint64_t first = rows->first[i], end = rows->first[i + 1];
        uint64_t from = rows->begin > first ? rows->begin : first;
        uint64_t to = rows->end < end ? rows->end : end;
        if (from < to) status = read_file(rows, i, from - first, to - first, take, user);
    }
    if (status && rows->hosts.several) core_wrap(status, "host %s", rows->hosts.name);
    return status;
}

void scan_rows_close(struct scan_rows *rows)
{
    close_file(rows);
    scan_hosts_free(&rows->hosts);
    core_free(&rows->first);
    core_free(&rows->band);
    core_free(&rows->piece);
    order_subset_free(&rows->subset);
}
