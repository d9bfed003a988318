/* Mistakes of programs: each ends in one clear message, on the rank that made it or on all, and no
 * rank crashes or waits for another. */
#include "batches.h"
#include "shardstep/checkpoint.h"
#include "shardstep/gradient.h"

enum {
    ROWS = 40,
    BATCH = 2
};

struct scene {
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
    struct job job;
    shs_gradient *gradient;
    float numbers[3];
};

static shs_tensor tensor_of(struct scene *scene)
{
    return (shs_tensor){
        .name = "numbers", .type = SHS_F32, .axes = 1, .shape = {3}, .data = scene->numbers};
}

/* A training, each rank with `hosted` virtual ranks. */
static void scene_begin(struct scene *scene, uint64_t hosted)
{
    *scene = (struct scene){.numbers = {1, 2, 3}};
    folder_make(scene->folder);
    samples_shared(scene->folder, "samples.h5", ROWS, (struct h5_storage){0}, scene->path);
    const struct job_options options = {.comm = MPI_COMM_WORLD,
                                        .vranks = hosted * (uint64_t)all_ranks(),
                                        .path = scene->path,
                                        .loader = {.batch = BATCH, .epochs = 1}};
    const shs_tensor tensor = tensor_of(scene);
    scene->job = job_open(&options);
    need(!shs_gradient_open(scene->job.run, &tensor, 1, NULL, &scene->gradient),
         "shs_gradient_open");
}

static void scene_end(struct scene *scene)
{
    shs_gradient_close(&scene->gradient);
    shs_loader_close(&scene->job.loader);
    shs_dataset_close(&scene->job.data);
    CHECK_STATUS(shs_close(&scene->job.run), SHS_OK);
    folder_remove(scene->folder);
}

/* Local. An error of this rank alone, with these words. */
static bool told_here(shs_status status, shs_status expected, const char *words)
{
    bool right = status == expected && shs_message_is_mine() && !shs_message_is_agreed();
    if (!right)
        WRONG("expected %s of this rank alone; came %s, mine %d, agreed %d: %s",
              shs_status_name(expected), shs_status_name(status), shs_message_is_mine(),
              shs_message_is_agreed(), shs_message());
    return message_has(words) && right;
}

/* Collective. The same error on every rank, of which one rank, the one it names, speaks. */
static bool told_all(shs_status status, shs_status expected, int failing, const char *words)
{
    bool right = agreed_failure(status, expected, failing);
    return message_has(words) && right;
}

static shs_batch next_batch(struct scene *scene)
{
    shs_batch batch;
    need(!shs_next(scene->job.loader, &batch), "shs_next");
    return batch;
}

/* A whole step, as it should be. */
static shs_status good_step(struct scene *scene)
{
    shs_batch batch;
    do {
        batch = next_batch(scene);
        need(!shs_gradient_add(scene->gradient, &batch), "shs_gradient_add");
    } while (!batch.ends_step);
    return shs_gradient_mean(scene->gradient);
}

/* ---- calls in the wrong order, or too often */

static void test_a_mean_without_a_batch(void)
{
    struct scene scene;
    scene_begin(&scene, 1);
    CHECK(told_all(shs_gradient_mean(scene.gradient), SHS_ERROR_STATE, 0,
                   "0 of the step's 1 batches were added"));
    CHECK_STATUS(good_step(&scene), SHS_OK);
    scene_end(&scene);
}

static void test_a_batch_added_twice(void)
{
    struct scene scene;
    scene_begin(&scene, 1);
    shs_batch batch = next_batch(&scene);
    CHECK_STATUS(shs_gradient_add(scene.gradient, &batch), SHS_OK);
    CHECK(told_here(shs_gradient_add(scene.gradient, &batch), SHS_ERROR_STATE,
                    "give each batch once"));
    CHECK_STATUS(shs_gradient_mean(scene.gradient), SHS_OK);
    scene_end(&scene);
}

