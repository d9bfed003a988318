/* Runs with a record, and the files that it writes. */
#ifndef RECORD_SCENE_H
#define RECORD_SCENE_H

#include "loader_scene.h"
#include "shardstep/record.h"

enum {
    TEXT_BYTES = 1 << 16
};

/* A run with a record. */
struct recorded {
    struct job job;
    shs_record *record;
    float numbers[3]; /* of the tensors given to each step */
};

static inline struct course course_of(void)
{
    struct course course = {42, 2 * (uint64_t)all_ranks() + 1, ROWS, {.batch = 3, .epochs = 3}};
    course.loader.augment = augmentation;
    return course;
}

static inline struct recorded begin(const struct course *course, MPI_Comm comm, const char *path,
                                    const shs_record_options *options)
{
    struct recorded run = {.job = course_open(course, comm, path)};
    need(!shs_record_open(run.job.loader, options, &run.record), "shs_record_open");
    return run;
}

static inline void end(struct recorded *run)
{
    CHECK_STATUS(shs_record_close(&run->record), SHS_OK);
    CHECK(run->record == NULL);
    job_close(&run->job);
}

/* Takes the batches of a step and notes a loss of each row. */
static inline void take(struct recorded *run)
{
    shs_batch batch = {0};
    while (!batch.ends_step) {
        double losses[16];
        need(shs_next(run->job.loader, &batch) == SHS_OK, "shs_next");
        for (uint64_t slot = 0; slot < batch.count; slot++)
            losses[slot] = batch.index[slot] == 7 ? (double)__builtin_nanf("")
                                                  : (double)(batch.index[slot] / 2);
        CHECK_STATUS(shs_note(run->job.loader, &batch, losses), SHS_OK);
    }
}

static inline shs_status step(struct recorded *run)
{
    const shs_tensor tensor = {"numbers", SHS_F32, 1, {3}, run->numbers};
    take(run);
    return shs_record_step(run->record, &tensor, 1, &tensor, 1);
}

static inline void steps(struct recorded *run, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        CHECK_STATUS(step(run), SHS_OK);
}

/* Collective. A file as rank 0 has it; "" if it is not there. */
static inline const char *text_of(const char *path)
{
    static char text[2][TEXT_BYTES];
    static int turn;
    char *into = text[turn = !turn];
    memset(into, 0, TEXT_BYTES);
    FILE *file = my_rank() ? NULL : fopen(path, "rb");
    if (file) {
        size_t got = fread(into, 1, TEXT_BYTES - 1, file);
        need(got < TEXT_BYTES - 1, "room for a file");
        fclose(file);
    }
    MPI_Bcast(into, TEXT_BYTES, MPI_BYTE, 0, MPI_COMM_WORLD);
    return into;
}

static inline void name(const struct scene *scene, const char *file, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%.400s/%.50s", scene->folder, file);
}

/* ---- The tests of record_list.c. */

void the_list_of_the_worst_rows_is_the_same_on_any_number_of_ranks(void);
void a_list_says_that_its_run_went_back(void);
void a_list_has_the_rows_of_recorded_steps(void);
void a_list_may_know_no_losses(void);

#endif
