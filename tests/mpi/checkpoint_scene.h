/* A folder with data and checkpoints, and a state of tensors of all types. */
#ifndef CHECKPOINT_SCENE_H
#define CHECKPOINT_SCENE_H

#include <dirent.h>
#include <sys/stat.h>

#include "batches.h"
#include "shardstep/checkpoint.h"

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

static inline struct scene scene_begin(void)
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

static inline void scene_end(const struct scene *scene)
{
    folder_remove(scene->folder);
}

static inline struct job scene_open(const struct scene *scene, MPI_Comm comm)
{
    return course_open(&scene->course, comm, scene->path);
}

static inline bool same_cursor(shs_cursor came, shs_cursor expected)
{
    return CHECK_EQ(came.epoch, expected.epoch) && CHECK_EQ(came.epoch_step, expected.epoch_step) &&
           CHECK_EQ(came.step, expected.step);
}

static inline shs_cursor cursor_of(const struct scene *scene, uint64_t step)
{
    uint64_t steps = course_steps(&scene->course);
    return (shs_cursor){step / steps, step % steps, step};
}

static inline void seek(const struct scene *scene, struct job *job, uint64_t step)
{
    need(shs_seek(job->loader, cursor_of(scene, step)) == SHS_OK, "shs_seek");
}

/* Local. What lies in a folder, beside the name of the checkpoint saved last. */
static inline size_t count_entries(const char *folder)
{
    size_t count = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        count += entry->d_name[0] != '.' && strcmp(entry->d_name, "latest") != 0;
    if (directory) closedir(directory);
    return count;
}

static inline void name_checkpoint(const struct scene *scene, uint64_t step,
                                   char path[PATH_BYTES + 32])
{
    snprintf(path, PATH_BYTES + 32, "%s/step-%010llu.h5", scene->checkpoints, (ull)step);
}

static inline bool has_checkpoint(const struct scene *scene, uint64_t step)
{
    char path[PATH_BYTES + 32];
    struct stat about;
    name_checkpoint(scene, step, path);
    return stat(path, &about) == 0;
}

enum {
    N_STATE = 13,
    STATE_BYTES = 6 * 8
};

struct state {
    shs_tensor tensors[N_STATE];
    uint64_t memory[N_STATE][STATE_BYTES / 8];
};

static inline struct state *state_new(void)
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
static inline void state_fill(struct state *state, uint64_t salt)
{
    for (size_t t = 0; t < N_STATE; t++)
        for (size_t i = 0; i < STATE_BYTES / 8; i++)
            state->memory[t][i] = scramble(salt * 1000 + t * 10 + i);
}

/* Whether the elements are those of a salt. What lies behind them is never to be touched. */
static inline bool compare_state(const struct state *state, uint64_t salt, uint64_t behind,
                                 bool quiet)
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
static inline bool state_is(const struct state *state, uint64_t salt, uint64_t behind)
{
    return compare_state(state, salt, behind, false);
}

static inline shs_status save(const struct scene *scene, struct job *job, const struct state *state)
{
    return shs_save(job->loader, scene->checkpoints, state->tensors, N_STATE);
}

static inline shs_status restore(const struct scene *scene, struct job *job,
                                 const struct state *state)
{
    return shs_restore(job->loader, scene->checkpoints, state->tensors, N_STATE);
}

/* A checkpoint at a step, with the state of that number. */
static inline void make_checkpoint(const struct scene *scene, uint64_t step)
{
    struct job job = scene_open(scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    state_fill(state, step);
    seek(scene, &job, step);
    need(!save(scene, &job, state), "shs_save");
    free(state);
    job_close(&job);
}

/* Writes what DIR/latest says. */
static inline void set_latest(const struct scene *scene, const char *text)
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

/* A restore that fails leaves state and cursor as they were. */
static inline void refuse_restore(const struct scene *scene, struct job *job, struct state *state,
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

#endif
