#include "run_check.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_crc32c.h"
#include "run_share.h"

typedef unsigned long long ull;

enum {
    CACHE_BYTES = 64 << 20 /* of decoded chunks, in HDF5 */
};

/* The check under way. */
struct check {
    const struct run_check_task *task;
    struct h5_file *file;
    uint64_t number; /* of the dataset */
    const char *name;
    struct run_field field;
    struct run_share share;
    char *rows;
    uint32_t *checksums; /* of a piece */

    /* Bad rows that were found but not told yet: neighbours are told together. */
    uint64_t bad_first, bad_count;
    char bad[CORE_MESSAGE_BYTES]; /* why the first is, and */
    char bad_more[256];           /* what is said of several in its place */
};

static void tell(const struct check *check, enum run_check_kind kind, uint64_t first,
                 uint64_t count, const char *text)
{
    const struct run_check_event event = {kind, check->number, first, count, text};
    check->task->tell(&event, check->task->user);
}

/* ---- bad rows */

static void tell_bad(struct check *check)
{
    if (check->bad_count)
        tell(check, RUN_CHECK_BAD, check->bad_first, check->bad_count,
             check->bad_count > 1 && *check->bad_more ? check->bad_more : check->bad);
    check->bad_count = 0;
}

/* Rows that are bad for one reason: `more` is what is said if several of them follow one another;
 * "" if it is the same. */
static void add_bad(struct check *check, uint64_t first, uint64_t count, const char *why,
                    const char *more)
{
    bool follows = check->bad_count && check->bad_first + check->bad_count == first;
    if (follows && !strcmp(more, check->bad_more) && (*more || !strcmp(why, check->bad))) {
        check->bad_count += count;
        return;
    }
    tell_bad(check);
    check->bad_first = first;
    check->bad_count = count;
    snprintf(check->bad, sizeof check->bad, "%s", why);
    snprintf(check->bad_more, sizeof check->bad_more, "%s", more);
}

/* The cause of a failed read, without the names of file, dataset and rows. */
static const char *cause(const struct check *check, uint64_t first, uint64_t count)
{
    char file[CORE_MESSAGE_BYTES], dataset[CORE_MESSAGE_BYTES], rows[64];
    const char *text = shs_message();
    snprintf(file, sizeof file, "%s: ", check->task->path);
    snprintf(dataset, sizeof dataset, "dataset %s: ", check->name);
    snprintf(rows, sizeof rows, "rows %llu to %llu", (ull)first, (ull)(first + count - 1));
    text = core_without(core_without(text, file), dataset);
    text = core_without(core_without(text, rows), ": ");
    return core_without(core_without(text, file), " ");
}

/* Where rows of a chunk lie in the file, as far as it is known. */
static void place_of_chunk(const struct io_layout *layout, uint64_t row, char *text, size_t bytes)
{
    uint64_t chunk = row / layout->chunk[0] * layout->chunks_a_band;
    const struct io_chunk *stored = &layout->chunks[chunk];
    if (layout->chunks_a_band > 1)
        snprintf(text, bytes, "; chunks %llu to %llu", (ull)chunk,
                 (ull)(chunk + layout->chunks_a_band - 1));
    else
        snprintf(text, bytes, "; chunk %llu, %lu bytes at byte %llu of the file", (ull)chunk,
                 (unsigned long)stored->bytes, (ull)stored->address);
}

/* A chunk of this row that is not in the file; false if all are, or it is not known. */
static bool find_unwritten(const struct io_layout *layout, uint64_t row, uint64_t *chunk)
{
    if (!layout || !layout->chunked) return false;
    *chunk = row / layout->chunk[0] * layout->chunks_a_band;
    for (uint64_t i = 0; i < layout->chunks_a_band; i++, ++*chunk)
        if (layout->chunks[*chunk].address == IO_NOWHERE) return true;
    return false;
}

static void add_wrong(struct check *check, uint64_t row, uint32_t found, uint32_t expected)
{
    char why[256], more[256], place[128] = "";
    const struct io_layout *layout =
        check->field.direct ? io_reader_layout(check->field.direct) : NULL;
    uint64_t chunk;
    if (find_unwritten(layout, row, &chunk)) {
        snprintf(why, sizeof why, "not written: chunk %llu is not in the file", (ull)chunk);
        add_bad(check, row, 1, why, "");
        return;
    }
    if (layout && layout->chunked) place_of_chunk(layout, row, place, sizeof place);
    snprintf(more, sizeof more, "not what was written%s", place);
    if (layout && !layout->chunked)
        snprintf(place, sizeof place, "; at byte %llu of the file",
                 (ull)(layout->address + row * layout->row_bytes));
    snprintf(why, sizeof why, "not what was written: CRC-32C %08lx, not %08lx%s",
             (unsigned long)found, (unsigned long)expected, place);
    add_bad(check, row, 1, why, more);
}

/* ---- rows */

static shs_status compare(struct check *check, uint64_t first, uint64_t count)
{
    struct run_field *field = &check->field;
    size_t size = shs_type_size(field->sample.type);
    if (!run_field_has_checksums(field)) return SHS_OK;
    shs_status status = run_field_checksums(field, first, count, check->checksums);
    for (uint64_t i = 0; i < count && !status; i++) {
        const char *row = check->rows + i * field->row_bytes;
        uint32_t found = io_crc32c_elements(row, field->row_bytes / size, size);
        if (found != check->checksums[i]) add_wrong(check, first + i, found, check->checksums[i]);
    }
    if (!status || status == SHS_ERROR_MEMORY) return status;
    add_bad(check, first, count, "their checksums cannot be read", "");
    return SHS_OK;
}

