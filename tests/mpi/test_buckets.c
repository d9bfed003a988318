/* The ways in which gradients come together: in memory that the ranks of a node share, by letters
 * between nodes, bucket by bucket, early or late. All give the bits of the tree. */
#include "buckets_scene.h"

/* ---- The bits. */

/* Virtual ranks, and how large the buckets are, change from way to way, so that few ways show all.
 */
static void test_every_way_gives_the_bits_of_the_tree(void)
{
    const uint64_t vranks[] = {(uint64_t)all_ranks(), 8, MOST_VRANKS};
    size_t number = 0;
    for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++)
        for (enum early early = NONE; early < N_EARLY; early++)
            for (int memory = 0; memory < 3; memory++, number++)
                try_way((struct way){.nodes = nodes,
                                     .early = early,
                                     .provide = memory == 1,
                                     .borrow = memory == 2,
                                     .bucket_bytes = bucket_sizes[(number + number / 4) % 4],
                                     .vranks = vranks[number % 3]});
}

static void test_groups(void)
{
    for (uint64_t group = 2; group <= (uint64_t)all_ranks(); group++) {
        if ((uint64_t)all_ranks() % group) continue;
        for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++)
            for (enum early early = NONE; early < N_EARLY; early += 1 + nodes % 2)
                try_way((struct way){.nodes = nodes,
                                     .early = early,
                                     .provide = early % 2,
                                     .borrow = early > 1,
                                     .bucket_bytes = bucket_sizes[early],
                                     .vranks = (uint64_t)all_ranks() / group + (uint64_t)nodes,
                                     .group = group});
    }
}

static void test_one_rank_without_mpi(void)
{
    for (int memory = 0; memory < 6; memory++) {
        struct way way = {.provide = memory % 3 == 1,
                          .borrow = memory % 3 == 2,
                          .early = BACKWARDS,
                          .vranks = 1 + 7 * (memory > 2)};
        struct scene scene = scene_begin(MPI_COMM_NULL, way);
        good_steps(&scene);
        scene_end(&scene);
    }
}

/* Small whole numbers, whose sums are exact in any order. */
static void test_fast_in_memory_of_its_own(void)
{
    for (uint64_t hosted = 1; hosted <= 2; hosted++) {
        struct way way = {.provide = true, .fast = true, .vranks = hosted * (uint64_t)all_ranks()};
        struct scene scene = scene_begin(MPI_COMM_WORLD, way);
        uint64_t first = shs_info(scene.run).first_vrank, wrong = 0;
        for (uint64_t v = first; v < first + hosted; v++) {
            const shs_batch batch = {.vrank = v, .count = 1};
            for (size_t t = 0; t < N_TENSORS; t++)
                for (size_t i = 0; i < elements_of(t); i++)
                    put_element(scene.data[t], t, i, (double)(i % 1000 * way.vranks));
            if (v + 1 == first + hosted)
                CHECK_STATUS(shs_gradient_ready(scene.gradient, &batch, 2), SHS_OK);
            CHECK_STATUS(shs_gradient_add(scene.gradient, &batch), SHS_OK);
        }
        CHECK_STATUS(shs_gradient_mean(scene.gradient), SHS_OK);
        for (size_t t = 0; t < N_TENSORS; t++)
            for (size_t i = 0; i < elements_of(t); i++)
                wrong += get_element(scene.data[t], t, i) != (double)(i % 1000 * way.vranks);
        CHECK_EQ(wrong, 0);
        scene_end(&scene);
    }
}

/* A slice is longer than a message between nodes may be. */
static void sum_of_long_slices(enum nodes nodes, const shs_gradient_options *options)
{
    enum {
        LONG = 150000
    };
    uint64_t ranks = (uint64_t)all_ranks(), rank = (uint64_t)my_rank(), wrong = 0;
    shs_run *run;
    shs_gradient *gradient;
    need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
    pretend(run, nodes);
    shs_tensor tensor = {.type = SHS_F32, .axes = 1, .shape = {LONG}};
    tensor.data = room(LONG, sizeof(float));
    need(!shs_gradient_open(run, &tensor, 1, options, &gradient), "shs_gradient_open");
    for (uint64_t step = 0; step < 2; step++) {
        const shs_batch batch = {.vrank = rank, .step = step, .rows = 1, .count = 1};
        float *floats = tensor.data;
        for (size_t i = 0; i < LONG; i++)
            floats[i] = (float)((i % 1000 + rank + step) * ranks);
        CHECK_STATUS(shs_gradient_add(gradient, &batch), SHS_OK);
        CHECK_STATUS(shs_gradient_mean(gradient), SHS_OK);
        for (size_t i = 0; i < LONG; i++)
            wrong += floats[i] != (float)((i % 1000 + step) * ranks + ranks * (ranks - 1) / 2);
    }
    CHECK_EQ(wrong, 0);
    shs_gradient_close(&gradient);
    pretend_no_more(run, nodes);
    CHECK_STATUS(shs_close(&run), SHS_OK);
    free(tensor.data);
}