static void test_a_step_without_its_mean(void)
{
    struct scene scene;
    scene_begin(&scene, 1);
    shs_batch batch = next_batch(&scene);
    CHECK_STATUS(shs_gradient_add(scene.gradient, &batch), SHS_OK);
    batch = next_batch(&scene);
    CHECK(told_here(shs_gradient_add(scene.gradient, &batch), SHS_ERROR_STATE,
                    "call shs_gradient_mean() at the step's end"));
    scene_end(&scene);
}

static void test_a_save_inside_a_step(void)
{
    struct scene scene;
    scene_begin(&scene, 2);
    next_batch(&scene);
    CHECK(told_all(shs_save(scene.job.loader, scene.folder, NULL, 0), SHS_ERROR_STATE, 0,
                   "save after a batch with ends_step"));
    scene_end(&scene);
}

static void test_next_after_the_end(void)
{
    struct scene scene;
    shs_batch batch;
    scene_begin(&scene, 1);
    while (shs_next(scene.job.loader, &batch) == SHS_OK)
        continue;
    for (int i = 0; i < 3; i++)
        CHECK_STATUS(shs_next(scene.job.loader, &batch), SHS_END);
    CHECK_EQ(batch.rows, 0);
    CHECK(batch.field == NULL);
    scene_end(&scene);
}

static void test_a_loader_that_was_closed(void)
{
    struct scene scene;
    shs_batch batch;
    scene_begin(&scene, 1);
    shs_loader_close(&scene.job.loader);
    CHECK(told_here(shs_next(scene.job.loader, &batch), SHS_ERROR_ARGUMENT,
                    "shs_next: loader is NULL; open it with shs_loader_open()"));
    CHECK(told_here(shs_seek(scene.job.loader, (shs_cursor){0}), SHS_ERROR_ARGUMENT,
                    "shs_seek: loader is NULL"));
    CHECK(told_here(shs_save(scene.job.loader, scene.folder, NULL, 0), SHS_ERROR_ARGUMENT,
                    "shs_save: loader is NULL"));
    scene_end(&scene);
}

static void test_a_run_that_was_closed_first(void)
{
    struct scene scene;
    shs_batch batch;
    shs_loader *other;
    scene_begin(&scene, 1);
    batch = next_batch(&scene);
    CHECK_STATUS(shs_gradient_add(scene.gradient, &batch), SHS_OK);
    CHECK_STATUS(shs_close(&scene.job.run), SHS_OK);
    CHECK(told_here(shs_next(scene.job.loader, &batch), SHS_ERROR_STATE, "run is closed"));
    CHECK(told_here(shs_gradient_mean(scene.gradient), SHS_ERROR_STATE,
                    "shs_gradient_mean: its run is closed"));
    CHECK(told_here(shs_loader_open(scene.job.data, NULL, &other), SHS_ERROR_STATE,
                    "shs_loader_open: its run is closed"));
    CHECK(told_here(shs_save(scene.job.loader, scene.folder, NULL, 0), SHS_ERROR_STATE,
                    "shs_save: its run is closed"));
    CHECK(told_here(shs_agree(scene.job.run), SHS_ERROR_ARGUMENT, "run is NULL"));
    scene_end(&scene);
}

static void test_a_seek_to_nowhere(void)
{
    struct scene scene;
    scene_begin(&scene, 1);
    CHECK(told_all(shs_seek(scene.job.loader, (shs_cursor){5, 0, 5}), SHS_ERROR_ARGUMENT, 0,
                   "lies outside a run of 1 epochs"));
    CHECK_HAS(shs_message(), "epochs must be at least 5");
    CHECK_STATUS(good_step(&scene), SHS_OK);
    scene_end(&scene);
}

/* ---- objects that do not belong together */

