#include "run_dataset.h"

#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "io_file.h"
#include "io_probe.h"

enum {
    DEFAULT_CACHE = 64 << 20
};

/* Splits "a,b,c" in place into names, without spaces around them. */
static shs_status split_fields(char *fields, char **names, size_t *count)
{
    for (*count = 0; fields; (*count)++) {
        if (*count == SHS_MAX_FIELDS)
            return core_fail(SHS_ERROR_ARGUMENT, "more than %d fields", SHS_MAX_FIELDS);
        char *comma = strchr(fields, ',');
        if (comma) *comma = '\0';
        fields += strspn(fields, " ");
        fields[strcspn(fields, " ")] = '\0';
        if (!*fields)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "a field's name is empty; give names of datasets separated by commas");
        for (size_t other = 0; other < *count; other++)
            if (!strcmp(names[other], fields))
                return core_fail(SHS_ERROR_ARGUMENT, "field %s is given twice", fields);
        names[*count] = fields;
        fields = comma ? comma + 1 : NULL;
    }
    return SHS_OK;
}

static shs_status open_field(shs_dataset *dataset, const char *path, const char *name,
                             size_t cache_bytes)
{
    struct run_field *field = &dataset->fields[dataset->n_fields];
    shs_status status = run_field_open(dataset->file, path, name, cache_bytes, field);
    if (!status && !dataset->unchecked)
        status = run_field_find_checksums(dataset->file, path, field);
    if (status) {
        run_field_close(field);
        return status;
    }
    field->key = dataset->n_fields;
    dataset->sample[dataset->n_fields++] = field->sample;
    if (dataset->n_fields == 1) dataset->samples = field->rows;
    if (field->rows == dataset->samples) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: field %s has %llu rows but field %s has %llu; all fields need one row a "
                     "sample",
                     path, dataset->sample[0].name, (unsigned long long)dataset->samples, name,
                     (unsigned long long)field->rows);
}

static shs_status open_fields(shs_dataset *dataset, const char *path, char *fields,
                              size_t cache_bytes)
{
    char *names[SHS_MAX_FIELDS];
    size_t count;
    shs_status status = split_fields(fields, names, &count);
    for (size_t i = 0; i < count && !status; i++)
        status = open_field(dataset, path, names[i], cache_bytes);
    return status;
}

