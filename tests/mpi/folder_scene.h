/* Folders of checkpoints: how they are written, how their files are changed, and what a run that
 * restores is told. */
#ifndef FOLDER_SCENE_H
#define FOLDER_SCENE_H

#include <sys/stat.h>
#include <unistd.h>

#include "batches.h"
#include "shardstep/checkpoint.h"

enum {
    ROWS = 53
};

/* In folder_locks.c: whether files are as on a file system without locks. */
extern bool no_locks;

struct scene {
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
    char checkpoints[PATH_BYTES];
    struct course course;
};

static inline struct scene scene_begin(void)
{
    static const struct h5_storage contiguous = {0};
    struct scene scene = {
        .course = {42, 2 * (uint64_t)all_ranks(), ROWS, {.batch = 1, .epochs = 2}}};
    folder_make(scene.folder);
    samples_shared(scene.folder, "samples.h5", ROWS, contiguous, scene.path);
    snprintf(scene.checkpoints, PATH_BYTES, "%.400s/checkpoints", scene.folder);
    no_locks = false;
    return scene;
}

static inline struct job scene_open(const struct scene *scene)
{
    return course_open(&scene->course, MPI_COMM_WORLD, scene->path);
}

static inline void seek(const struct scene *scene, struct job *job, uint64_t step)
{
    uint64_t steps = course_steps(&scene->course);
    need(!shs_seek(job->loader, (shs_cursor){step / steps, step % steps, step}), "shs_seek");
}

static inline shs_status save(const struct scene *scene, struct job *job)
{
    return shs_save(job->loader, scene->checkpoints, NULL, 0);
}

static inline shs_status restore(const struct scene *scene, struct job *job)
{
    return shs_restore(job->loader, scene->checkpoints, NULL, 0);
}

static inline void make_checkpoint(const struct scene *scene, uint64_t step)
{
    struct job job = scene_open(scene);
    seek(scene, &job, step);
    need(!save(scene, &job), "shs_save");
    job_close(&job);
}

static inline void path_of(const struct scene *scene, const char *name, char path[2 * PATH_BYTES])
{
    snprintf(path, 2 * PATH_BYTES, "%s/%s", scene->checkpoints, name);
}

static inline bool is_there(const struct scene *scene, const char *name)
{
    char path[2 * PATH_BYTES];
    struct stat about;
    path_of(scene, name, path);
    return stat(path, &about) == 0;
}

/* Collective. Writes a file of the folder; text NULL removes it. */
static inline void put(const struct scene *scene, const char *name, const char *text)
{
    char path[2 * PATH_BYTES];
    path_of(scene, name, path);
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0 && !text) need(remove(path) == 0, path);
    if (my_rank() == 0 && text) {
        FILE *file = fopen(path, "w");
        need(file && fputs(text, file) >= 0 && fclose(file) == 0, path);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

/* What a new loader's restore says; the step where it then stands. */
static inline shs_status try_restore(const struct scene *scene, uint64_t *step)
{
    struct job job = scene_open(scene);
    shs_status status = restore(scene, &job);
    *step = shs_tell(job.loader).step;
    job_close(&job);
    return status;
}

static inline void refuses(const struct scene *scene, shs_status expected, const char *cause,
                           const char *way_out)
{
    uint64_t step;
    CHECK(agreed_failure(try_restore(scene, &step), expected, 0));
    CHECK_EQ(step, 0);
    CHECK_HAS(shs_message(), cause);
    CHECK_HAS(shs_message(), way_out);
}

static inline void goes_on_from(const struct scene *scene, uint64_t expected)
{
    uint64_t step;
    CHECK_STATUS(try_restore(scene, &step), SHS_OK);
    CHECK_EQ(step, expected);
}

/* Collective. Nothing is there to go on from. */
static inline void begins_anew(const struct scene *scene)
{
    uint64_t step;
    if (CHECK_STATUS(try_restore(scene, &step), SHS_NO_CHECKPOINT)) CHECK_EQ(step, 0);
}

/* ---- The tests of folder_locks.c. */

void test_a_folder_is_locked_for_the_run(void);
void test_loaders_of_one_process_may_take_turns(void);
void test_another_runs_checkpoints_are_left_alone(void);
void test_another_that_has_saved_meanwhile_is_noticed(void);
void test_a_run_that_comes_again_goes_on(void);
void test_a_loader_may_use_several_folders(void);
void test_a_folder_that_differs_between_ranks_is_refused(void);

#endif
