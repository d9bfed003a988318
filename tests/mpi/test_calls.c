/* How often a step of a run calls MPI. The functions of MPI that a step may call are counted here
 * on their way to the MPI library (its profiling interface). */
#include "ranks.h"
#include "shardstep/gradient.h"
#include "shardstep/mpi.h"

/* MPI calls of this rank. A call that does not block counts as one that does. */
struct calls {
    int allreduce, broadcast, send, receive, others;
};

static struct calls counted;

int MPI_Allreduce(const void *mine, void *all, int count, MPI_Datatype type, MPI_Op op,
                  MPI_Comm comm)
{
    counted.allreduce++;
    return PMPI_Allreduce(mine, all, count, type, op, comm);
}

int MPI_Bcast(void *bytes, int count, MPI_Datatype type, int from, MPI_Comm comm)
{
    counted.broadcast++;
    return PMPI_Bcast(bytes, count, type, from, comm);
}

int MPI_Send(const void *bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm)
{
    counted.send++;
    return PMPI_Send(bytes, count, type, to, tag, comm);
}

int MPI_Recv(void *bytes, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
             MPI_Status *status)
{
    counted.receive++;
    return PMPI_Recv(bytes, count, type, from, tag, comm, status);
}

int MPI_Gatherv(const void *mine, int count, MPI_Datatype type, void *all, const int *counts,
                const int *places, MPI_Datatype all_type, int to, MPI_Comm comm)
{
    counted.others++;
    return PMPI_Gatherv(mine, count, type, all, counts, places, all_type, to, comm);
}

int MPI_Iallreduce(const void *mine, void *all, int count, MPI_Datatype type, MPI_Op op,
                   MPI_Comm comm, MPI_Request *request)
{
    counted.allreduce++;
    return PMPI_Iallreduce(mine, all, count, type, op, comm, request);
}

int MPI_Ibcast(void *bytes, int count, MPI_Datatype type, int from, MPI_Comm comm,
               MPI_Request *request)
{
    counted.broadcast++;
    return PMPI_Ibcast(bytes, count, type, from, comm, request);
}

int MPI_Isend(const void *bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    counted.send++;
    return PMPI_Isend(bytes, count, type, to, tag, comm, request);
}

int MPI_Irecv(void *bytes, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    counted.receive++;
    return PMPI_Irecv(bytes, count, type, from, tag, comm, request);
}

int MPI_Igatherv(const void *mine, int count, MPI_Datatype type, void *all, const int *counts,
                 const int *places, MPI_Datatype all_type, int to, MPI_Comm comm,
                 MPI_Request *request)
{
    counted.others++;
    return PMPI_Igatherv(mine, count, type, all, counts, places, all_type, to, comm, request);
}

int MPI_Ibarrier(MPI_Comm comm, MPI_Request *request)
{
    counted.others++;
    return PMPI_Ibarrier(comm, request);
}

int MPI_Barrier(MPI_Comm comm)
{
    counted.others++;
    return PMPI_Barrier(comm);
}

/* The calls of all ranks; a collective call counts once for each rank. */
static struct calls calls_of_all(const struct calls *mine)
{
    struct calls all = {0};
    PMPI_Allreduce(mine, &all, sizeof all / sizeof(int), MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

static bool agrees(const char *what, const char *function, int expected, int found)
{
    if (expected == found) return true;
    if (my_rank() == 0)
        printf("  %s on %d ranks: expected %d calls of %s, got %d\n", what, all_ranks(), expected,
               function, found);
    return false;
}

static bool are(const char *what, struct calls expected)
{
    struct calls found = calls_of_all(&counted);
    bool right = agrees(what, "MPI_Allreduce", expected.allreduce, found.allreduce);
    right &= agrees(what, "MPI_Bcast", expected.broadcast, found.broadcast);
    right &= agrees(what, "MPI_Send", expected.send, found.send);
    right &= agrees(what, "MPI_Recv", expected.receive, found.receive);
    right &= agrees(what, "other functions", expected.others, found.others);
    counted = (struct calls){0};
    return right;
}

/* What one step of a gradient of floats calls, on V = 2 P virtual ranks. */
static struct calls step_of(MPI_Comm comm, shs_reduction reduction)
{
    float numbers[3] = {1, 2, 3};
    const shs_tensor tensor = {"numbers", SHS_F32, 1, {3}, numbers};
    shs_run *run;
    shs_gradient *gradient;
    need(!shs_open(comm, &(shs_run_options){.vranks = 2 * (uint64_t)all_ranks()}, &run),
         "shs_open");
    need(!shs_gradient_open(run, &tensor, 1, &(shs_gradient_options){.reduction = reduction},
                            &gradient),
         "shs_gradient_open");
    shs_run_info info = shs_info(run);
    for (uint64_t v = info.first_vrank; v < info.first_vrank + info.hosted; v++) {
        shs_batch batch = {.vrank = v, .rows = 1, .count = 1};
        CHECK_STATUS(shs_gradient_add(gradient, &batch), SHS_OK);
    }
    counted = (struct calls){0};
    CHECK_STATUS(shs_gradient_mean(gradient), SHS_OK);
    struct calls calls = counted;
    shs_gradient_close(&gradient);
    shs_close(&run);
    return calls;
}

/* The agreement and the number of rows share one round. The ranks of a node add in memory that they
 * share. */
static void a_reproducible_step_agrees_once(void)
{
    counted = step_of(MPI_COMM_WORLD, SHS_REDUCTION_REPRODUCIBLE);
    CHECK(are("a reproducible step", (struct calls){.allreduce = all_ranks()}));
}

/* Every rank has come to a barrier before the sum, which nobody watches. */
static void a_fast_step_agrees_once_and_sums_once(void)
{
    counted = step_of(MPI_COMM_WORLD, SHS_REDUCTION_FAST);
    CHECK(are("a fast step", (struct calls){.allreduce = 2 * all_ranks(), .others = all_ranks()}));
}

static void an_agreement_is_one_call(void)
{
    shs_run *run;
    need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
    counted = (struct calls){0};
    CHECK_STATUS(shs_agree(run), SHS_OK);
    CHECK(are("shs_agree", (struct calls){.allreduce = all_ranks()}));
    shs_close(&run);
}

static void a_run_without_mpi_calls_nothing(void)
{
    counted = step_of(MPI_COMM_NULL, SHS_REDUCTION_REPRODUCIBLE);
    CHECK(are("a reproducible step without MPI", (struct calls){0}));
    counted = step_of(MPI_COMM_NULL, SHS_REDUCTION_FAST);
    CHECK(are("a fast step without MPI", (struct calls){0}));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a reproducible step agrees once", a_reproducible_step_agrees_once},
        {"a fast step agrees once and sums once", a_fast_step_agrees_once_and_sums_once},
        {"an agreement is one call", an_agreement_is_one_call},
        {"a run without MPI calls nothing", a_run_without_mpi_calls_nothing},
    };
    return harness_main_ranks("calls", tests, sizeof tests / sizeof *tests, argc, argv);
}
