/* Checkpoints: what is saved comes back, on any number of ranks, or nothing does. */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "batches.h"
#include "load.h"
#include "shardstep/checkpoint.h"
#include "shardstep/gradient.h"

static const struct h5_storage contiguous = {0};

enum {
    ROWS = 53
};

/* Each test has a file with samples and a place for checkpoints that is not there yet. */
struct scene {
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
    char checkpoints[PATH_BYTES];
    struct course course;
};

static struct scene scene_begin(void)
{
    struct scene scene = {
        .course = {42,
                   2 * (uint64_t)all_ranks(),
                   ROWS,
                   {.batch = 1, .epochs = 2, .augment = "images: random_crop(padding=1)"}}};
    folder_make(scene.folder);
    samples_shared(scene.folder, "samples.h5", ROWS, contiguous, scene.path);
    snprintf(scene.checkpoints, PATH_BYTES, "%.450s/checkpoints", scene.folder);
    return scene;
}

static void scene_end(const struct scene *scene)
{
    folder_remove(scene->folder);
}

static struct job scene_open(const struct scene *scene, MPI_Comm comm)
{
    return course_open(&scene->course, comm, scene->path);
}

static bool same_cursor(shs_cursor came, shs_cursor expected)
{
    return CHECK_EQ(came.epoch, expected.epoch) & CHECK_EQ(came.epoch_step, expected.epoch_step) &
           CHECK_EQ(came.step, expected.step);
}

static shs_cursor cursor_of(const struct scene *scene, uint64_t step)
{
    uint64_t steps = course_steps(&scene->course);
    return (shs_cursor){step / steps, step % steps, step};
}

static void seek(const struct scene *scene, struct job *job, uint64_t step)
{
    need(shs_seek(job->loader, cursor_of(scene, step)) == SHS_OK, "shs_seek");
}

/* Local. What lies in a folder, beside the name of the checkpoint saved last. */
static size_t count_entries(const char *folder)
{
    size_t count = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        count += entry->d_name[0] != '.' && strcmp(entry->d_name, "latest") != 0;
    if (directory) closedir(directory);
    return count;
}

static void name_checkpoint(const struct scene *scene, uint64_t step, char path[PATH_BYTES + 32])
{
    snprintf(path, PATH_BYTES + 32, "%s/step-%010llu.h5", scene->checkpoints, (ull)step);
}

static bool has_checkpoint(const struct scene *scene, uint64_t step)
{
    char path[PATH_BYTES + 32];
    struct stat about;
    name_checkpoint(scene, step, path);
    return stat(path, &about) == 0;
}

/* ---- a state of tensors of all types, one without axes and one without elements among them */

enum {
    N_STATE = 13,
    STATE_BYTES = 6 * 8
};

struct state {
    shs_tensor tensors[N_STATE];
    uint64_t memory[N_STATE][STATE_BYTES / 8];
};

static struct state *state_new(void)
{
    static const char *const names[N_STATE] = {"u8",  "u16", "u32",        "u64", "i8",
                                               "i16", "i32", "i64",        "f16", "f32",
                                               "f64", "one", "no elements"};
    struct state *state = room(1, sizeof *state);
    for (size_t t = 0; t < N_STATE; t++)
        state->tensors[t] = (shs_tensor){.name = names[t],
                                         .type = t < 11 ? (shs_type)(SHS_U8 + t) : SHS_F64,
                                         .axes = 2,
                                         .shape = {2, 3},
                                         .data = state->memory[t]};
    state->tensors[11].axes = 0;
    state->tensors[12].shape[1] = 0;
    return state;
}

/* Plain bits of any kind: a checkpoint must not care for values, NaNs among them. */
static void state_fill(struct state *state, uint64_t salt)
{
    for (size_t t = 0; t < N_STATE; t++)
        for (size_t i = 0; i < STATE_BYTES / 8; i++)
            state->memory[t][i] = scramble(salt * 1000 + t * 10 + i);
}

