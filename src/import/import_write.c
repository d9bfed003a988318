#include "import_write.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "import_encoder.h"
#include "import_grid.h"
#include "import_index.h"
#include "io_crc32c.h"
#include "io_durable.h"

enum {
    PIECE_BYTES = 1 << 22,       /* bytes of rows that a rank handles at a time */
    CHECKSUMS_A_CHUNK = 1 << 14, /* a chunk of 64 KiB, with 4 bytes for each checksum */
    SPAN_ROWS = 1 << 24          /* rows whose checksums rank 0 keeps before it writes them */
};

/* The array that is being written. */
struct work {
    shs_run *run;
    const char *path;
    const struct import_output *output;
    const struct import_progress *progress;
    uint64_t done, all;    /* bytes of all arrays written so far, and in the end */
    char *sums_name;       /* NAME.crc32c */
    char *chunk_sums_name; /* NAME.chunk_crc32c */
    struct import_grid grid;
    uint64_t piece_rows, span_rows;
    struct import_encoder *encoder; /* NULL if rows are written as they are */
    unsigned char *chunk;           /* a chunk that was cut out of rows, or NULL */
    /* the present piece; it holds whole chunks, except at the array's end */
    uint64_t first, count;
    unsigned char *rows;
    unsigned char *stored; /* its encoded chunks, each after its size */
    size_t stored_bytes;
    uint32_t *sums;
    /* used on rank 0 only: */
    struct h5_writer *writer;
    void *room;          /* for rows, chunks or checksums from another rank */
    uint64_t next_row;   /* next row of the array to write */
    uint64_t next_chunk; /* next chunk of the array to write */
    uint32_t *span_sums, *span_chunk_sums;
    uint64_t next_sum;    /* next checksum of the span to set */
    uint64_t first_chunk; /* the span's first chunk */
};

static bool is_filtered(const struct import_output *output)
{
    return output->deflate || output->byteshuffle;
}

/* ---- structure, by rank 0 */

/* Creates an array of checksums beside an array: of rows or, with a version, of chunks. */
static shs_status create_sums(struct h5_writer *writer, const char *array, const char *suffix,
                              uint64_t count, const char *version)
{
    const struct h5_storage storage = {
        .chunk_rows = CHECKSUMS_A_CHUNK, .fletcher32 = true, .early = true};
    const shs_tensor shape = {
        .type = SHS_U32, .axes = version ? 2 : 1, .shape = {count, IO_CHUNK_CRC32C_NUMBERS}};
    struct core_text text = {0};
    char *name;
    core_text_add(&text, "%s%s", array, suffix);
    shs_status status = core_text_take(&text, &name);
    if (!status) status = h5_create_array(writer, name, &shape, &storage);
    if (!status && version) status = h5_write_names(writer, "version", &version, 1);
    core_free(&name);
    return status;
}

static shs_status create_output(struct h5_writer *writer, const struct import_output *output)
{
    struct import_grid grid;
    struct h5_storage storage = {.deflate = output->deflate,
                                 .byteshuffle = output->byteshuffle,
                                 .fletcher32 = output->by_chunk,
                                 .early = !is_filtered(output)};
    shs_status status = import_grid_find(&output->shape, output->chunk, &grid);
    if (status) return status;
    storage.chunk_rows = grid.chunk[0];
    memcpy(storage.chunk, grid.chunk, sizeof storage.chunk);
    status = h5_create_array(writer, output->name, &output->shape, &storage);
    if (!status && output->classes)
        status = h5_write_names(writer, "classes", output->classes, output->n_classes);
    if (status || output->by_chunk) return status ? status : import_index_write(writer, output);
    status = create_sums(writer, output->name, IO_CRC32C_SUFFIX, grid.shape[0], NULL);
    if (!status)
        status = create_sums(writer, output->name, IO_CHUNK_CRC32C_SUFFIX, grid.chunks,
                             IO_CHUNK_CRC32C_VERSION);
    return status ? status : import_index_write(writer, output);
}

static shs_status create_file(const char *path, const struct import_output *outputs, size_t count)
{
    struct h5_writer *writer;
    shs_status status = h5_create(path, &writer);
    for (size_t i = 0; i < count && !status; i++)
        status = create_output(writer, &outputs[i]);
    if (status)
        h5_abandon(&writer);
    else
        status = h5_finish(&writer);
    return status ? status : io_reserve(path);
}

/* ---- a piece, by its rank */

