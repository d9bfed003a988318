/* shardstep import: all ranks together write files of other formats to one HDF5 file. */
#include <stdio.h>
#include <string.h>

#include "cli_bar.h"
#include "cli_chunk.h"
#include "cli_drawn_rows.h"
#include "cli_encoded.h"
#include "cli_fields.h"
#include "cli_output.h"
#include "cli_split.h"
#include "core_memory.h"
#include "core_text.h"
#include "import_write.h"
#include "io_file.h"
#include "io_folder.h"
#include "mpi_job.h"

/* Values of --row-order. */
enum {
    ROWS_AS_THEY_ARE,
    ROWS_RANDOM
};

/* A part of a field, or the whole field. */
struct part {
    struct cli_field *field;
    char *name;
    bool whole;                     /* there is no split */
    struct order_split_walk walk;   /* a walk over the field's rows that belong to the part */
    struct order_permutation order; /* the order of the field's rows, if it is drawn */
    struct cli_drawn_rows drawn;    /* the part's rows in this order; else its `order` is NULL */
    struct cli_encoded encoded;     /* of images that are kept as they are */
    uint64_t rows;
};

struct import {
    const struct cli_arguments *arguments;
    shs_run *run;
    struct cli_fields fields;
    struct cli_split split; /* has no parts if there is no split */
    struct part *parts;
    struct import_output *outputs; /* for each part an output or, with encoded images, three */
    size_t n_parts, n_outputs;
};

/* ---- parts */

static shs_status read_rows(const struct cli_field *field, uint64_t first, uint64_t count,
                            char *rows)
{
    return core_wrap(import_origin_read(field->origin, first, count, rows), "importing %s",
                     field->argument);
}

static size_t row_bytes(const shs_tensor *shape)
{
    size_t bytes = shs_type_size(shape->type);
    for (uint32_t axis = 1; axis < shape->axes; axis++)
        bytes *= (size_t)shape->shape[axis];
    return bytes;
}

/* Reads rows of a part whose order is drawn. */
static shs_status read_drawn(struct part *part, uint64_t first, uint64_t count, char *rows)
{
    size_t bytes = row_bytes(import_origin_shape(part->field->origin));
    shs_status status = import_origin_any_order(part->field->origin);
    if (status) return core_wrap(status, "importing %s", part->field->argument);
    cli_drawn_rows_seek(&part->drawn, first);
    for (uint64_t i = 0; i < count && !status; i++)
        status = read_rows(part->field, cli_drawn_rows_next(&part->drawn), 1, rows + i * bytes);
    return status;
}

/* Reads rows of a part. Rows that follow each other in the origin are read together. */
static shs_status read_part(void *user, uint64_t first, uint64_t count, void *rows)
{
    struct part *part = user;
    size_t bytes = row_bytes(import_origin_shape(part->field->origin));
    shs_status status = SHS_OK;
    if (part->drawn.order) return read_drawn(part, first, count, rows);
    if (part->whole) return read_rows(part->field, first, count, rows);
    order_split_seek(&part->walk, first);
    for (uint64_t done = 0, now; done < count && !status; done += now) {
        uint64_t row = order_split_next(&part->walk, count - done, &now);
        status = read_rows(part->field, row, now, (char *)rows + done * bytes);
    }
    return status;
}

/* Lists the rows of the origin that rows of a part are. */
static void list_part(void *user, uint64_t first, uint64_t count, uint64_t *rows)
{
    struct part *part = user;
    if (part->drawn.order) {
        cli_drawn_rows_seek(&part->drawn, first);
        for (uint64_t i = 0; i < count; i++)
            rows[i] = cli_drawn_rows_next(&part->drawn);
        return;
    }
    if (!first) part->walk.row = part->walk.passed = 0;
    order_split_seek(&part->walk, first);
    for (uint64_t done = 0, now; done < count; done += now) {
        uint64_t row = order_split_next(&part->walk, count - done, &now);
        for (uint64_t i = 0; i < now; i++)
            rows[done + i] = row + i;
    }
    if (first + count == part->rows) part->walk.row = part->walk.passed = 0;
}

