/* shardstep bench: what this machine does, beside its ceilings, in one run. */
#include "cli_bench.h"

#include "core_status.h"
#include "mpi_job.h"

static shs_status measure(const struct cli_arguments *arguments)
{
    if (arguments->random == arguments->read)
        return core_fail(SHS_ERROR_ARGUMENT, "say what to measure: --random or --read");
    if (arguments->random) return cli_bench_random();
    return cli_bench_read(arguments->n_plain ? arguments->plain[0] : "/tmp");
}

static int run(const struct cli_arguments *arguments)
{
    return mpi_job_rank() == 0 ? cli_exit_code(measure(arguments)) : CLI_DONE;
}

const struct cli_command cli_bench = {
    .name = "bench",
    .usage = "--random | --read [FOLDER]",
    .summary = "measures random numbers, or reading, beside what the machine can do",
    .options = "--random --read",
    .most_plain = 1,
    .run = run,
};
