/* Checkpoints that are saved in the background: when they are there, and who returns the outcome.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batches.h"
#include "checkpoint_scene.h"
#include "core_sanitized.h"

/* ---- the disk, as the thread sees it */

static pthread_t main_thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool held;  /* the thread's fsync() does not return */
static int broken; /* errno of the thread's fsync(); 0: it is good */

int fsync(int file)
{
    int error = 0;
    if (!pthread_equal(pthread_self(), main_thread)) {
        pthread_mutex_lock(&lock);
        while (held)
            pthread_cond_wait(&opened, &lock);
        error = broken;
        pthread_mutex_unlock(&lock);
    }
    if (!error) return (int)syscall(SYS_fsync, file);
    errno = error;
    return -1;
}

static void set_disk(bool hold, int error)
{
    pthread_mutex_lock(&lock);
    held = hold;
    broken = error;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
}

/* The disk has room for so many bytes of checkpoints in this folder; NULL: it is as it is. */
static const char *small_folder;
static uint64_t small_bytes;

int statvfs(const char *path, struct statvfs *about)
{
    uint64_t used = 0;
    struct statfs system;
    if (statfs(path, &system) < 0) return -1;
    unsigned long block = (unsigned long)system.f_bsize;
    *about = (struct statvfs){.f_bsize = block, /* MPI libraries ask, too */
                              .f_frsize = block,
                              .f_blocks = system.f_blocks,
                              .f_bfree = system.f_bfree,
                              .f_bavail = system.f_bavail};
    DIR *folder = small_folder ? opendir(small_folder) : NULL;
    if (!folder) return 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        struct stat file;
        if (!strncmp(entry->d_name, "step-", 5) && !fstatat(dirfd(folder), entry->d_name, &file, 0))
            used += (uint64_t)file.st_size;
    }
    closedir(folder);
    *about =
        (struct statvfs){.f_bavail = used < small_bytes ? small_bytes - used : 0, .f_frsize = 1};
    return 0;
}

/* ---- saving */

static shs_status save_later(const struct scene *scene, struct job *job, struct state *state,
                             uint64_t step)
{
    seek(scene, job, step);
    state_fill(state, step);
    return shs_save_with(job->loader, scene->checkpoints, state->tensors, N_STATE,
                         &(shs_save_options){.asynchronous = true});
}

static void comes_back(const struct scene *scene, struct job *job, struct state *state,
                       uint64_t step)
{
    state_fill(state, 7);
    if (CHECK_STATUS(restore(scene, job, state), SHS_OK)) CHECK(state_is(state, step, 7));
    CHECK_EQ(shs_tell(job->loader).step, step);
}

/* ---- a save that is good */