static shs_status name_part(const struct import *import, size_t number, struct part *part)
{
    struct core_text text = {0};
    if (!part->whole) core_text_add(&text, "%s/", import->split.names[number]);
    core_text_add(&text, "%s", part->field->name);
    return core_text_take(&text, &part->name);
}

static void make_output(const struct import *import, struct part *part,
                        struct import_output *output)
{
    const struct cli_arguments *arguments = import->arguments;
    const shs_tensor *shape = import_origin_shape(part->field->origin);
    *output = (struct import_output){.name = part->name,
                                     .shape = *shape,
                                     .deflate = (unsigned)arguments->deflate,
                                     .byteshuffle = arguments->byteshuffle,
                                     .read = read_part,
                                     .user = part};
    output->shape.shape[0] = part->rows;
    cli_chunk_choose(arguments, shape, output->chunk);
    if (import_origin_sources(part->field->origin)) output->origin = part->field->origin;
    if (!part->whole || part->drawn.order) output->list = list_part;
    output->classes = import_origin_classes(part->field->origin, &output->n_classes);
}

/* Makes outputs of a part whose images are kept as they are. The rows of the origin are the sizes.
 */
static shs_status make_encoded(struct import *import, struct part *part,
                               struct import_output *outputs)
{
    const struct import_origin *origin = part->field->origin;
    struct import_output *sizes = &outputs[CLI_ENCODED_OUTPUTS];
    uint64_t *number;
    shs_status status = core_new(part->rows, sizeof *number, "images", &number);
    make_output(import, part, sizes);
    for (uint64_t i = 0; i < part->rows && !status; i++)
        number[i] = i;
    if (!status && sizes->list) list_part(part, 0, part->rows, number);
    if (!status)
        status = cli_encoded_make(origin, part->name, &number, part->rows, &part->encoded, outputs);
    core_free(&number);
    sizes->name = part->encoded.size_name;
    sizes->origin = NULL;
    sizes->list = NULL;
    import->n_outputs += CLI_ENCODED_OUTPUTS + 1;
    return core_wrap(status, "importing %s", part->field->argument);
}

static shs_status make_outputs(struct import *import, struct part *part)
{
    struct import_output *outputs = &import->outputs[import->n_outputs];
    if (import_origin_is_encoded(part->field->origin)) return make_encoded(import, part, outputs);
    make_output(import, part, outputs);
    import->n_outputs++;
    return SHS_OK;
}

/* Sets counts[part] to the rows of each part. All fields must have the same number of rows, and
 * each part must get some of them. */
static shs_status count_rows(const struct import *import, uint64_t *counts)
{
    uint64_t rows = import_origin_shape(import->fields.field[0].origin)->shape[0];
    const struct cli_split *split = &import->split;
    for (size_t i = 1; i < import->fields.count; i++) {
        uint64_t others = import_origin_shape(import->fields.field[i].origin)->shape[0];
        if (others != rows)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "%s has %llu rows and %s %llu; what is split together must have "
                             "equally many",
                             import->fields.field[0].name, (ull)rows, import->fields.field[i].name,
                             (ull)others);
    }
    order_split_count(&split->draw, 0, rows, counts);
    for (uint32_t part = 0; part < split->draw.parts; part++)
        if (!counts[part])
            return core_fail(SHS_ERROR_ARGUMENT, "part %s gets none of the %llu rows",
                             split->names[part], (ull)rows);
    return SHS_OK;
}

/* Draws the order of a field's rows. It is the same for all fields with equally many rows. */
static shs_status draw_order(const struct import *import, struct part *part)
{
    part->drawn = (struct cli_drawn_rows){.order = &part->order,
                                          .split = part->whole ? NULL : &import->split.draw,
                                          .part = part->walk.part};
    return order_permutation_set(&part->order, import->arguments->order_seed, 0, 0,
                                 import_origin_shape(part->field->origin)->shape[0]);
}

