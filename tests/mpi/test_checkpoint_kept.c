/* How many checkpoints are kept, and which of them is restored if newer ones are damaged. */
#include <sys/stat.h>

#include "batches.h"
#include "checkpoint_scene.h"

/* ---- what a run tells */

struct reports {
    int count;
    shs_report_kind kind;
    char text[MESSAGE_BYTES];
};

static void note_report(void *user, shs_report_kind kind, const char *text)
{
    struct reports *reports = user;
    reports->count++;
    reports->kind = kind;
    snprintf(reports->text, sizeof reports->text, "%s", text);
}

/* Opens a job whose run tells what happens. */
static struct job open_telling(const struct scene *scene, struct reports *reports)
{
    struct job job;
    const shs_run_options run = {.seed = scene->course.seed,
                                 .vranks = scene->course.vranks,
                                 .report = note_report,
                                 .report_user = reports};
    memset(reports, 0, sizeof *reports);
    need(!open_either(MPI_COMM_WORLD, gathered_is_wanted(), &run, &job.run), "opening a run");
    need(!shs_dataset_open(job.run, scene->path, samples_fields, NULL, &job.data), "the dataset");
    need(!shs_loader_open(job.data, &scene->course.loader, &job.loader), "the loader");
    return job;
}

/* ---- saving and damaging */

static shs_status save_kept(const struct scene *scene, struct job *job, struct state *state,
                            uint64_t step, uint64_t keep)
{
    seek(scene, job, step);
    state_fill(state, step);
    return shs_save_with(job->loader, scene->checkpoints, state->tensors, N_STATE,
                         &(shs_save_options){.keep = keep});
}

