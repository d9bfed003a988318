/* shardstep bench: measures parts of the library beside the limits of the machine. */
#include "cli_bench.h"

#include "core_status.h"
#include "mpi_job.h"

static shs_status measure(const struct cli_arguments *arguments)
{
    if (arguments->random + arguments->read + arguments->order != 1)
        return core_fail(SHS_ERROR_ARGUMENT, "say what to measure: --random, --order or --read");
    if (arguments->n_plain && !arguments->read)
        return core_fail(SHS_ERROR_ARGUMENT, "only --read takes a FOLDER, which '%.80s' would be",
                         arguments->plain[0]);
    if (arguments->random) return cli_bench_random();
    if (arguments->order) return cli_bench_order(arguments->quick);
    return cli_bench_read(arguments->n_plain ? arguments->plain[0] : "/tmp", arguments->quick);
}

static int run(const struct cli_arguments *arguments)
{
    return mpi_job_rank() == 0 ? cli_exit_code(measure(arguments)) : CLI_DONE;
}

const struct cli_command cli_bench = {
    .name = "bench",
    .usage = "--random | --order | --read [FOLDER]",
    .summary = "measures random numbers, order or reading beside what the machine can do",
    .arguments = "  FOLDER\tWhere --read makes its files, which it removes again (/tmp).",
    .examples = "bench --random\nbench --read /scratch",
    .options = "--random --order --read --quick",
    .most_plain = 1,
    .run = run,
};
