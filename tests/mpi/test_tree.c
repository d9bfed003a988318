/* The reproducible sum: on every rank the same bits as the tree of contract 3, evaluated by one
 * rank.
 */
#include "mpi_sum.h"
#include "shardstep/mpi.h"
#include "sums.h"

/* A sum that is to be made. */
struct task {
    uint64_t vranks;
    size_t n_floats;
    size_t n_doubles;
    uint64_t salt;
};

struct leaf {
    const struct task *task;
    uint64_t vrank;
};

static void give_leaf(struct order_vector to, bool add, void *user)
{
    const struct leaf *leaf = user;
    CHECK(!add);
    for (size_t i = 0; i < leaf->task->n_floats; i++)
        to.floats[i] = mixed_float(leaf->vrank, i, leaf->task->salt);
    for (size_t i = 0; i < leaf->task->n_doubles; i++)
        to.doubles[i] = mixed_value(leaf->vrank, i, leaf->task->salt + 1);
}

/* True if the bits are the same; else says which element differs. */
static bool is_element(const struct task *task, const char *type, size_t i, double expected,
                       double found)
{
    if (!memcmp(&expected, &found, sizeof expected)) return true;
    printf("  rank %d: V = %llu, %s %zu: expected %a, got %a\n", my_rank(),
           (unsigned long long)task->vranks, type, i, expected, found);
    return false;
}

static bool sum_is_right(const struct task *task, struct order_vector sum)
{
    const struct addends floats = {task->salt, NULL}, doubles = {task->salt + 1, NULL};
    for (size_t i = 0; i < task->n_floats; i++)
        if (!is_element(task, "float", i, (double)tree_of_floats(&floats, i, 0, task->vranks),
                        (double)sum.floats[i]))
            return false;
    for (size_t i = 0; i < task->n_doubles; i++)
        if (!is_element(task, "double", i, tree_of_doubles(&doubles, i, 0, task->vranks),
                        sum.doubles[i]))
            return false;
    return true;
}

/* The mean over one row is the sum. */
static void sum_once(shs_run *run, struct mpi_sum *sum, const struct task *task)
{
    shs_run_info info = shs_info(run);
    struct leaf leaf = {task, info.first_vrank};
    struct order_vector mean;
    mpi_sum_reset(sum);
    bool added = mpi_sum_added(sum) == 0;
    for (; leaf.vrank < info.first_vrank + info.hosted; leaf.vrank++)
        added = mpi_sum_add(sum, give_leaf, &leaf) == SHS_OK && added;
    if (CHECK(added)) CHECK_EQ(mpi_sum_added(sum), info.hosted);
    CHECK_STATUS(mpi_mean(sum, 1, &mean), SHS_OK);
    CHECK(sum_is_right(task, mean));
}

/* Sums twice with the same object, so that nothing of a step is left for the next one. */
static void sum_in(MPI_Comm comm, struct task task)
{
    shs_run *run;
    struct mpi_sum *sum;
    need(!shs_open(comm, &(shs_run_options){.vranks = task.vranks}, &run), "shs_open");
    need(!mpi_sum_new(run, task.n_floats, task.n_doubles, true, &sum), "mpi_sum_new");
    sum_once(run, sum, &task);
    task.salt += 2;
    sum_once(run, sum, &task);
    mpi_sum_free(&sum);
    CHECK(sum == NULL);
    mpi_sum_free(&sum);
    shs_close(&run);
}

/* Calls visit with each number of vranks that is worth a try and fits the ranks of the job. */
static void for_many_vranks(void (*visit)(uint64_t vranks))
{
    static const uint64_t large[] = {64, 100, 127};
    for (uint64_t vranks = (uint64_t)all_ranks(); vranks <= 40; vranks++)
        visit(vranks);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        visit(large[i]);
}

/* Lengths of none, one, and more than fits in an eager message: the sender then has to wait for the
 * receiver, so that a cycle of waiting ranks would show. */
static void sum_of_lengths(uint64_t vranks)
{
    sum_in(MPI_COMM_WORLD, (struct task){vranks, 0, 0, 1});
    sum_in(MPI_COMM_WORLD, (struct task){vranks, 1, 0, 2});
    sum_in(MPI_COMM_WORLD, (struct task){vranks, 0, 1, 3});
    sum_in(MPI_COMM_WORLD, (struct task){vranks, 3003, 1501, 4});
}

static void test_the_sum_is_the_tree(void)
{
    for_many_vranks(sum_of_lengths);
}

static void sum_alone(uint64_t vranks)
{
    sum_in(MPI_COMM_NULL, (struct task){vranks, 31, 17, 5});
}

static void test_the_sum_without_mpi(void)
{
    for_many_vranks(sum_alone);
}