static shs_status make_parts(struct import *import)
{
    uint64_t counts[ORDER_MAX_PARTS] = {0};
    uint32_t parts = import->split.draw.parts;
    bool whole = parts == 0;
    shs_status status = cli_chunk_check(import->arguments, &import->fields);
    if (!status && !whole) status = count_rows(import, counts);
    if (whole) parts = 1;
    size_t count = import->fields.count * parts;
    if (!status) status = core_new(count, sizeof *import->parts, "parts", &import->parts);
    if (!status)
        status = core_new(count * (CLI_ENCODED_OUTPUTS + 1), sizeof *import->outputs, "fields",
                          &import->outputs);
    for (size_t i = 0; i < count && !status; i++) {
        struct cli_field *field = &import->fields.field[i % import->fields.count];
        uint32_t number = (uint32_t)(i / import->fields.count);
        struct part *part = &import->parts[import->n_parts++];
        *part = (struct part){.field = field,
                              .whole = whole,
                              .walk = {.split = &import->split.draw, .part = number},
                              .rows = whole ? import_origin_shape(field->origin)->shape[0]
                                            : counts[number]};
        status = name_part(import, number, part);
        if (!status && import->arguments->row_order == ROWS_RANDOM)
            status = draw_order(import, part);
        if (!status) status = make_outputs(import, part);
    }
    return status;
}

static void free_parts(struct import *import)
{
    for (size_t i = 0; i < import->n_parts; i++) {
        order_permutation_free(&import->parts[i].order);
        cli_encoded_free(&import->parts[i].encoded);
        core_free(&import->parts[i].name);
    }
    core_free(&import->parts);
    core_free(&import->outputs);
}

/* ---- the file */

/* Checks the options and, on rank 0, the path of the new file. */
static shs_status check_arguments(const struct import *import)
{
    const struct cli_arguments *arguments = import->arguments;
    if (arguments->deflate > 9)
        return core_fail(SHS_ERROR_ARGUMENT, "--deflate is %llu; it must be 0 to 9",
                         (ull)arguments->deflate);
    if (import->run->rank) return SHS_OK;
    return io_output_check(arguments->plain[0], arguments->overwrite);
}

/* Refuses to overwrite a file that a field is imported from. */
static shs_status check_origin(const struct cli_field *field, const char *path,
                               const struct io_identity *there)
{
    struct io_identity origin;
    const char *from;
    shs_status status = SHS_OK;
    for (size_t i = 0; !status && (from = import_origin_path(field->origin, i)); i++) {
        status = io_identify_path(from, &origin);
        if (!status && origin.device == there->device && origin.inode == there->inode)
            status = core_fail(SHS_ERROR_ARGUMENT,
                               "%s is what %s is imported from; choose another name for the new "
                               "file",
                               path, field->name);
    }
    return status;
}

/* Refuses to overwrite an origin. */
static shs_status check_origins(const struct import *import)
{
    const char *path = import->arguments->plain[0];
    struct io_identity there;
    bool is_there = false;
    if (import->run->rank) return SHS_OK;
    shs_status status = io_exists(path, &is_there);
    if (status || !is_there) return status;
    status = io_identify_path(path, &there);
    for (size_t i = 0; i < import->fields.count && !status; i++)
        status = check_origin(&import->fields.field[i], path, &there);
    return status;
}

/* Local. Checks that each origin ends where it should. The origins are shared out among the ranks.
 */
static shs_status finish_fields(struct import *import)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < import->fields.count && !status; i++)
        if (i % (size_t)import->run->ranks == (size_t)import->run->rank)
            status = core_wrap(import_origin_finish(import->fields.field[i].origin), "importing %s",
                               import->fields.field[i].argument);
    return status;
}

static void show_progress(void *user, const char *name, uint64_t done, uint64_t all)
{
    cli_bar_show(user, name, done, all);
}

/* Collective. Writes all outputs to the temporary file. */
static shs_status fill_file(struct import *import, const char *temporary)
{
    struct cli_bar bar = cli_bar_begin(import->run->rank);
    struct import_progress progress = {show_progress, &bar};
    shs_status status =
        import_write(import->run, temporary, import->outputs, import->n_outputs, &progress);
    cli_bar_end(&bar);
    return status ? status : mpi_agree(import->run, finish_fields(import), "the origins' ends");
}

