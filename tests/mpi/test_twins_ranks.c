/* The search for twins on several ranks: what only a comparison of ranks can find, in operators of
 * the program's own and in those of the library, the same verdict on all ranks, and operators whose
 * versions differ. */
#include "../unit/twins_scene.h"
#include "load.h"
#include "loader_scene.h"

static struct told told;
static struct program program;

struct seeking {
    struct scene files;
    struct job job;
};

/* Opens a loader with an augmentation. own() is an operator of the program's own. */
static shs_status seeking_open_text(struct seeking *seeking, bool gathered, shs_twins twins,
                                    uint32_t version,
                                    shs_status (*apply)(void *, const shs_augment_call *),
                                    const char *text)
{
    const shs_run_options how = {.seed = 42,
                                 .vranks = 2 * (uint64_t)all_ranks() + 1,
                                 .report = note_report,
                                 .report_user = &told};
    const shs_augment_callback callback = {.apply = apply, .user = &program};
    shs_augment_table *table;
    *seeking = (struct seeking){.files = scene_begin()};
    told = (struct told){0};
    program = (struct program){.rank = (uint64_t)my_rank()};
    need(!shs_augment_table_open(&table), "a table");
    need(!shs_augment_register(table, "own", version, &callback), "an operator");
    need(!open_either(MPI_COMM_WORLD, gathered, &how, &seeking->job.run), "a run");
    need(!shs_dataset_open(seeking->job.run, seeking->files.path, samples_fields, NULL,
                           &seeking->job.data),
         "a dataset");
    const shs_loader_options options = {.batch = 3,
                                        .epochs = 3,
                                        .augment = text,
                                        .operators = table,
                                        .twins = twins,
                                        .ahead = steps_ahead()};
    shs_status status = shs_loader_open(seeking->job.data, &options, &seeking->job.loader);
    shs_augment_table_close(&table);
    return status;
}

/* Opens a loader with an operator of its own on `labels`, whose elements have 32 bits. */
static shs_status seeking_open(struct seeking *seeking, bool gathered, shs_twins twins,
                               uint32_t version,
                               shs_status (*apply)(void *, const shs_augment_call *))
{
    return seeking_open_text(seeking, gathered, twins, version, apply, "labels: own()");
}

static void seeking_close(struct seeking *seeking)
{
    job_close(&seeking->job);
    scene_end(&seeking->files);
}

/* Goes through three epochs, or until an error. Returns its status. */
static shs_status go_through(struct seeking *seeking)
{
    shs_batch batch;
    shs_status status = SHS_OK;
    while (!status && shs_next(seeking->job.loader, &batch) == SHS_OK) {
        if (batch.ends_step) status = shs_agree(seeking->job.run);
        program.epoch = shs_tell(seeking->job.loader).epoch;
        program.second = program.epoch;
    }
    return status;
}

static bool addresses_differ(void)
{
    uint64_t mine = address(), least, most;
    MPI_Allreduce(&mine, &least, 1, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD);
    MPI_Allreduce(&mine, &most, 1, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
    return least != most;
}

static void test_faults_between_ranks_are_found(void)
{
    static const struct {
        shs_status (*apply)(void *, const shs_augment_call *);
        const char *words;
    } cases[] = {
        {by_static_state, " results "},
        {by_process_rank, " get the same results at 8 places of each"},
        {by_process, "the same place gives other results on other ranks: it uses addresses, the "
                     "process, a clock or the machine"},
        {by_address, "the same place gives other results on other ranks"},
        {by_rand, " results "},
        {by_sum, "in epoch 1 and virtual rank 1 (rank "},
        {by_slot, "virtual rank 0 (rank 0), virtual rank 1 (rank "},
    };
    if (all_ranks() == 1) return;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct seeking seeking;
        bool differ = cases[i / 2].apply != by_address || addresses_differ();
        harness_where("fault %zu, gathered %zu", i / 2, i % 2);
        srand(1); /* as every process begins */
        CHECK_STATUS(seeking_open(&seeking, i % 2, SHS_TWINS_WARN, 1, cases[i / 2].apply), SHS_OK);
        CHECK_STATUS(go_through(&seeking), SHS_OK);
        if (differ) CHECK_EQ(told.twins, my_rank() == 0);
        if (differ && my_rank() == 0) CHECK_HAS(told.text, cases[i / 2].words);
        seeking_close(&seeking);
    }
    harness_where(NULL);
}

static void test_sound_operators_are_not_found(void)
{
    shs_status (*const sound[])(void *, const shs_augment_call *) = {
        sound_noise, sound_coin, sound_die, sound_cards, sound_rare, sound_nothing};
    for (size_t i = 0; i < 2 * sizeof sound / sizeof *sound; i++) {
        struct seeking seeking;
        harness_where("operator %zu, gathered %zu", i / 2, i % 2);
        CHECK_STATUS(seeking_open(&seeking, i % 2, SHS_TWINS_WARN, 1, sound[i / 2]), SHS_OK);
        CHECK_STATUS(go_through(&seeking), SHS_OK);
        CHECK_EQ(told.twins, 0);
        CHECK_EQ(shs_statistics(seeking.job.loader).epochs_verified, 3);
        seeking_close(&seeking);
    }
    harness_where(NULL);
}

/* ---- The library's operators. */

static const char *const texts[] = {
    augmentation, "images: random_affine(degrees=-20..20) cast(type=f32) mixup(alpha=0.4)",
    "images: random_flip(axis=w); labels: own()", "images: random_flip(axis=w)"};

