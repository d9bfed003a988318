/* Prints the verdicts of `check`, as text and as JSON. */
#include <stdio.h>

#include "cli_check.h"
#include "cli_json.h"
#include "cli_text.h"

/* ---- a file as text */

static void print_name(const struct cli_verdict *verdict, bool many, const char *name)
{
    if (many) cli_print_text(stdout, verdict->path);
    if (many && name) printf(": ");
    if (name) cli_print_text(stdout, name);
    if (!many && !name) cli_print_text(stdout, verdict->path);
}

static void print_rows(const struct scan_check_dataset *dataset)
{
    ull rows = dataset->rows, bad = dataset->bad_rows, unknown = dataset->unknown_rows;
    printf("%s, ", dataset->about);
    if (bad && unknown)
        printf("%llu of %llu rows bad, %llu not checked\n", bad, rows, unknown);
    else if (bad)
        printf("%llu of %llu rows bad\n", bad, rows);
    else if (unknown || dataset->unknown)
        printf("%llu of %llu rows not checked\n", unknown, rows);
    else if (dataset->bad)
        printf("bad\n");
    else
        printf("%llu rows %s\n", rows,
               dataset->summed ? "as they were written" : "can be read; they have no checksums");
}

static void print_dataset(const struct scan_check_dataset *dataset)
{
    printf(": ");
    if (!dataset->about)
        printf(dataset->bad ? "bad\n" : "not checked\n");
    else if (!dataset->field)
        printf("no field, not read: %s\n", dataset->about);
    else
        print_rows(dataset);
}

static const char *name_of(const struct cli_verdict *verdict, uint64_t dataset)
{
    const struct scan_check_result *own = &verdict->own;
    return dataset < own->datasets ? own->dataset[dataset].name : NULL;
}

static void print_finding(const struct cli_verdict *verdict, bool many,
                          const struct cli_finding *finding)
{
    const struct scan_check_finding *is = &finding->is;
    printf("  ");
    print_name(verdict, many, name_of(verdict, is->dataset));
    if (is->count == 1)
        printf(", row %llu", (ull)is->first);
    else if (is->count)
        printf(", rows %llu to %llu", (ull)is->first, (ull)(is->first + is->count - 1));
    if (verdict->hosts->several) printf(" (rank %d on host %s)", finding->rank, finding->host);
    printf(is->unknown ? ": not checked: " : ": ");
    cli_print_text(stdout, is->text);
    printf("\n");
}

void cli_check_print(const struct cli_verdict *verdict, bool many)
{
    for (uint64_t i = 0; i < verdict->own.datasets; i++) {
        const struct scan_check_dataset *dataset = &verdict->own.dataset[i];
        bool hidden = cli_check_is_checksums(&verdict->own, dataset) && !dataset->bad_rows &&
                      !dataset->unknown_rows && !dataset->bad && !dataset->unknown;
        if (!dataset->name || hidden) continue;
        print_name(verdict, many, dataset->name);
        print_dataset(dataset);
    }
    if (verdict->copy.copies > 1) {
        printf("  ");
        print_name(verdict, many, NULL);
        printf(": %llu hosts have copies of their own, each of which was checked\n",
               (ull)verdict->copy.copies);
    }
    for (uint64_t i = 0; i < verdict->told; i++)
        print_finding(verdict, many, &verdict->finding[i]);
    if (verdict->found <= verdict->told) return;
    printf("  ");
    if (many) print_name(verdict, many, NULL);
    printf("%sand %llu more\n", many ? ": " : "", (ull)(verdict->found - verdict->told));
}

/* ---- all files as text */

static void print_good(const struct cli_counts *counts)
{
    printf("; good: %llu rows of %llu fields",
           (ull)(counts->rows - counts->bad_rows - counts->unknown_rows),
           (ull)(counts->fields - counts->bad_fields - counts->unknown_fields));
}

/* Prints the number of files without a field that could be reached, and the rows of the other
 * files.
 */
static void print_extent(const struct cli_counts *counts, uint64_t files, uint64_t rows)
{
    if (files) printf("%llu of %llu files", (ull)files, (ull)counts->files);
    if (files && rows) printf(", and ");
    if (rows || !files)
        printf("%llu rows of %llu in %llu fields", (ull)rows, (ull)counts->rows,
               (ull)counts->fields);
}

