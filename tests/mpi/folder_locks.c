/* One run a folder: no run writes into the folder of another one, with locks and on file systems
 * without. */
#include <errno.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "folder_scene.h"

bool no_locks;

int flock(int file, int operation)
{
    if (!no_locks) return (int)syscall(SYS_flock, file, operation);
    errno = ENOLCK;
    return -1;
}

static void refuses_save(const struct scene *scene, struct job *job, shs_status expected,
                         const char *cause)
{
    CHECK(agreed_failure(save(scene, job), expected, 0));
    CHECK_HAS(shs_message(), cause);
    CHECK_HAS(shs_message(), "give each run a folder of its own, each task of a job array too");
}

/* Local. What another process is told that saves or restores; "" if it may. */
static void ask_elsewhere(const struct scene *scene, bool saves, char message[MESSAGE_BYTES])
{
    int pipes[2];
    memset(message, 0, MESSAGE_BYTES);
    need(pipe(pipes) == 0, "a pipe");
    pid_t child = fork();
    if (child == 0) {
        struct job job = course_open(&scene->course, MPI_COMM_NULL, scene->path);
        shs_status status = saves ? save(scene, &job) : restore(scene, &job);
        if (status == SHS_ERROR_FILE)
            snprintf(message, MESSAGE_BYTES, "%s", shs_message());
        else if (status < 0)
            snprintf(message, MESSAGE_BYTES, "another error: %s", shs_message());
        _exit(write(pipes[1], message, MESSAGE_BYTES) == MESSAGE_BYTES ? 0 : 1);
    }
    bool told = read(pipes[0], message, MESSAGE_BYTES) == MESSAGE_BYTES;
    int code = -1;
    need(child > 0 && waitpid(child, &code, 0) == child && code == 0 && told, "a child");
    close(pipes[0]);
    close(pipes[1]);
}

static bool elsewhere_has(const struct scene *scene, bool saves, const char *text)
{
    char message[MESSAGE_BYTES];
    bool has = true;
    if (my_rank() == 0) {
        ask_elsewhere(scene, saves, message);
        has = text ? CHECK_HAS(message, text) : CHECK_TEXT(message, "");
    }
    MPI_Barrier(MPI_COMM_WORLD);
    return has;
}

void test_a_folder_is_locked_for_the_run(void)
{
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene);
    char owner[64];
    snprintf(owner, sizeof owner, "checkpoints is locked: process %ld on ", (long)getpid());
    CHECK_STATUS(save(&scene, &job), SHS_OK);
    for (int again = 0; again < 2; again++) {
        CHECK(elsewhere_has(&scene, true, owner));
        CHECK(elsewhere_has(&scene, true, "uses it; give each run a folder of its own"));
        CHECK(elsewhere_has(&scene, false, owner));
        CHECK_STATUS(save(&scene, &job), SHS_OK);
    }
    job_close(&job);
    CHECK(elsewhere_has(&scene, false, NULL));
    job = scene_open(&scene);
    CHECK_STATUS(restore(&scene, &job), SHS_OK);
    CHECK(elsewhere_has(&scene, true, owner));
    job_close(&job);
    CHECK(elsewhere_has(&scene, true, NULL));
    folder_remove(scene.folder);
}

/* Within a process nothing happens at the same time. */
void test_loaders_of_one_process_may_take_turns(void)
{
    struct scene scene = scene_begin();
    struct job one = scene_open(&scene), other = scene_open(&scene);
    CHECK_STATUS(save(&scene, &one), SHS_OK);
    if (CHECK_STATUS(restore(&scene, &other), SHS_OK)) CHECK_STATUS(save(&scene, &other), SHS_OK);
    job_close(&one);
    CHECK_STATUS(save(&scene, &other), SHS_OK);
    CHECK(elsewhere_has(&scene, true, "checkpoints is locked: process "));
    job_close(&other);
    folder_remove(scene.folder);
}

void test_another_runs_checkpoints_are_left_alone(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    make_checkpoint(&scene, 3);
    scene.course.seed = 43;
    struct job job = scene_open(&scene);
    CHECK(agreed_failure(save(&scene, &job), SHS_ERROR_MISMATCH, 0));
    CHECK_HAS(shs_message(), "each run needs a folder of its own, each task of a job array too");
    CHECK_HAS(shs_message(), "it has «seed = 42», this run has «seed = 43»");
    CHECK(is_there(&scene, "step-0000000002.h5"));
    CHECK(is_there(&scene, "step-0000000003.h5"));
    CHECK(!is_there(&scene, "step-0000000000.h5"));
    CHECK_STATUS(restore(&scene, &job), SHS_ERROR_MISMATCH);
    CHECK_STATUS(save(&scene, &job), SHS_ERROR_MISMATCH);
    job_close(&job);
    folder_remove(scene.folder);
}

