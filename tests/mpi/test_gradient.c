/* The mean of the gradients: its bits, and what goes wrong on one rank. Batches are made up here,
 * so that a test decides how many rows each virtual rank has. */
#include <float.h>

#include "gradient_scene.h"
#include "mpi_run.h"

/* ---- The bits. */

static void mean_in(MPI_Comm comm, uint64_t vranks)
{
    struct scene scene = scene_begin(comm, vranks, 9, SHS_REDUCTION_REPRODUCIBLE);
    for (uint64_t salt = 1; salt < 4; salt++) {
        struct step step = ragged_step(vranks, salt);
        mean_of_step(&scene, &step);
    }
    scene_end(&scene);
}

static void test_the_mean_is_the_tree_divided_once(void)
{
    static const uint64_t large[] = {64, 100, 127};
    for (uint64_t vranks = (uint64_t)all_ranks(); vranks <= 40; vranks++) {
        mean_in(MPI_COMM_WORLD, vranks);
        mean_in(MPI_COMM_NULL, vranks);
    }
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        mean_in(MPI_COMM_WORLD, large[i]);
}

/* Longer than a message on the way to rank 0 and back. */
static void test_long_gradients(void)
{
    uint64_t vranks = (uint64_t)all_ranks() + 2;
    struct scene scene =
        scene_begin(MPI_COMM_WORLD, vranks, (1 << 20) + 3, SHS_REDUCTION_REPRODUCIBLE);
    struct step step = ragged_step(vranks, 5);
    mean_of_step(&scene, &step);
    scene_end(&scene);
}

/* One batch alone has rows, each in turn: the others' poison must not be read. */
static void test_empty_batches_are_not_read(void)
{
    uint64_t vranks = (uint64_t)all_ranks() + 3;
    struct scene scene = scene_begin(MPI_COMM_WORLD, vranks, 2, SHS_REDUCTION_REPRODUCIBLE);
    for (uint64_t full = 0; full < vranks; full++) {
        struct step step = {.vranks = vranks, .salt = 20 + full};
        step.counts[full] = 3;
        mean_of_step(&scene, &step);
    }
    scene_end(&scene);
}

static void test_a_step_without_rows_has_no_mean(void)
{
    uint64_t vranks = (uint64_t)all_ranks() + 1;
    for (int fast = 0; fast < 2; fast++) {
        struct scene scene = scene_begin(MPI_COMM_WORLD, vranks, 2, (shs_reduction)fast);
        struct step step = {.vranks = vranks, .salt = 1};
        CHECK(add_step(scene.run, scene.gradient, scene.model, &step));
        CHECK(agreed_failure(shs_gradient_mean(scene.gradient), SHS_ERROR_STATE, 0));
        step.counts[0] = 1;
        CHECK(add_step(scene.run, scene.gradient, scene.model, &step));
        CHECK_STATUS(shs_gradient_mean(scene.gradient), SHS_OK);
        scene_end(&scene);
    }
}

/* The mean of zeros with a sign: -0 stays -0 where every batch has rows, and an empty batch is a
 * +0, which wins. */
static void test_negative_zeros(void)
{
    uint64_t vranks = (uint64_t)all_ranks() + 1;
    float single = 0;
    double pair = 0;
    const shs_tensor tensors[] = {{"single", SHS_F32, 0, {0}, &single},
                                  {"pair", SHS_F64, 0, {0}, &pair}};
    shs_run *run;
    shs_gradient *gradient;
    need(!shs_open(MPI_COMM_WORLD, &(shs_run_options){.vranks = vranks}, &run), "shs_open");
    need(!shs_gradient_open(run, tensors, 2, NULL, &gradient), "shs_gradient_open");
    shs_run_info info = shs_info(run);
    for (uint64_t empty = 0; empty <= vranks; empty++) { /* the last time none is */
        for (uint64_t v = info.first_vrank; v < info.first_vrank + info.hosted; v++) {
            shs_batch batch = batch_of(v, empty, v != empty);
            single = -0.0f;
            pair = -0.0;
            CHECK_STATUS(shs_gradient_add(gradient, &batch), SHS_OK);
        }
        CHECK_STATUS(shs_gradient_mean(gradient), SHS_OK);
        CHECK_EQ(single, 0);
        CHECK_EQ(pair, 0);
        CHECK_EQ(!!signbit(single), (empty == vranks));
        CHECK_EQ(!!signbit(pair), (empty == vranks));
    }
    shs_gradient_close(&gradient);
    shs_close(&run);
}

