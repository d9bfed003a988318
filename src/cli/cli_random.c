/* shardstep random: the numbers of a stream. */
#include <stdio.h>

#include "cli.h"
#include "core_status.h"
#include "mpi_job.h"
#include "shardstep/random.h"

enum format {
    HEX,
    U32,
    FLOAT,
    RAW
};

static void print_number(enum format format, shs_random *stream)
{
    uint32_t word;
    switch (format) {
    case HEX:
        printf("%08x\n", shs_random_u32(stream));
        return;
    case U32:
        printf("%u\n", shs_random_u32(stream));
        return;
    case FLOAT:
        printf("%.9g\n", (double)shs_random_float(stream));
        return;
    case RAW:
        word = shs_random_u32(stream);
        unsigned char bytes[4] = {(unsigned char)word, (unsigned char)(word >> 8),
                                  (unsigned char)(word >> 16), (unsigned char)(word >> 24)};
        fwrite(bytes, 1, sizeof bytes, stdout);
        return;
    }
}

static shs_status print_stream(const struct cli_arguments *arguments)
{
    int format;
    shs_random stream;
    shs_place place = {arguments->seed, arguments->purpose, arguments->rank, arguments->step,
                       arguments->slot};
    shs_status status = cli_word("--format", arguments->format, "hex u32 float raw", &format);
    if (!status) status = shs_random_at(&place, &stream);
    for (uint64_t i = 0; i < arguments->count && !status && !ferror(stdout); i++) {
        print_number((enum format)format, &stream);
        if (stream.status) status = shs_random_status(&stream);
    }
    return status;
}

/* Every rank would print the same: rank 0 does. */
static int run(const struct cli_arguments *arguments)
{
    if (mpi_job_rank() == 0) return cli_exit_code(print_stream(arguments));
    return CLI_DONE;
}

const struct cli_command cli_random = {
    .name = "random",
    .usage = "[--seed S --purpose P --rank R --step T --slot I --count N --format F]",
    .summary = "prints the random numbers that begin at a place of a run",
    .options = "--seed --purpose --rank --step --slot --count --format",
    .run = run,
};
