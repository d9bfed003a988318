#include "scan_check.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_about.h"
#include "io_content.h"
#include "io_crc32c.h"
#include "io_file.h"
#include "scan_digest.h"
#include "scan_share.h"

enum {
    CACHE_BYTES = 64 << 20 /* memory for decoded chunks in HDF5 */
};

/* The state of a check. */
struct check {
    const struct scan_check_task *task;
    struct h5_file *file;
    uint64_t number; /* number of the array */
    const char *name;
    struct data_field field;
    struct scan_share share;
    char *rows;
    uint32_t *checksums; /* checksums of a piece's rows */

    /* The rows that were found bad or unknown and are not reported yet. Neighbours are reported
     * together. */
    enum scan_check_kind kind;
    uint64_t kept_first, kept_count;
    char why[CORE_MESSAGE_BYTES]; /* reason for a single row */
    char why_more[256];           /* reason for several rows; "" if it is the same */
};

static void tell(const struct check *check, enum scan_check_kind kind, uint64_t first,
                 uint64_t count, const char *text)
{
    const struct scan_check_event event = {kind, check->number, first, count, text};
    check->task->tell(&event, check->task->user);
}

/* ---- rows that are bad, or could not be checked */

/* Returns the kind of finding for an error. Rows are bad only if their bytes contradict themselves.
 */
static enum scan_check_kind kind_of(shs_status status)
{
    return status == SHS_ERROR_FORMAT ? SCAN_CHECK_BAD : SCAN_CHECK_UNKNOWN;
}

static void tell_kept(struct check *check)
{
    if (check->kept_count)
        tell(check, check->kind, check->kept_first, check->kept_count,
             check->kept_count > 1 && *check->why_more ? check->why_more : check->why);
    check->kept_count = 0;
}

/* Keeps rows of one kind until they are reported. `why` is the reason for a single row, `more` for
 * several neighbours. `more` is "" if it is the same. */
static void keep(struct check *check, enum scan_check_kind kind, uint64_t first, uint64_t count,
                 const char *why, const char *more)
{
    bool follows = check->kept_count && check->kept_first + check->kept_count == first;
    if (follows && kind == check->kind && !strcmp(more, check->why_more) &&
        (*more || !strcmp(why, check->why))) {
        check->kept_count += count;
        return;
    }
    tell_kept(check);
    check->kind = kind;
    check->kept_first = first;
    check->kept_count = count;
    snprintf(check->why, sizeof check->why, "%s", why);
    snprintf(check->why_more, sizeof check->why_more, "%s", more);
}

static void keep_bad(struct check *check, uint64_t row, const char *why, const char *more)
{
    keep(check, SCAN_CHECK_BAD, row, 1, why, more);
}

/* Writes the latest message without the names of file, array and rows. Adds the option that may
 * help. */
static void describe(const struct check *check, shs_status status, uint64_t first, uint64_t count,
                     char *text, size_t bytes)
{
    char file[CORE_MESSAGE_BYTES], dataset[CORE_MESSAGE_BYTES], rows[64];
    const char *cause = shs_message(), *advice = "";
    snprintf(file, sizeof file, "%s: ", check->task->path);
    snprintf(dataset, sizeof dataset, "dataset %s: ", check->name);
    snprintf(rows, sizeof rows, "rows %llu to %llu", (ull)first, (ull)(first + count - 1));
    cause = core_without(core_without(cause, file), dataset);
    cause = core_without(core_without(cause, rows), ": ");
    cause = core_without(core_without(cause, file), " ");
    if (status == SHS_ERROR_MEMORY) advice = "; --probe-mebibytes allows more";
    if (status == SHS_ERROR_UNSUPPORTED && !check->task->plugins && strstr(cause, "filter"))
        advice = "; plug-ins of HDF5 are off here, --plugins allows them";
    snprintf(text, bytes, "%s%s", cause, advice);
}

/* Keeps rows that could not be read or compared, with the latest message as the reason. */
static void keep_failed(struct check *check, shs_status status, uint64_t first, uint64_t count)
{
    char text[CORE_MESSAGE_BYTES];
    describe(check, status, first, count, text, sizeof text);
    keep(check, kind_of(status), first, count, text, "");
}

/* Reports a whole array that could not be read, with the latest message as the reason. */
static void tell_failed(const struct check *check, shs_status status)
{
    char text[CORE_MESSAGE_BYTES];
    describe(check, status, 0, 1, text, sizeof text);
    tell(check, kind_of(status), 0, 0, text);
}

/* Writes the offsets in the file of the chunks that hold a row, as far as they are known. */
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

