/* Failures made on purpose, on one rank of several, to prove that the harness reports them on all
 * ranks and never hangs. KNOWN_FAILURE chooses: none (all pass), check, all, equal, leave. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static const char *mode = "none";

static bool is_mode(const char *name)
{
    return strcmp(mode, name) == 0;
}

static bool on_last_rank(void)
{
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    return rank == ranks - 1;
}

static void test_a_check_of_one_rank(void)
{
    CHECK(!(is_mode("check") && on_last_rank()));
}

/* If one rank went on after ALL() and another left, the barrier would hang. */
static void test_a_condition_of_all_ranks(void)
{
    const int number = is_mode("equal") && on_last_rank() ? 8 : 7;
    if (!ALL(!(is_mode("all") && on_last_rank()))) return;
    harness_where("step %d", 3);
    if (!ALL_EQ(number, 7)) return;
    MPI_Barrier(MPI_COMM_WORLD);
}

/* What a test must never do: the others wait where the last rank does not come. They wait in a
 * communicator of their own, so that the harness's sums do not end their waiting. */
static void test_a_rank_that_leaves(void)
{
    MPI_Comm all;
    MPI_Comm_dup(MPI_COMM_WORLD, &all);
    if (!(is_mode("leave") && on_last_rank())) MPI_Barrier(all);
    MPI_Comm_free(&all);
}

static void test_after_the_others(void)
{
    CHECK(ALL(true));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a check of one rank", test_a_check_of_one_rank},
        {"a condition of all ranks", test_a_condition_of_all_ranks},
        {"a rank that leaves", test_a_rank_that_leaves},
        {"after the others", test_after_the_others},
    };
    if (getenv("KNOWN_FAILURE")) mode = getenv("KNOWN_FAILURE");
    return harness_main_ranks("known failure", tests, sizeof tests / sizeof *tests, argc, argv);
}
