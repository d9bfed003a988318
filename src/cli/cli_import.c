/* shardstep import: files of other formats into one HDF5 file, by all ranks together. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "core_memory.h"
#include "io_file.h"
#include "io_source.h"
#include "mpi_job.h"
#include "run_write.h"

enum {
    CHUNK_BYTES = 1 << 16
};

typedef unsigned long long ull;

/* One field of one source. */
struct field {
    char *name;
    const char *argument; /* that it comes from */
    struct io_source *source;
};

struct import {
    const struct cli_arguments *arguments;
    shs_run *run;
    struct field fields[2 * CLI_MAX_PLAIN];
    size_t n_fields;
    struct run_output *outputs;
    size_t n_outputs;
};

/* ---- fields */

static shs_status open_field(struct import *import, const char *argument, const char *name,
                             size_t length, const char *text, bool labels)
{
    struct field *field = &import->fields[import->n_fields++];
    struct io_source_options options = {.labels = labels};
    int type = -1;
    shs_status status = SHS_OK;
    field->argument = argument;
    if (import->arguments->type)
        status = cli_word("--type", import->arguments->type,
                          "u8 u16 u32 u64 i8 i16 i32 i64 f16 f32 f64", &type);
    options.type = (shs_type)(type + 1);
    if (!status) status = core_copy(name, &field->name);
    if (status) return status;
    field->name[length] = '\0';
    return io_source_open(text, &options, &field->source);
}

/* One NAME=SOURCE, or IMAGES,LABELS=FOLDER. */
static shs_status open_argument(struct import *import, const char *argument)
{
    size_t length = strcspn(argument, "="), first = strcspn(argument, ",=");
    const char *source = argument + length + 1;
    bool two = first < length;
    if (!first || !argument[length] || !*source ||
        (two && (first + 1 == length || memchr(argument + first + 1, ',', length - first - 1))))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "'%s' is not NAME=SOURCE, such as train/images=images.idx.gz, nor "
                         "IMAGES,LABELS=FOLDER",
                         argument);
    shs_status status = open_field(import, argument, argument, first, source, false);
    if (!status && two)
        status =
            open_field(import, argument, argument + first + 1, length - first - 1, source, true);
    return core_wrap(status, "importing %s", argument);
}

static shs_status open_fields(struct import *import)
{
    shs_status status = SHS_OK;
    for (size_t i = 1; i < import->arguments->n_plain && !status; i++)
        status = open_argument(import, import->arguments->plain[i]);
    return status;
}

static void close_fields(struct import *import)
{
    for (size_t i = 0; i < import->n_fields; i++) {
        io_source_close(&import->fields[i].source);
        core_free(&import->fields[i].name);
    }
}

/* ---- outputs */

/* Rows of a chunk: what was asked for, or the power of two that fills up to 64 KiB. */
static uint64_t chunk_rows(const struct cli_arguments *arguments, size_t row_bytes)
{
    uint64_t rows = arguments->chunk;
    if (!rows)
        for (rows = 1; 2 * rows * row_bytes <= CHUNK_BYTES;)
            rows *= 2;
    return rows;
}

static shs_status read_field(void *user, uint64_t first, uint64_t count, void *rows)
{
    const struct field *field = user;
    return core_wrap(io_source_read(field->source, first, count, rows), "importing %s",
                     field->argument);
}

static size_t row_bytes(const shs_tensor *shape)
{
    size_t bytes = shs_type_size(shape->type);
    for (uint32_t axis = 1; axis < shape->axes; axis++)
        bytes *= (size_t)shape->shape[axis];
    return bytes;
}

static void make_output(const struct import *import, struct field *field, struct run_output *output)
{
    const struct cli_arguments *arguments = import->arguments;
    const shs_tensor *shape = io_source_shape(field->source);
    *output = (struct run_output){.name = field->name,
                                  .shape = *shape,
                                  .chunk_rows = chunk_rows(arguments, row_bytes(shape)),
                                  .deflate = (unsigned)arguments->deflate,
                                  .byteshuffle = arguments->byteshuffle,
                                  .read = read_field,
                                  .user = field};
    output->classes = io_source_classes(field->source, &output->n_classes);
}

static shs_status make_outputs(struct import *import)
{
    import->n_outputs = import->n_fields;
    shs_status status =
        core_new(import->n_outputs, sizeof *import->outputs, "fields", &import->outputs);
    for (size_t i = 0; i < import->n_fields && !status; i++)
        make_output(import, &import->fields[i], &import->outputs[i]);
    return status;
}