/* Finds a chunk of a row that was never written. Returns false if there is none, or if that is
 * unknown. */
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
        keep_bad(check, row, why, "");
        return;
    }
    if (layout && layout->chunked) place_of_chunk(layout, row, place, sizeof place);
    snprintf(more, sizeof more, "not what was written%s", place);
    if (layout && !layout->chunked)
        snprintf(place, sizeof place, "; at byte %llu of the file",
                 (ull)io_layout_address_of(layout, row, NULL));
    snprintf(why, sizeof why, "not what was written: CRC-32C %08lx, not %08lx%s",
             (unsigned long)found, (unsigned long)expected, place);
    keep_bad(check, row, why, more);
}

/* ---- rows */

/* Compares rows with their checksums. Returns true if all are good. */
static bool compare(struct check *check, uint64_t first, uint64_t count)
{
    struct data_field *field = &check->field;
    size_t size = shs_type_size(field->sample.type);
    bool good = true;
    if (!data_field_has_checksums(field)) return true;
    shs_status status = data_field_checksums(field, first, count, check->checksums);
    if (status) {
        core_wrap(status, "their checksums");
        keep_failed(check, status, first, count);
    }
    for (uint64_t i = 0; i < count && !status; i++) {
        const char *row = check->rows + i * field->row_bytes;
        uint32_t found = io_crc32c_elements(row, field->row_bytes / size, size);
        if (found == check->checksums[i]) continue;
        add_wrong(check, first + i, found, check->checksums[i]);
        good = false;
    }
    return good && !status;
}

/* Rows could not be read, with the status *status. If that is because their chunk is not what was
 * written, the rows are read without its checksum: decoding, or the rows' own checksums, tell more.
 * Returns true if rows were told apart. Otherwise *status and the message are those to report. */
static bool tell_apart(struct check *check, uint64_t first, uint64_t count, shs_status *status)
{
    char message[CORE_MESSAGE_BYTES];
    struct data_field *field = &check->field;
    if (!data_field_has_chunk_sums(field) || !data_field_has_checksums(field)) return false;
    snprintf(message, sizeof message, "%s", shs_message());
    field->lane.rows_only = true;
    shs_status again = data_field_read(field, first, count, check->rows);
    field->lane.rows_only = false;
    if (!again && !compare(check, first, count)) return true;
    *status = again ? again : core_tell(*status, message, true, false);
    return false;
}

/* Reads and compares rows. If that fails, fewer rows are tried, down to single rows or to the rows
 * of a chunk. */
static void check_rows(struct check *check, uint64_t first, uint64_t count)
{
    uint64_t band = check->share.band, half = (count / 2 + band - 1) / band * band;
    shs_status status = data_field_read(&check->field, first, count, check->rows);
    if (!status) {
        compare(check, first, count);
    } else if (count <= band || half >= count) {
        if (!tell_apart(check, first, count, &status)) keep_failed(check, status, first, count);
    } else {
        check_rows(check, first, half);
        check_rows(check, first + half, count - half);
    }
}

/* Returns how many rows the piece has that begins at a row. */
static uint64_t piece_at(const struct check *check, uint64_t row)
{
    const struct scan_check_task *task = check->task;
    uint64_t band = check->share.band, rows = check->share.at_once;
    bool careful = task->careful && check->number == task->dataset && row < task->careful_end;
    if (careful) rows = task->careful < band ? band : task->careful / band * band;
    if (rows > check->share.at_once) rows = check->share.at_once;
    return check->share.end - row < rows ? check->share.end - row : rows;
}

static void check_share(struct check *check)
{
    const struct scan_check_task *task = check->task;
    const struct scan_share *share = &check->share;
    uint64_t row = share->first;
    if (check->number == task->dataset && task->row > row) row = task->row;
    for (uint64_t now; row < share->end; row += now) {
        now = piece_at(check, row);
        tell(check, SCAN_CHECK_READING, row, now, now <= share->band ? "1" : "");
        check_rows(check, row, now);
        tell_kept(check);
    }
}

static shs_status check_field(struct check *check)
{
    struct data_field *field = &check->field;
    check->share = scan_share_of(field, check->task->rank, check->task->ranks);
    uint64_t rows = check->share.end - check->share.first;
    if (rows > check->share.at_once) rows = check->share.at_once;
    shs_status status = core_new(rows, field->row_bytes, "rows", &check->rows);
    if (!status) status = core_new(rows, sizeof *check->checksums, "checksums", &check->checksums);
    if (!status) check_share(check);
    core_free(&check->rows);
    core_free(&check->checksums);
    return status;
}

