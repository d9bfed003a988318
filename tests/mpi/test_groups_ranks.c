/* Groups of ranks over MPI: the mean of the members' gradients, the ledger, checkpoints, and ranks
 * that do not agree on the group. What members read is tested by tests/unit/test_groups.c. */
#include "checkpoint_scene.h"
#include "shardstep/gradient.h"
#include "sums.h"

enum {
    FLOATS = 37,
    DOUBLES = 11,
    MOST_GROUP = 64
};

/* ---- The mean. */

struct model {
    float floats[FLOATS];
    double doubles[DOUBLES];
    shs_tensor tensors[2];
};

static struct model *model_new(void)
{
    struct model *model = room(1, sizeof *model);
    model->tensors[0] = (shs_tensor){"floats", SHS_F32, 1, {FLOATS}, model->floats};
    model->tensors[1] = (shs_tensor){"doubles", SHS_F64, 1, {DOUBLES}, model->doubles};
    return model;
}

/* What a member gives for a virtual rank. */
static void fill_model(struct model *model, uint64_t vrank, uint64_t member, uint64_t salt)
{
    for (uint64_t i = 0; i < FLOATS; i++)
        model->floats[i] = mixed_float(vrank * MOST_GROUP + member, i, salt);
    for (uint64_t i = 0; i < DOUBLES; i++)
        model->doubles[i] = mixed_value(vrank * MOST_GROUP + member, i, salt);
}

/* The tree over virtual ranks, each of which is a tree over the members of its group. */
static float tree_of_groups(uint64_t group, uint64_t element, uint64_t salt, uint64_t a, uint64_t z)
{
    const struct addends of = {.salt = salt};
    if (z - a == 1) return tree_of_floats(&of, element, a * MOST_GROUP, a * MOST_GROUP + group);
    return tree_of_groups(group, element, salt, a, middle(a, z)) +
           tree_of_groups(group, element, salt, middle(a, z), z);
}

static double tree_of_double_groups(uint64_t group, uint64_t element, uint64_t salt, uint64_t a,
                                    uint64_t z)
{
    const struct addends of = {.salt = salt};
    if (z - a == 1) return tree_of_doubles(&of, element, a * MOST_GROUP, a * MOST_GROUP + group);
    return tree_of_double_groups(group, element, salt, a, middle(a, z)) +
           tree_of_double_groups(group, element, salt, middle(a, z), z);
}

/* True if the mean is that of batches of two rows. */
static bool model_is_mean(const struct model *model, uint64_t group, uint64_t vranks, uint64_t salt)
{
    float floats[FLOATS];
    double doubles[DOUBLES];
    for (uint64_t i = 0; i < FLOATS; i++)
        floats[i] = tree_of_groups(group, i, salt, 0, vranks) / (float)(2 * vranks);
    for (uint64_t i = 0; i < DOUBLES; i++)
        doubles[i] = tree_of_double_groups(group, i, salt, 0, vranks) / (double)(2 * vranks);
    return CHECK_FLOATS(model->floats, floats, FLOATS) &&
           CHECK_DOUBLES(model->doubles, doubles, DOUBLES);
}

static void mean_of_groups(uint64_t group, uint64_t vranks)
{
    const shs_run_options options = {.vranks = vranks, .group = group};
    struct model *model = model_new();
    shs_run *run = NULL;
    shs_gradient *gradient = NULL;
    need(!shs_open(MPI_COMM_WORLD, &options, &run), "shs_open");
    need(!shs_gradient_open(run, model->tensors, 2, NULL, &gradient), "shs_gradient_open");
    const shs_run_info info = shs_info(run);
    for (uint64_t salt = 1; salt < 4; salt++) {
        harness_where("groups of %llu ranks, %llu virtual ranks, step %llu", (ull)group,
                      (ull)vranks, (ull)salt);
        for (uint64_t v = info.first_vrank; v < info.first_vrank + info.hosted; v++) {
            const shs_batch batch = {.vrank = v, .step = salt, .rows = 2, .count = 2};
            fill_model(model, v, info.member, salt);
            CHECK_STATUS(shs_gradient_add(gradient, &batch), SHS_OK);
        }
        CHECK_STATUS(shs_gradient_mean(gradient), SHS_OK);
        model_is_mean(model, group, vranks, salt);
    }
    harness_where(NULL);
    shs_gradient_close(&gradient);
    CHECK_STATUS(shs_close(&run), SHS_OK);
    free(model);
}

/* For all groups that the ranks can be divided into. */
static void test_members_are_added_first(void)
{
    uint64_t ranks = (uint64_t)all_ranks();
    for (uint64_t group = 1; group <= ranks; group++)
        for (uint64_t more = 0; ranks % group == 0 && more < 6; more++)
            mean_of_groups(group, ranks / group + more);
}

/* ---- Batches. */