/* The sum of magnitudes, which bounds the error of any order of additions. */
static double magnitudes(const struct step *step, uint64_t number)
{
    double total = 0;
    for (uint64_t v = 0; v < step->vranks; v++)
        if (step->counts[v]) total += fabs(mixed_value(v, number, step->salt));
    return total;
}

static double exact_mean(const struct step *step, uint64_t number, bool as_float)
{
    long double total = 0;
    for (uint64_t v = 0; v < step->vranks; v++)
        if (step->counts[v])
            total += as_float ? (long double)mixed_float(v, number, step->salt)
                              : (long double)mixed_value(v, number, step->salt);
    return (double)(total / (long double)rows_of(step));
}

static bool model_is_near(const struct model *model, const struct step *step)
{
    for (size_t t = 0; t < N_TENSORS; t++)
        for (uint64_t i = 0; i < elements_of(&model->tensors[t]); i++) {
            const shs_tensor *tensor = &model->tensors[t];
            bool single = tensor->type == SHS_F32;
            double found = element_of(tensor, i), exact = exact_mean(step, number_of(t, i), single);
            double bound = (double)(step->vranks + 1) * (single ? FLT_EPSILON : DBL_EPSILON) *
                           magnitudes(step, number_of(t, i)) / (double)rows_of(step);
            if (!(fabs(found - exact) <= bound))
                return WRONG(
                    "expected %.17g, or nearer to it than %g; came %.17g; tensor %s, element "
                    "%llu; %llu vranks, salt %llu",
                    exact, bound, found, tensor->name, (ull)i, (ull)step->vranks, (ull)step->salt);
        }
    return true;
}

static void test_fast_is_near(void)
{
    for (uint64_t vranks = (uint64_t)all_ranks(); vranks < 20; vranks++) {
        struct scene scene = scene_begin(MPI_COMM_WORLD, vranks, 9, SHS_REDUCTION_FAST);
        for (uint64_t salt = 1; salt < 4; salt++) {
            struct step step = ragged_step(vranks, salt);
            CHECK(add_step(scene.run, scene.gradient, scene.model, &step));
            CHECK_STATUS(shs_gradient_mean(scene.gradient), SHS_OK);
            CHECK(model_is_near(scene.model, &step));
            char bits[sizeof scene.model->vector];
            memcpy(bits, scene.model->vector, sizeof bits);
            CHECK(equals_rank_0(bits, sizeof bits));
        }
        scene_end(&scene);
    }
}

/* ---- Steps that fail. */

/* Three vranks on each rank; the one after the last one's. */
struct crowd {
    struct scene scene;
    struct step step;
    uint64_t first;
    bool mine; /* this rank is the one that errs */
};

static struct crowd crowd_begin(int failing)
{
    struct crowd crowd;
    uint64_t vranks = 3 * (uint64_t)all_ranks();
    crowd.scene = scene_begin(MPI_COMM_WORLD, vranks, 2, SHS_REDUCTION_REPRODUCIBLE);
    crowd.step = ragged_step(vranks, 6);
    crowd.first = shs_info(crowd.scene.run).first_vrank;
    crowd.mine = my_rank() == failing;
    return crowd;
}

static shs_status add_vrank(const struct crowd *crowd, uint64_t vrank, uint64_t step)
{
    shs_batch batch = batch_of(vrank, step, 1);
    fill_model(crowd->scene.model, vrank, crowd->step.salt);
    return shs_gradient_add(crowd->scene.gradient, &batch);
}

/* A refused add is this rank's own affair: its message says so. */
static bool refused_here(shs_status status)
{
    char begin[64];
    snprintf(begin, sizeof begin, "rank %d: shs_gradient_add: ", my_rank());
    return status == SHS_ERROR_STATE && strncmp(shs_message(), begin, strlen(begin)) == 0 &&
           shs_message_is_mine() && !shs_message_is_agreed();
}

