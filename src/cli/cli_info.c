/* shardstep info: what a file holds and how it will be read. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "core_memory.h"
#include "core_text.h"
#include "h5_file.h"
#include "io_crc32c.h"
#include "mpi_job.h"
#include "order_plan.h"
#include "run_field.h"

typedef unsigned long long ull;

struct listing {
    const struct cli_arguments *arguments;
    struct h5_file *file;
    struct core_text *fields; /* where the names of plain fields go, instead of being printed */
};

static void shape_text(const struct h5_about *about, char *text, size_t bytes)
{
    size_t used = 0;
    if (!about->axes) snprintf(text, bytes, "one");
    for (uint32_t axis = 0; axis < about->axes && used < bytes; axis++) {
        int written =
            snprintf(text + used, bytes - used, "%s%llu", axis ? "x" : "", (ull)about->shape[axis]);
        if (written > 0) used += (size_t)written;
    }
}

static void print_shards(const struct h5_about *about, uint64_t vranks)
{
    uint64_t least = about->shape[0] / vranks, rest = about->shape[0] % vranks;
    printf("    rows a virtual rank of %llu: %llu", (ull)vranks, (ull)least);
    if (rest) printf(" or %llu", (ull)least + 1);
    printf(" an epoch\n");
}

static bool is_field(const struct h5_about *about)
{
    return about->plain && about->axes >= 1 && about->axes <= SHS_MAX_AXES;
}

static bool is_checksums(const char *name)
{
    size_t length = strlen(name), suffix = strlen(IO_CRC32C_SUFFIX);
    return length > suffix && !strcmp(name + length - suffix, IO_CRC32C_SUFFIX);
}

/* How a loader would read it, which takes opening it. */
static shs_status print_way(const struct listing *listing, const char *name)
{
    struct run_field field;
    shs_status status =
        run_field_open(listing->file, listing->arguments->plain[0], name, 0, &field);
    if (status) return status;
    if (field.direct)
        printf("    read directly, by position%s\n",
               field.uncompared ? "; not compared with HDF5, which lacks a filter here" : "");
    else
        printf("    read through HDF5: it is %s\n", field.reason);
    run_field_close(&field);
    return SHS_OK;
}

static shs_status print_dataset(const char *name, void *user)
{
    const struct listing *listing = user;
    uint64_t vranks = listing->arguments->vranks;
    struct h5_about about;
    char shape[256];
    shs_status status = h5_describe(listing->file, name, &about);
    if (status) return status;
    shape_text(&about, shape, sizeof shape);
    if (is_checksums(name)) {
        printf("%s: checksums of %s rows\n", name, shape);
        return SHS_OK;
    }
    printf("%s: %s %s, %s, %llu bytes stored\n", name, about.type, shape, about.layout,
           (ull)about.storage_bytes);
    if (!is_field(&about)) {
        printf("    cannot be a field: it is not an array of plain numbers\n");
        return SHS_OK;
    }
    if (vranks) print_shards(&about, vranks);
    return print_way(listing, name);
}

static shs_status add_field(const char *name, void *user)
{
    struct listing *listing = user;
    struct h5_about about;
    if (is_checksums(name)) return SHS_OK;
    shs_status status = h5_describe(listing->file, name, &about);
    if (!status && is_field(&about))
        core_text_add(listing->fields, "%s%s", listing->fields->length ? "," : "", name);
    return status ? status : listing->fields->status;
}

shs_status cli_all_fields(const char *path, char **fields)
{
    struct core_text text = {0};
    struct listing listing = {.fields = &text};
    shs_status status = h5_open(path, &listing.file);
    if (!status) status = h5_list(listing.file, add_field, &listing);
    if (!status && !text.length)
        status = core_fail(SHS_ERROR_FORMAT, "%s holds no array of plain numbers", path);
    h5_close(&listing.file);
    if (!status) return core_text_take(&text, fields);
    core_text_free(&text);
    return status;
}

shs_status cli_info_print(const struct cli_arguments *arguments)
{
    struct listing listing = {.arguments = arguments};
    shs_status status = h5_open(arguments->plain[0], &listing.file);
    if (!status) status = h5_list(listing.file, print_dataset, &listing);
    h5_close(&listing.file);
    return status;
}

static int run(const struct cli_arguments *arguments)
{
    if (mpi_job_rank() != 0) return CLI_DONE;
    shs_status status = cli_probe(arguments, NULL);
    return cli_exit_code(status ? status : cli_info_print(arguments));
}

const struct cli_command cli_info = {
    .name = "info",
    .usage = "FILE [options]",
    .summary = "prints a file's datasets: type, shape, layout, and how each will be read",
    .options = "--vranks --probe-seconds --probe-mebibytes",
    .least_plain = 1,
    .most_plain = 1,
    .run = run,
};