static void print_outputs(const struct import *import)
{
    cli_print_notes(&import->fields);
    for (size_t i = 0; i < import->n_outputs; i++) {
        const shs_tensor *shape = &import->outputs[i].shape;
        printf("%s: %s, %llu rows of %zu bytes\n", import->outputs[i].name,
               shs_type_name(shape->type), (ull)shape->shape[0], row_bytes(shape));
    }
}

/* Local. Rank 0 gives the file its name, and prints what it holds. */
static shs_status finish_file(const struct import *import, struct io_output *output)
{
    shs_status status = io_output_commit(output);
    if (status) return status;
    print_outputs(import);
    return cli_output_printed(output->path);
}

/* Collective. Writes the file under a temporary name. Only a complete file gets its own name. */
static shs_status write_file(struct import *import)
{
    const char *path = import->arguments->plain[0];
    bool first = import->run->rank == 0;
    struct io_output output = {0};
    shs_status status =
        first ? cli_output_begin(path, import->arguments->overwrite, &output) : SHS_OK;
    status = mpi_agree(import->run, status, "beginning %s", path);
    if (!status) status = fill_file(import, output.temporary);
    if (!status) {
        if (first) status = finish_file(import, &output);
        status = mpi_agree(import->run, status, "finishing %s", path);
    }
    cli_output_end(&output);
    return status;
}

/* Bytes of all rows. Ranks that see different origins differ in this number. */
static ull all_bytes(const struct import *import)
{
    ull bytes = 0;
    for (size_t i = 0; i < import->n_outputs; i++)
        bytes += import->outputs[i].shape.shape[0] * row_bytes(&import->outputs[i].shape);
    return bytes;
}

static shs_status import_all(struct import *import)
{
    shs_status status = check_arguments(import);
    if (!status) status = cli_open_fields(import->arguments, &import->fields);
    if (!status) status = check_origins(import);
    if (!status && import->arguments->split)
        status = cli_read_split(import->arguments->split,
                                import->arguments->loader.subset.split_seed, &import->split);
    if (!status) status = make_parts(import);
    status = mpi_agree(import->run, status, "import of %llu bytes of rows", all_bytes(import));
    if (!status) status = write_file(import);
    free_parts(import);
    cli_free_split(&import->split);
    cli_close_fields(&import->fields);
    return status;
}

static int run(const struct cli_arguments *arguments)
{
    struct import import = {.arguments = arguments};
    shs_run_options options = {0};
    shs_status status = cli_open(&options, &import.run);
    if (!status) status = import_all(&import);
    int code = cli_exit_code(status);
    return cli_close(&import.run, code);
}

