/** @file
 * For programs: stop on error. The library itself never prints or ends a process. */
#ifndef SHARDSTEP_MUST_H
#define SHARDSTEP_MUST_H

#include <stdio.h>
#include <stdlib.h>

#include "context.h"

#ifndef SHARDSTEP_NO_MPI /* defined where Shardstep was built without MPI */
#include "mpi.h"
#endif

/** Exit codes of programs. */
enum {
    /** The program failed. shs_must() exits with this code. */
    SHS_EXIT_ERROR = 2,
    /** The program stopped on request after shs_save() kept its place. A job script then starts it
     * again. */
    SHS_EXIT_STOPPED = 75
};

/** Local. Prints a text as a line of the standard error, where the lines of other ranks do not
 * break it: fprintf() hands over a longer line in pieces, from glibc 2.37 on in pieces of 128
 * bytes. */
static inline void shs_print_line(const char *text)
{
    char line[2048];
    int length = snprintf(line, sizeof line, "%s\n", text);
    if (length > 0 && (size_t)length < sizeof line)
        fputs(line, stderr);
    else
        fprintf(stderr, "%s\n", text);
}

/** Collective where `status` comes from a Collective function, Local otherwise. Returns `status` if
 * it is no error, and prints what shs_notice() has to tell. On an error it prints the message to
 * the standard error, once in the job, and ends the job with exit code 2. If all ranks have the
 * error, each calls MPI_Finalize() and exits; if this rank alone has it, or if other ranks are
 * missing (SHS_ERROR_TIMEOUT), the rank calls
 * MPI_Abort(). */
static inline shs_status shs_must(shs_status status)
{
    const char *notice = status >= 0 ? shs_notice() : NULL;
    if (notice) shs_print_line(notice);
    if (status >= 0) return status;
    if (shs_message_is_mine()) shs_print_line(shs_message());
    fflush(stderr);
#ifndef SHARDSTEP_NO_MPI
    int started = 0, finished = 0;
    MPI_Initialized(&started);
    MPI_Finalized(&finished);
    if (started && !finished) {
        if (!shs_message_is_agreed()) MPI_Abort(MPI_COMM_WORLD, SHS_EXIT_ERROR);
        MPI_Finalize();
    }
#endif
    exit(SHS_EXIT_ERROR);
}

/** Local. A `report` for shs_run_options: prints each text as a line of the standard error. It
 * leaves out SHS_REPORT_EXCLUDED, since the program gave the list of these rows itself. */
static inline void shs_print_report(void *user, shs_report_kind kind, const char *text)
{
    (void)user;
    if (kind != SHS_REPORT_EXCLUDED) shs_print_line(text);
}

#endif