static void test_long_slices(void)
{
    for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++) {
        sum_of_long_slices(nodes, &(shs_gradient_options){.borrow = true});
        sum_of_long_slices(nodes, &(shs_gradient_options){.bucket_bytes = bucket_sizes[3]});
    }
}

/* ---- The norm. */

static double norm_in(MPI_Comm comm, struct way way)
{
    struct scene scene = scene_begin(comm, way);
    good_steps(&scene);
    double norm = shs_gradient_norm(scene.gradient);
    scene_end(&scene);
    return norm;
}

/* The norm of step 2, in another order and with more digits. */
static double norm_of(uint64_t vranks)
{
    const struct step step = {vranks, 1, 2, UINT64_MAX};
    const double *mean = mean_of(&step);
    long double squares = 0;
    for (size_t t = N_TENSORS; t-- > 0;)
        for (size_t i = elements_of(t); i-- > 0;)
            squares += (long double)mean[t * ELEMENTS + i] * (long double)mean[t * ELEMENTS + i];
    return (double)sqrtl(squares);
}

static void test_the_norm_is_the_same_everywhere(void)
{
    struct way way = {.vranks = MOST_VRANKS, .clip_norm = 1};
    double alone = norm_in(MPI_COMM_NULL, way), expected = norm_of(MOST_VRANKS);
    CHECK_IS(fabs(alone - expected), <=, 1e-13 * expected);
    for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++) {
        way.nodes = nodes;
        way.provide = nodes % 2;
        way.bucket_bytes = bucket_sizes[nodes];
        way.clip_norm = nodes ? expected * 2 : 1e-3; /* larger than the norm: nothing is clipped */
        CHECK_EQ(norm_in(MPI_COMM_WORLD, way), alone);
    }
    way.clip_norm = 0;
    CHECK_EQ(norm_in(MPI_COMM_WORLD, way), alone);
}

/* ---- Errors. */

/* Local. An error of this rank alone, with these words. */
static bool told_here(shs_status status, shs_status expected, const char *words)
{
    return CHECK_STATUS(status, expected) && !shs_message_is_agreed() && message_has(words);
}

static void test_tensors_that_are_not_ready(void)
{
    struct scene scene =
        scene_begin(MPI_COMM_WORLD, (struct way){.vranks = 2 * (uint64_t)all_ranks()});
    uint64_t first = shs_info(scene.run).first_vrank;
    const shs_batch one = {.vrank = first, .count = 1}, two = {.vrank = first + 1, .count = 1},
                    other = {.vrank = first + 1, .count = 2};
    shs_gradient *gradient = scene.gradient;
    CHECK(told_here(shs_gradient_ready(gradient, &one, 0), SHS_ERROR_STATE,
                    "is not this rank's last one of the step"));
    CHECK_STATUS(shs_gradient_add(gradient, &one), SHS_OK);
    CHECK(
        told_here(shs_gradient_ready(gradient, &one, 0), SHS_ERROR_STATE, "give each batch once"));
    CHECK(told_here(shs_gradient_ready(gradient, &two, N_TENSORS), SHS_ERROR_ARGUMENT,
                    "tensor 6 is none of the 6 tensors"));
    CHECK_STATUS(shs_gradient_ready(gradient, &two, 5), SHS_OK);
    CHECK(told_here(shs_gradient_ready(gradient, &two, 5), SHS_ERROR_STATE,
                    "tensor 5 was ready before"));
    CHECK(
        told_here(shs_gradient_ready(gradient, &other, 3), SHS_ERROR_STATE, "give the same batch"));
    CHECK(told_here(shs_gradient_add(gradient, &other), SHS_ERROR_STATE, "give the same batch"));
    CHECK_STATUS(shs_gradient_add(gradient, &two), SHS_OK);
    CHECK_STATUS(shs_gradient_mean(gradient), SHS_OK);
    good_steps(&scene);
    scene_end(&scene);
}

/* One rank makes another call where the others take the mean, whose exchange has begun. */
static void unlike_calls(enum nodes nodes, enum early early, bool adds)
{
    struct way way = {.nodes = nodes, .early = early, .vranks = 8, .bucket_bytes = 4096};
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    struct step step = step_of(&scene, 1);
    bool odd = my_rank() == last_rank();
    if (adds || !odd) add_step(&scene, &step);
    shs_status status = odd ? shs_agree(scene.run) : shs_gradient_mean(scene.gradient);
    CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(), "shs_gradient_mean");
    CHECK_STATUS(shs_agree(scene.run), SHS_OK);
    good_steps(&scene);
    scene_end(&scene);
}