static void test_batches_of_two_loaders_in_one_step(void)
{
    struct scene scene;
    shs_loader *other;
    shs_batch batch;
    scene_begin(&scene, 2);
    const shs_loader_options options = {.batch = BATCH, .epochs = 1, .stream = 1};
    need(!shs_loader_open(scene.job.data, &options, &other), "shs_loader_open");
    CHECK_STATUS(good_step(&scene), SHS_OK); /* now the two stand at different steps */
    batch = next_batch(&scene);
    CHECK_STATUS(shs_gradient_add(scene.gradient, &batch), SHS_OK);
    if (CHECK_STATUS(shs_next(other, &batch), SHS_OK))
        CHECK_STATUS(shs_next(other, &batch), SHS_OK);
    CHECK(told_here(shs_gradient_add(scene.gradient, &batch), SHS_ERROR_STATE,
                    "in the order of shs_next()"));
    shs_loader_close(&other);
    scene_end(&scene);
}

/* A gradient of one run, a loader of another one that has more virtual ranks. */
static void test_two_runs_at_once(void)
{
    struct scene scene, other;
    scene_begin(&scene, 1);
    scene_begin(&other, 2);
    shs_batch batch = next_batch(&other);
    batch = next_batch(&other);
    CHECK(told_here(shs_gradient_add(scene.gradient, &batch), SHS_ERROR_STATE, "virtual rank"));
    CHECK_STATUS(good_step(&scene), SHS_OK); /* neither disturbs the other */
    CHECK_STATUS(good_step(&other), SHS_OK);
    CHECK_STATUS(shs_agree(scene.job.run), SHS_OK);
    scene_end(&other);
    scene_end(&scene);
}

static void test_two_loaders_of_one_stream(void)
{
    struct scene scene;
    shs_loader *other;
    scene_begin(&scene, 1);
    CHECK(told_all(shs_loader_open(scene.job.data, NULL, &other), SHS_ERROR_STATE, 0,
                   "a shuffle draws, too; give it another number (option stream)"));
    CHECK(other == NULL);
    scene_end(&scene);
}

/* ---- numbers and names */

static void refuse_loader(struct scene *scene, shs_loader_options options, const char *words)
{
    shs_loader *loader = (shs_loader *)1;
    options.stream = 1;
    CHECK(told_all(shs_loader_open(scene->job.data, &options, &loader), SHS_ERROR_ARGUMENT, 0,
                   words));
    CHECK(loader == NULL);
}

static void test_numbers_that_no_loader_has(void)
{
    struct scene scene;
    scene_begin(&scene, 1);
    refuse_loader(&scene, (shs_loader_options){.batch = UINT64_C(1) << 63},
                  "a batch of 9223372036854775808 rows; choose 1 to 2^32 - 1");
    refuse_loader(&scene, (shs_loader_options){.epochs = UINT64_C(1) << 33}, "the most is 2^32");
    refuse_loader(&scene, (shs_loader_options){.batch = 1000, .tail = SHS_TAIL_DROP},
                  "an epoch would have no steps: N = 40");
    refuse_loader(&scene, (shs_loader_options){.subset = {.n_rows = 3}},
                  "subset.n_rows is 3, but subset.rows is NULL");
    refuse_loader(&scene,
                  (shs_loader_options){.sampling = {.weights = (double[]){1, 2}, .n_weights = 2}},
                  "2 weights for 40 samples");
    refuse_loader(&scene, (shs_loader_options){.shuffle = (shs_shuffle)9}, "shuffle 9 is none");
    refuse_loader(&scene, (shs_loader_options){.augment = "images: rotate(angle=90)"}, "rotate");
    CHECK_STATUS(good_step(&scene), SHS_OK);
    scene_end(&scene);
}

/* No batch size is the default one. */
static void test_a_batch_of_0(void)
{
    struct scene scene;
    shs_loader *loader;
    scene_begin(&scene, 1);
    CHECK_STATUS(shs_loader_open(scene.job.data, &(shs_loader_options){.stream = 1}, &loader),
                 SHS_OK);
    uint64_t global = 32 * (uint64_t)all_ranks();
    CHECK_EQ(shs_epoch_steps(loader), (ROWS + global - 1) / global);
    shs_loader_close(&loader);
    scene_end(&scene);
}