static shs_status open_job(const struct scene *scene, uint64_t group, struct job *job)
{
    const shs_run_options options = {.seed = 42, .vranks = scene->course.vranks, .group = group};
    *job = (struct job){0};
    shs_status status = shs_open(MPI_COMM_WORLD, &options, &job->run);
    if (!status)
        status = shs_dataset_open(job->run, scene->path, "images(slab=1),labels", NULL, &job->data);
    if (!status) status = shs_loader_open(job->data, &scene->course.loader, &job->loader);
    return status;
}

/* The largest group that the height of the images can be shared by; 1 if there is none. */
static uint64_t group_of_ranks(void)
{
    uint64_t group = (uint64_t)all_ranks();
    while (group > IMAGE_HEIGHT || (uint64_t)all_ranks() % group != 0)
        group--;
    return group;
}

static bool slab_is_right(const shs_batch *batch, const shs_slab *slab)
{
    const uint8_t *bytes = batch->field[0].data;
    uint64_t first = slab->first * IMAGE_WIDTH, count = slab->count * IMAGE_WIDTH;
    for (uint64_t slot = 0; slot < batch->rows; slot++)
        for (uint64_t i = 0; i < count; i++, bytes++)
            if (*bytes != image_byte(batch->index[slot], first + i))
                return WRONG("expected byte %llu of the image of row %llu = %u; came %u",
                             (ull)(first + i), (ull)batch->index[slot],
                             image_byte(batch->index[slot], first + i), *bytes);
    return true;
}

/* The rows are counted once, though each member of a group gets them. */
static void test_rows_are_counted_once(void)
{
    struct scene scene = scene_begin();
    struct job job;
    shs_batch batch;
    uint64_t group = group_of_ranks();
    scene.course.loader.augment = NULL;
    shs_status status = open_job(&scene, group, &job);
    if (CHECK_STATUS(status, SHS_OK)) {
        shs_slab slab = shs_dataset_slab(job.data, 0);
        CHECK_EQ(slab.length, group > 1 ? IMAGE_HEIGHT : 0);
        if (!slab.length) slab = (shs_slab){0, 0, IMAGE_HEIGHT, IMAGE_HEIGHT};
        while ((status = shs_next(job.loader, &batch)) == SHS_OK) {
            slab_is_right(&batch, &slab);
            if (batch.ends_step) CHECK_STATUS(shs_agree(job.run), SHS_OK);
        }
        CHECK_STATUS(status, SHS_END);
        CHECK_EQ(shs_statistics(job.loader).epochs_verified, 2);
    }
    job_close(&job);
    scene_end(&scene);
}

/* ---- What must not differ. */

static void test_ranks_that_disagree_are_named(void)
{
    uint64_t group = my_rank() == last_rank() ? (uint64_t)all_ranks() : 1;
    const shs_run_options options = {.vranks = (uint64_t)all_ranks(), .group = group};
    shs_run *run = NULL;
    char word[32];
    if (all_ranks() == 1) return;
    CHECK_STATUS(shs_open(MPI_COMM_WORLD, &options, &run), SHS_ERROR_DISAGREE);
    snprintf(word, sizeof word, "group %d", all_ranks());
    CHECK_HAS(shs_message(), word);
    snprintf(word, sizeof word, "rank %d: called", last_rank());
    CHECK_HAS(shs_message(), word);
}

static void test_a_checkpoint_of_other_groups_is_refused(void)
{
    struct scene scene = scene_begin();
    struct job job;
    shs_batch batch;
    struct state *state = state_new();
    uint64_t group = group_of_ranks();
    char word[64];
    scene.course.loader.augment = NULL;
    if (CHECK_STATUS(open_job(&scene, group, &job), SHS_OK)) {
        do
            CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK);
        while (!batch.ends_step);
        CHECK_STATUS(shs_agree(job.run), SHS_OK);
        CHECK_STATUS(shs_save(job.loader, scene.checkpoints, state->tensors, N_STATE), SHS_OK);
    }
    job_close(&job);
    if (CHECK_STATUS(open_job(&scene, group, &job), SHS_OK)) {
        CHECK_STATUS(shs_restore(job.loader, scene.checkpoints, state->tensors, N_STATE), SHS_OK);
        CHECK_EQ(shs_tell(job.loader).step, 1);
    }
    job_close(&job);
    if (group > 1 && CHECK_STATUS(open_job(&scene, 1, &job), SHS_OK)) {
        CHECK_STATUS(shs_restore(job.loader, scene.checkpoints, state->tensors, N_STATE),
                     SHS_ERROR_MISMATCH);
        snprintf(word, sizeof word, "it has «group = %llu»", (ull)group);
        CHECK_HAS(shs_message(), word);
    }
    if (group > 1) job_close(&job);
    free(state);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"members are added first", test_members_are_added_first},
        {"rows are counted once", test_rows_are_counted_once},
        {"ranks that disagree are named", test_ranks_that_disagree_are_named},
        {"a checkpoint of other groups is refused", test_a_checkpoint_of_other_groups_is_refused},
    };
    return harness_main_ranks("groups", tests, sizeof tests / sizeof *tests, argc, argv);
}
