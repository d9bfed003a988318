/* shardstep info --sample: where a sample lies. */
#include <stdio.h>

#include "cli.h"
#include "cli_json.h"
#include "cli_text.h"

static void print_rows(const shs_tensor *field, const shs_rows *rows)
{
    printf("    ");
    cli_print_text(stdout, field->name);
    printf(": dataset ");
    cli_print_text(stdout, rows->dataset);
    if (rows->count == 0)
        printf(", no rows\n");
    else if (rows->count == 1)
        printf(", row %llu\n", (ull)rows->first);
    else
        printf(", rows %llu to %llu", (ull)rows->first,
               (ull)(rows->first + (rows->count - 1) * rows->every));
    if (rows->count > 1 && rows->every > 1) printf(", every %llu", (ull)rows->every);
    if (rows->count > 1) printf("\n");
}

static void json_rows(const shs_tensor *field, const shs_rows *rows)
{
    cli_json_begin(NULL, '{');
    cli_json_text("name", field->name);
    cli_json_text("dataset", rows->dataset);
    cli_json_u64("first", rows->first);
    cli_json_u64("count", rows->count);
    if (rows->every > 1) cli_json_u64("every", rows->every);
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

/* All rows are found before anything is printed, so that no output stands beside an error. */
shs_status cli_print_location(const struct cli_arguments *arguments, shs_dataset *dataset)
{
    shs_location at;
    shs_rows rows[SHS_MAX_FIELDS];
    size_t fields = shs_dataset_fields(dataset);
    shs_status status = shs_locate(dataset, arguments->sample, &at);
    for (size_t f = 0; f < fields && !status; f++)
        status = shs_locate_rows(dataset, arguments->sample, f, &rows[f]);
    if (status) return core_wrap(status, "--sample");
    (arguments->json ? json_file : print_file)(arguments->sample, &at);
    for (size_t f = 0; f < fields; f++)
        (arguments->json ? json_rows : print_rows)(shs_dataset_field(dataset, f), &rows[f]);
    if (!arguments->json) return SHS_OK;
    cli_json_end(']');
    cli_json_finish();
    return SHS_OK;
}
