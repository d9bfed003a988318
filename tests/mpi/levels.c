/* MPI as a program may have left it: not begun, begun by MPI_Init, ended. Each is told, once in the
 * job. Exit code 0: all as it must be; 77: this MPI_Init gives enough. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "shardstep/mpi.h"

static int failures;

static void refused(const char *when, const char *words)
{
    shs_run *run = (shs_run *)1;
    shs_status status = shs_open(MPI_COMM_WORLD, NULL, &run);
    if (status == SHS_ERROR_STATE && !run && strstr(shs_message(), words)) return;
    printf("%s: expected SHS_ERROR_STATE with '%s', got %s: %s\n", when, words,
           shs_status_name(status), shs_message());
    failures++;
}

static void told_once(const char *when)
{
    int mine = shs_message_is_mine(), all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (all == 1 && shs_message_is_agreed()) return;
    printf("%s: expected one rank to speak, got %d, agreed %d\n", when, all,
           shs_message_is_agreed());
    failures++;
}

/* A run that outlives MPI. */
static void close_late(shs_run *run)
{
    shs_status status = shs_close(&run);
    if (status == SHS_OK && !run) return;
    printf("a run without MPI, closed after it: %s: %s\n", shs_status_name(status), shs_message());
    failures++;
}

int main(int argc, char **argv)
{
    int level = 0;
    shs_run *alone = NULL;
    refused("before MPI_Init", "MPI is not running; call MPI_Init_thread first");
    MPI_Init(&argc, &argv);
    MPI_Query_thread(&level);
    if (shs_open(MPI_COMM_NULL, NULL, &alone) != SHS_OK) failures++;
    if (level < MPI_THREAD_FUNNELED) {
        refused("after MPI_Init", "rank 0: shs_open: MPI was started by MPI_Init");
        told_once("after MPI_Init");
    }
    MPI_Finalize();
    refused("after MPI_Finalize", "MPI is not running");
    close_late(alone);
    if (failures) return 1;
    if (level < MPI_THREAD_FUNNELED) return 0;
    printf("skipped in part: MPI_Init gives this program more than MPI_THREAD_SINGLE\n");
    return 77;
}
