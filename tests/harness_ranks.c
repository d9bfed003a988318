#include <mpi.h>
#include <stdio.h>

#include "harness_private.h"

static unsigned sum_over_ranks(unsigned number)
{
    unsigned total = 0;
    MPI_Allreduce(&number, &total, 1, MPI_UNSIGNED, MPI_SUM, MPI_COMM_WORLD);
    return total;
}

int harness_main_ranks(const char *suite, const struct harness_test *tests, size_t count, int argc,
                       char **argv)
{
    struct harness_ranks ranks = {.sum = sum_over_ranks};
    int level;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS) {
        fprintf(stderr, "%s: MPI does not start\n", suite);
        return 2;
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &ranks.rank);
    int code = harness_run_with(&(struct harness_suite){suite, tests, count, argc, argv}, &ranks);
    MPI_Finalize();
    return code;
}

int harness_run_ranks(const char *suite, const struct harness_test *tests, size_t count)
{
    return harness_main_ranks(suite, tests, count, 0, NULL);
}
