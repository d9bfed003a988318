/* shardstep info: the datasets of a file, or the samples that they make. */
#include "cli.h"
#include "cli_datasets.h"
#include "mpi_job.h"

static int run(const struct cli_arguments *arguments)
{
    if (mpi_job_rank() != 0) return CLI_DONE;
    bool samples = arguments->fields || arguments->one_sample_a_file ||
                   cli_given(arguments, "--sample") || cli_given(arguments, "--augment");
    uint64_t failed = 0;
    shs_status status = cli_probe(arguments, arguments->plain[0], arguments->fields);
    if (status) return cli_exit_code(status);
    status = samples ? cli_print_samples(arguments) : cli_print_datasets(arguments, &failed);
    return cli_exit_code(!status && failed ? SHS_ERROR_FILE : status);
}

const struct cli_command cli_info = {
    .name = "info",
    .usage = "FILE",
    .summary = "prints the datasets of a file: type, shape, how each is stored and how it will be "
               "read; with --fields, what samples they make, and the layout of each field; with "
               "--sample, where one lies; with --group, what member 0 of a group gets",
    .arguments = "  FILE\tAn HDF5 file. With --fields or --sample also " CLI_SEVERAL_FILES,
    .details =
        "Soft and external links are listed behind the datasets, with what they lead to. They "
        "are not followed; a field may name one as it names a dataset.",
    .examples = "info fashion.h5 --vranks 8\n"
                "info 'year-*.h5' --fields 'x=t2m(window=24)'\n"
                "info 'year-*.h5' --sample 12345\n"
                "info 'year-*.h5' --fields 'x=fields(slab=lat)' --group 4",
    .fails = "error; or some of its datasets could not be looked at",
    .takes = CLI_WITH_PROBE,
    .options = "--vranks --group --fields --one-sample-a-file --cf --cache-bytes --sample "
               "--augment --json",
    .least_plain = 1,
    .most_plain = 1,
    .run = run,
};