/* Encodes the piece: each chunk's size, then the chunk. Rows after the array's last row are zeros.
 */
static void encode_piece(struct work *work)
{
    const struct import_grid *grid = &work->grid;
    uint64_t last = work->count % grid->chunk[0];
    size_t bytes = work->count * grid->row_bytes;
    if (last) memset(work->rows + bytes, 0, (grid->chunk[0] - last) * grid->row_bytes);
    work->stored_bytes = 0;
    for (size_t at = 0; at < bytes; at += grid->chunk[0] * grid->row_bytes)
        for (uint64_t i = 0; i < grid->band; i++) {
            unsigned char *to = work->stored + work->stored_bytes, *chunk = work->rows + at;
            if (grid->cut) import_grid_cut(grid, i, work->rows + at, chunk = work->chunk);
            uint64_t size = import_encode(work->encoder, chunk, to + sizeof size);
            memcpy(to, &size, sizeof size);
            work->stored_bytes += sizeof size + size;
        }
}

static shs_status read_piece(struct work *work)
{
    const struct import_output *output = work->output;
    work->stored_bytes = 0;
    if (!work->count) return SHS_OK;
    shs_status status = output->read(output->user, work->first, work->count, work->rows);
    if (status) return status;
    for (uint64_t i = 0; i < work->count && !output->by_chunk; i++)
        work->sums[i] =
            io_crc32c_elements(work->rows + i * work->grid.row_bytes,
                               work->grid.row_bytes / work->grid.element, work->grid.element);
    if (work->encoder) encode_piece(work);
    return SHS_OK;
}

/* ---- what rank 0 takes from each rank, in order */

/* Keeps the checksum of the next chunk, and its bytes. */
static void keep_chunk_sum(struct work *work, uint32_t sum, uint64_t bytes)
{
    uint64_t at = work->next_chunk++ - work->first_chunk;
    work->span_chunk_sums[IO_CHUNK_CRC32C_NUMBERS * at] = sum;
    work->span_chunk_sums[IO_CHUNK_CRC32C_NUMBERS * at + 1] = (uint32_t)bytes;
}

/* Keeps the checksums of chunks that are rows as they are. At the array's end zeros fill a chunk
 * up. */
static void keep_sums_of_rows(struct work *work, const char *rows, uint64_t count)
{
    const struct import_grid *grid = &work->grid;
    size_t size = grid->element;
    for (uint64_t at = 0; at < count; at += grid->chunk[0]) {
        const char *chunk = rows + at * grid->row_bytes;
        if (count - at < grid->chunk[0]) {
            memset(work->chunk, 0, grid->chunk_bytes);
            chunk = memcpy(work->chunk, chunk, (count - at) * grid->row_bytes);
        }
        keep_chunk_sum(work, io_crc32c_elements(chunk, grid->chunk_bytes / size, size),
                       grid->chunk_bytes);
    }
}

static shs_status take_rows(void *user, const void *bytes, size_t count)
{
    struct work *work = user;
    uint64_t rows = count / work->grid.row_bytes;
    if (!rows) return SHS_OK;
    shs_status status = h5_write_rows_at(work->writer, work->next_row, rows, bytes);
    work->next_row += rows;
    if (!work->output->by_chunk) keep_sums_of_rows(work, bytes, rows);
    return status;
}

static shs_status take_chunks(void *user, const void *bytes, size_t count)
{
    struct work *work = user;
    const unsigned char *at = bytes, *end = at + count;
    shs_status status = SHS_OK;
    while (at < end && !status) {
        uint64_t size, start[SHS_MAX_AXES];
        memcpy(&size, at, sizeof size);
        at += sizeof size;
        import_grid_start(&work->grid, work->next_chunk, start);
        status = h5_write_chunk(work->writer, start, at, size);
        keep_chunk_sum(work, io_crc32c(at, size), size);
        at += size;
    }
    return status;
}

static shs_status take_sums(void *user, const void *bytes, size_t count)
{
    struct work *work = user;
    if (count) memcpy(work->span_sums + work->next_sum, bytes, count);
    work->next_sum += count / sizeof *work->span_sums;
    return SHS_OK;
}

static void show_progress(struct work *work, uint64_t rows)
{
    const struct import_progress *progress = work->progress;
    work->done += rows * work->grid.row_bytes;
    if (progress && work->run->rank == 0)
        progress->show(progress->user, work->output->name, work->done, work->all);
}

/* ---- spans of rows */

