/* The run of a command, and what the command says beside its results: reports and its exit code. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "core_text.h"
#include "mpi_job.h"

int cli_exit_code(shs_status status)
{
    if (status == SHS_STOP) return CLI_STOPPED;
    if (status >= 0) return CLI_DONE;
    if (shs_message_is_mine()) fprintf(stderr, "shardstep: %s\n", shs_message());
    return CLI_ERROR;
}

/* The user gave the list of excluded rows. Commands have the library's operators only: their user
 * can do nothing about too little randomness, and trains on nothing. */
void cli_report(void *user, shs_report_kind kind, const char *text)
{
    (void)user;
    if (kind != SHS_REPORT_EXCLUDED && kind != SHS_REPORT_TWINS_UNKNOWN)
        fprintf(stderr, "shardstep: %s\n", text);
}

enum {
    LIMIT_SECONDS = 1800
};

/* Sets the seconds that a rank waits for others at most. All ranks have the same variable, so rank
 * 0 alone prints the message of an error. */
static shs_status read_limit(double *seconds)
{
    const char *text = getenv("SHARDSTEP_LIMIT_SECONDS");
    uint64_t number = LIMIT_SECONDS;
    bool good = !text || !*text || core_parse_u64(text, &number);
    *seconds = (double)number;
    if (good) return SHS_OK;
    core_fail(SHS_ERROR_ARGUMENT,
              "SHARDSTEP_LIMIT_SECONDS is '%.40s'; give whole seconds, 0 for no limit", text);
    return core_tell(SHS_ERROR_ARGUMENT, shs_message(), mpi_job_rank() == 0, true);
}

shs_status cli_open(const shs_run_options *options, shs_run **run)
{
    shs_run_options with = *options;
    shs_status status = read_limit(&with.limit_seconds);
    if (!with.report) with.report = cli_report;
    return status ? status : mpi_job_open(&with, run);
}

int cli_close(shs_run **run, int code)
{
    shs_status status = mpi_job_close(run);
    return status < 0 && code != CLI_ERROR ? cli_exit_code(status) : code;
}