/* Reads rows, and if that fails fewer of them, down to single ones or those of a chunk. */
static shs_status check_rows(struct check *check, uint64_t first, uint64_t count)
{
    uint64_t band = check->share.band, half = (count / 2 + band - 1) / band * band;
    shs_status status = run_field_read(&check->field, first, count, check->rows);
    if (!status) return compare(check, first, count);
    if (status == SHS_ERROR_MEMORY) return status;
    if (count <= band || half >= count) {
        add_bad(check, first, count, cause(check, first, count), "");
        return SHS_OK;
    }
    status = check_rows(check, first, half);
    return status ? status : check_rows(check, first + half, count - half);
}

/* Rows of the next piece. */
static uint64_t piece_at(const struct check *check, uint64_t row)
{
    const struct run_check_task *task = check->task;
    uint64_t band = check->share.band, rows = check->share.at_once;
    bool careful = task->careful && check->number == task->dataset && row < task->careful_end;
    if (careful) rows = task->careful < band ? band : task->careful / band * band;
    if (rows > check->share.at_once) rows = check->share.at_once;
    return check->share.end - row < rows ? check->share.end - row : rows;
}

static shs_status check_share(struct check *check)
{
    const struct run_check_task *task = check->task;
    const struct run_share *share = &check->share;
    uint64_t row = share->first;
    shs_status status = SHS_OK;
    if (check->number == task->dataset && task->row > row) row = task->row;
    for (uint64_t now; row < share->end && !status; row += now) {
        now = piece_at(check, row);
        tell(check, RUN_CHECK_READING, row, now, now <= share->band ? "1" : "");
        status = check_rows(check, row, now);
        tell_bad(check);
    }
    return status;
}

static shs_status check_field(struct check *check)
{
    struct run_field *field = &check->field;
    check->share = run_share_of(field, check->task->rank, check->task->ranks);
    uint64_t rows = check->share.end - check->share.first;
    if (rows > check->share.at_once) rows = check->share.at_once;
    shs_status status = core_new(rows, field->row_bytes, "rows", &check->rows);
    if (!status) status = core_new(rows, sizeof *check->checksums, "checksums", &check->checksums);
    if (!status) status = check_share(check);
    core_free(&check->rows);
    core_free(&check->checksums);
    return status;
}

/* ---- datasets */

/* Tells a field's type and shape, and whether it has checksums; without them it is checked still.
 */
static shs_status tell_field(struct check *check, const struct h5_about *about)
{
    struct run_field *field = &check->field;
    struct core_text text = {0};
    shs_tensor shape = {.type = field->sample.type, .axes = about->axes};
    char *description;
    shs_status status =
        run_field_find_checksums(check->file, check->task->path, RUN_CHECKSUM_BYTES, field);
    if (status == SHS_ERROR_MEMORY) return status;
    if (status) tell(check, RUN_CHECK_BAD, 0, 0, cause(check, 0, 1));
    bool summed = run_field_has_checksums(field);
    memcpy(shape.shape, about->shape, about->axes * sizeof *about->shape);
    core_text_add_shape(&text, &shape);
    status = core_text_take(&text, &description);
    if (!status)
        tell(check, summed ? RUN_CHECK_SUMMED : RUN_CHECK_PLAIN, 0, field->rows, description);
    core_free(&description);
    return status;
}

static shs_status open_and_check(struct check *check)
{
    struct h5_about about;
    shs_status status = h5_describe(check->file, check->name, &about);
    if (status) return status;
    if (!about.plain || about.axes < 1 || about.axes > SHS_MAX_AXES) {
        tell(check, RUN_CHECK_SKIPPED, 0, 0,
             about.plain ? "a single number, or of too many axes" : about.type);
        return SHS_OK;
    }
    status = run_field_open(check->file, check->task->path, check->name,
                            &(struct run_field_how){.cache_bytes = CACHE_BYTES}, &check->field);
    if (status) return status;
    status = tell_field(check, &about);
    return status ? status : check_field(check);
}

static shs_status check_dataset(const char *name, bool readable, void *user)
{
    struct check *check = user;
    shs_status status = SHS_OK;
    check->name = name;
    if (check->number >= check->task->dataset) {
        tell(check, RUN_CHECK_OPENING, 0, 0, name);
        if (readable)
            status = open_and_check(check);
        else
            tell(check, RUN_CHECK_BAD, 0, 0, "it cannot be opened: its header is damaged");
        if (status && status != SHS_ERROR_MEMORY) {
            tell(check, RUN_CHECK_BAD, 0, 0, cause(check, 0, 1));
            status = SHS_OK;
        }
        tell(check, RUN_CHECK_DONE, 0, 0, "");
        run_field_close(&check->field);
    }
    check->number++;
    return status;
}

shs_status run_check(const struct run_check_task *task)
{
    struct check check = {.task = task};
    shs_status status = h5_open(task->path, &check.file);
    if (status) return status;
    status = h5_walk(check.file, check_dataset, &check);
    if (status && status != SHS_ERROR_MEMORY) {
        check.name = "/"; /* that of the last dataset is gone */
        tell(&check, RUN_CHECK_OPENING, 0, 0, check.name);
        tell(&check, RUN_CHECK_BAD, 0, 0, cause(&check, 0, 1));
        status = SHS_OK;
    }
    h5_close(&check.file);
    return status;
}