/* Chooses this rank's piece of the rows that are left. The ranks take pieces in turn. */
static void choose_piece(struct work *work, uint64_t first, uint64_t end)
{
    uint64_t skip = (uint64_t)work->run->rank * work->piece_rows, left = end - first;
    work->first = first + skip;
    work->count = skip >= left ? 0 : left - skip;
    if (work->count > work->piece_rows) work->count = work->piece_rows;
}

/* Collective, but the status is this rank's. Moves the pieces to rank 0, which writes them and
 * keeps their checksums. */
static shs_status move_pieces(struct work *work)
{
    shs_status status, moved;
    if (work->encoder)
        status = mpi_in_order(work->run, work->stored, work->stored_bytes, work->room, take_chunks,
                              work);
    else
        status = mpi_in_order(work->run, work->rows, work->count * work->grid.row_bytes, work->room,
                              take_rows, work);
    if (work->output->by_chunk) return status;
    moved = mpi_in_order(work->run, work->sums, work->count * sizeof *work->sums, work->room,
                         take_sums, work);
    return status ? status : moved;
}

/* Collective. Writes rows piece by piece. After an error no rank goes on alone. */
static shs_status write_rounds(struct work *work, uint64_t first, uint64_t end)
{
    uint64_t ranks = (uint64_t)work->run->ranks, round = ranks * work->piece_rows;
    shs_status status = SHS_OK;
    while (first < end && !status) {
        uint64_t rows = end - first < round ? end - first : round;
        choose_piece(work, first, end);
        status = mpi_agree(work->run, read_piece(work), "reading %s", work->output->name);
        if (!status)
            status = mpi_agree(work->run, move_pieces(work), "writing %s", work->output->name);
        if (!status) show_progress(work, rows);
        first += rows;
    }
    return status;
}

/* Called on rank 0 only. Opens the file and chooses an array to fill. */
static shs_status open_to_fill(struct work *work, const char *name)
{
    shs_status status = h5_open_to_fill(work->path, &work->writer);
    return status ? status : h5_fill_array(work->writer, name);
}

/* Called on rank 0 only. Closes the array, and writes the checksums of the span's rows and chunks,
 * if they have some. */
static shs_status finish_span(struct work *work, uint64_t first, uint64_t count)
{
    uint64_t chunks = work->next_chunk - work->first_chunk;
    shs_status status = h5_finish(&work->writer);
    if (work->output->by_chunk) return status;
    if (!status) status = open_to_fill(work, work->sums_name);
    if (!status) status = h5_write_rows_at(work->writer, first, count, work->span_sums);
    if (!status) status = h5_fill_array(work->writer, work->chunk_sums_name);
    if (!status)
        status = h5_write_rows_at(work->writer, work->first_chunk, chunks, work->span_chunk_sums);
    return status ? status : h5_finish(&work->writer);
}

/* Collective. Writes the rows [first, end) and their checksums. */
static shs_status write_span(struct work *work, uint64_t first, uint64_t end)
{
    bool writes = work->run->rank == 0;
    shs_status status = writes ? open_to_fill(work, work->output->name) : SHS_OK;
    work->next_sum = 0;
    work->first_chunk = work->next_chunk;
    status = mpi_agree(work->run, status, "opening the file");
    if (!status) status = write_rounds(work, first, end);
    if (!status) {
        if (writes) status = finish_span(work, first, end - first);
        status = mpi_agree(work->run, status, "writing %s", work->output->name);
    }
    h5_abandon(&work->writer);
    return status;
}

/* ---- an array */

static void free_work(struct work *work)
{
    import_encoder_free(&work->encoder);
    core_free(&work->sums_name);
    core_free(&work->chunk_sums_name);
    core_free(&work->rows);
    core_free(&work->chunk);
    core_free(&work->stored);
    core_free(&work->sums);
    core_free(&work->room);
    core_free(&work->span_sums);
    core_free(&work->span_chunk_sums);
}

/* Takes memory for chunks to encode. */
static shs_status prepare_encoder(struct work *work, size_t *most)
{
    const struct import_output *output = work->output;
    const struct import_grid *grid = &work->grid;
    uint64_t chunks = work->piece_rows / grid->chunk[0] * grid->band;
    shs_status status = import_encoder_new(grid->chunk_bytes, grid->element, output->byteshuffle,
                                           output->deflate, &work->encoder);
    if (status) return status;
    *most = sizeof(uint64_t) + import_encoder_most(work->encoder);
    status = core_new(chunks, *most, "encoded chunks", &work->stored);
    *most *= chunks;
    return status;
}

