/* The list of the worst rows of a record: which rows it has, and what it says of steps that are not
 * known. */
#include "record_scene.h"

void the_list_of_the_worst_rows_is_the_same_on_any_number_of_ranks(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    char shared[PATH_BYTES], own[PATH_BYTES], file[32];
    name(&scene, "worst.txt", shared);
    snprintf(file, sizeof file, "worst.%d.txt", my_rank());
    name(&scene, file, own);
    const shs_record_options of_all = {.worst = shared, .worst_rows = 4};
    struct recorded run = begin(&course, MPI_COMM_WORLD, scene.path, &of_all);
    const uint64_t epoch = shs_epoch_steps(run.job.loader);
    steps(&run, 2 * epoch);
    end(&run);
    run = begin(&course, MPI_COMM_NULL, scene.path,
                &(shs_record_options){.worst = own, .worst_rows = 4});
    steps(&run, 2 * epoch);
    end(&run);
    name(&scene, "worst.0.txt", own);
    const char *list = text_of(shared);
    CHECK_TEXT(list, text_of(own));
    for (int line = 0; line < 2; line++)
        list += strcspn(list, "\n") + 1;
    static const ull rows[] = {7, 52, 50, 51}; /* a NaN, and losses of 26, 25 and 25 */
    for (ull i = 0; i < 8; i++) {
        ull numbers[6] = {0};
        sscanf(list, "%llu\t%llu\t%llu\t%llu\t%llu\t%llu", &numbers[0], &numbers[1], &numbers[2],
               &numbers[3], &numbers[4], &numbers[5]);
        CHECK_EQ(numbers[0], i / 4);
        CHECK_EQ(numbers[5], rows[i % 4]);
        list += strcspn(list, "\n") + 1;
    }
    scene_end(&scene);
}

/* A run with a list of two rows, and small batches. */
static struct recorded begin_list(const struct scene *scene, const char *file,
                                  char path[PATH_BYTES])
{
    struct course course = course_of();
    course.loader.batch = 1;
    name(scene, file, path);
    return begin(&course, MPI_COMM_WORLD, scene->path,
                 &(shs_record_options){.worst = path, .worst_rows = 2});
}

/* The rows of the losses before are not known any more, be the list written already or not. */
void a_list_says_that_its_run_went_back(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES], words[96];
    for (uint64_t written = 0; written < 2; written++) {
        struct recorded run = begin_list(&scene, written ? "written.txt" : "early.txt", path);
        const uint64_t epoch = shs_epoch_steps(run.job.loader), from = epoch - 2;
        need(epoch > 2, "three steps an epoch");
        steps(&run, epoch - 1 + written);
        CHECK_STATUS(shs_seek(run.job.loader, (shs_cursor){0, from, from}), SHS_OK);
        steps(&run, 2);
        end(&run);
        snprintf(words, sizeof words,
                 "row\tloss\n# epoch 0: only the losses of its steps %llu to %llu are known\n0\t",
                 (ull)from, (ull)epoch - 1);
        const char *list = text_of(path);
        CHECK_HAS(list, words);
        for (int line = 0; line < 3; line++)
            list += strcspn(list, "\n") + 1;
        for (; *list; list += strcspn(list, "\n") + 1)
            CHECK(strtoull(list + 2, NULL, 10) >= from);
    }
    scene_end(&scene);
}

/* Rows of a step that is not recorded put no others out. */
void a_list_has_the_rows_of_recorded_steps(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES], right[PATH_BYTES];
    struct recorded run = begin_list(&scene, "right.txt", right);
    const uint64_t epoch = shs_epoch_steps(run.job.loader);
    steps(&run, epoch - 1);
    end(&run);
    run = begin_list(&scene, "closed.txt", path);
    steps(&run, epoch - 1);
    if (my_rank() == 0) take(&run); /* the other ranks have not come so far */
    end(&run);
    CHECK_TEXT(text_of(right), text_of(path));
    run = begin_list(&scene, "again.txt", path);
    for (uint64_t i = 0; i < epoch - 1; i++) {
        take(&run);
        CHECK_STATUS(shs_seek(run.job.loader, (shs_cursor){0, i, i}), SHS_OK);
        steps(&run, 1);
    }
    end(&run);
    CHECK_TEXT(text_of(right), text_of(path));
    scene_end(&scene);
}

void a_list_may_know_no_losses(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES];
    struct recorded run = begin_list(&scene, "worst.txt", path);
    CHECK_STATUS(shs_seek(run.job.loader, (shs_cursor){0, 1, 1}), SHS_OK);
    take(&run);
    end(&run);
    CHECK_HAS(text_of(path), "row\tloss\n# epoch 0: no losses are known\n");
    scene_end(&scene);
}