/* ---- arrays */

static void tell_digest(struct check *check)
{
    if (!check->task->compare) return;
    struct scan_digest digest = scan_digest_of(&check->field, true);
    tell(check, SCAN_CHECK_DIGEST, digest.checksums, digest.rows, "");
}

static shs_status tell_shape(const struct check *check, const struct h5_about *about, bool summed)
{
    struct core_text text = {0};
    char *description;
    core_text_add(&text, "%s", about->type);
    for (uint32_t axis = 0; axis < about->axes; axis++)
        core_text_add(&text, "%s%llu", axis ? "x" : " ", (ull)about->shape[axis]);
    shs_status status = core_text_take(&text, &description);
    if (!status)
        tell(check, summed ? SCAN_CHECK_SUMMED : SCAN_CHECK_PLAIN, 0, about->shape[0], description);
    core_free(&description);
    return status;
}

/* Checks an array without checksums: all of it is read. */
static shs_status check_plain(struct check *check, const struct h5_about *about)
{
    bool summed = false;
    shs_status status =
        data_field_open(check->file, check->task->path, check->name,
                        &(struct data_field_how){.cache_bytes = CACHE_BYTES}, &check->field);
    if (status) {
        tell_failed(check, status);
        return tell_shape(check, about, false);
    }
    status = data_field_find_checksums(check->file, check->task->path, DATA_CHECKSUM_BYTES,
                                       &check->field);
    if (status)
        tell_failed(check, status);
    else
        summed =
            data_field_has_checksums(&check->field) || data_field_has_chunk_sums(&check->field);
    check->field.lane.rows_only = false; /* all checksums are compared */
    status = tell_shape(check, about, summed);
    if (status) return status;
    tell_digest(check);
    return check_field(check);
}

static shs_status open_and_check(struct check *check)
{
    struct h5_about about;
    shs_status status = h5_describe(check->file, check->name, &about);
    if (status) return status;
    if (about.plain && about.axes >= 1 && about.axes <= SHS_MAX_AXES)
        return check_plain(check, &about);
    tell(check, SCAN_CHECK_SKIPPED, 0, 0,
         !about.plain ? about.type
         : about.axes ? "of too many axes"
                      : "a single number");
    return SHS_OK;
}

/* Checks an array. If it could not be visited, it is opened all the same, because that tells why.
 */
static shs_status check_dataset(const char *name, bool readable, void *user)
{
    struct check *check = user;
    (void)readable;
    check->name = name;
    if (check->number >= check->task->dataset) {
        tell(check, SCAN_CHECK_OPENING, 0, 0, name);
        shs_status status = open_and_check(check);
        if (status) tell_failed(check, status);
        tell(check, SCAN_CHECK_DONE, 0, 0, "");
        data_field_close(&check->field);
    }
    check->number++;
    return SHS_OK;
}

/* Returns true if a file that HDF5 cannot open is an HDF5 file all the same. Such a file has a
 * signature of eight bytes at its beginning, or behind a user block of 512, 1024 or any further
 * power of two bytes. */
static bool is_hdf5(const char *path)
{
    static const char signature[] = "\211HDF\r\n\032\n";
    char found[sizeof signature - 1];
    bool is = false;
    size_t got = sizeof found;
    int file;
    if (io_open(path, &file)) return false;
    for (uint64_t at = 0; !is && got == sizeof found && at < UINT64_C(1) << 32;
         at = at ? 2 * at : 512)
        is = !io_read_at(file, at, found, sizeof found, &got) && got == sizeof found &&
             !memcmp(found, signature, sizeof found);
    io_close(file);
    return is;
}

static shs_status open_file(const char *path, struct h5_file **file)
{
    char message[CORE_MESSAGE_BYTES];
    shs_status status = h5_open(path, file);
    if (status != SHS_ERROR_FORMAT) return status;
    snprintf(message, sizeof message, "%s", shs_message());
    if (!is_hdf5(path)) status = SHS_ERROR_UNSUPPORTED;
    return core_tell(status, message, true, false);
}

shs_status scan_check(const struct scan_check_task *task)
{
    struct check check = {.task = task};
    shs_status status = open_file(task->path, &check.file);
    if (status) return status;
    status = h5_walk(check.file, check_dataset, &check);
    if (status) {
        check.name = "/"; /* the last array's name is no longer valid */
        tell(&check, SCAN_CHECK_OPENING, 0, 0, check.name);
        tell_failed(&check, status);
    }
    h5_close(&check.file);
    return SHS_OK;
}