/* Two runs of the same seed, one of which has looked before the other saved. */
static void two_runs_take_turns(bool locks, bool look)
{
    struct scene scene = scene_begin();
    no_locks = !locks;
    struct job one = scene_open(&scene), other = scene_open(&scene);
    if (look) CHECK_STATUS(restore(&scene, &other), SHS_NO_CHECKPOINT);
    seek(&scene, &one, 4);
    CHECK_STATUS(save(&scene, &one), SHS_OK);
    if (locks) job_close(&one);
    if (look) {
        refuses_save(&scene, &other, SHS_ERROR_FILE, "is not this run's alone: process ");
        CHECK(is_there(&scene, "step-0000000004.h5"));
        CHECK(!is_there(&scene, "step-0000000000.h5"));
    } else {
        CHECK_STATUS(save(&scene, &other), SHS_OK);
        refuses_save(&scene, &one, SHS_ERROR_FILE, "is not this run's alone: process ");
    }
    if (!locks) job_close(&one);
    job_close(&other);
    folder_remove(scene.folder);
}

void test_another_that_has_saved_meanwhile_is_noticed(void)
{
    two_runs_take_turns(true, true);
    two_runs_take_turns(false, true);
    two_runs_take_turns(false, false);
}

/* A run that crashed comes again, with locks and without. */
void test_a_run_that_comes_again_goes_on(void)
{
    for (int locks = 0; locks < 2; locks++) {
        struct scene scene = scene_begin();
        no_locks = !locks;
        make_checkpoint(&scene, 2);
        put(&scene, ".lock", "process 1 on a machine that is gone\n");
        struct job job = scene_open(&scene);
        if (CHECK_STATUS(restore(&scene, &job), SHS_OK)) CHECK_EQ(shs_tell(job.loader).step, 2);
        for (uint64_t step = 3; step < 6; step++) {
            seek(&scene, &job, step);
            CHECK_STATUS(save(&scene, &job), SHS_OK);
        }
        job_close(&job);
        goes_on_from(&scene, 5);
        folder_remove(scene.folder);
    }
}

void test_a_loader_may_use_several_folders(void)
{
    struct scene scene = scene_begin();
    char best[PATH_BYTES];
    struct job job = scene_open(&scene);
    snprintf(best, sizeof best, "%.400s/best/", scene.folder);
    for (int round = 0; round < 2; round++) {
        CHECK_STATUS(save(&scene, &job), SHS_OK);
        CHECK_STATUS(shs_save(job.loader, best, NULL, 0), SHS_OK);
        best[strlen(best) - 1] = '\0'; /* the same folder by another name */
    }
    job_close(&job);
    folder_remove(scene.folder);
}

void test_a_folder_that_differs_between_ranks_is_refused(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    struct job job = scene_open(&scene);
    char other[PATH_BYTES], cause[PATH_BYTES];
    const char *mine = my_rank() == last_rank() ? other : scene.checkpoints;
    snprintf(other, sizeof other, "%.400s/elsewhere", scene.folder);
    CHECK(agreed_failure(shs_save(job.loader, mine, NULL, 0), SHS_ERROR_DISAGREE, last_rank()));
    snprintf(cause, sizeof cause, "called shs_save(folder %.400s,", other);
    CHECK_HAS(shs_message(), cause);
    snprintf(cause, sizeof cause, "rank 0 called shs_save(folder %.400s,", scene.checkpoints);
    CHECK_HAS(shs_message(), cause);
    CHECK(agreed_failure(shs_restore(job.loader, mine, NULL, 0), SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(), "rank 0 called shs_restore(folder ");
    /* paths that differ at the end only, too long to be told whole */
    memset(scene.checkpoints + strlen(scene.folder) + 1, 'x', 200);
    scene.checkpoints[strlen(scene.folder) + 201] = '\0';
    snprintf(other, sizeof other, "%.500sx", scene.checkpoints);
    CHECK(agreed_failure(shs_save(job.loader, mine, NULL, 0), SHS_ERROR_DISAGREE, last_rank()));
    job_close(&job);
    folder_remove(scene.folder);
}
