/* shardstep import: files of other formats into one HDF5 file. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "core_memory.h"
#include "core_text.h"
#include "h5_write.h"
#include "io_crc32c.h"
#include "io_file.h"
#include "io_idx.h"
#include "mpi_job.h"

enum {
    CHUNK_BYTES = 1 << 16,
    PIECE_BYTES = 1 << 22,
    CHECKSUMS_A_CHUNK = CHUNK_BYTES / sizeof(uint32_t)
};

typedef unsigned long long ull;

/* Rows of a chunk: what was asked for, or the power of two that fills up to 64 KiB. */
static uint64_t chunk_rows(const struct cli_arguments *arguments, const shs_tensor *shape,
                           size_t row_bytes)
{
    uint64_t rows = arguments->chunk;
    if (!rows)
        for (rows = 1; 2 * rows * row_bytes <= CHUNK_BYTES;)
            rows *= 2;
    return rows < shape->shape[0] ? rows : shape->shape[0];
}

static void add_checksums(const unsigned char *rows, uint64_t count, size_t row_bytes, size_t size,
                          uint32_t *checksums)
{
    for (uint64_t row = 0; row < count; row++)
        checksums[row] = io_crc32c_elements(rows + row * row_bytes, row_bytes / size, size);
}

static shs_status copy_rows(struct io_idx *idx, struct h5_writer *writer, const shs_tensor *shape,
                            uint64_t at_once, size_t row_bytes, uint32_t *checksums)
{
    void *piece = NULL;
    uint64_t rows = shape->shape[0];
    shs_status status = core_new(at_once, row_bytes, "rows", &piece);
    for (uint64_t row = 0, now; row < rows && !status; row += now) {
        now = rows - row < at_once ? rows - row : at_once;
        status = io_idx_read(idx, piece, now * row_bytes);
        if (!status) status = h5_write_rows(writer, now, piece);
        if (!status)
            add_checksums(piece, now, row_bytes, shs_type_size(shape->type), checksums + row);
    }
    core_free(&piece);
    return status;
}

static shs_status write_checksums(struct h5_writer *writer, const char *field, uint64_t rows,
                                  const uint32_t *checksums)
{
    struct core_text text = {0};
    char *name;
    shs_tensor shape = {.type = SHS_U32, .axes = 1, .shape = {rows}};
    struct h5_storage storage = {.chunk_rows = CHECKSUMS_A_CHUNK, .fletcher32 = true};
    core_text_add(&text, "%s%s", field, IO_CRC32C_SUFFIX);
    shs_status status = core_text_take(&text, &name);
    if (status) return status;
    status = h5_create_field(writer, name, &shape, &storage);
    if (!status) status = h5_write_rows(writer, rows, checksums);
    core_free(&name);
    return status;
}

/* A field's rows, and their checksums beside it. */
static shs_status write_field(const char *name, struct h5_writer *writer, struct io_idx *idx,
                              const shs_tensor *shape, const struct h5_storage *storage,
                              size_t row_bytes)
{
    uint32_t *checksums;
    uint64_t rows = shape->shape[0], chunks = PIECE_BYTES / (storage->chunk_rows * row_bytes);
    shs_status status = core_new(rows, sizeof *checksums, "checksums", &checksums);
    if (!status) status = h5_create_field(writer, name, shape, storage);
    if (!status)
        status = copy_rows(idx, writer, shape, storage->chunk_rows * (chunks ? chunks : 1),
                           row_bytes, checksums);
    if (!status) status = io_idx_finish(idx);
    if (!status) status = write_checksums(writer, name, rows, checksums);
    core_free(&checksums);
    return status;
}

static shs_status import_idx(const struct cli_arguments *arguments, struct h5_writer *writer,
                             const char *name, struct io_idx *idx, const shs_tensor *shape)
{
    size_t bytes;
    shs_tensor row = *shape;
    row.shape[0] = 1;
    shs_status status = shs_tensor_bytes(&row, &bytes);
    if (!status && (!bytes || !shape->shape[0]))
        status = core_fail(SHS_ERROR_FORMAT, "it has no elements");
    if (status) return status;
    struct h5_storage storage = {.chunk_rows = chunk_rows(arguments, shape, bytes),
                                 .deflate = (unsigned)arguments->deflate,
                                 .byteshuffle = arguments->byteshuffle};
    status = write_field(name, writer, idx, shape, &storage, bytes);
    if (!status)
        printf("%s: %s, %llu rows of %zu bytes\n", name, shs_type_name(shape->type),
               (ull)shape->shape[0], bytes);
    return status;
}

/* One NAME=SOURCE. */
static shs_status import_source(const struct cli_arguments *arguments, struct h5_writer *writer,
                                const char *argument)
{
    struct io_idx *idx = NULL;
    shs_tensor shape;
    char *name;
    const char *equals = strchr(argument, '=');
    if (!equals || equals == argument || !equals[1])
        return core_fail(SHS_ERROR_ARGUMENT,
                         "'%s' is not NAME=SOURCE, such as train/images=images.idx.gz", argument);
    shs_status status = core_copy(argument, &name);
    if (status) return status;
    name[equals - argument] = '\0';
    status = io_idx_open(equals + 1, &idx, &shape);
    if (!status) status = import_idx(arguments, writer, name, idx, &shape);
    io_idx_close(&idx);
    core_free(&name);
    return core_wrap(status, "importing %s", argument);
}

static shs_status write_file(const struct cli_arguments *arguments, const char *temporary)
{
    struct h5_writer *writer;
    shs_status status = h5_create(temporary, &writer);
    for (size_t i = 1; i < arguments->n_plain && !status; i++)
        status = import_source(arguments, writer, arguments->plain[i]);
    if (!status) return h5_finish(&writer);
    h5_abandon(&writer);
    return status;
}

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

/* Until it is whole the file has another name, so that nothing looks complete which is not. */
static shs_status import_all(const struct cli_arguments *arguments)
{
    const char *path = arguments->plain[0];
    char *temporary = NULL;
    shs_status status = check_arguments(arguments);
    if (!status) status = io_temporary_name(path, &temporary);
    if (status) return status;
    status = write_file(arguments, temporary);
    if (!status) status = io_commit(temporary, path);
    if (status) io_discard(temporary, status);
    core_free(&temporary);
    return status;
}

/* Collective: rank 0 writes, the others wait for its status. */
static int run(const struct cli_arguments *arguments)
{
    shs_run *run = NULL;
    struct mpi_job_options options = {0};
    shs_status status = mpi_job_open(&options, &run);
    if (!status) {
        if (run->rank == 0) status = import_all(arguments);
        status = mpi_agree(run, status, "import");
    }
    int code = cli_exit_code(status);
    mpi_job_close(&run);
    return code;
}

const struct cli_command cli_import = {
    .name = "import",
    .usage = "OUT.h5 NAME=SOURCE ... [--chunk ROWS --deflate LEVEL --byteshuffle]",
    .summary = "writes fields from IDX files, also .gz, to a new HDF5 file",
    .details =
        "\nBeside each field NAME a dataset NAME.crc32c (u32) holds the CRC-32C of each row's "
        "bytes, "
        "its elements\nin little-endian order. The loader and 'shardstep check' compare them.\n",
    .options = "--chunk --deflate --byteshuffle",
    .least_plain = 2,
    .most_plain = CLI_MAX_PLAIN,
    .run = run,
};
