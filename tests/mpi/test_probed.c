/* Files tried out before they are opened, on several ranks. SHARDSTEP_PROGRAM is the program. */
#include <signal.h>
#include <sys/stat.h>

#include "samples.h"

static const struct h5_storage chunked = {.chunk_rows = 4, .deflate = 1};

enum {
    ROWS = 11
};

struct scene {
    shs_run *run;
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
};

static struct scene scene_begin(void)
{
    struct scene scene;
    need(!shs_open(MPI_COMM_WORLD, NULL, &scene.run), "shs_open");
    folder_make(scene.folder);
    samples_own(scene.folder, ROWS, chunked, scene.path);
    MPI_Barrier(MPI_COMM_WORLD);
    return scene;
}

static void scene_end(struct scene *scene)
{
    shs_close(&scene->run);
    folder_remove(scene->folder);
}

/* A rank's own script in the program's place. */
static void write_script(const struct scene *scene, const char *text, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%.450s/program-%d", scene->folder, my_rank());
    FILE *file = fopen(path, "w");
    need(file && fprintf(file, "#!/bin/sh\n%s\n", text) > 0 && fclose(file) == 0, path);
    need(chmod(path, 0755) == 0, path);
}

static shs_status open_and_close(const struct scene *scene, const char *path, const char *fields,
                                 const shs_dataset_options *options)
{
    shs_dataset *data;
    shs_status status = shs_dataset_open(scene->run, path, fields, options, &data);
    CHECK_EQ(data != NULL, status == SHS_OK);
    CHECK(!data || shs_dataset_samples(data) == ROWS);
    shs_dataset_close(&data);
    return status;
}

static void test_a_good_file_opens(void)
{
    const shs_dataset_options options = {.probe = true, .probe_program = SHARDSTEP_PROGRAM};
    struct scene scene = scene_begin();
    CHECK_STATUS(open_and_close(&scene, scene.path, samples_fields, &options), SHS_OK);
    signal(SIGCHLD, SIG_IGN);
    CHECK_STATUS(open_and_close(&scene, scene.path, " images", &options), SHS_OK);
    signal(SIGCHLD, SIG_DFL);
    scene_end(&scene);
}

static void test_a_clean_error_is_that_of_opening(void)
{
    const shs_dataset_options options = {.probe = true, .probe_program = SHARDSTEP_PROGRAM};
    struct scene scene = scene_begin();
    char plain[MESSAGE_BYTES];
    for (int failing = 0; failing < all_ranks(); failing++) {
        const char *fields = my_rank() == failing ? "images,faces" : samples_fields;
        shs_status status = open_and_close(&scene, scene.path, fields, NULL);
        CHECK(agreed_failure(status, SHS_ERROR_FILE, failing));
        snprintf(plain, sizeof plain, "%s", shs_message());
        status = open_and_close(&scene, scene.path, fields, &options);
        CHECK(agreed_failure(status, SHS_ERROR_FILE, failing));
        CHECK_TEXT(shs_message(), plain);
    }
    scene_end(&scene);
}

/* On each rank from `first` on. */
static void fail_on_one(int first, const char *script, shs_status expected, const char *words)
{
    struct scene scene = scene_begin();
    char program[PATH_BYTES];
    write_script(&scene, script, program);
    for (int failing = first; failing < all_ranks(); failing++) {
        const shs_dataset_options options = {
            .probe = true,
            .probe_seconds = my_rank() == failing ? 1 : 60,
            .probe_program = my_rank() == failing ? program : SHARDSTEP_PROGRAM};
        shs_status status = open_and_close(&scene, scene.path, samples_fields, &options);
        CHECK(agreed_failure(status, expected, failing));
        CHECK_HAS(shs_message(), "shs_dataset_open: ");
        CHECK_HAS(shs_message(), words);
    }
    scene_end(&scene);
}

static void test_a_crash_on_one_rank(void)
{
    fail_on_one(0, "kill -SEGV $$", SHS_ERROR_FORMAT, "signal 11");
}

static void test_a_delay_on_one_rank(void)
{
    fail_on_one(last_rank(), "exec sleep 1000", SHS_ERROR_FILE, "took more than 1 s");
}

static void test_no_program_on_one_rank(void)
{
    fail_on_one(0, "exit 0", SHS_ERROR_FILE, "gave no proper answer");
    struct scene scene = scene_begin();
    const shs_dataset_options options = {
        .probe = true,
        .probe_program = my_rank() == last_rank() ? scene.folder : SHARDSTEP_PROGRAM};
    shs_status status = open_and_close(&scene, scene.path, samples_fields, &options);
    CHECK(agreed_failure(status, SHS_ERROR_FILE, last_rank()));
    CHECK_HAS(shs_message(), "probe_program");
    scene_end(&scene);
}

static void test_without_the_option_nothing_is_started(void)
{
    struct scene scene = scene_begin();
    const shs_dataset_options options = {.probe_program = "/nowhere", .probe_seconds = 1};
    CHECK_STATUS(open_and_close(&scene, scene.path, samples_fields, &options), SHS_OK);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a good file opens", test_a_good_file_opens},
        {"a clean error is that of opening", test_a_clean_error_is_that_of_opening},
        {"a crash on one rank", test_a_crash_on_one_rank},
        {"a delay on one rank", test_a_delay_on_one_rank},
        {"no program on one rank", test_no_program_on_one_rank},
        {"without the option nothing is started", test_without_the_option_nothing_is_started},
    };
    return harness_main_ranks("probed", tests, sizeof tests / sizeof *tests, argc, argv);
}
