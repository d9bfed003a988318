/* What a command says beside its results: reports, its exit code, and its run closed. */
#include <stdio.h>

#include "cli.h"
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

int cli_close(shs_run **run, int code)
{
    shs_status status = mpi_job_close(run);
    return status < 0 && code != CLI_ERROR ? cli_exit_code(status) : code;
}
