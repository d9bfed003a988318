/* Errors of loading on one rank, which reach all, and what a loader does after. */
#include "batches.h"
#include "data_dataset.h"
#include "loader_scene.h"
#include "shardstep/checkpoint.h"

/* Two virtual ranks on each rank, each with a chunk of two rows at a step, in file order; every
 * rank reads a copy of its own, so that one copy can be damaged. */
struct damage {
    struct scene scene;
    struct course course;
    char own[PATH_BYTES];
    struct job job;
};

enum {
    DAMAGE_STEPS = 4
};

static struct damage damage_begin(struct h5_storage storage)
{
    struct damage damage;
    uint64_t vranks = 2 * (uint64_t)all_ranks();
    damage.course = (struct course){3,
                                    vranks,
                                    DAMAGE_STEPS * 2 * vranks,
                                    {.batch = 2, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE}};
    folder_make(damage.scene.folder);
    samples_own(damage.scene.folder, damage.course.rows, storage, damage.own);
    return damage;
}

static const struct h5_storage deflated = {.chunk_rows = 2, .deflate = 6};

static void damage_open(struct damage *damage)
{
    damage->job = course_open(&damage->course, MPI_COMM_WORLD, damage->own);
}

static void damage_end(struct damage *damage)
{
    job_close(&damage->job);
    scene_end(&damage->scene);
}

/* The first row of this rank's first or second batch of a step. */
static uint64_t first_row(const struct damage *damage, uint64_t step, uint64_t which)
{
    return step * 2 * damage->course.vranks + 2 * (2 * (uint64_t)my_rank() + which);
}

static bool batch_arrives(const struct damage *damage, uint64_t step, uint64_t which, bool full)
{
    shs_batch batch;
    harness_where("step %llu, batch %llu", (ull)step, (ull)which);
    if (!CHECK_STATUS(shs_next(damage->job.loader, &batch), SHS_OK)) return false;
    bool placed = CHECK_EQ(batch.step, step) && CHECK_EQ(batch.epoch_step, step) &&
                  CHECK_EQ(batch.vrank, 2 * (uint64_t)my_rank() + which) &&
                  CHECK_EQ(batch.ends_step, which);
    if (!full)
        return placed && CHECK_EQ(batch.rows, 0) && CHECK_EQ(batch.count, 0) &&
               CHECK_EQ(batch.fields, 2) && CHECK_EQ(batch.field[0].shape[0], 0) &&
               CHECK_EQ(batch.field[1].shape[0], 0);
    return placed && CHECK_EQ(batch.rows, 2) && CHECK_EQ(batch.count, 2) &&
           CHECK_EQ(batch.index[0], first_row(damage, step, which)) &&
           batch_content_is_right(&batch);
}

/* Both batches of a step; those from number `empty_from` on without rows. */
static bool step_arrives(const struct damage *damage, uint64_t step, uint64_t empty_from)
{
    bool first = batch_arrives(damage, step, 0, empty_from > 0);
    return batch_arrives(damage, step, 1, empty_from > 1) && first;
}

enum {
    FULL = 2
};

/* A rank's own loading error, given back by its shs_next(). */
static bool next_fails_here(const struct damage *damage, shs_status expected)
{
    char begin[64];
    shs_batch batch;
    shs_status status = shs_next(damage->job.loader, &batch);
    snprintf(begin, sizeof begin, "rank %d: shs_next: ", my_rank());
    return CHECK_STATUS(status, expected) && CHECK_HAS(shs_message(), begin) &&
           CHECK(strncmp(shs_message(), begin, strlen(begin)) == 0) &&
           CHECK(shs_message_is_mine()) && CHECK(!shs_message_is_agreed()) &&
           CHECK(is_zero(&batch, sizeof batch));
}

