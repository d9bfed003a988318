#include "cli_check_list.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "load_texts.h"

/* ---- Rows. */

static shs_status add_rows(struct cli_check_list *list, uint64_t first, uint64_t count)
{
    shs_status status = SHS_OK;
    if (list->count == list->capacity) {
        uint64_t capacity = 2 * list->capacity + 64;
        status = core_resize(capacity, sizeof *list->rows, "the list of bad rows", &list->rows);
        if (!status) list->capacity = capacity;
    }
    if (!status) list->rows[list->count++] = (struct cli_rows){first, first + count};
    return status;
}

static int compare(const void *left, const void *right)
{
    const struct cli_rows *a = left, *b = right;
    return (a->first > b->first) - (a->first < b->first);
}

/* ---- A file. */

/* True if the names, separated by commas, have this name. */
static bool has_name(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; *at; at += *at == ',') {
        size_t own = strcspn(at, ",");
        if (own == length && !memcmp(at, name, length)) return true;
        at += own;
    }
    return false;
}

static uint64_t count_names(const char *names)
{
    uint64_t count = 1;
    for (const char *at = names; *at; at++)
        count += *at == ',';
    return count;
}

/* True if a dataset is a field of the samples. */
static bool is_wanted(const struct cli_check_list *list, const struct scan_check_result *own,
                      const struct scan_check_dataset *dataset)
{
    if (!dataset->name || cli_check_is_checksums(own, dataset)) return false;
    if (list->fields) return has_name(list->fields, dataset->name);
    return dataset->field || dataset->bad || dataset->unknown;
}

/* Sets *samples to the rows that every wanted field of the file has. */
static shs_status find_samples(const struct cli_check_list *list,
                               const struct scan_check_result *own, uint64_t *samples)
{
    const struct scan_check_dataset *first = NULL;
    uint64_t wanted = 0;
    for (uint64_t i = 0; i < own->datasets; i++) {
        const struct scan_check_dataset *dataset = &own->dataset[i];
        if (!is_wanted(list, own, dataset)) continue;
        wanted++;
        if (list->one_a_file) continue;
        if (!dataset->field)
            return core_fail(SHS_ERROR_FORMAT,
                             "dataset %s could not be opened, so its rows have no numbers",
                             dataset->name);
        if (first && first->rows != dataset->rows)
            return core_fail(SHS_ERROR_FORMAT,
                             "%s has %llu rows and %s %llu; name the fields of a sample by "
                             "--list-fields A,B",
                             first->name, (ull)first->rows, dataset->name, (ull)dataset->rows);
        first = dataset;
    }
    *samples = first ? first->rows : 0;
    if (!wanted || (list->fields && wanted != count_names(list->fields)))
        return core_fail(SHS_ERROR_FORMAT, "there is no dataset of numbers %s",
                         list->fields ? list->fields : "in it that could be read");
    return SHS_OK;
}

/* Adds a file that is a sample, which is bad if anything of it is. */
static shs_status add_sample(struct cli_check_list *list, const struct scan_check_result *own)
{
    uint64_t samples;
    bool bad = own->bad;
    shs_status status = own->bad || own->unknown ? SHS_OK : find_samples(list, own, &samples);
    for (uint64_t i = 0; i < own->datasets; i++) {
        const struct scan_check_dataset *dataset = &own->dataset[i];
        bad = bad || ((dataset->bad || dataset->bad_rows) && is_wanted(list, own, dataset));
    }
    return status || !bad ? status : add_rows(list, list->samples, 1);
}

static shs_status add_file(struct cli_check_list *list, const struct scan_check_result *own,
                           uint64_t *samples)
{
    if (list->one_a_file) {
        *samples = 1;
        return add_sample(list, own);
    }
    shs_status status = find_samples(list, own, samples);
    if (!status && own->list_status)
        status = core_fail(own->list_status, "there is no memory for the list of bad rows");
    for (uint64_t i = 0; i < own->listed && !status; i++) {
        const struct scan_check_rows *rows = &own->bad_rows[i];
        if (is_wanted(list, own, &own->dataset[rows->dataset]))
            status = add_rows(list, list->samples + rows->first, rows->count);
    }
    for (uint64_t i = 0; i < own->datasets && !status; i++)
        if (own->dataset[i].bad && is_wanted(list, own, &own->dataset[i]))
            status = add_rows(list, list->samples, own->dataset[i].rows);
    return status;
}

shs_status cli_check_list_add(struct cli_check_list *list, shs_run *run,
                              const struct cli_verdict *verdict)
{
    uint64_t samples = 0;
    shs_status status = add_file(list, &verdict->own, &samples);
    status = core_wrap(status, "check --list-bad: %s", verdict->path);
    status = mpi_agree(run, status, "check --list-bad");
    if (!status) status = mpi_greatest(run, &samples, 1);
    list->samples += samples;
    return status;
}

/* ---- All ranks. */

static shs_status take(void *user, const void *bytes, size_t count)
{
    const struct cli_rows *rows = bytes;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < count / sizeof *rows && !status; i++)
        status = add_rows(user, rows[i].first, rows[i].end - rows[i].first);
    return status;
}

/* Collective. Gathers the rows of all ranks on rank 0. */
static shs_status gather(const struct cli_check_list *list, shs_run *run,
                         struct cli_check_list *all)
{
    uint64_t most = list->count;
    void *room = NULL;
    shs_status status = mpi_greatest(run, &most, 1);
    if (!status && run->rank == 0)
        status = core_new(most + 1, sizeof *list->rows, "the list of bad rows", &room);
    status = mpi_agree(run, status, "check --list-bad: gathering");
    const void *own = list->rows ? (const void *)list->rows : "";
    if (!status) status = mpi_in_order(run, own, list->count * sizeof *list->rows, room, take, all);
    core_free(&room);
    return status;
}

static void print_rows(struct cli_check_list *all, struct core_text *text)
{
    uint64_t next = 0; /* all rows before it are printed, or are not bad */
    if (all->count) qsort(all->rows, all->count, sizeof *all->rows, compare);
    for (uint64_t i = 0; i < all->count; i++) {
        if (next < all->rows[i].first) next = all->rows[i].first;
        for (; next < all->rows[i].end; next++)
            core_text_add(text, "%llu\n", (ull)next);
    }
}

shs_status cli_check_list_write(struct cli_check_list *list, shs_run *run, const char *path)
{
    struct cli_check_list all = {0};
    struct core_text text = {0};
    shs_status status = gather(list, run, &all);
    if (!status) print_rows(&all, &text);
    status = load_texts_write(run, "check --list-bad", status, path, "", &text, "");
    core_text_free(&text);
    cli_check_list_free(&all);
    return status;
}

void cli_check_list_free(struct cli_check_list *list)
{
    core_free(&list->rows);
    list->count = list->capacity = 0;
}
