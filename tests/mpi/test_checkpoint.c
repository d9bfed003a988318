/* Checkpoints: what is saved comes back, a run goes on, which checkpoints there are. */

#include "batches.h"
#include "checkpoint_scene.h"
#include "shardstep/checkpoint.h"
#include "shardstep/gradient.h"

/* ---- what is saved comes back */

static void test_state_and_cursor_come_back(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    shs_batch batch;
    seek(&scene, &job, 3);
    state_fill(state, 1);
    CHECK_STATUS(save(&scene, &job, state), SHS_OK);
    if (CHECK(state_is(state, 1, 1)))
        CHECK(same_cursor(shs_tell(job.loader), cursor_of(&scene, 3)));
    state_fill(state, 2);
    seek(&scene, &job, 0);
    CHECK_STATUS(restore(&scene, &job, state), SHS_OK);
    if (CHECK(state_is(state, 1, 2)))
        CHECK(same_cursor(shs_tell(job.loader), cursor_of(&scene, 3)));
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK_EQ(batch.step, 3);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_a_cursor_alone(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    seek(&scene, &job, 2);
    CHECK_STATUS(shs_save(job.loader, scene.checkpoints, NULL, 0), SHS_OK);
    seek(&scene, &job, 0);
    CHECK_STATUS(shs_restore(job.loader, scene.checkpoints, NULL, 0), SHS_OK);
    CHECK(same_cursor(shs_tell(job.loader), cursor_of(&scene, 2)));
    job_close(&job);
    scene_end(&scene);
}

/* Tensors longer than a message between ranks, with a rest. */
static void test_a_long_tensor(void)
{
    const uint64_t elements = (1 << 20) + 3;
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    float *data = room(elements, sizeof *data);
    const shs_tensor tensor = {"long", SHS_F32, 1, {elements}, data};
    size_t wrong = 0;
    for (uint64_t i = 0; i < elements; i++)
        data[i] = (float)(scramble(i) >> 40);
    CHECK_STATUS(shs_save(job.loader, scene.checkpoints, &tensor, 1), SHS_OK);
    memset(data, 0, elements * sizeof *data);
    CHECK_STATUS(shs_restore(job.loader, scene.checkpoints, &tensor, 1), SHS_OK);
    for (uint64_t i = 0; i < elements; i++)
        wrong += data[i] != (float)(scramble(i) >> 40);
    CHECK_EQ(wrong, 0);
    free(data);
    job_close(&job);
    scene_end(&scene);
}

/* The end of the last epoch is a place like any other. */
static void test_the_end_comes_back(void)
{
    struct scene scene = scene_begin();
    uint64_t steps = 2 * course_steps(&scene.course);
    make_checkpoint(&scene, steps);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    shs_batch batch;
    CHECK_STATUS(restore(&scene, &job, state), SHS_OK);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_END);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* A run that is far along goes on as one at its beginning does: no step before is gone through. */
static void test_a_billion_steps_come_back(void)
{
    struct scene scene = scene_begin();
    scene.course.loader.epochs = 0;
    const uint64_t step = 1000000000;
    make_checkpoint(&scene, step);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    shs_batch batch;
    state_fill(state, 7);
    if (CHECK_STATUS(restore(&scene, &job, state), SHS_OK)) CHECK(state_is(state, step, 7));
    CHECK(same_cursor(shs_tell(job.loader), cursor_of(&scene, step)));
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK_EQ(batch.step, step);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* ---- a run that goes on elsewhere ends with the same bits */

/* A program: weights that are learnt from images, with the sums of a batch in order of its rows. */
struct program {
    struct job job;
    float weights[IMAGE_BYTES];
    double seen; /* rows, in the state too */
    float gradient[IMAGE_BYTES];
    shs_tensor state[2];
    shs_tensor gradients[1];
    shs_gradient *mean;
};

static struct program *program_begin(const struct scene *scene, MPI_Comm comm)
{
    struct program *program = room(1, sizeof *program);
    program->job = scene_open(scene, comm);
    program->state[0] = (shs_tensor){"weights", SHS_F32, 1, {IMAGE_BYTES}, program->weights};
    program->state[1] = (shs_tensor){"seen", SHS_F64, 0, {0}, &program->seen};
    program->gradients[0] = (shs_tensor){"weights", SHS_F32, 1, {IMAGE_BYTES}, program->gradient};
    need(!shs_gradient_open(program->job.run, program->gradients, 1, NULL, &program->mean),
         "shs_gradient_open");
    return program;
}

static void program_end(struct program *program)
{
    shs_gradient_close(&program->mean);
    job_close(&program->job);
    free(program);
}

static void learn_from(struct program *program, const shs_batch *batch)
{
    const uint8_t *images = batch->field[0].data;
    const int32_t *labels = batch->field[1].data;
    memset(program->gradient, 0, sizeof program->gradient);
    for (uint64_t slot = 0; slot < batch->count; slot++) {
        const uint8_t *image = images + slot * IMAGE_BYTES;
        float error = -(float)labels[slot];
        for (size_t i = 0; i < IMAGE_BYTES; i++)
            error += program->weights[i] * (float)image[i];
        for (size_t i = 0; i < IMAGE_BYTES; i++)
            program->gradient[i] += error * (float)image[i];
    }
    need(!shs_gradient_add(program->mean, batch), "shs_gradient_add");
}

/* Runs to a step, or to the end if that comes before. */
static void program_run(struct program *program, uint64_t to_step)
{
    shs_batch batch;
    while (shs_tell(program->job.loader).step < to_step &&
           shs_next(program->job.loader, &batch) == SHS_OK) {
        learn_from(program, &batch);
        if (!batch.ends_step) continue;
        need(!shs_gradient_mean(program->mean), "shs_gradient_mean");
        for (size_t i = 0; i < IMAGE_BYTES; i++)
            program->weights[i] -= 1e-6f * program->gradient[i];
        program->seen += 1;
    }
}

/* Runs a leg of the course on the first `ranks` ranks: from the newest checkpoint to a step, where
 * the next one is made. */
static bool run_leg(const struct scene *scene, int ranks, uint64_t to_step,
                    float weights[IMAGE_BYTES])
{
    MPI_Comm comm;
    bool good = true;
    MPI_Comm_split(MPI_COMM_WORLD, my_rank() < ranks ? 0 : MPI_UNDEFINED, 0, &comm);
    if (comm != MPI_COMM_NULL) {
        struct program *program = program_begin(scene, comm);
        shs_status status = shs_restore(program->job.loader, scene->checkpoints, program->state, 2);
        good = status == SHS_NO_CHECKPOINT || CHECK_STATUS(status, SHS_OK);
        program_run(program, to_step);
        good = good &&
               CHECK_STATUS(shs_save(program->job.loader, scene->checkpoints, program->state, 2),
                            SHS_OK);
        memcpy(weights, program->weights, sizeof program->weights);
        program_end(program);
        MPI_Comm_free(&comm);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    return good;
}

static void test_a_run_goes_on_with_any_number_of_ranks(void)
{
    struct scene scene = scene_begin();
    float expected[IMAGE_BYTES], weights[IMAGE_BYTES];
    uint64_t steps = 2 * course_steps(&scene.course);
    struct program *straight = program_begin(&scene, MPI_COMM_NULL);
    program_run(straight, steps);
    CHECK_EQ(straight->seen, (double)steps);
    memcpy(expected, straight->weights, sizeof expected);
    program_end(straight);
    for (int first = 1; first <= all_ranks(); first++)
        for (int second = 1; second <= all_ranks(); second++) {
            bool good = run_leg(&scene, first, steps / 3 + 1, weights);
            good = run_leg(&scene, second, steps, weights) && good;
            CHECK(good);
            CHECK(my_rank() >= second || memcmp(weights, expected, sizeof expected) == 0);
            MPI_Barrier(MPI_COMM_WORLD);
            if (my_rank() == 0) nftw(scene.checkpoints, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
            MPI_Barrier(MPI_COMM_WORLD);
        }
    scene_end(&scene);
}

/* Stopped inside a step, saved at the next one's beginning, resumed by a run that is not stopped.
 */
static void test_a_stopped_run_is_resumed(void)
{
    struct scene scene = scene_begin();
    struct program *program = program_begin(&scene, MPI_COMM_WORLD);
    uint64_t steps = 2 * course_steps(&scene.course);
    program_run(program, 2);
    if (my_rank() == last_rank()) shs_request_stop(program->job.run);
    program_run(program, steps);
    CHECK_EQ(program->seen, 3);
    CHECK_STATUS(shs_save(program->job.loader, scene.checkpoints, program->state, 2), SHS_OK);
    program_end(program);
    program = program_begin(&scene, MPI_COMM_WORLD);
    CHECK_STATUS(shs_restore(program->job.loader, scene.checkpoints, program->state, 2), SHS_OK);
    CHECK_EQ(program->seen, 3);
    CHECK_EQ(shs_tell(program->job.loader).step, 3);
    program_run(program, steps);
    CHECK_EQ(program->seen, (double)steps);
    program_end(program);
    scene_end(&scene);
}

/* ---- which checkpoints there are */

/* No checkpoint: nothing is touched, and all ranks know. */
static void find_none(const struct scene *scene)
{
    struct job job = scene_open(scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    state_fill(state, 7);
    seek(scene, &job, 1);
    CHECK_STATUS(restore(scene, &job, state), SHS_NO_CHECKPOINT);
    CHECK(state_is(state, 7, 7));
    CHECK_EQ(shs_tell(job.loader).step, 1);
    free(state);
    job_close(&job);
}

static void touch(const char *folder, const char *name)
{
    char path[2 * PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    need(file && fputs("not a checkpoint\n", file) >= 0 && fclose(file) == 0, path);
}

static void test_no_checkpoint_is_no_error(void)
{
    static const char *const others[] = {"step-0000000009.h5.tmp", "step-9.h5",
                                         "step-00000000009.h5",    "step-0000000009.h5~",
                                         "epoch-0000000009.h5",    "step-000000000x.h5"};
    struct scene scene = scene_begin();
    find_none(&scene); /* where no folder was: it is there now */
    find_none(&scene);
    for (size_t i = 0; i < sizeof others / sizeof *others && my_rank() == 0; i++)
        touch(scene.checkpoints, others[i]);
    MPI_Barrier(MPI_COMM_WORLD);
    find_none(&scene);
    scene_end(&scene);
}

static void test_the_newest_two_are_kept(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    for (uint64_t step = 0; step < 5; step++) {
        seek(&scene, &job, step);
        state_fill(state, step);
        CHECK_STATUS(save(&scene, &job, state), SHS_OK);
        if (CHECK(has_checkpoint(&scene, step))) CHECK(!step || has_checkpoint(&scene, step - 1));
        CHECK_EQ(count_entries(scene.checkpoints), step ? 2 : 1);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    CHECK_STATUS(restore(&scene, &job, state), SHS_OK);
    if (CHECK(state_is(state, 4, 4))) CHECK_EQ(shs_tell(job.loader).step, 4);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* The one that `latest` names is never written over: a save that ends half way loses nothing. */
static void test_a_step_saved_again_is_beside_the_first(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    for (uint64_t salt = 1; salt < 5; salt++) {
        state_fill(state, salt);
        CHECK_STATUS(save(&scene, &job, state), SHS_OK);
        MPI_Barrier(MPI_COMM_WORLD);
        CHECK_EQ(count_entries(scene.checkpoints), salt > 1 ? 2 : 1);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    if (CHECK_STATUS(restore(&scene, &job, state), SHS_OK)) CHECK(state_is(state, 4, 4));
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* What a crash in the middle of a save has left must neither be read nor be in the way. */
static void test_a_left_over_file_is_in_nobodys_way(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    if (my_rank() == 0) touch(scene.checkpoints, "step-0000000003.h5.tmp");
    MPI_Barrier(MPI_COMM_WORLD);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    if (CHECK_STATUS(restore(&scene, &job, state), SHS_OK)) CHECK_EQ(shs_tell(job.loader).step, 2);
    seek(&scene, &job, 3);
    state_fill(state, 3);
    CHECK_STATUS(save(&scene, &job, state), SHS_OK);
    if (CHECK_STATUS(restore(&scene, &job, state), SHS_OK)) CHECK_EQ(shs_tell(job.loader).step, 3);
    CHECK_EQ(count_entries(scene.checkpoints), 2);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* A run that went back in the folder of its former self: SHS_OK says that the checkpoint is there.
 */
static void test_a_save_after_going_back_is_there(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    make_checkpoint(&scene, 3);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    seek(&scene, &job, 1);
    if (ALL_STATUS(save(&scene, &job, state), SHS_OK)) {
        CHECK(has_checkpoint(&scene, 1));
        if (CHECK_STATUS(restore(&scene, &job, state), SHS_OK))
            CHECK_EQ(shs_tell(job.loader).step, 1);
    }
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static uint64_t restored_step(const struct scene *scene)
{
    struct job job = scene_open(scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    state_fill(state, 7);
    shs_status status = restore(scene, &job, state);
    uint64_t step = shs_tell(job.loader).step;
    if (CHECK_STATUS(status, SHS_OK)) CHECK(state_is(state, step, 7));
    free(state);
    job_close(&job);
    return step;
}

/* A save that ended between the file and the name: the one before is still the last. */
static void test_the_named_checkpoint_is_the_last(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    make_checkpoint(&scene, 3);
    CHECK_EQ(restored_step(&scene), 3);
    set_latest(&scene, "step-0000000002.h5");
    CHECK_EQ(restored_step(&scene), 2);
    scene_end(&scene);
}

/* ---- memory */

struct attempt {
    const struct scene *scene;
    struct job *job;
    struct state *state;
};

static shs_status save_attempt(void *user)
{
    const struct attempt *attempt = user;
    return save(attempt->scene, attempt->job, attempt->state);
}

static shs_status restore_attempt(void *user)
{
    const struct attempt *attempt = user;
    state_fill(attempt->state, 7);
    shs_status status = restore(attempt->scene, attempt->job, attempt->state);
    bool untouched = compare_state(attempt->state, 7, 7, true);
    CHECK(status == SHS_OK ? !untouched : untouched);
    return status;
}

static void test_memory_runs_out(void)
{
    for (int poor = 0; poor<all_ranks(); poor += all_ranks()> 1 ? last_rank() : 1) {
        struct scene scene = scene_begin();
        struct job job = scene_open(&scene, MPI_COMM_WORLD);
        struct attempt attempt = {&scene, &job, state_new()};
        seek(&scene, &job, 1);
        CHECK(survives_scarcity(poor, save_attempt, &attempt));
        CHECK_EQ(count_entries(scene.checkpoints), 1);
        MPI_Barrier(MPI_COMM_WORLD);
        CHECK(survives_scarcity(poor, restore_attempt, &attempt));
        free(attempt.state);
        job_close(&job);
        scene_end(&scene);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"state and cursor come back", test_state_and_cursor_come_back},
        {"a cursor alone", test_a_cursor_alone},
        {"a billion steps come back", test_a_billion_steps_come_back},
        {"a long tensor", test_a_long_tensor},
        {"the end comes back", test_the_end_comes_back},
        {"a run goes on with any number of ranks", test_a_run_goes_on_with_any_number_of_ranks},
        {"a stopped run is resumed", test_a_stopped_run_is_resumed},
        {"no checkpoint is no error", test_no_checkpoint_is_no_error},
        {"the newest two are kept", test_the_newest_two_are_kept},
        {"a step saved again is beside the first", test_a_step_saved_again_is_beside_the_first},
        {"a left-over file is in nobody's way", test_a_left_over_file_is_in_nobodys_way},
        {"a save after going back is there", test_a_save_after_going_back_is_there},
        {"the named checkpoint is the last", test_the_named_checkpoint_is_the_last},
        {"memory runs out", test_memory_runs_out},
    };
    return harness_main_ranks("checkpoint", tests, sizeof tests / sizeof *tests, argc, argv);
}