static bool message_places_error(int failing, uint64_t which)
{
    char vrank[64], file[64];
    snprintf(vrank, sizeof vrank, "virtual rank %llu, epoch 0, step 1",
             2ULL * (unsigned)failing + (unsigned)which);
    snprintf(file, sizeof file, "rank-%d.h5", failing);
    return message_has(vrank) && message_has(file) && message_has("images") && message_has("rows");
}

/* True if the loader says that it stands at the beginning of a step of epoch 0. */
static bool stands_at(const struct damage *damage, uint64_t step)
{
    shs_cursor at = shs_tell(damage->job.loader);
    return CHECK_EQ(at.epoch, 0) && CHECK_EQ(at.epoch_step, step) && CHECK_EQ(at.step, step);
}

static void one_rank_fails(int failing, uint64_t which)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == failing;
    if (mine) damage_chunk(damage.own, first_row(&damage, 1, which));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK_STATUS(shs_agree(damage.job.run), SHS_OK);
    CHECK(step_arrives(&damage, 1, mine ? which : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, failing));
    CHECK(message_places_error(failing, which));
    CHECK(stands_at(&damage, 1));
    if (mine) {
        CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
        CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    }
    CHECK_STATUS(shs_agree(damage.job.run), SHS_OK);
    CHECK(stands_at(&damage, 1));
    CHECK_STATUS(shs_seek(damage.job.loader, shs_tell(damage.job.loader)), SHS_OK);
    CHECK(step_arrives(&damage, 1, mine ? which : FULL)); /* and again: it is still damaged */
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, failing));
    CHECK_STATUS(shs_seek(damage.job.loader, (shs_cursor){0}), SHS_OK);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(stands_at(&damage, 1));
    damage_end(&damage);
}

static void test_a_loading_error_reaches_all(void)
{
    for (int failing = 0; failing < all_ranks(); failing++)
        for (uint64_t which = 0; which < 2; which++)
            one_rank_fails(failing, which);
}

static void test_the_lowest_loading_error_reaches_all(void)
{
    struct damage damage = damage_begin(deflated);
    int low = all_ranks() / 2;
    bool mine = my_rank() >= low;
    if (mine) damage_chunk(damage.own, first_row(&damage, 1, my_rank() == low));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? my_rank() == low : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, low));
    CHECK(message_places_error(low, 1));
    CHECK_STATUS(shs_agree(damage.job.run), SHS_OK);
    damage_end(&damage);
}

/* Both chunks of a rank's step are damaged: the first one's error stays, there and in the message.
 */
static void test_the_first_loading_error_stays(void)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == last_rank();
    for (uint64_t which = 0; which < 2 && mine; which++)
        damage_chunk(damage.own, first_row(&damage, 1, which));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? 0 : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, last_rank()));
    CHECK(message_places_error(last_rank(), 0));
    if (mine) CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    CHECK(message_places_error(last_rank(), 0));
    damage_end(&damage);
}

/* "After an error every shs_next of that loader returns it": on the ranks that were told of it by
 * the others too, or they would go on and wait for the failing one. */
static void test_after_an_agreed_error_no_rank_goes_on(void)
{
    struct damage damage = damage_begin(deflated);
    shs_batch batch;
    if (my_rank() == last_rank()) damage_chunk(damage.own, first_row(&damage, 1, 0));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, my_rank() == last_rank() ? 0 : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, last_rank()));
    CHECK_STATUS(shs_next(damage.job.loader, &batch), SHS_ERROR_FORMAT);
    CHECK_STATUS(shs_next(damage.job.loader, &batch), SHS_ERROR_FORMAT);
    CHECK_STATUS(shs_seek(damage.job.loader, (shs_cursor){0}), SHS_OK);
    CHECK(step_arrives(&damage, 0, FULL));
    damage_end(&damage);
}