/* A hash of what ranks must see alike: names, types and shapes. */
static shs_status identity(const shs_dataset *dataset, char text[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    core_hash_add(hash, &dataset->samples, sizeof dataset->samples);
    for (size_t f = 0; f < dataset->n_fields; f++) {
        const shs_tensor *sample = &dataset->sample[f];
        core_hash_add(hash, sample->name, strlen(sample->name) + 1);
        core_hash_add(hash, &sample->type, sizeof sample->type);
        core_hash_add(hash, &sample->axes, sizeof sample->axes);
        core_hash_add(hash, sample->shape, sample->axes * sizeof *sample->shape);
    }
    core_hash_finish(&hash, text);
    return SHS_OK;
}

static shs_status probe(const char *path, const char *fields, const shs_dataset_options *options)
{
    if (!options || !options->probe) return SHS_OK;
    const struct io_probe limits = {options->probe_program, options->probe_seconds * UINT64_C(1000),
                                    options->probe_mebibytes};
    return io_probe(&limits, path, fields);
}

static shs_status open_local(shs_dataset *dataset, const char *path, const char *fields,
                             const shs_dataset_options *options)
{
    char *copy = NULL;
    if (!path || !fields) return core_fail(SHS_ERROR_ARGUMENT, "path or fields is NULL; give both");
    shs_status status = probe(path, fields, options);
    if (!status) status = h5_open(path, &dataset->file);
    dataset->cache_bytes = options && options->cache_bytes ? options->cache_bytes : DEFAULT_CACHE;
    if (!status) status = core_copy(path, &dataset->path);
    if (!status) status = io_size(path, &dataset->file_bytes);
    if (!status) status = core_copy(fields, &copy);
    if (!status) status = open_fields(dataset, path, copy, dataset->cache_bytes);
    core_free(&copy);
    return status;
}

shs_status shs_dataset_open(shs_run *run, const char *path, const char *fields,
                            const shs_dataset_options *options, shs_dataset **dataset)
{
    char digest[CORE_DIGEST_TEXT] = "";
    shs_status status = core_new(1, sizeof **dataset, "a dataset", dataset);
    if (!status) {
        mpi_run_hold(run);
        (*dataset)->run = run;
        (*dataset)->unchecked = options && options->unchecked;
        (*dataset)->holders = 1;
        status = open_local(*dataset, path, fields, options);
    }
    if (!status) status = identity(*dataset, digest);
    /* a path may differ between ranks, as node-local copies do; what is in the file may not */
    status = mpi_agree(run, core_wrap(status, "shs_dataset_open"),
                       "shs_dataset_open(%.80s, holding types and shapes %s)",
                       fields ? fields : "NULL", digest);
    if (status) shs_dataset_close(dataset);
    return status;
}

static void close_local(shs_dataset *dataset)
{
    for (size_t f = 0; f < dataset->n_fields; f++)
        run_field_close(&dataset->fields[f]);
    h5_close(&dataset->file);
    core_free(&dataset->path);
}

static shs_status try_rows(struct run_field *field)
{
    char *row;
    shs_status status = core_new(1, field->row_bytes, "a row", &row), first = SHS_OK, last = SHS_OK;
    if (!status && field->rows) {
        first = run_field_read(field, 0, 1, row);
        last = run_field_read(field, field->rows - 1, 1, row);
    }
    core_free(&row);
    return first == SHS_ERROR_MEMORY || last == SHS_ERROR_MEMORY ? SHS_ERROR_MEMORY : status;
}

shs_status run_dataset_try(const char *path, const char *fields)
{
    shs_dataset dataset = {0};
    shs_status status = open_local(&dataset, path, fields, NULL);
    for (size_t f = 0; f < dataset.n_fields && !status; f++)
        status = try_rows(&dataset.fields[f]);
    close_local(&dataset);
    return status;
}

void run_dataset_hold(shs_dataset *dataset)
{
    dataset->holders++;
}

void run_dataset_release(shs_dataset *dataset)
{
    if (--dataset->holders) return;
    shs_run *run = dataset->run;
    close_local(dataset);
    core_free(&dataset);
    mpi_run_release(run);
}

void shs_dataset_close(shs_dataset **dataset)
{
    if (!dataset || !*dataset) return;
    run_dataset_release(*dataset);
    *dataset = NULL;
}

uint64_t shs_dataset_samples(const shs_dataset *dataset)
{
    return dataset->samples;
}

size_t shs_dataset_fields(const shs_dataset *dataset)
{
    return dataset->n_fields;
}

const shs_tensor *shs_dataset_field(const shs_dataset *dataset, size_t field)
{
    return field < dataset->n_fields ? &dataset->sample[field] : NULL;
}

shs_status run_dataset_check(const shs_dataset *dataset)
{
    uint64_t bytes;
    shs_status status = io_size(dataset->path, &bytes);
    if (status || bytes >= dataset->file_bytes) return status;
    return core_fail(SHS_ERROR_FILE,
                     "%s has %llu bytes, %llu fewer than when it was opened: it was cut short or "
                     "replaced; put it back and start again",
                     dataset->path, (unsigned long long)bytes,
                     (unsigned long long)(dataset->file_bytes - bytes));
}

/* Small fields, such as labels, often have chunks of so many rows that nothing would be left to
 * permute; decoding theirs more than once costs little. */
uint64_t run_dataset_block_rows(const shs_dataset *dataset)
{
    const uint64_t block_bytes = 1 << 20;
    uint64_t rows = 0, widest = 1;
    for (size_t f = 0; f < dataset->n_fields; f++)
        if (dataset->fields[f].row_bytes > widest) widest = dataset->fields[f].row_bytes;
    for (size_t f = 0; f < dataset->n_fields; f++) {
        const struct run_field *field = &dataset->fields[f];
        if (field->row_bytes >= widest / 8 && field->chunk_rows > rows) rows = field->chunk_rows;
    }
    if (rows) return rows;
    return widest < block_bytes ? block_bytes / widest : 1;
}
