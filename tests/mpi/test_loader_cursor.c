/* A loader's cursor and seeks, and stops that ranks agree on. */
#include "batches.h"
#include "loader_scene.h"

static bool same_cursor(shs_cursor came, shs_cursor expected)
{
    return CHECK_EQ(came.epoch, expected.epoch) && CHECK_EQ(came.epoch_step, expected.epoch_step) &&
           CHECK_EQ(came.step, expected.step);
}

/* ---- the cursor */

static void test_tell_names_whole_steps(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_cursor at = {0};
    shs_batch batch;
    CHECK(same_cursor(shs_tell(job.loader), at));
    while (shs_next(job.loader, &batch) == SHS_OK) {
        if (batch.ends_step) {
            at.step++;
            at.epoch_step++;
        }
        if (batch.ends_epoch) at = (shs_cursor){at.epoch + 1, 0, at.step};
        CHECK(same_cursor(shs_tell(job.loader), at));
    }
    if (CHECK_EQ(at.epoch, 2) && CHECK_EQ(at.epoch_step, 0))
        CHECK_EQ(at.step, 2 * course_steps(&course));
    job_close(&job);
    scene_end(&scene);
}

static void test_a_seek_reaches_every_step(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    course.loader.augment = augmentation;
    struct record whole = record_run(&course, MPI_COMM_NULL, scene.path);
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_run_info info = shs_info(job.run);
    uint64_t steps = course_steps(&course);
    for (uint64_t back = 0; back <= whole.steps; back++) {
        uint64_t step = whole.steps - back;
        const shs_cursor at = {step / steps, step % steps, step};
        struct record own = record_new(course.vranks, whole.steps);
        CHECK_STATUS(shs_seek(job.loader, at), SHS_OK);
        CHECK(same_cursor(shs_tell(job.loader), at));
        CHECK_STATUS(record_rest(&own, job.loader), SHS_END);
        CHECK(record_agrees(&own, &whole, &info, step));
        record_free(&own);
    }
    job_close(&job);
    record_free(&whole);
    scene_end(&scene);
}

static void test_a_seek_inside_a_step_begins_it_again(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course(); /* rank 0 hosts two virtual ranks or more */
    course.vranks += 1;
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK(!batch.ends_step);
    CHECK_STATUS(shs_seek(job.loader, shs_tell(job.loader)), SHS_OK);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK))
        CHECK_EQ(batch.vrank, shs_info(job.run).first_vrank);
    job_close(&job);
    scene_end(&scene);
}

static void test_a_seek_to_nowhere_is_refused(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    uint64_t steps = course_steps(&course);
    const shs_cursor nowhere[] = {{0, steps, steps},
                                  {0, 0, 1},
                                  {1, 0, steps + 1},
                                  {2, 1, 2 * steps + 1},
                                  {3, 0, 3 * steps},
                                  {UINT64_MAX, 0, UINT64_MAX * steps},
                                  {UINT64_C(1) << 32, 0, steps << 32}};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        shs_cursor to =
            my_rank() == last_rank() ? nowhere[i] : (shs_cursor){0, 1 % steps, 1 % steps};
        shs_status status = shs_seek(job.loader, to);
        CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, last_rank()));
        CHECK(same_cursor(shs_tell(job.loader), (shs_cursor){0}));
    }
    job_close(&job);
    scene_end(&scene);
}

static void test_a_seek_to_different_steps_is_refused(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    struct course course = plain_course();
    course.loader.batch = 1;
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    uint64_t step = my_rank() == last_rank();
    shs_status status = shs_seek(job.loader, (shs_cursor){0, step, step});
    CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
    CHECK(same_cursor(shs_tell(job.loader), (shs_cursor){0}));
    job_close(&job);
    scene_end(&scene);
}