/* A checkpoint behind a step whose rows were not delivered would lose them. */
static void test_after_an_error_nothing_is_saved_before_a_seek(void)
{
    struct damage damage = damage_begin(deflated);
    char folder[PATH_BYTES];
    bool mine = my_rank() == last_rank();
    if (mine) damage_chunk(damage.own, first_row(&damage, 1, 0));
    snprintf(folder, sizeof folder, "%.450s/checkpoints", damage.scene.folder);
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? 0 : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, last_rank()));
    CHECK(agreed_failure(shs_save(damage.job.loader, folder, NULL, 0), SHS_ERROR_STATE, 0));
    CHECK_HAS(shs_message(), "epoch 0, step 1; call shs_seek(loader, shs_tell(loader)), which goes "
                             "back to the beginning of that step, before you save");
    CHECK(stands_at(&damage, 1));
    CHECK_STATUS(shs_seek(damage.job.loader, shs_tell(damage.job.loader)), SHS_OK);
    CHECK_STATUS(shs_save(damage.job.loader, folder, NULL, 0), SHS_OK);
    damage_end(&damage);
}

static void test_an_error_not_agreed_on_comes_with_the_next_step(void)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == last_rank();
    if (mine) damage_chunk(damage.own, first_row(&damage, 1, 1));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? 1 : FULL));
    if (mine)
        CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    else
        CHECK(step_arrives(&damage, 2, FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, last_rank()));
    CHECK(stands_at(&damage, 1));
    damage_end(&damage);
}

static void test_an_error_in_the_last_step_comes_before_the_end(void)
{
    struct damage damage = damage_begin(deflated);
    shs_batch batch;
    bool mine = my_rank() == last_rank();
    uint64_t last = DAMAGE_STEPS - 1;
    if (mine) damage_chunk(damage.own, first_row(&damage, last, 0));
    damage_open(&damage);
    for (uint64_t step = 0; step < last; step++)
        CHECK(step_arrives(&damage, step, FULL));
    CHECK(step_arrives(&damage, last, mine ? 0 : FULL));
    if (mine)
        CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    else
        CHECK_STATUS(shs_next(damage.job.loader, &batch), SHS_END);
    damage_end(&damage);
}

/* The file is repaired and the step done again: it is right, and nothing of the error is left. */
static void test_a_seek_after_a_repair_forgets_the_error(void)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == last_rank();
    uint64_t row = first_row(&damage, 1, 0);
    if (mine) damage_chunk(damage.own, row);
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? 0 : FULL));
    if (mine) CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    if (mine) damage_chunk(damage.own, row);
    CHECK_STATUS(shs_seek(damage.job.loader, (shs_cursor){0, 1, 1}), SHS_OK);
    CHECK(step_arrives(&damage, 1, FULL));
    CHECK_STATUS(shs_agree(damage.job.run), SHS_OK);
    damage_end(&damage);
}

static shs_status seek_to_step_one(struct damage *damage)
{
    return shs_seek(damage->job.loader, (shs_cursor){0, 1, 1});
}

static shs_status restore_nothing(struct damage *damage)
{
    return shs_restore(damage->job.loader, damage->scene.folder, NULL, 0);
}

/* Steps that were loaded without rows must not go unnoticed because the program goes elsewhere;
 * once it was told, it may. */
static void refuse_to_hide(shs_status (*go_elsewhere)(struct damage *damage), shs_status later)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == last_rank();
    if (mine) damage_chunk(damage.own, first_row(&damage, 1, 0));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? 0 : FULL));
    CHECK(agreed_failure(go_elsewhere(&damage), SHS_ERROR_FORMAT, last_rank()));
    CHECK_EQ(go_elsewhere(&damage), later);
    damage_end(&damage);
}

static void test_a_seek_does_not_hide_an_error(void)
{
    refuse_to_hide(seek_to_step_one, SHS_OK);
}

static void test_a_restore_does_not_hide_an_error(void)
{
    refuse_to_hide(restore_nothing, SHS_NO_CHECKPOINT);
}

