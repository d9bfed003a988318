/* Folders of checkpoints: what `latest` says is true or an error, and a way out is told. That no
 * run writes into another's folder is in folder_locks.c. */
#include <errno.h>
#include <sys/syscall.h>

#include "folder_scene.h"

/* The way out that most refusals tell. */
static const char to_the_one_before[] =
    "to go on from step-0000000002.h5, the checkpoint before it, remove the first line of";

/* ---- latest */

static void test_a_checkpoint_that_is_gone_is_told(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    put(&scene, "step-0000000002.h5", NULL);
    refuses(&scene, SHS_ERROR_FILE, "checkpoints/latest names step-0000000002.h5",
            "no other checkpoint is there: to start anew, remove");
    put(&scene, "latest", NULL);
    begins_anew(&scene);
    folder_remove(scene.folder);
}

static void test_the_one_before_is_not_taken_in_silence(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    make_checkpoint(&scene, 3);
    put(&scene, "step-0000000003.h5", NULL);
    refuses(&scene, SHS_ERROR_FILE, "latest names step-0000000003.h5", to_the_one_before);
    put(&scene, "latest", "step-0000000002.h5\n");
    goes_on_from(&scene, 2);
    put(&scene, "latest", "step-0000000009.h5\nstep-0000000008.h5\n");
    refuses(&scene, SHS_ERROR_FILE, "latest names step-0000000009.h5",
            "to go on from step-0000000002.h5, the newest other one, write that name alone into");
    folder_remove(scene.folder);
}

static void test_a_save_over_a_lost_checkpoint_is_refused(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    make_checkpoint(&scene, 3);
    put(&scene, "step-0000000003.h5", NULL);
    struct job job = scene_open(&scene);
    CHECK(agreed_failure(save(&scene, &job), SHS_ERROR_FILE, 0));
    CHECK_HAS(shs_message(), "latest names step-0000000003.h5");
    CHECK(is_there(&scene, "step-0000000002.h5"));
    CHECK(!is_there(&scene, "step-0000000000.h5"));
    job_close(&job);
    folder_remove(scene.folder);
}

static void test_checkpoints_without_latest_are_told(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    make_checkpoint(&scene, 3);
    put(&scene, "latest", NULL);
    refuses(&scene, SHS_ERROR_FILE, "has checkpoints, but no file latest",
            "to go on from step-0000000003.h5, the newest other one, write that name alone into");
    put(&scene, "latest", "step-0000000003.h5"); /* as a hand writes it */
    goes_on_from(&scene, 3);
    folder_remove(scene.folder);
}

static void test_a_latest_that_names_nothing_is_told(void)
{
    static const char *const texts[] = {"",
                                        "\n\n",
                                        "step-9.h5\n",
                                        "../samples.h5\n",
                                        "junk",
                                        "run me\n",
                                        "step-0000000002.h5\nx\n"};
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put(&scene, "latest", texts[i]);
        refuses(&scene, SHS_ERROR_FORMAT, "where the name of a checkpoint such as",
                "write that name alone into");
    }
    folder_remove(scene.folder);
}

/* On rank 0: puts something else in the place of the file latest. */
static void put_odd(const struct scene *scene, const char *kind)
{
    char path[2 * PATH_BYTES];
    path_of(scene, "latest", path);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) {
        need(!remove(path), path);
        if (!strcmp(kind, "a folder")) need(!mkdir(path, 0777), path);
        if (!strcmp(kind, "no plain file")) need(!mkfifo(path, 0666), path);
        if (!strcmp(kind, "a symbolic link to nothing")) need(!symlink("gone", path), path);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static void test_a_latest_that_is_no_file_is_told(void)
{
    static const char *const kinds[] = {"a folder", "no plain file", "a symbolic link to nothing"};
    struct scene scene = scene_begin();
    char words[64], name[32];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        make_checkpoint(&scene, 2);
        put_odd(&scene, kinds[i]);
        snprintf(words, sizeof words, "/latest is %s, where the file must be", kinds[i]);
        refuses(&scene, SHS_ERROR_FILE, words,
                "remove it; to go on from step-0000000002.h5, the newest other one, write that "
                "name alone into");
        struct job job = scene_open(&scene);
        CHECK(agreed_failure(save(&scene, &job), SHS_ERROR_FILE, 0));
        CHECK_HAS(shs_message(), words);
        job_close(&job);
        snprintf(name, sizeof name, "step-%010d.h5", 2);
        put(&scene, name, NULL);
        refuses(&scene, SHS_ERROR_FILE, words, "to start anew, remove");
        put(&scene, "latest", NULL);
    }
    folder_remove(scene.folder);
}