static void test_too_many_virtual_ranks(void)
{
    shs_run *run = (shs_run *)1;
    shs_status status =
        shs_open(MPI_COMM_WORLD, &(shs_run_options){.vranks = (UINT64_C(1) << 24) + 1}, &run);
    CHECK(told_all(status, SHS_ERROR_ARGUMENT, 0, "16777217 virtual ranks; the most is 2^24"));
    CHECK(run == NULL);
}

static void test_a_field_that_is_not_there(void)
{
    struct scene scene;
    shs_dataset *data = (shs_dataset *)1;
    scene_begin(&scene, 1);
    shs_status status = shs_dataset_open(scene.job.run, scene.path, "pictures", NULL, &data);
    if (CHECK_IS(status, <, 0)) CHECK(agreed_failure(status, status, 0));
    CHECK_HAS(shs_message(), "pictures");
    CHECK_HAS(shs_message(), "samples.h5");
    CHECK(data == NULL);
    scene_end(&scene);
}

static void test_no_tensors(void)
{
    struct scene scene;
    shs_gradient *gradient = (shs_gradient *)1;
    scene_begin(&scene, 1);
    const shs_tensor tensor = tensor_of(&scene);
    CHECK(told_all(shs_gradient_open(scene.job.run, &tensor, 0, NULL, &gradient),
                   SHS_ERROR_ARGUMENT, 0, "no tensors are given: their count is 0"));
    CHECK(gradient == NULL);
    CHECK(told_all(shs_gradient_open(scene.job.run, NULL, 1, NULL, &gradient), SHS_ERROR_ARGUMENT,
                   0, "no tensors are given: tensors is NULL"));
    scene_end(&scene);
}

/* ---- ranks that do not do the same */

/* NULL on one rank only: where the run is known all are told. */
static void test_null_on_one_rank(void)
{
    struct scene scene;
    shs_loader *loader = NULL;
    shs_gradient *gradient = NULL;
    shs_dataset *data = NULL;
    int odd = last_rank();
    bool mine = my_rank() == odd;
    const shs_loader_options options = {.stream = 1};
    scene_begin(&scene, 1);
    const shs_tensor tensor = tensor_of(&scene);
    CHECK(told_all(shs_gradient_open(scene.job.run, mine ? NULL : &tensor, 1, NULL, &gradient),
                   SHS_ERROR_ARGUMENT, odd, "tensors is NULL"));
    CHECK(told_all(shs_gradient_open(scene.job.run, &tensor, 1, NULL, mine ? NULL : &gradient),
                   SHS_ERROR_ARGUMENT, odd, "gradient is NULL"));
    CHECK(told_all(shs_dataset_open(scene.job.run, mine ? NULL : scene.path, "images", NULL, &data),
                   SHS_ERROR_ARGUMENT, odd, "NULL"));
    CHECK(told_all(shs_dataset_open(scene.job.run, scene.path, "images", NULL, mine ? NULL : &data),
                   SHS_ERROR_ARGUMENT, odd, "dataset is NULL"));
    CHECK(told_all(shs_loader_open(scene.job.data, &options, mine ? NULL : &loader),
                   SHS_ERROR_ARGUMENT, odd, "loader is NULL"));
    CHECK(told_all(shs_save(scene.job.loader, mine ? NULL : scene.folder, NULL, 0),
                   SHS_ERROR_ARGUMENT, odd, "no folder is given"));
    CHECK(told_all(shs_save(scene.job.loader, scene.folder, mine ? NULL : &tensor, 1),
                   SHS_ERROR_ARGUMENT, odd, "state is NULL, but count is 1"));
    CHECK(told_all(shs_restore(scene.job.loader, scene.folder, mine ? NULL : &tensor, 1),
                   SHS_ERROR_ARGUMENT, odd, "state is NULL, but count is 1"));
    CHECK(!gradient);
    CHECK(!data);
    CHECK(!loader);
    CHECK_STATUS(good_step(&scene), SHS_OK);
    scene_end(&scene);
}