static void test_another_loader_goes_on_after_an_error(void)
{
    struct damage damage = damage_begin(deflated);
    struct scene healthy;
    shs_dataset *data;
    shs_loader *other;
    shs_batch batch;
    if (my_rank() == last_rank()) damage_chunk(damage.own, first_row(&damage, 0, 0));
    damage_open(&damage);
    samples_shared(damage.scene.folder, "healthy.h5", ROWS, contiguous, healthy.path);
    need(!shs_dataset_open(damage.job.run, healthy.path, samples_fields, NULL, &data), "open");
    need(!shs_loader_open(data, &(shs_loader_options){.batch = 1, .stream = 1}, &other), "open");
    CHECK(step_arrives(&damage, 0, my_rank() == last_rank() ? 0 : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, last_rank()));
    if (CHECK_STATUS(shs_next(other, &batch), SHS_OK)) CHECK_EQ(batch.rows, 1);
    CHECK(batch_content_is_right(&batch));
    shs_loader_close(&other);
    shs_dataset_close(&data);
    damage_end(&damage);
}

/* The file of one rank loses all from a chunk of step 1 on, after it was opened. */
static void cut_file_short(struct h5_storage storage)
{
    if (steps_ahead()) return; /* nobody knows what has been read ahead by then */
    struct damage damage = damage_begin(storage);
    bool mine = my_rank() == last_rank();
    uint64_t bytes,
        at = storage.chunk_rows ? chunk_place(damage.own, first_row(&damage, 1, 0), &bytes) : 1;
    damage_open(&damage);
    data_resident_close(&damage.job.data->resident); /* rows in memory would not be missed */
    CHECK(step_arrives(&damage, 0, FULL));
    if (mine) need(truncate(damage.own, (off_t)at) == 0, damage.own);
    CHECK(step_arrives(&damage, 1, mine ? 0 : FULL));
    shs_status status = shs_agree(damage.job.run);
    CHECK(agreed_failure(status, SHS_ERROR_FILE, last_rank()));
    damage_end(&damage);
}

static void test_a_deflated_file_is_cut_short(void)
{
    cut_file_short(deflated);
}

/* HDF5 gives zeros for what lies behind the end of a file: not what the samples are. */
static void test_a_contiguous_file_is_cut_short(void)
{
    cut_file_short(contiguous);
}

/* A loader takes all its memory when it is opened. */
static void test_a_batch_needs_no_memory(void)
{
    if (steps_ahead()) return; /* functions for memory must not change while threads use them */
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    if (my_rank() == last_rank()) memory_scarce(0);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK(batch.rows);
    CHECK(batch_content_is_right(&batch));
    memory_plenty();
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    job_close(&job);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a loading error reaches all", test_a_loading_error_reaches_all},
        {"the lowest loading error reaches all", test_the_lowest_loading_error_reaches_all},
        {"the first loading error stays", test_the_first_loading_error_stays},
        {"after an agreed error no rank goes on", test_after_an_agreed_error_no_rank_goes_on},
        {"after an error nothing is saved before a seek",
         test_after_an_error_nothing_is_saved_before_a_seek},
        {"an error not agreed on comes with the next step",
         test_an_error_not_agreed_on_comes_with_the_next_step},
        {"an error in the last step comes before the end",
         test_an_error_in_the_last_step_comes_before_the_end},
        {"a seek does not hide an error", test_a_seek_does_not_hide_an_error},
        {"a restore does not hide an error", test_a_restore_does_not_hide_an_error},
        {"a seek after a repair forgets the error", test_a_seek_after_a_repair_forgets_the_error},
        {"another loader goes on after an error", test_another_loader_goes_on_after_an_error},
        {"a deflated file is cut short", test_a_deflated_file_is_cut_short},
        {"a contiguous file is cut short", test_a_contiguous_file_is_cut_short},
        {"a batch needs no memory", test_a_batch_needs_no_memory},
    };
    return harness_main_ranks("loader_errors", tests, sizeof tests / sizeof *tests, argc, argv);
}
