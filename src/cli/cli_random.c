/* shardstep random: prints the numbers of a stream, or of several streams in turn. */
#include <stdio.h>

#include "cli.h"
#include "core_memory.h"
#include "mpi_job.h"
#include "shardstep/random.h"

enum {
    HEX,
    U32,
    FLOAT,
    NORMAL,
    RAW
};

enum {
    BLOCK = 4,          /* numbers of a stream before the next stream's turn */
    RAW_WORDS = 1 << 14 /* words that are written at a time */
};

struct output {
    const struct cli_arguments *arguments;
    shs_random *streams; /* arguments->interleave streams */
    uint64_t left;       /* numbers to print */
};

static void print_number(int format, shs_random *stream)
{
    if (format == HEX) printf("%08x\n", shs_random_u32(stream));
    if (format == U32) printf("%u\n", shs_random_u32(stream));
    if (format == FLOAT) printf("%.9g\n", (double)shs_random_float(stream));
    if (format == NORMAL) printf("%.9g\n", (double)shs_random_normal_float(stream, 0, 1));
}

/* Turns words into little-endian order. */
static void order_bytes(uint32_t *words, size_t count)
{
    if (__BYTE_ORDER__ != __ORDER_BIG_ENDIAN__) return;
    for (size_t i = 0; i < count; i++)
        words[i] = __builtin_bswap32(words[i]);
}

/* Writes the next words of a stream to stdout, in little-endian order on any machine. */
static shs_status write_words(shs_random *stream, uint64_t count)
{
    static uint32_t words[RAW_WORDS];
    while (count && !ferror(stdout)) {
        size_t now = count < RAW_WORDS ? (size_t)count : RAW_WORDS;
        shs_status status = shs_random_fill_u32(stream, words, now);
        if (status) return status;
        order_bytes(words, now);
        fwrite(words, sizeof *words, now, stdout);
        count -= now;
    }
    return SHS_OK;
}

/* Prints the next numbers of a stream: a block if there are several streams, else all numbers. */
static shs_status print_some(struct output *output, shs_random *stream)
{
    uint64_t now = output->arguments->interleave > 1 && output->left > BLOCK ? BLOCK : output->left;
    output->left -= now;
    if (output->arguments->format == RAW) return write_words(stream, now);
    for (; now && !ferror(stdout); now--) {
        print_number(output->arguments->format, stream);
        if (stream->status) return shs_random_status(stream);
    }
    return SHS_OK;
}

static shs_status open_streams(struct output *output)
{
    const struct cli_arguments *arguments = output->arguments;
    shs_status status =
        core_new(arguments->interleave, sizeof *output->streams, "streams", &output->streams);
    for (uint64_t i = 0; i < arguments->interleave && !status; i++) {
        shs_place place = {arguments->seed, arguments->purpose, arguments->rank + i,
                           arguments->step, arguments->slot};
        status = shs_random_at(&place, &output->streams[i]);
    }
    return status;
}

static shs_status print_streams(struct output *output)
{
    const struct cli_arguments *arguments = output->arguments;
    shs_status status = open_streams(output);
    output->left = arguments->count;
    if (output->arguments->format == RAW && !cli_given(arguments, "--count"))
        output->left = arguments->interleave << 34;
    for (uint64_t i = 0; output->left && !status && !ferror(stdout);
         i = (i + 1) % arguments->interleave)
        status = print_some(output, &output->streams[i]);
    return status;
}

/* Rank 0 alone prints, because every rank would print the same. */
static int run(const struct cli_arguments *arguments)
{
    struct output output = {.arguments = arguments};
    if (mpi_job_rank() != 0) return CLI_DONE;
    int code = cli_exit_code(print_streams(&output));
    core_free(&output.streams);
    return code;
}

const struct cli_command cli_random = {
    .name = "random",
    .usage = "",
    .summary = "prints the random numbers that begin at a place of a run",
    .examples = "random --seed 42 --purpose 1 --rank 3 --step 7 --slot 5 --count 3\n"
                "random --format raw --interleave 1000 | dieharder -a -g 200",
    .options = "--seed --purpose --rank --step --slot --count --format --interleave",
    .run = run,
};