const struct cli_command cli_import = {
    .name = "import",
    .usage = "OUT.h5 NAME=ORIGIN...",
    .summary =
        "writes fields to HDF5 from IDX, NPY, CSV and raw files, also .gz, NPZ and other HDF5 "
        "files, and folders of PNG and JPEG images",
    .arguments =
        "  OUT.h5\tThe file to make, which must not be there yet, unless with --overwrite.\n"
        "  NAME=ORIGIN\tThe field NAME comes from ORIGIN, a file or a folder. Its format is told "
        "by its content or name, or by what stands before it:\n"
        "  idx:FILE\tIDX, as MNIST has it.\n"
        "  npy:FILE\tNPY of NumPy. Bools become u8.\n"
        "  npz:FILE:NAME\tArray NAME of an NPZ file of NumPy, packed or not. NAME may be left out "
        "if "
        "there is one array.\n"
        "  csv:FILE\tAlso csv:TYPE:FILE, csv:COLUMNS:FILE, csv:TYPE:COLUMNS:FILE. One field of "
        "one or several columns, such as 2-785, counted from 1. The type is TYPE, else --type. "
        "csv:classes:COLUMN:FILE is for a column of texts: the different ones, sorted and counted "
        "from 0, are classes, and the attribute 'classes' holds them.\n"
        "  raw:TYPE:SHAPE:FILE\tNumbers without a header, such as raw:f32:1000x3:FILE; "
        "raw:f32be:1000x3:FILE for big-endian ones.\n"
        "  h5:FILE:DATASET\tA dataset of an HDF5, netCDF-4 or MATLAB 7.3 file. FILE may be a "
        "pattern, "
        "a folder or @LIST of files, and DATASET a pattern such as data/*/actions: all that match "
        "are joined along axis 0, in the order of their names, byte by byte, but files of @LIST in "
        "its order. Words before FILE, in any order: a type, such as f32:, to convert to, where "
        "floats are rounded and a value that does not fit is an error; reversed:, to reverse the "
        "axes, as MATLAB counts them; axes=2,0,1:, to put them in this order; natural:, to "
        "sort "
        "names with their numbers by size; classes:, alone or with natural:, for texts, as in a "
        "CSV file.\n"
        "  images:FOLDER\tPNG and JPEG images of one size and kind, or one sub-folder of them for "
        "each class: "
        "with IMAGES,LABELS=FOLDER the classes, sorted by name and counted from 0, become a second "
        "field, whose attribute 'classes' holds their names; all folders of an import have one "
        "table of them. png:FOLDER is the same. An orientation in EXIF data is not applied.",
    .details =
        "Fields of one group, such as train/images and train/labels, have equally many rows, and "
        "images of several folders there are paired by name, up to its ending.\n\n"
        "Beside each field NAME a dataset NAME.crc32c (u32) holds the CRC-32C of each row's bytes, "
        "its elements in little-endian order. The loader and 'shardstep check' compare them.\n\n"
        "With --encoded images of folders may have any size and kind. They are kept as they are: "
        "NAME "
        "holds the bytes of their files, one after the other, with a checksum of each chunk "
        "(fletcher32), NAME.offsets where each begins, and NAME.size height, width and channels of "
        "each. Only their heads are looked at. The field decode(NAME, size=256) decodes them.\n\n"
        "Where the rows of NAME come from several images or datasets, a table NAME.origin holds "
        "the "
        "name and the first row of each; with --split a table NAME.origin_row holds the number of "
        "each row among all of them. 'shardstep replay' and 'info --sample' name them.\n\n"
        "With --split each row of all fields belongs to one part, by a draw of --split-seed and "
        "the row's number alone, not of a run's --seed; NAME becomes train/NAME, test/NAME and so "
        "on. Option --part of other commands uses the same draw if --split-seed is the same.\n\n"
        "With --row-order random the rows of all fields are written in the order in which a loader "
        "with --seed S takes them in epoch 0, so that a loader that reads in the file's order, or "
        "block by block, sees them mixed. Rows of CSV, packed and HDF5 files are copied to $TMPDIR "
        "first, by each rank.\n\n"
        "Under mpirun all ranks read and encode, and rank 0 writes; the file is the same on any "
        "number of them. HDF5 opens h5: origins in this process, without option --probe of other "
        "commands: look at files from elsewhere with 'shardstep info' first. A rank reads its own "
        "rows only, but unpacks all of a .gz file up to them, "
        "and scans all of a CSV file once. NPY in Fortran order and .gz is unpacked to $TMPDIR "
        "first.",
    .examples = "import mnist.h5 images=train-images-idx3-ubyte.gz --deflate 4\n"
                "import table.h5 x=csv:f32:2-5:t.csv y=csv:u8:1:t.csv --split 0.8,0.2\n"
                "import iris.h5 x=csv:f32:1-4:iris.csv species=csv:classes:5:iris.csv\n"
                "import flowers.h5 images,labels=flowers\n"
                "import robot.h5 actions=h5:f32:natural:demos.h5:data/*/actions",
    .options = "--encoded --split --split-seed --row-order --order-seed --type --chunk "
               "--chunk-shape --deflate "
               "--byteshuffle --heading --any-rows "
               "--overwrite",
    .least_plain = 2,
    .most_plain = CLI_MAX_PLAIN,
    .run = run,
};