static void test_another_call_in_the_place_of_the_mean(void)
{
    if (all_ranks() == 1) return;
    for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++) {
        unlike_calls(nodes, BACKWARDS, true);
        unlike_calls(nodes, OTHER_ON_EACH_RANK, false);
        unlike_calls(nodes, NONE, false);
    }
}

/* A loading error of one rank, or no rows at all, after the exchange has begun. */
static void failing_step(enum nodes nodes, bool loading)
{
    struct way way = {.nodes = nodes,
                      .early = OTHER_ON_EACH_RANK,
                      .vranks = MOST_VRANKS,
                      .provide = !loading,
                      .bucket_bytes = 4096};
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    struct step step = step_of(&scene, 2);
    struct mpi_member member = {0}; /* a loader */
    mpi_member_begin(scene.run, &member, 1000);
    add_step(&scene, &step);
    if (my_rank() == last_rank() && loading)
        mpi_member_fail(scene.run, &member, core_fail(SHS_ERROR_FORMAT, "chunk 3 is damaged"));
    if (loading)
        CHECK(agreed_failure(shs_gradient_mean(scene.gradient), SHS_ERROR_FORMAT, last_rank()));
    else
        CHECK_STATUS(shs_gradient_mean(scene.gradient), SHS_OK);
    mpi_member_end(scene.run, &member);
    good_steps(&scene);
    scene_end(&scene);
}

static void test_a_step_that_fails_after_it_has_begun(void)
{
    for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++) {
        failing_step(nodes, true);
        failing_step(nodes, false);
    }
}

/* A program that stops after some tensors were ready: letters are under way that nobody awaits. */
static void leave(enum nodes nodes, bool again)
{
    struct way way = {.nodes = nodes, .early = BACKWARDS, .vranks = 8, .bucket_bytes = 4096};
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    struct step step = step_of(&scene, 1);
    if (my_rank() != last_rank()) add_step(&scene, &step);
    if (again) {
        shs_tensor small = {"small", SHS_F32, 1, {5}, room(5, sizeof(float))};
        shs_gradient *other;
        shs_gradient_close(&scene.gradient);
        CHECK_STATUS(shs_gradient_open(scene.run, &small, 1, NULL, &other), SHS_OK);
        shs_gradient_close(&other);
        free(small.data);
    }
    scene_end(&scene);
}

static void test_leaving_when_the_exchange_has_begun(void)
{
    for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++) {
        leave(nodes, false);
        leave(nodes, true);
    }
}

/* Two objects whose steps are under way at the same time. The ranks begin them in other orders. One
 * is closed before its mean is taken. */
static void two_at_once(enum nodes nodes)
{
    struct way way = {
        .nodes = nodes, .early = BACKWARDS, .vranks = MOST_VRANKS, .bucket_bytes = 4096};
    struct scene one = scene_begin(MPI_COMM_WORLD, way);
    way.provide = true;
    way.bucket_bytes = 10000;
    struct scene other = scene_in(one.run, way);
    for (uint64_t salt = 1; salt <= 3; salt++) {
        struct step step = step_of(&one, salt), other_step = step_of(&other, salt + 1);
        if (my_rank() % 2) add_step(&other, &other_step);
        add_step(&one, &step);
        if (my_rank() % 2 == 0) add_step(&other, &other_step);
        if (salt == 3) shs_gradient_close(&other.gradient);
        CHECK_STATUS(shs_gradient_mean(one.gradient), SHS_OK);
        CHECK(is_mean(&one, &step));
        if (salt == 3) break;
        CHECK_STATUS(shs_gradient_mean(other.gradient), SHS_OK);
        CHECK(is_mean(&other, &other_step));
    }
    good_steps(&one);
    scene_end(&one);
}

static void test_two_objects_at_once(void)
{
    for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++)
        two_at_once(nodes);
}

/* A run that this rank has closed, or that is over because another rank has. */
static void ready_too_late(enum nodes nodes, bool all_close)
{
    struct way way = {.nodes = nodes, .early = NONE, .vranks = (uint64_t)all_ranks()};
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    shs_run *run = scene.run;
    const shs_batch batch = {.vrank = (uint64_t)my_rank(), .count = 1};
    bool closes = all_close || my_rank() == last_rank();
    pretend_no_more(run, nodes);
    shs_status status = closes ? shs_close(&scene.run) : shs_agree(run);
    CHECK_STATUS(status, all_close ? SHS_OK : SHS_ERROR_DISAGREE);
    CHECK(told_here(shs_gradient_ready(scene.gradient, &batch, 5), SHS_ERROR_STATE,
                    closes ? "the run is closed" : "the run is over"));
    shs_gradient_close(&scene.gradient);
    shs_close(&scene.run);
    for (size_t t = 0; t < N_TENSORS; t++)
        free(scene.data[t]);
    harness_where(NULL);
}

