/* What a batch says of its step and of its place, and a loader that goes through a stop. */
#include "batches.h"

enum {
    ROWS = 53
};

struct scene {
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
};

static struct scene scene_begin(void)
{
    struct scene scene;
    folder_make(scene.folder);
    samples_shared(scene.folder, "samples.h5", ROWS,
                   (struct h5_storage){.chunk_rows = 4, .deflate = 1}, scene.path);
    return scene;
}

static void scene_end(const struct scene *scene)
{
    folder_remove(scene->folder);
}

static uint64_t sum_over_ranks(uint64_t mine)
{
    uint64_t all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

/* ---- the rows of a step */

/* One step of all ranks: the rows of weight 1 that came are those that each batch says. */
static bool counts_step(shs_loader *loader)
{
    shs_batch batch = {0};
    uint64_t came = 0, said = 0;
    bool alike = true;
    for (bool first = true; !batch.ends_step; first = false) {
        need(!shs_next(loader, &batch), "shs_next");
        alike = alike && (first || batch.step_rows == said);
        said = batch.step_rows;
        came += batch.count;
    }
    came = sum_over_ranks(came);
    bool right = alike && came == said && equals_rank_0(&said, sizeof said);
    return right || WRONG("expected %llu rows, as the batch says; came %llu; step %llu", (ull)said,
                          (ull)came, (ull)batch.step);
}

static void count_steps(const struct course *course, const char *path)
{
    struct job job = course_open(course, MPI_COMM_WORLD, path);
    uint64_t steps = shs_epoch_steps(job.loader) * course->loader.epochs;
    bool right = true;
    for (uint64_t step = 0; step < steps; step++)
        right = counts_step(job.loader) && right;
    CHECK(right);
    job_close(&job);
}

/* More virtual ranks than ranks, and rows that fill no step. */
static struct course plain_course(uint64_t batch)
{
    return (struct course){42, 2 * (uint64_t)all_ranks() + 1, ROWS, {.batch = batch, .epochs = 2}};
}

static void count_order(int shuffle, int shard, int tail, const char *path)
{
    for (uint64_t batch = 1; batch <= 3; batch++) {
        struct course course = plain_course(batch);
        course.loader.shuffle = (shs_shuffle)shuffle;
        course.loader.shard = (shs_shard)shard;
        course.loader.tail = (shs_tail)tail;
        if (shuffle == SHS_SHUFFLE_BLOCKS) course.loader.blocks.window = 2;
        count_steps(&course, path);
    }
}

static void test_a_batch_knows_the_rows_of_its_step(void)
{
    struct scene scene = scene_begin();
    for (int shuffle = 0; shuffle < 3; shuffle++)
        for (int shard = 0; shard < 2; shard++)
            for (int tail = 0; tail < 3; tail++)
                count_order(shuffle, shard, tail, scene.path);
    scene_end(&scene);
}

static void test_a_batch_knows_the_rows_of_its_step_in_samplings(void)
{
    struct scene scene = scene_begin();
    char both[2 * PATH_BYTES];
    double weights[ROWS];
    snprintf(both, sizeof both, "%s,%s", scene.path, scene.path);
    for (int row = 0; row < ROWS; row++)
        weights[row] = row % 3;
    for (int tail = 0; tail < 3; tail++) {
        struct course course = plain_course(2);
        course.loader.tail = (shs_tail)tail;
        course.loader.sampling.epoch_rows = ROWS + 8;
        count_steps(&course, scene.path);
        course.loader.sampling.mix = (const uint64_t[]){7, 3};
        course.loader.sampling.n_mix = 2;
        count_steps(&course, both);
        course = plain_course(2);
        course.loader.tail = (shs_tail)tail;
        course.loader.sampling.weights = weights;
        course.loader.sampling.n_weights = ROWS;
        count_steps(&course, scene.path);
        course = plain_course(1);
        course.loader.tail = (shs_tail)tail;
        course.loader.subset.to = 0.8;
        count_steps(&course, scene.path);
    }
    scene_end(&scene);
}

/* ---- a place of the program's own */

static bool same_stream(const shs_batch *batch, uint64_t slot, uint64_t purpose, uint64_t seed)
{
    const shs_place place = {seed, purpose, batch->vrank, batch->step, slot};
    shs_random here, there;
    need(!shs_random_at(&place, &there), "shs_random_at");
    harness_where("seed %llu, purpose %llu, vrank %llu, step %llu, slot %llu", (ull)seed,
                  (ull)purpose, (ull)batch->vrank, (ull)batch->step, (ull)slot);
    return CHECK_STATUS(shs_random_at_batch(batch, slot, purpose, &here), SHS_OK) &&
           CHECK_EQ(shs_random_u64(&here), shs_random_u64(&there));
}

static void test_a_batch_names_places(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course(3);
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    uint64_t own;
    shs_batch batch;
    bool right = true;
    need(!shs_random_own_purpose(143, &own), "shs_random_own_purpose");
    while (shs_next(job.loader, &batch) == SHS_OK) {
        right = right && CHECK_EQ(batch.seed, course.seed);
        for (uint64_t slot = 0; slot < batch.rows; slot++)
            right = right && same_stream(&batch, slot, SHS_ROLE_USER, course.seed) &&
                    same_stream(&batch, slot, own, course.seed);
    }
    CHECK(right);
    job_close(&job);
    scene_end(&scene);
}

static bool place_refused(const shs_batch *batch, uint64_t slot, uint64_t purpose,
                          const char *words)
{
    shs_random stream = {.used = 4};
    shs_status status = shs_random_at_batch(batch, slot, purpose, &stream);
    return CHECK_STATUS(status, SHS_ERROR_ARGUMENT) && message_has("shs_random_at_batch: ") &&
           message_has(words) && CHECK_EQ(shs_random_u32(&stream), 0) &&
           CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_ARGUMENT);
}