/* Longer than one message of each type, with rests; than two of floats. */
static void test_long_vectors(void)
{
    uint64_t ranks = (uint64_t)all_ranks();
    sum_in(MPI_COMM_WORLD, (struct task){ranks, (1 << 20) + 3, (1 << 19) + 1, 6});
    sum_in(MPI_COMM_WORLD, (struct task){ranks + 2, (2 << 20) + 5, 0, 7});
    sum_in(MPI_COMM_WORLD, (struct task){3 * ranks + 1, 1 << 20, 1 << 19, 8});
}

/* ---- MPI_Allreduce's own order */

enum {
    LONG_FLOATS = (1 << 20) + 5,
    LONG_DOUBLES = (1 << 19) + 3
};

/* Small whole numbers, whose sums are exact in any order. */
static void add_whole_numbers(struct order_vector to, bool add, void *user)
{
    const uint64_t *vrank = user;
    CHECK(add);
    for (size_t i = 0; i < LONG_FLOATS; i++)
        to.floats[i] += (float)(i % 1000 + *vrank);
    for (size_t i = 0; i < LONG_DOUBLES; i++)
        to.doubles[i] += (double)(i + *vrank);
}

/* Longer than a message each, and twice with the same object. */
static void test_long_vectors_are_summed_fast(void)
{
    shs_run *run;
    struct mpi_sum *sum;
    uint64_t vranks = (uint64_t)all_ranks() + 1, of_vranks = vranks * (vranks - 1) / 2, wrong = 0;
    need(!shs_open(MPI_COMM_WORLD, &(shs_run_options){.vranks = vranks}, &run), "shs_open");
    need(!mpi_sum_new(run, LONG_FLOATS, LONG_DOUBLES, false, &sum), "mpi_sum_new");
    for (int step = 0; step < 2; step++) {
        struct order_vector mean;
        uint64_t vrank = shs_info(run).first_vrank, end = vrank + shs_info(run).hosted;
        mpi_sum_reset(sum);
        for (; vrank < end; vrank++)
            CHECK_STATUS(mpi_sum_add(sum, add_whole_numbers, &vrank), SHS_OK);
        CHECK_STATUS(mpi_mean(sum, 2, &mean), SHS_OK);
        for (size_t i = 0; i < LONG_FLOATS; i++)
            wrong += mean.floats[i] != (float)(vranks * (i % 1000) + of_vranks) / 2;
        for (size_t i = 0; i < LONG_DOUBLES; i++)
            wrong += mean.doubles[i] != (double)(vranks * i + of_vranks) / 2;
    }
    CHECK_EQ(wrong, 0);
    mpi_sum_free(&sum);
    shs_close(&run);
}

/* Without this the other tests would accept any order of additions. */
static void test_the_values_tell_orders_apart(void)
{
    const struct addends of = {9, NULL};
    size_t differing = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        float running = 0;
        for (uint64_t vrank = 0; vrank < 5; vrank++)
            running += mixed_float(vrank, i, of.salt);
        differing += running != tree_of_floats(&of, i, 0, 5);
    }
    CHECK_IS(differing, >, 100);
}

/* At its worst a rank holds the nodes that its block of leaves is made of, because it joins only
 * the halves of one node: one of each size that grow from the left, one of each size that shrink to
 * the right, and a leaf that is about to be joined. */
static void bound_of_memory(uint64_t vranks)
{
    shs_run *run;
    struct mpi_sum *sum;
    need(!shs_open(MPI_COMM_WORLD, &(shs_run_options){.vranks = vranks}, &run), "shs_open");
    need(!mpi_sum_new(run, 1, 0, true, &sum), "mpi_sum_new");
    shs_run_info info = shs_info(run);
    struct task task = {vranks, 1, 0, 10};
    uint64_t levels = 0;
    sum_once(run, sum, &task);
    while (UINT64_C(1) << levels < info.hosted)
        levels++;
    CHECK_IS(mpi_sum_most_held(sum), >=, 1);
    CHECK_IS(mpi_sum_most_held(sum), <=, (all_ranks() == 1 ? levels + 1 : 2 * levels + 1));
    mpi_sum_free(&sum);
    shs_close(&run);
}

static void test_few_sums_are_held(void)
{
    for_many_vranks(bound_of_memory);
    bound_of_memory(1 << 12);
    bound_of_memory(5001);
}

static void test_ranks_in_another_order(void)
{
    MPI_Comm backwards;
    MPI_Comm_split(MPI_COMM_WORLD, 0, -my_rank(), &backwards);
    sum_in(backwards, (struct task){11, 2000, 1000, 11});
    MPI_Comm_free(&backwards);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"the sum is the tree", test_the_sum_is_the_tree},
        {"the sum without MPI", test_the_sum_without_mpi},
        {"long vectors", test_long_vectors},
        {"long vectors are summed fast", test_long_vectors_are_summed_fast},
        {"the values tell orders apart", test_the_values_tell_orders_apart},
        {"few sums are held", test_few_sums_are_held},
        {"ranks in another order", test_ranks_in_another_order},
    };
    return harness_main_ranks("tree", tests, sizeof tests / sizeof *tests, argc, argv);
}