/* What a first save leaves that was killed before its end: a file that nothing names. */
static void test_a_first_save_that_was_killed_is_no_checkpoint(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    put(&scene, "latest", "none\nrun process 1 on elsewhere\n");
    begins_anew(&scene);
    make_checkpoint(&scene, 1);
    CHECK(is_there(&scene, "step-0000000001.h5"));
    CHECK(!is_there(&scene, "step-0000000002.h5"));
    goes_on_from(&scene, 1);
    folder_remove(scene.folder);
}

/* ---- the folder cannot be written in */

/* Collective. As a user whom permissions bind, which root is not. */
static shs_status restore_as_nobody(const struct scene *scene)
{
    struct job job = scene_open(scene);
    bool is_root = geteuid() == 0;
    if (is_root) need(seteuid(65534) == 0, "seteuid");
    shs_status status = restore(scene, &job);
    if (is_root) need(seteuid(0) == 0, "seteuid back");
    job_close(&job);
    return status;
}

/* Collective. */
static void permit(const char *path, mode_t mode)
{
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) need(chmod(path, mode) == 0, path);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void test_a_run_that_could_not_save_is_told_at_its_beginning(void)
{
    struct scene scene = scene_begin();
    permit(scene.folder, 0555); /* the folder cannot be made */
    CHECK(agreed_failure(restore_as_nobody(&scene), SHS_ERROR_FILE, 0));
    CHECK_HAS(shs_message(), "shs_restore: cannot make the folder ");
    CHECK_HAS(shs_message(), "Permission denied; its parent must exist and be writable");
    permit(scene.folder, 0755);
    uint64_t step;
    CHECK_STATUS(try_restore(&scene, &step), SHS_NO_CHECKPOINT);
    permit(scene.checkpoints, 0555); /* it is there, but read-only */
    CHECK(agreed_failure(restore_as_nobody(&scene), SHS_ERROR_FILE, 0));
    CHECK_HAS(shs_message(), "shs_restore: cannot write in the folder ");
    CHECK_HAS(shs_message(), "Permission denied; make it writable, or give another folder");
    permit(scene.checkpoints, 0755);
    snprintf(scene.checkpoints, PATH_BYTES, "%.400s/no/checkpoints", scene.folder);
    refuses(&scene, SHS_ERROR_FILE, "cannot make the folder ", "its parent must exist");
    folder_remove(scene.folder);
}

static void test_a_read_only_folder_with_a_checkpoint_is_good(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    permit(scene.folder, 0755);
    permit(scene.checkpoints, 0555);
    CHECK_STATUS(restore_as_nobody(&scene), SHS_OK);
    permit(scene.checkpoints, 0755);
    folder_remove(scene.folder);
}

/* ---- the newest checkpoint is something else */

static void make_instead(const struct scene *scene, const char *what)
{
    char path[2 * PATH_BYTES];
    path_of(scene, "step-0000000003.h5", path);
    put(scene, "step-0000000003.h5", NULL);
    if (my_rank() == 0 && !strcmp(what, "a folder")) need(!mkdir(path, 0777), path);
    if (my_rank() == 0 && !strcmp(what, "a named pipe")) need(!mkfifo(path, 0666), path);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void refuses_instead(const char *what, shs_status expected, const char *cause)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    make_checkpoint(&scene, 3);
    make_instead(&scene, what);
    refuses(&scene, expected, cause, to_the_one_before);
    put(&scene, "latest", "step-0000000003.h5\nstep-0000000002.h5\n"); /* no checksums */
    refuses(&scene, expected, "step-0000000003.h5", to_the_one_before);
    put(&scene, "latest", "step-0000000002.h5\n");
    goes_on_from(&scene, 2);
    folder_remove(scene.folder);
}

static void test_what_stands_in_its_place_is_told_with_a_way_out(void)
{
    refuses_instead("a folder", SHS_ERROR_FILE, "it is a folder");
    refuses_instead("a named pipe", SHS_ERROR_FILE, "it is a named pipe");
}

/* A text in the place of the newest checkpoint: its bytes say that it is damaged. */
static void test_a_damaged_checkpoint_gives_way_to_the_one_before(void)
{
    struct scene scene = scene_begin();
    make_checkpoint(&scene, 2);
    make_checkpoint(&scene, 3);
    put(&scene, "step-0000000003.h5", "no HDF5 file\n");
    goes_on_from(&scene, 2);
    const char *notice = shs_notice();
    if (my_rank() == 0)
        CHECK_HAS(notice ? notice : "", "step-0000000003.h5 is damaged");
    else
        CHECK(notice == NULL);
    put(&scene, "latest", "step-0000000003.h5\nstep-0000000002.h5\n"); /* no checksums */
    goes_on_from(&scene, 2);
    notice = shs_notice();
    if (my_rank() == 0) CHECK_HAS(notice ? notice : "", "it is no HDF5 file");
    folder_remove(scene.folder);
}