static void print_unknown(const struct cli_counts *counts)
{
    printf("; not checked: ");
    if (counts->unknown_wholes)
        printf("%llu of %llu files", (ull)counts->unknown_wholes, (ull)counts->files);
    if (counts->unknown_wholes && counts->unknown_rows) printf(", and ");
    if (counts->unknown_rows || !counts->unknown_wholes)
        printf("%llu rows of %llu fields", (ull)counts->unknown_rows, (ull)counts->unknown_fields);
}

static void print_verdict(const struct cli_counts *counts)
{
    ull rows = counts->rows, fields = counts->fields;
    if (!fields && (counts->bad || counts->unknown)) {
        printf("%s: no field could be reached", counts->bad ? "BAD" : "NOT CHECKED");
    } else if (counts->bad) {
        printf("BAD: ");
        print_extent(counts, counts->bad_wholes, counts->bad_rows);
        print_good(counts);
        if (counts->unknown) print_unknown(counts);
    } else if (counts->unknown) {
        printf("NOT CHECKED: ");
        print_extent(counts, counts->unknown_wholes, counts->unknown_rows);
        print_good(counts);
    } else if (!fields) {
        printf("nothing to check: no dataset of plain numbers");
    } else {
        printf("good: %llu rows of %llu fields", rows, fields);
    }
    printf("\n");
}

void cli_check_print_counts(const struct cli_counts *counts)
{
    print_verdict(counts);
    if (counts->files > 1)
        printf("%llu files: %llu good, %llu bad, %llu not or not wholly checked\n",
               (ull)counts->files, (ull)(counts->files - counts->bad_files - counts->unknown_files),
               (ull)counts->bad_files, (ull)counts->unknown_files);
    if (counts->others)
        printf("%llu datasets are no fields: they were not read\n", (ull)counts->others);
    if (counts->plain_fields)
        printf("%llu of %llu fields have no checksums: only whether they can be read was checked; "
               "import writes them\n",
               (ull)counts->plain_fields, (ull)counts->fields);
}

/* ---- as JSON */

static void json_datasets(const struct cli_verdict *verdict)
{
    cli_json_begin("datasets", '[');
    for (uint64_t i = 0; i < verdict->own.datasets; i++) {
        const struct scan_check_dataset *dataset = &verdict->own.dataset[i];
        cli_json_begin(NULL, '{');
        cli_json_text("name", dataset->name ? dataset->name : "");
        cli_json_text("about", dataset->about ? dataset->about : "");
        cli_json_bool("field", dataset->field);
        cli_json_bool("checksums", dataset->summed);
        cli_json_u64("rows", dataset->rows);
        cli_json_u64("bad_rows", dataset->bad_rows);
        cli_json_u64("not_checked_rows", dataset->unknown_rows);
        cli_json_end('}');
    }
    cli_json_end(']');
}

static void json_findings(const struct cli_verdict *verdict, const char *name, bool unknown)
{
    cli_json_begin(name, '[');
    for (uint64_t i = 0; i < verdict->told; i++) {
        const struct cli_finding *finding = &verdict->finding[i];
        const char *dataset = name_of(verdict, finding->is.dataset);
        if (finding->is.unknown != unknown) continue;
        cli_json_begin(NULL, '{');
        cli_json_text("dataset", dataset ? dataset : verdict->path);
        cli_json_u64("first", finding->is.first);
        cli_json_u64("count", finding->is.count);
        cli_json_text("why", finding->is.text);
        if (verdict->hosts->several) cli_json_text("host", finding->host);
        cli_json_end('}');
    }
    cli_json_end(']');
}

static bool is_good(const struct cli_counts *counts)
{
    return !counts->bad && !counts->unknown && counts->fields;
}

void cli_check_json(const struct cli_verdict *verdict)
{
    cli_json_text("file", verdict->path);
    cli_json_bool("good", is_good(&verdict->counts));
    json_datasets(verdict);
    json_findings(verdict, "bad", false);
    json_findings(verdict, "not_checked", true);
    cli_json_u64("more", verdict->found - verdict->told);
}

void cli_check_json_counts(const struct cli_counts *counts)
{
    cli_json_bool("good", is_good(counts));
    cli_json_u64("bad_files", counts->bad_files);
    cli_json_u64("not_checked_files", counts->unknown_files);
    cli_json_u64("fields", counts->fields);
    cli_json_u64("rows", counts->rows);
    cli_json_u64("bad_rows", counts->bad_rows);
    cli_json_u64("not_checked_rows", counts->unknown_rows);
}