static void test_it_is_there_when_it_is_finished(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 1);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    set_disk(true, 0);
    CHECK_STATUS(save_later(&scene, &job, state, 2), SHS_OK);
    state_fill(state, 99); /* the program goes on */
    seek(&scene, &job, 3);
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(!has_checkpoint(&scene, 2));
    MPI_Barrier(MPI_COMM_WORLD);
    set_disk(false, 0);
    CHECK_STATUS(shs_save_wait(job.loader), SHS_OK);
    CHECK(has_checkpoint(&scene, 2));
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_EQ(count_entries(scene.checkpoints), 2);
    CHECK_STATUS(shs_save_wait(job.loader), SHS_OK); /* nothing to wait for */
    comes_back(&scene, &job, state, 2);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_the_next_save_finishes_it(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    for (uint64_t step = 1; step < 5; step++) {
        CHECK_STATUS(save_later(&scene, &job, state, step), SHS_OK);
        CHECK(step == 1 || has_checkpoint(&scene, step - 1));
    }
    seek(&scene, &job, 5);
    state_fill(state, 5);
    CHECK_STATUS(save(&scene, &job, state), SHS_OK);
    CHECK(has_checkpoint(&scene, 4) && has_checkpoint(&scene, 5));
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_EQ(count_entries(scene.checkpoints), 2);
    comes_back(&scene, &job, state, 5);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* A save needs no more room than shs_save() does: that of one more checkpoint than are kept. */
static void test_room_for_one_more_is_enough(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES + 32];
    struct stat about = {0};
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    CHECK_STATUS(save_later(&scene, &job, state, 1), SHS_OK);
    CHECK_STATUS(shs_save_wait(job.loader), SHS_OK);
    name_checkpoint(&scene, 1, path);
    need(my_rank() || !stat(path, &about), path);
    small_bytes = 3 * (uint64_t)about.st_size;
    small_folder = scene.checkpoints;
    for (uint64_t step = 2; step < 6; step++)
        CHECK_STATUS(save_later(&scene, &job, state, step), SHS_OK);
    CHECK_STATUS(shs_save_wait(job.loader), SHS_OK);
    small_folder = NULL;
    comes_back(&scene, &job, state, 5);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_a_restore_finishes_it(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    CHECK_STATUS(save_later(&scene, &job, state, 2), SHS_OK);
    comes_back(&scene, &job, state, 2);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* The loader is closed first, and with it its claim to the folder, but for the save. */
static void test_closing_the_run_finishes_it(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    CHECK_STATUS(save_later(&scene, &job, state, 2), SHS_OK);
    shs_loader_close(&job.loader);
    shs_dataset_close(&job.data);
    CHECK_STATUS(shs_close(&job.run), SHS_OK);
    CHECK(has_checkpoint(&scene, 2));
    MPI_Barrier(MPI_COMM_WORLD);
    job = scene_open(&scene, MPI_COMM_WORLD);
    comes_back(&scene, &job, state, 2);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_another_loader_of_the_run_goes_on(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    shs_loader *second;
    CHECK_STATUS(save_later(&scene, &job, state, 2), SHS_OK);
    shs_loader_close(&job.loader);
    if (ALL_STATUS(shs_loader_open(job.data, &scene.course.loader, &second), SHS_OK)) {
        job.loader = second;
        comes_back(&scene, &job, state, 2);
        CHECK_STATUS(save_later(&scene, &job, state, 3), SHS_OK);
        CHECK_STATUS(shs_save_wait(job.loader), SHS_OK);
        comes_back(&scene, &job, state, 3);
    }
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* ---- a save that fails */

static void is_told(shs_status status, const char *then)
{
    CHECK(agreed_failure(status, SHS_ERROR_FILE, 0));
    CHECK_HAS(shs_message(),
              "shs_save: the checkpoint of step 2, written in the background: cannot write to "
              "stable storage: ");
    CHECK_HAS(shs_message(), "Input/output error");
    CHECK_HAS(shs_message(), then);
}

enum {
    BY_WAIT,
    BY_SAVE,
    BY_LATE_SAVE,
    BY_CLOSE,
    WAYS
};

static void return_outcome(const struct scene *scene, struct job *job, struct state *state, int way)
{
    state_fill(state, 3);
    seek(scene, job, 3);
    if (way == BY_WAIT) is_told(shs_save_wait(job->loader), "");
    if (way == BY_SAVE) is_told(save(scene, job, state), "; the checkpoint of step 3 is saved");
    if (way == BY_LATE_SAVE)
        is_told(save_later(scene, job, state, 3), "; the checkpoint of step 3 is being saved");
    if (way == BY_CLOSE) {
        shs_loader_close(&job->loader);
        is_told(shs_close(&job->run), "");
    } else {
        CHECK_STATUS(shs_save_wait(job->loader), SHS_OK); /* told once */
        comes_back(scene, job, state, way == BY_WAIT ? 1 : 3);
    }
}

/* Nothing else returns the outcome, and the checkpoint before is still the newest. */
static void test_a_failure_is_returned_once(void)
{
    for (int way = 0; way < WAYS; way++) {
        struct scene scene = scene_begin();
        shs_batch batch;
        make_checkpoint(&scene, 1);
        struct job job = scene_open(&scene, MPI_COMM_WORLD);
        struct state *state = state_new();
        harness_where("way %d", way);
        set_disk(true, 0);
        CHECK_STATUS(save_later(&scene, &job, state, 2), SHS_OK);
        set_disk(false, EIO);
        CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK);
        CHECK_STATUS(shs_agree(job.run), SHS_OK);
        comes_back(&scene, &job, state, 1);
        set_disk(false, 0);
        return_outcome(&scene, &job, state, way);
        MPI_Barrier(MPI_COMM_WORLD);
        CHECK_EQ(count_entries(scene.checkpoints), way == BY_WAIT || way == BY_CLOSE ? 1 : 2);
        MPI_Barrier(MPI_COMM_WORLD);
        harness_where(NULL);
        free(state);
        job_close(&job);
        scene_end(&scene);
    }
}

static void test_contents_that_differ_are_told(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 1);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    seek(&scene, &job, 2);
    state->memory[10][5] = my_rank() == last_rank(); /* the last element of f64 */
    const shs_save_options options = {.asynchronous = true};
    CHECK_STATUS(shs_save_with(job.loader, scene.checkpoints, state->tensors, N_STATE, &options),
                 SHS_OK);
    CHECK(agreed_failure(shs_save_wait(job.loader), SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(), "the tensor f64 has other content here than on rank 0");
    comes_back(&scene, &job, state, 1);
    CHECK_EQ(count_entries(scene.checkpoints), 1);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_ranks_must_save_alike(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    const shs_save_options options = {.asynchronous = my_rank() == last_rank()};
    CHECK(agreed_failure(
        shs_save_with(job.loader, scene.checkpoints, state->tensors, N_STATE, &options),
        SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(), "asynchronous");
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* The ranks are not together any more, so nobody can agree on the save. */
static void test_a_run_that_is_over_gives_it_up(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 1);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    CHECK_STATUS(save_later(&scene, &job, state, 2), SHS_OK);
    if (my_rank() != last_rank()) CHECK_STATUS(shs_agree(job.run), SHS_ERROR_DISAGREE);
    shs_loader_close(&job.loader);
    shs_dataset_close(&job.data);
    shs_status status = shs_close(&job.run);
    CHECK(status == SHS_ERROR_DISAGREE || status == SHS_ERROR_STATE);
    CHECK_HAS(shs_message(), "; the checkpoint of step 2, which was not finished, is given up");
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_EQ(count_entries(scene.checkpoints), 1);
    MPI_Barrier(MPI_COMM_WORLD);
    job = scene_open(&scene, MPI_COMM_WORLD);
    comes_back(&scene, &job, state, 1);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* ---- a process that is killed */

/* Local. A process that saves in the background, and is killed while the disk does not answer. */
static void save_and_be_killed(const struct scene *scene)
{
    int pipes[2], code = 0;
    char byte = 0;
    need(pipe(pipes) == 0, "a pipe");
    pid_t child = fork();
    if (child == 0) {
        struct job job = scene_open(scene, MPI_COMM_NULL);
        set_disk(true, 0);
        bool good = save_later(scene, &job, state_new(), 2) == SHS_OK;
        need(write(pipes[1], good ? "y" : "n", 1) == 1, "a pipe");
        for (;;)
            pause();
    }
    close(pipes[1]);
    need(child > 0 && read(pipes[0], &byte, 1) == 1, "a child");
    CHECK_EQ(byte, 'y');
    need(kill(child, SIGKILL) == 0 && waitpid(child, &code, 0) == child, "killing a child");
    close(pipes[0]);
}

/* Under the thread sanitizer a process cannot start threads after a fork. */
static void test_a_killed_process_leaves_the_one_before(void)
{
    if (CORE_SANITIZED) return;
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 1);
    if (my_rank() == 0) save_and_be_killed(&scene);
    MPI_Barrier(MPI_COMM_WORLD);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    comes_back(&scene, &job, state, 1);
    CHECK(shs_notice() == NULL);
    CHECK_STATUS(save_later(&scene, &job, state, 2), SHS_OK); /* over what was left */
    CHECK_STATUS(shs_save_wait(job.loader), SHS_OK);
    comes_back(&scene, &job, state, 2);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_EQ(count_entries(scene.checkpoints), 2);
    free(state);
    job_close(&job);
    scene_end(&scene);
}

/* ---- a program that does not close its run */

/* The run that is open when MPI ends, and what it tells then. */
static shs_run *unclosed;
static char told[MESSAGE_BYTES];

static void note_report(void *user, shs_report_kind kind, const char *text)
{
    (void)user;
    if (kind == SHS_REPORT_CHECKPOINT) snprintf(told, sizeof told, "%s", text);
}

static void test_a_run_is_left_open(void)
{
    struct scene scene = scene_begin();
    struct state *state = state_new();
    shs_dataset *data = NULL;
    shs_loader *loader = NULL;
    const shs_run_options options = {
        .seed = 42, .vranks = scene.course.vranks, .report = note_report};
    need(!shs_open(MPI_COMM_WORLD, &options, &unclosed), "shs_open");
    need(!shs_dataset_open(unclosed, scene.path, samples_fields, NULL, &data), "the dataset");
    need(!shs_loader_open(data, &scene.course.loader, &loader), "the loader");
    state_fill(state, 1);
    set_disk(false, EIO);
    CHECK_STATUS(shs_save_with(loader, scene.checkpoints, state->tensors, N_STATE,
                               &(shs_save_options){.asynchronous = true}),
                 SHS_OK);
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    free(state);
    scene_end(&scene);
}

/* After MPI_Finalize(). */
static bool is_told_at_the_end(void)
{
    static const char words[] = "rank 0: MPI_Finalize: rank 0: shs_save: the checkpoint of step 0, "
                                "written in the background: ";
    bool expected = unclosed && shs_info(unclosed).rank == 0;
    if (!expected || strstr(told, words)) return true;
    printf("checkpoint_later: MPI_Finalize() told «%s», not «%s...»\n", told, words);
    return false;
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
    shs_status status = save_later(attempt->scene, attempt->job, attempt->state, 1);
    shs_status outcome = shs_save_wait(attempt->job->loader);
    return status ? status : outcome;
}

static void test_memory_runs_out(void)
{
    for (int poor = 0; poor<all_ranks(); poor += all_ranks()> 1 ? last_rank() : 1) {
        struct scene scene = scene_begin();
        struct job job = scene_open(&scene, MPI_COMM_WORLD);
        struct attempt attempt = {&scene, &job, state_new()};
        CHECK(survives_scarcity(poor, save_attempt, &attempt));
        CHECK_EQ(count_entries(scene.checkpoints), 1);
        MPI_Barrier(MPI_COMM_WORLD);
        comes_back(&scene, &job, attempt.state, 1);
        free(attempt.state);
        job_close(&job);
        scene_end(&scene);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"it is there when it is finished", test_it_is_there_when_it_is_finished},
        {"the next save finishes it", test_the_next_save_finishes_it},
        {"room for one more is enough", test_room_for_one_more_is_enough},
        {"a restore finishes it", test_a_restore_finishes_it},
        {"closing the run finishes it", test_closing_the_run_finishes_it},
        {"another loader of the run goes on", test_another_loader_of_the_run_goes_on},
        {"a failure is returned once", test_a_failure_is_returned_once},
        {"contents that differ are told", test_contents_that_differ_are_told},
        {"ranks must save alike", test_ranks_must_save_alike},
        {"a run that is over gives it up", test_a_run_that_is_over_gives_it_up},
        {"a killed process leaves the one before", test_a_killed_process_leaves_the_one_before},
        {"memory runs out", test_memory_runs_out},
        {"a run is left open", test_a_run_is_left_open},
    };
    main_thread = pthread_self();
    int code =
        harness_main_ranks("checkpoint_later", tests, sizeof tests / sizeof *tests, argc, argv);
    return is_told_at_the_end() ? code : 1;
}
