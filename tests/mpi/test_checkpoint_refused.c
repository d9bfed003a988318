/* Checkpoints that are refused: of another run, with other tensors, badly given. */
#include <sys/stat.h>

#include "batches.h"
#include "checkpoint_scene.h"
#include "load.h"
#include "shardstep/checkpoint.h"

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
    static const uint64_t excluded[] = {3, 5};
    other = scene.course, other.loader.failures.damage = SHS_DAMAGE_REPLACE;
    refuse_course(&scene, other, scene.path, "this run has «failures.damage = replace»");
    other = scene.course, other.loader.failures.exclude = excluded;
    other.loader.failures.n_exclude = 2;
    refuse_course(&scene, other, scene.path, "this run has «failures.exclude = 2 rows, ");
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
    const char *const names[] = {NULL,   "",           "a/b",          long_name,
                                 "good", "__hdf5__.0", "__metadata__", "\xff"};
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

/* A loading error that nobody knows of yet goes before the save, and no save follows it but after a
 * seek. */
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
    status = save(&scene, &job, state);
    CHECK(agreed_failure(status, SHS_ERROR_STATE, 0));
    CHECK_HAS(shs_message(), "chunk 3 is damaged");
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0}), SHS_OK);
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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
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
    };
    return harness_main_ranks("checkpoint_refused", tests, sizeof tests / sizeof *tests, argc,
                              argv);
}