static void test_places_that_are_not_the_programs_are_refused(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course(3);
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    shs_random stream;
    need(!shs_next(job.loader, &batch) && batch.rows == 3, "shs_next");
    CHECK(place_refused(&batch, 3, SHS_ROLE_USER, "slot 3 of a batch of 3 rows"));
    CHECK(place_refused(&batch, UINT64_MAX, SHS_ROLE_USER, "of a batch of 3 rows"));
    for (uint64_t role = 1; role < SHS_ROLE_OWN; role++) {
        char words[32];
        snprintf(words, sizeof words, "has role %d", (int)role);
        CHECK(place_refused(&batch, 0, role, words));
        CHECK(place_refused(&batch, 0, role + 16 * 5, words));
    }
    for (uint64_t role = SHS_ROLE_OWN; role < 16; role++)
        CHECK_STATUS(shs_random_at_batch(&batch, 0, role, &stream), SHS_OK);
    CHECK_STATUS(shs_random_at_batch(&batch, 0, 256, &stream), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "purpose 256");
    job_close(&job);
    scene_end(&scene);
}

/* ---- stops */

/* Rows of weight 1 until the loader says something else, on all ranks. */
static uint64_t rows_left(shs_loader *loader, shs_run *run, shs_status expected)
{
    shs_batch batch;
    uint64_t rows = 0;
    shs_status status;
    while ((status = shs_next(loader, &batch)) == SHS_OK) {
        rows += batch.count;
        if (batch.ends_step) CHECK_STATUS(shs_agree(run), SHS_OK);
    }
    CHECK_STATUS(status, expected);
    return sum_over_ranks(rows);
}

/* A stop that is asked for before the evaluation, after `steps` of its steps, or never agreed on
 * before it ends. */
static void evaluate_through_stop(const char *path, uint64_t steps)
{
    struct course course = plain_course(3);
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    const shs_loader_options options = {
        .batch = 2, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE, .through_stop = true};
    shs_loader *evaluation;
    shs_batch batch;
    uint64_t rows = 0;
    need(!shs_loader_open(job.data, &options, &evaluation), "shs_loader_open");
    for (uint64_t step = 0; step < steps; step++)
        do {
            need(!shs_next(evaluation, &batch), "shs_next");
            rows += batch.count;
        } while (!batch.ends_step);
    if (my_rank() == last_rank()) shs_request_stop(job.run);
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_STOP);
    CHECK_EQ(sum_over_ranks(rows) + rows_left(evaluation, job.run, SHS_END), ROWS);
    CHECK_STATUS(shs_seek(evaluation, (shs_cursor){0}), SHS_OK);
    CHECK_EQ(rows_left(evaluation, job.run, SHS_END), ROWS); /* and once more */
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_STOP);
    shs_loader_close(&evaluation);
    job_close(&job);
}

static void test_an_evaluation_goes_through_a_stop(void)
{
    struct scene scene = scene_begin();
    evaluate_through_stop(scene.path, 0);
    evaluate_through_stop(scene.path, 1);
    evaluate_through_stop(scene.path, 2);
    scene_end(&scene);
}

static void test_ranks_must_agree_to_go_through_a_stop(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    struct course course = plain_course(3);
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    const shs_loader_options options = {.stream = 1, .through_stop = my_rank() == last_rank()};
    shs_loader *loader;
    CHECK(agreed_failure(shs_loader_open(job.data, &options, &loader), SHS_ERROR_DISAGREE,
                         last_rank()));
    CHECK_HAS(shs_message(), "through_stop 0");
    CHECK_HAS(shs_message(), "through_stop 1");
    job_close(&job);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a batch knows the rows of its step", test_a_batch_knows_the_rows_of_its_step},
        {"a batch knows the rows of its step in samplings",
         test_a_batch_knows_the_rows_of_its_step_in_samplings},
        {"a batch names places", test_a_batch_names_places},
        {"places that are not the program's are refused",
         test_places_that_are_not_the_programs_are_refused},
        {"an evaluation goes through a stop", test_an_evaluation_goes_through_a_stop},
        {"ranks must agree to go through a stop", test_ranks_must_agree_to_go_through_a_stop},
    };
    return harness_main_ranks("batch", tests, sizeof tests / sizeof *tests, argc, argv);
}