static void test_sound_augmentations_are_not_found(void)
{
    for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
        struct seeking seeking;
        harness_where("text %zu, gathered %zu", i / 2, i % 2);
        CHECK_STATUS(
            seeking_open_text(&seeking, i % 2, SHS_TWINS_WARN, 1, sound_noise, texts[i / 2]),
            SHS_OK);
        CHECK_STATUS(go_through(&seeking), SHS_OK);
        CHECK_EQ(told.twins, 0);
        CHECK_EQ(told.unknown, i / 2 == 3 && my_rank() == 0);
        CHECK_EQ(shs_statistics(seeking.job.loader).epochs_verified, 3);
        seeking_close(&seeking);
    }
    harness_where(NULL);
}

/* Rank 0 is an epoch behind when the ranks agree, so it has another step to check than the others.
 */
static void test_ranks_may_stand_at_different_steps(void)
{
    static const char noisy[] = "images: cast(type=f32) gaussian_noise(std=1)";
    for (int gathered = 0; gathered < 2; gathered++) {
        struct seeking seeking;
        shs_batch batch = {0};
        CHECK_STATUS(seeking_open_text(&seeking, gathered, SHS_TWINS_WARN, 1, sound_noise, noisy),
                     SHS_OK);
        while (!batch.ends_epoch)
            need(!shs_next(seeking.job.loader, &batch), "shs_next");
        for (batch.ends_step = my_rank() == 0; !batch.ends_step;)
            need(!shs_next(seeking.job.loader, &batch), "shs_next");
        CHECK_STATUS(shs_agree(seeking.job.run), SHS_OK);
        CHECK_EQ(told.twins, 0);
        seeking_close(&seeking);
    }
}

/* Plants that every rank takes itself for the first rank, which is the bug that all this is for. */
static void test_ranks_that_augment_alike_are_found(void)
{
    if (all_ranks() == 1) return;
    for (size_t i = 0; i < 4; i++) {
        struct seeking seeking;
        shs_batch batch = {0};
        shs_twins twins = i / 2 ? SHS_TWINS_ERROR : SHS_TWINS_WARN;
        harness_where("twins %zu, gathered %zu", i / 2, i % 2);
        CHECK_STATUS(seeking_open_text(&seeking, i % 2, twins, 1, sound_noise, augmentation),
                     SHS_OK);
        seeking.job.loader->plan.first_vrank = 0;
        while (!batch.ends_step)
            need(!shs_next(seeking.job.loader, &batch), "shs_next");
        CHECK_STATUS(shs_agree(seeking.job.run), i / 2 ? SHS_ERROR_ARGUMENT : SHS_OK);
        const char *told_of = i / 2 ? shs_message() : told.text;
        if (my_rank() == 0 || i / 2)
            CHECK_HAS(told_of, "epoch 0, step 0: operators random_crop, random_flip, normalize "
                               "together: virtual rank 0 (rank 0)");
        if ((my_rank() == 0 || i / 2) && all_ranks() == 2)
            CHECK_HAS(told_of, "virtual rank 0 (rank 0) and virtual rank 2 (rank 1) get the same "
                               "results at 8 places of each: their draws are the same");
        CHECK_EQ(told.twins, my_rank() == 0 && !(i / 2));
        seeking_close(&seeking);
    }
    harness_where(NULL);
}

/* ---- Errors. */

/* Every rank gets the error in the same agreement. */
static void test_an_error_comes_to_all_ranks(void)
{
    struct seeking seeking;
    shs_batch batch;
    CHECK_STATUS(seeking_open(&seeking, false, SHS_TWINS_ERROR, 1, by_slot), SHS_OK);
    CHECK_STATUS(go_through(&seeking), SHS_ERROR_ARGUMENT);
    CHECK(message_has("epoch 0, step 0: operator own (version 1): virtual rank 0"));
    CHECK_EQ(shs_message_is_mine(), my_rank() == 0);
    CHECK_EQ(shs_tell(seeking.job.loader).step, 0); /* the beginning of the step that failed */
    CHECK_STATUS(shs_next(seeking.job.loader, &batch), SHS_ERROR_ARGUMENT);
    CHECK_EQ(told.twins, 0);
    seeking_close(&seeking);
}

static void test_versions_must_be_the_same(void)
{
    struct seeking seeking;
    uint32_t version = my_rank() == last_rank() ? 2 : 1;
    shs_status due = all_ranks() == 1 ? SHS_OK : SHS_ERROR_DISAGREE;
    CHECK_STATUS(seeking_open(&seeking, false, SHS_TWINS_WARN, version, sound_noise), due);
    if (due) CHECK(message_has("operator own = version 2"));
    seeking_close(&seeking);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"faults between ranks are found", test_faults_between_ranks_are_found},
        {"sound operators are not found", test_sound_operators_are_not_found},
        {"sound augmentations are not found", test_sound_augmentations_are_not_found},
        {"ranks may stand at different steps", test_ranks_may_stand_at_different_steps},
        {"ranks that augment alike are found", test_ranks_that_augment_alike_are_found},
        {"an error comes to all ranks", test_an_error_comes_to_all_ranks},
        {"versions must be the same", test_versions_must_be_the_same},
    };
    return harness_main_ranks("twins", tests, sizeof tests / sizeof *tests, argc, argv);
}
