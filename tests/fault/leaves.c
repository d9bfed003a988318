/* A program whose last rank leaves its loop alone, as by a break in an if of its own: all ranks
 * end, with exit code 2 and one message. With the word "unclosed" no rank closes its runs, with
 * "forgetful" no rank does and none leaves the loop alone: then there is no message. With
 * "uninitialised" MPI is not started: only rank 0 says so. */
#include <mpi.h>
#include <string.h>

#include "shardstep/mpi.h"
#include "shardstep/must.h"

enum {
    STEPS = 3
};

int main(int argc, char **argv)
{
    shs_run *run = NULL, *closed = NULL, *idle = NULL;
    bool unclosed = argc > 1, forgetful = unclosed && !strcmp(argv[1], "forgetful");
    int level;
    if (argc < 2 || strcmp(argv[1], "uninitialised"))
        MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    shs_must(shs_open(MPI_COMM_WORLD, NULL, &closed));
    shs_must(shs_open(MPI_COMM_WORLD, NULL, &idle));
    shs_must(shs_open(MPI_COMM_WORLD, NULL, &run));
    shs_must(shs_close(&closed));
    const shs_run_info info = shs_info(run);
    for (int step = 0; step < STEPS; step++) {
        if (step == 1 && info.rank == info.ranks - 1 && !forgetful) break;
        shs_must(shs_agree(run));
    }
    if (!unclosed) shs_close(&run), shs_close(&idle); /* as programs do: nobody looks */
    MPI_Finalize();
    return 0;
}