static void test_tensors_that_differ(void)
{
    if (all_ranks() == 1) return;
    struct scene scene;
    shs_gradient *gradient;
    scene_begin(&scene, 1);
    shs_tensor tensor = tensor_of(&scene);
    if (my_rank() == last_rank()) tensor.shape[0] = 2;
    CHECK(told_all(shs_gradient_open(scene.job.run, &tensor, 1, NULL, &gradient),
                   SHS_ERROR_DISAGREE, last_rank(), "types and shapes"));
    scene_end(&scene);
}

static void test_a_state_that_differs(void)
{
    if (all_ranks() == 1) return;
    struct scene scene;
    scene_begin(&scene, 1);
    const shs_tensor tensor = tensor_of(&scene);
    scene.numbers[1] += (float)(my_rank() == last_rank());
    CHECK(told_all(shs_save(scene.job.loader, scene.folder, &tensor, 1), SHS_ERROR_DISAGREE,
                   last_rank(), "shs_save: the tensor"));
    scene_end(&scene);
}

/* ---- parts */

static shs_loader *open_part(const struct scene *scene, double from, double to, uint64_t seed)
{
    const shs_loader_options options = {
        .batch = 1, .subset = {.from = from, .to = to, .split_seed = seed}, .stream = 1};
    shs_loader *loader = NULL;
    need(!shs_loader_open(scene->job.data, &options, &loader), "shs_loader_open of a part");
    return loader;
}

static void test_parts_that_differ_from_a_checkpoint(void)
{
    struct scene scene;
    char folder[2 * PATH_BYTES];
    scene_begin(&scene, 1);
    snprintf(folder, sizeof folder, "%s/checkpoints", scene.folder);
    shs_loader *loader = open_part(&scene, 0, 0.9, 1);
    CHECK_STATUS(shs_save(loader, folder, NULL, 0), SHS_OK);
    shs_loader_close(&loader);
    loader = open_part(&scene, 0, 0.6, 1);
    CHECK(told_all(shs_restore(loader, folder, NULL, 0), SHS_ERROR_MISMATCH, 0,
                   "it has «part = 0 to 0.9"));
    CHECK_HAS(shs_message(), "this run has «part = 0 to 0.5");
    shs_loader_close(&loader);
    loader = open_part(&scene, 0, 0.9, 12);
    CHECK(told_all(shs_restore(loader, folder, NULL, 0), SHS_ERROR_MISMATCH, 0,
                   "pass subset.split_seed 1"));
    shs_loader_close(&loader);
    scene_end(&scene);
}

static void test_a_part_without_rows_or_end(void)
{
    struct scene scene;
    scene_begin(&scene, 1);
    shs_loader *loader = NULL, *whole;
    CHECK(told_all(
        shs_loader_open(scene.job.data, &(shs_loader_options){.subset = {.to = 1e-9}, .stream = 1},
                        &loader),
        SHS_ERROR_ARGUMENT, 0, "the part from 0 to 1e-09, drawn with subset.split_seed 0"));
    loader = open_part(&scene, 0.5, 0, 0);
    uint64_t steps = shs_epoch_steps(loader);
    shs_loader_close(&loader);
    whole = open_part(&scene, 0.5, 1, 0);
    if (CHECK_IS(steps, >, 0)) CHECK_EQ(shs_epoch_steps(whole), steps);
    shs_loader_close(&whole);
    scene_end(&scene);
}

static void test_means_of_two_objects(void)
{
    if (all_ranks() == 1) return;
    struct scene scene;
    scene_begin(&scene, 1);
    const shs_tensor tensor = tensor_of(&scene);
    shs_gradient *second;
    need(!shs_gradient_open(scene.job.run, &tensor, 1, NULL, &second), "shs_gradient_open");
    shs_batch batch;
    shs_gradient *mine = my_rank() == last_rank() ? second : scene.gradient;
    CHECK_STATUS(shs_next(scene.job.loader, &batch), SHS_OK);
    CHECK_STATUS(shs_gradient_add(mine, &batch), SHS_OK);
    CHECK(told_all(shs_gradient_mean(mine), SHS_ERROR_DISAGREE, last_rank(),
                   "called shs_gradient_mean(gradient object 2 of the run, step 0) where rank 0 "
                   "called shs_gradient_mean(gradient object 1 of the run"));
    shs_gradient_close(&second);
    scene_end(&scene);
}