/* The step fails on all ranks; the next one is as if nothing had been. */
static void crowd_fails_then_recovers(struct crowd *crowd, int failing)
{
    CHECK(agreed_failure(shs_gradient_mean(crowd->scene.gradient), SHS_ERROR_STATE, failing));
    CHECK_HAS(shs_message(), "shs_gradient_mean");
    mean_of_step(&crowd->scene, &crowd->step);
    scene_end(&crowd->scene);
}

static void test_a_missing_batch(void)
{
    for (int failing = 0; failing < all_ranks(); failing++) {
        struct crowd crowd = crowd_begin(failing);
        for (uint64_t i = crowd.mine; i < 3; i++)
            CHECK_STATUS(add_vrank(&crowd, crowd.first + i - crowd.mine, 0), SHS_OK);
        crowd_fails_then_recovers(&crowd, failing);
    }
}

static void test_no_batch_at_all(void)
{
    struct crowd crowd = crowd_begin(0);
    crowd_fails_then_recovers(&crowd, 0);
}

static void test_batches_out_of_order(void)
{
    struct crowd crowd = crowd_begin(last_rank());
    if (crowd.mine) {
        CHECK(refused_here(add_vrank(&crowd, crowd.first + 1, 0)));
        CHECK_STATUS(add_vrank(&crowd, crowd.first, 0), SHS_OK);
        CHECK(refused_here(add_vrank(&crowd, crowd.first + 2, 0)));
        CHECK_STATUS(add_vrank(&crowd, crowd.first + 1, 0), SHS_OK);
    } else {
        CHECK(add_step(crowd.scene.run, crowd.scene.gradient, crowd.scene.model, &crowd.step));
    }
    crowd_fails_then_recovers(&crowd, last_rank());
}

/* Refused adds leave the step as it was: given right after all, its mean is right. */
static void test_refused_batches_do_not_count(void)
{
    struct crowd crowd = crowd_begin(last_rank());
    for (uint64_t v = 0; v < crowd.step.vranks; v++)
        crowd.step.counts[v] = 1;
    for (uint64_t i = 0; i < 3; i++) {
        CHECK_STATUS(add_vrank(&crowd, crowd.first + i, 4), SHS_OK);
        CHECK(refused_here(add_vrank(&crowd, crowd.first + i, 4)));
        CHECK(refused_here(add_vrank(&crowd, crowd.first + 3, 4)));
        if (i < 2) CHECK(refused_here(add_vrank(&crowd, crowd.first + i + 1, 5)));
    }
    CHECK_STATUS(shs_gradient_mean(crowd.scene.gradient), SHS_OK);
    CHECK(model_is_mean(crowd.scene.model, &crowd.step));
    scene_end(&crowd.scene);
}

static void test_a_loading_error_reaches_all(void)
{
    for (int failing = 0; failing < all_ranks(); failing++) {
        struct crowd crowd = crowd_begin(failing);
        struct mpi_member member = {0}; /* a loader */
        mpi_member_begin(crowd.scene.run, &member, 1000);
        if (crowd.mine)
            mpi_member_fail(crowd.scene.run, &member,
                            core_fail(SHS_ERROR_FORMAT, "chunk 3 is damaged"));
        CHECK(add_step(crowd.scene.run, crowd.scene.gradient, crowd.scene.model, &crowd.step));
        shs_status status = shs_gradient_mean(crowd.scene.gradient);
        CHECK(agreed_failure(status, SHS_ERROR_FORMAT, failing));
        CHECK_HAS(shs_message(), "chunk 3 is damaged");
        mpi_member_end(crowd.scene.run, &member);
        mean_of_step(&crowd.scene, &crowd.step);
        scene_end(&crowd.scene);
    }
}

static void test_a_stop_travels_with_the_mean(void)
{
    struct crowd crowd = crowd_begin(last_rank());
    if (crowd.mine) shs_request_stop(crowd.scene.run);
    mean_of_step(&crowd.scene, &crowd.step);
    CHECK(crowd.scene.run->stop_agreed);
    scene_end(&crowd.scene);
}

