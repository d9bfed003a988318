#include "train_worst.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"
#include "io_durable.h"
#include "io_file.h"
#include "io_folder.h"

/* The file's first lines. */
static const char heading[] = "# shardstep worst rows 1\n"
                              "epoch\tepoch step\tstep\tvrank\tslot\trow\tloss\n";

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
    if (!status && merges)
        status = core_new(2 * most, sizeof *worst->room, "the worst rows", &worst->room);
    return status;
}

void train_worst_close(struct train_worst *worst)
{
    core_free(&worst->noted);
    core_free(&worst->room);
    *worst = (struct train_worst){0};
}

void train_worst_begin(struct train_worst *worst, uint64_t epoch, uint64_t from)
{
    worst->epoch = epoch;
    worst->from = from;
    worst->count = 0;
}

/* ---- The kept rows are a heap, whose first row is the least bad. */

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

void train_worst_add(struct train_worst *worst, const struct train_noted *noted)
{
    if (worst->count < worst->most) {
        worst->noted[worst->count] = *noted;
        rise(worst->noted, worst->count++);
    } else if (worst->most && compare(noted, worst->noted) < 0) {
        worst->noted[0] = *noted;
        sink(worst->noted, worst->count);
    }
}

void train_worst_drop(struct train_worst *worst, uint64_t step)
{
    uint64_t count = worst->count;
    worst->count = 0;
    for (uint64_t i = 0; i < count; i++) {
        const struct train_noted noted = worst->noted[i]; /* its place may be taken */
        if (noted.step < step) train_worst_add(worst, &noted);
    }
}

/* ---- The file. */

static void add_row(struct core_text *text, uint64_t epoch, const struct train_noted *noted)
{
    double loss = noted->loss;
    core_text_add(text, "%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t", (ull)epoch, (ull)noted->epoch_step,
                  (ull)noted->step, (ull)noted->vrank, (ull)noted->slot, (ull)noted->row);
    if (is_nan(loss))
        core_text_add(text, "nan");
    else if (loss - loss != 0)
        core_text_add(text, loss > 0 ? "inf" : "-inf");
    else
        core_text_add_double(text, loss);
    core_text_add(text, "\n");
}

/* Returns the end of the lines of earlier epochs in a file. */
static size_t earlier(const char *text, uint64_t epoch)
{
    const char *at = text + strlen(heading);
    while (*at) {
        uint64_t number = strtoull(at + (*at == '#' ? strlen("# epoch ") : 0), NULL, 10);
        if (number >= epoch) break;
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return (size_t)(at - text);
}

/* Begins the file's new text with what the file has of earlier epochs. */
static shs_status add_earlier(struct core_text *text, const char *path, uint64_t epoch)
{
    char *stored = NULL;
    bool there;
    shs_status status = io_exists(path, &there);
    if (!status && there) status = io_read_all(path, &stored);
    if (status) return status;
    if (!there)
        core_text_add(text, "%s", heading);
    else if (!strncmp(stored, heading, strlen(heading)))
        core_text_add(text, "%.*s", (int)earlier(stored, epoch), stored);
    else
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s is there already and is no list of worst rows; give the list "
                           "another name",
                           path);
    core_free(&stored);
    return status;
}

static shs_status write_rows(const struct train_worst *worst, const struct train_noted *rows,
                             uint64_t count, const char *path)
{
    struct core_text text = {0};
    char *whole = NULL;
    shs_status status = add_earlier(&text, path, worst->epoch);
    if (!status && worst->from)
        core_text_add(&text, "# epoch %llu: rows were noted from epoch step %llu on\n",
                      (ull)worst->epoch, (ull)worst->from);
    for (uint64_t i = 0; i < count && !status; i++)
        add_row(&text, worst->epoch, &rows[i]);
    if (!status) status = core_text_take(&text, &whole);
    if (!status) status = io_write_text(path, whole);
    core_text_free(&text);
    core_free(&whole);
    return status;
}

/* ---- Merging. */

/* The rows of all ranks so far, in a heap of their own. */
static shs_status take_rows(void *user, const void *bytes, size_t count)
{
    struct train_worst *merged = user;
    const char *at = bytes;
    for (size_t i = 0; i < count / sizeof(struct train_noted); i++) {
        struct train_noted noted;
        memcpy(&noted, at + i * sizeof noted, sizeof noted);
        train_worst_add(merged, &noted);
    }
    return SHS_OK;
}

shs_status train_worst_end(struct train_worst *worst, shs_run *run, const char *path)
{
    struct train_worst merged = {.most = worst->most};
    if (worst->room) merged.noted = worst->room + worst->most;
    /* the members of a group have noted the same rows */
    size_t bytes = run->member ? 0 : (size_t)worst->count * sizeof *worst->noted;
    shs_status status = mpi_in_order(run, worst->noted, bytes, worst->room, take_rows, &merged);
    if (!status && run->rank == 0) {
        qsort(merged.noted, (size_t)merged.count, sizeof *merged.noted, compare);
        status = write_rows(worst, merged.noted, merged.count, path);
    }
    worst->count = 0;
    return status;
}
