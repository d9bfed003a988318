/* shardstep info --sample: where a sample lies. */
#include <stdio.h>

#include "cli.h"
#include "cli_json.h"
#include "cli_origins.h"
#include "cli_text.h"
#include "core_memory.h"
#include "data_dataset.h"

/* Returns true if windows of a field may continue in the next file. */
static bool is_joined(const shs_dataset *dataset, size_t f)
{
    return f < dataset->n_fields && dataset->what.part[f].joins;
}

/* Prints the rows of a window that may continue in the next file. */
static void print_joined(const shs_dataset *dataset, const shs_rows *rows)
{
    printf(", %llu row%s", (ull)rows->count, rows->count == 1 ? "" : "s");
    if (rows->most_every)
        printf(", every %llu to %llu, drawn for each batch,", (ull)rows->every,
               (ull)rows->most_every);
    else if (rows->every > 1)
        printf(", every %llu,", (ull)rows->every);
    printf(" from row %llu of ", (ull)rows->first);
    cli_print_text(stdout, dataset->files.paths.path[rows->file]);
    printf(" on\n");
}

static void print_rows(const shs_dataset *dataset, size_t f, const shs_rows *rows, const char *from)
{
    const shs_tensor *field = shs_dataset_field(dataset, f);
    printf("    ");
    cli_print_text(stdout, field->name);
    printf(": dataset ");
    cli_print_text(stdout, rows->dataset);
    if (rows->count && is_joined(dataset, f)) {
        print_joined(dataset, rows);
        return;
    }
    if (rows->count == 0)
        printf(", no rows\n");
    else if (rows->count == 1)
        printf(", row %llu\n", (ull)rows->first);
    else if (rows->most_every)
        printf(", rows from %llu on, every %llu to %llu: drawn for each batch", (ull)rows->first,
               (ull)rows->every, (ull)rows->most_every);
    else
        printf(", rows %llu to %llu", (ull)rows->first,
               (ull)(rows->first + (rows->count - 1) * rows->every));
    if (rows->count > 1 && rows->every > 1 && !rows->most_every)
        printf(", every %llu", (ull)rows->every);
    if (rows->count > 1) printf("\n");
    if (!from) return;
    printf("        from ");
    cli_print_text(stdout, from);
    printf("\n");
}

static void json_rows(const shs_dataset *dataset, size_t f, const shs_rows *rows, const char *from)
{
    cli_json_begin(NULL, '{');
    cli_json_text("name", shs_dataset_field(dataset, f)->name);
    if (is_joined(dataset, f)) cli_json_u64("file_number", rows->file);
    cli_json_text("dataset", rows->dataset);
    cli_json_u64("first", rows->first);
    cli_json_u64("count", rows->count);
    if (rows->every > 1) cli_json_u64("every", rows->every);
    if (rows->most_every) cli_json_u64("most_every", rows->most_every);
    if (from) cli_json_text("from", from);
    cli_json_end('}');
}

static void print_file(uint64_t sample, const shs_location *at)
{
    printf("sample %llu: ", (ull)sample);
    cli_print_text(stdout, at->path);
    printf(", number %llu in the file; file %llu, source %llu\n", (ull)at->row, (ull)at->file,
           (ull)at->source);
}

static void json_file(uint64_t sample, const shs_location *at)
{
    cli_json_begin(NULL, '{');
    cli_json_u64("sample", sample);
    cli_json_text("file", at->path);
    cli_json_u64("number_in_file", at->row);
    cli_json_u64("file_number", at->file);
    cli_json_u64("source", at->source);
    cli_json_begin("fields", '[');
}

/* Finds the rows of each field, and what they were imported from. */
static shs_status find_rows(shs_dataset *dataset, uint64_t sample, const shs_location *at,
                            shs_rows *rows, char **from)
{
    struct cli_origins origins = {0};
    shs_status status = SHS_OK;
    for (size_t f = 0; f < shs_dataset_fields(dataset) && !status; f++) {
        status = shs_locate_rows(dataset, sample, f, &rows[f]);
        if (!status && !shs_dataset_is_constant(dataset, f))
            status = cli_origins_of_rows(&origins, dataset, at, f, &rows[f], &from[f]);
    }
    cli_origins_close(&origins);
    return status;
}

/* All rows are found before anything is printed, so that no output stands beside an error. */
shs_status cli_print_location(const struct cli_arguments *arguments, shs_dataset *dataset)
{
    shs_location at;
    shs_rows rows[SHS_MAX_FIELDS];
    char *from[SHS_MAX_FIELDS] = {0};
    size_t fields = shs_dataset_fields(dataset);
    shs_status status = shs_locate(dataset, arguments->sample, &at);
    if (!status) status = find_rows(dataset, arguments->sample, &at, rows, from);
    if (!status) (arguments->json ? json_file : print_file)(arguments->sample, &at);
    for (size_t f = 0; f < fields; f++) {
        if (!status) (arguments->json ? json_rows : print_rows)(dataset, f, &rows[f], from[f]);
        core_free(&from[f]);
    }
    if (status) return core_wrap(status, "--sample");
    if (!arguments->json) return SHS_OK;
    cli_json_end(']');
    cli_json_finish();
    return SHS_OK;
}
