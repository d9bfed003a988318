/* shardstep bench: measures a loader, or parts of the library, beside the limits of the machine. */
#include "cli_bench.h"

#include <string.h>

#include "cli_bench_file.h"
#include "cli_options.h"
#include "core_status.h"
#include "mpi_job.h"

/* The subjects that need no PATH. */
static int n_parts(const struct cli_arguments *arguments)
{
    return arguments->random + arguments->read + arguments->order + arguments->reduce +
           arguments->save + cli_given(arguments, "--augment");
}

/* True if an option is in a list of names, which NULL ends. */
static bool is_in(const char *const *names, const char *option)
{
    while (*names && strcmp(option, *names) != 0)
        names++;
    return *names != NULL;
}

/* True if an option belongs to the subject without a PATH that was given. */
static bool is_for_parts(const struct cli_arguments *arguments, const char *option)
{
    static const char *const of_all[] = {"--random", "--order", "--read",    "--reduce",
                                         "--save",   "--quick", "--augment", NULL};
    static const char *const of_augment[] = {"--shape", "--layout", "--type", "--json", NULL};
    static const char *const of_reduce[] = {"--overlap", "--vranks", "--json", NULL};
    static const char *const of_save[] = {"--json", NULL};
    return is_in(of_all, option) ||
           (cli_given(arguments, "--augment") && is_in(of_augment, option)) ||
           (arguments->reduce && is_in(of_reduce, option)) ||
           (arguments->save && is_in(of_save, option));
}

static shs_status refuse_overlap(void)
{
    return core_fail(SHS_ERROR_ARGUMENT,
                     "option --overlap is for bench --reduce; leave it out, or add --reduce");
}

/* Refuses options of a loader where none is opened. */
static shs_status check_parts(const struct cli_arguments *arguments)
{
    if (arguments->overlap && !arguments->reduce) return refuse_overlap();
    for (size_t i = 0; i < cli_n_options; i++)
        if (arguments->given[i] && !is_for_parts(arguments, cli_options[i].name))
            return core_fail(
                SHS_ERROR_ARGUMENT,
                "option %s is for bench PATH, not for bench --random, --order, "
                "--read, --reduce, --save or --augment alone; leave it out or give a PATH",
                cli_options[i].name);
    if (n_parts(arguments) != 1)
        return core_fail(SHS_ERROR_ARGUMENT, "--random, --order, --read, --reduce, --save and "
                                             "--augment without a PATH are six subjects; choose "
                                             "one");
    if (arguments->n_plain && !arguments->read && !arguments->reduce && !arguments->save)
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "only --read and --save take a FOLDER, which '%.80s' would be; to measure that "
            "file, leave out --random and --order",
            arguments->plain[0]);
    return SHS_OK;
}

static shs_status measure(const struct cli_arguments *arguments)
{
    if (arguments->random) return cli_bench_random();
    if (arguments->order) return cli_bench_order(arguments->quick);
    if (!arguments->read) return cli_bench_augment(arguments);
    return cli_bench_read(arguments->n_plain ? arguments->plain[0] : "/tmp", arguments->quick);
}

/* Collective with --reduce and --save. Otherwise rank 0 measures alone, and the other ranks have
 * nothing to do. */
static int run_part(const struct cli_arguments *arguments)
{
    int rank = mpi_job_rank();
    shs_status status =
        core_fail(SHS_ERROR_ARGUMENT, "say what to measure: a PATH, --random, --order, --read, "
                                      "--reduce, --save or --augment [TEXT]");
    if (n_parts(arguments) || arguments->overlap) status = check_parts(arguments);
    if (status) return rank == 0 ? cli_exit_code(status) : CLI_DONE;
    if (arguments->reduce) return cli_bench_reduce(arguments);
    if (arguments->save) return cli_bench_save(arguments);
    return rank == 0 ? cli_exit_code(measure(arguments)) : CLI_DONE;
}

/* Refuses what only subjects without a PATH take. */
static shs_status check_path(const struct cli_arguments *arguments)
{
    static const char *const names[] = {"--shape", "--layout", "--type"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cli_given(arguments, names[i]))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "option %s is for bench --augment TEXT without a PATH; leave it out",
                             names[i]);
    if (arguments->overlap) return refuse_overlap();
    if (cli_given(arguments, "--augment") && !arguments->loader.augment)
        return core_fail(SHS_ERROR_ARGUMENT, "option --augment needs a value: --augment TEXT");
    return SHS_OK;
}

static int run(const struct cli_arguments *arguments)
{
    bool part = arguments->random || arguments->read || arguments->order || arguments->reduce ||
                arguments->save;
    if (arguments->n_plain && !part) {
        shs_status status = check_path(arguments);
        return status ? cli_exit_code(status) : cli_bench_file(arguments);
    }
    return run_part(arguments);
}

