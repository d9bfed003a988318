#include "train_worst.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "io_content.h"
#include "io_durable.h"
#include "io_file.h"
#include "io_folder.h"

static bool is_nan(double number)
{
    return number != number;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* The worse row comes first: a NaN, then the greater loss, then the smaller row number, the earlier
 * step, the lower virtual rank and the lower slot. */
static int compare(const void *left, const void *right)
{
    const struct train_noted *a = left, *b = right;
    int order = is_nan(b->loss) - is_nan(a->loss);
    if (!order && !is_nan(a->loss)) order = (a->loss < b->loss) - (a->loss > b->loss);
    if (!order) order = compare_numbers(a->row, b->row);
    if (!order) order = compare_numbers(a->step, b->step);
    if (!order) order = compare_numbers(a->vrank, b->vrank);
    return order ? order : compare_numbers(a->slot, b->slot);
}

shs_status train_worst_open(uint64_t most, bool merges, struct train_worst *worst)
{
    *worst = (struct train_worst){.most = most};
    shs_status status = core_new(most, sizeof *worst->noted, "the worst rows", &worst->noted);
    if (!status) status = core_new(most, sizeof *worst->fresh, "the worst rows", &worst->fresh);
    if (!status && merges)
        status = core_new(2 * most, sizeof *worst->room, "the worst rows", &worst->room);
    return status;
}

void train_worst_close(struct train_worst *worst)
{
    core_free(&worst->noted);
    core_free(&worst->fresh);
    core_free(&worst->room);
    *worst = (struct train_worst){0};
}

void train_worst_begin(struct train_worst *worst, uint64_t epoch, uint64_t from, uint64_t steps)
{
    worst->steps = steps;
    worst->epoch = epoch;
    worst->from = from;
    worst->count = 0;
    worst->n_fresh = 0;
}

/* ---- The kept rows. */

static void swap(struct train_noted *a, struct train_noted *b)
{
    struct train_noted kept = *a;
    *a = *b;
    *b = kept;
}

static void sink(struct train_noted *heap, uint64_t count)
{
    for (uint64_t at = 0, child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && compare(&heap[child], &heap[child + 1]) < 0) child++;
        if (compare(&heap[at], &heap[child]) >= 0) return;
        swap(&heap[at], &heap[child]);
    }
}

static void rise(struct train_noted *heap, uint64_t at)
{
    for (uint64_t parent; at; at = parent) {
        parent = (at - 1) / 2;
        if (compare(&heap[parent], &heap[at]) >= 0) return;
        swap(&heap[parent], &heap[at]);
    }
}

static void add(struct train_noted *heap, uint64_t *count, uint64_t most,
                const struct train_noted *noted)
{
    if (*count < most) {
        heap[*count] = *noted;
        rise(heap, (*count)++);
    } else if (most && compare(noted, heap) < 0) {
        heap[0] = *noted;
        sink(heap, *count);
    }
}

void train_worst_add(struct train_worst *worst, const struct train_noted *noted)
{
    add(worst->fresh, &worst->n_fresh, worst->most, noted);
}

static void keep(struct train_worst *worst, const struct train_noted *noted)
{
    add(worst->noted, &worst->count, worst->most, noted);
}

void train_worst_keep_step(struct train_worst *worst)
{
    for (uint64_t i = 0; i < worst->n_fresh; i++)
        keep(worst, &worst->fresh[i]);
    worst->n_fresh = 0;
}

void train_worst_forget_step(struct train_worst *worst)
{
    worst->n_fresh = 0;
}

/* ---- Merging. */

/* Takes the rows of a rank. */
static shs_status take_rows(void *user, const void *bytes, size_t count)
{
    struct train_worst *merged = user;
    const char *at = bytes;
    for (size_t i = 0; i < count / sizeof(struct train_noted); i++) {
        struct train_noted noted;
        memcpy(&noted, at + i * sizeof noted, sizeof noted);
        keep(merged, &noted);
    }
    return SHS_OK;
}

/* Returns the text behind a line. */
static const char *behind(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line == '\n');
}