/* ---- the file */

static shs_status check_arguments(const struct cli_arguments *arguments)
{
    if (arguments->deflate > 9)
        return core_fail(SHS_ERROR_ARGUMENT, "--deflate is %llu; it must be 0 to 9",
                         (ull)arguments->deflate);
    bool there;
    shs_status status = io_exists(arguments->plain[0], &there);
    if (!status && there)
        return core_fail(SHS_ERROR_FILE, "%s is there already; remove it or choose another name",
                         arguments->plain[0]);
    return status;
}

/* Whether the sources end where they should: each is asked by one rank. */
static shs_status finish_fields(struct import *import)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < import->n_fields && !status; i++)
        if (i % (size_t)import->run->ranks == (size_t)import->run->rank)
            status = core_wrap(io_source_finish(import->fields[i].source), "importing %s",
                               import->fields[i].argument);
    return status;
}

/* Until it is whole the file has another name, so that nothing looks complete which is not. */
static shs_status write_file(struct import *import)
{
    const char *path = import->arguments->plain[0];
    char *temporary = NULL;
    shs_status status = io_temporary_name(path, &temporary);
    status = mpi_agree(import->run, status, "import");
    if (status) return status;
    status = run_write(import->run, temporary, import->outputs, import->n_outputs, NULL);
    if (!status) status = mpi_agree(import->run, finish_fields(import), "the end of the sources");
    bool first = import->run->rank == 0;
    if (first && !status) status = io_commit(temporary, path);
    if (first && status) io_discard(temporary, status);
    core_free(&temporary);
    return mpi_agree(import->run, status, "finishing %s", path);
}

static void print_outputs(const struct import *import)
{
    for (size_t i = 0; i < import->n_outputs; i++) {
        const shs_tensor *shape = &import->outputs[i].shape;
        printf("%s: %s, %llu rows of %zu bytes\n", import->outputs[i].name,
               shs_type_name(shape->type), (ull)shape->shape[0], row_bytes(shape));
    }
}

static shs_status import_all(struct import *import)
{
    shs_status status = check_arguments(import->arguments);
    if (!status) status = open_fields(import);
    if (!status) status = make_outputs(import);
    status = mpi_agree(import->run, status, "opening the sources");
    if (!status) status = write_file(import);
    if (!status && import->run->rank == 0) print_outputs(import);
    core_free(&import->outputs);
    close_fields(import);
    return status;
}

static int run(const struct cli_arguments *arguments)
{
    struct import import = {.arguments = arguments};
    struct mpi_job_options options = {0};
    shs_status status = mpi_job_open(&options, &import.run);
    if (!status) status = import_all(&import);
    int code = cli_exit_code(status);
    mpi_job_close(&import.run);
    return code;
}

const struct cli_command cli_import = {
    .name = "import",
    .usage = "OUT.h5 NAME=SOURCE ... [--chunk ROWS --deflate LEVEL --byteshuffle]",
    .summary = "writes fields from IDX, NPY, CSV and raw files, also .gz, and PNG folders to HDF5",
    .details =
        "\nSOURCE is a file or folder. Its format is told by content or name, or by what stands "
        "before it:\n"
        "  idx:FILE  npy:FILE  png:FOLDER\n"
        "  csv:[TYPE:][COLUMNS:]FILE  one field of one or several columns, such as 2-785, from 1 "
        "on;\n"
        "                             TYPE else --type, else i64 if all are whole, else f64\n"
        "  raw:TYPE[be]:SHAPE:FILE    such as raw:f32:1000x3:FILE; be: big-endian\n"
        "A folder holds PNG images of one size and kind, or one sub-folder of them for each class: "
        "with\n"
        "IMAGES,LABELS=FOLDER the classes, sorted by name and counted from 0, become a second "
        "field,\n"
        "whose attribute 'classes' holds their names. Bools of NPY become u8.\n"
        "\nBeside each field NAME a dataset NAME.crc32c (u32) holds the CRC-32C of each row's "
        "bytes, its elements\n"
        "in little-endian order. The loader and 'shardstep check' compare them.\n"
        "\nUnder mpirun all ranks read, encode and write; the file is the same on any number of "
        "them.\n",
    .options = "--chunk --deflate --byteshuffle --type",
    .least_plain = 2,
    .most_plain = CLI_MAX_PLAIN,
    .run = run,
};