/* The text of shs_fingerprint() says whose cursor it is. */
static void test_a_cursor_of_another_run_is_refused(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    char text[4096], small[4] = "old";
    size_t needed;
    const shs_cursor at = {0, 1, 1};
    CHECK_STATUS(shs_fingerprint(job.loader, small, sizeof small, &needed), SHS_OK);
    CHECK_TEXT(small, "");
    if (CHECK_IS(needed, <=, sizeof text))
        CHECK_STATUS(shs_fingerprint(job.loader, text, sizeof text, &needed), SHS_OK);
    CHECK_EQ(needed, strlen(text) + 1);
    CHECK_HAS(text, "seed = 42\n");
    CHECK_STATUS(shs_resume(job.loader, at, text), SHS_OK);
    CHECK(same_cursor(shs_tell(job.loader), at));
    shs_status status = shs_resume(job.loader, (shs_cursor){0, 0, 1}, text);
    CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, 0));

    char *seed = strstr(text, "seed = 42");
    if (NEED(seed != NULL) && my_rank() == last_rank()) seed[strlen("seed = ")] = '5';
    status = shs_resume(job.loader, (shs_cursor){0}, text);
    CHECK(agreed_failure(status, SHS_ERROR_MISMATCH, last_rank()));
    CHECK_HAS(shs_message(), "seed = 52");
    CHECK(same_cursor(shs_tell(job.loader), at));
    if (seed) seed[strlen("seed = ")] = '4';
    char *batch = strstr(text, "batch = 3");
    if (NEED(batch != NULL)) batch[strlen("batch = ")] = '4';
    status = shs_resume(job.loader, (shs_cursor){0}, text);
    CHECK(agreed_failure(status, SHS_ERROR_MISMATCH, 0));
    CHECK_HAS(shs_message(), "another batch");
    job_close(&job);
    scene_end(&scene);
}

/* Without a number of epochs the loader goes on until steps have no bits left. */
static void test_no_end_until_the_last_step(void)
{
    struct scene scene = scene_begin();
    struct course course = {1, (uint64_t)all_ranks(), ROWS, {.batch = ROWS}};
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    for (uint64_t epoch = 0; epoch < 5; epoch++)
        CHECK(!shs_next(job.loader, &batch) && batch.epoch == epoch && batch.ends_epoch);
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){UINT32_MAX, 0, UINT32_MAX}), SHS_OK);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK_EQ(batch.epoch, UINT32_MAX);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_ERROR_EXHAUSTED);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_ERROR_EXHAUSTED);
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0}), SHS_OK);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK_EQ(batch.epoch, 0);
    job_close(&job);
    scene_end(&scene);
}

/* ---- stops */

static void test_a_stop_waits_for_the_next_step(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    course.vranks += 1;
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK(!batch.ends_step);
    if (my_rank() == last_rank()) shs_request_stop(job.run);
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    bool arrived = true;
    for (uint64_t i = 1; i < shs_info(job.run).hosted; i++)
        arrived = shs_next(job.loader, &batch) == SHS_OK && batch.rows && arrived;
    if (CHECK(arrived)) CHECK(batch.ends_step);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_STOP)) CHECK(is_zero(&batch, sizeof batch));
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_STOP);
    CHECK(same_cursor(shs_tell(job.loader),
                      (shs_cursor){course_steps(&course) == 1, course_steps(&course) != 1, 1}));
    job_close(&job);
    scene_end(&scene);
}

static void test_a_stop_not_agreed_on_stops_nobody(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    struct record record = record_new(course.vranks, 2 * course_steps(&course));
    if (my_rank() == 0) shs_request_stop(job.run);
    CHECK_STATUS(record_rest(&record, job.loader), SHS_END);
    record_free(&record);
    job_close(&job);
    scene_end(&scene);
}

/* A loader at its end says end; another one of the same run says stop. */
static void test_the_end_goes_before_a_stop(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    struct record record = record_new(course.vranks, 2 * course_steps(&course));
    shs_loader *other;
    shs_batch batch;
    course.loader.stream = 1;
    need(!shs_loader_open(job.data, &course.loader, &other), "shs_loader_open");
    CHECK_STATUS(record_rest(&record, job.loader), SHS_END);
    shs_request_stop(job.run);
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_END);
    CHECK_STATUS(shs_next(other, &batch), SHS_STOP);
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0}), SHS_OK);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_STOP);
    shs_loader_close(&other);
    record_free(&record);
    job_close(&job);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"tell names whole steps", test_tell_names_whole_steps},
        {"a seek reaches every step", test_a_seek_reaches_every_step},
        {"a seek inside a step begins it again", test_a_seek_inside_a_step_begins_it_again},
        {"a seek to nowhere is refused", test_a_seek_to_nowhere_is_refused},
        {"a seek to different steps is refused", test_a_seek_to_different_steps_is_refused},
        {"a cursor of another run is refused", test_a_cursor_of_another_run_is_refused},
        {"no end until the last step", test_no_end_until_the_last_step},
        {"a stop waits for the next step", test_a_stop_waits_for_the_next_step},
        {"a stop not agreed on stops nobody", test_a_stop_not_agreed_on_stops_nobody},
        {"the end goes before a stop", test_the_end_goes_before_a_stop},
    };
    return harness_main_ranks("loader_cursor", tests, sizeof tests / sizeof *tests, argc, argv);
}