static void test_a_seek_that_differs(void)
{
    if (all_ranks() == 1) return;
    struct scene scene;
    scene_begin(&scene, 1);
    uint64_t step = my_rank() == last_rank();
    CHECK(told_all(shs_seek(scene.job.loader, (shs_cursor){0, step, step}), SHS_ERROR_DISAGREE,
                   last_rank(), "every rank must make the same call"));
    scene_end(&scene);
}

/* One rank leaves the loop after its first step, as by a break in an if of its own, and closes all;
 * the others are told at their next mean, and later ones do not wait for it. */
static void test_a_rank_that_leaves_the_loop(void)
{
    for (int leaving = 0; leaving < all_ranks() && all_ranks() > 1; leaving++) {
        struct scene scene;
        char words[128];
        scene_begin(&scene, 1);
        CHECK_STATUS(good_step(&scene), SHS_OK);
        snprintf(words, sizeof words,
                 "rank %d: called shs_close where rank %d called "
                 "shs_gradient_mean(",
                 leaving, leaving == 0);
        if (my_rank() == leaving) {
            shs_gradient_close(&scene.gradient);
            shs_loader_close(&scene.job.loader);
            shs_dataset_close(&scene.job.data);
            if (CHECK_STATUS(shs_close(&scene.job.run), SHS_ERROR_DISAGREE))
                CHECK_HAS(shs_message(), words);
        } else {
            if (CHECK_STATUS(good_step(&scene), SHS_ERROR_DISAGREE))
                CHECK_HAS(shs_message(), words);
            CHECK_EQ(shs_message_is_mine(), my_rank() == (leaving == 0));
            CHECK_HAS(shs_message(), "step 1)");
            if (CHECK_STATUS(good_step(&scene), SHS_ERROR_STATE))
                CHECK_HAS(shs_message(), "has closed the run");
            shs_gradient_close(&scene.gradient);
            shs_loader_close(&scene.job.loader);
            shs_dataset_close(&scene.job.data);
            CHECK_STATUS(shs_close(&scene.job.run), SHS_ERROR_STATE);
        }
        folder_remove(scene.folder);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a mean without a batch", test_a_mean_without_a_batch},
        {"a batch added twice", test_a_batch_added_twice},
        {"a step without its mean", test_a_step_without_its_mean},
        {"a save inside a step", test_a_save_inside_a_step},
        {"next after the end", test_next_after_the_end},
        {"a loader that was closed", test_a_loader_that_was_closed},
        {"a run that was closed first", test_a_run_that_was_closed_first},
        {"a seek to nowhere", test_a_seek_to_nowhere},
        {"batches of two loaders in one step", test_batches_of_two_loaders_in_one_step},
        {"two runs at once", test_two_runs_at_once},
        {"two loaders of one stream", test_two_loaders_of_one_stream},
        {"numbers that no loader has", test_numbers_that_no_loader_has},
        {"a batch of 0", test_a_batch_of_0},
        {"too many virtual ranks", test_too_many_virtual_ranks},
        {"a field that is not there", test_a_field_that_is_not_there},
        {"no tensors", test_no_tensors},
        {"NULL on one rank", test_null_on_one_rank},
        {"tensors that differ", test_tensors_that_differ},
        {"a state that differs", test_a_state_that_differs},
        {"a seek that differs", test_a_seek_that_differs},
        {"parts that differ from a checkpoint", test_parts_that_differ_from_a_checkpoint},
        {"a part without rows, or without an end", test_a_part_without_rows_or_end},
        {"means of two objects", test_means_of_two_objects},
        {"a rank that leaves the loop", test_a_rank_that_leaves_the_loop},
    };
    return harness_main_ranks("mistakes", tests, sizeof tests / sizeof *tests, argc, argv);
}
