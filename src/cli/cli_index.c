/* shardstep index: keeps what an examination of files has told. */
#include <stdio.h>

#include "cli.h"
#include "cli_all_fields.h"
#include "cli_output.h"
#include "cli_references.h"
#include "core_memory.h"
#include "data_dataset.h"
#include "data_index.h"
#include "mpi_job.h"

static shs_status write_file(const struct cli_arguments *arguments, const char *bytes, size_t count)
{
    struct io_output output = {0};
    shs_status status = cli_output_begin(arguments->output, arguments->overwrite, &output);
    if (!status) status = io_output_write(&output, bytes, count);
    if (!status) status = io_output_commit(&output);
    cli_output_end(&output);
    return status;
}

/* Prints what the index has. */
static shs_status tell(const struct cli_arguments *arguments, struct data_pack *pack)
{
    struct data_index *index;
    size_t bytes = pack->length, described, files;
    shs_status status = data_index_open(pack, &index);
    if (status) return status;
    files = data_index_files(index, &described);
    data_index_close(&index);
    printf("%zu files, %zu of them in the index, %zu bytes\n", files, described, bytes);
    if (described < files)
        printf("the others are examined when they are opened: numbers that opening needs of them, "
               "such as offsets, are too many, or they changed meanwhile\n");
    return cli_output_printed(arguments->output);
}

/* Writes references instead of an index. */
static shs_status make_references(const struct cli_arguments *arguments,
                                  const struct io_paths *inputs)
{
    struct cli_references references;
    struct core_text text = {0};
    shs_status status = cli_references_read(inputs, arguments->fields, &references);
    if (!status) status = cli_references_print(&references, &text);
    if (!status) status = write_file(arguments, text.bytes, text.length);
    if (!status)
        printf("%zu files, %zu datasets, %zu bytes of references\n", references.files,
               references.count, text.length);
    core_text_free(&text);
    cli_references_free(&references);
    return status ? status : cli_output_printed(arguments->output);
}

static shs_status make_index(const struct cli_arguments *arguments)
{
    const char *path = arguments->plain[0];
    const shs_dataset_options options = {.one_sample_a_file = arguments->one_sample_a_file,
                                         .cf = arguments->cf};
    struct data_pack pack = {0};
    char *found = NULL;
    shs_status status = SHS_OK;
    if (!arguments->fields) status = cli_all_fields(path, arguments->one_sample_a_file, &found);
    if (!status)
        status = data_dataset_examine(path, found ? found : arguments->fields, &options, &pack);
    if (!status) status = write_file(arguments, pack.bytes, pack.length);
    if (!status) status = tell(arguments, &pack);
    data_pack_free(&pack);
    core_free(&found);
    return status;
}

/* References are of whole datasets as they are stored. */
static shs_status check_options(const struct cli_arguments *arguments)
{
    if (!arguments->kerchunk || !(arguments->one_sample_a_file || arguments->cf)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "index: --kerchunk has datasets as they are stored; leave %s out",
                     arguments->cf ? "--cf" : "--one-sample-a-file");
}

static shs_status make(const struct cli_arguments *arguments)
{
    const char *path = arguments->plain[0];
    struct io_paths inputs = {0};
    shs_status status = check_options(arguments);
    if (!status) status = io_paths_find(path, &inputs);
    if (!status)
        status = cli_output_check(arguments->output, arguments->overwrite, &inputs,
                                  arguments->kerchunk ? "references" : "index");
    if (!status) status = cli_probe(arguments, path, arguments->fields);
    if (!status && arguments->kerchunk)
        status = make_references(arguments, &inputs);
    else if (!status)
        status = make_index(arguments);
    io_paths_free(&inputs);
    return status;
}

static int run(const struct cli_arguments *arguments)
{
    if (mpi_job_rank() != 0) return CLI_DONE;
    if (arguments->output) return cli_exit_code(make(arguments));
    return cli_exit_code(
        core_fail(SHS_ERROR_ARGUMENT, "index: --output is missing; give the new file: -o INDEX"));
}

const struct cli_command cli_index = {
    .name = "index",
    .usage = "PATH -o INDEX",
    .summary = "keeps in a file where the data of files lie, so that they need not be opened to "
               "open a dataset (option --index)",
    .details = "The index has the shapes and types of the datasets, where their chunks lie, their "
               "checksums, the constant fields, and the size, inode and time of each file. A file "
               "that differs from its entry is examined anew when it is opened. The fields of a "
               "dataset that is opened "
               "with the index must be among --fields; windows and names may differ.",
    .examples = "index 'year-*.h5' -o year.index\n"
                "index year-1.h5 -o year.json --kerchunk\n"
                "digest 'year-*.h5' --index year.index",
    .takes = CLI_WITH_PROBE,
    .options = "--fields --one-sample-a-file --cf --output --overwrite --kerchunk",
    .least_plain = 1,
    .most_plain = 1,
    .run = run,
};