/* Takes the rows of a part of the epoch, which a list has from `at` on. */
static void take_part(const char *at, struct train_worst *merged)
{
    uint64_t epoch;
    struct train_noted noted;
    for (; *at && train_worst_read_row(at, &epoch, &noted) && epoch == merged->epoch;
         at = behind(at))
        keep(merged, &noted);
}

/* Goes through the list that is there. Returns the end of what it has of earlier epochs. If it has
 * the part of this epoch that goes before the noted rows, takes this part. */
static const char *read_former(const char *list, struct train_worst *merged)
{
    const char *at = list + strlen(train_worst_heading), *end = NULL;
    for (; *at; at = behind(at)) {
        struct train_worst_part part;
        struct train_noted noted;
        uint64_t epoch;
        bool begins = train_worst_read_part(at, &part);
        if (begins) epoch = part.epoch;
        if (!begins && !train_worst_read_row(at, &epoch, &noted)) continue;
        if (!end && epoch >= merged->epoch) end = at;
        if (!begins || epoch != merged->epoch || part.until != merged->from) continue;
        take_part(behind(at), merged);
        merged->from = part.from;
    }
    return end ? end : at;
}

/* ---- The file. */

/* Appends what the list has up to `end`, in pieces whose lengths printf() can count. */
static void add_former(struct core_text *text, const char *list, const char *end)
{
    const ptrdiff_t most = 1 << 30;
    while (list < end && !text->status) {
        ptrdiff_t now = end - list < most ? end - list : most;
        core_text_add(text, "%.*s", (int)now, list);
        list += now;
    }
}

static shs_status check_heading(const char *path, const char *list)
{
    if (!strncmp(list, train_worst_heading, strlen(train_worst_heading))) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s is there already and is no list of worst rows; give the list another name",
                     path);
}

static shs_status compose(const char *path, const char *stored, uint64_t until,
                          struct train_worst *merged, struct core_text *text)
{
    const char *list = stored ? stored : train_worst_heading;
    shs_status status = check_heading(path, list);
    if (status) return status;
    add_former(text, list, read_former(list, merged));
    const struct train_worst_part part = {merged->epoch, merged->from,
                                          until ? until : merged->steps};
    if (merged->from || until) train_worst_add_part(text, &part);
    qsort(merged->noted, (size_t)merged->count, sizeof *merged->noted, compare);
    for (uint64_t i = 0; i < merged->count; i++)
        train_worst_add_row(text, merged->epoch, &merged->noted[i]);
    return text->status;
}

/* Reads the list; *stored stays NULL if it is not there. */
static shs_status read_list(const char *path, char **stored)
{
    bool there;
    shs_status status = io_exists(path, &there);
    if (!status && there) status = io_check_readable(path);
    if (!status && there) status = io_read_all(path, stored);
    return status;
}

shs_status train_worst_try(const char *path)
{
    char *stored = NULL;
    shs_status status = read_list(path, &stored);
    if (!status && stored) status = check_heading(path, stored);
    if (!status) status = io_try_to_write(path);
    core_free(&stored);
    return core_wrap(status, "the list of the worst rows");
}

static shs_status write_list(const char *path, uint64_t until, struct train_worst *merged)
{
    struct core_text text = {0};
    char *stored = NULL;
    shs_status status = read_list(path, &stored);
    if (!status) status = compose(path, stored, until, merged, &text);
    if (!status) status = io_write_text(path, text.bytes);
    core_text_free(&text);
    core_free(&stored);
    return status;
}

shs_status train_worst_end(struct train_worst *worst, shs_run *run, const char *path,
                           uint64_t until)
{
    struct train_worst merged = *worst;
    merged.count = 0;
    if (worst->room) merged.noted = worst->room + worst->most;
    /* the members of a group have noted the same rows */
    size_t bytes = run->member ? 0 : (size_t)worst->count * sizeof *worst->noted;
    shs_status status = mpi_in_order(run, worst->noted, bytes, worst->room, take_rows, &merged);
    if (!status && run->rank == 0) status = write_list(path, until, &merged);
    worst->count = 0;
    return status;
}