/* Collective. Makes checkpoints at the steps 1 to `count`. */
static void make_kept(const struct scene *scene, uint64_t count, uint64_t keep)
{
    struct job job = scene_open(scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    for (uint64_t step = 1; step <= count; step++)
        need(!save_kept(scene, &job, state, step, keep), "shs_save_with");
    free(state);
    job_close(&job);
}

/* Collective. */
static void damage(const struct scene *scene, uint64_t step)
{
    char path[PATH_BYTES + 32];
    name_checkpoint(scene, step, path);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) flip_byte(path, 5000, 1);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void comes_back(const struct scene *scene, struct job *job, struct state *state,
                       uint64_t step)
{
    state_fill(state, 7);
    if (CHECK_STATUS(restore(scene, job, state), SHS_OK)) CHECK(state_is(state, step, 7));
    CHECK_EQ(shs_tell(job->loader).step, step);
}

/* ---- the tests */

static void test_as_many_are_kept_as_is_said(void)
{
    struct scene scene = scene_begin();
    static const uint64_t keeps[] = {1, 3, 2};
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    uint64_t step = 0;
    for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++) {
        for (uint64_t n = 0; n < keeps[i] + 1; n++)
            CHECK_STATUS(save_kept(&scene, &job, state, ++step, keeps[i]), SHS_OK);
        MPI_Barrier(MPI_COMM_WORLD);
        CHECK_EQ(count_entries(scene.checkpoints), keeps[i]);
        for (uint64_t n = 0; n < keeps[i]; n++)
            CHECK(has_checkpoint(&scene, step - n));
        MPI_Barrier(MPI_COMM_WORLD);
    }
    comes_back(&scene, &job, state, step);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_numbers_that_are_refused(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    CHECK(agreed_failure(save_kept(&scene, &job, state, 1, 257), SHS_ERROR_ARGUMENT, 0));
    CHECK_HAS(shs_message(), "shs_save: keep 257; the most is 256");
    CHECK_STATUS(save_kept(&scene, &job, state, 1, 256), SHS_OK);
    shs_status status = save_kept(&scene, &job, state, 1, my_rank() == last_rank() ? 3 : 2);
    if (all_ranks() > 1) {
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
        CHECK_HAS(shs_message(), "keep 3");
    }
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_the_program_is_told(void)
{
    struct scene scene = scene_begin();
    struct reports reports;
    make_kept(&scene, 2, 2);
    damage(&scene, 2);
    struct job job = open_telling(&scene, &reports);
    struct state *state = state_new();
    comes_back(&scene, &job, state, 1);
    CHECK_EQ(reports.count, my_rank() == 0);
    CHECK(shs_notice() == NULL); /* it was told */
    if (my_rank() == 0) {
        CHECK_EQ(reports.kind, SHS_REPORT_CHECKPOINT);
        CHECK_HAS(reports.text, "rank 0: shs_restore: the run goes on from step-0000000001.h5 of ");
        CHECK_HAS(reports.text, "because what was saved later is damaged: ");
        CHECK_HAS(reports.text, "step-0000000002.h5 is damaged: its bytes have checksum ");
    }
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_a_program_without_a_report_is_told(void)
{
    struct scene scene = scene_begin();
    make_kept(&scene, 2, 2);
    damage(&scene, 2);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    comes_back(&scene, &job, state, 1);
    const char *notice = shs_notice();
    CHECK_EQ(notice != NULL, my_rank() == 0);
    if (notice) CHECK_HAS(notice, "the run goes on from step-0000000001.h5");
    CHECK(shs_notice() == NULL); /* once */
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* The damaged checkpoint must not count as the one that is kept: the good one would go for it. */
static void test_the_next_save_removes_what_is_damaged(void)
{
    struct scene scene = scene_begin();
    make_kept(&scene, 2, 2);
    damage(&scene, 2);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    comes_back(&scene, &job, state, 1);
    CHECK_STATUS(save_kept(&scene, &job, state, 3, 2), SHS_OK);
    CHECK(has_checkpoint(&scene, 1) && !has_checkpoint(&scene, 2) && has_checkpoint(&scene, 3));
    damage(&scene, 3);
    comes_back(&scene, &job, state, 1);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* What was damaged once is no reason to drop what was saved since. */
static void test_later_saves_fall_back_to_each_other(void)
{
    struct scene scene = scene_begin();
    make_kept(&scene, 2, 2);
    damage(&scene, 2);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    comes_back(&scene, &job, state, 1);
    for (uint64_t step = 3; step <= 4; step++)
        CHECK_STATUS(save_kept(&scene, &job, state, step, 2), SHS_OK);
    CHECK(!has_checkpoint(&scene, 1) && has_checkpoint(&scene, 3) && has_checkpoint(&scene, 4));
    damage(&scene, 4);
    comes_back(&scene, &job, state, 3);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_all_that_are_kept_are_tried(void)
{
    struct scene scene = scene_begin();
    struct reports reports;
    make_kept(&scene, 4, 4);
    damage(&scene, 4);
    damage(&scene, 2); /* is not needed */
    struct job job = open_telling(&scene, &reports);
    struct state *state = state_new();
    comes_back(&scene, &job, state, 3);
    damage(&scene, 3);
    comes_back(&scene, &job, state, 1);
    for (uint64_t step = 2; step <= 4 && my_rank() == 0; step++) {
        char words[64];
        snprintf(words, sizeof words, "step-%010llu.h5 is damaged", (ull)step);
        CHECK_HAS(reports.text, words);
    }
    damage(&scene, 1);
    seek(&scene, &job, 0);
    refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_FORMAT,
                   "no checkpoint of step-0000000004.h5, step-0000000003.h5, step-0000000002.h5, "
                   "step-0000000001.h5 can be restored: ");
    CHECK_HAS(shs_message(), "step-0000000004.h5 is damaged");
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* A checkpoint that is gone is no damaged one: somebody has moved it. */
static void test_one_that_is_gone_is_not_passed_over(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES + 32];
    make_kept(&scene, 3, 3);
    damage(&scene, 3);
    name_checkpoint(&scene, 2, path);
    if (my_rank() == 0) need(remove(path) == 0, path);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_FILE, "step-0000000003.h5 is damaged");
    CHECK_HAS(shs_message(), "step-0000000002.h5: No such file or directory");
    CHECK_HAS(shs_message(), "to go on from step-0000000001.h5, the checkpoint before it, remove "
                             "the first 2 lines of");
    free(state);
    job_close(&job);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"as many are kept as is said", test_as_many_are_kept_as_is_said},
        {"numbers that are refused", test_numbers_that_are_refused},
        {"the program is told", test_the_program_is_told},
        {"a program without a report is told", test_a_program_without_a_report_is_told},
        {"the next save removes what is damaged", test_the_next_save_removes_what_is_damaged},
        {"later saves fall back to each other", test_later_saves_fall_back_to_each_other},
        {"all that are kept are tried", test_all_that_are_kept_are_tried},
        {"one that is gone is not passed over", test_one_that_is_gone_is_not_passed_over},
    };
    return harness_main_ranks("checkpoint_kept", tests, sizeof tests / sizeof *tests, argc, argv);
}