static shs_status name_sums(struct work *work)
{
    struct core_text text = {0};
    core_text_add(&text, "%s%s", work->output->name, IO_CRC32C_SUFFIX);
    shs_status status = core_text_take(&text, &work->sums_name);
    if (status) return status;
    core_text_add(&text, "%s%s", work->output->name, IO_CHUNK_CRC32C_SUFFIX);
    return core_text_take(&text, &work->chunk_sums_name);
}

/* Takes memory for what rank 0 receives and keeps. */
static shs_status prepare_first(struct work *work, size_t most)
{
    const struct import_grid *grid = &work->grid;
    uint64_t rows = grid->shape[0] < work->span_rows ? grid->shape[0] : work->span_rows;
    uint64_t bands = (rows - 1) / grid->chunk[0] + 1;
    shs_status status =
        core_new(work->run->ranks > 1 ? most : 1, 1, "another rank's rows", &work->room);
    if (status || work->output->by_chunk) return status;
    status = core_new(rows, sizeof *work->span_sums, "checksums", &work->span_sums);
    if (status) return status;
    return core_new(bands * grid->band, IO_CHUNK_CRC32C_NUMBERS * sizeof *work->span_chunk_sums,
                    "checksums of chunks", &work->span_chunk_sums);
}

static shs_status prepare(struct work *work)
{
    const struct import_grid *grid = &work->grid;
    uint64_t chunk_rows = grid->chunk[0], bands = PIECE_BYTES / (chunk_rows * grid->row_bytes);
    work->piece_rows = chunk_rows * (bands ? bands : 1);
    work->span_rows = SPAN_ROWS < chunk_rows ? chunk_rows : SPAN_ROWS / chunk_rows * chunk_rows;
    size_t most = work->piece_rows * grid->row_bytes;
    size_t sums = work->output->by_chunk ? 0 : work->piece_rows * sizeof *work->sums;
    if (work->output->by_chunk) work->span_rows = UINT64_MAX; /* no checksums are kept */
    shs_status status = name_sums(work);
    if (!status) status = core_new(work->piece_rows, grid->row_bytes, "rows", &work->rows);
    if (!status) status = core_new(grid->chunk_bytes, 1, "a chunk", &work->chunk);
    if (!status) status = core_new(sums, 1, "checksums", &work->sums);
    if (!status && (is_filtered(work->output) || grid->cut)) status = prepare_encoder(work, &most);
    if (status || work->run->rank) return status;
    return prepare_first(work, most < sums ? sums : most);
}

/* Collective. Writes an array and its checksums. */
static shs_status write_output(struct work *work)
{
    uint64_t rows = work->output->shape.shape[0];
    shs_status status = prepare(work);
    status = mpi_agree(work->run, status, "writing %s", work->output->name);
    for (uint64_t first = 0; first < rows && !status;) {
        uint64_t end = rows - first < work->span_rows ? rows : first + work->span_rows;
        status = write_span(work, first, end);
        first = end;
    }
    free_work(work);
    return status;
}

static shs_status measure(const struct import_output *output, struct work *work)
{
    return core_wrap(import_grid_find(&output->shape, output->chunk, &work->grid), "%s",
                     output->name);
}

static uint64_t all_bytes(const struct import_output *outputs, size_t count)
{
    uint64_t all = 0;
    size_t bytes;
    for (size_t i = 0; i < count; i++)
        if (!shs_tensor_bytes(&outputs[i].shape, &bytes)) all += bytes;
    return all;
}

shs_status import_write(shs_run *run, const char *path, const struct import_output *outputs,
                        size_t count, const struct import_progress *progress)
{
    uint64_t done = 0, all = all_bytes(outputs, count);
    struct work work = {0};
    shs_status status = SHS_OK;
    for (size_t i = 0; i < count && !status; i++)
        status = measure(&outputs[i], &work);
    if (!status && run->rank == 0) status = create_file(path, outputs, count);
    status = mpi_agree(run, status, "creating the file");
    for (size_t i = 0; i < count && !status; i++) {
        work = (struct work){.run = run,
                             .path = path,
                             .output = &outputs[i],
                             .progress = progress,
                             .done = done,
                             .all = all};
        if (!measure(&outputs[i], &work)) status = write_output(&work);
        done = work.done;
    }
    return status;
}