static void test_a_folder_named_as_a_checkpoint_stays(void)
{
    struct scene scene = scene_begin();
    char path[2 * PATH_BYTES];
    make_checkpoint(&scene, 1);
    path_of(&scene, "step-0000000009.h5", path);
    if (my_rank() == 0) need(!mkdir(path, 0777), path);
    make_checkpoint(&scene, 2);
    make_checkpoint(&scene, 3);
    CHECK(is_there(&scene, "step-0000000009.h5"));
    CHECK(!is_there(&scene, "step-0000000001.h5"));
    folder_remove(scene.folder);
}

/* ---- a disk that fails */

/* How many calls of fsync() are good before one fails; below 0: all. */
static int good_syncs = -1;

int fsync(int file)
{
    if (good_syncs < 0 || good_syncs-- > 0) return (int)syscall(SYS_fsync, file);
    errno = EIO;
    return -1;
}

/* Whichever of its steps fails, a save loses nothing: the folder has the checkpoint before it or
 * the new one, and the run may save again. */
static void test_a_save_that_cannot_be_made_durable(void)
{
    bool failed = true;
    for (int good = 0; good < 14; good++) {
        struct scene scene = scene_begin();
        uint64_t step;
        if (good % 2) make_checkpoint(&scene, 2);
        struct job job = scene_open(&scene);
        seek(&scene, &job, 3);
        good_syncs = my_rank() == 0 ? good / 2 : -1;
        shs_status status = save(&scene, &job);
        good_syncs = -1;
        failed = status != SHS_OK;
        if (failed) CHECK(agreed_failure(status, SHS_ERROR_FILE, 0));
        if (failed) CHECK_HAS(shs_message(), "Input/output error");
        CHECK_IS(restore(&scene, &job), >=, 0);
        step = shs_tell(job.loader).step;
        CHECK(step == 3 || (failed && step == 2));
        CHECK_STATUS(save(&scene, &job), SHS_OK);
        job_close(&job);
        CHECK_STATUS(try_restore(&scene, &step), SHS_OK);
        folder_remove(scene.folder);
    }
    CHECK(!failed); /* all steps have failed once */
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a checkpoint that is gone is told", test_a_checkpoint_that_is_gone_is_told},
        {"the one before is not taken in silence", test_the_one_before_is_not_taken_in_silence},
        {"a save over a lost checkpoint is refused", test_a_save_over_a_lost_checkpoint_is_refused},
        {"checkpoints without latest are told", test_checkpoints_without_latest_are_told},
        {"a latest that names nothing is told", test_a_latest_that_names_nothing_is_told},
        {"a latest that is no file is told", test_a_latest_that_is_no_file_is_told},
        {"a first save that was killed is no checkpoint",
         test_a_first_save_that_was_killed_is_no_checkpoint},
        {"a run that could not save is told at its beginning",
         test_a_run_that_could_not_save_is_told_at_its_beginning},
        {"a read-only folder with a checkpoint is good",
         test_a_read_only_folder_with_a_checkpoint_is_good},
        {"what stands in its place is told with a way out",
         test_what_stands_in_its_place_is_told_with_a_way_out},
        {"a damaged checkpoint gives way to the one before",
         test_a_damaged_checkpoint_gives_way_to_the_one_before},
        {"a folder named as a checkpoint stays", test_a_folder_named_as_a_checkpoint_stays},
        {"a save that cannot be made durable", test_a_save_that_cannot_be_made_durable},
        {"a folder is locked for the run", test_a_folder_is_locked_for_the_run},
        {"loaders of one process may take turns", test_loaders_of_one_process_may_take_turns},
        {"another run's checkpoints are left alone", test_another_runs_checkpoints_are_left_alone},
        {"another that has saved meanwhile is noticed",
         test_another_that_has_saved_meanwhile_is_noticed},
        {"a run that comes again goes on", test_a_run_that_comes_again_goes_on},
        {"a loader may use several folders", test_a_loader_may_use_several_folders},
        {"a folder that differs between ranks is refused",
         test_a_folder_that_differs_between_ranks_is_refused},
    };
    return harness_main_ranks("folder", tests, sizeof tests / sizeof *tests, argc, argv);
}
