/* A program whose last rank does not come to where the others wait: all end within the limit, with
 * one message. The first word says what that rank does instead, the second, if there is one, for
 * how many seconds the others wait (1). With the word "apart" at the end the ranks share no memory.
 */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shardstep/mpi.h"
#include "shardstep/must.h"

enum {
    STEPS = 3,
    LONG = 100 /* seconds */
};

static int rank, ranks;
static bool told, nodes;

/* Takes the place of MPI's function (its profiling interface). */
int MPI_Comm_split_type(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *node)
{
    if (nodes) return PMPI_Comm_split(comm, rank / 2, key, node);
    return PMPI_Comm_split_type(comm, type, key, info, node);
}

static void tell(void *user, shs_report_kind kind, const char *text)
{
    (void)user;
    if (kind != SHS_REPORT_WAITING || told) return;
    fprintf(stderr, "report: %s\n", text);
    told = true;
}

/* What the last rank does in place of a step. */
static void misbehave(const char *what, shs_run *run)
{
    shs_run *other = NULL;
    if (!strcmp(what, "sleep")) sleep(LONG);
    if (!strcmp(what, "late")) sleep(3);
    if (!strcmp(what, "slow")) usleep(700000);
    if (!strcmp(what, "stop")) raise(SIGSTOP);
    if (!strcmp(what, "kill")) raise(SIGKILL);
    if (!strcmp(what, "return")) exit(0);
    if (!strcmp(what, "barrier")) MPI_Barrier(MPI_COMM_WORLD);
    if (!strcmp(what, "open")) shs_must(shs_open(MPI_COMM_WORLD, NULL, &other));
    if (!strcmp(what, "finalize")) MPI_Finalize(), exit(0);
    (void)run;
}

/* Without files of any size no memory can be shared. Only the opening is done so, because MPI needs
 * files, too. */
static shs_status open_run(const shs_run_options *options, bool apart, shs_run **run)
{
    struct rlimit before, none;
    getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 0;
    if (apart) setrlimit(RLIMIT_FSIZE, &none);
    shs_status status = shs_open(MPI_COMM_WORLD, options, run);
    setrlimit(RLIMIT_FSIZE, &before);
    return status;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "nothing";
    bool apart = !strcmp(argv[argc - 1], "apart");
    nodes = !strcmp(argv[argc - 1], "nodes");
    double limit = argc > 2 ? strtod(argv[2], NULL) : 1;
    shs_run_options options = {.warn_seconds = strcmp(what, "slow") ? limit / 2 : 0.2,
                               .limit_seconds = limit,
                               .report = tell};
    shs_run *run = NULL;
    int level;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    bool bad = rank == ranks - 1;
    if (bad && !strcmp(what, "absent")) sleep(LONG);
    shs_must(open_run(&options, apart, &run));
    for (int step = 0; step < STEPS; step++) {
        if (bad && step == 1) misbehave(what, run);
        shs_must(shs_agree(run));
    }
    shs_must(shs_close(&run));
    MPI_Finalize();
    return 0;
}