static void test_ready_in_a_run_that_is_over(void)
{
    for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++)
        for (int all = all_ranks() == 1; all < 2; all++)
            ready_too_late(nodes, all);
}

static void refuse(const shs_tensor *tensor, shs_gradient_options options, const char *words)
{
    shs_run *run;
    shs_gradient *gradient;
    need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
    shs_status status = shs_gradient_open(run, tensor, 1, &options, &gradient);
    CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, 0));
    CHECK_HAS(shs_message(), words);
    shs_close(&run);
}

static void test_options_that_are_refused(void)
{
    float numbers[5] = {0};
    const shs_tensor tensor = {"numbers", SHS_F32, 1, {5}, numbers};
    refuse(&tensor, (shs_gradient_options){.bucket_bytes = 4095}, "bucket_bytes is 4095");
    refuse(&tensor, (shs_gradient_options){.clip_norm = -1}, "clip_norm is -1");
    refuse(&tensor, (shs_gradient_options){.clip_norm = (double)NAN}, "clip_norm is");
    refuse(&tensor, (shs_gradient_options){.provide = true}, "leave its data NULL");
}

static void test_options_must_be_alike(void)
{
    if (all_ranks() == 1) return;
    float numbers[5] = {0};
    const shs_tensor tensor = {"numbers", SHS_F32, 1, {5}, numbers};
    const shs_gradient_options others[] = {{.bucket_bytes = 8192}, {.clip_norm = 2}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        shs_run *run;
        shs_gradient *gradient;
        need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
        bool odd = my_rank() == last_rank();
        shs_status status = shs_gradient_open(run, &tensor, 1, odd ? &others[i] : NULL, &gradient);
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
        shs_close(&run);
    }
}

static void test_provided_memory(void)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, (struct way){.provide = true});
    for (size_t t = 0; t < N_TENSORS; t++)
        for (size_t i = 0; i < elements_of(t); i++)
            CHECK_EQ(get_element(scene.data[t], t, i), 0);
    const shs_tensor *longest = shs_gradient_tensor(scene.gradient, 3);
    CHECK_EQ(longest->type, SHS_F32);
    CHECK_EQ(longest->shape[0], ELEMENTS);
    CHECK(shs_gradient_tensor(scene.gradient, N_TENSORS) == NULL);
    scene_end(&scene);
}

static shs_status open_and_close(void *user)
{
    shs_gradient *gradient;
    shs_status status =
        shs_gradient_open(user, shapes, N_TENSORS,
                          &(shs_gradient_options){.provide = true, .clip_norm = 1}, &gradient);
    shs_gradient_close(&gradient);
    return status;
}

static void test_memory_runs_out_in_open(void)
{
    for (enum nodes nodes = ONE_NODE; nodes < N_NODES; nodes++) {
        shs_run *run;
        need(!shs_open(MPI_COMM_WORLD, &(shs_run_options){.vranks = MOST_VRANKS}, &run),
             "shs_open");
        pretend(run, nodes);
        CHECK(survives_scarcity(last_rank(), open_and_close, run));
        pretend_no_more(run, nodes);
        shs_close(&run);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"every way gives the bits of the tree", test_every_way_gives_the_bits_of_the_tree},
        {"groups", test_groups},
        {"one rank without MPI", test_one_rank_without_mpi},
        {"fast in memory of its own", test_fast_in_memory_of_its_own},
        {"the norm is the same everywhere", test_the_norm_is_the_same_everywhere},
        {"tensors that are not ready", test_tensors_that_are_not_ready},
        {"another call in the place of the mean", test_another_call_in_the_place_of_the_mean},
        {"a step that fails after it has begun", test_a_step_that_fails_after_it_has_begun},
        {"leaving when the exchange has begun", test_leaving_when_the_exchange_has_begun},
        {"two objects at once", test_two_objects_at_once},
        {"ready in a run that is over", test_ready_in_a_run_that_is_over},
        {"options that are refused", test_options_that_are_refused},
        {"options must be alike", test_options_must_be_alike},
        {"provided memory", test_provided_memory},
        {"slices longer than a message", test_long_slices},
        {"memory runs out in open", test_memory_runs_out_in_open},
    };
    return harness_main_ranks("buckets", tests, sizeof tests / sizeof *tests, argc, argv);
}