/* Whether the elements are those of a salt. What lies behind them is never to be touched. */
static bool compare_state(const struct state *state, uint64_t salt, uint64_t behind, bool quiet)
{
    bool same = true;
    for (size_t t = 0; t < N_STATE; t++) {
        uint64_t expected[STATE_BYTES / 8], rest[STATE_BYTES / 8];
        size_t bytes;
        need(!shs_tensor_bytes(&state->tensors[t], &bytes), "shs_tensor_bytes");
        for (size_t i = 0; i < STATE_BYTES / 8; i++) {
            expected[i] = scramble(salt * 1000 + t * 10 + i);
            rest[i] = scramble(behind * 1000 + t * 10 + i);
        }
        memcpy((char *)expected + bytes, (char *)rest + bytes, sizeof expected - bytes);
        harness_where("tensor %zu of the state with salt %llu, then %llu", t, (ull)salt,
                      (ull)behind);
        same = (quiet ? memcmp(expected, state->memory[t], sizeof expected) == 0
                      : CHECK_BYTES(state->memory[t], expected, sizeof expected)) &&
               same;
    }
    harness_where(NULL);
    return same;
}

/* Whether the state is that of a number: notes the first byte that is not. */
static bool state_is(const struct state *state, uint64_t salt, uint64_t behind)
{
    return compare_state(state, salt, behind, false);
}

static shs_status save(const struct scene *scene, struct job *job, const struct state *state)
{
    return shs_save(job->loader, scene->checkpoints, state->tensors, N_STATE);
}

static shs_status restore(const struct scene *scene, struct job *job, const struct state *state)
{
    return shs_restore(job->loader, scene->checkpoints, state->tensors, N_STATE);
}