static void test_a_mean_here_and_an_agreement_there(void)
{
    if (all_ranks() == 1) return;
    struct crowd crowd = crowd_begin(last_rank());
    CHECK(add_step(crowd.scene.run, crowd.scene.gradient, crowd.scene.model, &crowd.step));
    shs_status status =
        crowd.mine ? shs_agree(crowd.scene.run) : shs_gradient_mean(crowd.scene.gradient);
    CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(), "shs_agree");
    CHECK_HAS(shs_message(), "shs_gradient_mean");
    scene_end(&crowd.scene);
}

/* ---- Opening. */

static void refuse_open(const shs_tensor *tensors, size_t count, int reduction, shs_status expected,
                        int failing)
{
    shs_run *run;
    shs_gradient *gradient;
    need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
    memset(&gradient, 1, sizeof gradient); /* to be cleared on error */
    shs_status status = shs_gradient_open(
        run, tensors, count, &(shs_gradient_options){.reduction = (shs_reduction)reduction},
        &gradient);
    CHECK(agreed_failure(status, expected, failing));
    CHECK_HAS(shs_message(), "shs_gradient_open");
    CHECK(gradient == NULL);
    shs_close(&run);
}

static void test_refused_tensors(void)
{
    float numbers[6] = {0};
    const shs_tensor good = {"good", SHS_F32, 1, {6}, numbers};
    const shs_tensor integer = {"integer", SHS_I32, 1, {6}, numbers};
    const shs_tensor half = {"half", SHS_F16, 1, {6}, numbers};
    const shs_tensor empty = {"empty", SHS_F32, 1, {6}, NULL};
    const shs_tensor deep = {"deep", SHS_F32, SHS_MAX_AXES + 1, {1}, numbers};
    const shs_tensor huge = {"huge", SHS_F32, 2, {UINT64_C(1) << 40, UINT64_C(1) << 40}, numbers};
    const shs_tensor *const bad[] = {&integer, &half, &empty, &deep, &huge};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        shs_tensor tensors[2] = {good, good};
        if (my_rank() == last_rank()) tensors[1] = *bad[i];
        refuse_open(tensors, 2, 0, SHS_ERROR_ARGUMENT, last_rank());
    }
    refuse_open(&good, 0, 0, SHS_ERROR_ARGUMENT, 0);
    refuse_open(NULL, 1, 0, SHS_ERROR_ARGUMENT, 0);
    refuse_open(&good, 1, 2, SHS_ERROR_ARGUMENT, 0);
}

static void test_tensors_must_be_alike(void)
{
    if (all_ranks() == 1) return;
    double numbers[12] = {0};
    bool odd = my_rank() == last_rank();
    shs_tensor tensors[2] = {{"a", SHS_F32, 1, {6}, numbers}, {"b", SHS_F32, 1, {4}, numbers}};
    refuse_open(tensors, odd ? 1 : 2, 0, SHS_ERROR_DISAGREE, last_rank());
    refuse_open(tensors, 2, odd, SHS_ERROR_DISAGREE, last_rank());
    if (odd) tensors[1].type = SHS_F64;
    refuse_open(tensors, 2, 0, SHS_ERROR_DISAGREE, last_rank());
}

/* As many numbers on every rank, but a's elements would be added to b's. */
static void test_tensors_in_another_order_differ(void)
{
    if (all_ranks() == 1) return;
    double numbers[12] = {0};
    const shs_tensor a = {"a", SHS_F32, 1, {6}, numbers}, b = {"b", SHS_F32, 1, {4}, numbers};
    const shs_tensor here[2] = {a, b}, there[2] = {b, a};
    refuse_open(my_rank() == last_rank() ? there : here, 2, 0, SHS_ERROR_DISAGREE, last_rank());
}

/* ---- Memory that runs out, and several objects. */

