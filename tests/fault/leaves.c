/* A program whose last rank leaves its loop alone, as by a break in an if of its own: all ranks
 * end, with exit code 2 and one message. */
#include <mpi.h>

#include "shardstep/context.h"
#include "shardstep/must.h"

enum {
    STEPS = 3
};

int main(int argc, char **argv)
{
    shs_run *run = NULL;
    int level;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    shs_must(shs_open(MPI_COMM_WORLD, NULL, &run));
    const shs_run_info info = shs_info(run);
    for (int step = 0; step < STEPS; step++) {
        if (step == 1 && info.rank == info.ranks - 1) break;
        shs_must(shs_agree(run));
    }
    shs_close(&run); /* as programs do: nobody looks */
    MPI_Finalize();
    return 0;
}
