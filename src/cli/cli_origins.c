#include "cli_origins.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "data_dataset.h"

void cli_origins_close(struct cli_origins *origins)
{
    for (size_t i = 0; i < origins->count; i++) {
        h5_origins_close(&origins->origins[i]);
        core_free(&origins->dataset[i]);
    }
    h5_close(&origins->file);
    core_free(&origins->path);
    *origins = (struct cli_origins){0};
}

/* Opens a file unless it is open. */
static shs_status use_file(struct cli_origins *origins, const char *path)
{
    if (origins->path && !strcmp(origins->path, path)) return SHS_OK;
    cli_origins_close(origins);
    shs_status status = h5_open(path, &origins->file);
    return status ? status : core_copy(path, &origins->path);
}

/* Finds the tables of a dataset, and opens them when they are wanted first. */
static shs_status use_dataset(struct cli_origins *origins, const char *dataset,
                              struct h5_origins **tables)
{
    size_t i = 0;
    shs_status status = SHS_OK;
    while (i < origins->count && strcmp(origins->dataset[i], dataset) != 0)
        i++;
    *tables = NULL;
    if (i == SHS_MAX_FIELDS) return SHS_OK;
    if (i == origins->count) {
        status = core_copy(dataset, &origins->dataset[i]);
        if (status) return status;
        origins->count++;
        status = h5_origins_open(origins->file, dataset, &origins->origins[i]);
    }
    *tables = origins->origins[i];
    return status;
}

/* Finds where a row comes from. With `whole` its number there is not told. */
static shs_status find(struct cli_origins *origins, const char *path, const char *dataset,
                       uint64_t row, bool whole, char **text)
{
    struct h5_origins *tables = NULL;
    struct core_text told = {0};
    char *name;
    uint64_t there;
    bool alone;
    *text = NULL;
    shs_status status = use_file(origins, path);
    if (!status) status = use_dataset(origins, dataset, &tables);
    if (status || !tables) return status;
    status = h5_origins_find(tables, row, &name, &there, &alone);
    if (status) return status;
    core_text_add(&told, "%s", name);
    if (!alone && !whole) core_text_add(&told, ", row %llu", (ull)there);
    core_free(&name);
    return core_text_take(&told, text);
}

shs_status cli_origins_find(struct cli_origins *origins, const char *path, const char *dataset,
                            uint64_t row, char **text)
{
    return find(origins, path, dataset, row, false, text);
}

shs_status cli_origins_of_rows(struct cli_origins *origins, const shs_dataset *dataset,
                               const shs_location *at, size_t field, const shs_rows *rows,
                               char **text)
{
    struct core_text told = {0};
    size_t array = dataset->what.part[field].array;
    struct data_series series = data_files_series(&dataset->files, (size_t)at->file, array);
    uint64_t each = series.samples == DATA_ONE_SERIES || !series.rows ? 1 : series.rows;
    char *first, *last = NULL;
    *text = NULL;
    if (!rows->count || dataset->what.part[field].joins) return SHS_OK; /* of several files */
    uint64_t begin = rows->first / each;
    uint64_t end = (rows->first + (rows->count - 1) * rows->every) / each;
    bool whole = dataset->what.part[field].kind == DATA_IMAGE; /* all bytes of an image's file */
    shs_status status = find(origins, at->path, rows->dataset, begin, whole, &first);
    if (status || !first || whole || begin == end) {
        *text = first;
        return status;
    }
    status = cli_origins_find(origins, at->path, rows->dataset, end, &last);
    if (!status) core_text_add(&told, "%s to %s", first, last);
    core_free(&first);
    core_free(&last);
    return status ? status : core_text_take(&told, text);
}