static shs_status open_and_close(void *user)
{
    double numbers[3] = {0};
    const shs_tensor tensors[] = {{"a", SHS_F32, 1, {3}, numbers}, {"b", SHS_F64, 1, {3}, numbers}};
    shs_gradient *gradient;
    shs_status status = shs_gradient_open(user, tensors, 2, NULL, &gradient);
    shs_gradient_close(&gradient);
    return status;
}

static void test_memory_runs_out_in_open(void)
{
    shs_run *run;
    need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
    CHECK(survives_scarcity(last_rank(), open_and_close, run));
    shs_close(&run);
}

/* One rank has no memory for its last partial sum; the step fails on all, the next one does not. */
static void test_memory_runs_out_in_add(void)
{
    struct crowd crowd = crowd_begin(last_rank());
    CHECK_STATUS(add_vrank(&crowd, crowd.first, 0), SHS_OK);
    CHECK_STATUS(add_vrank(&crowd, crowd.first + 1, 0), SHS_OK);
    if (crowd.mine) memory_scarce(1);
    shs_status status = add_vrank(&crowd, crowd.first + 2, 0);
    memory_plenty();
    /* a rank whose first two vranks are the halves of a node has room from the first step */
    bool failed = status == SHS_ERROR_MEMORY;
    CHECK(failed ? crowd.mine : status == SHS_OK);
    status = shs_gradient_mean(crowd.scene.gradient);
    CHECK(everywhere(!failed) ? status == SHS_OK
                              : agreed_failure(status, SHS_ERROR_STATE, last_rank()));
    mean_of_step(&crowd.scene, &crowd.step);
    scene_end(&crowd.scene);
}

static void test_a_gradient_outlives_its_run(void)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, 0, 2, SHS_REDUCTION_REPRODUCIBLE);
    shs_close(&scene.run);
    scene_end(&scene);
}

/* Two gradients at a time, of a generator and a discriminator, say: one rank mixes them up. */
static void test_a_mean_of_another_gradient(void)
{
    if (all_ranks() == 1) return;
    float few[2] = {1, 2}, many[3000] = {0};
    const shs_tensor small = {"few", SHS_F32, 1, {2}, few},
                     large = {"many", SHS_F32, 1, {3000}, many};
    shs_run *run;
    shs_gradient *here, *there;
    need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
    need(!shs_gradient_open(run, &small, 1, NULL, &here), "shs_gradient_open");
    need(!shs_gradient_open(run, &large, 1, NULL, &there), "shs_gradient_open");
    shs_batch batch = batch_of(shs_info(run).first_vrank, 0, 1);
    bool odd = my_rank() == last_rank();
    CHECK_STATUS(shs_gradient_add(odd ? there : here, &batch), SHS_OK);
    shs_status status = shs_gradient_mean(odd ? there : here);
    CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
    shs_gradient_close(&here);
    shs_gradient_close(&there);
    shs_close(&run);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"the mean is the tree divided once", test_the_mean_is_the_tree_divided_once},
        {"long gradients", test_long_gradients},
        {"empty batches are not read", test_empty_batches_are_not_read},
        {"a step without rows has no mean", test_a_step_without_rows_has_no_mean},
        {"negative zeros", test_negative_zeros},
        {"fast is near", test_fast_is_near},
        {"a missing batch", test_a_missing_batch},
        {"no batch at all", test_no_batch_at_all},
        {"batches out of order", test_batches_out_of_order},
        {"refused batches do not count", test_refused_batches_do_not_count},
        {"a loading error reaches all", test_a_loading_error_reaches_all},
        {"a stop travels with the mean", test_a_stop_travels_with_the_mean},
        {"a mean here and an agreement there", test_a_mean_here_and_an_agreement_there},
        {"refused tensors", test_refused_tensors},
        {"tensors must be alike", test_tensors_must_be_alike},
        {"tensors in another order differ", test_tensors_in_another_order_differ},
        {"memory runs out in open", test_memory_runs_out_in_open},
        {"memory runs out in add", test_memory_runs_out_in_add},
        {"a gradient outlives its run", test_a_gradient_outlives_its_run},
        {"a mean of another gradient", test_a_mean_of_another_gradient},
    };
    return harness_main_ranks("gradient", tests, sizeof tests / sizeof *tests, argc, argv);
}