/* A checkpoint at a step, with the state of that number. */
static void make_checkpoint(const struct scene *scene, uint64_t step)
{
    struct job job = scene_open(scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    state_fill(state, step);
    seek(scene, &job, step);
    need(!save(scene, &job, state), "shs_save");
    free(state);
    job_close(&job);
}

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

/* Writes what DIR/latest says. */
static void set_latest(const struct scene *scene, const char *text)
{
    char path[PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/latest", scene->checkpoints);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) {
        FILE *file = fopen(path, "w");
        need(file && fputs(text, file) >= 0 && fclose(file) == 0, path);
    }
    MPI_Barrier(MPI_COMM_WORLD);
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

/* ---- refusals */

/* A restore that fails leaves state and cursor as they were. */
static void refuse_restore(const struct scene *scene, struct job *job, struct state *state,
                           size_t count, shs_status expected, const char *word)
{
    shs_cursor before = shs_tell(job->loader);
    state_fill(state, 7);
    shs_status status = shs_restore(job->loader, scene->checkpoints, state->tensors, count);
    CHECK(agreed_failure(status, expected, 0));
    CHECK_HAS(shs_message(), "shs_restore");
    CHECK_HAS(shs_message(), word);
    CHECK(state_is(state, 7, 7));
    CHECK(same_cursor(shs_tell(job->loader), before));
}

static void refuse_course(const struct scene *scene, struct course course, const char *path,
                          const char *word)
{
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    struct state *state = state_new();
    refuse_restore(scene, &job, state, N_STATE, SHS_ERROR_MISMATCH, word);
    free(state);
    job_close(&job);
}

static void test_another_run_is_named(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    struct course other = scene.course;
    other.seed = 43;
    refuse_course(&scene, other, scene.path, "seed = 42");
    CHECK_HAS(shs_message(), "seed = 43");
    other = scene.course, other.loader.batch = 2;
    refuse_course(&scene, other, scene.path, "batch = 1");
    other = scene.course, other.loader.shuffle = SHS_SHUFFLE_NONE;
    refuse_course(&scene, other, scene.path, "shuffle = full");
    CHECK_HAS(shs_message(), "shuffle = none");
    other = scene.course, other.loader.tail = SHS_TAIL_DROP;
    refuse_course(&scene, other, scene.path, "tail = short");
    other = scene.course, other.loader.stream = 1;
    refuse_course(&scene, other, scene.path, "stream = 0");
    other = scene.course, other.loader.augment = "images: random_crop(padding=2)";
    refuse_course(&scene, other, scene.path, "random_crop(padding=1)");
    other = scene.course, other.loader.augment = NULL;
    refuse_course(&scene, other, scene.path, "random_crop(padding=1)");
    other = scene.course, other.loader.augment_by = SHS_BY_SAMPLE;
    refuse_course(&scene, other, scene.path, "rank and step");
    scene_end(&scene);
}

static void test_another_number_of_vranks_is_named(void)
{
    struct scene scene = scene_begin();
    char pass[32];
    make_checkpoint(&scene, 2);
    struct course other = scene.course;
    other.vranks++;
    snprintf(pass, sizeof pass, "pass vranks %llu", (ull)scene.course.vranks);
    refuse_course(&scene, other, scene.path, pass);
    scene_end(&scene);
}

/* The same samples in chunks of 5 and of 7 rows. */
static void test_other_blocks_are_named(void)
{
    struct scene scene = scene_begin();
    char fives[PATH_BYTES];
    samples_shared(scene.folder, "fives.h5", ROWS, (struct h5_storage){.chunk_rows = 5}, fives);
    samples_shared(scene.folder, "sevens.h5", ROWS, (struct h5_storage){.chunk_rows = 7},
                   scene.path);
    scene.course.loader.shuffle = SHS_SHUFFLE_BLOCKS;
    make_checkpoint(&scene, 2);
    refuse_course(&scene, scene.course, fives, "pass blocks.rows 7");
    CHECK_HAS(shs_message(), "blocks of 7 rows, this run has blocks of 5");
    struct course other = scene.course;
    other.loader.blocks.window = 3;
    refuse_course(&scene, other, scene.path, "pass blocks.window 16");
    other = scene.course, other.loader.shuffle = SHS_SHUFFLE_FULL;
    refuse_course(&scene, other, scene.path, "shuffle = blocks");
    other = scene.course, other.loader.blocks.rows = 7;
    struct job job = course_open(&other, MPI_COMM_WORLD, fives);
    struct state *state = state_new();
    CHECK_STATUS(shs_restore(job.loader, scene.checkpoints, state->tensors, N_STATE), SHS_OK);
    CHECK_EQ(shs_tell(job.loader).step, 2);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* The samples with one row more, and with labels of another type. */
static void test_another_dataset_is_named(void)
{
    static const shs_tensor images = {.type = SHS_U8, .axes = 3, .shape = {ROWS, 4, 5}},
                            labels = {.type = SHS_U32, .axes = 1, .shape = {ROWS}};
    static const uint8_t zeros[ROWS * IMAGE_BYTES];
    struct scene scene = scene_begin();
    char path[PATH_BYTES];
    make_checkpoint(&scene, 2);
    samples_shared(scene.folder, "more.h5", ROWS + 1, contiguous, path);
    refuse_course(&scene, scene.course, path, "samples = 53");
    snprintf(path, sizeof path, "%.400s/type.h5", scene.folder);
    struct h5_writer *writer;
    if (my_rank() == 0)
        need(!h5_create(path, &writer) &&
                 !h5_create_array(writer, "images", &images, &contiguous) &&
                 !h5_write_rows(writer, ROWS, zeros) &&
                 !h5_create_array(writer, "labels", &labels, &contiguous) &&
                 !h5_write_rows(writer, ROWS, zeros) && !h5_finish(&writer),
             path);
    MPI_Barrier(MPI_COMM_WORLD);
    refuse_course(&scene, scene.course, path, "field labels = i32");
    CHECK_HAS(shs_message(), "u32");
    scene_end(&scene);
}

/* The same data elsewhere and stored otherwise is the same run. */
static void test_the_same_data_may_lie_elsewhere(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    samples_shared(scene.folder, "elsewhere.h5", ROWS,
                   (struct h5_storage){.chunk_rows = 5, .deflate = 1}, scene.path);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    state_fill(state, 7);
    if (CHECK_STATUS(restore(&scene, &job, state), SHS_OK)) CHECK(state_is(state, 2, 7));
    CHECK_EQ(shs_tell(job.loader).step, 2);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_another_state_is_refused(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    state->tensors[3].shape[0] = 3, state->tensors[3].shape[1] = 2;
    refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_MISMATCH, "u64");
    state->tensors[3].shape[0] = 2, state->tensors[3].shape[1] = 3;
    state->tensors[3].type = SHS_I64;
    refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_MISMATCH, "u64");
    state->tensors[3].type = SHS_U64;
    state->tensors[10].axes = 1, state->tensors[10].shape[0] = 6;
    refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_MISMATCH, "f64");
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* A tensor that the checkpoint does not have, by another name. */
static void test_another_name_is_refused(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    state->tensors[0].name = "bias";
    refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_MISMATCH, "bias");
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* A program that has dropped a tensor: the file is not damaged, and must not be called so. */
static void test_fewer_tensors_are_refused(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    refuse_restore(&scene, &job, state, N_STATE - 1, SHS_ERROR_MISMATCH, "tensor");
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* Tensors are known by their names: in another order they come back, or are refused as another
 * program's, but the file is not called damaged. */
static void test_tensors_in_another_order(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    shs_tensor swap = state->tensors[0];
    state->tensors[0] = state->tensors[1];
    state->tensors[1] = swap;
    shs_status status = restore(&scene, &job, state);
    CHECK(status == SHS_OK || status == SHS_ERROR_MISMATCH);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void refuse_save(const struct scene *scene, struct job *job, const shs_tensor *tensors,
                        size_t count, shs_status expected, int failing)
{
    size_t before = count_entries(scene->checkpoints);
    MPI_Barrier(MPI_COMM_WORLD);
    shs_status status = shs_save(job->loader, scene->checkpoints, tensors, count);
    CHECK(agreed_failure(status, expected, failing));
    CHECK_HAS(shs_message(), "shs_save");
    CHECK_EQ(count_entries(scene->checkpoints), before);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void test_bad_tensors_are_refused(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    float number = 1;
    char long_name[257];
    memset(long_name, 'a', 256);
    long_name[256] = '\0';
    const shs_tensor good = {"good", SHS_F32, 0, {0}, &number};
    const char *const names[] = {NULL, "", "a/b", long_name, "good"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        shs_tensor tensors[2] = {good, good};
        tensors[1].name = my_rank() == last_rank() ? names[i] : "other";
        refuse_save(&scene, &job, tensors, 2, SHS_ERROR_ARGUMENT, last_rank());
    }
    const shs_tensor no_data = {"good", SHS_F32, 0, {0}, NULL},
                     no_type = {"good", (shs_type)0, 0, {0}, &number};
    refuse_save(&scene, &job, &no_data, 1, SHS_ERROR_ARGUMENT, 0);
    refuse_save(&scene, &job, &no_type, 1, SHS_ERROR_ARGUMENT, 0);
    long_name[255] = '\0';
    const shs_tensor longest = {long_name, SHS_F32, 0, {0}, &number};
    CHECK_STATUS(shs_save(job.loader, scene.checkpoints, &longest, 1), SHS_OK);
    job_close(&job);
    scene_end(&scene);
}

static void test_states_that_differ_are_not_saved(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 1);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    bool odd = my_rank() == last_rank();
    seek(&scene, &job, 2);
    state->memory[10][5] = odd; /* the last element of f64 */
    refuse_save(&scene, &job, state->tensors, N_STATE, SHS_ERROR_DISAGREE, last_rank());
    state->memory[10][5] = 0;
    refuse_save(&scene, &job, state->tensors, N_STATE - odd, SHS_ERROR_DISAGREE, last_rank());
    if (odd) state->tensors[0].name = "other";
    refuse_save(&scene, &job, state->tensors, N_STATE, SHS_ERROR_DISAGREE, last_rank());
    state->tensors[0].name = "u8";
    if (odd) state->tensors[0].shape[0] = 3, state->tensors[0].shape[1] = 2;
    refuse_save(&scene, &job, state->tensors, N_STATE, SHS_ERROR_DISAGREE, last_rank());
    if (CHECK(has_checkpoint(&scene, 1))) CHECK(!has_checkpoint(&scene, 2));
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* What lies behind a tensor's elements is not part of it. */
static void test_states_may_differ_in_nothing_that_counts(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    state->memory[0][5] = (uint64_t)my_rank();
    state->memory[12][0] = (uint64_t)my_rank();
    CHECK_STATUS(save(&scene, &job, state), SHS_OK);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_shapes_that_differ_are_not_restored(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 1);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    state_fill(state, 7);
    if (my_rank() == last_rank()) state->tensors[2].shape[0] = 1;
    shs_status status = restore(&scene, &job, state);
    CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
    CHECK(state_is(state, 7, 7));
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_a_save_inside_a_step_is_refused(void)
{
    struct scene scene = scene_begin();
    struct state *state = state_new();
    for (int failing = 0; failing < all_ranks(); failing++) {
        struct job job = scene_open(&scene, MPI_COMM_WORLD);
        shs_batch batch;
        if (my_rank() == failing) CHECK(!shs_next(job.loader, &batch) && !batch.ends_step);
        refuse_save(&scene, &job, state->tensors, N_STATE, SHS_ERROR_STATE, failing);
        job_close(&job);
    }
    CHECK_EQ(count_entries(scene.checkpoints), 0);
    free(state);
    scene_end(&scene);
}

static void test_ranks_at_different_steps_are_not_saved(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    shs_batch batch = {0};
    while (my_rank() == last_rank() && !batch.ends_step)
        need(!shs_next(job.loader, &batch), "shs_next");
    refuse_save(&scene, &job, state->tensors, N_STATE, SHS_ERROR_DISAGREE, last_rank());
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* A loading error that nobody knows of yet goes before the save. */
static void test_a_save_hands_over_a_loading_error(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    struct mpi_member *member = &job.loader->member;
    if (my_rank() == last_rank())
        mpi_member_fail(job.run, member, core_fail(SHS_ERROR_FORMAT, "chunk 3 is damaged"));
    shs_status status = save(&scene, &job, state);
    CHECK(agreed_failure(status, SHS_ERROR_FORMAT, last_rank()));
    CHECK_HAS(shs_message(), "chunk 3 is damaged");
    CHECK_EQ(count_entries(scene.checkpoints), 0);
    CHECK_STATUS(save(&scene, &job, state), SHS_OK);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_folders_that_cannot_be(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    char folder[PATH_BYTES];
    CHECK(agreed_failure(shs_save(job.loader, NULL, NULL, 0), SHS_ERROR_ARGUMENT, 0));
    CHECK(agreed_failure(shs_save(job.loader, "", NULL, 0), SHS_ERROR_ARGUMENT, 0));
    CHECK(agreed_failure(shs_restore(job.loader, NULL, NULL, 0), SHS_ERROR_ARGUMENT, 0));
    snprintf(folder, sizeof folder, "%.400s/missing/checkpoints", scene.folder);
    CHECK(agreed_failure(shs_save(job.loader, folder, NULL, 0), SHS_ERROR_FILE, 0));
    CHECK_HAS(shs_message(), "missing/checkpoints");
    CHECK(agreed_failure(shs_restore(job.loader, folder, NULL, 0), SHS_ERROR_FILE, 0));
    CHECK(agreed_failure(shs_save(job.loader, scene.path, NULL, 0), SHS_ERROR_FILE, 0));
    CHECK(agreed_failure(shs_restore(job.loader, scene.path, NULL, 0), SHS_ERROR_FILE, 0));
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* A folder in the place of the pointer that is to be written. */
static void test_a_save_that_fails_leaves_the_others(void)
{
    struct scene scene = scene_begin();
    char blocked[PATH_BYTES + 32];
    make_checkpoint(&scene, 1);
    make_checkpoint(&scene, 2);
    snprintf(blocked, sizeof blocked, "%.400s/latest.tmp", scene.checkpoints);
    if (my_rank() == 0) need(mkdir(blocked, 0777) == 0, blocked);
    MPI_Barrier(MPI_COMM_WORLD);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    seek(&scene, &job, 3);
    refuse_save(&scene, &job, state->tensors, N_STATE, SHS_ERROR_FILE, 0);
    if (CHECK(has_checkpoint(&scene, 1))) CHECK(has_checkpoint(&scene, 2));
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) need(rmdir(blocked) == 0, blocked);
    MPI_Barrier(MPI_COMM_WORLD);
    if (CHECK_STATUS(restore(&scene, &job, state), SHS_OK)) CHECK_EQ(shs_tell(job.loader).step, 2);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* ---- damage */

static uint64_t size_of(const char *path)
{
    struct stat about;
    need(stat(path, &about) == 0, path);
    return (uint64_t)about.st_size;
}

/* The program's state comes back whole, or not at all and with an error; never in part. */
static bool restored_or_refused(const struct scene *scene)
{
    struct job job = scene_open(scene, MPI_COMM_NULL);
    struct state *state = state_new();
    state_fill(state, 7);
    shs_status status = restore(scene, &job, state);
    uint64_t step = shs_tell(job.loader).step;
    bool whole = status == SHS_OK && compare_state(state, 2, 7, true) && step == 2;
    bool none = status < 0 && compare_state(state, 7, 7, true) && step == 0;
    const char *fate = compare_state(state, 2, 7, true)   ? "restored"
                       : compare_state(state, 7, 7, true) ? "untouched"
                                                          : "mixed";
    free(state);
    job_close(&job);
    return whole || none ||
           WRONG("expected the whole checkpoint or an error and nothing else; came %s, step %llu, "
                 "state %s: %s",
                 shs_status_name(status), (ull)step, fate, shs_message());
}

/* Local. The same in a process of its own: HDF5 1.10 is not itself any more after some damage, and
 * might crash. */
static bool child_restores_or_refuses(const struct scene *scene)
{
    int code = -1;
    pid_t child = fork();
    if (child == 0) _exit(restored_or_refused(scene) ? 0 : 1);
    need(child > 0 && waitpid(child, &code, 0) == child, "a child");
    return WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

enum {
    FLIPS = 200
};

/* Local. How many of the bits flipped one by one, spread over the file, had a bad outcome. */
static uint64_t count_bad_flips(const struct scene *scene, const char *path)
{
    uint64_t bytes = size_of(path), bad = 0;
    for (uint64_t flip = 0; flip < FLIPS; flip++) {
        uint64_t at = flip * bytes / FLIPS + scramble(flip) % (bytes / FLIPS);
        unsigned char bit = (unsigned char)(1u << (scramble(flip) >> 32 & 7));
        flip_byte(path, at, bit);
        if (!child_restores_or_refuses(scene)) {
            printf("  a bit of byte %llu: wrong or crashed\n", (ull)at);
            bad++;
        }
        flip_byte(path, at, bit);
    }
    return bad;
}

static void test_a_flipped_bit_is_noticed(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES + 32];
    make_checkpoint(&scene, 2);
    name_checkpoint(&scene, 2, path);
    CHECK(my_rank() != 0 || count_bad_flips(&scene, path) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    CHECK_STATUS(restore(&scene, &job, state), SHS_OK); /* whole again */
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* Every element of every tensor is covered: the first and the last byte of each, as stored. */
static void test_every_tensor_is_covered(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES + 32];
    make_checkpoint(&scene, 2);
    name_checkpoint(&scene, 2, path);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    for (size_t t = 0; t < N_STATE - 1; t++) {
        char name[32];
        uint64_t at[2];
        size_t bytes;
        snprintf(name, sizeof name, "state/%s", state->tensors[t].name);
        need(!shs_tensor_bytes(&state->tensors[t], &bytes), "shs_tensor_bytes");
        hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
        hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
        at[0] = H5Dget_offset(dataset);
        at[1] = at[0] + bytes - 1;
        need(H5Dclose(dataset) >= 0 && H5Fclose(file) >= 0, path);
        for (int end = 0; end < 2; end++) {
            MPI_Barrier(MPI_COMM_WORLD);
            if (my_rank() == 0) flip_byte(path, at[end], 0x10);
            MPI_Barrier(MPI_COMM_WORLD);
            refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_FORMAT, "damaged");
            MPI_Barrier(MPI_COMM_WORLD);
            if (my_rank() == 0) flip_byte(path, at[end], 0x10);
        }
        MPI_Barrier(MPI_COMM_WORLD);
    }
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_a_file_cut_short_is_refused(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES + 32];
    make_checkpoint(&scene, 1);
    make_checkpoint(&scene, 2);
    name_checkpoint(&scene, 2, path);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    uint64_t bytes = size_of(path);
    MPI_Barrier(MPI_COMM_WORLD);
    for (uint64_t part = 1; part <= 8; part++) {
        if (my_rank() == 0) need(truncate(path, (off_t)(bytes - bytes * part / 8)) == 0, path);
        MPI_Barrier(MPI_COMM_WORLD);
        refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_FORMAT, "step-0000000002.h5");
        CHECK_HAS(shs_message(),
                  "to go on from step-0000000001.h5, the checkpoint before it, remove the "
                  "first line of");
    }
    set_latest(&scene, "step-0000000001.h5\n"); /* as the message advises */
    if (CHECK_STATUS(restore(&scene, &job, state), SHS_OK)) CHECK(state_is(state, 1, 7));
    free(state);
    job_close(&job);
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
        {"another run is named", test_another_run_is_named},
        {"another number of vranks is named", test_another_number_of_vranks_is_named},
        {"other blocks are named", test_other_blocks_are_named},
        {"another dataset is named", test_another_dataset_is_named},
        {"the same data may lie elsewhere", test_the_same_data_may_lie_elsewhere},
        {"another state is refused", test_another_state_is_refused},
        {"another name is refused", test_another_name_is_refused},
        {"fewer tensors are refused", test_fewer_tensors_are_refused},
        {"tensors in another order", test_tensors_in_another_order},
        {"bad tensors are refused", test_bad_tensors_are_refused},
        {"states that differ are not saved", test_states_that_differ_are_not_saved},
        {"states may differ in nothing that counts", test_states_may_differ_in_nothing_that_counts},
        {"shapes that differ are not restored", test_shapes_that_differ_are_not_restored},
        {"a save inside a step is refused", test_a_save_inside_a_step_is_refused},
        {"ranks at different steps are not saved", test_ranks_at_different_steps_are_not_saved},
        {"a save hands over a loading error", test_a_save_hands_over_a_loading_error},
        {"folders that cannot be", test_folders_that_cannot_be},
        {"a save that fails leaves the others", test_a_save_that_fails_leaves_the_others},
        {"a flipped bit is noticed", test_a_flipped_bit_is_noticed},
        {"every tensor is covered", test_every_tensor_is_covered},
        {"a file cut short is refused", test_a_file_cut_short_is_refused},
        {"memory runs out", test_memory_runs_out},
    };
    return harness_main_ranks("checkpoint", tests, sizeof tests / sizeof *tests, argc, argv);
}