const struct cli_command cli_bench = {
    .name = "bench",
    .usage = "PATH | --random | --order | --read [FOLDER] | --reduce [SIZES] | --save [FOLDER] | "
             "--augment [TEXT]",
    .summary = "measures a loader beside what the machine can do; or random numbers, order, "
               "reading, sums over ranks, checkpoints or augmentation",
    .arguments =
        "  FOLDER\tWhere --read and --save make their files, which they remove again (/tmp).\n"
        "  SIZES\tSizes of the arrays of --reduce in MiB (1,4,16,64).",
    .details =
        "bench PATH opens a loader with the options below. It measures the loader and then each "
        "ceiling, in turns, and prints medians. A ceiling is what one core of each rank does with "
        "the same rows: the system's reads of their stored bytes; the decoders of filters over "
        "stored chunks in memory; the augmentation over rows in memory; memcpy() of rows as "
        "stored; memset() of "
        "rows as delivered. Chunks are read or decoded once each, by this measure. Under mpirun "
        "all ranks load at once, and numbers are sums over the ranks.\n\n"
        "--threads FROM..TO measures each number of threads. --steps N makes a pass N steps long; "
        "otherwise --seconds decides.\n\n"
        "With --compute the accelerator utilisation is that of MLPerf Storage and DLIO: the share "
        "of the time, from the second step of a pass on, that is spent computing. Each step then "
        "ends in an agreement of all ranks. --cold drops the files' pages from memory before the "
        "first pass, and tells how many of its reads waited for the disk.\n\n"
        "--augment without a PATH measures one core, from rows in memory to batches: the "
        "operators of TEXT, or without a TEXT those of typical texts. Beside it stand memset() of "
        "what comes out, and one operator after the other in plain C.\n\n"
        "--reduce measures what a step costs: shs_gradient_add() for each virtual rank of a rank, "
        "and shs_gradient_mean(), of tensors in memory that the object provides, and of tensors of "
        "the program that it borrows or copies. Beside it stand MPI_Allreduce in place, by one "
        "call or 4 MiB at a "
        "time, in the C library's memory and in memory for which huge pages were asked (madvise), "
        "and memcpy() of the size, by all ranks at once. All ranks begin together, and the slowest "
        "rank counts. Every sum is compared with the right one. With --json, ms has the medians in "
        "milliseconds, and reproducible_times_as_fast_as the time of each way over that of the "
        "reproducible mean; null stands for what was not measured, and not_measured says why.\n\n"
        "--reduce --overlap measures the mean alone, a computation that takes as long, and both "
        "together: a step that computes 32 tensors of equal size from the last to the first, and "
        "calls shs_gradient_ready() after each. Between nodes the mean is then sent while the rank "
        "computes. The hidden part of the mean is what both take one after the other less what "
        "they take together, over the shorter of the two. On one node a rank adds by itself, and "
        "little can be hidden.\n\n"
        "--save measures what a checkpoint of 256 MiB costs the step, with --quick one of 4 MiB: "
        "shs_save_with() in the background until it returns, the same until shs_save_wait() says "
        "that the checkpoint is stored, and shs_save(). Beside them stands memcpy() of the tensors "
        "by rank 0. The memory for the copy is taken before. With --json, ms has the medians in "
        "milliseconds, and step_waits_of_memcpy the first over that of memcpy().\n\n"
        "With --json, samples_per_s, bytes_per_s (of samples as delivered), read_bytes_per_s (of "
        "the files), cpu_s_per_1000 (CPU seconds of all threads for 1000 samples), waited_s "
        "(seconds an epoch inside shs_next(), of the rank that waited longest), waited_mean_s and "
        "waited_share describe the number of threads that was fastest; sweep has all of them. "
        "ceilings holds samples a second, of_ceilings the loader's share of each; null stands for "
        "a ceiling that does not apply, and left_out says why.\n\n"
        "--json-lines has a line for each epoch that has ended, and for the rest of a pass that "
        "ends within an epoch: those of rank 0, then those of rank 1, and so on. pass is first, "
        "alone or computing, round counts from 1, and the other keys are those of "
        "shs_loader_report_json() (shardstep/times.h): samples, elapsed_s, waited_s, "
        "cpu_s_per_1000, bottleneck, message, lanes and so on.",
    .examples = "bench fashion.h5 --fields train/images --batch 128 --threads 1..4\n"
                "bench fashion.h5 --compute 20 --cold --json\n"
                "bench --random\nbench --read /scratch\nbench --reduce 4,64\n"
                "bench --save /scratch\n"
                "bench --augment 'random_flip(axis=w)' --shape 32x32x3",
    .takes = CLI_WITH_ORDER | CLI_WITH_LOADER | CLI_WITH_PROBE,
    .options = "--random --order --read --reduce --overlap --save --shape --layout --type --quick "
               "--group --seconds --steps --compute --busy --cold --json --json-lines --trace",
    .sweeps = true,
    .bare = "--augment",
    .most_plain = 1,
    .run = run,
};
